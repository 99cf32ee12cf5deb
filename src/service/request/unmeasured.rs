//! Requests that are not measured: of the setup, of the steps before a claim, of the ledger and of the drain conditions.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

use super::RequestTemplate;
use crate::{
    adapters::http::{Client, Undecoded},
    service::{AttemptValues, EventValues},
};

/// How long the service may take to answer a request that is not measured. Setting up an event can be slow.
pub const UNMEASURED_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends a request that is not measured.
///
/// # Errors
/// The connection failed, or there was no response within [`UNMEASURED_TIMEOUT`].
pub async fn send(client: &Client, request: Request<Bytes>) -> Result<Response<Bytes>, String> {
    match tokio::time::timeout(UNMEASURED_TIMEOUT, client.send(request)).await {
        Ok(response) => response.map_err(|error| error.to_string()),
        Err(_) => Err(no_answer(UNMEASURED_TIMEOUT)),
    }
}

/// The error text for a request without a response within `timeout`.
pub fn no_answer(timeout: Duration) -> String {
    format!("no answer within {} s", timeout.as_secs_f64())
}

/// Builds and sends a request that is not measured, and reads the JSON body of the response.
///
/// # Errors
/// The name of the request with the reason: the request cannot be built, or the errors of [`send_for_json`].
pub async fn json(
    client: &Client,
    request: &RequestTemplate,
    event: &EventValues,
) -> Result<Value, String> {
    let failed = |why: String| format!("{}: {why}", request.name);
    let built = request.build(event, AttemptValues::NONE).map_err(failed)?;
    let response = send_for_json(client, built).await.map_err(failed)?;
    Ok(response.into_body())
}

/// Sends a request that is not measured, and reads the JSON body of the response.
///
/// # Errors
/// The errors of [`send`], a status other than 2xx, a body that could not be decoded, or a body that is not JSON.
pub async fn send_for_json(
    client: &Client,
    request: Request<Bytes>,
) -> Result<Response<Value>, String> {
    let response = send(client, request).await?;
    if !response.status().is_success() {
        let status = response.status().as_u16();
        return Err(format!("unexpected status {status}{}", excerpt(&response)));
    }
    if let Some(Undecoded(why)) = response.extensions().get() {
        return Err(why.clone());
    }
    let body = serde_json::from_slice(response.body())
        .map_err(|_| format!("the answer is not JSON{}", excerpt(&response)))?;
    Ok(response.map(|_| body))
}

/// The first characters of a body for an error message, after a colon. Empty for an empty body.
pub fn excerpt(response: &Response<Bytes>) -> String {
    const LONGEST: usize = 100;
    if let Some(Undecoded(why)) = response.extensions().get() {
        return format!(": {why}");
    }
    let text = String::from_utf8_lossy(response.body());
    let text: Vec<_> = text.split_whitespace().collect();
    match text.join(" ") {
        text if text.is_empty() => String::new(),
        text => format!(": {}", text.chars().take(LONGEST).collect::<String>()),
    }
}
