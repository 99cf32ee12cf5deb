//! How often a request that the service has not processed is sent again.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use tokio::time::sleep;

use crate::adapters::http::{SendError, tally::Counts};

/// Refusals in a row, without a single answer to any request in between, after which a request has failed.
const FRUITLESS: u32 = 8;

/// Before the second fruitless try; twice as long before each further one.
const PAUSE: Duration = Duration::from_millis(10);

/// The refusals of one request.
pub struct Refusals<'a> {
    counts: &'a Counts,
    /// Answers that all requests together had had at the last refusal.
    answers: u64,
    fruitless: u32,
}

impl<'a> Refusals<'a> {
    /// Of a request that was not refused yet.
    pub fn none(counts: &'a Counts) -> Self {
        Self {
            counts,
            answers: counts.answers.load(Relaxed),
            fruitless: 0,
        }
    }

    /// One more, for this reason: ends when the request may be sent again. The error says that the service processes nothing.
    ///
    /// A service that closes each connection after some requests refuses what came after them, any number of times. It goes on
    /// with others meanwhile.
    pub async fn another(&mut self, why: &str) -> Result<(), SendError> {
        let answers = self.counts.answers.load(Relaxed);
        if answers > self.answers {
            self.fruitless = 0;
        }
        self.answers = answers;
        self.fruitless += 1;
        if self.fruitless > FRUITLESS {
            let reason = format!("the service has refused the request {FRUITLESS} times: {why}");
            return Err(SendError::unsent(reason));
        }
        if self.fruitless > 1 {
            sleep(PAUSE * (1 << (self.fruitless - 2))).await;
        }
        super::count(&self.counts.sent_again);
        Ok(())
    }
}
