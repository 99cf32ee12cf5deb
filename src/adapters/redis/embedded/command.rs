//! The command table: finds a command, checks its arity and runs it.

use std::{sync::LazyLock, time::Duration};

use bytes::Bytes;
use rustc_hash::FxHashMap;

use super::{
    connection_commands, counters,
    database::Database,
    expiry, keys,
    keyspace::{Keyspace, millis},
    reply::{Outcome, Reply},
    scripts, server_commands,
    session::{Access, Session},
    sets, strings, zrange, zsets,
};

/// What a handler works with.
pub(super) struct Context<'a> {
    pub(super) keyspace: &'a mut Keyspace,
    pub(super) session: &'a mut Session,
    pub(super) now: Duration,
}

impl Context<'_> {
    pub(super) fn db(&mut self) -> &mut Database {
        &mut self.keyspace.databases[self.session.database]
    }

    pub(super) fn now_millis(&self) -> u64 {
        millis(self.now)
    }
}

type Handler = fn(&mut Context<'_>, &[Bytes]) -> Outcome;

/// What a command does, as far as scripts and `COMMAND` care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    Write,
    /// Touches no data.
    Admin,
    /// Refused inside scripts.
    NoScript,
}

/// One command. `arity` counts the name; negative means "at least".
pub(super) struct Spec {
    pub(super) name: &'static str,
    pub(super) arity: i64,
    pub(super) kind: Kind,
    pub(super) run: Handler,
}

/// Shorthand for the tables of the families.
pub(super) const fn spec(name: &'static str, arity: i64, kind: Kind, run: Handler) -> Spec {
    Spec {
        name,
        arity,
        kind,
        run,
    }
}

/// No command name is longer; longer input cannot be one.
const MAX_NAME: usize = 16;

static TABLE: LazyLock<FxHashMap<&'static [u8], &'static Spec>> =
    LazyLock::new(|| all().map(|spec| (spec.name.as_bytes(), spec)).collect());

/// All commands, family by family.
pub(super) fn all() -> impl Iterator<Item = &'static Spec> {
    [
        strings::COMMANDS,
        counters::COMMANDS,
        sets::COMMANDS,
        zsets::COMMANDS,
        zrange::COMMANDS,
        keys::COMMANDS,
        expiry::COMMANDS,
        server_commands::COMMANDS,
        connection_commands::COMMANDS,
        scripts::COMMANDS,
    ]
    .into_iter()
    .flatten()
}

/// Finds a command by name in any letter case, without allocating.
pub(super) fn find(name: &[u8]) -> Option<&'static Spec> {
    let mut lower = [0; MAX_NAME];
    let lower = lower.get_mut(..name.len())?;
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    TABLE.get(&*lower).copied()
}

impl Spec {
    pub(super) fn accepts(&self, words: usize) -> bool {
        let words = i64::try_from(words).unwrap_or(i64::MAX);
        if self.arity < 0 {
            words >= -self.arity
        } else {
            words == self.arity
        }
    }
}

/// Runs a command whose first word is its name.
/// What a client may say before it has given the password.
const WITHOUT_PASSWORD: [&str; 4] = ["auth", "hello", "quit", "reset"];

pub(super) fn execute(mut context: Context<'_>, words: &[Bytes]) -> Reply {
    let Some((name, args)) = words.split_first() else {
        return Reply::error("ERR empty command");
    };
    let Some(spec) = find(name) else {
        return if context.session.scripted.is_some() {
            Reply::error("ERR Unknown Redis command called from script")
        } else {
            unknown(name, args)
        };
    };
    if let Some(refusal) = refusal(spec, words.len(), context.session.scripted) {
        return refusal;
    }
    if context.session.locked && !WITHOUT_PASSWORD.contains(&spec.name) {
        return Reply::error("NOAUTH Authentication required.");
    }
    match (spec.run)(&mut context, args) {
        Ok(reply) | Err(reply) => reply,
    }
}

fn refusal(spec: &Spec, words: usize, scripted: Option<Access>) -> Option<Reply> {
    let accepted = spec.accepts(words);
    match scripted {
        None => (!accepted).then(|| wrong_arity(spec.name)),
        Some(_) if !accepted => Some(Reply::error(
            "ERR Wrong number of args calling Redis command from script",
        )),
        Some(_) if spec.kind == Kind::NoScript => Some(Reply::error(
            "ERR This Redis command is not allowed from script",
        )),
        Some(Access::ReadOnly) if spec.kind == Kind::Write => Some(Reply::error(
            "ERR Write commands are not allowed from read-only scripts.",
        )),
        Some(_) => None,
    }
}

/// The arity error of a command or of a `container|subcommand`.
pub(super) fn wrong_arity(name: &str) -> Reply {
    Reply::error_owned(format!(
        "ERR wrong number of arguments for '{name}' command"
    ))
}

/// The error of a container command for a subcommand it does not know.
pub(super) fn unknown_subcommand(container: &str, subcommand: &[u8]) -> Reply {
    let mut text = b"ERR unknown subcommand '".to_vec();
    push_quoted(&mut text, &subcommand[..subcommand.len().min(128)]);
    text.extend_from_slice(format!("'. Try {container} HELP.").as_bytes());
    Reply::Error(text.into())
}

fn unknown(name: &[u8], args: &[Bytes]) -> Reply {
    const LIMIT: usize = 128;
    let mut quoted = Vec::new();
    for arg in args {
        if quoted.len() >= LIMIT {
            break;
        }
        quoted.push(b'\'');
        let room = LIMIT + 1 - quoted.len();
        push_quoted(&mut quoted, &arg[..arg.len().min(room)]);
        quoted.extend_from_slice(b"' ");
    }
    let mut text = b"ERR unknown command '".to_vec();
    push_quoted(&mut text, &name[..name.len().min(LIMIT)]);
    text.extend_from_slice(b"', with args beginning with: ");
    text.extend_from_slice(&quoted);
    Reply::Error(text.into())
}

/// A line break would end the error early, and Redis prints only as far as a NUL.
fn push_quoted(text: &mut Vec<u8>, bytes: &[u8]) {
    let shown = bytes.split(|&b| b == 0).next().unwrap_or_default();
    text.extend(
        shown
            .iter()
            .map(|&b| if matches!(b, b'\r' | b'\n') { b' ' } else { b }),
    );
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_fit_the_buffer() {
        for spec in all() {
            assert!(spec.name.len() <= MAX_NAME, "{}", spec.name);
            let found = find(spec.name.to_ascii_uppercase().as_bytes()).unwrap();
            assert_eq!(found.name, spec.name);
        }
        assert!(find(b"").is_none());
        assert!(find(&[b'a'; 1_000]).is_none());
    }
}
