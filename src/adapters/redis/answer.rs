//! What becomes of a command, and whether the server may have carried it out.

use redis::{ErrorKind, RedisError, ServerErrorKind, Value};

use super::client::words;
use crate::ports::Effect;

/// What the server said, or why that is not known.
pub type Answer = Result<Value, Failure>;

/// A command without a result.
#[derive(Debug, Clone)]
pub enum Failure {
    /// It has not left: the server has not seen it.
    Unsent(String),
    /// It has left, and the connection was lost before an answer came.
    Unanswered(String),
    /// The server refused it: nothing happened.
    Refused(RedisError),
}

impl Failure {
    /// The sender of the command has stopped.
    pub fn given_up() -> Self {
        Self::Unanswered("the connection was given up".to_owned())
    }

    /// Of a connection that was lost before any byte had left.
    pub fn unsent(error: &RedisError) -> Self {
        Self::Unsent(format!("not sent: {}", words(error)))
    }

    /// Of a connection that was lost afterwards.
    pub fn unanswered(error: &RedisError) -> Self {
        Self::Unanswered(format!("sent, and not answered: {}", words(error)))
    }

    /// Whether it may have taken effect.
    pub fn effect(&self) -> Effect {
        match self {
            Self::Unsent(_) | Self::Refused(_) => Effect::None,
            Self::Unanswered(_) => Effect::Unknown,
        }
    }

    /// For people.
    pub fn words(&self) -> String {
        match self {
            Self::Unsent(why) | Self::Unanswered(why) => why.clone(),
            Self::Refused(error) => words(error),
        }
    }

    /// Whether the server does not know the script.
    pub fn is_unknown_script(&self) -> bool {
        match self {
            Self::Refused(error) => error.kind() == ErrorKind::Server(ServerErrorKind::NoScript),
            _ => false,
        }
    }
}

/// Where a command goes on.
pub enum Next {
    /// Nowhere.
    Done(Answer),
    /// To whichever server takes writes now: this one has refused for not being that. It was not carried out.
    Again(Failure),
    /// To a node that is taking over the slot, just this once.
    Ask { host: String, port: u16 },
}

/// Reads an answer.
pub fn next(value: Value) -> Next {
    let error = match value.extract_error() {
        Ok(value) => return Next::Done(Ok(value)),
        Err(error) => error,
    };
    match error.kind() {
        ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::ReadOnly) => {
            Next::Again(Failure::Refused(error))
        }
        ErrorKind::Server(ServerErrorKind::Ask) => match target(&error) {
            Some((host, port)) => Next::Ask { host, port },
            None => Next::Done(Err(Failure::Refused(error))),
        },
        _ => Next::Done(Err(Failure::Refused(error))),
    }
}

fn target(error: &RedisError) -> Option<(String, u16)> {
    let (address, _) = error.redirect_node()?;
    let (host, port) = address.rsplit_once(':')?;
    Some((host.to_owned(), port.parse().ok()?))
}
