//! Reports made by hand, for the tests of every output. Not part of the interface.

use base64::{Engine, prelude::BASE64_STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{Serializer, V2DeflateSerializer},
};

use super::{
    AssertionResult, AttemptCounts, Backend, Backends, ByOutcome, DatabaseLoad, Distribution,
    Environment, Failure, Fairness, Finding, FindingKind, Latency, LedgerCounts, Race, Report, Run,
    SCHEMA_VERSION, Settings, Tool, TopicLoad,
};
use crate::{scenario::DbConnection, strategy::Promise, verdict::Verdict};

const MS: u64 = 1_000_000;

/// A good run of `redis-kafka`: 100 issued, 9,900 sold out.
pub fn redis_kafka_holds() -> Report {
    report(vec![redis_kafka(0)])
}

/// `naive`, 900 too many.
pub fn naive_over_issues() -> Report {
    report(vec![naive(0, 900)])
}

/// An exact strategy that gave away three too many, lost one, and met errors.
pub fn violated() -> Report {
    let mut run = redis_kafka(0);
    run.verdict = Verdict::Violated;
    run.attempts.issued = 104;
    run.attempts.sold_out = 9_888;
    run.attempts.failed = 8;
    run.ledger.issued = Some(103);
    run.ledger.over_issued = 3;
    run.ledger.lost = 1;
    run.violations = vec![
        finding(FindingKind::OverIssue, 3, &[17, 23, 42]),
        finding(FindingKind::Lost, 1, &[4_711]),
    ];
    run.findings.clone_from(&run.violations);
    run.findings
        .push(finding(FindingKind::Recovered, 2, &[8, 15]));
    run.failures = vec![
        failure("INCR coupon_count: connection reset by peer", 7),
        failure(
            "produce coupon_create: message timed out\nbroker 1 \u{1b}[31mdown",
            1,
        ),
    ];
    run.topic = Some(TopicLoad {
        produced: 104,
        delivered: 103,
        delivery_failures: 1,
        consumed: 103,
        lag: Some(0),
    });
    run.fairness.inversions = 1;
    let mut report = report(vec![run]);
    report.exit_code = 3;
    report
}

/// A run whose pipeline never became empty.
pub fn inconclusive() -> Report {
    let mut run = redis_kafka(0);
    run.verdict = Verdict::Inconclusive;
    run.ledger.issued = Some(80);
    run.ledger.under_issued = 20;
    run.ledger.drained = false;
    run.drain_ns = 30_000 * MS;
    run.reasons = vec![
        "the pipeline was not drained: 20 records were not committed within 30 s".to_owned(),
        "no two attempts overlapped, so nothing could race".to_owned(),
    ];
    run.topic = Some(TopicLoad {
        produced: 100,
        delivered: 100,
        consumed: 80,
        lag: Some(20),
        ..TopicLoad::default()
    });
    let mut report = report(vec![run]);
    report.exit_code = 4;
    report
}

/// Three strategies, five trials each, interleaved.
pub fn comparison() -> Report {
    let mut runs = Vec::new();
    for trial in 0..5 {
        runs.push(naive(trial, 850 + u64::from(trial) * 12));
        let mut incr = redis_kafka(trial);
        "redis-incr".clone_into(&mut incr.strategy);
        incr.one_per_user = false;
        incr.topic = None;
        incr.backends.kafka = None;
        incr.throughput_per_s = 21_000.0 + f64::from(trial);
        runs.push(incr);
        runs.push(redis_kafka(trial));
    }
    let mut report = report(runs);
    report.scenario.trials = 5;
    report.scenario.title = Some("Coupons at noon".to_owned());
    report.race = vec![
        race("naive", 5, 5, [0.565_5, 1.0]),
        race("redis-incr", 5, 0, [0.0, 0.434_5]),
        race("redis-kafka", 5, 0, [0.0, 0.434_5]),
    ];
    report
}

/// `redis-kafka` with `--keep`.
pub fn kept() -> Report {
    let mut report = redis_kafka_holds();
    report.scenario.keep = true;
    report.runs[0].kept = [
        "table coupon_bench_7f3a_coupon",
        "key coupon_bench_7f3a:coupon_count",
        "topic coupon_bench_7f3a_coupon_create",
    ]
    .map(str::to_owned)
    .to_vec();
    report
}

/// Assertions, some of which failed.
pub fn failed_assertions() -> Report {
    let mut report = naive_over_issues();
    let by = || Some("naive, trial 1".to_owned());
    report.assertions = vec![
        assertion("issued == 100", 1_000.into(), by()),
        assertion("p99 < 10ms", 46_300_000.into(), by()),
        assertion("verdict == holds", "holds".into(), None),
        assertion("failed.p99 < 1s", serde_json::Value::Null, by()),
    ];
    report.exit_code = 3;
    report
}

/// A report of these runs, on the default workload.
pub fn report(runs: Vec<Run>) -> Report {
    let mut strategies: Vec<String> = Vec::new();
    for run in &runs {
        if !strategies.contains(&run.strategy) {
            strategies.push(run.strategy.clone());
        }
    }
    let race = runs
        .iter()
        .filter(|run| run.trial == 0)
        .map(|run| {
            let over_issued = u64::from(run.ledger.over_issued > 0);
            let interval = if over_issued == 1 {
                [0.206_5, 1.0]
            } else {
                [0.0, 0.793_5]
            };
            race(&run.strategy, 1, over_issued, interval)
        })
        .collect();
    Report {
        schema_version: SCHEMA_VERSION,
        tool: Tool {
            name: "coupon-bench".to_owned(),
            version: "0.1.0".to_owned(),
            git_revision: None,
        },
        environment: Environment {
            os: "linux x86_64".to_owned(),
            cpu: "a processor".to_owned(),
            cores: 2,
            memory_bytes: 8 << 30,
            started_at: "2026-01-02T03:04:05Z".to_owned(),
        },
        scenario: settings(strategies),
        runs,
        race,
        assertions: Vec::new(),
        exit_code: 0,
        interrupted: false,
    }
}

fn settings(strategies: Vec<String>) -> Settings {
    Settings {
        title: None,
        strategies,
        users: 10_000,
        limit: 100,
        attempts: 1,
        in_flight: None,
        trials: 1,
        warmup: true,
        seed: 42,
        db: "sqlite".to_owned(),
        db_pool: 10,
        db_connection: DbConnection::Statement,
        redis: "embedded".to_owned(),
        redis_connections: 1,
        kafka: "embedded".to_owned(),
        consumers: 1,
        timeout_ns: 30_000 * MS,
        keep: false,
    }
}

/// A good run of `redis-kafka`.
pub fn redis_kafka(trial: u32) -> Run {
    let jitter = u64::from(trial) * 40_000;
    let issued = spread(100, 2 * MS + jitter, 9 * MS);
    let sold_out = spread(9_900, 3 * MS + jitter, 60 * MS);
    Run {
        strategy: "redis-kafka".to_owned(),
        promise: Promise::Exact,
        one_per_user: true,
        trial,
        run_id: format!("7f3a{trial}"),
        backends: Backends {
            db: Some(backend("sqlite", "3.50.2", true)),
            redis: Some(backend("redis", "7.0.15", true)),
            kafka: Some(backend("kafka", "4.1.0", false)),
        },
        attempts: AttemptCounts {
            total: 10_000,
            issued: 100,
            sold_out: 9_900,
            ..AttemptCounts::default()
        },
        failures: Vec::new(),
        ledger: LedgerCounts {
            issued: Some(100),
            drained: true,
            ..LedgerCounts::default()
        },
        verdict: Verdict::Holds,
        violations: Vec::new(),
        findings: Vec::new(),
        reasons: Vec::new(),
        latency: Latency {
            response: outcomes(&issued, &sold_out, 0),
            service: outcomes(&issued, &sold_out, 1_900_000),
        },
        time_to_durable: distribution(spread(100, 5 * MS, 115 * MS)),
        duration_ns: 62_400_000 + jitter,
        throughput_per_s: 160_256.4,
        release_skew_ns: 3_210_000,
        peak_in_flight: 9_812,
        drain_ns: 120 * MS,
        database: DatabaseLoad {
            statements: 100,
            peak_in_flight: 1,
            ..DatabaseLoad::default()
        },
        topic: Some(TopicLoad {
            produced: 100,
            delivered: 100,
            consumed: 100,
            lag: Some(0),
            ..TopicLoad::default()
        }),
        fairness: Fairness::default(),
        kept: Vec::new(),
    }
}

/// `naive`, with so many coupons too many.
pub fn naive(trial: u32, over_issued: u64) -> Run {
    let told = 100 + over_issued;
    let issued = spread(told, MS, 40 * MS);
    let sold_out = spread(10_000 - told, 40 * MS, 48 * MS);
    let users: Vec<u64> = (0..20).map(|index| 131 + 7 * index).collect();
    let good = redis_kafka(trial);
    Run {
        strategy: "naive".to_owned(),
        promise: Promise::None,
        one_per_user: false,
        backends: Backends {
            db: Some(backend("postgres", "17.2", false)),
            ..Backends::default()
        },
        attempts: AttemptCounts {
            issued: told,
            sold_out: 10_000 - told,
            ..good.attempts
        },
        ledger: LedgerCounts {
            issued: Some(told),
            over_issued,
            ..good.ledger
        },
        findings: vec![finding(FindingKind::OverIssue, over_issued, &users)],
        latency: Latency {
            response: outcomes(&issued, &sold_out, 0),
            service: outcomes(&issued, &sold_out, 0),
        },
        time_to_durable: distribution(issued),
        throughput_per_s: 204_918.0,
        duration_ns: 48_800_000,
        drain_ns: 0,
        database: DatabaseLoad {
            statements: 11_000,
            peak_in_flight: 10_000,
            ..DatabaseLoad::default()
        },
        topic: None,
        ..good
    }
}

/// The distribution of these samples, in nanoseconds.
pub fn distribution(samples: impl IntoIterator<Item = u64>) -> Distribution {
    let Ok(mut histogram) = Histogram::<u64>::new(3) else {
        return Distribution::default();
    };
    histogram.auto(true);
    for sample in samples {
        // Nothing is out of range of a histogram that grows.
        let _ = histogram.record(sample);
    }
    if histogram.is_empty() {
        return Distribution::default();
    }
    let count = histogram.len();
    // A percentile needs a sample beyond it.
    let at =
        |quantile: f64, least: u64| (count >= least).then(|| histogram.value_at_quantile(quantile));
    let mut bytes = Vec::new();
    let hdr = V2DeflateSerializer::new()
        .serialize(&histogram, &mut bytes)
        .ok()
        .map(|_| BASE64_STANDARD.encode(&bytes));
    Distribution {
        count,
        min_ns: Some(histogram.min()),
        mean_ns: at(0.5, 1),
        p50_ns: at(0.5, 2),
        p90_ns: at(0.9, 10),
        p95_ns: at(0.95, 20),
        p99_ns: at(0.99, 100),
        p999_ns: at(0.999, 1_000),
        max_ns: Some(histogram.max()),
        hdr,
    }
}

fn outcomes(issued: &[u64], sold_out: &[u64], earlier: u64) -> ByOutcome {
    let of = |samples: &[u64]| {
        distribution(
            samples
                .iter()
                .map(|sample| sample - sample.min(&earlier) / 2),
        )
    };
    ByOutcome {
        all: of(&[issued, sold_out].concat()),
        issued: of(issued),
        sold_out: of(sold_out),
        ..ByOutcome::default()
    }
}

/// So many samples, more of them towards the lower end.
fn spread(samples: u64, from: u64, to: u64) -> Vec<u64> {
    let width = to - from;
    (0..samples)
        .map(|index| from + width * index / samples * (index + samples) / (2 * samples))
        .collect()
}

fn backend(kind: &str, version: &str, embedded: bool) -> Backend {
    Backend {
        kind: kind.to_owned(),
        version: version.to_owned(),
        embedded,
    }
}

fn finding(kind: FindingKind, count: u64, users: &[u64]) -> Finding {
    Finding {
        kind,
        count,
        users: users.to_vec(),
    }
}

fn failure(message: &str, count: u64) -> Failure {
    Failure {
        message: message.to_owned(),
        count,
    }
}

fn race(strategy: &str, trials: u64, over_issued: u64, interval: [f64; 2]) -> Race {
    Race {
        strategy: strategy.to_owned(),
        trials,
        over_issued,
        probability: over_issued as f64 / trials as f64,
        interval,
    }
}

fn assertion(
    expression: &str,
    observed: serde_json::Value,
    broken_by: Option<String>,
) -> AssertionResult {
    AssertionResult {
        expression: expression.to_owned(),
        observed,
        ok: broken_by.is_none(),
        broken_by,
    }
}
