//! Classifies the errors of a database: whether the step took effect, and whether it can be repeated.

use sqlx::Error;

use crate::{
    ports::{Effect, PortError},
    text::redact,
};

/// The codes with which a database reports a conflict with another transaction.
#[derive(Clone, Copy)]
pub struct Errors {
    /// SQLSTATEs, or result codes of SQLite.
    pub conflicts: &'static [&'static str],
}

impl Errors {
    /// The error of a statement that may have changed rows.
    pub fn write(self, step: &'static str, error: &Error) -> PortError {
        PortError::new(step, self.effect(error), words(error))
    }

    /// The error of a statement that only reads, so it has changed no row.
    pub fn read(self, step: &'static str, error: &Error) -> PortError {
        let effect = match self.effect(error) {
            Effect::Unknown => Effect::None,
            known => known,
        };
        PortError::new(step, effect, words(error))
    }

    /// The error of a result without a required value.
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

/// Whether the session can be used after `error`: the server refused one statement.
pub fn leaves_session(error: &Error) -> bool {
    let refusal = error.as_database_error();
    refusal.is_some_and(|refusal| !session_ended(&refusal.code().unwrap_or_default()))
}

/// The server ended the session (PostgreSQL's `57P01` to `57P05`, MySQL's `70100`) or lost it (class `08`): this can
/// happen after a commit.
fn session_ended(code: &str) -> bool {
    code.starts_with("57P0") || code.starts_with("08") || code == "70100"
}

/// Error 1205 of MySQL, which has only a general SQLSTATE.
fn lock_wait_timed_out(message: &str) -> bool {
    message.starts_with("Lock wait timeout exceeded")
}

/// The advice for an error that a pooler in front of PostgreSQL causes.
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

/// The advice for a server without TLS, or with a certificate that is not trusted.
fn advice_about_tls(message: &str) -> &'static str {
    if message.contains("server does not support TLS") {
        "; write sslmode=disable (MySQL: ssl-mode=DISABLED) in its URL to connect without"
    } else if message.contains("UnknownIssuer") {
        "; name the authority that signed it: --tls-ca FILE"
    } else {
        ""
    }
}

/// The message of the database on one line, without secrets.
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
