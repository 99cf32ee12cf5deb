//! Reading a database's errors: did the step happen, and may it be tried again?

use sqlx::Error;

use crate::{
    ports::{Effect, PortError},
    text::redact,
};

/// The codes with which a database reports a conflict with another transaction.
#[derive(Clone, Copy)]
pub struct Errors {
    /// SQLSTATEs, or SQLite's result codes.
    pub conflicts: &'static [&'static str],
}

impl Errors {
    /// Of a statement that may have changed something.
    pub fn write(self, step: &'static str, error: &Error) -> PortError {
        PortError::new(step, self.effect(error), words(error))
    }

    /// The error of a statement that only reads, so it has changed nothing.
    pub fn read(self, step: &'static str, error: &Error) -> PortError {
        let effect = match self.effect(error) {
            Effect::Unknown => Effect::None,
            known => known,
        };
        PortError::new(step, effect, words(error))
    }

    /// An answer that lacks what it must hold.
    pub fn missing(step: &'static str, what: &'static str) -> PortError {
        PortError::new(step, Effect::None, what)
    }

    fn effect(self, error: &Error) -> Effect {
        match error {
            Error::Database(refusal) => {
                let code = refusal.code().unwrap_or_default();
                if session_ended(&code) {
                    return Effect::Unknown;
                }
                if self.conflicts.contains(&code.as_ref()) || lock_wait_timed_out(refusal.message())
                {
                    Effect::Conflict
                } else {
                    Effect::None
                }
            }
            Error::PoolTimedOut | Error::PoolClosed => Effect::None,
            _ => Effect::Unknown,
        }
    }
}

/// Whether the session goes on after `error`: the server refused a statement, and said so.
pub fn leaves_session(error: &Error) -> bool {
    let refusal = error.as_database_error();
    refusal.is_some_and(|refusal| !session_ended(&refusal.code().unwrap_or_default()))
}

/// The server ended the session (PostgreSQL's `57P01` to `57P05`, MySQL's `70100`) or lost it (class `08`): that can come
/// after a commit.
fn session_ended(code: &str) -> bool {
    code.starts_with("57P0") || code.starts_with("08") || code == "70100"
}

/// MySQL's error 1205, which has no SQLSTATE of its own.
fn lock_wait_timed_out(message: &str) -> bool {
    message.starts_with("Lock wait timeout exceeded")
}

/// What to do where a pooler in front of PostgreSQL is the cause.
fn advice(message: &str) -> &'static str {
    if message.starts_with("unsupported startup parameter") {
        "; a pooler such as PgBouncer refuses it: leave it out of the URL and of PGOPTIONS, or name it in the pooler's \
         ignore_startup_parameters"
    } else if message.starts_with("prepared statement \"")
        && (message.ends_with("already exists") || message.ends_with("does not exist"))
    {
        "; a pooler gives the session away after each transaction: add statement-cache-capacity=0 to the URL, or connect to \
         PostgreSQL itself"
    } else {
        ""
    }
}

/// What to do where there is no TLS, or none that can be trusted.
fn advice_about_tls(message: &str) -> &'static str {
    if message.contains("server does not support TLS") {
        "; write sslmode=disable (MySQL: ssl-mode=DISABLED) in its URL to connect without"
    } else if message.contains("UnknownIssuer") {
        "; name the authority that signed it: --tls-ca FILE"
    } else {
        ""
    }
}

/// The service's words on one line, without secrets.
pub fn words(error: &Error) -> String {
    let text = match error {
        Error::PoolTimedOut => "no connection from the pool in time".to_owned(),
        Error::Database(refusal) => format!("{}{}", refusal.message(), advice(refusal.message())),
        Error::Io(io) => format!("{io}{}", advice_about_tls(&io.to_string())),
        Error::Tls(problem) => {
            let problem = problem.to_string();
            format!("TLS: {problem}{}", advice_about_tls(&problem))
        }
        other => other.to_string(),
    };
    redact::foreign(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}
