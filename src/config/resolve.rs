//! Raw settings become a validated [`Scenario`]: every setting is parsed, has its bounds checked, and gets its default here or in
//! the module of its group.
//!
//! Every later module relies on a valid [`Scenario`] and checks nothing again.

use std::sync::Arc;

use super::{
    layers::{Layers, LocatedValue},
    output::{Output, output},
    scenario::{Scenario, Subject},
    services::{rate_or, services},
    settings::{RunArgs, ServiceArgs},
    strategies::{self, Selection},
    targets,
    workload::workload,
};
use crate::{
    input::{Env, address::Services, error::UsageError},
    judge::assertion::Assertion,
    model::{
        report::RefusedStrategy,
        workload::{MAX_UNDECIDED, Workload},
    },
    service::Target,
    text::{problem::Problem, quote::quoted, values},
};

/// Each instance is a process with its own connection pools.
const MAX_INSTANCES: u32 = 64;
const MAX_TRIALS: u32 = 1_000_000;

/// The validated settings of `run`.
#[derive(Debug, Clone)]
pub struct RunConfig {
    /// What to run.
    pub scenario: Scenario,
    /// What to write, and where.
    pub output: Output,
}

/// Validates the flags of `run`, its scenario file and the environment.
///
/// # Errors
///
/// The first invalid setting, with its place.
pub fn resolve(args: &RunArgs, env: Env<'_>) -> Result<RunConfig, UsageError> {
    resolve_with_trials(args, env, 1)
}

/// As [`resolve`], with this default of `--trials`.
pub(crate) fn resolve_with_trials(
    args: &RunArgs,
    env: Env<'_>,
    default_trials: u32,
) -> Result<RunConfig, UsageError> {
    let layers = Layers::of_run(args, env)?;
    let scenario = scenario(&layers, env, default_trials)?;
    let output = output(&layers, env)?;
    Ok(RunConfig { scenario, output })
}

fn scenario(layers: &Layers, env: Env<'_>, default_trials: u32) -> Result<Scenario, UsageError> {
    let workload = workload(layers)?;
    let trials = layers
        .value("trials", |s| &s.trials, values::positive(MAX_TRIALS))?
        .unwrap_or(default_trials);
    let (subjects, mut title) = match targets::target(layers, env)? {
        Some(target) => {
            targets::check_users(layers, &target, &workload)?;
            targets::check_trials(layers, &target, trials)?;
            let title = target.title.clone();
            (SubjectsOnServices::of_target(target)?, title)
        }
        None => (SubjectsOnServices::of_strategies(layers, &workload)?, None),
    };
    if let Some(value) = layers.title() {
        title = Some(value.parse(values::one_line)?);
    }
    let assertions = assertions(layers, &subjects.subjects)?;
    let instances = layers
        .value(
            "instances",
            |s| &s.instances,
            values::positive(MAX_INSTANCES),
        )?
        .unwrap_or(1);
    Ok(Scenario {
        title,
        subjects: subjects.subjects,
        refused: subjects.refused,
        workload,
        trials,
        instances,
        services: subjects.services,
        bystander_rate: layers
            .value(
                "bystander_rate",
                |s| &s.bystander_rate,
                rate_or("off", 1e4, "10k"),
            )?
            .flatten(),
        trace: layers
            .value("trace", |s| &s.trace, |text| trace(text, instances))?
            .unwrap_or(false),
        keep: layers
            .value("keep", |s| &s.keep, values::switch)?
            .unwrap_or(false),
        max_undecided: layers
            .value("max_undecided", |s| &s.max_undecided, values::share)?
            .unwrap_or(MAX_UNDECIDED),
        assertions,
    })
}

/// The subjects of a run, and the services that they run on.
struct SubjectsOnServices {
    subjects: Vec<Subject>,
    refused: Vec<RefusedStrategy>,
    services: Services,
}

impl SubjectsOnServices {
    fn of_strategies(layers: &Layers, workload: &Workload) -> Result<Self, UsageError> {
        let services = services(layers)?;
        let Selection {
            strategies,
            refused,
        } = strategies::select(layers, services.db.kind())?;
        strategies::check_capacity(layers, &strategies, workload, &services.kafka)?;
        Ok(Self {
            subjects: strategies.into_iter().map(Subject::Strategy).collect(),
            refused,
            services,
        })
    }

    /// A target uses none of the services of the settings.
    fn of_target(target: Target) -> Result<Self, UsageError> {
        Ok(Self {
            subjects: vec![Subject::Target(Arc::new(target))],
            refused: Vec::new(),
            services: services(&Layers::empty())?,
        })
    }
}

/// The services of `doctor` and `clean`, which have flags for addresses only. Every other setting has its default.
///
/// # Errors
///
/// The first invalid address, with its place.
pub fn doctor_services(args: &ServiceArgs, env: Env<'_>) -> Result<Services, UsageError> {
    services(&Layers::of_services(args, env)?)
}

/// A trace of several processes cannot be ordered: each process has its own clock.
fn trace(text: &str, instances: u32) -> Result<bool, Problem> {
    let trace = values::switch(text)?;
    if trace && instances > 1 {
        let advice = "only the steps of one process can be ordered: leave out --instances, or use explore --instances";
        return Err(Problem::new(
            format!("a trace of {instances} instances"),
            advice,
        ));
    }
    Ok(trace)
}

fn assertions(layers: &Layers, subjects: &[Subject]) -> Result<Vec<Assertion>, UsageError> {
    let values = layers.find_all("assert", |s| &s.assert);
    let values = values.iter();
    values.map(|value| assertion(value, subjects)).collect()
}

fn assertion(value: &LocatedValue<'_>, subjects: &[Subject]) -> Result<Assertion, UsageError> {
    let mut assertion = Assertion::parse(value.text).map_err(|error| UsageError::Assertion {
        place: value.place.clone(),
        explanation: error.to_string(),
    })?;
    let Some(name) = assertion.subject() else {
        return Ok(assertion);
    };
    if let Some(subject) = subjects.iter().find(|subject| subject.has_name(name)) {
        assertion.call_subject(subject.name());
        return Ok(assertion);
    }
    value.parse(|text| {
        let what = format!(
            "assertion {} about a strategy that is not run",
            quoted(text)
        );
        let advice = match subjects {
            [subject @ Subject::Target(_)] => {
                format!("the name of the target is {}", quoted(subject.name()))
            }
            _ => format!("add {name} to --strategy, or leave out the assertion"),
        };
        Err(Problem::new(what, advice))
    })
}
