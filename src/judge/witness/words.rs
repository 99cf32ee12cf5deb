//! The sentences of an explanation.

use crate::{
    model::interleaving::{Actor, CallFault, EventKind, HistoryEvent, Observation, user_names},
    ports::UserId,
    text::format::count,
};

/// `2 rows (u2, u1), limit 1`
pub fn ledger(rows: &[UserId], limit: u64) -> String {
    /// The most users that are listed.
    const NAMED: usize = 8;
    let users = user_names(rows);
    match rows.len() {
        0 => format!("no row, limit {limit}"),
        1 => format!("1 row ({users}), limit {limit}"),
        several if several > NAMED => {
            format!("{} rows, limit {}", count(several as u64), count(limit))
        }
        several => format!("{several} rows ({users}), limit {limit}"),
    }
}

/// `what` as a sentence, after a clause for the injected fault.
pub fn sentence(history: &[HistoryEvent], what: &str) -> String {
    let fault = history.iter().position(|happened| happened.what.is_fault());
    let text = match fault {
        Some(at) => format!("{}; {what}", fault_clause(&history[..at], &history[at])),
        None => what.to_owned(),
    };
    capitalised(&text) + "."
}

fn fault_clause(before: &[HistoryEvent], happened: &HistoryEvent) -> String {
    let who = called(happened.actor);
    match &happened.what {
        EventKind::Called { call, saw, fault } => {
            let name = call.name();
            match (fault, saw) {
                (Some(CallFault::Refused), _) => format!("{who}'s {name} was refused"),
                (Some(CallFault::NoAnswer), _) => {
                    format!("{who}'s {name} got no answer, and had not happened")
                }
                (Some(CallFault::AnswerLost), _) => {
                    format!("{who}'s {name} got no answer, although it had happened")
                }
                (Some(CallFault::Undelivered), _) => {
                    format!("{who}'s producer took the record, and the broker gave it up")
                }
                (Some(CallFault::Repeated), Observation::Records(users)) => {
                    format!("{}'s record was delivered twice", user_names(users))
                }
                (Some(CallFault::Repeated), _) => "a record was delivered twice".to_owned(),
                (None, _) => String::new(),
            }
        }
        EventKind::Crash => {
            let mut own = before
                .iter()
                .rev()
                .filter(|other| other.actor == happened.actor);
            let last = own.find_map(HistoryEvent::called);
            let last = last.map_or("start".into(), |(call, _)| call.name());
            let again = match happened.actor {
                Some(Actor::Consumer) => " and started again",
                _ => "",
            };
            format!("{who} crashed after {last}{again}")
        }
        EventKind::LeasesEnd => "the lease ended while its holder was still at work".to_owned(),
        EventKind::CacheRestarts => "Redis came back empty".to_owned(),
        EventKind::Waits(_) => String::new(),
    }
}

/// `u1`, `the consumer`.
pub(super) fn called(actor: Option<Actor>) -> String {
    match actor {
        Some(Actor::Consumer) => "the consumer".to_owned(),
        Some(claim @ Actor::Claim { .. }) => claim.to_string(),
        None => "Redis".to_owned(),
    }
}

fn capitalised(text: &str) -> String {
    // A name such as `u1` stays in lower case.
    let is_name = text.starts_with('u') && text[1..].starts_with(|c: char| c.is_ascii_digit());
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if !is_name => first.to_uppercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}
