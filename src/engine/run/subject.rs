//! The steps of a run that differ between a strategy and a service.
//!
//! [`super::trial`] and [`super::instances`] call these steps in the same order for both. A strategy runs on services that the run
//! opens ([`super::strategy`]); a service of the user runs on its own ([`super::service`]).

use std::time::Duration;

use super::{
    bystander::Bystander,
    drain::DrainResult,
    instances::AssignedSubject,
    judge::Evidence,
    measurements::Measurements,
    trial::{Recording, RunContext, ServicesUsed},
};
use crate::{
    adapters::OpenError,
    config::scenario::Scenario,
    engine::load::{Load, Schedule},
    model::{trace::RunTrace, workload::Workload},
};

/// What a run tests, once it is open.
pub trait RunSubject: Sized {
    /// The users of this process and their connections.
    type Clients: Clients;

    /// The longest duration of a load; `None` is a load that ends only when it is done, stalled or interrupted.
    const LONGEST_LOAD: Option<Duration>;

    /// Whether instances still work during the drain, as consumers do. Such instances end after the drain, others before it.
    const INSTANCES_CONSUME: bool;

    /// The problem that an instance reports when its part of the load did not settle in time.
    const NOT_SETTLED: &'static str;

    /// The error of a run that is interrupted before its load; `None` where the preparation always runs to its end.
    fn interrupted(&self) -> Option<OpenError>;

    /// Connects the bystander, where the scenario has one.
    async fn bystander(&self, scenario: &Scenario) -> Result<Bystander, OpenError>;

    /// Connects the clients of this process, which make the attempts of `schedule`. No attempt is made yet.
    async fn connect(
        &mut self,
        workload: &Workload,
        schedule: Schedule,
    ) -> Result<Self::Clients, OpenError>;

    /// The subject as the instances have to join it.
    fn assigned(&self, scenario: &Scenario) -> Result<AssignedSubject, OpenError>;

    /// Takes in what the instances have measured. Called only where the instances end before the drain.
    fn take_in(&mut self, workload: &Workload, measurements: &Measurements) -> Result<(), String>;

    /// Waits until `settled` ends and no work is under way any more. Without `clients`, instances have made the attempts.
    async fn drain(
        &mut self,
        clients: Option<&Self::Clients>,
        settled: impl Future<Output = ()>,
        run: &RunContext<'_>,
    ) -> DrainResult;

    /// Waits until the broker has answered every record that this process has sent.
    async fn delivered(&self);

    /// What the clients of this process have measured; `cpu` is the processor time of the load.
    fn measure(&mut self, clients: &Self::Clients, cpu: Duration) -> Measurements;

    /// Events in the services that explain the figures, a sentence each.
    async fn notes(&self, clients: Option<&Self::Clients>) -> Vec<String>;

    /// Reads the ledger and reconciles it with the outcomes of the attempts.
    async fn evidence(&mut self, run: &RunContext<'_>, recording: &Recording) -> Evidence;

    /// The services that the run used, as its report describes them.
    fn services(&self, recording: &Recording, evidence: &Evidence) -> ServicesUsed;

    /// Why no other trial may begin: coupons of this run may still come and would count as coupons of the next.
    fn outstanding(&self, drained: &DrainResult) -> Option<String>;

    /// Removes what the run created, or keeps it.
    async fn close(self, keep: bool) -> Closed;
}

/// The users of one process and their connections.
pub trait Clients {
    /// What the load engine runs.
    fn load(&self) -> &Load;

    /// Prepares the requests that leave at the release.
    async fn make_ready(&self);

    /// Ends the consumers of this process.
    async fn shutdown(&mut self);

    /// The recorded steps, where the scenario asks for them. A second call returns none.
    fn traced(&self) -> Option<RunTrace>;
}

/// What closing a subject has left.
#[derive(Default)]
pub struct Closed {
    /// The names of the objects that were kept as asked.
    pub kept: Vec<String>,
    /// One error for each object that could not be removed.
    pub problems: Vec<String>,
}
