//! The load on a service of the user's own, shared out among processes.

use std::{future::ready, sync::Arc};

use tokio::sync::watch;

use super::{bounded, drain, not_understood};
use crate::{
    config::scenario::Scenario,
    engine::{
        load::Counters,
        run::{
            Event, Observer, Place,
            instances::Instances,
            one::{Loaded, announce},
        },
    },
    judge::ledger::{Promised, Rules},
    model::verdict::Completion,
    service::stage::Stage,
};

/// Offers the load from several processes, and drains the service, which `stage` has set up.
pub async fn load(
    scenario: &Scenario,
    place: Place<'_>,
    stage: &mut Stage,
    (mut instances, rules): (Instances, Rules),
    watcher: Observer<'_>,
    stop: watch::Receiver<bool>,
) -> Loaded {
    let counters = Arc::new(Counters::default());
    announce(place, &counters, watcher);
    let bounded = bounded(stop.clone());
    let mut troubles = instances.load(scenario, &counters, bounded).await;
    if *stop.borrow() {
        troubles = vec!["interrupted".to_owned()];
    }
    let (observed, more) = instances.finish(scenario).await;
    troubles.extend(more);
    let spelled = stage.spell(scenario.workload.users, &observed.reached.spelled);
    troubles.extend(spelled.err());

    watcher(Event::Drain);
    let answers = || Promised::of(&observed.attempts, rules);
    let mut drained = drain(stage, ready(()), answers, scenario.workload.timeout, stop).await;
    // Nobody knows what the requests of a process do that did not end well.
    if !troubles.is_empty() {
        drained.completion = Completion::Pending;
    }
    troubles.extend(not_understood(observed.reached.unclassified.count));
    Loaded {
        observed,
        drained,
        bystander: None,
        traced: None,
        troubles,
        notes: Vec::new(),
    }
}
