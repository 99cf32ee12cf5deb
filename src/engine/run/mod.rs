//! The data's way through the program: scenario → backend → strategy → load → ledger → verdict → report.
//!
//! [`one`] is one run of one strategy, in this process or shared out among [`instances`], [`target`] one of a service of the
//! user's own; this module repeats it over strategies and trials and puts the report together.

mod bystander;
mod consumers;
pub(crate) mod distribution;
mod drain;
mod health;
mod hints;
pub mod instances;
mod judge;
mod ledger_counts;
mod measure;
mod observed;
mod one;
mod over_time;
mod spread;
mod summary;
mod target;

use std::sync::Arc;

use tokio::sync::watch;

pub(crate) use consumers::Consumers;
pub use drain::Drained;
pub(crate) use drain::drain;
pub use measure::backends;
pub use observed::Observed;

use crate::{
    adapters::OpenError,
    config::scenario::{Scenario, Subject},
    engine::load::Counters,
    model::report::Report,
};

/// What happens during a run, for whoever shows it.
pub enum Event<'a> {
    /// The load of a run begins.
    Load {
        /// The strategy.
        strategy: &'a str,
        /// From 1.
        trial: u32,
        /// Go up meanwhile.
        counters: &'a Arc<Counters>,
    },
    /// All attempts have ended; the pipeline drains.
    Drain,
    /// A run is judged: what was recorded of it, which nobody keeps.
    Recorded {
        /// The strategy.
        strategy: &'a str,
        /// From 1.
        trial: u32,
        /// Every attempt, among others.
        observed: &'a Observed,
    },
    /// The run is over.
    Done,
    /// Something of the run could not be removed.
    LeftBehind(&'a str),
}

/// Shows what happens.
pub type Observer<'a> = &'a (dyn Fn(Event<'_>) + Sync);

/// What came of a scenario.
pub struct Finished {
    /// All runs that were completed.
    pub report: Report,
    /// Why there are no more.
    pub error: Option<OpenError>,
    /// Why a trial did not begin although the one before it ended.
    pub cut_short: Option<String>,
}

/// Runs every strategy of the scenario as often as it says, trials interleaved (A B A B …), so that a machine that gets
/// slower or faster meanwhile does so for all of them.
pub async fn run(
    scenario: &Scenario,
    observer: Observer<'_>,
    stop: watch::Receiver<bool>,
) -> Finished {
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
        let place = Place { subject, trial };
        let done = match subject {
            Subject::Strategy(entry) => {
                one::run(scenario, entry, place, observer, stop.clone()).await
            }
            Subject::Target(target) => {
                target::run(scenario, target, place, observer, stop.clone()).await
            }
        };
        match done {
            Ok(done) => {
                let outstanding = collected.add(done);
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

/// A run's place among the trials.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// What is put to the test.
    subject: &'a Subject,
    /// From 1.
    trial: u32,
}
