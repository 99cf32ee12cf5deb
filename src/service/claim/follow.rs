//! The requests that follow a response without a decision: a confirmation, or polls until there is a decision.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tokio::time::Instant;

use super::{HttpClaim, Meaning, Rules};
use crate::{
    ports::{Effect, Result, UserId, attempt},
    service::{RequestTemplate, request::capture::Captures, template::Values},
    strategies::Decision,
};

/// A request that follows a response, and the meanings of its own responses.
#[derive(Debug)]
pub struct Follow {
    /// The request.
    pub request: RequestTemplate,
    /// The values that are captured from its response for the next request.
    pub captures: Captures,
    /// The meanings of its responses.
    pub rules: Rules,
}

/// A request that is repeated until its response has a decision.
#[derive(Debug)]
pub struct Poll {
    /// The request.
    pub follow: Follow,
    /// The pause between a response and the next request.
    pub every: Duration,
    /// The time from the first response to the end of the polls.
    pub timeout: Duration,
}

/// A request that followed the claim, and its response.
pub struct Followed<'a> {
    /// The request as it was sent.
    pub request: &'a Request<Bytes>,
    /// The response as it was received.
    pub answer: &'a Response<Bytes>,
    /// The meanings of its responses.
    pub rules: &'a Rules,
}

impl HttpClaim {
    /// Sends requests after the first response until there is a decision: a confirmation of a reserved coupon, and polls while the
    /// user has to wait. Calls `seen` with each of these requests.
    ///
    /// # Errors
    /// A response is an error or matches no rule, a request cannot be sent, or there is no decision within the poll's timeout.
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
            let next = next.ok_or_else(|| {
                self.error(
                    name,
                    Effect::Unknown,
                    "the target file has no request for this answer",
                )
            })?;
            // A missing value is an error only if the next request needs it.
            let missing = captures.take(&answer, &mut values).err();
            let unsent = |why: String| {
                let why = missing.unwrap_or(why);
                self.error(&next.request.name, Effect::Unknown, &why)
            };
            let request = self.follow_up(next, user, &values).map_err(unsent)?;
            let sent = self.client.send(request.clone()).await;
            answer = sent.map_err(|error| {
                // The service has received the claim, so it may have issued a coupon.
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

    /// Waits until the next poll. An error if the next poll would be after the timeout.
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
