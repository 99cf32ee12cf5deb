//! `target check`: one claim of one user before a load: the request, the response, and the change of the ledger.

mod doubts;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, Response};

use super::{
    ExchangeText, HttpClaim, Meaning, Target,
    connected::ConnectedService,
    drain::{Drain, DrainOutcome},
    ledger::LedgerContents,
    request::unmeasured::no_answer,
};
use crate::{
    adapters::{OpenError, http::SendError, remains::new_run_id},
    judge::ledger::{Promised, Rules},
    model::{
        outcome::{Attempt, Outcome},
        report::AnswerSample,
        workload::{Arrivals, Workload},
    },
    ports::UserId,
    strategies::Decision,
};

/// Requests that followed the response to the claim, with the rule that each response matches.
pub type Followed = Vec<(ExchangeText, Option<(usize, Meaning)>)>;

/// The response to the claim and its response time, or why there was none.
type Answer = Result<(Response<Bytes>, Duration), SendError>;

/// The user of the claim.
const USER: UserId = UserId(1);

/// The result of `target check`, as texts without secrets.
#[derive(Debug)]
pub struct ServiceCheck {
    /// The addresses of the service.
    pub addresses: Vec<String>,
    /// The parts of the setup.
    pub setup: Vec<ExchangeText>,
    /// The steps of the user before the claim.
    pub steps: Vec<ExchangeText>,
    /// The ledger before the claim. `None` if the target file has no ledger.
    pub before: Option<LedgerContents>,
    /// The claim as it was sent.
    pub request: ShownRequest,
    /// The response, and its response time.
    pub answer: Result<(AnswerSample, Duration), SendError>,
    /// The number of the rule that the response matches, from 1, and its meaning.
    pub rule: Option<(usize, Meaning)>,
    /// The requests that followed the response until there was a decision.
    pub followed: Followed,
    /// How the wait for the service's work ended.
    pub waited: DrainOutcome,
    /// From the end of the claim to the last change that the wait observed.
    pub moved_after: Duration,
    /// Whether `[drain]` has a condition, or says how long the ledger has to be unchanged.
    pub has_drain: bool,
    /// The ledger after the wait. `None` if the target file has no ledger.
    pub after: Option<Result<LedgerContents, String>>,
    /// Contradictions between the response, the ledger and the target file.
    pub doubts: Vec<String>,
    /// The number of coupons of the event.
    pub limit: u64,
}

impl ServiceCheck {
    /// Whether there was no response, or the ledger could not be read after the claim.
    pub fn has_failed(&self) -> bool {
        self.answer.is_err() || matches!(self.after, Some(Err(_)))
    }

    /// The meaning of the last response.
    pub fn decided(&self) -> Option<Meaning> {
        let last = self.followed.last().map_or(self.rule, |(_, rule)| *rule);
        last.map(|(_, meaning)| meaning)
    }
}

/// The text of a request, without secrets.
#[derive(Debug)]
pub struct ShownRequest {
    /// Method and path, as in `POST /claim`.
    pub line: String,
    /// One header a line, as in `content-type: application/json`.
    pub headers: Vec<String>,
    /// The body as text.
    pub body: String,
}

/// Runs the setup of `target` and sends one claim for an event of `limit` coupons. The response has to come within `patience`.
///
/// # Errors
/// The service cannot be reached, a part of the setup failed, or the ledger cannot be read before the claim.
pub async fn check(
    target: &Arc<Target>,
    limit: u64,
    patience: Duration,
) -> Result<ServiceCheck, OpenError> {
    let failed = |why: String| {
        let path = target.path.display().to_string();
        OpenError::new("FILE", path, target.secrets.mask(&why))
    };
    let mut service = ConnectedService::open(target, &workload(limit), &new_run_id()).await?;
    let mut setup = Vec::new();
    for part in &target.setup {
        setup.push(service.set_up_with(part).await?);
    }
    service.open_drain().await?;
    // If the ledger cannot be read, a claim would prove nothing.
    let before = service.read().await.transpose().map_err(failed)?;
    let claim = service.claim(1, 1).await?;
    let request = claim.request(USER).map_err(failed)?;
    let shown_request = shown(&claim, &request);
    let (answer, rule) = send(target, &claim, request, patience).await;
    let (followed, mut doubts) = follow(target, &claim, &answer, rule).await;

    let begin = Instant::now();
    let last = followed.last().map_or(rule, |(_, rule)| *rule);
    let promised = promised(target, limit, last.map(|(_, meaning)| meaning));
    let waited = service.drain(&promised, patience).await;
    let mut check = ServiceCheck {
        addresses: service.endpoint().addresses(),
        setup,
        steps: claim.steps().to_vec(),
        before,
        request: shown_request,
        answer: masked(target, &claim, answer),
        rule,
        followed,
        moved_after: waited.moved.saturating_duration_since(begin),
        waited,
        has_drain: matches!(&target.drain, Some(Drain::Watched(watched)) if watched.has_criterion()),
        after: service.read().await,
        doubts: Vec::new(),
        limit,
    };
    doubts.extend(doubts::all(&check, &service));
    check.doubts = doubts;
    Ok(check)
}

/// Sends the claim. Returns the response, and the rule that it matches.
async fn send(
    target: &Target,
    claim: &HttpClaim,
    request: Request<Bytes>,
    patience: Duration,
) -> (Answer, Option<(usize, Meaning)>) {
    let begin = Instant::now();
    let answer = tokio::time::timeout(patience, claim.client().send(request)).await;
    let answer = answer.unwrap_or_else(|_| {
        Err(SendError {
            message: no_answer(patience),
            sent: true,
        })
    });
    let response_time = begin.elapsed();
    let rule = answer
        .as_ref()
        .ok()
        .and_then(|answer| target.rules.classify(answer));
    (answer.map(|answer| (answer, response_time)), rule)
}

/// Sends the requests that follow a response which decides nothing. Returns them, and why there is no decision.
async fn follow(
    target: &Target,
    claim: &HttpClaim,
    answer: &Answer,
    rule: Option<(usize, Meaning)>,
) -> (Followed, Vec<String>) {
    let mut followed: Followed = Vec::new();
    match (answer, rule) {
        (Ok((answer, _)), None) => (followed, doubts::not_understood(target, answer)),
        (Ok((answer, _)), Some((_, Meaning::Reserved | Meaning::Waiting))) => {
            let decided = claim
                .decide(USER, answer.clone(), &mut |step| {
                    let mask = |text: &str| claim.mask(USER, text);
                    let shown = ExchangeText::of(step.request, step.answer, mask);
                    followed.push((shown, step.rules.classify(step.answer)));
                })
                .await;
            let why = decided.err().map(|error| error.to_string());
            (followed, why.into_iter().collect())
        }
        _ => (followed, Vec::new()),
    }
}

/// The response without secrets.
fn masked(
    target: &Target,
    claim: &HttpClaim,
    answer: Answer,
) -> Result<(AnswerSample, Duration), SendError> {
    answer
        .map(|(answer, response_time)| (claim.sample(USER, &answer), response_time))
        .map_err(|error| SendError {
            message: target.secrets.mask(&error.message),
            ..error
        })
}

/// The coupon that the last response has promised, if it has promised one.
fn promised(target: &Target, limit: u64, meaning: Option<Meaning>) -> Promised {
    let outcome = match meaning {
        Some(Meaning::Told(Decision::Issued)) => Outcome::Issued,
        Some(Meaning::Told(Decision::Accepted)) => Outcome::Accepted,
        _ => return Promised::default(),
    };
    let attempt = Attempt {
        user: USER,
        outcome,
        intended: Duration::ZERO,
        start: Duration::ZERO,
        end: None,
        answered: None,
    };
    let rules = Rules {
        limit,
        one_per_user: target.one_per_user,
    };
    Promised::of(&[attempt], rules)
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

fn shown(claim: &HttpClaim, request: &Request<Bytes>) -> ShownRequest {
    let mask = |text: &str| claim.mask(USER, text);
    let headers = request.headers().iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        mask(&format!("{name}: {value}"))
    });
    ShownRequest {
        line: mask(&format!("{} {}", request.method(), request.uri())),
        headers: headers.collect(),
        body: mask(&String::from_utf8_lossy(request.body())),
    }
}
