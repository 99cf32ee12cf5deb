//! The report as JUnit XML, for pipelines: a suite for every run, a case for every clause of a promise, and a suite of assertions.
//!
//! A case passes only with proof. An inconclusive or unfinished run is an error. A strategy that promises nothing has one case,
//! which is skipped and lists the findings.

use std::{io, time::Duration};

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{
    Format,
    document::Text,
    judgement::{self, lines},
    overall::{gap, promise},
};
use crate::{
    model::{
        report::{AssertionOutcome, AssertionResult, RefusedStrategy, Report, Run},
        verdict::{FindingKind, Verdict},
    },
    render::observed::observed,
    strategies::Promise,
    text::{
        format::{NOTHING, clean, count, known},
        printable,
    },
};

/// The JUnit format.
#[derive(Debug, Clone, Copy)]
pub struct Junit;

impl Format for Junit {
    fn render(&self, report: &Report) -> io::Result<String> {
        let xml = document(report).to_string().map_err(io::Error::other)?;
        Ok(printable(&xml).into_owned() + "\n")
    }
}

fn document(report: &Report) -> quick_junit::Report {
    let title = report.scenario.title.as_deref();
    let mut document = quick_junit::Report::new(clean(title.unwrap_or(&report.tool.name)));
    document.add_test_suites(gap(report).map(unfinished));
    document.add_test_suites(report.runs.iter().map(|run| suite(report, run)));
    document.add_test_suites(report.scenario.refused.iter().map(refused));
    document.add_test_suites(assertions(&report.assertions));
    document
}

/// A case for the runs that are missing: without it, the document would look complete.
fn unfinished(why: &str) -> TestSuite {
    let mut suite = TestSuite::new("coupon-bench");
    suite.add_test_case(case(
        "everything was run",
        CaseResult::Error(why.to_owned()),
    ));
    suite
}

fn refused(refused: &RefusedStrategy) -> TestSuite {
    let mut suite = TestSuite::new(clean(&refused.strategy));
    let why = format!("not run: {}", clean(&refused.reason));
    suite.add_test_case(case("was run", CaseResult::Skipped(why)));
    suite
}

fn suite(report: &Report, run: &Run) -> TestSuite {
    let name = clean(&run.strategy);
    let mut suite = TestSuite::new(if report.scenario.trials > 1 {
        format!("{name}, trial {}", run.trial)
    } else {
        name
    });
    suite.set_time(Duration::from_nanos(
        run.duration_ns
            .saturating_add(run.drain_ns.unwrap_or_default()),
    ));
    for (name, value) in properties(report, run) {
        suite.add_property((name, value.as_str()));
    }
    suite.add_test_cases(cases(report, run));
    suite.set_system_out(plain_lines(run, report.scenario.limit).join("\n"));
    suite
}

fn plain_lines(run: &Run, limit: u64) -> Vec<String> {
    lines(run, limit).iter().map(Text::plain).collect()
}

fn properties(report: &Report, run: &Run) -> Vec<(&'static str, String)> {
    let ledger = &run.ledger;
    let known = |number: Option<u64>| {
        number.map_or_else(|| NOTHING.to_owned(), |number| number.to_string())
    };
    vec![
        ("strategy", run.strategy.clone()),
        ("trial", run.trial.to_string()),
        ("seed", report.scenario.seed.to_string()),
        ("promise", run.promise.to_string()),
        ("verdict", run.verdict.name().to_owned()),
        ("limit", report.scenario.limit.to_string()),
        ("issued", known(ledger.issued)),
        ("over_issued", known(ledger.over_issued)),
        ("lost", known(ledger.lost)),
    ]
}

/// The clauses of a promise, each with the finding that breaks it.
const CLAUSES: [(FindingKind, &str); 6] = [
    (FindingKind::OverIssue, "no coupon beyond the limit"),
    (FindingKind::UnderIssue, "no coupon left over"),
    (
        FindingKind::Lost,
        "every user who was told yes has a coupon",
    ),
    (
        FindingKind::Phantom,
        "every user with a coupon was told yes",
    ),
    (FindingKind::DuplicateUser, "one coupon a user"),
    (FindingKind::DuplicateCode, "one user a code"),
];

/// A case for each clause of the promise.
fn cases(report: &Report, run: &Run) -> Vec<TestCase> {
    let promise = promise(report, run);
    if promise == Promise::None {
        return vec![unpromised(report, run)];
    }
    let promised = |kind| match kind {
        FindingKind::UnderIssue => promise != Promise::AtMost,
        FindingKind::DuplicateUser => run.one_per_user,
        // Most strategies issue no codes.
        FindingKind::DuplicateCode => run.ledger.duplicate_codes.is_some(),
        _ => true,
    };
    let clauses = CLAUSES.into_iter().filter(|(kind, _)| promised(*kind));
    clauses
        .map(|(kind, name)| {
            let mut case = case(name, clause(run, kind));
            case.set_classname(clean(&run.strategy));
            case.set_system_out(seen(report, run, kind));
            case
        })
        .collect()
}

/// The case of a strategy without a promise: it is skipped, as a finding breaks no promise and no finding proves nothing.
fn unpromised(report: &Report, run: &Run) -> TestCase {
    let said = plain_lines(run, report.scenario.limit).join("; ");
    let result = match run.verdict {
        Verdict::Inconclusive => CaseResult::Error(said),
        Verdict::Holds | Verdict::Finding | Verdict::Violated => CaseResult::Skipped(said),
    };
    let mut case = case("promises nothing", result);
    case.set_classname(clean(&run.strategy));
    case
}

fn clause(run: &Run, kind: FindingKind) -> CaseResult {
    let broken = run.violations.iter().find(|finding| finding.kind == kind);
    if let Some(finding) = broken {
        return CaseResult::Failure(judgement::describe(finding).plain());
    }
    // A run that breaks one clause may leave other clauses undecided.
    if run.verdict == Verdict::Inconclusive || !run.reasons.is_empty() {
        return CaseResult::Error(clean(&run.reasons.join("; ")));
    }
    CaseResult::Success
}

/// The figure that decides a clause.
fn seen(report: &Report, run: &Run, kind: FindingKind) -> String {
    let ledger = &run.ledger;
    let issued = ledger.issued.map_or("an unknown number".to_owned(), count);
    let limit = count(report.scenario.limit);
    match kind {
        FindingKind::OverIssue => format!(
            "issued {issued}, limit {limit}, over-issued {}",
            known(ledger.over_issued)
        ),
        FindingKind::UnderIssue => format!(
            "issued {issued}, limit {limit}, under-issued {}",
            known(ledger.under_issued)
        ),
        FindingKind::Lost => format!("lost {}", known(ledger.lost)),
        FindingKind::Phantom => format!("phantom {}", known(ledger.phantom)),
        FindingKind::DuplicateCode => format!("duplicate codes {}", known(ledger.duplicate_codes)),
        FindingKind::DuplicateUser => format!("duplicate users {}", known(ledger.duplicate_users)),
        FindingKind::Recovered => format!("recovered {}", known(ledger.recovered)),
    }
}

fn assertions(assertions: &[AssertionResult]) -> Option<TestSuite> {
    let mut suite = TestSuite::new("assertions");
    suite.add_test_cases(assertions.iter().map(|assertion| {
        let mut met = match assertion.outcome() {
            AssertionOutcome::NotObserved => "not observed".to_owned(),
            _ => format!("observed {}", observed(assertion)),
        };
        if let Some(by) = &assertion.broken_by {
            met = format!("{met} in {}", clean(by));
        }
        let result = match assertion.outcome() {
            AssertionOutcome::Held => CaseResult::Success,
            AssertionOutcome::Failed => CaseResult::Failure(met.clone()),
            AssertionOutcome::NotObserved => CaseResult::Error(met.clone()),
        };
        let mut case = case(&clean(&assertion.expression), result);
        case.set_classname("assertions");
        case.set_system_out(met);
        case
    }));
    (!assertions.is_empty()).then_some(suite)
}

/// The result of a case and its reason.
enum CaseResult {
    Success,
    Failure(String),
    Error(String),
    Skipped(String),
}

fn case(name: &str, result: CaseResult) -> TestCase {
    let told = |mut status: TestCaseStatus, why: String| {
        status.set_message(why);
        status
    };
    let failed = |kind| TestCaseStatus::non_success(kind);
    let status = match result {
        CaseResult::Success => TestCaseStatus::success(),
        CaseResult::Failure(why) => told(failed(NonSuccessKind::Failure), why),
        CaseResult::Error(why) => told(failed(NonSuccessKind::Error), why),
        CaseResult::Skipped(why) => told(TestCaseStatus::skipped(), why),
    };
    TestCase::new(name, status)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use insta::assert_snapshot;

    use super::*;
    use crate::{model::report::LedgerCounts, render::fixtures};

    /// The document as a pipeline reads it.
    fn read(report: &Report) -> quick_junit::Report {
        quick_junit::Report::deserialize_from_str(&Junit.render(report).unwrap()).unwrap()
    }

    /// The numbers of failures, errors, skipped cases, and all cases.
    fn totals(report: &Report) -> [usize; 4] {
        let read = read(report);
        [read.failures, read.errors, read.skipped, read.tests]
    }

    #[test]
    fn every_verdict_becomes_a_result_of_a_case() {
        for (report, expected) in [
            (fixtures::redis_kafka_holds(), [0, 0, 0, 5]),
            (fixtures::naive_over_issues(), [0, 0, 1, 1]),
            (fixtures::violated(), [2, 0, 0, 5]),
            (fixtures::inconclusive(), [0, 5, 0, 5]),
            (fixtures::comparison(), [0, 0, 5, 5 * (1 + 4 + 5)]),
            (fixtures::failed_assertions(), [2, 1, 1, 5]),
        ] {
            assert_eq!(totals(&report), expected);
        }
    }

    #[test]
    fn a_missing_run_is_no_pass() {
        let mut report = fixtures::redis_kafka_holds();
        report.interrupted = true;
        assert_eq!(totals(&report), [0, 1, 0, 6]);
        report.scenario.refused = vec![RefusedStrategy {
            strategy: "db-named-lock".to_owned(),
            reason: "SQLite has no named locks".to_owned(),
        }];
        assert_eq!(totals(&report), [0, 1, 1, 7]);
    }

    #[test]
    fn a_promise_for_one_process_does_not_cover_several() {
        let mut report = fixtures::redis_kafka_holds();
        report.runs[0].promise = Promise::SingleProcess;
        assert_eq!(totals(&report), [0, 0, 0, 5]);
        report.scenario.instances = 2;
        assert_eq!(totals(&report), [0, 0, 1, 1]);
    }

    #[test]
    fn a_broken_clause_leaves_undecided_clauses_undecided() {
        let mut report = fixtures::violated();
        report.runs[0].reasons = vec!["only 9 of 10 attempts were made".to_owned()];
        assert_eq!(totals(&report), [2, 3, 0, 5]);
    }

    #[test]
    fn hostile_names_are_text() {
        let hostile = "</testsuite><x a=\"'&]]> \u{0}\u{1b}[31m 🎟\n";
        let mut report = fixtures::failed_assertions();
        report.scenario.title = Some(hostile.to_owned());
        report.runs[0].strategy = hostile.to_owned();
        report.assertions[0].expression = hostile.to_owned();
        report.runs[0].reasons = vec![hostile.to_owned()];
        let read = read(&report);
        let name = read.test_suites[0].name.as_str();
        assert_eq!(name, "</testsuite><x a=\"'&]]> [31m 🎟");
        assert_eq!(read.test_suites.len(), 2);
    }

    #[test]
    fn trials_count_from_one_everywhere() {
        let text = Junit.render(&fixtures::comparison()).unwrap();
        let suite = text.find("\"naive, trial 1\"").unwrap();
        let property = text[suite..].find("name=\"trial\"").unwrap();
        assert!(text[suite + property..].starts_with("name=\"trial\" value=\"1\""));
    }

    #[test]
    fn an_unknown_number_of_a_ledger_is_not_zero() {
        let mut report = fixtures::inconclusive();
        report.runs[0].ledger = LedgerCounts::default();
        let text = Junit.render(&report).unwrap();
        for told in [
            r#"name="issued" value="–""#,
            r#"name="over_issued" value="–""#,
            r#"name="lost" value="–""#,
            "issued an unknown number, limit 100, over-issued –<",
            "<system-out>lost –<",
            "inconclusive: issued an unknown number of 100 · promise",
        ] {
            assert!(text.contains(told), "{told}: {text}");
        }
    }

    #[test]
    fn violated() {
        assert_snapshot!(Junit.render(&fixtures::violated()).unwrap());
    }
}
