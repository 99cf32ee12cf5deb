//! What a run comes to: the ledger is read, held against what was said, and judged.

use std::time::Duration;

use super::{
    Place, health, measure,
    one::{Facts, Loaded, Surroundings},
};
use crate::model::environment::cores;
use crate::{
    adapters::Backend,
    config::scenario::{Scenario, Subject},
    judge::{
        ledger::{self, Ledger, Rules},
        verdict::{self, Circumstances, Claim, LimitFrom, Told},
        witness,
    },
    model::{
        outcome::{Attempt, Outcome},
        report::Run,
    },
    ports::UserId,
    strategies::Entry,
};

/// What a ledger has shown.
#[derive(Default)]
pub struct Evidence {
    /// Held against what was said; `None` where it could not be read.
    pub ledger: Option<Ledger>,
    /// The user of every coupon, in the order of the rows, where that is known.
    pub rows: Option<Vec<UserId>>,
    /// Why it could not be read.
    pub trouble: Option<String>,
}

impl Evidence {
    /// Of a strategy's own database.
    pub async fn of(
        backend: &Backend,
        scenario: &Scenario,
        entry: &Entry,
        loaded: &Loaded,
    ) -> Self {
        let rules = Rules {
            limit: scenario.workload.limit,
            one_per_user: entry.one_per_user,
        };
        let (rows, trouble) = read_ledger(backend, scenario.workload.timeout).await;
        let attempts = &loaded.observed.attempts;
        let reconciled = rows
            .as_deref()
            .map(|rows| ledger::reconcile(attempts, rows, rules));
        Self {
            ledger: reconciled.map(Ledger::from),
            rows,
            trouble,
        }
    }
}

/// Holds what was found against what was promised.
pub fn judge(
    scenario: &Scenario,
    place: Place<'_>,
    run_id: &str,
    surroundings: Surroundings,
    loaded: &Loaded,
    evidence: Evidence,
) -> Run {
    let Evidence {
        ledger,
        rows,
        trouble,
    } = evidence;
    let read = rows.as_ref().map(Vec::len);
    tracing::info!(rows = ?read, completion = ?loaded.drained.completion, "ledger read");
    let observed = &loaded.observed;
    let arrivals = scenario.workload.arrivals;
    let mut health = health::examine(arrivals, observed, observed.duration(), cores());
    health.warnings.extend(loaded.notes.iter().cloned());
    let mut circumstances = circumstances(scenario, loaded, trouble);
    if let Some(target) = &surroundings.target {
        // Those were answered, if not in a way that anybody understands.
        let unclassified = target.unclassified.count;
        circumstances.unanswered = circumstances.unanswered.saturating_sub(unclassified);
    }
    circumstances.troubles.extend(health.doubt.clone());
    let claim = claim(scenario, place.subject);
    let judgement = verdict::judge(claim, ledger.as_ref(), &circumstances);
    let witness = loaded.traced.as_ref().and_then(|traced| {
        let run = witness::run::Run {
            strategy: place.subject.name(),
            attempts: &observed.attempts,
            rows: rows.as_deref()?,
            ledger: ledger.as_ref()?.by_user()?,
            limit: scenario.workload.limit,
            users: scenario.workload.users,
        };
        witness::run::first(&run, traced, &judgement.findings)
    });
    measure::report(&Facts {
        place,
        run_id,
        surroundings,
        loaded,
        ledger,
        health,
        judgement,
        witness,
    })
}

/// The rows, or why there are none.
async fn read_ledger(
    backend: &Backend,
    timeout: Duration,
) -> (Option<Vec<UserId>>, Option<String>) {
    match tokio::time::timeout(timeout, backend.rows()).await {
        Ok(Ok(rows)) => (Some(rows), None),
        Ok(Err(error)) => (None, Some(format!("the ledger could not be read: {error}"))),
        Err(_) => (
            None,
            Some("the ledger could not be read in time".to_owned()),
        ),
    }
}

/// What is claimed of this run: a promise for one process is none for several.
fn claim(scenario: &Scenario, subject: &Subject) -> Claim {
    // Of a service, the instances ask; how many of itself there are is not known.
    let instances = match subject {
        Subject::Strategy(_) => scenario.instances,
        Subject::Target(_) => 1,
    };
    Claim {
        promise: subject.promise().to_instances(instances),
        one_per_user: subject.one_per_user(),
        limit: scenario.workload.limit,
        limit_from: match subject {
            Subject::Strategy(_) => LimitFrom::Subject,
            Subject::Target(_) => LimitFrom::User,
        },
    }
}

fn circumstances(scenario: &Scenario, loaded: &Loaded, trouble: Option<String>) -> Circumstances {
    let Loaded {
        observed,
        drained,
        troubles,
        ..
    } = loaded;
    let mut troubles = troubles.clone();
    troubles.extend(drained.trouble.clone());
    troubles.extend(trouble);
    let troubles: Vec<_> = troubles
        .iter()
        .map(|text| crate::text::redact::foreign(text))
        .collect();
    let told = told(&observed.attempts);
    Circumstances {
        asked: scenario.workload.total_attempts(),
        made: observed.attempts.len() as u64,
        told,
        faults: told.undecided() + observed.deliveries.failed,
        injected: false,
        unanswered: told.indeterminate,
        max_undecided: Some(scenario.max_undecided),
        peak_in_flight: observed.peak_in_flight,
        completion: drained.completion,
        troubles,
    }
}

fn told(attempts: &[Attempt]) -> Told {
    let mut told = Told::default();
    for attempt in attempts {
        *match attempt.outcome {
            Outcome::Issued => &mut told.issued,
            Outcome::SoldOut => &mut told.sold_out,
            Outcome::Accepted => &mut told.accepted,
            Outcome::Failed => &mut told.failed,
            Outcome::Indeterminate => &mut told.indeterminate,
            Outcome::Duplicate => continue,
        } += 1;
    }
    told
}
