//! The result of a command, and whether the server may have executed the command.

use redis::{ErrorKind, RedisError, ServerErrorKind, Value};

use super::client::words;
use crate::ports::Effect;

/// The reply of the server, or the reason why there is no reply.
pub type Answer = Result<Value, Failure>;

/// A command without a result.
#[derive(Debug, Clone)]
pub enum Failure {
    /// The command was not sent.
    Unsent(String),
    /// The command was sent, and the connection was lost before the reply.
    Unanswered(String),
    /// The server refused the command and did not execute it.
    Refused(RedisError),
}

impl Failure {
    /// The sender of the command has stopped.
    pub fn given_up() -> Self {
        Self::Unanswered("the connection was given up".to_owned())
    }

    /// The error of a connection that was lost before a byte was sent.
    pub fn unsent(error: &RedisError) -> Self {
        Self::Unsent(format!("not sent: {}", words(error)))
    }

    /// The error of a connection that was lost after a byte was sent.
    pub fn unanswered(error: &RedisError) -> Self {
        Self::Unanswered(format!("sent, and not answered: {}", words(error)))
    }

    /// Whether the server may have executed the command.
    pub fn effect(&self) -> Effect {
        match self {
            Self::Unsent(_) | Self::Refused(_) => Effect::None,
            Self::Unanswered(_) => Effect::Unknown,
        }
    }

    /// The message for the user.
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

/// Where a command is sent again.
pub enum Next {
    /// It is not sent again.
    Done(Answer),
    /// To the current master. This server refused the command because it is not the master, and did not execute it.
    Again(Failure),
    /// To the node that takes over the slot, for this command only.
    Ask { host: String, port: u16 },
}

/// Reads a reply.
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
