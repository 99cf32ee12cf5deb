//! One claim of one user, before anybody fires ten thousand: what was sent, what came back, and what the ledger makes of it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, Response};

use super::{
    Claim, Dialogue, Meaning, Target,
    drain::Drain,
    ledger::Found,
    not_reset,
    stage::{Held, Stage, Waited, no_answer},
};
use crate::{
    adapters::{OpenError, http::SendError, remains::new_run_id},
    judge::ledger::{Promised, Rules},
    model::{
        outcome::{Attempt, Outcome},
        report::AnswerSample,
        verdict::Completion,
        workload::{Arrivals, Workload},
    },
    ports::UserId,
    strategies::Decision,
    text::format::plural,
};

/// Requests that followed the claim's answer, and the rule that each answer matches.
pub type Followed = Vec<(Dialogue, Option<(usize, Meaning)>)>;

/// Who tries it.
const USER: UserId = UserId(1);

/// What became of a claim, for people.
#[derive(Debug)]
pub struct Trial {
    /// Where it went.
    pub addresses: Vec<String>,
    /// What made the service ready.
    pub setup: Vec<Dialogue>,
    /// What the user did before the claim.
    pub steps: Vec<Dialogue>,
    /// The ledger before the claim; `None` without one.
    pub before: Option<Found>,
    /// The claim as it was sent.
    pub request: Shown,
    /// What came back, and after how long.
    pub answer: Result<(AnswerSample, Duration), SendError>,
    /// The number of the rule that the answer matches, from 1, and what it means.
    pub rule: Option<(usize, Meaning)>,
    /// What followed the answer until there was a decision, and what each answer means.
    pub followed: Followed,
    /// How the wait for the service's work ended.
    pub waited: Waited,
    /// From the end of the claim until the last thing moved in that wait.
    pub moved_after: Duration,
    /// Whether the file says in `[drain]` how the end of the work is seen.
    pub has_drain: bool,
    /// The ledger after it.
    pub after: Option<Result<Found, String>>,
    /// What does not fit together.
    pub doubts: Vec<String>,
    /// Coupons that there are to be had.
    pub limit: u64,
}

impl Trial {
    /// Whether the service gave no answer, or the ledger could not be read any more.
    pub fn has_failed(&self) -> bool {
        self.answer.is_err() || matches!(self.after, Some(Err(_)))
    }

    /// What the last answer means.
    pub fn decided(&self) -> Option<Meaning> {
        let last = self.followed.last().map_or(self.rule, |(_, rule)| *rule);
        last.map(|(_, meaning)| meaning)
    }
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

/// Sets the service up and sends one claim, which has to be answered within `patience`.
pub async fn run(target: &Arc<Target>, limit: u64, patience: Duration) -> Result<Trial, OpenError> {
    let failed = |why: String| {
        let path = target.path.display().to_string();
        OpenError::new("FILE", path, target.secrets.mask(&why))
    };
    let mut stage = Stage::open(target, &workload(limit), &new_run_id()).await?;
    let mut setup = Vec::new();
    for one in &target.setup {
        setup.push(stage.set_up_with(one).await?);
    }
    stage.open_drain().await?;
    // Without a ledger that can be read, a claim would prove nothing.
    let before = stage.read().await.transpose().map_err(failed)?;
    let claim = stage.claim(1, 1).await?;
    let request = claim.request(USER).map_err(failed)?;
    let request_shown = shown(&claim, &request);
    let begin = Instant::now();
    let answer = tokio::time::timeout(patience, claim.client().send(request)).await;
    let answer = answer.unwrap_or_else(|_| {
        Err(SendError {
            message: no_answer(patience),
            sent: true,
        })
    });
    let took = begin.elapsed();
    let rule = answer
        .as_ref()
        .ok()
        .and_then(|answer| target.rules.classify(answer));
    let unfit = match (&answer, rule) {
        (Ok(answer), None) => not_understood(target, answer),
        _ => Vec::new(),
    };
    let (mut unfit, mut followed) = (unfit, Vec::new());
    if let (Ok(answer), Some((_, Meaning::Reserved | Meaning::Waiting))) = (&answer, rule) {
        let (seen, why) = follow(&claim, answer.clone()).await;
        followed = seen;
        unfit.extend(why);
    }
    let answer = answer
        .map(|answer| (claim.sample(USER, &answer), took))
        .map_err(|error| SendError {
            message: target.secrets.mask(&error.message),
            ..error
        });
    let begin = Instant::now();
    let decided = followed.last().map_or(rule, |(_, rule)| *rule);
    let promised = told(target, limit, decided.map(|(_, meaning)| meaning));
    let waited = stage.drain(&promised, patience).await;
    let after = stage.read().await;
    let mut trial = Trial {
        addresses: stage.endpoint().addresses(),
        setup,
        steps: claim.steps().to_vec(),
        before,
        request: request_shown,
        answer,
        rule,
        followed,
        moved_after: waited.moved.saturating_duration_since(begin),
        waited,
        has_drain: matches!(&target.drain, Some(Drain::Watched(watched)) if watched.says_how()),
        after,
        doubts: unfit,
        limit,
    };
    let doubts = doubts(&trial, &stage);
    trial.doubts.extend(doubts);
    Ok(trial)
}

/// What follows an answer that decides nothing, and why there is no decision, where there is none.
async fn follow(claim: &Claim, answer: Response<Bytes>) -> (Followed, Option<String>) {
    let mut seen: Followed = Vec::new();
    let decided = claim
        .decide(USER, answer, &mut |step| {
            let mask = |text: &str| claim.mask(USER, text);
            let shown = Dialogue::of(step.request, step.answer, mask);
            seen.push((shown, step.rules.classify(step.answer)));
        })
        .await;
    (seen, decided.err().map(|error| error.to_string()))
}

/// What the last answer has promised.
fn told(target: &Target, limit: u64, meaning: Option<Meaning>) -> Promised {
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

/// Why the answer means nothing.
fn not_understood(target: &Target, answer: &Response<Bytes>) -> Vec<String> {
    let mut doubts = vec!["no [[outcome]] rule is for this answer".to_owned()];
    if answer.status().is_redirection() {
        doubts.push("a redirect is not followed: name the place itself in [claim]".to_owned());
    }
    let why = target.rules.why_none(answer);
    doubts.extend(why.iter().map(|why| target.secrets.mask(why)));
    doubts
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

fn shown(claim: &Claim, request: &Request<Bytes>) -> Shown {
    let mask = |text: &str| claim.mask(USER, text);
    let headers = request.headers().iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        mask(&format!("{name}: {value}"))
    });
    Shown {
        line: mask(&format!("{} {}", request.method(), request.uri())),
        headers: headers.collect(),
        body: mask(&String::from_utf8_lossy(request.body())),
    }
}

/// What does not fit together, in the order in which one would look into it.
fn doubts(trial: &Trial, stage: &Stage) -> Vec<String> {
    let mut doubts = Vec::new();
    if trial.answer.is_err() {
        doubts.push("the claim was not answered".to_owned());
    }
    let not_empty = trial
        .before
        .as_ref()
        .and_then(|found| found.not_empty(trial.limit));
    doubts.extend(not_empty.map(|why| format!("a run would refuse to begin: {why}")));
    doubts.extend(
        trial
            .after
            .iter()
            .filter_map(|read| read.as_ref().err().cloned()),
    );
    if trial.waited.completion == Completion::Pending {
        doubts.extend(trial.waited.trouble.clone());
    }
    doubts.extend(nothing_to_give(trial));
    if let (Some(before), Some(Ok(after))) = (&trial.before, &trial.after) {
        doubts.extend(disagreement(trial, before, after, stage));
    }
    doubts
}

/// Whether the ledger shows what the user was told.
fn disagreement(trial: &Trial, before: &Found, after: &Found, stage: &Stage) -> Option<String> {
    let meaning = trial.decided()?;
    let more = after.coupons().saturating_sub(before.coupons());
    if let Some(why) = too_many_or_too_few(meaning, more, trial.has_drain) {
        return Some(why);
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

/// Which part of the event was not reset, where the first user gets nothing of an event whose ledger is empty.
fn nothing_to_give(trial: &Trial) -> Option<String> {
    let Meaning::Told(told) = trial.decided()? else {
        return None;
    };
    let coupons = |found: &Found| found.coupons() == 0;
    let empty = match (&trial.before, &trial.after) {
        (None, _) => "there is no ledger",
        (Some(before), Some(Ok(after))) if coupons(before) && coupons(after) => {
            "the ledger is empty"
        }
        _ => return None,
    };
    not_reset(told).map(|why| format!("{empty}, but {why}"))
}

/// What is odd about so many more coupons after an answer that means this.
fn too_many_or_too_few(meaning: Meaning, more: u64, waited: bool) -> Option<String> {
    match (meaning, more) {
        (_, 2..) => Some(format!(
            "there was one claim, and the ledger shows {}: is something of an earlier run still under way, or does it hold more \
             than this event?",
            plural(more, "new coupon")
        )),
        (Meaning::Told(Decision::Issued), 0) => {
            let later = if waited {
                ""
            } else {
                ": if coupons come later, say in [drain] when the service is done"
            };
            Some(format!(
                "the user was told yes, and the ledger shows no new coupon{later}"
            ))
        }
        (Meaning::Told(Decision::SoldOut | Decision::Duplicate) | Meaning::Failed, 1..) => {
            Some(format!(
                "the answer means {}, and the ledger shows a new coupon",
                meaning.name()
            ))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_grows_by_what_was_said() {
        let issued = Meaning::Told(Decision::Issued);
        let accepted = Meaning::Told(Decision::Accepted);
        let sold_out = Meaning::Told(Decision::SoldOut);
        for (meaning, more, waited, odd) in [
            (issued, 1, true, None),
            (issued, 0, true, Some("shows no new coupon")),
            (issued, 0, false, Some("say in [drain]")),
            (issued, 2, true, Some("2 new coupons")),
            (accepted, 0, true, None),
            (accepted, 98, true, Some("98 new coupons")),
            (sold_out, 0, true, None),
            (sold_out, 1, true, Some("means sold_out")),
            (Meaning::Indeterminate, 1, true, None),
        ] {
            let said = too_many_or_too_few(meaning, more, waited);
            let fits = said
                .as_deref()
                .map(|said| odd.is_some_and(|odd| said.contains(odd)));
            assert_eq!(fits, odd.map(|_| true), "{meaning:?} {more}: {said:?}");
        }
    }
}
