//! What has to be true when nothing moves any more. The reconciliation and the verdict are those of a run; added is what
//! only a search can see: whether everybody gets an answer, and whether the first to come is the first to be served.

use std::fmt;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::{
    layout::Role,
    sim::{
        call::{user_id, user_index},
        executor::{End, ExploreError},
    },
    world::{State, World},
};
use crate::{
    judge::{
        ledger::{self, Reconciliation, Rules},
        verdict::{self, Circumstances, Claim, LimitFrom, Told},
    },
    model::{
        outcome::{Attempt, Outcome},
        verdict::{Completion, FindingKind},
    },
    ports::{Effect, UserId},
    strategies::{Decision, Promise},
};

/// What can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Invariant {
    /// Never more rows than the limit.
    OverIssue,
    /// Never fewer than `min(limit, demand)`, where whoever got an error demands nothing.
    UnderIssue,
    /// No user has more than one row.
    Duplicate,
    /// Who was told yes has a row.
    Lost,
    /// Who has a row was told yes, or nothing.
    Phantom,
    /// Nobody gets a coupon who came only after somebody else had been turned away.
    Order,
    /// Everybody gets an answer, and every record is worked off: nothing waits for ever.
    Stuck,
}

impl Invariant {
    /// All, in the order of a report.
    pub const ALL: [Self; 7] = [
        Self::OverIssue,
        Self::UnderIssue,
        Self::Duplicate,
        Self::Lost,
        Self::Phantom,
        Self::Order,
        Self::Stuck,
    ];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::OverIssue => "over-issue",
            Self::UnderIssue => "under-issue",
            Self::Duplicate => "duplicate",
            Self::Lost => "lost",
            Self::Phantom => "phantom",
            Self::Order => "order",
            Self::Stuck => "stuck",
        }
    }

    /// What it says, as a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::OverIssue => "never more rows than the limit",
            Self::UnderIssue => "never fewer rows than limit and demand allow",
            Self::Duplicate => "no user has two rows",
            Self::Lost => "who was told yes has a row",
            Self::Phantom => "who has a row was not told no",
            Self::Order => "nobody who came after a refusal gets a coupon",
            Self::Stuck => "everybody gets an answer, nothing waits for ever",
        }
    }

    fn of(kind: FindingKind) -> Option<Self> {
        match kind {
            FindingKind::OverIssue => Some(Self::OverIssue),
            FindingKind::UnderIssue => Some(Self::UnderIssue),
            FindingKind::DuplicateUser => Some(Self::Duplicate),
            FindingKind::Lost => Some(Self::Lost),
            FindingKind::Phantom => Some(Self::Phantom),
            // No strategy has codes.
            FindingKind::DuplicateCode | FindingKind::Recovered => None,
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A set of invariants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Broken(u8);

impl Broken {
    pub fn contains(self, invariant: Invariant) -> bool {
        self.0 & invariant.bit() != 0
    }

    fn insert(&mut self, invariant: Invariant) {
        self.0 |= invariant.bit();
    }
}

/// What is wrong at an end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Judged {
    /// Everything that is.
    pub broken: Broken,
    /// What of it is against the strategy's promise.
    pub against_promise: Broken,
}

/// An end, as a run would have recorded it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ending {
    /// Of every claim; `None` for one that waits for ever.
    pub outcomes: Vec<Option<Outcome>>,
    /// The ledger.
    pub rows: Vec<UserId>,
    late: Vec<bool>,
    undelivered: u64,
    /// Records are left, or the consumer has been started again too often.
    unread: bool,
}

/// Judges ends, each only once.
#[derive(Default)]
pub struct Judge(FxHashMap<Ending, Judged>);

impl Judge {
    /// Of a state in which nothing moves any more.
    pub fn judge(&mut self, world: &mut World, state: &State) -> Result<Judged, ExploreError> {
        let ending = Ending::of(world, state)?;
        if let Some(known) = self.0.get(&ending) {
            return Ok(*known);
        }
        let judged = ending.judge(world);
        self.0.insert(ending, judged);
        Ok(judged)
    }
}

impl Ending {
    /// Reads it off a state.
    pub fn of(world: &mut World, state: &State) -> Result<Self, ExploreError> {
        let claims = world.layout.claims();
        let mut outcomes = Vec::with_capacity(claims);
        for task in 0..claims {
            outcomes.push(match world.ended(state, task)? {
                Some(end) => Some(outcome(&end)),
                None if state.slots[task].crashed => Some(Outcome::Indeterminate),
                None => None,
            });
        }
        let given_up = match world.layout.consumer() {
            Some(consumer) => matches!(world.ended(state, consumer)?, Some(End::Failed(..))),
            None => false,
        };
        let topic = world.topic(state);
        Ok(Self {
            outcomes,
            rows: world.database(state).ledger(),
            late: state.slots[..claims].iter().map(|slot| slot.late).collect(),
            undelivered: topic.undelivered(),
            unread: given_up || !topic.is_drained(),
        })
    }

    /// What a run would have recorded.
    pub fn attempts(&self, world: &World) -> Vec<Attempt> {
        let outcomes = self.outcomes.iter().enumerate();
        outcomes
            .filter_map(|(task, outcome)| match world.layout.role(task) {
                Role::Claim { user, .. } => Some(Attempt {
                    user: user_id(user),
                    outcome: outcome.unwrap_or(Outcome::Indeterminate),
                    intended: std::time::Duration::ZERO,
                    start: std::time::Duration::ZERO,
                    answered: None,
                    end: outcome.map(|_| std::time::Duration::ZERO),
                }),
                Role::Consumer => None,
            })
            .collect()
    }

    /// The same reconciliation as after a run.
    pub fn reconcile(&self, world: &World) -> Reconciliation {
        ledger::reconcile(&self.attempts(world), &self.rows, rules(world))
    }

    /// Whether somebody who was given an answer could have had the missing coupon: who got an error has not got one either,
    /// and that alone is no fault of the strategy's.
    fn is_missed(&self, world: &World) -> bool {
        let answered = self.attempts(world).into_iter().filter(|attempt| {
            let unanswered = [Outcome::Failed, Outcome::Indeterminate];
            !unanswered.contains(&attempt.outcome)
        });
        let answered: Vec<_> = answered.collect();
        ledger::reconcile(&answered, &self.rows, rules(world)).under_issued > 0
    }

    fn stuck(&self) -> bool {
        self.unread || self.outcomes.iter().any(Option::is_none)
    }

    fn judge(&self, world: &World) -> Judged {
        let claim = Claim {
            promise: promise(world),
            one_per_user: world.entry.one_per_user,
            limit: world.layout.limit,
            limit_from: LimitFrom::Subject,
        };
        let ledger = self.reconcile(world).into();
        let judgement = verdict::judge(claim, Some(&ledger), &self.circumstances());
        let mut judged = Judged::default();
        // Nothing moves any more: what is missing at an end will not come.
        for finding in &verdict::found(&ledger) {
            if let Some(invariant) = Invariant::of(finding.kind)
                && (invariant != Invariant::UnderIssue || self.is_missed(world))
            {
                judged.broken.insert(invariant);
            }
        }
        for finding in &judgement.violations {
            if let Some(invariant) = Invariant::of(finding.kind) {
                judged.against_promise.insert(invariant);
            }
        }
        if self.out_of_order(world) {
            judged.broken.insert(Invariant::Order);
        }
        if self.stuck() {
            judged.broken.insert(Invariant::Stuck);
        }
        judged
    }

    fn circumstances(&self) -> Circumstances {
        let made = self.outcomes.len() as u64;
        let count = |wanted: &[Outcome]| {
            let outcomes = self
                .outcomes
                .iter()
                .map(|outcome| outcome.unwrap_or(Outcome::Indeterminate));
            outcomes.filter(|outcome| wanted.contains(outcome)).count() as u64
        };
        Circumstances {
            asked: made,
            made,
            faults: count(&[Outcome::Failed, Outcome::Indeterminate]) + self.undelivered,
            injected: false,
            unanswered: count(&[Outcome::Indeterminate]),
            told: Told::default(),
            max_undecided: None,
            // All schedules are tried: somewhere they did overlap.
            peak_in_flight: made,
            completion: if self.stuck() {
                Completion::Pending
            } else {
                Completion::Proven
            },
            troubles: Vec::new(),
        }
    }

    fn out_of_order(&self, world: &World) -> bool {
        self.late.iter().enumerate().any(|(task, late)| {
            let Role::Claim { user, .. } = world.layout.role(task) else {
                return false;
            };
            let told = self.outcomes[task] == Some(Outcome::Issued);
            *late && told && self.rows.iter().any(|row| user_index(*row) == Some(user))
        })
    }
}

/// Of the event.
pub fn rules(world: &World) -> Rules {
    Rules {
        limit: world.layout.limit,
        one_per_user: world.entry.one_per_user,
    }
}

/// What the strategy promises to this layout.
pub fn promise(world: &World) -> Promise {
    let instances = u32::try_from(world.layout.instances).unwrap_or(u32::MAX);
    world.entry.promise.to_instances(instances)
}

/// How a run would have recorded it.
pub fn outcome(end: &End) -> Outcome {
    match end {
        End::Told(Decision::Issued) => Outcome::Issued,
        End::Told(Decision::SoldOut) => Outcome::SoldOut,
        End::Told(Decision::Duplicate) => Outcome::Duplicate,
        End::Told(Decision::Accepted) => Outcome::Accepted,
        End::Failed(Effect::Unknown, _) => Outcome::Indeterminate,
        End::Failed(..) | End::Consumed => Outcome::Failed,
    }
}
