//! One claim of one user, before anybody fires ten thousand: what was sent, what came back, and what the ledger makes of it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Meaning, Target,
    ledger::Found,
    stage::{Held, Stage},
};
use crate::{
    backend::OpenError,
    http::SendError,
    ports::UserId,
    report::AnswerSample,
    run::run_id,
    scenario::{Arrivals, Workload},
    strategy::Decision,
};

/// Who tries it.
const USER: UserId = UserId(1);

/// What became of a claim, for people.
#[derive(Debug)]
pub struct Trial {
    /// Where it went.
    pub addresses: Vec<String>,
    /// What made the service ready: the request, and the status of its answer.
    pub setup: Vec<(String, u16)>,
    /// The ledger before the claim; `None` without one.
    pub before: Option<Result<Found, String>>,
    /// The claim as it was sent.
    pub request: Shown,
    /// What came back, and after how long.
    pub answer: Result<(AnswerSample, Duration), SendError>,
    /// The number of the rule that the answer matches, from 1, and what it means.
    pub rule: Option<(usize, Meaning)>,
    /// Whether the service was done afterwards; `None` where nobody waits for that.
    pub drained: Option<Result<Duration, String>>,
    /// The ledger after it.
    pub after: Option<Result<Found, String>>,
    /// What does not fit together.
    pub doubts: Vec<String>,
}

/// A request, line by line, without secrets.
#[derive(Debug)]
pub struct Shown {
    /// `POST /claim`.
    pub line: String,
    /// `content-type: application/json` and others.
    pub headers: Vec<String>,
    /// As text.
    pub body: String,
}

/// Sets the service up and sends one claim.
pub async fn run(target: &Arc<Target>, limit: u64) -> Result<Trial, OpenError> {
    let mut stage = Stage::open(target, &workload(limit), &run_id()).await?;
    let mut setup = Vec::new();
    for one in &target.setup {
        setup.push((one.request.name.clone(), stage.set_up_with(one).await?));
    }
    let before = stage.read().await;
    let claim = stage.claim(1, 1).await?;
    let request = claim
        .request(USER)
        .map_err(|why| OpenError::new("--target", target.path.display().to_string(), why))?;
    let request_shown = shown(target, &request);
    let begin = Instant::now();
    let answer = claim.client().send(request).await;
    let took = begin.elapsed();
    let rule = answer
        .as_ref()
        .ok()
        .and_then(|answer| target.rules.classify(answer));
    let answer = answer
        .map(|answer| (claim.sample(&answer), took))
        .map_err(|error| SendError {
            message: target.secrets.mask(&error.message),
            ..error
        });
    let begin = Instant::now();
    let drained = match &target.drain {
        None => None,
        Some(_) => Some(
            stage
                .drain()
                .await
                .map(|at| at.saturating_duration_since(begin)),
        ),
    };
    let after = stage.read().await;
    let mut trial = Trial {
        addresses: stage.endpoint().addresses(),
        setup,
        before,
        request: request_shown,
        answer,
        rule,
        drained,
        after,
        doubts: Vec::new(),
    };
    trial.doubts = doubts(&trial, &stage);
    Ok(trial)
}

fn workload(limit: u64) -> Workload {
    Workload {
        users: 1,
        limit,
        attempts: 1,
        arrivals: Arrivals::Burst,
        seed: 1,
        timeout: Duration::from_secs(30),
        warmup: true,
    }
}

fn shown(target: &Target, request: &http::Request<bytes::Bytes>) -> Shown {
    let secrets = &target.secrets;
    let headers = request.headers().iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        secrets.mask(&format!("{name}: {value}"))
    });
    Shown {
        line: secrets.mask(&format!("{} {}", request.method(), request.uri())),
        headers: headers.collect(),
        body: secrets.mask(&String::from_utf8_lossy(request.body())),
    }
}

/// What does not fit together, in the order in which one would look into it.
fn doubts(trial: &Trial, stage: &Stage) -> Vec<String> {
    let mut doubts = Vec::new();
    if trial.answer.is_ok() && trial.rule.is_none() {
        doubts.push("no [[outcome]] rule is for this answer: add one".to_owned());
    }
    if trial.answer.is_err() {
        doubts.push("the claim was not answered".to_owned());
    }
    if let Some(Ok(found)) = &trial.before
        && found.coupons() > 0
    {
        doubts.push(
            "the ledger is not empty before the claim: a run would refuse to begin, so reset the event in a [[setup]] request"
                .to_owned(),
        );
    }
    let read = [&trial.before, &trial.after].into_iter().flatten();
    doubts.extend(read.filter_map(|read| read.as_ref().err().cloned()));
    doubts.extend(
        trial
            .drained
            .iter()
            .filter_map(|drained| drained.as_ref().err().cloned()),
    );
    if let (Some(Ok(before)), Some(Ok(after))) = (&trial.before, &trial.after) {
        doubts.extend(disagreement(trial, before, after, stage));
    }
    doubts
}

/// Whether the ledger shows what the user was told.
fn disagreement(trial: &Trial, before: &Found, after: &Found, stage: &Stage) -> Option<String> {
    let (_, meaning) = trial.rule?;
    let more = after.coupons().saturating_sub(before.coupons());
    match (meaning, more) {
        (Meaning::Told(Decision::Issued), 0) => {
            return Some("the user was told yes, and the ledger shows no new coupon".to_owned());
        }
        (Meaning::Told(Decision::SoldOut | Decision::Duplicate) | Meaning::Failed, 1..) => {
            return Some(format!(
                "the answer means {}, and the ledger shows a new coupon",
                meaning.name()
            ));
        }
        _ => {}
    }
    // Whose it is: a run that knows nobody in the ledger could not be judged.
    match stage.named(after.clone()) {
        Ok(Held::Users(named)) if more > 0 && !named.rows.contains(&USER) => Some(
            "the new coupon in the ledger is not the user's: see `user` in [ledger]".to_owned(),
        ),
        Ok(_) => None,
        Err(why) => Some(why),
    }
}
