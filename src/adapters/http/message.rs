//! Requests in the form of a version of HTTP, and responses, read completely.

use std::fmt::Display;

use bytes::{Bytes, BytesMut};
use http::{
    HeaderName, Method, Request, Uri, header,
    uri::{Parts, PathAndQuery},
};

use super::{Endpoint, SendError};

/// Headers of a connection, which HTTP/2 does not allow.
const OF_A_CONNECTION: [HeaderName; 5] = [
    header::CONNECTION,
    header::TE,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// The request for HTTP/1.1: a path, and a Host header.
pub fn over_http1(mut request: Request<Bytes>, endpoint: &Endpoint) -> Request<Bytes> {
    let path = Uri::from(path(request.uri()));
    *request.uri_mut() = path;
    with_length(&mut request);
    let host = request.headers_mut().entry(header::HOST);
    host.or_insert_with(|| endpoint.host_header.clone());
    request
}

/// The request for HTTP/2: scheme and authority beside the path, without the headers of a connection.
pub fn over_http2(
    mut request: Request<Bytes>,
    endpoint: &Endpoint,
) -> Result<Request<Bytes>, SendError> {
    let authority = match request.headers_mut().remove(header::HOST) {
        Some(host) => host.as_bytes().try_into().map_err(SendError::unsent)?,
        None => endpoint.authority.clone(),
    };
    let mut uri = Parts::default();
    uri.scheme = Some(endpoint.scheme.clone());
    uri.authority = Some(authority);
    uri.path_and_query = Some(path(request.uri()));
    *request.uri_mut() = Uri::from_parts(uri).map_err(SendError::unsent)?;
    for header in OF_A_CONNECTION {
        request.headers_mut().remove(header);
    }
    with_length(&mut request);
    Ok(request)
}

/// Adds the length of the body, also for an empty body of a method that may have one, because some servers require it.
fn with_length(request: &mut Request<Bytes>) {
    let length = request.body().len();
    let expected = [Method::POST, Method::PUT, Method::PATCH].contains(request.method());
    let headers = request.headers_mut();
    headers.remove(header::TRANSFER_ENCODING);
    if length > 0 || expected {
        headers.insert(header::CONTENT_LENGTH, length.into());
    }
}

fn path(uri: &Uri) -> PathAndQuery {
    let root = || PathAndQuery::from_static("/");
    uri.path_and_query().cloned().unwrap_or_else(root)
}

/// A body that is received, up to a limit.
pub struct Collected {
    /// Most bodies arrive in one piece, which is not copied.
    only: Bytes,
    several: BytesMut,
    limit: usize,
}

impl Collected {
    pub fn new(limit: usize) -> Self {
        Self {
            only: Bytes::new(),
            several: BytesMut::new(),
            limit,
        }
    }

    /// Takes the next piece.
    pub fn push(&mut self, bytes: Bytes) -> Result<(), SendError> {
        if self.only.len() + self.several.len() + bytes.len() > self.limit {
            let limit = self.limit;
            let reason = format!("the response is larger than {limit} bytes, and was not read on");
            return Err(SendError::sent(reason));
        }
        if self.only.is_empty() && self.several.is_empty() {
            self.only = bytes;
        } else {
            self.several
                .extend_from_slice(&std::mem::take(&mut self.only));
            self.several.extend_from_slice(&bytes);
        }
        Ok(())
    }

    pub fn whole(self) -> Bytes {
        if self.several.is_empty() {
            self.only
        } else {
            self.several.freeze()
        }
    }
}

/// The error of a request that was sent and got no byte of a response.
pub const CLOSED_UNDER: &str =
    "the service closed the connection under the request, before any answer";

/// The error of a request that may have been sent and got no complete response.
pub fn broken(reason: impl Display) -> String {
    format!("the connection broke before the response was complete: {reason}")
}
