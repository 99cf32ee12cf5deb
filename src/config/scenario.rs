//! The validated settings of a run. Every module after this one relies on them and checks nothing again. No I/O is here.

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

/// All settings that decide what a run does.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// A name for the report, from the scenario file or the target file.
    pub title: Option<String>,
    /// The strategies or the target to test, at least one.
    pub subjects: Vec<Subject>,
    /// The strategies of `all` that the database cannot run.
    pub refused: Vec<RefusedStrategy>,
    /// Users, limit, attempts, and how the attempts are spread over time.
    pub workload: Workload,
    /// Runs of each subject, at least 1; trials of several subjects are interleaved.
    pub trials: u32,
    /// Processes that share the users, at least 1.
    pub instances: u32,
    /// The services of the built-in strategies.
    pub services: Services,
    /// Orders a second of the bystander; `None` is no bystander.
    pub bystander_rate: Option<Rate>,
    /// Whether every step is recorded.
    pub trace: bool,
    /// Whether the run's objects are left behind.
    pub keep: bool,
    /// The largest share of attempts, 0 to 1, that may fail or stay without a response before a run is inconclusive.
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

    /// What the run needs of its services.
    pub fn demand(&self) -> Demand<'_> {
        Demand {
            services: &self.services,
            workload: &self.workload,
            instances: self.instances,
            orders: self.bystander_rate.is_some(),
        }
    }

    /// The longest time that a drain may make no progress: the timeout, and the pause of paced consumers between two batches.
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

/// What a run tests.
#[derive(Debug, Clone)]
pub enum Subject {
    /// A strategy of the catalogue, on the services of the settings.
    Strategy(&'static Entry),
    /// A service of the user's own.
    Target(Arc<Target>),
}

impl Subject {
    /// The name in reports: a target's title, or the name of its file.
    pub fn name(&self) -> &str {
        match self {
            Self::Strategy(entry) => entry.name,
            Self::Target(target) => target.title.as_deref().unwrap_or(&target.name),
        }
    }

    /// Whether `name` means this subject: a target also has the name of its file.
    pub fn has_name(&self, name: &str) -> bool {
        match self {
            Self::Strategy(entry) => entry.name == name,
            Self::Target(target) => target.name == name || self.name() == name,
        }
    }

    /// The promise that the verdict checks.
    pub fn promise(&self) -> Promise {
        match self {
            Self::Strategy(entry) => entry.promise,
            Self::Target(target) => target.promise,
        }
    }

    /// Whether a user with several attempts gets at most one coupon.
    pub fn one_per_user(&self) -> bool {
        match self {
            Self::Strategy(entry) => entry.one_per_user,
            Self::Target(target) => target.one_per_user,
        }
    }
}
