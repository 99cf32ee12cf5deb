//! The settings and the results of an exploration.

use super::{
    invariant::Invariant,
    search::{Bounds, Hit},
};
use crate::{
    model::interleaving::Interleaving,
    strategies::{Entry, Promise},
};

/// The settings of an exploration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The largest number of users. Fewer users are tried first.
    pub users: u64,
    /// The number of coupons.
    pub limit: u64,
    /// The attempts of each user.
    pub attempts: u32,
    /// Processes that share the users.
    pub instances: u32,
    /// The largest number of records that the consumer reads at once.
    pub batch: u8,
    /// The largest number of faults in one schedule.
    pub faults: u8,
    /// The number of tries after a conflict or for a lock.
    pub tries: u32,
    /// The bounds of each search.
    pub bounds: Bounds,
}

/// The size of one search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchSummary {
    /// The number of users.
    pub users: u64,
    /// The largest number of faults in one schedule.
    pub faults: u8,
    /// The number of schedules from the first step to an end.
    pub schedules: u128,
    /// The number of different states.
    pub states: u64,
    /// Steps of the longest schedule.
    pub longest: usize,
    /// The bound that ended the search early.
    pub hit: Option<Hit>,
}

/// The smallest schedule that breaks an invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The number of users.
    pub users: u64,
    /// The number of faults.
    pub faults: u8,
    /// The number of steps.
    pub steps: usize,
    /// The number of switches from one task to another.
    pub switches: usize,
    /// Whether the strategy had promised the invariant, without faults.
    pub against_promise: bool,
    /// The schedule, step by step.
    pub interleaving: Interleaving,
}

/// The result for one invariant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvariantResult {
    /// The invariant.
    pub invariant: Invariant,
    /// The smallest schedule without a fault that breaks the invariant.
    pub without_faults: Option<Witness>,
    /// The smallest schedule with a fault that breaks the invariant, where no schedule without a fault does.
    pub with_faults: Option<Witness>,
}

/// The result of the exploration of a strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exploration {
    /// The strategy.
    pub entry: &'static Entry,
    /// The promise of the strategy for this number of instances.
    pub promise: Promise,
    /// The settings.
    pub settings: Settings,
    /// Every search, in ascending order of users and faults.
    pub rounds: Vec<SearchSummary>,
    /// One result for each invariant, in the order of [`Invariant::ALL`].
    pub answers: Vec<InvariantResult>,
}

impl Exploration {
    /// Whether every search has seen all states.
    pub fn is_exhaustive(&self) -> bool {
        self.rounds.iter().all(|round| round.hit.is_none())
    }

    /// Whether the promise breaks without a fault.
    pub fn is_violated(&self) -> bool {
        let witnesses = self
            .answers
            .iter()
            .filter_map(|answer| answer.without_faults.as_ref());
        witnesses.into_iter().any(|witness| witness.against_promise)
    }

    /// The first witness to show: a witness without faults, if there is one.
    pub fn first_witness(&self) -> Option<&Witness> {
        let without = self
            .answers
            .iter()
            .filter_map(|answer| answer.without_faults.as_ref());
        let with = self
            .answers
            .iter()
            .filter_map(|answer| answer.with_faults.as_ref());
        without.chain(with).next()
    }

    /// The search with all users and this number of faults.
    pub fn round(&self, faults: u8) -> Option<&SearchSummary> {
        self.rounds.iter().rfind(|round| round.faults == faults)
    }
}
