//! When a service is done: it says so, or its ledger stands still.
//!
//! Nothing is assumed after a sleep: the service, or its ledger, is asked until the condition holds, or until the time is up.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Event, RequestTemplate, check::Check, ledger::Reader, stage};
use crate::http::Client;

/// Between two questions, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));

/// When nothing is under way any more.
#[derive(Debug)]
pub struct Drain {
    /// What is waited for.
    pub until: Until,
    /// How long at most.
    pub timeout: Duration,
}

/// What is waited for.
#[derive(Debug)]
pub enum Until {
    /// The service answers a question so.
    Answer {
        /// The question.
        request: Box<RequestTemplate>,
        /// Where its answer has it.
        pointer: String,
        /// What has to be true of it.
        check: Check,
    },
    /// The ledger has not changed for so long.
    Unchanged(Duration),
}

impl Drain {
    /// Waits, and says when it was done: the last change of the ledger, or the answer. An error is why it was not.
    pub async fn wait(
        &self,
        client: &Client,
        event: &Event,
        ledger: Option<&mut Reader>,
    ) -> Result<Instant, String> {
        // What the service said last, for whoever waited in vain.
        let mut last = String::new();
        let waited = match (&self.until, ledger) {
            (
                Until::Answer {
                    request,
                    pointer,
                    check,
                },
                _,
            ) => {
                let asked = asked(client, event, request, |body| {
                    let value = body.pointer(pointer);
                    let done = check.holds(value);
                    if !done {
                        last = said(&request.name, pointer, value);
                    }
                    done
                });
                tokio::time::timeout(self.timeout, asked).await
            }
            (Until::Unchanged(span), Some(ledger)) => {
                tokio::time::timeout(self.timeout, stood_still(ledger, *span)).await
            }
            (Until::Unchanged(_), None) => Ok(Ok(Instant::now())),
        };
        waited.unwrap_or_else(|_| {
            Err(format!(
                "the service was not drained within {} s{last}",
                self.timeout.as_secs_f64()
            ))
        })
    }
}

fn said(name: &str, pointer: &str, value: Option<&Value>) -> String {
    match value {
        None => format!(": the answer to {name} has nothing at \"{pointer}\""),
        Some(value) => format!(": {name} has {value} at \"{pointer}\""),
    }
}

async fn asked(
    client: &Client,
    event: &Event,
    request: &RequestTemplate,
    mut done: impl FnMut(&Value) -> bool,
) -> Result<Instant, String> {
    let (mut pause, longest) = PAUSE;
    loop {
        if done(&stage::json(client, request, event).await?) {
            return Ok(Instant::now());
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(longest);
    }
}

async fn stood_still(ledger: &mut Reader, span: Duration) -> Result<Instant, String> {
    let (mut last, mut since) = (ledger.read().await?, Instant::now());
    let pause = PAUSE.1.min(span / 4);
    while since.elapsed() < span {
        tokio::time::sleep(pause).await;
        let now = ledger.read().await?;
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    Ok(since)
}
