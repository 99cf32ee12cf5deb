//! Runs: scenario → services → load → drain → ledger → verdict → report.
//!
//! This module repeats the run over subjects and trials, and makes one report of all runs.
//!
//! # Layout
//!
//! - [`trial`]: one run, step by step; [`subject`]: the steps that differ between a strategy and a service
//! - [`strategy`]: the steps of a strategy of the catalogue; [`service`]: the steps of a service of the user
//! - [`instances`]: the users of a run shared out among processes
//! - [`consumers`], [`drain`], [`bystander`]: the work beside the users, and the wait for its end
//! - [`measurements`]: the measurements of a run; [`judge`], [`health`]: its verdict
//! - [`measure`], [`ledger_counts`], [`over_time`], [`hints`], [`distribution`]: the figures of a run's report
//! - [`summary`], [`spread`]: the figures of all runs

mod bystander;
mod consumers;
pub(crate) mod distribution;
mod drain;
mod health;
mod hints;
pub mod instances;
pub mod judge;
mod ledger_counts;
mod measure;
mod measurements;
mod over_time;
pub mod service;
mod spread;
mod strategy;
mod subject;
mod summary;
mod trial;

use std::sync::Arc;

use tokio::sync::watch;

pub(crate) use consumers::Consumers;
pub use drain::DrainResult;
pub(crate) use drain::Pipeline;
pub use measure::backends;
pub use measurements::Measurements;

use crate::{
    adapters::{OpenError, remains::new_run_id},
    config::scenario::Scenario,
    engine::load::Counters,
    model::report::Report,
};

/// What happens during a run.
pub enum RunEvent<'a> {
    /// The load of a run begins.
    Load {
        /// The name of the subject.
        strategy: &'a str,
        /// The number of the trial, from 1.
        trial: u32,
        /// The progress of the load, updated until the load ends.
        counters: &'a Arc<Counters>,
    },
    /// All attempts have ended; the pipeline drains.
    Drain,
    /// A run is judged. Its measurements are dropped after this event.
    Recorded {
        /// The name of the subject.
        strategy: &'a str,
        /// The number of the trial, from 1.
        trial: u32,
        /// What the run has measured, with every attempt.
        measurements: &'a Measurements,
    },
    /// The run is over.
    Done,
    /// An object of the run could not be removed, with the reason.
    LeftBehind(&'a str),
}

/// Receives the events of a run.
pub type Observer<'a> = &'a (dyn Fn(RunEvent<'_>) + Sync);

/// The result of a scenario.
pub struct ScenarioResult {
    /// All runs that were completed.
    pub report: Report,
    /// The error that ended the scenario early.
    pub error: Option<OpenError>,
    /// Why a trial did not begin although the previous trial had ended.
    pub cut_short: Option<String>,
}

/// Runs every subject of the scenario as often as the scenario demands. The trials of the subjects alternate (A B A B …), so that a
/// machine that becomes slower or faster affects all subjects alike.
pub async fn run(
    scenario: &Scenario,
    observer: Observer<'_>,
    stop: watch::Receiver<bool>,
) -> ScenarioResult {
    let mut collected = summary::Collected::default();
    let order = (1..=scenario.trials).flat_map(|trial| {
        scenario
            .subjects
            .iter()
            .map(move |subject| (trial, subject))
    });
    let mut order = order.peekable();
    while let Some((trial, subject)) = order.next() {
        if *stop.borrow() {
            collected.interrupted = true;
            break;
        }
        let run = trial::RunContext {
            scenario,
            subject,
            trial,
            run_id: new_run_id(),
            observer,
            stop: stop.clone(),
        };
        match trial::run(&run).await {
            Ok(finished) => {
                let outstanding = collected.add(finished);
                if let (Some(why), Some((next, _))) = (outstanding, order.peek()) {
                    collected.cut_short(*next, &why);
                    break;
                }
            }
            Err(error) => {
                collected.error = Some(error);
                break;
            }
        }
    }
    collected.interrupted |= *stop.borrow();
    collected.finish(scenario)
}
