//! The events of a replay as an interleaving, with one sentence: the reason of the finding, or which actor waited for which.

use super::{Deviation, ReplayResult, ReplaySettings};
use crate::{
    judge::witness::{self, Case},
    model::{
        interleaving::{Actor, EventKind, HistoryEvent, Interleaving, Token},
        verdict::FindingKind,
    },
    text::format::plural,
};

impl ReplayResult {
    /// The first finding.
    pub fn finding(&self) -> Option<FindingKind> {
        self.judgement.findings.first().map(|found| found.kind)
    }

    /// The events as an interleaving.
    pub fn picture(&self, settings: &ReplaySettings) -> Interleaving {
        let token = &settings.token;
        let case = Case {
            history: &self.history,
            attempts: &self.attempts,
            ledger: &self.ledger,
            limit: token.limit,
            earlier: 0,
        };
        let finding = self.finding();
        let why = finding.map(|kind| case.why(kind));
        let (steps, mut sentences) = match why {
            Some(why) => (why.steps(&self.history), vec![why.sentence]),
            None => (
                self.history.iter().map(HistoryEvent::step).collect(),
                Vec::new(),
            ),
        };
        sentences.extend(waits(&self.history));
        Interleaving {
            title: format!(
                "{} on {}, {}, limit {}: {}",
                settings.entry.name,
                self.services(),
                plural(token.users, "user"),
                token.limit,
                finding.map_or("nothing breaks", FindingKind::name),
            ),
            actors: self.actors(token),
            steps,
            ledger: witness::ledger(&self.rows, token.limit),
            why: sentences.join(" "),
            token: Some(settings.played_token().to_string()),
        }
    }

    /// The kinds and versions of the services: `postgres 15.18, redis 7.0.15`
    fn services(&self) -> String {
        let backends = &self.backends;
        let all = [&backends.db, &backends.redis, &backends.kafka];
        let names = all
            .into_iter()
            .flatten()
            .map(|backend| format!("{} {}", backend.kind, backend.version));
        names.collect::<Vec<_>>().join(", ")
    }

    fn actors(&self, token: &Token) -> Vec<Actor> {
        let topic = &self.backends.kafka;
        let consumer = topic.is_some().then_some(Actor::Consumer);
        token.claims().chain(consumer).collect()
    }
}

impl ReplaySettings {
    /// The schedule with the name of the strategy that was played.
    pub fn played_token(&self) -> Token {
        Token {
            strategy: self.entry.name.to_owned(),
            ..self.token.clone()
        }
    }
}

impl std::fmt::Display for Deviation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::StillWaits(at, actor) => {
                write!(f, "move {at} could not be made: {actor} still waited")
            }
            Self::HadEnded(at, actor) => {
                write!(f, "move {at} could not be made: {actor} had ended")
            }
            Self::NothingToRead(at) => {
                write!(
                    f,
                    "move {at} could not be made: the consumer had nothing to read"
                )
            }
        }
    }
}

/// A sentence for each actor that waited: the event before its answer ended the wait.
fn waits(history: &[HistoryEvent]) -> Vec<String> {
    let waits = history.iter().enumerate().filter_map(|(at, happened)| {
        let EventKind::Waits(call) = &happened.what else {
            return None;
        };
        Some((at, happened.actor?, call))
    });
    let sentence = |(at, actor, call): (usize, Actor, &crate::model::interleaving::Call)| {
        let answered = (at + 1..history.len()).find(|later| {
            history[*later].actor == Some(actor) && history[*later].called().is_some()
        });
        let name = call.name();
        let until = answered.and_then(|answered| {
            let mut before = history[at + 1..answered].iter().rev();
            before.find(|other| other.actor != Some(actor))
        });
        match (answered, until) {
            (None, _) => format!("{actor}'s {name} had to wait, and got no answer."),
            (Some(_), None) => format!("{actor}'s {name} had to wait."),
            (Some(_), Some(other)) => {
                let who = other
                    .actor
                    .map_or("Redis".to_owned(), |who| who.to_string());
                let did = other.called().map_or("end".into(), |(call, _)| call.name());
                format!("{actor}'s {name} had to wait for {who}, until {who}'s {did}.")
            }
        }
    };
    waits.map(sentence).collect()
}
