//! Explains a finding: the event that broke the promise, the stale read before it, and one sentence.
//!
//! Pure functions of a history and a reconciled ledger, the same for an exploration, a replay and the trace of a run.
//!
//! # Layout
//!
//! - `effects`: what each event changed, and when the change became visible
//! - `words`: sentences
//! - [`run`]: selects the attempts of a run that explain its finding
//! - this file: finds the event and the stale read

mod effects;
pub mod run;
mod words;

use crate::{
    judge::ledger::Reconciliation,
    model::{
        interleaving::{Actor, Call, Ending, HistoryEvent, Mark, Observation, Step, user_names},
        outcome::{Attempt, Outcome},
        verdict::FindingKind,
    },
    ports::UserId,
};

use effects::{Effect, Subject, effects};
use words::called;
pub use words::{ledger, sentence};

/// A history with the finding to explain.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The history.
    pub history: &'a [HistoryEvent],
    /// All attempts with their outcomes.
    pub attempts: &'a [Attempt],
    /// The reconciled ledger.
    pub ledger: &'a Reconciliation,
    /// The number of coupons.
    pub limit: u64,
    /// The number of rows from before this history.
    pub earlier: u64,
}

/// The explanation of a finding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The index of the event that broke the promise.
    pub broke: Option<usize>,
    /// The index of the stale read.
    pub stale: Option<usize>,
    /// The explanation in one sentence.
    pub sentence: String,
}

/// A read whose value had changed before the actor used it.
struct Stale {
    read: usize,
    sentence: String,
}

impl Case<'_> {
    /// Explains a finding.
    pub fn why(&self, kind: FindingKind) -> Explanation {
        let effects = effects(self.history);
        let broke = self.broke(kind, &effects);
        let acted = broke.and_then(|at| self.acted(at, &effects));
        let stale = acted.and_then(|(actor, at)| self.stale(actor, at, &effects));
        let what = match (kind, &stale) {
            (FindingKind::OverIssue | FindingKind::DuplicateUser, Some(stale)) => {
                stale.sentence.clone()
            }
            _ => self.without_stale_read(kind),
        };
        Explanation {
            broke,
            stale: stale.map(|stale| stale.read),
            sentence: sentence(self.history, &what),
        }
    }

    fn broke(&self, kind: FindingKind, effects: &[Effect]) -> Option<usize> {
        let rows = || effects.iter().filter(|effect| effect.row.is_some());
        match kind {
            FindingKind::OverIssue => {
                let room = self.limit.saturating_sub(self.earlier);
                let surplus = rows().nth(usize::try_from(room).ok()?)?;
                Some(surplus.at)
            }
            FindingKind::DuplicateUser => {
                let twice = |effect: &&Effect| {
                    let same = rows().filter(|other| other.row == effect.row);
                    same.take_while(|other| !std::ptr::eq(*other, *effect))
                        .next()
                        .is_some()
                };
                Some(rows().find(twice)?.at)
            }
            FindingKind::Lost => self.last_told(|told, user| {
                told == Ending::Outcome(Outcome::Issued) && self.ledger.lost.contains(&user)
            }),
            FindingKind::Phantom | FindingKind::Recovered => {
                let user = *self.ledger.phantom.first()?;
                let told = self.last_told(|_, other| other == user)?;
                let row = rows().find(|effect| effect.row == Some(user))?;
                Some(told.max(row.at))
            }
            FindingKind::UnderIssue => self.history.len().checked_sub(1),
            FindingKind::DuplicateCode => None,
        }
    }

    fn last_told(&self, wanted: impl Fn(Ending, UserId) -> bool) -> Option<usize> {
        self.history.iter().rposition(|happened| {
            happened
                .told
                .zip(user_of(happened.actor))
                .is_some_and(|(told, user)| wanted(told, user))
        })
    }

    /// The actor that decided on the event, and the index of the event at which it used its decision: for a consumer, the produce of
    /// the record; for a commit, the insert before it.
    fn acted(&self, broke: usize, effects: &[Effect]) -> Option<(Actor, usize)> {
        let actor = self.history[broke].actor?;
        let before = &self.history[..=broke];
        if actor == Actor::Consumer {
            let row = effects.iter().rfind(|effect| effect.at == broke)?.row?;
            let produced = before.iter().rposition(|happened| {
                let called = happened.called();
                called.is_some_and(|(call, _)| *call == Call::Produce(row))
            })?;
            return Some((before[produced].actor?, produced));
        }
        let inserts = |happened: &HistoryEvent| {
            happened.actor == Some(actor)
                && happened
                    .called()
                    .is_some_and(|(call, _)| !call.users().is_empty())
        };
        let acted = before.iter().rposition(inserts).unwrap_or(broke);
        Some((actor, acted))
    }

    /// The actor's last read before event `acted` whose value had changed by then.
    fn stale(&self, actor: Actor, acted: usize, effects: &[Effect]) -> Option<Stale> {
        (0..acted).rev().find_map(|read| {
            let changed = self.changes(actor, read, acted, effects).next()?;
            let (_, saw) = self.history[read].called()?;
            let did = match self.history[changed.at].called() {
                Some((call, _)) => call.name(),
                None => "restart".into(),
            };
            let sentence = format!(
                "{} read {} before {}'s {did} was visible, and went on when that was no longer true",
                called(Some(actor)),
                saw.text().unwrap_or_default(),
                called(changed.actor),
            );
            Some(Stale { read, sentence })
        })
    }

    /// The changes that other actors made between a read of this actor and event `acted`.
    fn changes<'e>(
        &self,
        actor: Actor,
        read: usize,
        acted: usize,
        effects: &'e [Effect],
    ) -> impl DoubleEndedIterator<Item = &'e Effect> {
        let happened = &self.history[read];
        let called = happened.called().filter(|_| happened.actor == Some(actor));
        let subject = called.and_then(|(call, _)| Subject::read_by(call));
        effects.iter().filter(move |effect| {
            (read + 1..acted).contains(&effect.at)
                && effect.actor != Some(actor)
                && subject.is_some_and(|subject| subject.is_changed_with(effect.subject))
        })
    }

    /// The last other actor that changed the data between this actor's read and event `acted`.
    fn overtaken_by(&self, actor: Actor, acted: usize, effects: &[Effect]) -> Option<Actor> {
        (0..acted).rev().find_map(|read| {
            let changed = self.changes(actor, read, acted, effects).next_back()?;
            changed.actor
        })
    }

    fn without_stale_read(&self, kind: FindingKind) -> String {
        let (ledger, limit) = (self.ledger, self.limit);
        match kind {
            FindingKind::OverIssue if !ledger.duplicate_users.is_empty() => {
                let twice = user_names(&ledger.duplicate_users);
                format!("{twice} has two rows, and the second row exceeds the limit")
            }
            FindingKind::OverIssue => self.went_on(),
            FindingKind::UnderIssue if ledger.lost.is_empty() => {
                let without = |attempt: &&Attempt| attempt.outcome != Outcome::Issued;
                format!(
                    "{} of {} coupons went out, and {} of {} attempts came away without one",
                    ledger.issued,
                    limit.min(ledger.demand),
                    self.attempts.iter().filter(without).count(),
                    self.attempts.len()
                )
            }
            FindingKind::UnderIssue | FindingKind::Lost => format!(
                "{} was told \"issued\", and no row will ever come",
                user_names(&ledger.lost)
            ),
            FindingKind::DuplicateUser => {
                let twice = user_names(&ledger.duplicate_users);
                format!("{twice} has two rows, because nothing prevents a second row")
            }
            FindingKind::Phantom => {
                let response = match self.told(ledger.phantom.first()) {
                    Some(Outcome::Failed) => "got an error, and has a row",
                    Some(Outcome::Issued) => "got one response \"issued\", and has a second row",
                    _ => "was refused, and has a row",
                };
                let who = user_names(&ledger.phantom);
                format!("{who} {response}")
            }
            FindingKind::DuplicateCode => "one code was given to two users".to_owned(),
            FindingKind::Recovered => {
                let who = user_names(&ledger.recovered);
                format!("{who} got no answer, and has a row")
            }
        }
    }

    /// The sentence for an over-issue without a stale read.
    fn went_on(&self) -> String {
        let (surplus, limit) = (&self.ledger.over_issued, self.limit);
        match surplus.first().and_then(|user| self.last_read(*user)) {
            Some((who, read_text)) if !self.history.iter().any(|one| one.what.is_fault()) => {
                format!(
                    "{who} saw {read_text} at a limit of {limit} and went on: no race is needed"
                )
            }
            Some((who, read_text)) => {
                format!("{who} saw {read_text} and went on, at a limit of {limit}")
            }
            None => format!(
                "{} was let through beyond the limit of {limit}",
                user_names(surplus)
            ),
        }
    }

    fn told(&self, user: Option<&UserId>) -> Option<Outcome> {
        let mut own = self
            .attempts
            .iter()
            .filter(|attempt| Some(&attempt.user) == user);
        own.next().map(|attempt| attempt.outcome)
    }

    /// The user's last read before the insert: the name of the user, and the call with its answer.
    fn last_read(&self, user: UserId) -> Option<(String, String)> {
        self.history.iter().rev().find_map(|happened| {
            let (call, saw) = happened.called()?;
            let own = user_of(happened.actor) == Some(user);
            let read_text = matches!(
                saw,
                Observation::Count(_)
                    | Observation::Event(_)
                    | Observation::Number(_)
                    | Observation::Set(_)
            );
            let text = saw.text().filter(|_| own && read_text)?;
            Some((user_names(&[user]), format!("{} → {text}", call.name())))
        })
    }
}

impl Explanation {
    /// The steps of the diagram of `history`, with the marks of this explanation.
    pub fn steps(&self, history: &[HistoryEvent]) -> Vec<Step> {
        let marked = |(at, happened): (usize, &HistoryEvent)| {
            let step = happened.step();
            let mark = match step.mark {
                _ if self.broke == Some(at) => Mark::Broke,
                Mark::Plain if self.stale == Some(at) => Mark::Stale,
                mark => mark,
            };
            Step { mark, ..step }
        };
        history.iter().enumerate().map(marked).collect()
    }
}

fn user_of(actor: Option<Actor>) -> Option<UserId> {
    match actor? {
        Actor::Claim { user, .. } => Some(UserId(user)),
        Actor::Consumer => None,
    }
}

#[cfg(test)]
mod tests;
