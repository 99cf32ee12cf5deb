//! The result of a replay as JSON: `schema/replay.schema.json` describes it.

use serde::Serialize;

use super::alike;
use crate::{
    engine::replay::{ReplayResult, ReplaySettings},
    model::{
        environment::tool,
        interleaving::Interleaving,
        outcome::Outcome,
        report::{Backends, Tool},
        verdict::{FindingKind, Verdict},
    },
    render::json::indented,
    strategies::Promise,
};

/// The version of the JSON. Since version 2, a broken invariant that is not promised is a finding.
const SCHEMA_VERSION: u32 = 2;

#[derive(Serialize)]
struct Document {
    schema_version: u32,
    tool: Tool,
    strategy: &'static str,
    promise: Promise,
    schedule: String,
    trials: usize,
    /// The number of trials with the findings of the last one.
    alike: usize,
    last: One,
    exit_code: u8,
}

/// The last trial.
#[derive(Serialize)]
struct One {
    backends: Backends,
    verdict: Verdict,
    findings: Vec<Finding>,
    reasons: Vec<String>,
    told: Vec<Told>,
    /// The users, in the order of the rows.
    ledger: Vec<u64>,
    deviations: Vec<String>,
    kept: Vec<String>,
    interleaving: Interleaving,
}

#[derive(Serialize)]
struct Finding {
    kind: FindingKind,
    count: u64,
    users: Vec<u64>,
}

#[derive(Serialize)]
struct Told {
    user: u64,
    outcome: Outcome,
}

/// One document for all trials; empty where there was none.
///
/// # Errors
///
/// If a value cannot be written as JSON.
pub fn render(
    plan: &ReplaySettings,
    played: &[ReplayResult],
    exit_code: u8,
) -> Result<String, serde_json::Error> {
    let Some(last) = played.last() else {
        return Ok(String::new());
    };
    let document = Document {
        schema_version: SCHEMA_VERSION,
        tool: tool(),
        strategy: plan.entry.name,
        promise: plan.entry.promise,
        schedule: plan.token.to_string(),
        trials: played.len(),
        alike: alike(played),
        last: one(plan, last),
        exit_code,
    };
    indented(&document)
}

fn one(plan: &ReplaySettings, played: &ReplayResult) -> One {
    let findings = played.judgement.findings.iter().map(|found| Finding {
        kind: found.kind,
        count: found.count,
        users: found.users.iter().map(|user| user.0).collect(),
    });
    let told = played.attempts.iter().map(|attempt| Told {
        user: attempt.user.0,
        outcome: attempt.outcome,
    });
    One {
        backends: played.backends.clone(),
        verdict: played.judgement.verdict,
        findings: findings.collect(),
        reasons: played.judgement.reasons.clone(),
        told: told.collect(),
        ledger: played.rows.iter().map(|user| user.0).collect(),
        deviations: played.deviations.iter().map(ToString::to_string).collect(),
        kept: played.kept.clone(),
        interleaving: played.picture(plan),
    }
}
