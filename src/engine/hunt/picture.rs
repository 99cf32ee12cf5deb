//! A schedule that was played as an interleaving.

use super::{
    HuntSettings,
    explain::{Explained, HuntCircumstances, explain},
    requests::StepRecord,
    result::Played,
    step::HuntStep,
    trial::Trial,
};
use crate::{
    gate::footprint::shown,
    judge::witness,
    model::{
        hunt::{Contender, HuntToken},
        interleaving::{Ending, Interleaving},
    },
};

/// The schedule with the reason of its finding, and a remedy.
///
/// `waited_inside` says whether each request has waited inside the service, in this schedule or in another one.
pub fn explained(
    settings: &HuntSettings,
    token: &HuntToken,
    trial: &Trial,
    waited_inside: [bool; 2],
) -> Explained {
    let target = &settings.target;
    let mut records: Vec<_> = trial.steps.iter().collect();
    records.sort_by_key(|step| step.order);
    let steps: Vec<_> = records
        .into_iter()
        .map(|record| step(settings, record))
        .collect();
    let ledger = match (&trial.rows, trial.issued) {
        (Some(rows), _) => witness::ledger(rows, token.case.limit),
        (None, Some(issued)) => format!("{issued} coupons, limit {}", token.case.limit),
        (None, None) => "unknown".to_owned(),
    };
    let mut explained = explain(&HuntCircumstances {
        service: target.title.as_deref().unwrap_or(&target.name),
        case: token.case,
        steps: &steps,
        findings: &trial.judgement.findings,
        attempts: &trial.attempts,
        ledger,
        overlapped: trial.overlapped,
        waited_inside,
    });
    explained.interleaving.token = Some(token.to_string());
    explained
}

fn step(settings: &HuntSettings, record: &StepRecord) -> HuntStep {
    let secrets = &settings.target.secrets;
    let statement = &record.held.statement;
    HuntStep {
        contender: record.contender,
        kind: statement.kind,
        statement: std::sync::Arc::clone(statement),
        transaction: record.transaction,
        answer: record.answer.clone().unwrap_or_default(),
        waited: record.waited,
        shown: secrets.mask(&shown(&statement.content)),
        told: record
            .told
            .map(|told| Ending::Outcome(told).text().to_owned()),
    }
}

/// One trial of a replay.
pub fn played(settings: &HuntSettings, token: &HuntToken, trial: &Trial) -> Played {
    let explained = explained(settings, token, trial, trial.waited_inside);
    Played {
        verdict: trial.judgement.verdict,
        findings: trial.judgement.findings.clone(),
        reasons: trial.judgement.reasons.clone(),
        interleaving: explained.interleaving,
        advice: explained.advice,
        deviations: trial.deviations.clone(),
    }
}

/// The interleaving of a schedule of which nothing was played.
pub fn empty(token: &HuntToken) -> Interleaving {
    Interleaving {
        title: token.case.to_string(),
        actors: Contender::BOTH.map(|one| token.case.actor(one)).to_vec(),
        ledger: "unknown".to_owned(),
        token: Some(token.to_string()),
        ..Interleaving::default()
    }
}
