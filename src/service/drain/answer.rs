//! A service that says itself when it has worked everything off.

use serde_json::Value;

use super::Backlog;
use crate::{
    adapters::http::Client,
    service::{Event, RequestTemplate, check::Check, stage},
};

/// A question, and the answer that means that no work is under way.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The question.
    pub request: RequestTemplate,
    /// Where the answer has it.
    pub pointer: String,
    /// What has to be true of it.
    pub check: Check,
}

/// A question on a connection.
pub struct Question {
    client: Client,
    event: Event,
    answer: Answer,
}

impl Answer {
    pub(super) fn open(&self, client: &Client, event: &Event) -> Question {
        Question {
            client: client.clone(),
            event: event.clone(),
            answer: self.clone(),
        }
    }

    fn judge(&self, body: &Value) -> Backlog {
        let (name, pointer) = (&self.request.name, &self.pointer);
        let value = body.pointer(pointer);
        if self.check.holds(value) {
            return Backlog {
                left: Some(0),
                words: format!("{name} says that no work is left"),
            };
        }
        Backlog {
            // A number that falls shows that the service is working.
            left: value.and_then(Value::as_u64).filter(|left| *left > 0),
            words: match value {
                None => format!("the answer to {name} has nothing at \"{pointer}\""),
                Some(value) => format!("{name} has {value} at \"{pointer}\""),
            },
        }
    }
}

impl Question {
    pub(super) async fn ask(&self) -> Result<Backlog, String> {
        let body = stage::json(&self.client, &self.answer.request, &self.event).await?;
        Ok(self.answer.judge(&body))
    }
}
