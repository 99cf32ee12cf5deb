//! A RabbitMQ queue over its management API: messages that wait, and messages that no consumer has acknowledged.
//!
//! The API's figures are as old as the last collection, which takes place every five seconds unless RabbitMQ is configured otherwise
//! (`collect_statistics_interval`). RabbitMQ 3.10 has repeated figures that were older than one collection. A queue counts as
//! empty once every response has reported it empty for three collections.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{
    HeaderValue, Request,
    header::{ACCEPT, AUTHORIZATION},
};
use serde_json::Value;

use super::Backlog;
use crate::{
    adapters::{
        CONNECT_TIMEOUT,
        http::{Client, Endpoint, Options, Remote},
    },
    input::address::ServiceUrl,
    service::{AttemptValues, EventValues, Template, template::Escape},
};

/// The collection interval unless RabbitMQ is configured otherwise.
pub const COLLECTED_EVERY: Duration = Duration::from_secs(5);

/// The number of collections for which a queue has to be reported empty.
const COLLECTIONS: u32 = 3;

/// A queue that has to be empty.
#[derive(Debug)]
pub struct RabbitQueue {
    /// The URL of the management API, with user name and password.
    pub url: ServiceUrl,
    /// The virtual host.
    pub vhost: Template,
    /// The name of the queue.
    pub queue: Template,
    /// The collection interval: how old the figures of the API may be.
    pub collected_every: Duration,
}

/// The condition on a connection to the API.
pub struct RabbitProbe {
    client: Client,
    path: String,
    login: HeaderValue,
    name: String,
    certain_after: Duration,
    /// The time since which every response has reported the queue empty.
    empty_since: Option<Instant>,
}

impl RabbitQueue {
    /// How long every response has to report the queue empty before it counts as empty.
    pub fn certain_after(&self) -> Duration {
        self.collected_every * COLLECTIONS
    }

    pub(super) async fn open(&self, event: &EventValues) -> Result<RabbitProbe, String> {
        let failed = |why: String| format!("failed to use {}: {why}", self.url);
        let url = self.url.url();
        let endpoint = Endpoint::resolve(url, None, Remote::Allowed).await;
        let endpoint = endpoint.map_err(|error| failed(error.to_string()))?;
        let options = Options {
            connect_timeout: CONNECT_TIMEOUT,
            ..Options::default()
        };
        let client = Client::open(endpoint, &options).await;
        let name = self.queue.fill(event, AttemptValues::NONE);
        let vhost = self.vhost.fill(event, AttemptValues::NONE);
        Ok(RabbitProbe {
            client: client.map_err(|error| failed(error.to_string()))?,
            path: format!(
                "{}/api/queues/{}/{}",
                url.path().trim_end_matches('/'),
                Escape::Percent.of(&vhost),
                Escape::Percent.of(&name)
            ),
            login: self.login().map_err(failed)?,
            name,
            certain_after: self.certain_after(),
            empty_since: None,
        })
    }

    fn login(&self) -> Result<HeaderValue, String> {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let url = self.url.url();
        let plain = |text: &str| {
            let decoded = percent_encoding::percent_decode_str(text);
            decoded.decode_utf8_lossy().into_owned()
        };
        let (user, password) = match (url.username(), url.password()) {
            // The default user of RabbitMQ, which it accepts only from the same machine.
            ("", None) => ("guest".to_owned(), "guest".to_owned()),
            (user, password) => (plain(user), plain(password.unwrap_or_default())),
        };
        let login = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        let mut login = HeaderValue::try_from(login).map_err(|error| error.to_string())?;
        login.set_sensitive(true);
        Ok(login)
    }
}

impl RabbitProbe {
    pub(super) async fn ask(&mut self) -> Result<Backlog, String> {
        let backlog = self.read().await;
        let empty = backlog.as_ref().is_ok_and(Backlog::is_empty);
        let now = Instant::now();
        if !empty {
            self.empty_since = None;
            return backlog;
        }
        let since = *self.empty_since.get_or_insert(now);
        if now.saturating_duration_since(since) < self.certain_after {
            return Ok(Backlog {
                left: None,
                words: format!(
                    "the RabbitMQ queue {} looks empty, which is certain only after {} s",
                    self.name,
                    self.certain_after.as_secs_f64()
                ),
            });
        }
        backlog
    }

    async fn read(&self) -> Result<Backlog, String> {
        let name = &self.name;
        let failed = |why: String| format!("failed to ask RabbitMQ for the queue {name}: {why}");
        let request = Request::get(&self.path)
            .header(AUTHORIZATION, &self.login)
            .header(ACCEPT, "application/json")
            .body(Bytes::new());
        let request = request.map_err(|error| failed(error.to_string()))?;
        let answer = self.client.send(request).await;
        let answer = answer.map_err(|error| failed(error.to_string()))?;
        match answer.status().as_u16() {
            200 => {}
            404 => {
                return Ok(Backlog {
                    left: None,
                    words: format!("there is no RabbitMQ queue {name}"),
                });
            }
            401 => return Err(failed("the user name or the password is wrong".to_owned())),
            status => return Err(failed(format!("unexpected status {status}"))),
        }
        let body: Value = serde_json::from_slice(answer.body())
            .map_err(|_| failed("the answer is not JSON".to_owned()))?;
        Ok(waiting(name, &body))
    }
}

/// The messages in the queue. There are no figures before the first collection.
fn waiting(name: &str, body: &Value) -> Backlog {
    let figure = |key: &str| body.get(key).and_then(Value::as_u64);
    match (figure("messages_ready"), figure("messages_unacknowledged")) {
        (Some(ready), Some(unacknowledged)) => Backlog {
            left: Some(ready.saturating_add(unacknowledged)),
            words: format!(
                "the RabbitMQ queue {name} has {ready} messages ready and {unacknowledged} not acknowledged"
            ),
        },
        _ => Backlog {
            left: None,
            words: format!("RabbitMQ has no figures of the queue {name} yet"),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_without_an_acknowledgement_are_work() {
        let seen = |body| waiting("q", &body).left;
        let figures =
            |ready, open| json!({"messages_ready": ready, "messages_unacknowledged": open});
        assert_eq!(seen(figures(0, 0)), Some(0));
        assert_eq!(seen(figures(2, 3)), Some(5));
        assert_eq!(seen(json!({"name": "q"})), None);
    }
}
