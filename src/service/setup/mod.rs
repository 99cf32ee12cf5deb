//! What makes a service ready for a run: a request, SQL, commands for Redis, or a program. What comes back is an answer like
//! that to a request, so values are taken out of it in the same way.

mod command;
mod redis;
mod sql;

use bytes::Bytes;
use http::Response;

pub use command::Command;
pub use redis::{Commands, words};
pub use sql::Query;

use super::{
    Event, Secrets, Who,
    capture::Captures,
    exchange::{Dialogue, Exchange},
    session::Session,
    stage::{PATIENCE, no_answer},
};
use crate::adapters::http::Client;

/// One part of what makes a service ready, and what of its answer is used later.
#[derive(Debug)]
pub struct Setup {
    /// What is done.
    pub action: Action,
    /// What is taken out of the answer.
    pub captures: Captures,
}

/// What is done.
#[derive(Debug)]
pub enum Action {
    /// A request to the service.
    Request(Exchange),
    /// SQL on a database of the service.
    Sql(Query),
    /// Commands for a Redis of the service.
    Redis(Commands),
    /// A program on this machine.
    Command(Command),
}

impl Setup {
    /// `POST /reset`, `sql on postgres`, `commands for redis`, `command ./reset.sh`: what it is called in errors.
    pub fn name(&self) -> String {
        match &self.action {
            Action::Request(exchange) => exchange.request.name.clone(),
            Action::Sql(query) => query.name(),
            Action::Redis(_) => "commands for redis".to_owned(),
            Action::Command(command) => command.name(),
        }
    }

    /// Does it, and keeps what is captured in the event.
    pub async fn run(
        &self,
        client: &Client,
        event: &mut Event,
        session: &mut Session,
        secrets: &Secrets,
    ) -> Result<Dialogue, String> {
        let (answer, shown) = match &self.action {
            Action::Request(exchange) => {
                let made = exchange.make(client, event, Who::NOBODY, session).await?;
                let mask = |text: &str| secrets.mask(&session.hide(text));
                let shown = Dialogue::of(&made.request, &made.answer, mask);
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
                let answer = command.run(&arguments, PATIENCE).await?;
                let shown = self.shown(&[arguments.join(" ")], &answer, secrets);
                (answer, shown)
            }
        };
        self.captures.take(&answer, &mut event.setup)?;
        Ok(shown)
    }

    fn shown(&self, sent: &[String], answer: &Response<Bytes>, secrets: &Secrets) -> Dialogue {
        let text = String::from_utf8_lossy(answer.body());
        let text = Some(secrets.mask(text.trim())).filter(|text| !text.is_empty());
        Dialogue {
            name: secrets.mask(&self.name()),
            sent: sent.iter().map(|line| secrets.mask(line)).collect(),
            answer: "done".to_owned(),
            received: text.into_iter().collect(),
        }
    }
}

/// What came back, as the body of an answer.
fn answer(text: impl Into<Bytes>) -> Response<Bytes> {
    Response::new(text.into())
}

async fn in_time<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let done = tokio::time::timeout(PATIENCE, work).await;
    done.unwrap_or_else(|_| Err(no_answer(PATIENCE)))
}
