//! Sorted set commands other than ranges. Combining sorted sets and popping are left out.

use std::cmp::Ordering;

use bytes::Bytes;

use super::{
    command::{
        Context,
        Kind::{Read, Write},
        Spec, spec,
    },
    number,
    reply::{Outcome, Reply, errors},
    value::Value,
    zset::SortedSet,
};

pub(super) const COMMANDS: &[Spec] = &[
    spec("zadd", -4, Write, zadd),
    spec("zincrby", 4, Write, zincrby),
    spec("zrem", -3, Write, zrem),
    spec("zscore", 3, Read, zscore),
    spec("zrank", 3, Read, zrank),
    spec("zrevrank", 3, Read, zrevrank),
    spec("zcard", 2, Read, zcard),
];

/// Options of `ZADD`.
#[derive(Clone, Copy, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent options of a command"
)]
struct AddOptions {
    if_absent: bool,
    if_present: bool,
    if_greater: bool,
    if_less: bool,
    count_changed: bool,
    increment: bool,
}

impl AddOptions {
    /// The options and how many arguments they take; the first other argument is a score.
    fn parse(args: &[Bytes]) -> (Self, usize) {
        let mut options = Self::default();
        for (index, arg) in args.iter().enumerate() {
            let flag = match arg.to_ascii_lowercase().as_slice() {
                b"nx" => &mut options.if_absent,
                b"xx" => &mut options.if_present,
                b"gt" => &mut options.if_greater,
                b"lt" => &mut options.if_less,
                b"ch" => &mut options.count_changed,
                b"incr" => &mut options.increment,
                _ => return (options, index),
            };
            *flag = true;
        }
        (options, args.len())
    }

    fn check(self, elements: usize) -> Result<(), Reply> {
        if elements == 0 || !elements.is_multiple_of(2) {
            return Err(errors::SYNTAX);
        }
        if self.if_absent && self.if_present {
            return Err(Reply::error(
                "ERR XX and NX options at the same time are not compatible",
            ));
        }
        let exclusive = [self.if_absent, self.if_greater, self.if_less];
        if exclusive.into_iter().filter(|&set| set).count() > 1 {
            return Err(Reply::error(
                "ERR GT, LT, and/or NX options at the same time are not compatible",
            ));
        }
        if self.increment && elements > 2 {
            return Err(Reply::error(
                "ERR INCR option supports a single increment-element pair",
            ));
        }
        Ok(())
    }
}

/// What adding one member did.
enum Added {
    Nothing,
    New(f64),
    /// The score now, and whether it differs from before.
    Known(f64, bool),
}

fn zadd(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let (options, taken) = AddOptions::parse(&args[1..]);
    let pairs = &args[1 + taken..];
    options.check(pairs.len())?;
    add(ctx, &args[0], options, pairs)
}

fn zincrby(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let options = AddOptions {
        increment: true,
        ..AddOptions::default()
    };
    add(ctx, &args[0], options, &args[1..])
}

fn add(ctx: &mut Context<'_>, key: &[u8], options: AddOptions, pairs: &[Bytes]) -> Outcome {
    // All scores are checked before anything changes.
    let scores: Option<Vec<f64>> = pairs
        .iter()
        .step_by(2)
        .map(|score| number::parse_double(score))
        .collect();
    let scores = scores.ok_or(errors::NOT_FLOAT)?;
    let members = pairs.iter().skip(1).step_by(2);
    let elements = scores.into_iter().zip(members);
    let db = ctx.db();
    if let Some(set) = db.sorted_of_mut(key)? {
        return add_all(set, options, elements);
    }
    if options.if_present {
        return Ok(if options.increment {
            Reply::Null
        } else {
            Reply::Int(0)
        });
    }
    let mut set = Box::<SortedSet>::default();
    let reply = add_all(&mut set, options, elements);
    if !set.is_empty() {
        db.set_value(key, Value::SortedSet(set));
    }
    reply
}

fn add_all<'a>(
    set: &mut SortedSet,
    options: AddOptions,
    elements: impl Iterator<Item = (f64, &'a Bytes)>,
) -> Outcome {
    let mut count = 0;
    let mut latest = Reply::Null;
    for (score, member) in elements {
        match add_one(set, options, score, member)? {
            Added::Nothing => {}
            Added::New(score) => {
                count += 1;
                latest = Reply::Double(score);
            }
            Added::Known(score, changed) => {
                count += usize::from(changed && options.count_changed);
                latest = Reply::Double(score);
            }
        }
    }
    Ok(if options.increment {
        latest
    } else {
        Reply::count(count)
    })
}

fn add_one(
    set: &mut SortedSet,
    options: AddOptions,
    score: f64,
    member: &[u8],
) -> Result<Added, Reply> {
    let Some(old) = set.score(member) else {
        if options.if_present {
            return Ok(Added::Nothing);
        }
        set.insert(member, score);
        return Ok(Added::New(score));
    };
    if options.if_absent {
        return Ok(Added::Nothing);
    }
    let score = if options.increment {
        old + score
    } else {
        score
    };
    if score.is_nan() {
        return Err(Reply::error("ERR resulting score is not a number (NaN)"));
    }
    if (options.if_less && score >= old) || (options.if_greater && score <= old) {
        return Ok(Added::Nothing);
    }
    let changed = score.partial_cmp(&old) != Some(Ordering::Equal);
    if changed {
        set.insert(member, score);
    }
    Ok(Added::Known(score, changed))
}

fn zrem(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let db = ctx.db();
    let Some(set) = db.sorted_of_mut(&args[0])? else {
        return Ok(Reply::Int(0));
    };
    let removed = args[1..].iter().filter(|member| set.remove(member)).count();
    if set.is_empty() {
        db.remove(&args[0]);
    }
    Ok(Reply::count(removed))
}

fn zscore(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let set = ctx.db().sorted_of(&args[0])?;
    let score = set.and_then(|set| set.score(&args[1]));
    Ok(score.map_or(Reply::Null, Reply::Double))
}

fn zrank(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let set = ctx.db().sorted_of(&args[0])?;
    let rank = set.and_then(|set| set.rank(&args[1]));
    Ok(rank.map_or(Reply::Null, Reply::count))
}

fn zrevrank(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let set = ctx.db().sorted_of(&args[0])?;
    let rank = set.and_then(|set| Some(set.len() - 1 - set.rank(&args[1])?));
    Ok(rank.map_or(Reply::Null, Reply::count))
}

fn zcard(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let set = ctx.db().sorted_of(&args[0])?;
    Ok(Reply::count(set.map_or(0, SortedSet::len)))
}
