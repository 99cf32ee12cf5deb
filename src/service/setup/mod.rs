//! What makes a service ready for a run: the setup (a request, SQL, Redis commands or a program) and the steps of every user.
//!
//! The output of every kind of setup is treated as a response, so that values are captured from it in the same way.

mod command;
mod redis;
mod sql;
mod steps;

use bytes::Bytes;
use http::Response;

pub use command::Command;
pub use redis::{Commands, words};
pub use sql::Query;
pub use steps::{Sessions, Step, StepRunner};

use super::{
    AttemptValues, EventValues, Secrets,
    request::{
        capture::Captures,
        exchange::{Exchange, ExchangeText},
        session::Session,
        unmeasured::{UNMEASURED_TIMEOUT, no_answer},
    },
};
use crate::{adapters::http::Client, strategies::Decision};

/// One part of the setup.
#[derive(Debug)]
pub struct Setup {
    /// The action.
    pub action: Action,
    /// The values that are captured from its response.
    pub captures: Captures,
}

/// The action of one part of the setup.
#[derive(Debug)]
pub enum Action {
    /// Sends a request to the service.
    Request(Exchange),
    /// Runs SQL on a database of the service.
    Sql(Query),
    /// Sends commands to a Redis server of the service.
    Redis(Commands),
    /// Runs a program on this machine.
    Command(Command),
}

impl Setup {
    /// The name in error messages: `POST /reset`, `sql on postgres`, `commands for redis`, `command ./reset.sh`.
    pub fn name(&self) -> String {
        match &self.action {
            Action::Request(exchange) => exchange.request.name.clone(),
            Action::Sql(query) => query.name(),
            Action::Redis(_) => "commands for redis".to_owned(),
            Action::Command(command) => command.name(),
        }
    }

    /// Runs the action, and stores the captured values in `event`.
    ///
    /// # Errors
    /// The action failed or timed out, or a captured value is missing from its response.
    pub async fn run(
        &self,
        client: &Client,
        event: &mut EventValues,
        session: &mut Session,
        secrets: &Secrets,
    ) -> Result<ExchangeText, String> {
        let (answer, shown) = match &self.action {
            Action::Request(exchange) => {
                let made = exchange
                    .make(client, event, AttemptValues::NONE, session)
                    .await?;
                let mask = |text: &str| secrets.mask(&session.hide(text));
                let shown = ExchangeText::of(&made.request, &made.answer, mask);
                (made.answer, shown)
            }
            Action::Sql(query) => {
                let text = query.text(event)?;
                let answer = in_time(query.run(&text)).await?;
                let shown = self.shown(&[text], &answer, secrets);
                (answer, shown)
            }
            Action::Redis(commands) => {
                let filled = commands.fill(event)?;
                let answer = in_time(commands.run(&filled)).await?;
                let lines: Vec<_> = filled.iter().map(|words| words.join(" ")).collect();
                let shown = self.shown(&lines, &answer, secrets);
                (answer, shown)
            }
            Action::Command(command) => {
                let arguments = command.fill(event)?;
                let answer = command.run(&arguments, UNMEASURED_TIMEOUT).await?;
                let shown = self.shown(&[arguments.join(" ")], &answer, secrets);
                (answer, shown)
            }
        };
        self.captures.take(&answer, &mut event.setup)?;
        Ok(shown)
    }

    fn shown(&self, sent: &[String], answer: &Response<Bytes>, secrets: &Secrets) -> ExchangeText {
        let text = String::from_utf8_lossy(answer.body());
        let text = Some(secrets.mask(text.trim())).filter(|text| !text.is_empty());
        ExchangeText {
            name: secrets.mask(&self.name()),
            sent: sent.iter().map(|line| secrets.mask(line)).collect(),
            answer: "done".to_owned(),
            received: text.into_iter().collect(),
        }
    }
}

/// The output of an action as a response.
fn answer(text: impl Into<Bytes>) -> Response<Bytes> {
    Response::new(text.into())
}

async fn in_time<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let done = tokio::time::timeout(UNMEASURED_TIMEOUT, work).await;
    done.unwrap_or_else(|_| Err(no_answer(UNMEASURED_TIMEOUT)))
}

/// Which part of the event was not reset. `decision` is the answer to the first user of an event whose ledger is empty.
/// `None` for a user who gets a coupon.
pub fn not_reset(decision: Decision) -> Option<&'static str> {
    match decision {
        Decision::Issued => None,
        Decision::SoldOut => {
            Some("the service answers sold out: the stock was not reset; reset it in [[setup]]")
        }
        Decision::Duplicate => Some(
            "the service answers that the user has claimed before: its list of users was not reset; reset it in [[setup]]",
        ),
        Decision::Accepted => Some(
            "the service has accepted the request without issuing a coupon: the stock was not reset (reset it in [[setup]]), or no \
             consumer is running",
        ),
    }
}
