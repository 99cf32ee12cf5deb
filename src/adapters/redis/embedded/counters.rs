//! Counters: strings that hold integers. `INCRBYFLOAT` is left out.

use bytes::Bytes;

use super::{
    command::{Context, Kind::Write, Spec, spec},
    number,
    reply::{Outcome, Reply, errors},
    value::Value,
};

pub(super) const COMMANDS: &[Spec] = &[
    spec("incr", 2, Write, incr),
    spec("decr", 2, Write, decr),
    spec("incrby", 3, Write, incrby),
    spec("decrby", 3, Write, decrby),
];

fn incr(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    add(ctx, &args[0], 1)
}

fn decr(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    add(ctx, &args[0], -1)
}

fn incrby(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let by = number::parse_int(&args[1]).ok_or(errors::NOT_INTEGER)?;
    add(ctx, &args[0], by)
}

fn decrby(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let by = number::parse_int(&args[1]).ok_or(errors::NOT_INTEGER)?;
    let by = by
        .checked_neg()
        .ok_or(Reply::error("ERR decrement would overflow"))?;
    add(ctx, &args[0], by)
}

fn add(ctx: &mut Context<'_>, key: &[u8], by: i64) -> Outcome {
    let db = ctx.db();
    let Some(value) = db.get_mut(key) else {
        db.set_value(key, Value::Int(by));
        return Ok(Reply::Int(by));
    };
    let old = match value {
        Value::Int(old) => *old,
        // Left behind by APPEND, which does not look for integers.
        Value::Text(bytes) => number::parse_int(bytes).ok_or(errors::NOT_INTEGER)?,
        Value::Set(_) | Value::SortedSet(_) => return Err(errors::WRONG_TYPE),
    };
    let sum = old
        .checked_add(by)
        .ok_or(Reply::error("ERR increment or decrement would overflow"))?;
    *value = Value::Int(sum);
    Ok(Reply::Int(sum))
}
