//! Commands on keys of any type. `RENAME`, `COPY`, `OBJECT`, `DUMP` and the like are left out.

use bytes::Bytes;

use super::{
    command::{
        Context,
        Kind::{Read, Write},
        Spec, spec,
    },
    database::Database,
    glob, number,
    reply::{Outcome, Reply, errors},
    value::Value,
};

pub(super) const COMMANDS: &[Spec] = &[
    spec("del", -2, Write, del),
    spec("unlink", -2, Write, del),
    spec("exists", -2, Read, exists),
    spec("type", 2, Read, type_of),
    spec("keys", 2, Read, keys),
    spec("scan", -2, Read, scan),
    spec("dbsize", 1, Read, dbsize),
    spec("flushdb", -1, Write, flushdb),
    spec("flushall", -1, Write, flushall),
];

fn del(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let db = ctx.db();
    Ok(Reply::count(
        args.iter().filter(|key| db.remove(key)).count(),
    ))
}

fn exists(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let db = ctx.db();
    Ok(Reply::count(
        args.iter().filter(|key| db.contains(key)).count(),
    ))
}

fn type_of(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let value = ctx.db().get(&args[0]);
    Ok(Reply::status(value.map_or("none", Value::type_name)))
}

fn keys(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let found = ctx
        .db()
        .keys()
        .filter(|(key, _)| glob::matches(&args[0], key))
        .map(|(key, _)| Reply::bulk(key));
    Ok(Reply::Array(found.collect()))
}

fn dbsize(ctx: &mut Context<'_>, _: &[Bytes]) -> Outcome {
    Ok(Reply::count(ctx.db().len()))
}

/// `ASYNC` and `SYNC` are accepted and mean the same.
pub(super) fn check_flush_mode(args: &[Bytes]) -> Result<(), Reply> {
    match args {
        [] => Ok(()),
        [mode] if mode.eq_ignore_ascii_case(b"async") || mode.eq_ignore_ascii_case(b"sync") => {
            Ok(())
        }
        _ => Err(errors::SYNTAX),
    }
}

fn flushdb(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    check_flush_mode(args)?;
    *ctx.db() = Database::default();
    Ok(Reply::OK)
}

fn flushall(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    check_flush_mode(args)?;
    ctx.keyspace.databases.fill(Database::default());
    Ok(Reply::OK)
}

/// Options of `SCAN`.
struct ScanOptions<'a> {
    pattern: Option<&'a Bytes>,
    type_name: Option<&'a Bytes>,
    count: usize,
}

impl<'a> ScanOptions<'a> {
    fn parse(args: &'a [Bytes]) -> Result<Self, Reply> {
        let mut options = Self {
            pattern: None,
            type_name: None,
            count: 10,
        };
        for option in args.chunks(2) {
            let [name, value] = option else {
                return Err(errors::SYNTAX);
            };
            match name.to_ascii_lowercase().as_slice() {
                b"match" => options.pattern = Some(value),
                b"type" => options.type_name = Some(value),
                b"count" => {
                    let count = number::parse_int(value).ok_or(errors::NOT_INTEGER)?;
                    options.count = usize::try_from(count).unwrap_or_default();
                    if options.count == 0 {
                        return Err(errors::SYNTAX);
                    }
                }
                _ => return Err(errors::SYNTAX),
            }
        }
        Ok(options)
    }

    fn admits(&self, key: &[u8], value: &Value) -> bool {
        self.pattern.is_none_or(|p| glob::matches(p, key))
            && self
                .type_name
                .is_none_or(|t| t.eq_ignore_ascii_case(value.type_name().as_bytes()))
    }
}

/// Walks the insertion order from its end. A removed key's place is taken by the last one, which the walk
/// has passed already, so no key that stays throughout is missed; and the cursor is the place reached.
fn scan(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let cursor: Option<usize> = std::str::from_utf8(&args[0])
        .ok()
        .and_then(|text| text.parse().ok());
    let cursor = cursor.ok_or(Reply::error("ERR invalid cursor"))?;
    let options = ScanOptions::parse(&args[1..])?;
    let db = ctx.db();
    let end = if cursor == 0 {
        db.len()
    } else {
        cursor.min(db.len())
    };
    let start = end.saturating_sub(options.count);
    let found = (start..end)
        .rev()
        .filter_map(|index| db.key_at(index))
        .filter(|(key, value)| options.admits(key, value))
        .map(|(key, _)| Reply::bulk(key))
        .collect();
    let next = Reply::bulk(start.to_string().as_bytes());
    Ok(Reply::Array(vec![next, Reply::Array(found)]))
}
