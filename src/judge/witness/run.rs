//! Selects the few attempts of a run that explain its finding.

use super::{Case, Explanation, effects::effects, ledger};
use crate::{
    judge::{ledger::Reconciliation, verdict::Discrepancy},
    model::{
        interleaving::{
            Actor, Call, Ending, EventKind, HistoryEvent, Interleaving, Observation, Statement,
        },
        outcome::{Attempt, Outcome},
        trace::{RunTrace, TracedCall},
        verdict::FindingKind,
    },
    ports::UserId,
    text::format::{count, plural},
};

/// A run without its trace.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// The strategy's name.
    pub strategy: &'a str,
    /// All attempts with their outcomes.
    pub attempts: &'a [Attempt],
    /// The rows of the ledger, in their order.
    pub rows: &'a [UserId],
    /// The reconciliation of the two.
    pub ledger: &'a Reconciliation,
    /// The number of coupons.
    pub limit: u64,
    /// The number of distinct users.
    pub users: u64,
}

impl Run<'_> {
    fn title(&self, kind: FindingKind) -> String {
        let (strategy, users) = (self.strategy, plural(self.users, "user"));
        let limit = count(self.limit);
        match kind {
            FindingKind::OverIssue => {
                let surplus = count(self.limit.saturating_add(1));
                format!("{strategy}, {users}: coupon {surplus} of {limit}")
            }
            other => format!("{strategy}, {users}, limit {limit}: {}", other.name()),
        }
    }
}

/// The diagram for the first finding that has one.
pub fn first(run: &Run<'_>, traced: &RunTrace, findings: &[Discrepancy]) -> Option<Interleaving> {
    let mut findings = findings.iter();
    findings.find_map(|finding| witness(run, traced, finding.kind))
}

/// The diagram of the attempts that explain the first finding of this kind; `None` if the trace does not hold them.
pub fn witness(run: &Run<'_>, traced: &RunTrace, kind: FindingKind) -> Option<Interleaving> {
    let history = history(traced);
    let (actors, earlier) = match kind {
        FindingKind::OverIssue => around_the_surplus(run, &history)?,
        FindingKind::UnderIssue | FindingKind::DuplicateCode => return None,
        FindingKind::DuplicateUser => (of_user(&history, *run.ledger.duplicate_users.first()?), 0),
        FindingKind::Lost => (of_user(&history, *run.ledger.lost.first()?), 0),
        FindingKind::Phantom => (of_user(&history, *run.ledger.phantom.first()?), 0),
        FindingKind::Recovered => (of_user(&history, *run.ledger.recovered.first()?), 0),
    };
    let part = part(&history, &actors);
    let why = why(run, &part, earlier, kind);
    if part.is_empty() {
        return None;
    }
    let drawn: Vec<_> = actors
        .iter()
        .copied()
        .filter(|actor| part.iter().any(|happened| happened.actor == Some(*actor)))
        .collect();
    Some(Interleaving {
        title: run.title(kind),
        steps: why.steps(&part),
        actors: drawn,
        ledger: ledger(run.rows, run.limit),
        why: why.sentence,
        token: None,
    })
}

fn why(run: &Run<'_>, history: &[HistoryEvent], earlier: u64, kind: FindingKind) -> Explanation {
    // The sentence names only users in the diagram.
    let is_shown = |user: &UserId| {
        let user = user.0;
        history
            .iter()
            .any(|one| matches!(one.actor, Some(Actor::Claim { user: shown, .. }) if shown == user))
    };
    let shown = |users: &[UserId]| users.iter().copied().filter(is_shown).collect();
    let ledger = Reconciliation {
        over_issued: shown(&run.ledger.over_issued),
        duplicate_users: shown(&run.ledger.duplicate_users),
        lost: shown(&run.ledger.lost),
        phantom: shown(&run.ledger.phantom),
        recovered: shown(&run.ledger.recovered),
        ..run.ledger.clone()
    };
    let case = Case {
        history,
        attempts: run.attempts,
        ledger: &ledger,
        limit: run.limit,
        earlier,
    };
    case.why(kind)
}

/// The actor of the first over-issued coupon and the actor that overtook its read, and the number of coupons issued to other actors
/// before.
fn around_the_surplus(run: &Run<'_>, history: &[HistoryEvent]) -> Option<(Vec<Actor>, u64)> {
    let case = Case {
        history,
        attempts: run.attempts,
        ledger: run.ledger,
        limit: run.limit,
        earlier: 0,
    };
    let effects = effects(history);
    let surplus = case.broke(FindingKind::OverIssue, &effects)?;
    let writer = history[surplus].actor?;
    let (over_issuer, acted) = case.acted(surplus, &effects)?;
    let other = case.overtaken_by(over_issuer, acted, &effects);
    let mut actors = vec![over_issuer];
    actors.extend(other.filter(|actor| *actor != over_issuer));
    // The rows of these actors before the first over-issued one.
    let claims = actors.clone();
    let own = effects[..]
        .iter()
        .filter(|effect| effect.at < surplus)
        .filter(|effect| {
            effect
                .row
                .is_some_and(|user| claims.iter().any(|one| is(*one, user)))
        })
        .count() as u64;
    actors.sort();
    if writer == Actor::Consumer || claims.contains(&Actor::Consumer) {
        actors.retain(|actor| *actor != Actor::Consumer);
        actors.push(Actor::Consumer);
    }
    Some((actors, run.limit.saturating_sub(own)))
}

fn is(actor: Actor, user: UserId) -> bool {
    matches!(actor, Actor::Claim { user: own, .. } if own == user.0)
}

/// All attempts of a user, and the consumer.
fn of_user(history: &[HistoryEvent], user: UserId) -> Vec<Actor> {
    let mut actors: Vec<_> = history
        .iter()
        .filter_map(|happened| happened.actor)
        .filter(|actor| is(*actor, user))
        .collect();
    actors.sort();
    actors.dedup();
    actors.push(Actor::Consumer);
    actors
}

/// The events of these actors. Of the consumer, only the events that concern their users.
fn part(history: &[HistoryEvent], actors: &[Actor]) -> Vec<HistoryEvent> {
    let concerns = |user: &UserId| actors.iter().any(|actor| is(*actor, *user));
    let of_these = |happened: &HistoryEvent| {
        let actor = happened.actor.filter(|actor| actors.contains(actor))?;
        if actor != Actor::Consumer {
            return Some(happened.clone());
        }
        let mut happened = happened.clone();
        let EventKind::Called { call, saw, .. } = &mut happened.what else {
            return None;
        };
        narrow(call, saw, &concerns).then_some(happened)
    };
    history.iter().filter_map(of_these).collect()
}

/// Removes the other users from a batch. Returns false if no user is left.
fn narrow(call: &mut Call, saw: &mut Observation, concerns: &impl Fn(&UserId) -> bool) -> bool {
    if let Observation::Records(users) = saw {
        users.retain(concerns);
        return !users.is_empty();
    }
    match call {
        Call::Sql(Statement::Insert(users) | Statement::InsertIfAbsent(users))
        | Call::CommitOffset(users) => {
            users.retain(concerns);
            !users.is_empty()
        }
        Call::Sql(Statement::Assign(_, user)) => concerns(user),
        _ => false,
    }
}

/// All calls of a trace in one order. Two overlapping calls may have taken effect in either order. A read is placed at its start and
/// a write at its end, because this order explains a stale read.
fn history(traced: &RunTrace) -> Vec<HistoryEvent> {
    let mut seen: Vec<(std::time::Duration, HistoryEvent)> = Vec::new();
    let mut numbers = rustc_hash::FxHashMap::<UserId, u32>::default();
    let mut attempts: Vec<_> = traced.attempts.iter().collect();
    attempts.sort_by_key(|attempt| attempt.steps.first().map(|step| step.start));
    for attempt in attempts {
        let number = numbers.entry(attempt.user).or_default();
        *number += 1;
        let actor = Actor::Claim {
            user: attempt.user.0,
            attempt: *number,
        };
        seen.extend(attempt.steps.iter().map(|step| happened(actor, step)));
        if let Some((_, last)) = seen.last_mut()
            && last.actor == Some(actor)
            && attempt.outcome != Outcome::Indeterminate
        {
            last.told = Some(Ending::Outcome(attempt.outcome));
        }
    }
    let consumer = traced.consumer.iter();
    seen.extend(consumer.map(|step| happened(Actor::Consumer, step)));
    seen.sort_by_key(|(at, _)| *at);
    seen.into_iter().map(|(_, happened)| happened).collect()
}

fn happened(actor: Actor, step: &TracedCall) -> (std::time::Duration, HistoryEvent) {
    let reads = super::effects::Subject::read_by(&step.call).is_some();
    let at = if reads { step.start } else { step.end };
    let what = EventKind::Called {
        call: step.call.clone(),
        saw: step.saw.clone(),
        fault: None,
    };
    let happened = HistoryEvent {
        actor: Some(actor),
        what,
        told: None,
    };
    (at, happened)
}
