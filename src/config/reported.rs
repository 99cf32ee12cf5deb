//! The settings of a report: a [`Scenario`] as the JSON of a report writes it.
//!
//! [`Settings`] is the published form: its names carry the units, and what does not apply is null. Each validated type is
//! destructured here without `..`, so that a setting that is not reported is an error of the compiler.

use super::scenario::{Scenario, Subject};
use crate::{
    adapters::http::Remote,
    input::address::Services,
    model::{
        report::{OpenLoop, Settings, TargetSettings},
        workload::{Arrivals, Profile, Rate, Workload},
    },
    service::Target,
    text::durations::nanoseconds,
};

impl Scenario {
    /// Every effective setting, passwords masked.
    pub fn settings(&self) -> Settings {
        let Self {
            title,
            subjects,
            refused,
            workload,
            trials,
            instances,
            services,
            bystander_rate,
            trace,
            keep,
            max_undecided,
            assertions: _, // A report lists the assertions with their results.
        } = self;
        let target = subjects.iter().find_map(|subject| match subject {
            Subject::Target(target) => Some(describe(target, workload)),
            Subject::Strategy(_) => None,
        });
        let common = Settings {
            title: title.clone(),
            strategies: subjects.iter().map(|one| one.name().to_owned()).collect(),
            refused: refused.clone(),
            trials: *trials,
            instances: *instances,
            bystander_rate_per_s: bystander_rate.map(Rate::per_second),
            trace: *trace,
            keep: *keep,
            max_undecided: Some(*max_undecided),
            ..Settings::default()
        };
        let settings = with_services(with_workload(common, workload), services);
        match target {
            None => settings,
            // A target uses none of the services of the settings.
            Some(target) => Settings {
                db: "none".to_owned(),
                redis: "none".to_owned(),
                kafka: "none".to_owned(),
                target: Some(target),
                ..settings
            },
        }
    }
}

fn with_workload(settings: Settings, workload: &Workload) -> Settings {
    let Workload {
        users,
        limit,
        attempts,
        arrivals,
        seed,
        timeout,
        warmup,
    } = *workload;
    Settings {
        users,
        limit,
        attempts,
        in_flight: arrivals.in_flight(),
        open_loop: open_loop(arrivals),
        seed,
        timeout_ns: nanoseconds(timeout),
        warmup,
        ..settings
    }
}

fn with_services(settings: Settings, services: &Services) -> Settings {
    let Services {
        db,
        db_pool,
        db_connection,
        redis,
        redis_connections,
        kafka,
        consumers,
        consumer_batch,
        consumer_rate,
        tls_ca,
    } = services;
    Settings {
        // `Display` masks the passwords of an address.
        db: db.to_string(),
        db_pool: *db_pool,
        db_connection: *db_connection,
        redis: redis.to_string(),
        redis_connections: *redis_connections,
        kafka: kafka.to_string(),
        consumers: *consumers,
        consumer_batch: *consumer_batch,
        consumer_rate_per_s: consumer_rate.map(Rate::per_second),
        tls_ca: tls_ca.as_ref().map(|ca| ca.path().display().to_string()),
        ..settings
    }
}

fn open_loop(arrivals: Arrivals) -> Option<OpenLoop> {
    let Arrivals::OpenLoop { profile, spacing } = arrivals else {
        return None;
    };
    let mut settings = OpenLoop {
        rate_per_s: None,
        ramp_ns: None,
        spike_ns: None,
        spacing,
    };
    match profile {
        Profile::Constant { per_second } => settings.rate_per_s = Some(per_second),
        Profile::Ramp {
            over,
            up_to_per_second,
        } => {
            settings.ramp_ns = Some(nanoseconds(over));
            settings.rate_per_s = up_to_per_second;
        }
        Profile::Spike { over } => settings.spike_ns = Some(nanoseconds(over)),
    }
    Some(settings)
}

fn describe(target: &Target, workload: &Workload) -> TargetSettings {
    TargetSettings {
        file: target.path.display().to_string(),
        address: target.address(),
        http_version: target.service.version.to_string(),
        connections: target.connections(workload) as u64,
        claim: target.claim.name.clone(),
        ledger: target.ledger.describe(),
        allow_remote: target.reach.remote == Remote::Allowed,
    }
}
