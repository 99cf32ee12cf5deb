//! One run of a service of the user's own: the same load, recorder and verdict as for a strategy, and a ledger of its own.

mod elsewhere;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    Event, Observer, Place,
    drain::Drained,
    instances::{AssignedSubject, Instances},
    judge::{Evidence, judge},
    observed::{Observed, Reached},
    one::{Done, Loaded, Surroundings, announce, trouble},
};
use crate::adapters::remains::new_run_id;
use crate::{
    adapters::OpenError,
    config::scenario::Scenario,
    engine::load::{self, End, Load, Recorder, Schedule},
    judge::ledger::{
        Ledger, Promised, Rules, reconcile, reconcile_count, reconcile_range, shared_codes,
        told_only,
    },
    model::{
        report::{Backends, Strangers, TargetLoad},
        verdict::Completion,
        workload::Arrivals,
    },
    ports::UserId,
    service::{
        Claim, Target,
        ledger::Named,
        stage::{Held, Stage, promised},
    },
};

/// However slowly answers trickle in, somebody's service is not fired at for longer.
const LONGEST: Duration = Duration::from_hours(24);

/// Sets the service up, offers the load, and judges what became of it.
pub async fn run(
    scenario: &Scenario,
    target: &Arc<Target>,
    place: Place<'_>,
    watcher: Observer<'_>,
    stop: watch::Receiver<bool>,
) -> Result<Done, OpenError> {
    let (workload, run_id) = (&scenario.workload, new_run_id());
    tracing::info!(
        target = target.name,
        trial = place.trial,
        run_id,
        "opening the service"
    );
    let mut stage = Stage::open(target, workload, &run_id).await?;
    let asking = tokio::select! {
        ready = ready(scenario, target, &mut stage, &run_id) => ready?,
        () = stopped(stop.clone()) => return Err(OpenError::new(
            "--target",
            target.path.display().to_string(),
            "interrupted before the load",
        )),
    };
    let rules = Rules {
        limit: workload.limit,
        one_per_user: target.one_per_user,
    };
    let loaded = match asking {
        Asking::Here(claim) => {
            load(scenario, place, &mut stage, (&claim, rules), watcher, stop).await
        }
        Asking::Elsewhere(instances) => {
            let whole = (instances, rules);
            elsewhere::load(scenario, place, &mut stage, whole, watcher, stop).await
        }
    };

    let (mut evidence, mut coupons) = evidence(rules, &mut stage, &loaded).await;
    let Reached {
        tally,
        held,
        unclassified,
        codes,
        ..
    } = loaded.observed.reached.clone();
    coupons.codes.extend(codes);
    evidence.ledger = evidence
        .ledger
        .map(|ledger| ledger.with_codes(shared_codes(&coupons.codes)));
    let surroundings = Surroundings {
        backends: backends(&stage),
        topic: false,
        target: Some(TargetLoad {
            addresses: stage.endpoint().addresses(),
            connections: tally.connections,
            opened_again: tally.opened_again,
            sent_again: tally.sent_again,
            closed_under: tally.closed_under,
            never_answered: tally.never_answered,
            too_many_requests: tally.too_many,
            forbidden_later: tally.forbidden,
            source: target.service.source.as_ref().map(ToString::to_string),
            held,
            unclassified,
            strangers: Strangers {
                count: coupons.strangers,
                samples: coupons.samples,
            },
        }),
    };
    let run = judge(scenario, place, &run_id, surroundings, &loaded, evidence);
    watcher(Event::Recorded {
        strategy: place.subject.name(),
        trial: place.trial,
        observed: &loaded.observed,
    });
    watcher(Event::Done);
    Ok(Done {
        run,
        left_behind: false,
        outstanding: outstanding(target, &loaded.drained),
    })
}

/// Which processes ask the service.
enum Asking {
    /// This one.
    Here(Arc<Claim>),
    /// Others, which share the users.
    Elsewhere(Instances),
}

/// Makes the service ready, opens the connections, and makes the steps of every user. Nothing is measured, and nobody has claimed.
async fn ready(
    scenario: &Scenario,
    target: &Target,
    stage: &mut Stage,
    run_id: &str,
) -> Result<Asking, OpenError> {
    let workload = &scenario.workload;
    stage.set_up().await?;
    stage.open_drain().await?;
    stage.must_be_empty().await?;
    if scenario.instances > 1 {
        let subject = AssignedSubject::of_target(target, stage.given());
        let instances = Instances::start(scenario, run_id, &subject).await?;
        return Ok(Asking::Elsewhere(instances));
    }
    let claim = stage.claim(target.connections(workload), workload.users);
    Ok(Asking::Here(claim.await?))
}

/// Ends when somebody asks to stop.
async fn stopped(mut stop: watch::Receiver<bool>) {
    // Without a sender nobody can.
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Why the service may still work on this run: nobody knows what it does, or it owes coupons that nothing proves to be lost. A
/// run whose ledger is its own cannot be mistaken for another.
fn outstanding(target: &Target, drained: &Drained) -> Option<String> {
    if target.ledger.is_of_the_run() {
        return None;
    }
    let why = match (drained.completion, drained.owed) {
        (Completion::Proven, _) | (Completion::Unproven, Some(0)) => return None,
        (Completion::Pending, None | Some(0)) => "work is still under way".to_owned(),
        (_, None) => "the ledger could not be read".to_owned(),
        (_, Some(owed)) => format!("{} not in the ledger yet", promised(owed)),
    };
    Some(format!(
        "{why}, and what comes later would count as coupons of the next trial: name in [drain] what shows that no work is left \
         (http, kafka, redis, rabbitmq or sql), give it a longer timeout, or let the ledger look at one run alone (with {{{{run}}}})"
    ))
}

async fn load(
    scenario: &Scenario,
    place: Place<'_>,
    stage: &mut Stage,
    (claim, rules): (&Arc<Claim>, Rules),
    watcher: Observer<'_>,
    stop: watch::Receiver<bool>,
) -> Loaded {
    let workload = &scenario.workload;
    let recorder = Arc::new(Recorder::new(Schedule::of(workload), workload.timeout));
    announce(place, &recorder.counters, watcher);
    let first = first(workload.arrivals, &recorder.schedule().users, claim);
    let load = Load {
        strategy: claim.clone(),
        recorder: Arc::clone(&recorder),
        patience: claim.patience(workload.timeout),
    };
    let bounded = bounded(stop.clone());
    let mut ended = load::run(load, claim.make_ready(first), bounded).await;
    tracing::info!(end = ?ended.end, answered = recorder.answered(), "load ended");

    let stopped = *stop.borrow();
    watcher(Event::Drain);
    let answers = || Promised::of(&recorder.attempts(), rules);
    let drained = drain(stage, ended.settled(), answers, workload.timeout, stop).await;
    let observed = Observed::of_target(&recorder, claim, ended.cpu);
    let mut troubles: Vec<_> = trouble(ended.end, workload.timeout).into_iter().collect();
    if ended.end == End::Interrupted && !stopped {
        troubles = vec!["the load was given up after a day".to_owned()];
    }
    troubles.extend(not_understood(observed.reached.unclassified.count));
    ended.abandon().await;
    Loaded {
        observed,
        drained,
        bystander: None,
        traced: None,
        troubles,
        notes: Vec::new(),
    }
}

/// Turns true when `stop` does, and when the load has lasted for too long.
pub(super) fn bounded(mut stop: watch::Receiver<bool>) -> watch::Receiver<bool> {
    let (end, bounded) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            // Whoever does not listen any more has no load under way.
            () = end.closed() => {}
            () = tokio::time::sleep(LONGEST) => drop(end.send(true)),
            _ = stop.wait_for(|stop| *stop) => drop(end.send(true)),
        }
    });
    bounded
}

/// Whose claims are made ready: all that start at the release, as far as there are connections for them.
pub(super) fn first<'a>(arrivals: Arrivals, users: &'a [UserId], claim: &Claim) -> &'a [UserId] {
    let at_once = match arrivals {
        Arrivals::Burst => users.len(),
        Arrivals::ClosedLoop { in_flight } => usize::try_from(in_flight).unwrap_or(usize::MAX),
        // Nobody starts at the release.
        Arrivals::OpenLoop { .. } => 0,
    };
    &users[..at_once.min(claim.at_a_time()).min(users.len())]
}

fn not_understood(count: u64) -> Option<String> {
    let what = match count {
        0 => return None,
        1 => "1 answer matches".to_owned(),
        several => format!("{several} answers match"),
    };
    Some(format!(
        "{what} no [[outcome]] rule, so what those users were told is unknown"
    ))
}

/// Waits until all attempts are answered, and then until the service has worked everything off and the ledger has what `answers`
/// have promised.
async fn drain(
    stage: &mut Stage,
    settled: impl Future<Output = ()>,
    answers: impl Fn() -> Promised,
    patience: Duration,
    mut stop: watch::Receiver<bool>,
) -> Drained {
    let begin = Instant::now();
    let all = async {
        let settled = tokio::time::timeout(patience, settled).await;
        match settled {
            Ok(()) => Some(stage.drain(&answers(), patience).await),
            Err(_) => None,
        }
    };
    let waited = tokio::select! {
        waited = all => waited,
        _ = stop.wait_for(|stop| *stop) => None,
    };
    let Some(waited) = waited else {
        return Drained {
            completion: Completion::Pending,
            took: begin.elapsed(),
            ..Drained::default()
        };
    };
    Drained {
        completion: waited.completion,
        took: waited.moved.saturating_duration_since(begin),
        lag: None,
        owed: waited.owed,
        trouble: waited.trouble,
    }
}

/// Reads the ledger, where there is one, and holds it against what was said; with what is known of its coupons beside that.
async fn evidence(rules: Rules, stage: &mut Stage, loaded: &Loaded) -> (Evidence, Named) {
    let attempts = &loaded.observed.attempts;
    let read = stage.read().await;
    let held = read.map(|found| found.and_then(|found| stage.named(found)));
    let mut coupons = Named::default();
    let evidence = match held {
        None => Evidence {
            ledger: Some(Ledger::ToldOnly(told_only(attempts, rules))),
            ..Evidence::default()
        },
        Some(Err(trouble)) => Evidence {
            trouble: Some(trouble),
            ..Evidence::default()
        },
        Some(Ok(Held::Count(count))) => Evidence {
            ledger: Some(Ledger::ByCount(reconcile_count(attempts, count, rules))),
            ..Evidence::default()
        },
        Some(Ok(Held::Between(range))) => Evidence {
            ledger: Some(Ledger::ByCount(reconcile_range(attempts, &range, rules))),
            ..Evidence::default()
        },
        Some(Ok(Held::Users(named))) => {
            coupons = named;
            Evidence {
                ledger: Some(reconcile(attempts, &coupons.rows, rules).into()),
                rows: Some(std::mem::take(&mut coupons.rows)),
                ..Evidence::default()
            }
        }
    };
    (evidence, coupons)
}

/// Where the ledger is: nothing else is known of what the service uses.
fn backends(stage: &Stage) -> Backends {
    let (mut db, mut redis) = (stage.backend(), None);
    if db.as_ref().is_some_and(|backend| backend.kind == "redis") {
        redis = db.take();
    }
    Backends {
        db,
        redis,
        kafka: None,
    }
}
