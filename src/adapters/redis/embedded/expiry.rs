//! Commands on keys' times to live.

use bytes::Bytes;

use super::{
    command::{
        Context,
        Kind::{Read, Write},
        Spec, spec,
    },
    number,
    reply::{Outcome, Reply, errors},
};

pub(super) const COMMANDS: &[Spec] = &[
    spec("expire", -3, Write, expire),
    spec("pexpire", -3, Write, pexpire),
    spec("expireat", -3, Write, expireat),
    spec("pexpireat", -3, Write, pexpireat),
    spec("ttl", 2, Read, ttl),
    spec("pttl", 2, Read, pttl),
    spec("expiretime", 2, Read, expiretime),
    spec("pexpiretime", 2, Read, pexpiretime),
    spec("persist", 2, Write, persist),
];

/// Unit of a time argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Millis,
}

fn invalid(command: &str) -> Reply {
    Reply::error_owned(format!("ERR invalid expire time in '{command}' command"))
}

/// A time argument as milliseconds since the epoch; `since` is what a relative one counts from.
fn absolute(text: &[u8], unit: Unit, since: Option<u64>, command: &str) -> Result<i64, Reply> {
    let time = number::parse_int(text).ok_or(errors::NOT_INTEGER)?;
    let factor = if unit == Unit::Seconds { 1_000 } else { 1 };
    let since = i64::try_from(since.unwrap_or_default()).unwrap_or(i64::MAX);
    time.checked_mul(factor)
        .and_then(|time| time.checked_add(since))
        .ok_or_else(|| invalid(command))
}

/// The deadline of a `SET`-like command, which must be positive as given.
pub(super) fn deadline_argument(
    text: &[u8],
    unit: Unit,
    since: Option<u64>,
    command: &str,
) -> Result<u64, Reply> {
    let at = absolute(text, unit, since, command)?;
    // The argument's sign, not the sum's: Redis refuses times in the past only when relative.
    if text.starts_with(b"-") || text == b"0" {
        return Err(invalid(command));
    }
    u64::try_from(at).map_err(|_| invalid(command))
}

/// Condition under which a deadline is replaced.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent options of a command"
)]
struct Condition {
    if_none: bool,
    if_any: bool,
    if_later: bool,
    if_earlier: bool,
}

impl Condition {
    fn parse(args: &[Bytes]) -> Result<Self, Reply> {
        let mut condition = Self::default();
        for arg in args {
            match arg.to_ascii_lowercase().as_slice() {
                b"nx" => condition.if_none = true,
                b"xx" => condition.if_any = true,
                b"gt" => condition.if_later = true,
                b"lt" => condition.if_earlier = true,
                _ => return Err(unsupported(arg)),
            }
        }
        if condition.if_none && (condition.if_any || condition.if_later || condition.if_earlier) {
            return Err(Reply::error(
                "ERR NX and XX, GT or LT options at the same time are not compatible",
            ));
        }
        if condition.if_later && condition.if_earlier {
            return Err(Reply::error(
                "ERR GT and LT options at the same time are not compatible",
            ));
        }
        Ok(condition)
    }

    /// A key without a deadline counts as one that lives forever.
    fn admits(&self, current: Option<u64>, at: i64) -> bool {
        let current = current.map(|at| i64::try_from(at).unwrap_or(i64::MAX));
        !(self.if_none && current.is_some()
            || self.if_any && current.is_none()
            || self.if_later && current.is_none_or(|current| at <= current)
            || self.if_earlier && current.is_some_and(|current| at >= current))
    }
}

fn unsupported(option: &[u8]) -> Reply {
    let shown = option.split(|&b| b == 0).next().unwrap_or_default();
    let mut text = b"ERR Unsupported option ".to_vec();
    text.extend_from_slice(shown);
    while text.last().is_some_and(|b| matches!(b, b'\r' | b'\n')) {
        text.pop();
    }
    for byte in &mut text {
        if matches!(byte, b'\r' | b'\n') {
            *byte = b' ';
        }
    }
    Reply::Error(text.into())
}

fn expire(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let since = Some(ctx.now_millis());
    expire_at(ctx, args, Unit::Seconds, since, "expire")
}

fn pexpire(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let since = Some(ctx.now_millis());
    expire_at(ctx, args, Unit::Millis, since, "pexpire")
}

fn expireat(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    expire_at(ctx, args, Unit::Seconds, None, "expireat")
}

fn pexpireat(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    expire_at(ctx, args, Unit::Millis, None, "pexpireat")
}

fn expire_at(
    ctx: &mut Context<'_>,
    args: &[Bytes],
    unit: Unit,
    since: Option<u64>,
    command: &str,
) -> Outcome {
    let condition = Condition::parse(&args[2..])?;
    let at = absolute(&args[1], unit, since, command)?;
    let now = ctx.now_millis();
    let db = ctx.db();
    let key = &args[0];
    if !db.contains(key) || !condition.admits(db.deadline(key), at) {
        return Ok(Reply::Int(0));
    }
    match u64::try_from(at) {
        Ok(at) if at > now => db.set_deadline(key, at),
        _ => {
            db.remove(key);
        }
    }
    Ok(Reply::Int(1))
}

fn persist(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    Ok(Reply::flag(ctx.db().persist(&args[0])))
}

/// Answers -2 without the key, -1 without a deadline, else what `read` makes of the deadline.
fn deadline_reply(ctx: &mut Context<'_>, key: &[u8], read: impl FnOnce(u64) -> u64) -> Outcome {
    let db = ctx.db();
    if !db.contains(key) {
        return Ok(Reply::Int(-2));
    }
    let time = db.deadline(key).map(read);
    Ok(Reply::Int(time.map_or(-1, |time| {
        i64::try_from(time).unwrap_or(i64::MAX)
    })))
}

const fn rounded_seconds(millis: u64) -> u64 {
    millis.saturating_add(500) / 1_000
}

fn ttl(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let now = ctx.now_millis();
    deadline_reply(ctx, &args[0], |at| rounded_seconds(at.saturating_sub(now)))
}

fn pttl(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let now = ctx.now_millis();
    deadline_reply(ctx, &args[0], |at| at.saturating_sub(now))
}

fn expiretime(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    deadline_reply(ctx, &args[0], rounded_seconds)
}

fn pexpiretime(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    deadline_reply(ctx, &args[0], |at| at)
}
