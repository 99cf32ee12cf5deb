//! Converts a report of `schema_version` 1 to version 2.
//!
//! Version 1 counted trials from 0, had the verdict "holds" for a finding, and wrote 0 for unknown numbers. Baselines of version 1
//! can still be read. A field of an unexpected type stays unchanged, and the parser reports it.

use serde_json::{Map, Value, json};

use crate::{
    judge::verdict::is_defect,
    model::report::{AttemptCounts, SCHEMA_VERSION},
    model::verdict::FindingKind,
};

type Object = Map<String, Value>;

/// The numbers of the ledger.
const COUNTS: [&str; 7] = [
    "issued",
    "over_issued",
    "under_issued",
    "duplicate_users",
    "lost",
    "phantom",
    "recovered",
];

/// The numbers of missing coupons, which may still come while work is in progress.
const SHORTFALLS: [&str; 2] = ["under_issued", "lost"];

/// Converts a whole report.
pub(super) fn convert(report: &mut Value) {
    let instances = report
        .pointer("/scenario/instances")
        .and_then(Value::as_u64);
    let runs = report.get_mut("runs").and_then(Value::as_array_mut);
    for run in runs.into_iter().flatten() {
        if let Some(run) = run.as_object_mut() {
            convert_run(run, instances.unwrap_or(1));
        }
    }
    if let Some(report) = report.as_object_mut() {
        report.insert("schema_version".to_owned(), json!(SCHEMA_VERSION));
    }
}

fn convert_run(run: &mut Object, instances: u64) {
    if let Some(trial) = run.get("trial").and_then(Value::as_u64) {
        run.insert("trial".to_owned(), json!(trial.saturating_add(1)));
    }
    let attempts = run.get("attempts").cloned().unwrap_or_default();
    if let Ok(attempts) = serde_json::from_value::<AttemptCounts>(attempts) {
        run.insert("undecided".to_owned(), json!(attempts.undecided()));
    }
    let undrained = run
        .get("ledger")
        .and_then(|ledger| ledger.get("drained"))
        .is_some_and(|drained| drained == false);
    if let Some(ledger) = run.get_mut("ledger").and_then(Value::as_object_mut) {
        convert_ledger(ledger, undrained);
    }
    if undrained && let Some(findings) = run.get_mut("findings").and_then(Value::as_array_mut) {
        findings.retain(|finding| {
            !matches!(
                kind(finding),
                Some(FindingKind::UnderIssue | FindingKind::Lost)
            )
        });
    }
    if run.get("verdict").is_some_and(|verdict| verdict == "holds") && is_finding(run, instances) {
        run.insert("verdict".to_owned(), json!("finding"));
    }
}

fn convert_ledger(ledger: &mut Object, undrained: bool) {
    let told = ledger.get("basis").is_some_and(|basis| basis == "told");
    let unread = ledger.get("issued").is_some_and(Value::is_null);
    for name in COUNTS {
        let zero = ledger.get(name).is_some_and(|count| *count == 0);
        let may_come = undrained && SHORTFALLS.contains(&name) && !zero;
        if ledger.contains_key(name) && (unread || may_come || told && (zero || name == "issued")) {
            ledger.insert(name.to_owned(), Value::Null);
        }
    }
}

/// Whether a run without a promise has a defect.
fn is_finding(run: &Object, instances: u64) -> bool {
    let promise = run.get("promise").and_then(Value::as_str);
    let unpromised = promise == Some("none") || promise == Some("single-process") && instances > 1;
    let one_per_user = run.get("one_per_user") == Some(&json!(true));
    let findings = run.get("findings").and_then(Value::as_array);
    let mut kinds = findings.into_iter().flatten().filter_map(kind);
    unpromised && kinds.any(|kind| is_defect(kind, one_per_user))
}

fn kind(finding: &Value) -> Option<FindingKind> {
    serde_json::from_value(finding.get("kind")?.clone()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(run: &Value, instances: u64) -> Value {
        let mut report = json!({
            "schema_version": 1, "scenario": {"instances": instances}, "runs": [run],
        });
        convert(&mut report);
        report
    }

    fn over_issue(promise: &str) -> Value {
        json!({
            "promise": promise, "one_per_user": true, "trial": 0, "verdict": "holds",
            "findings": [{"kind": "over_issue", "count": 3, "users": []}],
        })
    }

    #[test]
    fn trials_count_from_one_and_a_defect_without_a_promise_is_a_finding() {
        for (promise, instances, verdict) in [
            ("none", 1, "finding"),
            ("single-process", 1, "holds"),
            ("single-process", 2, "finding"),
            ("exact", 1, "holds"),
        ] {
            let report = report(&over_issue(promise), instances);
            assert_eq!(report["schema_version"], 2);
            assert_eq!(report["runs"][0]["trial"], 1);
            assert_eq!(report["runs"][0]["verdict"], verdict, "{promise}");
        }
        let mut calm = over_issue("none");
        calm["findings"][0]["kind"] = json!("recovered");
        assert_eq!(report(&calm, 1)["runs"][0]["verdict"], "holds");
    }

    #[test]
    fn the_zeros_of_an_unread_ledger_become_null() {
        let run = json!({"trial": 4, "ledger": {
            "issued": null, "over_issued": 0, "under_issued": 0, "duplicate_users": 0, "lost": 0, "phantom": 0,
            "recovered": 0, "drained": true,
        }});
        let ledger = &report(&run, 1)["runs"][0]["ledger"];
        for name in COUNTS {
            assert!(ledger[name].is_null(), "{name}: {ledger}");
        }
        assert_eq!(ledger["drained"], true);
    }

    #[test]
    fn coupons_missing_while_work_was_in_progress_are_not_lost() {
        let run = json!({
            "trial": 0, "verdict": "inconclusive",
            "ledger": {"issued": 27, "over_issued": 0, "under_issued": 73, "lost": 9_973, "drained": false},
            "findings": [{"kind": "lost", "count": 9_973, "users": []}, {"kind": "phantom", "count": 1, "users": [7]}],
            "attempts": {"total": 10, "issued": 1, "sold_out": 0, "duplicate": 0, "failed": 4, "indeterminate": 1},
        });
        let run = &report(&run, 1)["runs"][0];
        let ledger = json!({"issued": 27, "over_issued": 0, "under_issued": null, "lost": null, "drained": false});
        assert_eq!(run["ledger"], ledger);
        assert_eq!(
            run["findings"],
            json!([{"kind": "phantom", "count": 1, "users": [7]}])
        );
        assert_eq!(run["undecided"], json!({"attempts": 5, "share": 0.5}));
    }

    #[test]
    fn fields_of_unexpected_types_stay_unchanged() {
        for odd in [
            json!(7),
            json!({"trial": "x", "ledger": [], "findings": {}}),
        ] {
            let mut expected = odd.clone();
            let report = report(&odd, 1);
            if let Some(expected) = expected.as_object_mut() {
                expected.remove("undecided");
            }
            assert_eq!(report["runs"][0], expected);
        }
    }
}
