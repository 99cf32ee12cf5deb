//! Why it went wrong: the step where a promise broke, the sight that was no longer true, and one sentence.
//!
//! Pure, and the same for a schedule that an exploration found, a replay, and the trace of a run: all it knows is a history and
//! what the ledger showed. `effects` says what became visible when.

mod effects;
pub mod run;
mod words;

use crate::{
    judge::ledger::Reconciliation,
    model::{
        interleaving::{Actor, Call, Happened, Mark, Observation, Step, Told, user_names},
        outcome::{Attempt, Outcome},
        verdict::FindingKind,
    },
    ports::UserId,
};

use effects::{Effect, Subject, effects};
use words::called;
pub use words::{ledger, sentence};

/// What is to be explained.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// What happened.
    pub history: &'a [Happened],
    /// What everybody was told.
    pub attempts: &'a [Attempt],
    /// What the ledger showed.
    pub ledger: &'a Reconciliation,
    /// Coupons.
    pub limit: u64,
    /// Rows that are not of this history.
    pub earlier: u64,
}

/// Why it went wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Why {
    /// The step with which it was broken.
    pub broke: Option<usize>,
    /// The step that saw what was no longer true later.
    pub stale: Option<usize>,
    /// For people.
    pub sentence: String,
}

/// A sight that was no longer true when it was acted upon.
struct Stale {
    read: usize,
    sentence: String,
}

impl Case<'_> {
    /// Explains a finding.
    pub fn why(&self, kind: FindingKind) -> Why {
        let effects = effects(self.history);
        let broke = self.broke(kind, &effects);
        let acted = broke.and_then(|at| self.acted(at, &effects));
        let stale = acted.and_then(|(actor, at)| self.stale(actor, at, &effects));
        let what = match (kind, &stale) {
            (FindingKind::OverIssue | FindingKind::DuplicateUser, Some(stale)) => {
                stale.sentence.clone()
            }
            _ => self.said(kind),
        };
        Why {
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
                told == Told::Outcome(Outcome::Issued) && self.ledger.lost.contains(&user)
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

    fn last_told(&self, wanted: impl Fn(Told, UserId) -> bool) -> Option<usize> {
        self.history.iter().rposition(|happened| {
            happened
                .told
                .zip(user_of(happened.actor))
                .is_some_and(|(told, user)| wanted(told, user))
        })
    }

    /// Whose decision the step carries out, and where that was acted upon: for a consumer, the claim that produced the record;
    /// for a commit, what was inserted before it.
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
        let inserts = |happened: &Happened| {
            happened.actor == Some(actor)
                && happened
                    .called()
                    .is_some_and(|(call, _)| !call.users().is_empty())
        };
        let acted = before.iter().rposition(inserts).unwrap_or(broke);
        Some((actor, acted))
    }

    /// The last read of the actor before it acted that would have been answered differently by then.
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

    /// What others changed between a read of this actor's and what it did because of it.
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

    /// Who was the last to change what this actor had read and then acted upon.
    fn overtaken_by(&self, actor: Actor, acted: usize, effects: &[Effect]) -> Option<Actor> {
        (0..acted).rev().find_map(|read| {
            let changed = self.changes(actor, read, acted, effects).next_back()?;
            changed.actor
        })
    }

    fn said(&self, kind: FindingKind) -> String {
        let (ledger, limit) = (self.ledger, self.limit);
        match kind {
            FindingKind::OverIssue if !ledger.duplicate_users.is_empty() => {
                let twice = user_names(&ledger.duplicate_users);
                format!("{twice} has two rows, and the second is one too many")
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
                format!("{twice} has two rows, as nothing stood in the way of the second")
            }
            FindingKind::Phantom => {
                let told = match self.told(ledger.phantom.first()) {
                    Some(Outcome::Failed) => "got an error",
                    Some(Outcome::Issued) => "was told of one coupon",
                    _ => "was told no",
                };
                let who = user_names(&ledger.phantom);
                format!("{who} {told}, and there is a row that nobody was told of")
            }
            FindingKind::DuplicateCode => "one code was given to two users".to_owned(),
            FindingKind::Recovered => {
                let who = user_names(&ledger.recovered);
                format!("{who} got no answer, and has a row")
            }
        }
    }

    /// Somebody acted on something that was true.
    fn went_on(&self) -> String {
        let (surplus, limit) = (&self.ledger.over_issued, self.limit);
        match surplus.first().and_then(|user| self.last_sight(*user)) {
            Some((who, sight)) if !self.history.iter().any(|one| one.what.is_fault()) => {
                format!("{who} saw {sight} at a limit of {limit} and went on: no race is needed")
            }
            Some((who, sight)) => format!("{who} saw {sight} and went on, at a limit of {limit}"),
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

    /// What the user saw last before going on.
    fn last_sight(&self, user: UserId) -> Option<(String, String)> {
        self.history.iter().rev().find_map(|happened| {
            let (call, saw) = happened.called()?;
            let own = user_of(happened.actor) == Some(user);
            let sight = matches!(
                saw,
                Observation::Count(_)
                    | Observation::Event(_)
                    | Observation::Number(_)
                    | Observation::Set(_)
            );
            let text = saw.text().filter(|_| own && sight)?;
            Some((user_names(&[user]), format!("{} → {text}", call.name())))
        })
    }
}

impl Why {
    /// The steps of `history` as they are drawn, with what this marks.
    pub fn steps(&self, history: &[Happened]) -> Vec<Step> {
        let marked = |(at, happened): (usize, &Happened)| {
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
