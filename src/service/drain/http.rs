//! A condition over HTTP: the service itself reports whether work is left.

use serde_json::Value;

use super::Backlog;
use crate::{
    adapters::http::Client,
    service::{EventValues, RequestTemplate, matcher::Matcher, request::unmeasured},
};

/// A request, and the condition on its response that holds once no work is left.
#[derive(Debug, Clone)]
pub struct HttpCondition {
    /// The request.
    pub request: RequestTemplate,
    /// The JSON pointer to the value.
    pub pointer: String,
    /// The condition on the value.
    pub matcher: Matcher,
}

/// The condition on a connection.
pub struct HttpProbe {
    client: Client,
    event: EventValues,
    condition: HttpCondition,
}

impl HttpCondition {
    pub(super) fn open(&self, client: &Client, event: &EventValues) -> HttpProbe {
        HttpProbe {
            client: client.clone(),
            event: event.clone(),
            condition: self.clone(),
        }
    }

    fn judge(&self, body: &Value) -> Backlog {
        let (name, pointer) = (&self.request.name, &self.pointer);
        let value = body.pointer(pointer);
        if self.matcher.holds(value) {
            return Backlog {
                left: Some(0),
                words: format!("{name} reports that no work is left"),
            };
        }
        Backlog {
            // A number that falls shows progress.
            left: value.and_then(Value::as_u64).filter(|left| *left > 0),
            words: match value {
                None => format!("the answer to {name} has nothing at \"{pointer}\""),
                Some(value) => format!("{name} has {value} at \"{pointer}\""),
            },
        }
    }
}

impl HttpProbe {
    pub(super) async fn ask(&self) -> Result<Backlog, String> {
        let body = unmeasured::json(&self.client, &self.condition.request, &self.event).await?;
        Ok(self.condition.judge(&body))
    }
}
