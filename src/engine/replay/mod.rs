//! One schedule, played on real services: every call of a port waits for its turn.
//!
//! # Layout
//!
//! - [`actors`]: the strategy's own code behind a [gate](crate::instrument::gated), with a task for each attempt and the consumer
//! - [`records`]: the topic in the order of a schedule
//! - [`conductor`]: admits the calls, and detects calls that wait
//! - [`picture`]: the events as an interleaving
//! - this file: opens the services, reads the ledger, judges
//!
//! The faults of calls are injected at the gate, in front of the service. The ends of leases and the restarts of Redis are done
//! to the service.

mod actors;
mod conductor;
mod picture;
mod records;

use self::{actors::ActorTasks, conductor::Conductor};
pub use conductor::Timeouts;

use crate::{
    adapters::{Backend, Demand, OpenError, Role, remains::new_run_id},
    engine::run::backends,
    input::address::Services,
    judge::{
        ledger::{self, Reconciliation, Rules},
        verdict::{self, Circumstances, Judgement, LimitFrom, PromiseTerms, ResponseCounts},
    },
    model::{
        interleaving::{Actor, HistoryEvent, Token},
        outcome::Attempt,
        report::Backends,
        verdict::Completion,
        workload::{Arrivals, Workload},
    },
    ports::UserId,
    strategies::Entry,
};

/// The settings of a replay.
#[derive(Debug, Clone)]
pub struct ReplaySettings {
    /// The schedule.
    pub token: Token,
    /// The strategy, which may be another strategy than that of the schedule.
    pub entry: &'static Entry,
    /// The services.
    pub services: Services,
    /// How long the replay waits for an actor.
    pub patience: Timeouts,
    /// The number of trials.
    pub trials: u32,
    /// Whether the tables, keys and topic of the last trial are kept.
    pub keep: bool,
}

/// A step of the schedule that the services did not allow. The number is that of the step, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deviation {
    /// The actor's previous call had no answer yet.
    StillWaits(usize, Actor),
    /// The actor had ended.
    HadEnded(usize, Actor),
    /// The consumer had no record to read.
    NothingToRead(usize),
}

/// The result of one trial.
#[derive(Debug)]
pub struct ReplayResult {
    /// The kinds and versions of the services.
    pub backends: Backends,
    /// All events, in the order of their answers.
    pub history: Vec<HistoryEvent>,
    /// The steps that differ from the schedule.
    pub deviations: Vec<Deviation>,
    /// The number of events of the schedule. The other events came after it, one actor after the other.
    pub scheduled: usize,
    /// The attempts with their outcomes.
    pub attempts: Vec<Attempt>,
    /// The ledger: the user of every coupon, in the order of the rows.
    pub rows: Vec<UserId>,
    /// The ledger reconciled with the outcomes.
    pub ledger: Reconciliation,
    /// The judgement by the strategy's promise.
    pub judgement: Judgement,
    /// The names of the objects that were kept as asked.
    pub kept: Vec<String>,
    /// One error for each object that could not be removed.
    pub left_behind: Vec<String>,
}

impl ReplaySettings {
    fn workload(&self) -> Workload {
        let token = &self.token;
        Workload {
            users: token.users,
            limit: token.limit,
            attempts: token.attempts,
            arrivals: Arrivals::Burst,
            seed: 0,
            timeout: self.patience.end,
            warmup: true,
        }
    }

    fn claim(&self) -> PromiseTerms {
        PromiseTerms {
            promise: self.entry.promise.to_instances(self.token.instances),
            one_per_user: self.entry.one_per_user,
            limit: self.token.limit,
            limit_from: LimitFrom::Subject,
        }
    }
}

/// Plays the schedule once, on tables, keys and a topic of its own. They are kept only where `keep` is true.
///
/// # Errors
///
/// A service could not be opened.
pub async fn play(settings: &ReplaySettings, keep: bool) -> Result<ReplayResult, OpenError> {
    let demand = Demand {
        services: &settings.services,
        workload: &settings.workload(),
        instances: 1,
        orders: false,
    };
    let backend = Backend::open(&demand, settings.entry, &new_run_id(), Role::Owner).await?;
    let described = backends(&backend);
    let tasks = ActorTasks::open(settings.entry, &settings.token, &backend);
    let mut conductor = Conductor::new(tasks, &backend, settings.patience);
    let mut troubles = Vec::new();
    troubles.extend(conductor.play(&settings.token.moves).await.err());
    let Conductor {
        tasks,
        deviations,
        scheduled,
        ..
    } = conductor;
    let attempts = tasks.attempts(&settings.token);
    let history = tasks.gate.history();
    tasks.close().await;
    let rows = backend.rows().await.unwrap_or_else(|error| {
        troubles.push(format!("the ledger could not be read: {error}"));
        Vec::new()
    });
    let (kept, left_behind) = backend.close(keep).await;
    let rules = Rules {
        limit: settings.token.limit,
        one_per_user: settings.entry.one_per_user,
    };
    let ledger = ledger::reconcile(&attempts, &rows, rules);
    let circumstances = Circumstances {
        injected: settings.token.has_faults(),
        ..circumstances(&attempts, &history, troubles)
    };
    Ok(ReplayResult {
        backends: described,
        judgement: verdict::judge(
            settings.claim(),
            Some(&ledger.clone().into()),
            &circumstances,
        ),
        history,
        deviations,
        scheduled,
        attempts,
        rows,
        ledger,
        kept,
        left_behind,
    })
}

/// The circumstances of a run whose attempts overlapped, as the schedule demands.
fn circumstances(
    attempts: &[Attempt],
    history: &[HistoryEvent],
    troubles: Vec<String>,
) -> Circumstances {
    let made = attempts.len() as u64;
    let unanswered = attempts
        .iter()
        .filter(|attempt| attempt.outcome == crate::model::outcome::Outcome::Indeterminate)
        .count() as u64;
    let faults = history.iter().filter(|happened| happened.what.is_fault());
    Circumstances {
        asked: made,
        made,
        // The schedule decides how many attempts fail, so failed attempts are no reason for doubt.
        told: ResponseCounts::default(),
        max_undecided: None,
        faults: faults.count() as u64 + unanswered,
        injected: false,
        unanswered,
        peak_in_flight: made.max(2),
        completion: Completion::Proven,
        problems: troubles,
    }
}
