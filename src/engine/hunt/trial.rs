//! One trial: an event that begins empty, coupons given out before, the schedule of the two requests, more users after it, and the
//! judgement by the ledger.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;

use super::{
    HuntSettings,
    conductor::Conductor,
    error::ScheduleError,
    requests::StepRecord,
    schedule::{Missed, Schedule, Send},
};
use crate::{
    adapters::remains::new_run_id,
    engine::run::{
        judge::{Evidence, told},
        service::reconciled,
    },
    gate::GateKind,
    judge::{
        ledger::{Promised, Rules},
        verdict::{self, Circumstances, Judgement, LimitFrom, PromiseTerms},
    },
    model::{
        hunt::{Contender, HuntCase},
        outcome::{Attempt, Outcome},
        workload::{Arrivals, Workload},
    },
    ports::UserId,
    service::{HttpClaim, connected::ConnectedService, drain::DrainOutcome},
};

/// The connections to the service: one for each of the two requests.
const CONNECTIONS: usize = 2;

/// The result of one trial.
#[derive(Debug)]
pub struct Trial {
    /// The steps in the order in which they were sent to the databases.
    pub steps: Vec<StepRecord>,
    /// The attempts of all users, those of the two requests first.
    pub attempts: Vec<Attempt>,
    /// The users of the ledger's rows, if the ledger names them.
    pub rows: Option<Vec<UserId>>,
    /// The number of coupons in the ledger.
    pub issued: Option<u64>,
    /// The judgement.
    pub judgement: Judgement,
    /// Where the service did not follow the schedule.
    pub deviations: Vec<String>,
    /// The number of moves that a shared connection made impossible.
    pub shared: u64,
    /// The moves of a request that was not at a statement.
    pub missed: Missed,
    /// A statement that may belong to a request or to background work, and that touches the data of the requests.
    pub doubtful: Option<String>,
    /// Why a request may have waited for the only connection to this service.
    pub one_connection: Option<(GateKind, String)>,
    /// Whether the requests overlapped.
    pub overlapped: bool,
    /// Whether each request waited inside the service.
    pub waited_inside: [bool; 2],
    /// The longest time that the service worked between two statements.
    pub gap: Duration,
}

/// The event of one trial.
struct Event {
    case: HuntCase,
    service: ConnectedService,
    claim: Arc<HttpClaim>,
    rules: Rules,
    timeout: Duration,
    attempts: Vec<Attempt>,
}

/// Plays the moves once, and judges what came out. `kept` holds the connections of the last trial, and those of this one after it.
///
/// # Errors
/// The requests cannot be controlled, or the service or a database failed.
pub async fn play(
    settings: &HuntSettings,
    (conductor, kept): (&mut Conductor, &mut Option<ConnectedService>),
    case: HuntCase,
    moves: &[Contender],
) -> Result<Trial, ScheduleError> {
    let mut event = Event::open(settings, kept.take(), case).await?;
    event.give_out().await?;
    let mut schedule = Schedule::new(conductor, case, event.sender());
    let played = schedule.play(moves).await;
    schedule.conductor.control.pass();
    played?;
    event.take_outcomes(&schedule);
    event.ask_afterwards().await;
    let (judgement, evidence) = event.judge(settings).await;
    *kept = Some(event.service);
    Ok(Trial {
        attempts: event.attempts,
        issued: evidence
            .ledger
            .as_ref()
            .map(crate::judge::ledger::Ledger::issued),
        rows: evidence.rows,
        judgement,
        shared: schedule.shared,
        one_connection: schedule.one_connection.take(),
        missed: schedule.missed,
        doubtful: schedule.doubtful(),
        overlapped: schedule.overlapped,
        waited_inside: Contender::BOTH.map(|one| schedule.waited_inside(one)),
        gap: schedule.gap,
        deviations: std::mem::take(&mut schedule.deviations),
        steps: std::mem::take(&mut schedule.steps),
    })
}

/// Checks that the event has `limit` coupons: as many users, one after the other, get one each, and the next user gets none. If the next
/// user gets one, the setup does not set the limit, or the service gives out too many without a race. A hunt cannot tell which.
///
/// # Errors
/// The event has another limit, or the service failed.
pub async fn check_limit(settings: &HuntSettings, limit: u64) -> Result<(), ScheduleError> {
    let case = HuntCase {
        same_user: false,
        limit,
        given: limit,
    };
    let mut event = Event::open(settings, None, case).await?;
    event.give_out().await?;
    event.must_refuse().await
}

impl Event {
    async fn open(
        settings: &HuntSettings,
        kept: Option<ConnectedService>,
        case: HuntCase,
    ) -> Result<Self, ScheduleError> {
        let users = 2 + case.limit + 1;
        let workload = Workload {
            users,
            limit: case.limit,
            attempts: 1,
            arrivals: Arrivals::Burst,
            seed: 1,
            timeout: settings.timeout,
            warmup: true,
        };
        let target = &settings.target;
        let run_id = new_run_id();
        let mut service = match kept {
            Some(mut service) => {
                service.begin_again(&workload, &run_id);
                service
            }
            None => ConnectedService::open(target, &workload, &run_id).await?,
        };
        service.set_up().await?;
        service.open_drain().await?;
        service.must_be_empty().await?;
        let claim = service.claim(CONNECTIONS, users).await?;
        Ok(Self {
            case,
            service,
            claim,
            rules: Rules {
                limit: case.limit,
                one_per_user: target.one_per_user,
            },
            timeout: settings.timeout,
            attempts: Vec::new(),
        })
    }

    /// Gives out the coupons before the two requests, one after the other.
    async fn give_out(&mut self) -> Result<(), ScheduleError> {
        for user in (3..)
            .map(UserId)
            .take(usize::try_from(self.case.given).unwrap_or(0))
        {
            let outcome = claimed(&self.claim, user, None, self.timeout).await;
            if !matches!(outcome, Outcome::Issued | Outcome::Accepted) {
                let limit = self.case.limit;
                let name = outcome.name().replace('_', " ");
                return Err(ScheduleError::Failed(format!(
                    "user {user} asked alone and got the response \"{name}\", before {limit} coupons were given out: is the limit of the \
                     event {limit}, and does [[setup]] reset it?"
                )));
            }
            self.attempts.push(attempt(user, outcome));
        }
        Ok(())
    }

    /// Lets the next user ask, who is to get no coupon. The decision on a request that is accepted comes later.
    async fn must_refuse(&mut self) -> Result<(), ScheduleError> {
        let (limit, user) = (self.case.limit, UserId(3 + self.case.given));
        match claimed(&self.claim, user, None, self.timeout).await {
            Outcome::Issued => Err(ScheduleError::Failed(format!(
                "after {limit} coupons were given out, user {user} asked alone and got one more. Either [[setup]] does not pass on {{{{limit}}}} \
                 (--limit sets the limit of an event that has its own), or the service needs no race to give out too many: `coupon-bench run \
                 --target` shows that"
            ))),
            _ => Ok(()),
        }
    }

    /// How the schedule sends its two requests.
    fn sender(&self) -> Send {
        let (claim, case, timeout) = (Arc::clone(&self.claim), self.case, self.timeout);
        Arc::new(
            move |contender, traceparent| -> BoxFuture<'static, Outcome> {
                let (claim, user) = (Arc::clone(&claim), user_of(case, contender));
                Box::pin(async move { claimed(&claim, user, Some(&traceparent), timeout).await })
            },
        )
    }

    fn take_outcomes(&mut self, schedule: &Schedule<'_>) {
        let outcomes = Contender::BOTH.into_iter().zip(schedule.outcomes());
        let own = outcomes.map(|(contender, outcome)| {
            let user = user_of(self.case, contender);
            attempt(user, outcome.unwrap_or(Outcome::Indeterminate))
        });
        let own: Vec<_> = own.collect();
        self.attempts.splice(0..0, own);
    }

    /// Lets as many new users ask as coupons are left, and one more. The answers show whether a coupon is lost, and whether the service
    /// still counts correctly.
    async fn ask_afterwards(&mut self) {
        let given =
            |attempt: &&Attempt| matches!(attempt.outcome, Outcome::Issued | Outcome::Accepted);
        let given = self.attempts.iter().filter(given).count() as u64;
        let first = 3 + self.case.given;
        let left = self.case.limit.saturating_sub(given);
        for user in (first..=first + left).map(UserId) {
            let outcome = claimed(&self.claim, user, None, self.timeout).await;
            self.attempts.push(attempt(user, outcome));
        }
    }

    async fn judge(&mut self, settings: &HuntSettings) -> (Judgement, Evidence) {
        let promised = Promised::of(&self.attempts, self.rules);
        let drained = self.service.drain(&promised, self.timeout).await;
        let (evidence, _) = reconciled(&mut self.service, &self.attempts, self.rules).await;
        let terms = PromiseTerms {
            promise: settings.target.promise,
            one_per_user: self.rules.one_per_user,
            limit: self.case.limit,
            // `check_limit` has proved the limit.
            limit_from: LimitFrom::Subject,
        };
        let circumstances = self.circumstances(drained, &evidence);
        let judgement = verdict::judge(terms, evidence.ledger.as_ref(), &circumstances);
        (judgement, evidence)
    }

    fn circumstances(&self, drained: DrainOutcome, evidence: &Evidence) -> Circumstances {
        let made = self.attempts.len() as u64;
        let told = told(&self.attempts);
        let unclassified = self.claim.unclassified().count;
        let mut problems: Vec<_> = drained.trouble.into_iter().collect();
        problems.extend(evidence.trouble.clone());
        if unclassified > 0 {
            problems.push("a response matches no [[outcome]] rule".to_owned());
        }
        Circumstances {
            asked: made,
            made,
            told,
            max_undecided: None,
            faults: told.undecided(),
            injected: false,
            unanswered: told.indeterminate.saturating_sub(unclassified),
            // The schedule decides whether the requests overlap.
            peak_in_flight: made.max(2),
            completion: drained.completion,
            problems,
        }
    }
}

fn user_of(case: HuntCase, contender: Contender) -> UserId {
    match contender {
        Contender::B if !case.same_user => UserId(2),
        Contender::A | Contender::B => UserId(1),
    }
}

fn attempt(user: UserId, outcome: Outcome) -> Attempt {
    Attempt {
        user,
        outcome,
        intended: Duration::ZERO,
        start: Duration::ZERO,
        answered: None,
        end: Some(Duration::ZERO),
    }
}

async fn claimed(
    claim: &HttpClaim,
    user: UserId,
    traceparent: Option<&str>,
    timeout: Duration,
) -> Outcome {
    let patience = claim.patience(timeout);
    let sent = async {
        match traceparent {
            Some(traceparent) => claim.claim_traced(user, traceparent).await,
            None => crate::strategies::Strategy::claim(claim, user).await,
        }
    };
    match tokio::time::timeout(patience, sent).await {
        Ok(answer) => Outcome::of(&answer),
        Err(_) => Outcome::Indeterminate,
    }
}
