//! The result of a hunt or of a replay as JSON: `schema/hunt.schema.json` describes both.

use serde::Serialize;

use super::{nanoseconds, picture, replay::Replay, schedules_per_second};
use crate::{
    engine::hunt::{CaseResult, Extent, HuntResult, HuntWitness, Played},
    gate::GateKind,
    judge::verdict::Discrepancy,
    model::{
        environment::tool,
        hunt::{HuntCase, HuntToken},
        interleaving::Interleaving,
        report::Tool,
        verdict::{FindingKind, Verdict},
    },
    render::json::indented,
};

const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    tool: Tool,
    target: &'a str,
    gates: Vec<Gate<'a>>,
    background: Vec<Background<'a>>,
    cases: Vec<Case<'a>>,
    notes: &'a [String],
    interrupted: bool,
    took_ns: u64,
    schedules_per_s: Option<f64>,
    exit_code: u8,
}

#[derive(Serialize)]
struct Gate<'a> {
    kind: GateKind,
    address: &'a str,
}

#[derive(Serialize)]
struct Background<'a> {
    statement: &'a str,
    times: u64,
}

#[derive(Serialize)]
struct Situation {
    same_user: bool,
    limit: u64,
    given: u64,
}

#[derive(Serialize)]
struct Case<'a> {
    #[serde(rename = "case")]
    situation: Situation,
    schedules: u64,
    extent: &'static str,
    left: Option<u64>,
    reason: Option<&'a str>,
    took_ns: u64,
    witness: Option<Witness<'a>>,
}

#[derive(Serialize)]
struct Witness<'a> {
    verdict: Verdict,
    findings: Vec<Finding>,
    advice: &'a str,
    serial: bool,
    schedules: u64,
    after_ns: u64,
    token: &'a HuntToken,
    interleaving: Interleaving,
}

#[derive(Serialize)]
struct Finding {
    kind: FindingKind,
    count: u64,
    users: Vec<u64>,
}

#[derive(Serialize)]
struct ReplayDocument<'a> {
    schema_version: u32,
    tool: Tool,
    target: &'a str,
    schedule: &'a HuntToken,
    trials: usize,
    /// The worst verdict of all trials.
    verdict: Verdict,
    /// The number of trials with the verdict and the findings of the last one.
    alike: usize,
    last: Option<Trial<'a>>,
    exit_code: u8,
}

#[derive(Serialize)]
struct Trial<'a> {
    verdict: Verdict,
    findings: Vec<Finding>,
    reasons: &'a [String],
    advice: &'a str,
    deviations: &'a [String],
    interleaving: Interleaving,
}

/// The result of a search.
///
/// # Errors
///
/// If a value cannot be written as JSON.
pub fn search(result: &HuntResult, exit_code: u8) -> Result<String, serde_json::Error> {
    let gates = result.gates.iter().map(|(kind, address)| Gate {
        kind: *kind,
        address,
    });
    let background = result.background.iter();
    let background = background.map(|(statement, times)| Background {
        statement,
        times: *times,
    });
    indented(&Document {
        schema_version: SCHEMA_VERSION,
        tool: tool(),
        target: &result.target,
        gates: gates.collect(),
        background: background.collect(),
        cases: result.cases.iter().map(case).collect(),
        notes: &result.notes,
        interrupted: result.interrupted,
        took_ns: nanoseconds(result.took),
        schedules_per_s: schedules_per_second(result),
        exit_code,
    })
}

/// The result of a replay.
///
/// # Errors
///
/// If a value cannot be written as JSON.
pub fn replay(replay: &Replay<'_>, exit_code: u8) -> Result<String, serde_json::Error> {
    indented(&ReplayDocument {
        schema_version: SCHEMA_VERSION,
        tool: tool(),
        target: replay.target,
        schedule: replay.token,
        trials: replay.played.len(),
        verdict: replay.verdict(),
        alike: replay.alike(),
        last: replay.played.last().map(trial),
        exit_code,
    })
}

fn case(result: &CaseResult) -> Case<'_> {
    let (extent, left, reason) = match &result.extent {
        Extent::Exhausted => ("exhausted", Some(0), None),
        Extent::Found => ("found", None, None),
        Extent::Bounded { left } => ("bounded", Some(*left), None),
        Extent::NotControllable(why) => ("not_controllable", None, Some(why.as_str())),
        Extent::Failed(why) => ("failed", None, Some(why.as_str())),
        Extent::NotSearched => ("not_searched", None, None),
    };
    let HuntCase {
        same_user,
        limit,
        given,
    } = result.case;
    Case {
        situation: Situation {
            same_user,
            limit,
            given,
        },
        schedules: result.schedules,
        extent,
        left,
        reason,
        took_ns: nanoseconds(result.took),
        witness: result.witness.as_ref().map(witness),
    }
}

fn witness(found: &HuntWitness) -> Witness<'_> {
    Witness {
        verdict: found.verdict,
        findings: findings(&found.findings),
        advice: &found.advice,
        serial: found.serial,
        schedules: found.schedules,
        after_ns: nanoseconds(found.after),
        token: &found.token,
        interleaving: picture(&found.interleaving),
    }
}

fn trial(played: &Played) -> Trial<'_> {
    Trial {
        verdict: played.verdict,
        findings: findings(&played.findings),
        reasons: &played.reasons,
        advice: &played.advice,
        deviations: &played.deviations,
        interleaving: picture(&played.interleaving),
    }
}

fn findings(found: &[Discrepancy]) -> Vec<Finding> {
    let findings = found.iter().map(|one| Finding {
        kind: one.kind,
        count: one.count,
        users: one.users.iter().map(|user| user.0).collect(),
    });
    findings.collect()
}
