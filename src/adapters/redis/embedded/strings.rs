//! String commands. Ranges, bits, `GETEX`, `MSET` and `LCS` are left out.

use std::mem;

use bytes::Bytes;

use super::{
    command::{
        Context,
        Kind::{Read, Write},
        Spec, spec,
    },
    database::Database,
    expiry::{Unit, deadline_argument},
    reply::{Outcome, Reply, errors},
    value::Value,
    wire::MAX_BULK_LEN,
};

pub(super) const COMMANDS: &[Spec] = &[
    spec("get", 2, Read, get),
    spec("set", -3, Write, set),
    spec("setnx", 3, Write, setnx),
    spec("setex", 4, Write, setex),
    spec("psetex", 4, Write, psetex),
    spec("getdel", 2, Write, getdel),
    spec("getset", 3, Write, getset),
    spec("mget", -2, Read, mget),
    spec("append", 3, Write, append),
    spec("strlen", 2, Read, strlen),
];

/// A string value's reply; null for a missing key.
fn read(db: &Database, key: &[u8]) -> Outcome {
    db.get(key).map_or(Ok(Reply::Null), |value| {
        value.with_string(Reply::bulk).ok_or(errors::WRONG_TYPE)
    })
}

fn get(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    read(ctx.db(), &args[0])
}

fn mget(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let db = ctx.db();
    let values = args.iter().map(|key| read(db, key).unwrap_or(Reply::Null));
    Ok(Reply::Array(values.collect()))
}

fn getdel(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let value = read(ctx.db(), &args[0])?;
    ctx.db().remove(&args[0]);
    Ok(value)
}

fn getset(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let old = read(ctx.db(), &args[0])?;
    ctx.db().set(&args[0], Value::string(&args[1]));
    Ok(old)
}

fn strlen(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    ctx.db().get(&args[0]).map_or(Ok(Reply::Int(0)), |value| {
        value
            .with_string(|bytes| Reply::count(bytes.len()))
            .ok_or(errors::WRONG_TYPE)
    })
}

fn append(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let Some(value) = ctx.db().get_mut(&args[0]) else {
        ctx.db().set_value(&args[0], Value::string(&args[1]));
        return Ok(Reply::count(args[1].len()));
    };
    let mut bytes = match value {
        Value::Text(bytes) => mem::take(bytes),
        ref other => other
            .with_string(<[u8]>::to_vec)
            .ok_or(errors::WRONG_TYPE)?,
    };
    let fits = bytes.len() + args[1].len() <= MAX_BULK_LEN;
    if fits {
        bytes.extend_from_slice(&args[1]);
    }
    let len = bytes.len();
    *value = Value::Text(bytes);
    if fits {
        Ok(Reply::count(len))
    } else {
        Err(Reply::error(
            "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
        ))
    }
}

fn setnx(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let absent = !ctx.db().contains(&args[0]);
    if absent {
        ctx.db().set(&args[0], Value::string(&args[1]));
    }
    Ok(Reply::flag(absent))
}

fn setex(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    set_until(ctx, args, Unit::Seconds, "setex")
}

fn psetex(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    set_until(ctx, args, Unit::Millis, "psetex")
}

fn set_until(ctx: &mut Context<'_>, args: &[Bytes], unit: Unit, name: &str) -> Outcome {
    let at = deadline_argument(&args[1], unit, Some(ctx.now_millis()), name)?;
    ctx.db().set(&args[0], Value::string(&args[2]));
    ctx.db().set_deadline(&args[0], at);
    Ok(Reply::OK)
}

/// Options of `SET`.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent options of a command"
)]
struct SetOptions<'a> {
    if_absent: bool,
    if_present: bool,
    get: bool,
    keep_ttl: bool,
    /// The time argument, its unit and whether it counts from now.
    expiry: Option<(&'a Bytes, Unit, bool)>,
}

impl<'a> SetOptions<'a> {
    fn parse(args: &'a [Bytes]) -> Result<Self, Reply> {
        let mut options = Self::default();
        let mut args = args.iter();
        while let Some(option) = args.next() {
            let is = |name: &str| option.eq_ignore_ascii_case(name.as_bytes());
            if is("nx") && !options.if_present {
                options.if_absent = true;
            } else if is("xx") && !options.if_absent {
                options.if_present = true;
            } else if is("get") {
                options.get = true;
            } else if is("keepttl") && options.expiry.is_none() {
                options.keep_ttl = true;
            } else {
                let (unit, relative) = time_option(option).ok_or(errors::SYNTAX)?;
                if options.keep_ttl || options.expiry.is_some() {
                    return Err(errors::SYNTAX);
                }
                let time = args.next().ok_or(errors::SYNTAX)?;
                options.expiry = Some((time, unit, relative));
            }
        }
        Ok(options)
    }
}

fn time_option(option: &[u8]) -> Option<(Unit, bool)> {
    [
        ("ex", Unit::Seconds, true),
        ("px", Unit::Millis, true),
        ("exat", Unit::Seconds, false),
        ("pxat", Unit::Millis, false),
    ]
    .into_iter()
    .find(|(name, ..)| option.eq_ignore_ascii_case(name.as_bytes()))
    .map(|(_, unit, relative)| (unit, relative))
}

fn set(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let options = SetOptions::parse(&args[2..])?;
    let now = ctx.now_millis();
    let deadline = options
        .expiry
        .map(|(time, unit, relative)| deadline_argument(time, unit, relative.then_some(now), "set"))
        .transpose()?;
    let db = ctx.db();
    let old = options.get.then(|| read(db, &args[0])).transpose()?;
    let conditional = options.if_absent || options.if_present;
    if conditional && db.contains(&args[0]) != options.if_present {
        return Ok(old.unwrap_or(Reply::Null));
    }
    let value = Value::string(&args[1]);
    if options.keep_ttl {
        db.set_value(&args[0], value);
    } else {
        db.set(&args[0], value);
    }
    if let Some(at) = deadline {
        db.set_deadline(&args[0], at);
    }
    Ok(old.unwrap_or(Reply::OK))
}
