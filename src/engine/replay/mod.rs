//! One schedule, played on real services: every call of a port waits until it is its turn.
//!
//! # Layout
//!
//! - [`actors`]: the strategy's own code behind a [gate](crate::instrument::gated), a task for each attempt and the consumer
//! - [`records`]: the topic in the order that a schedule knows
//! - [`conductor`]: calls them up, and sees who has to wait
//! - [`picture`]: what happened, drawn
//! - this file: opens the services, reads the ledger, judges
//!
//! What goes wrong with a call is done at the gate, in front of the service; leases and restarts are done to the service.

mod actors;
mod conductor;
mod picture;
mod records;

use self::{actors::ActorTasks, conductor::Conductor};
pub use conductor::Patience;

use crate::{
    adapters::{Backend, OpenError, Role, remains::new_run_id},
    config::scenario::Scenario,
    engine::run::backends,
    input::address::Services,
    judge::{
        ledger::{self, Reconciliation, Rules},
        verdict::{self, Circumstances, Claim, Judgement, LimitFrom, Told},
    },
    model::{
        interleaving::{Actor, Happened, Token},
        outcome::Attempt,
        report::Backends,
        verdict::Completion,
        workload::{Arrivals, Workload},
    },
    ports::UserId,
    strategies::Entry,
};

/// What is to be played.
#[derive(Debug, Clone)]
pub struct ReplaySettings {
    /// The schedule.
    pub token: Token,
    /// Who plays it; not always the strategy it was found with.
    pub entry: &'static Entry,
    /// Where.
    pub services: Services,
    /// How long is waited for whom.
    pub patience: Patience,
    /// How often.
    pub trials: u32,
    /// Whether the tables, keys and topic of the last trial are left behind.
    pub keep: bool,
}

/// Where the services did not let the schedule have its way; the number is that of the schedule's step, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deviation {
    /// The actor's last call had not been answered yet.
    StillWaits(usize, Actor),
    /// The actor had nothing left to do.
    HadEnded(usize, Actor),
    /// The consumer had nothing to read.
    NothingToRead(usize),
}

/// One schedule, as it went.
#[derive(Debug)]
pub struct ReplayResult {
    /// On what.
    pub backends: Backends,
    /// Everything that happened, in the order in which it was answered.
    pub history: Vec<Happened>,
    /// Where it is not what the schedule said.
    pub deviations: Vec<Deviation>,
    /// How much of it the schedule asked for; the rest ran on afterwards, one after the other.
    pub scheduled: usize,
    /// What everybody was told.
    pub attempts: Vec<Attempt>,
    /// The ledger, in the order of the rows.
    pub rows: Vec<UserId>,
    /// The difference between the two.
    pub ledger: Reconciliation,
    /// Of the promise.
    pub judgement: Judgement,
    /// What was left behind because it was asked for.
    pub kept: Vec<String>,
    /// What could not be removed.
    pub left_behind: Vec<String>,
}

impl ReplaySettings {
    /// Rows that are asked for at most.
    fn scenario(&self) -> Scenario {
        let token = &self.token;
        let workload = Workload {
            users: token.users,
            limit: token.limit,
            attempts: token.attempts,
            arrivals: Arrivals::Burst,
            seed: 0,
            timeout: self.patience.end,
            warmup: true,
        };
        Scenario {
            keep: self.keep,
            ..Scenario::of_strategy(self.entry, workload, self.services.clone())
        }
    }

    fn claim(&self) -> Claim {
        Claim {
            promise: self.entry.promise.to_instances(self.token.instances),
            one_per_user: self.entry.one_per_user,
            limit: self.token.limit,
            limit_from: LimitFrom::Subject,
        }
    }
}

/// Plays the schedule once, on tables, keys and a topic of its own; they are kept only where `keep` says so.
pub async fn play(settings: &ReplaySettings, keep: bool) -> Result<ReplayResult, OpenError> {
    let scenario = settings.scenario();
    let backend = Backend::open(
        &scenario.demand(),
        settings.entry,
        &new_run_id(),
        Role::Owner,
    )
    .await?;
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

/// Those of a run in which attempts did overlap: the schedule says how.
fn circumstances(
    attempts: &[Attempt],
    history: &[Happened],
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
        // How many gave up is what the schedule is about, and no reason to doubt it.
        told: Told::default(),
        max_undecided: None,
        faults: faults.count() as u64 + unanswered,
        injected: false,
        unanswered,
        peak_in_flight: made.max(2),
        completion: Completion::Proven,
        troubles,
    }
}
