//! Counts the connections and requests of a client.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use http::{Response, StatusCode};
use serde::{Deserialize, Serialize};

use super::SendError;

/// A 403 counts as a rate limit only after this number of other answers. A service that answers 403 from the start has no limit.
const BEFORE_A_LIMIT: u64 = 20;

/// The counts of the connections and requests of a client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Connections that were opened before any load.
    pub connections: u64,
    /// Connections that were opened in place of others: the service had closed them, or a caller had stopped waiting.
    pub opened_again: u64,
    /// Requests that were sent again: the service had not processed them, and said so or could not have seen them.
    pub sent_again: u64,
    /// Requests that were sent before the service closed the connection, and that got no byte of an answer.
    pub closed_under: u64,
    /// HTTP/1.1 connections on which a request was sent and no answer ever came.
    pub never_answered: u64,
    /// The number of responses, with any status.
    pub answers: u64,
    /// Answers with the status 429.
    pub too_many: u64,
    /// Answers with the status 403 after 20 others.
    pub forbidden: u64,
}

impl Tally {
    /// Adds the counts of another client.
    pub fn add(&mut self, other: Self) {
        self.connections += other.connections;
        self.opened_again += other.opened_again;
        self.sent_again += other.sent_again;
        self.closed_under += other.closed_under;
        self.never_answered += other.never_answered;
        self.answers += other.answers;
        self.too_many += other.too_many;
        self.forbidden += other.forbidden;
    }
}

/// The counters of a [`Tally`].
#[derive(Default)]
pub struct Counts {
    /// Connections that were opened before any load, so far.
    pub opened: AtomicU64,
    pub opened_again: AtomicU64,
    pub sent_again: AtomicU64,
    pub closed_under: AtomicU64,
    /// Connections on which a request was sent.
    pub asked_connections: AtomicU64,
    /// The number of these connections that have brought an answer.
    pub answering_connections: AtomicU64,
    pub answers: AtomicU64,
    too_many: AtomicU64,
    /// Answers with any status but 403.
    others: AtomicU64,
    forbidden: AtomicU64,
}

/// Counts one more.
pub fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

impl Counts {
    /// Counts the result of a request.
    pub fn answered<B>(
        &self,
        answer: Result<Response<B>, SendError>,
    ) -> Result<Response<B>, SendError> {
        if let Ok(response) = &answer {
            self.answer(response.status());
        }
        answer
    }

    fn answer(&self, status: StatusCode) {
        count(&self.answers);
        if status != StatusCode::FORBIDDEN {
            count(&self.others);
        } else if self.others.load(Relaxed) >= BEFORE_A_LIMIT {
            count(&self.forbidden);
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            count(&self.too_many);
        }
    }

    /// The current counts.
    pub fn tally(&self) -> Tally {
        let asked = self.asked_connections.load(Relaxed);
        let answering = self.answering_connections.load(Relaxed);
        Tally {
            connections: self.opened.load(Relaxed),
            opened_again: self.opened_again.load(Relaxed),
            sent_again: self.sent_again.load(Relaxed),
            closed_under: self.closed_under.load(Relaxed),
            never_answered: asked.saturating_sub(answering),
            answers: self.answers.load(Relaxed),
            too_many: self.too_many.load(Relaxed),
            forbidden: self.forbidden.load(Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_forbids_from_the_start_has_no_limit() {
        let forbidding = Counts::default();
        (0..100).for_each(|_| forbidding.answer(StatusCode::FORBIDDEN));
        assert_eq!(forbidding.tally().forbidden, 0);

        let limited = Counts::default();
        (0..BEFORE_A_LIMIT).for_each(|_| limited.answer(StatusCode::OK));
        (0..30).for_each(|_| limited.answer(StatusCode::FORBIDDEN));
        (0..7).for_each(|_| limited.answer(StatusCode::TOO_MANY_REQUESTS));
        let tally = limited.tally();
        assert_eq!(
            (tally.answers, tally.forbidden, tally.too_many),
            (57, 30, 7)
        );
    }

    #[test]
    fn the_counts_of_several_clients_add_up() {
        let counts = Counts::default();
        count(&counts.opened);
        count(&counts.asked_connections);
        counts.answer(StatusCode::OK);
        let mut sum = counts.tally();
        sum.add(counts.tally());
        let expected = Tally {
            connections: 2,
            never_answered: 2,
            answers: 2,
            ..Tally::default()
        };
        assert_eq!(sum, expected);
    }
}
