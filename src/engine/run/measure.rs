//! From what was recorded to the figures of a report: counts, histograms, rates.

use std::time::Duration;

use super::{
    distribution::{describe, distribution, nanoseconds},
    hints, ledger_counts,
    one::{Facts, Loaded},
    over_time::rows_over_time,
};
use crate::{
    adapters::{Backend, ServiceInfo},
    config::scenario::Subject,
    judge::verdict,
    model::{
        outcome::{Attempt, Outcome},
        report::{
            AttemptCounts, Backend as Described, Backends, ByOutcome, DatabaseLoad, Distribution,
            Failure, Fairness, Finding, Latency, Run, TopicLoad, TraceCounts,
        },
    },
};

/// Puts the report of one run together.
pub fn report(facts: &Facts<'_>) -> Run {
    let (observed, subject) = (&facts.loaded.observed, facts.place.subject);
    let attempts = &observed.attempts;
    let duration = observed.duration();
    let answered = attempts
        .iter()
        .filter(|attempt| attempt.end.is_some())
        .count();
    let (totals, told) = (observed.totals, counts(attempts));
    Run {
        strategy: subject.name().to_owned(),
        promise: subject.promise(),
        one_per_user: subject.one_per_user(),
        trial: facts.place.trial,
        run_id: facts.run_id.to_owned(),
        backends: facts.surroundings.backends.clone(),
        attempts: told,
        undecided: told.undecided(),
        failures: failures(&observed.failures),
        ledger: ledger_counts::of(
            facts.ledger.as_ref(),
            facts.loaded.drained.completion,
            can_be_drained(facts),
        ),
        verdict: facts.judgement.verdict,
        violations: facts.judgement.violations.iter().map(finding).collect(),
        findings: facts.judgement.findings.iter().map(finding).collect(),
        reasons: facts.judgement.reasons.clone(),
        latency: latency(attempts),
        time_to_durable: time_to_durable(facts),
        duration_ns: nanoseconds(duration),
        throughput_per_s: rate(answered, duration),
        release_skew_ns: nanoseconds(facts.health.release_skew),
        peak_in_flight: observed.peak_in_flight,
        schedule_lag_ns: facts.health.schedule_lag.clone(),
        offered: facts.health.offered,
        cpu_share: facts.health.cpu_share,
        warnings: warnings(facts),
        drain_ns: can_be_drained(facts).then(|| nanoseconds(facts.loaded.drained.took)),
        database: DatabaseLoad {
            statements: totals.statements,
            peak_in_flight: totals.peak_in_flight,
            conflicts: totals.conflicts,
            retries: totals.retries,
            pool_wait: describe(&observed.pool_wait),
            rows_over_time: rows_over_time(&observed.rows_ns()),
            bystander: facts.loaded.bystander.clone(),
        },
        topic: topic(facts),
        fairness: Fairness {
            inversions: inversions(attempts),
        },
        target: facts.surroundings.target.clone().map(Box::new),
        trace: facts.loaded.traced.as_ref().map(|traced| TraceCounts {
            seen: traced.seen,
            dropped: traced.dropped,
        }),
        witness: facts.witness.clone(),
        kept: Vec::new(),
    }
}

/// Of the generator, and of the connections to a service of the user's own.
fn warnings(facts: &Facts<'_>) -> Vec<String> {
    let mut warnings = facts.health.warnings.clone();
    if let Some(target) = &facts.surroundings.target {
        let attempts = counts(&facts.loaded.observed.attempts);
        warnings.extend(hints::of(target, &attempts));
    }
    warnings
}

/// What the services of a run are.
pub fn backends(backend: &Backend) -> Backends {
    let described = |info: &ServiceInfo| Described {
        kind: info.kind.to_owned(),
        version: info.version.clone(),
        embedded: info.embedded,
    };
    Backends {
        db: Some(described(backend.database.info())),
        redis: backend.redis.as_ref().map(|redis| described(redis.info())),
        kafka: backend.kafka.as_ref().map(|kafka| described(kafka.info())),
    }
}

/// Whether anything can tell when the work behind the answers is done: a service without a `[drain]` cannot be asked.
fn can_be_drained(facts: &Facts<'_>) -> bool {
    match facts.place.subject {
        Subject::Strategy(_) => true,
        Subject::Target(target) => target.has_proof(),
    }
}

fn counts(attempts: &[Attempt]) -> AttemptCounts {
    let mut counts = AttemptCounts {
        total: attempts.len() as u64,
        ..AttemptCounts::default()
    };
    for attempt in attempts {
        *match attempt.outcome {
            Outcome::Issued => &mut counts.issued,
            Outcome::SoldOut => &mut counts.sold_out,
            Outcome::Duplicate => &mut counts.duplicate,
            Outcome::Failed => &mut counts.failed,
            Outcome::Indeterminate => &mut counts.indeterminate,
            Outcome::Accepted => &mut counts.accepted,
        } += 1;
    }
    counts
}

/// The first users by id, each once. Who is no user of the run has no id that anybody knows.
fn finding(found: &verdict::Finding) -> Finding {
    let known = found.users.iter().filter(|user| !user.is_stranger());
    let mut users: Vec<_> = known.map(|user| user.0).collect();
    users.sort_unstable();
    users.dedup();
    users.truncate(Finding::MAX_USERS);
    Finding {
        kind: found.kind,
        count: found.count,
        users,
    }
}

fn latency(attempts: &[Attempt]) -> Latency {
    Latency {
        response: by_outcome(attempts, |attempt| attempt.intended),
        service: by_outcome(attempts, |attempt| attempt.start),
        decision: decision(attempts),
    }
}

/// From the intended start to the decision, where that is not the first answer; `None` where no decision came later.
fn decision(attempts: &[Attempt]) -> Option<Distribution> {
    let later = || attempts.iter().filter(|attempt| attempt.answered.is_some());
    later().next()?;
    Some(distribution(later().filter_map(|attempt| {
        Some(attempt.end?.saturating_sub(attempt.intended))
    })))
}

fn by_outcome(attempts: &[Attempt], start: impl Fn(&Attempt) -> Duration) -> ByOutcome {
    let of = |wanted: Option<Outcome>| {
        let matching = attempts
            .iter()
            .filter(|attempt| wanted.is_none_or(|wanted| wanted == attempt.outcome));
        distribution(
            matching
                .filter_map(|attempt| Some(attempt.first_answer()?.saturating_sub(start(attempt)))),
        )
    };
    ByOutcome {
        all: of(None),
        issued: of(Some(Outcome::Issued)),
        sold_out: of(Some(Outcome::SoldOut)),
        duplicate: of(Some(Outcome::Duplicate)),
        failed: of(Some(Outcome::Failed)),
        accepted: of(Some(Outcome::Accepted)),
    }
}

fn time_to_durable(facts: &Facts<'_>) -> Distribution {
    let attempts = facts.loaded.observed.with_durable();
    distribution(attempts.filter_map(|(attempt, durable)| {
        Some(Duration::from_nanos(durable?).saturating_sub(attempt.intended))
    }))
}

fn failures(observed: &[(String, u64)]) -> Vec<Failure> {
    let failure = |(message, count): &(String, u64)| Failure {
        message: message.clone(),
        count: *count,
    };
    observed.iter().map(failure).collect()
}

fn topic(facts: &Facts<'_>) -> Option<TopicLoad> {
    if !facts.surroundings.topic {
        return None;
    }
    let Loaded {
        observed, drained, ..
    } = facts.loaded;
    Some(TopicLoad {
        produced: observed.deliveries.produced,
        delivered: observed.deliveries.delivered,
        delivery_failures: observed.deliveries.failed,
        consumed: observed.consumed,
        lag: drained.lag,
    })
}

/// Coupons that went to attempts which started after somebody had already been told "sold out".
fn inversions(attempts: &[Attempt]) -> u64 {
    let sold_out = attempts
        .iter()
        .filter(|attempt| attempt.outcome == Outcome::SoldOut);
    let Some(first_refusal) = sold_out.filter_map(|attempt| attempt.end).min() else {
        return 0;
    };
    let late =
        |attempt: &&Attempt| attempt.outcome == Outcome::Issued && attempt.start > first_refusal;
    attempts.iter().filter(late).count() as u64
}

fn rate(count: usize, duration: Duration) -> f64 {
    match duration.as_secs_f64() {
        0.0 => 0.0,
        seconds => count as f64 / seconds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::UserId;

    #[test]
    fn a_coupon_after_the_first_refusal_is_an_inversion() {
        let attempt = |outcome, start, end| Attempt {
            user: UserId(1),
            outcome,
            intended: Duration::ZERO,
            start: Duration::from_millis(start),
            answered: None,
            end: Some(Duration::from_millis(end)),
        };
        let attempts = [
            attempt(Outcome::Issued, 0, 9),
            attempt(Outcome::SoldOut, 1, 5),
            attempt(Outcome::Issued, 5, 9),
            attempt(Outcome::Issued, 6, 9),
        ];
        assert_eq!(inversions(&attempts), 1);
    }
}
