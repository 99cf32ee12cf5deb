//! A child's share of the load on a service of the user's own, which the parent has set up.

use std::sync::Arc;

use tokio::io::{BufReader, Stdin};

use super::{Listener, Out, report, say, until};
use crate::{
    adapters::http::Remote,
    engine::{
        load::{self, End, Load, Recorder, Schedule},
        run::{
            instances::message::{AssignedTarget, Assignment, ChildMessage},
            observed::Observed,
            one,
            target::first,
        },
    },
    input::toml_file::TomlFile,
    model::workload::Workload,
    service::{Reach, Target, stage::Stage},
};

/// Opens the share's connections, makes its attempts, and tells what they came to.
pub async fn work(
    assignment: &Assignment,
    assigned: &AssignedTarget,
    orders: BufReader<Stdin>,
    out: &Out,
) -> Result<(), String> {
    let whole = assignment.workload;
    let schedule = Schedule::share(&whole, assignment.share);
    let target = Arc::new(target(assignment, assigned, &schedule, &whole)?);
    let stage = Stage::open(&target, &whole, &assignment.run_id).await;
    let mut stage = stage.map_err(|error| error.to_string())?;
    stage.join(
        assigned.given.clone(),
        schedule.users.iter().copied().collect(),
    );
    let claim = stage.claim(connections(&target, &schedule, &whole), whole.users);
    let claim = claim.await.map_err(|error| error.to_string())?;
    let recorder = Arc::new(Recorder::new(schedule, whole.timeout));
    let at_once = first(whole.arrivals, &recorder.schedule().users, &claim);
    claim.make_ready(at_once).await;
    let (mut listener, stop) = Listener::start(orders);

    say(out, &ChildMessage::Ready).await;
    let at = listener.release.recv().await.ok_or("the parent is gone")?;
    let progress = tokio::spawn(report(Arc::clone(out), Arc::clone(&recorder.counters)));
    let load = Load {
        strategy: claim.clone(),
        recorder: Arc::clone(&recorder),
        patience: claim.patience(whole.timeout),
    };
    let mut ended = load::run(load, until(at), stop).await;
    let settled = tokio::time::timeout(whole.timeout, ended.settled()).await;
    let trouble = match (ended.end, settled) {
        (End::Done, Ok(())) => None,
        (End::Done, Err(_)) => Some("requests were still under way".to_owned()),
        (end, _) => one::trouble(end, whole.timeout),
    };
    say(out, &ChildMessage::Loaded { trouble }).await;

    listener.finish.recv().await;
    progress.abort();
    let mut observed = Observed::of_target(&recorder, &claim, ended.cpu);
    observed.reached.spelled = stage.spelled();
    say(out, &ChildMessage::Observed(Box::new(observed))).await;
    ended.abandon().await;
    Ok(())
}

/// The file as the parent has read it; connections of different children come from different addresses.
fn target(
    assignment: &Assignment,
    assigned: &AssignedTarget,
    schedule: &Schedule,
    whole: &Workload,
) -> Result<Target, String> {
    let file = TomlFile::of(&assigned.path, assigned.text.clone());
    let environment = |name: &str| std::env::var_os(name);
    let target = Target::understand(&file, &environment);
    let mut target = target.map_err(|error| error.to_string())?;
    target.reach = Reach {
        connections: assigned.connections,
        remote: if assigned.allow_remote {
            Remote::Allowed
        } else {
            Remote::Refused
        },
    };
    let before = assignment.share.0 * connections(&target, schedule, whole);
    let source = target.service.source.take();
    target.service.source = source.map(|source| source.from(before));
    Ok(target)
}

/// As many as the share's attempts need at once.
fn connections(target: &Target, schedule: &Schedule, whole: &Workload) -> usize {
    target.connections(&Workload {
        users: schedule.len() as u64,
        attempts: 1,
        ..*whole
    })
}
