//! The invariants: what must be true at the end of a schedule. The reconciliation and the verdict are those of a run. The search
//! adds two invariants that a run cannot check: every user gets an answer, and the order of the users is kept.

use std::fmt;

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::{
    layout::Role,
    sim::{
        call::{user_id, user_index},
        executor::{ExploreError, TaskEnd},
    },
    world::{State, World},
};
use crate::{
    judge::{
        ledger::{self, Reconciliation, Rules},
        verdict::{self, Circumstances, LimitFrom, PromiseTerms, ResponseCounts},
    },
    model::{
        outcome::{Attempt, Outcome},
        verdict::{Completion, FindingKind},
    },
    ports::{Effect, UserId},
    strategies::{Decision, Promise},
};

/// What must be true at the end of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Invariant {
    /// Never more rows than the limit.
    OverIssue,
    /// Never fewer rows than `min(limit, demand)`. A user with an error has no demand.
    UnderIssue,
    /// No user has more than one row.
    Duplicate,
    /// A user with the outcome `issued` has a row.
    Lost,
    /// A user with a row has the outcome `issued`, or no known outcome.
    Phantom,
    /// No user gets a coupon whose attempt started after another user was refused.
    Order,
    /// Every user gets an answer, and every record is processed: no task waits forever.
    Stuck,
}

impl Invariant {
    /// All invariants, in the order of a report.
    pub const ALL: [Self; 7] = [
        Self::OverIssue,
        Self::UnderIssue,
        Self::Duplicate,
        Self::Lost,
        Self::Phantom,
        Self::Order,
        Self::Stuck,
    ];

    /// The name of the invariant.
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

    /// The invariant as a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::OverIssue => "never more rows than the limit",
            Self::UnderIssue => "never fewer rows than limit and demand allow",
            Self::Duplicate => "no user has two rows",
            Self::Lost => "every user who was told yes has a row",
            Self::Phantom => "no user who was told no has a row",
            Self::Order => "no user who came after a refusal gets a coupon",
            Self::Stuck => "every user gets an answer, and every record is processed",
        }
    }

    fn of(kind: FindingKind) -> Option<Self> {
        match kind {
            FindingKind::OverIssue => Some(Self::OverIssue),
            FindingKind::UnderIssue => Some(Self::UnderIssue),
            FindingKind::DuplicateUser => Some(Self::Duplicate),
            FindingKind::Lost => Some(Self::Lost),
            FindingKind::Phantom => Some(Self::Phantom),
            // No strategy issues codes.
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

/// The broken invariants of an end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Judged {
    /// All broken invariants.
    pub broken: Broken,
    /// The broken invariants that the strategy's promise covers.
    pub against_promise: Broken,
}

/// The end of a schedule, as a run would have recorded it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ScheduleEnd {
    /// The outcome of every claim; `None` for a claim that waits forever.
    pub outcomes: Vec<Option<Outcome>>,
    /// The ledger.
    pub rows: Vec<UserId>,
    late: Vec<bool>,
    undelivered: u64,
    /// Whether records are left, or the consumer has been restarted too often.
    unread: bool,
}

/// Judges ends, each only once.
#[derive(Default)]
pub struct Judge(FxHashMap<ScheduleEnd, Judged>);

impl Judge {
    /// The broken invariants of a state without a next step.
    pub fn judge(&mut self, world: &mut World, state: &State) -> Result<Judged, ExploreError> {
        let ending = ScheduleEnd::of(world, state)?;
        if let Some(known) = self.0.get(&ending) {
            return Ok(*known);
        }
        let judged = ending.judge(world);
        self.0.insert(ending, judged);
        Ok(judged)
    }
}

impl ScheduleEnd {
    /// The end that a state represents.
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
            Some(consumer) => matches!(world.ended(state, consumer)?, Some(TaskEnd::Failed(..))),
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

    /// The attempts as a run would have recorded them.
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

    /// Whether a user with an answer could have had the missing coupon. A user with an error has no coupon either, and that alone
    /// is not an error of the strategy.
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
        let claim = PromiseTerms {
            promise: promise(world),
            one_per_user: world.entry.one_per_user,
            limit: world.layout.limit,
            limit_from: LimitFrom::Subject,
        };
        let ledger = self.reconcile(world).into();
        let judgement = verdict::judge(claim, Some(&ledger), &self.circumstances());
        let mut judged = Judged::default();
        // No step is left, so a missing coupon will not come.
        for finding in &verdict::discrepancies(&ledger) {
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
            told: ResponseCounts::default(),
            max_undecided: None,
            // The search tries all schedules, so the attempts overlap in some of them.
            peak_in_flight: made,
            completion: if self.stuck() {
                Completion::Pending
            } else {
                Completion::Proven
            },
            problems: Vec::new(),
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

/// The rules of the event.
pub fn rules(world: &World) -> Rules {
    Rules {
        limit: world.layout.limit,
        one_per_user: world.entry.one_per_user,
    }
}

/// The promise of the strategy for this layout.
pub fn promise(world: &World) -> Promise {
    let instances = u32::try_from(world.layout.instances).unwrap_or(u32::MAX);
    world.entry.promise.to_instances(instances)
}

/// The outcome that a run would have recorded.
pub fn outcome(end: &TaskEnd) -> Outcome {
    match end {
        TaskEnd::Told(Decision::Issued) => Outcome::Issued,
        TaskEnd::Told(Decision::SoldOut) => Outcome::SoldOut,
        TaskEnd::Told(Decision::Duplicate) => Outcome::Duplicate,
        TaskEnd::Told(Decision::Accepted) => Outcome::Accepted,
        TaskEnd::Failed(Effect::Unknown, _) => Outcome::Indeterminate,
        TaskEnd::Failed(..) | TaskEnd::Consumed => Outcome::Failed,
    }
}
