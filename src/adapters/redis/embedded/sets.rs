//! Set commands. Combining sets, random members and `SSCAN` are left out.

use bytes::Bytes;

use super::{
    command::{
        Context,
        Kind::{Read, Write},
        Spec, spec,
    },
    reply::{Outcome, Reply},
    set::Set,
    value::Value,
};

pub(super) const COMMANDS: &[Spec] = &[
    spec("sadd", -3, Write, sadd),
    spec("srem", -3, Write, srem),
    spec("sismember", 3, Read, sismember),
    spec("smismember", -3, Read, smismember),
    spec("scard", 2, Read, scard),
    spec("smembers", 2, Read, smembers),
];

fn sadd(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let db = ctx.db();
    if let Some(set) = db.set_of_mut(&args[0])? {
        return Ok(add_all(set, &args[1..]));
    }
    let mut set = Box::<Set>::default();
    let added = add_all(&mut set, &args[1..]);
    db.set_value(&args[0], Value::Set(set));
    Ok(added)
}

fn add_all(set: &mut Set, members: &[Bytes]) -> Reply {
    Reply::count(members.iter().filter(|member| set.insert(member)).count())
}

fn srem(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let db = ctx.db();
    let Some(set) = db.set_of_mut(&args[0])? else {
        return Ok(Reply::Int(0));
    };
    let removed = args[1..].iter().filter(|member| set.remove(member)).count();
    if set.is_empty() {
        db.remove(&args[0]);
    }
    Ok(Reply::count(removed))
}

fn sismember(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let set = ctx.db().set_of(&args[0])?;
    Ok(Reply::flag(set.is_some_and(|set| set.contains(&args[1]))))
}

fn smismember(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let set = ctx.db().set_of(&args[0])?;
    let found = args[1..]
        .iter()
        .map(|member| Reply::flag(set.is_some_and(|set| set.contains(member))));
    Ok(Reply::Array(found.collect()))
}

fn scard(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let set = ctx.db().set_of(&args[0])?;
    Ok(Reply::count(set.map_or(0, Set::len)))
}

fn smembers(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let mut members = Vec::new();
    if let Some(set) = ctx.db().set_of(&args[0])? {
        members.reserve(set.len());
        set.for_each(|member| members.push(Reply::bulk(member)));
    }
    Ok(Reply::Set(members))
}
