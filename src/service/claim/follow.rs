//! What follows an answer that decides nothing: a confirmation, or questions until there is a decision.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tokio::time::Instant;

use super::Claim;
use crate::{
    ports::{Effect, Result, UserId, attempt},
    service::{Meaning, RequestTemplate, Rules, capture::Captures, template::Values},
    strategies::Decision,
};

/// A request that is sent after an answer, and what its own answer means.
#[derive(Debug)]
pub struct Follow {
    /// What is sent.
    pub request: RequestTemplate,
    /// What of its answer the next request uses.
    pub captures: Captures,
    /// What its answers mean.
    pub rules: Rules,
}

/// A question that is asked until its answer decides.
#[derive(Debug)]
pub struct Poll {
    /// The question.
    pub follow: Follow,
    /// Between an answer and the next question.
    pub every: Duration,
    /// From the first answer to when nobody asks any more.
    pub timeout: Duration,
}

/// One more request of a claim, and what came of it.
pub struct Followed<'a> {
    /// As it left.
    pub request: &'a Request<Bytes>,
    /// As it came.
    pub answer: &'a Response<Bytes>,
    /// What its answers mean.
    pub rules: &'a Rules,
}

impl Claim {
    /// From the first answer to the decision: a confirmation where a coupon is reserved, and questions where the user has to wait.
    /// `seen` is shown each request that follows.
    pub async fn decide(
        &self,
        user: UserId,
        first: Response<Bytes>,
        seen: &mut (dyn FnMut(Followed<'_>) + Send),
    ) -> Result<Decision> {
        let target = &*self.target;
        let session = self.session(user);
        let mut values = session.map_or_else(Values::default, |session| session.values.clone());
        let (mut name, mut rules, mut captures) =
            (&target.claim.name, &target.rules, &target.captures);
        let (mut answer, mut deadline) = (first, None);
        loop {
            if let Some(mut session) = self.session(user) {
                session.keep_cookies(&answer);
            }
            let next = match self.understand((name, rules), user, &answer)? {
                Meaning::Told(decision) => return Ok(decision),
                Meaning::Reserved => target.confirm.as_ref(),
                Meaning::Waiting => {
                    attempt::answered();
                    self.wait(&mut deadline).await?;
                    target.poll.as_ref().map(|poll| &poll.follow)
                }
                Meaning::Failed | Meaning::Indeterminate => None,
            };
            attempt::answered();
            let next = next.ok_or_else(|| self.error(name, Effect::Unknown, "nothing follows"))?;
            // Only what the next request needs has to be there.
            let lacking = captures.take(&answer, &mut values).err();
            let unsent = |why: String| {
                let why = lacking.unwrap_or(why);
                self.error(&next.request.name, Effect::Unknown, &why)
            };
            let request = self.follow_up(next, user, &values).map_err(unsent)?;
            let sent = self.client.send(request.clone()).await;
            answer = sent.map_err(|error| {
                // The claim itself was taken, so the decision may have been made all the same.
                self.error(&next.request.name, Effect::Unknown, &error.message)
            })?;
            (name, rules, captures) = (&next.request.name, &next.rules, &next.captures);
            seen(Followed {
                request: &request,
                answer: &answer,
                rules,
            });
        }
    }

    /// Until the next question; an error when it would be too late.
    async fn wait(&self, deadline: &mut Option<Instant>) -> Result<()> {
        let Some(poll) = &self.target.poll else {
            return Ok(());
        };
        let next = Instant::now() + poll.every;
        if next > *deadline.get_or_insert_with(|| Instant::now() + poll.timeout) {
            let seconds = poll.timeout.as_secs_f64();
            let why = format!("undecided after {seconds} s");
            return Err(self.error(&poll.follow.request.name, Effect::Unknown, &why));
        }
        tokio::time::sleep_until(next).await;
        Ok(())
    }

    fn follow_up(
        &self,
        follow: &Follow,
        user: UserId,
        values: &Values,
    ) -> std::result::Result<Request<Bytes>, String> {
        let who = self.who(user, 1, Some(values));
        let mut request = follow.request.build(&self.prepared.event, who)?;
        if let Some(session) = self.session(user) {
            session.send_with(&mut request);
        }
        Ok(request)
    }
}
