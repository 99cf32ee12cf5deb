//! The figures of a run's report: counts, histograms and rates of its recording.

use std::time::Duration;

use super::{
    distribution::{describe, distribution, nanoseconds},
    health::Health,
    hints, ledger_counts,
    over_time::rows_over_time,
    trial::{Recording, RunContext, ServicesUsed},
};
use crate::{
    adapters::{Backend, ServiceInfo},
    config::scenario::Subject,
    judge::{
        ledger::Ledger,
        verdict::{self, Judgement},
    },
    model::{
        interleaving::Interleaving,
        outcome::{Attempt, Outcome},
        report::{
            AttemptCounts, Backend as Described, Backends, ByOutcome, DatabaseLoad, Distribution,
            Failure, Fairness, Finding, Latency, Run, TopicLoad, TraceCounts,
        },
    },
};

/// What the report of one run is made from.
pub struct ReportInput<'a> {
    pub run: &'a RunContext<'a>,
    pub services: ServicesUsed,
    pub recording: &'a Recording,
    pub ledger: Option<Ledger>,
    pub health: Health,
    pub judgement: Judgement,
    pub witness: Option<Interleaving>,
}

/// Makes the report of one run.
pub fn report(input: &ReportInput<'_>) -> Run {
    let (measurements, subject) = (&input.recording.measurements, input.run.subject);
    let attempts = &measurements.attempts;
    let duration = measurements.duration();
    let answered = attempts
        .iter()
        .filter(|attempt| attempt.end.is_some())
        .count();
    let told = counts(attempts);
    Run {
        strategy: subject.name().to_owned(),
        promise: subject.promise(),
        one_per_user: subject.one_per_user(),
        trial: input.run.trial,
        run_id: input.run.run_id.clone(),
        backends: input.services.backends.clone(),
        attempts: told,
        undecided: told.undecided(),
        failures: failures(&measurements.failures),
        ledger: ledger_counts::of(
            input.ledger.as_ref(),
            input.recording.drained.completion,
            can_be_drained(input),
        ),
        verdict: input.judgement.verdict,
        violations: input.judgement.violations.iter().map(finding).collect(),
        findings: input.judgement.findings.iter().map(finding).collect(),
        reasons: input.judgement.reasons.clone(),
        latency: latency(attempts),
        time_to_durable: time_to_durable(input),
        duration_ns: nanoseconds(duration),
        throughput_per_s: rate(answered, duration),
        release_skew_ns: nanoseconds(input.health.release_skew),
        peak_in_flight: measurements.peak_in_flight,
        schedule_lag_ns: input.health.schedule_lag.clone(),
        offered: input.health.offered,
        cpu_share: input.health.cpu_share,
        warnings: warnings(input),
        drain_ns: can_be_drained(input).then(|| nanoseconds(input.recording.drained.took)),
        database: database(input),
        topic: topic(input),
        fairness: Fairness {
            inversions: inversions(attempts),
        },
        target: input.services.target.clone().map(Box::new),
        trace: input.recording.traced.as_ref().map(|traced| TraceCounts {
            seen: traced.seen,
            dropped: traced.dropped,
        }),
        witness: input.witness.clone(),
        kept: Vec::new(),
    }
}

fn database(input: &ReportInput<'_>) -> DatabaseLoad {
    let measurements = &input.recording.measurements;
    let totals = measurements.totals;
    DatabaseLoad {
        statements: totals.statements,
        peak_in_flight: totals.peak_in_flight,
        conflicts: totals.conflicts,
        retries: totals.retries,
        pool_wait: describe(&measurements.pool_wait),
        rows_over_time: rows_over_time(&measurements.rows_ns()),
        bystander: input.recording.bystander.clone(),
    }
}

/// Warnings about the load generator and about the connections to a service of the user.
fn warnings(input: &ReportInput<'_>) -> Vec<String> {
    let mut warnings = input.health.warnings.clone();
    if let Some(target) = &input.services.target {
        let attempts = counts(&input.recording.measurements.attempts);
        warnings.extend(hints::of(target, &attempts));
    }
    warnings
}

/// The kinds and versions of the services of a run.
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

/// Whether the subject can report that no work is left. A service without a `[drain]` cannot.
fn can_be_drained(input: &ReportInput<'_>) -> bool {
    match input.run.subject {
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

/// The first users of a finding by id, each once. A user who is not a user of the run has no id.
fn finding(found: &verdict::Discrepancy) -> Finding {
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

/// The time from the intended start to the decision, for decisions after the first answer; `None` without such a decision.
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

fn time_to_durable(input: &ReportInput<'_>) -> Distribution {
    let attempts = input.recording.measurements.with_durable();
    distribution(attempts.filter_map(|(attempt, durable)| {
        Some(Duration::from_nanos(durable?).saturating_sub(attempt.intended))
    }))
}

fn failures(failures: &[(String, u64)]) -> Vec<Failure> {
    let failure = |(message, count): &(String, u64)| Failure {
        message: message.clone(),
        count: *count,
    };
    failures.iter().map(failure).collect()
}

fn topic(input: &ReportInput<'_>) -> Option<TopicLoad> {
    if !input.services.topic {
        return None;
    }
    let Recording {
        measurements,
        drained,
        ..
    } = input.recording;
    Some(TopicLoad {
        produced: measurements.deliveries.produced,
        delivered: measurements.deliveries.delivered,
        delivery_failures: measurements.deliveries.failed,
        consumed: measurements.consumed,
        lag: drained.lag,
    })
}

/// Coupons of attempts that started after another user had received `sold out`.
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
