//! What every user does before the claim: log in, fetch a token. It happens before the release and is not measured.

use std::{collections::HashSet, sync::Mutex};

use futures::{StreamExt, TryStreamExt, stream};

use super::{
    Event, Secrets, Target, Who,
    capture::Captures,
    exchange::{Dialogue, Exchange},
    session::Session,
    template::Values,
};
use crate::{adapters::http::Client, ports::UserId};

/// Users whose steps are under way at a time.
const AT_A_TIME: usize = 32;

/// One request of every user before the claim.
#[derive(Debug)]
pub struct Step {
    /// What is sent, and what it should be answered with.
    pub exchange: Exchange,
    /// What of the answer the user's next requests use.
    pub captures: Captures,
}

/// What users 1 to n have been given.
#[derive(Default)]
pub struct Sessions {
    /// Empty where no request uses anything that an answer gave.
    pub users: Vec<Mutex<Session>>,
    /// What the first user sent and was answered.
    pub first: Vec<Dialogue>,
}

impl Sessions {
    /// The session of a user.
    pub fn of(&self, user: UserId) -> Option<&Mutex<Session>> {
        let index = usize::try_from(user.0).ok()?.checked_sub(1)?;
        self.users.get(index)
    }
}

/// What the steps are made with.
#[derive(Clone, Copy)]
pub struct Before<'a> {
    /// What the steps are.
    pub target: &'a Target,
    /// Sends them.
    pub client: &'a Client,
    /// What is the same for all users.
    pub event: &'a Event,
    /// Values that no output may contain.
    pub secrets: &'a Secrets,
    /// The users of this process; `None` is all of them.
    pub share: Option<&'a HashSet<UserId>>,
}

impl Before<'_> {
    /// Makes the steps of users 1 to `users`; an error names the step and the user, and shows no secret.
    pub async fn sessions(self, users: u64) -> Result<Sessions, String> {
        if !self.target.has_sessions() {
            return Ok(Sessions::default());
        }
        let each = (1..=users).map(|user| self.of_user(UserId(user)));
        let prepared = stream::iter(each).buffered(AT_A_TIME);
        let mut first = Vec::new();
        let prepared = prepared.map_ok(|(session, shown)| {
            first.extend(shown);
            Mutex::new(session)
        });
        let users = prepared.try_collect().await?;
        Ok(Sessions { users, first })
    }

    async fn of_user(self, user: UserId) -> Result<(Session, Vec<Dialogue>), String> {
        let Self { target, event, .. } = self;
        let mut session = Session::new(Values::new(target.captured.clone()));
        let mut shown = Vec::new();
        if self.share.is_some_and(|share| !share.contains(&user)) {
            return Ok((session, shown));
        }
        for step in &target.steps {
            let values = session.values.clone();
            let who = Who {
                user,
                attempt: 1,
                columns: target.users.as_ref().and_then(|users| users.line(user)),
                captured: Some(&values),
            };
            let exchange = &step.exchange;
            let made = exchange.make(self.client, event, who, &mut session).await;
            let kept = made.and_then(|made| {
                step.captures.take(&made.answer, &mut session.values)?;
                Ok(made)
            });
            let made = kept.map_err(|why| {
                let name = &exchange.request.name;
                session.hide(&format!("step {name} failed for user {user}: {why}"))
            })?;
            if user.0 == 1 {
                let mask = |text: &str| self.secrets.mask(&session.hide(text));
                shown.push(Dialogue::of(&made.request, &made.answer, mask));
            }
        }
        Ok((session, shown))
    }
}
