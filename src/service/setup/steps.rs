//! The steps of every user before the claim, such as a login or a CSRF token. They run before the release and are not measured.

use std::{collections::HashSet, sync::Mutex};

use futures::{StreamExt, TryStreamExt, stream};

use crate::{
    adapters::http::Client,
    ports::UserId,
    service::{
        AttemptValues, EventValues, Secrets, Target,
        request::{
            capture::Captures,
            exchange::{Exchange, ExchangeText},
            session::Session,
        },
        template::Values,
    },
};

/// The number of users whose steps run concurrently.
const AT_A_TIME: usize = 32;

/// One request of every user before the claim.
#[derive(Debug)]
pub struct Step {
    /// The request, and the statuses that are expected.
    pub exchange: Exchange,
    /// The values that are captured for the user's next requests.
    pub captures: Captures,
}

/// The sessions of users 1 to n after their steps.
#[derive(Default)]
pub struct Sessions {
    /// The session of each user. Empty if no request uses a value or a cookie of an earlier response.
    pub users: Vec<Mutex<Session>>,
    /// The texts of the first user's requests and responses.
    pub first: Vec<ExchangeText>,
}

impl Sessions {
    /// The session of a user.
    pub fn of(&self, user: UserId) -> Option<&Mutex<Session>> {
        let index = usize::try_from(user.0).ok()?.checked_sub(1)?;
        self.users.get(index)
    }
}

/// Runs the steps.
#[derive(Clone, Copy)]
pub struct StepRunner<'a> {
    /// The target with the steps.
    pub target: &'a Target,
    /// Sends the requests.
    pub client: &'a Client,
    /// The values that are the same for all users.
    pub event: &'a EventValues,
    /// Values that no output may contain.
    pub secrets: &'a Secrets,
    /// The users of this process. `None`: all users.
    pub share: Option<&'a HashSet<UserId>>,
}

impl StepRunner<'_> {
    /// Runs the steps of users 1 to `users`.
    ///
    /// # Errors
    /// The first step that failed, with its name and its user, without secrets.
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

    async fn of_user(self, user: UserId) -> Result<(Session, Vec<ExchangeText>), String> {
        let Self { target, event, .. } = self;
        let mut session = Session::new(Values::new(target.captured.clone()));
        let mut shown = Vec::new();
        if self.share.is_some_and(|share| !share.contains(&user)) {
            return Ok((session, shown));
        }
        for step in &target.steps {
            let values = session.values.clone();
            let who = AttemptValues {
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
                shown.push(ExchangeText::of(&made.request, &made.answer, mask));
            }
        }
        Ok((session, shown))
    }
}
