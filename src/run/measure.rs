//! From what was recorded to the figures of a report: counts, histograms, rates.

use std::{collections::HashSet, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{Serializer, V2DeflateSerializer},
};

use super::one::{Facts, Loaded};
use crate::{
    backend::{Backend, ServiceInfo},
    ledger::Reconciliation,
    load::{Attempt, Outcome},
    report::{
        self, AttemptCounts, Backends, ByOutcome, DatabaseLoad, Distribution, Failure, Fairness,
        Finding, Latency, LedgerCounts, Run, TopicLoad,
    },
    verdict,
};

/// Puts the report of one run together.
pub fn report(facts: &Facts<'_>) -> Run {
    let (observed, entry) = (&facts.loaded.observed, facts.place.entry);
    let attempts = &observed.attempts;
    let duration = attempts
        .iter()
        .filter_map(|attempt| attempt.end)
        .max()
        .unwrap_or_default();
    let answered = attempts
        .iter()
        .filter(|attempt| attempt.end.is_some())
        .count();
    let totals = observed.totals;
    Run {
        strategy: entry.name.to_owned(),
        promise: entry.promise,
        one_per_user: entry.one_per_user,
        trial: facts.place.trial,
        run_id: facts.run_id.to_owned(),
        backends: backends(facts.backend),
        attempts: counts(attempts),
        failures: failures(&observed.failures),
        ledger: ledger(facts.ledger.as_ref(), facts.loaded.drained.complete),
        verdict: facts.judgement.verdict,
        violations: facts.judgement.violations.iter().map(finding).collect(),
        findings: facts.judgement.findings.iter().map(finding).collect(),
        reasons: facts.judgement.reasons.clone(),
        latency: latency(facts),
        time_to_durable: time_to_durable(facts),
        duration_ns: nanoseconds(duration),
        throughput_per_s: rate(answered, duration),
        release_skew_ns: release_skew(facts),
        peak_in_flight: observed.peak_in_flight,
        drain_ns: nanoseconds(facts.loaded.drained.took),
        database: DatabaseLoad {
            statements: totals.statements,
            peak_in_flight: totals.peak_in_flight,
            conflicts: totals.conflicts,
            retries: totals.retries,
        },
        topic: topic(facts),
        fairness: Fairness {
            inversions: inversions(attempts),
        },
        kept: Vec::new(),
    }
}

fn backends(backend: &Backend) -> Backends {
    let described = |info: &ServiceInfo| report::Backend {
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
        } += 1;
    }
    counts
}

fn ledger(found: Option<&Reconciliation>, drained: bool) -> LedgerCounts {
    let Some(found) = found else {
        return LedgerCounts {
            drained,
            ..LedgerCounts::default()
        };
    };
    LedgerCounts {
        issued: Some(found.issued),
        over_issued: found.over_issued.len() as u64,
        under_issued: found.under_issued,
        duplicate_users: found.duplicate_users.len() as u64,
        lost: found.lost.len() as u64,
        phantom: found.phantom.len() as u64,
        recovered: found.recovered.len() as u64,
        drained,
    }
}

/// The first users by id, each once.
fn finding(found: &verdict::Finding) -> Finding {
    let mut users: Vec<_> = found.users.iter().map(|user| user.0).collect();
    users.sort_unstable();
    users.dedup();
    users.truncate(Finding::MAX_USERS);
    Finding {
        kind: found.kind,
        count: found.count,
        users,
    }
}

/// When an attempt was meant to start: in a burst all of them at the release; in a closed loop when there was a place.
fn intended_start(facts: &Facts<'_>, attempt: &Attempt) -> Duration {
    match facts.scenario.workload.in_flight {
        None => Duration::ZERO,
        Some(_) => attempt.start,
    }
}

fn latency(facts: &Facts<'_>) -> Latency {
    Latency {
        response: by_outcome(&facts.loaded.observed.attempts, |attempt| {
            intended_start(facts, attempt)
        }),
        service: by_outcome(&facts.loaded.observed.attempts, |attempt| attempt.start),
    }
}

fn by_outcome(attempts: &[Attempt], start: impl Fn(&Attempt) -> Duration) -> ByOutcome {
    let of = |wanted: Option<Outcome>| {
        let matching = attempts
            .iter()
            .filter(|attempt| wanted.is_none_or(|wanted| wanted == attempt.outcome));
        distribution(
            matching.filter_map(|attempt| Some(attempt.end?.saturating_sub(start(attempt)))),
        )
    };
    ByOutcome {
        all: of(None),
        issued: of(Some(Outcome::Issued)),
        sold_out: of(Some(Outcome::SoldOut)),
        duplicate: of(Some(Outcome::Duplicate)),
        failed: of(Some(Outcome::Failed)),
    }
}

fn time_to_durable(facts: &Facts<'_>) -> Distribution {
    let observed = &facts.loaded.observed;
    let mut seen = HashSet::new();
    let issued = observed
        .attempts
        .iter()
        .filter(|attempt| attempt.outcome == Outcome::Issued);
    // A user's first coupon and first attempt: which of several belongs to which row, nobody knows.
    let first = issued.filter(|attempt| seen.insert(attempt.user));
    distribution(first.filter_map(|attempt| {
        let durable = Duration::from_nanos(*observed.durable_ns.get(&attempt.user)?);
        Some(durable.saturating_sub(intended_start(facts, attempt)))
    }))
}

fn failures(observed: &[(String, u64)]) -> Vec<Failure> {
    let failure = |(message, count): &(String, u64)| Failure {
        message: message.clone(),
        count: *count,
    };
    observed.iter().map(failure).collect()
}

/// Three significant digits, as long as need be.
fn distribution(durations: impl Iterator<Item = Duration>) -> Distribution {
    // Fails only for a precision beyond five digits.
    let Ok(mut histogram) = Histogram::<u64>::new(3) else {
        return Distribution::default();
    };
    for duration in durations {
        // Resizes itself, so that every duration has its place.
        let _ = histogram.record(nanoseconds(duration));
    }
    if histogram.is_empty() {
        return Distribution::default();
    }
    // A percentile needs at least one sample beyond it.
    let carried = |quantile: f64| {
        let beyond = histogram.len() as f64 * (1.0 - quantile);
        (beyond >= 0.999_999).then(|| histogram.value_at_quantile(quantile))
    };
    Distribution {
        count: histogram.len(),
        min_ns: Some(histogram.min()),
        mean_ns: Some(whole(histogram.mean())),
        p50_ns: carried(0.5),
        p90_ns: carried(0.9),
        p95_ns: carried(0.95),
        p99_ns: carried(0.99),
        p999_ns: carried(0.999),
        max_ns: Some(histogram.max()),
        hdr: encoded(&histogram),
    }
}

fn encoded(histogram: &Histogram<u64>) -> Option<String> {
    let mut bytes = Vec::new();
    let written = V2DeflateSerializer::new().serialize(histogram, &mut bytes);
    written.ok().map(|_| STANDARD.encode(bytes))
}

fn release_skew(facts: &Facts<'_>) -> u64 {
    if facts.scenario.workload.in_flight.is_some() {
        return 0;
    }
    let starts = || {
        facts
            .loaded
            .observed
            .attempts
            .iter()
            .map(|attempt| attempt.start)
    };
    let (first, last) = (
        starts().min().unwrap_or_default(),
        starts().max().unwrap_or_default(),
    );
    nanoseconds(last.saturating_sub(first))
}

fn topic(facts: &Facts<'_>) -> Option<TopicLoad> {
    facts.backend.kafka.as_ref()?;
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

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a mean of u64 values"
)]
fn whole(value: f64) -> u64 {
    value as u64
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

    fn milliseconds(count: u64) -> Distribution {
        distribution((1..=count).map(Duration::from_millis))
    }

    #[test]
    fn a_percentile_that_the_sample_cannot_carry_is_no_number() {
        let of_100 = milliseconds(100);
        assert!(of_100.p99_ns.is_some());
        assert_eq!(of_100.p999_ns, None);
        assert!(milliseconds(1000).p999_ns.is_some());
        assert_eq!(milliseconds(1).p50_ns, None);
        assert_eq!(milliseconds(0).max_ns, None);
    }

    #[test]
    fn percentiles_are_right_to_three_digits() {
        let p50 = milliseconds(1000).p50_ns.unwrap_or_default() as f64;
        assert!((p50 / 500e6 - 1.0).abs() < 1e-3, "{p50}");
    }

    #[test]
    fn a_coupon_after_the_first_refusal_is_an_inversion() {
        let attempt = |outcome, start, end| Attempt {
            user: UserId(1),
            outcome,
            start: Duration::from_millis(start),
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
