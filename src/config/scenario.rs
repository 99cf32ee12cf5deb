//! What is to be run, validated: the flags and the file as meant, not as typed.
//!
//! [`crate::cli`] turns flags and a TOML file into a [`Scenario`]; everything after it relies on these types and
//! checks nothing again. No I/O is here.

use std::{sync::Arc, time::Duration};

use crate::{
    adapters::Demand,
    input::address::Services,
    judge::assertion::Assertion,
    model::{
        report::RefusedStrategy,
        workload::{MAX_UNDECIDED, Rate, Workload},
    },
    service::Target,
    strategies::{Entry, Promise},
};

/// Everything that decides what a run does.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// A name for people, from the scenario file.
    pub title: Option<String>,
    /// What is put to the test, at least one.
    pub subjects: Vec<Subject>,
    /// Those of `all` that the database cannot run.
    pub refused: Vec<RefusedStrategy>,
    /// Who asks, how often and how fast.
    pub workload: Workload,
    /// How often each strategy is run, at least once; trials of several strategies are interleaved.
    pub trials: u32,
    /// Processes that share the users, at least 1.
    pub instances: u32,
    /// Where it runs.
    pub services: Services,
    /// Orders a second of the bystander; `None` is none.
    pub bystander_rate: Option<Rate>,
    /// Whether every step is written down.
    pub trace: bool,
    /// Whether the run's objects are left behind.
    pub keep: bool,
    /// The largest share of attempts, 0 to 1, that may fail or stay without an answer before a run is inconclusive.
    pub max_undecided: f64,
    /// What must be true of every run, besides the promises.
    pub assertions: Vec<Assertion>,
}

impl Scenario {
    /// One run of one strategy, with the default of every other setting.
    pub fn of_strategy(entry: &'static Entry, workload: Workload, services: Services) -> Self {
        Self {
            title: None,
            subjects: vec![Subject::Strategy(entry)],
            refused: Vec::new(),
            workload,
            trials: 1,
            instances: 1,
            services,
            bystander_rate: None,
            trace: false,
            keep: false,
            max_undecided: MAX_UNDECIDED,
            assertions: Vec::new(),
        }
    }

    /// What it asks of its services.
    pub fn demand(&self) -> Demand<'_> {
        Demand {
            services: &self.services,
            workload: &self.workload,
            instances: self.instances,
            orders: self.bystander_rate.is_some(),
        }
    }

    /// How long the drain may stand still: the timeout, and what paced consumers wait from one batch to the next.
    pub fn drain_patience(&self) -> Duration {
        let pause = self.services.consumer_rate.map(|rate| {
            let period = rate.shared_by(self.instances).period();
            period.saturating_mul(self.services.consumer_batch)
        });
        self.workload
            .timeout
            .saturating_add(pause.unwrap_or_default())
    }
}

/// What is asked for coupons.
#[derive(Debug, Clone)]
pub enum Subject {
    /// One of the catalogue, on services of ours.
    Strategy(&'static Entry),
    /// A service of the user's own.
    Target(Arc<Target>),
}

impl Subject {
    /// What it is called: a target by its title, where it has one.
    pub fn name(&self) -> &str {
        match self {
            Self::Strategy(entry) => entry.name,
            Self::Target(target) => target.title.as_deref().unwrap_or(&target.name),
        }
    }

    /// Whether somebody calls it so: a target by its file's name as well.
    pub fn is_called(&self, name: &str) -> bool {
        match self {
            Self::Strategy(entry) => entry.name == name,
            Self::Target(target) => target.name == name || self.name() == name,
        }
    }

    /// What it is held to.
    pub fn promise(&self) -> Promise {
        match self {
            Self::Strategy(entry) => entry.promise,
            Self::Target(target) => target.promise,
        }
    }

    /// Whether a user who asks twice gets at most one coupon.
    pub fn one_per_user(&self) -> bool {
        match self {
            Self::Strategy(entry) => entry.one_per_user,
            Self::Target(target) => target.one_per_user,
        }
    }
}
