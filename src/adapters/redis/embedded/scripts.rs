//! Script commands: `EVAL` and its kin, and the script cache. Functions (`FCALL`) and `SCRIPT KILL` are
//! left out.

use bytes::Bytes;
use sha1::{Digest, Sha1};

use super::{
    command::{self, Context, Kind::NoScript, Spec, spec},
    interpreter,
    keys::check_flush_mode,
    number,
    reply::{Outcome, Reply, errors},
    session::Access,
};

pub(super) const COMMANDS: &[Spec] = &[
    spec("eval", -3, NoScript, eval),
    spec("eval_ro", -3, NoScript, eval_ro),
    spec("evalsha", -3, NoScript, evalsha),
    spec("evalsha_ro", -3, NoScript, evalsha_ro),
    spec("script", -2, NoScript, script),
];

const UNKNOWN_SCRIPT: Reply = Reply::error("NOSCRIPT No matching script. Please use EVAL.");

/// Lower-case hexadecimal SHA-1, a script's name.
pub(super) fn sha1_hex(data: &[u8]) -> Bytes {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    Sha1::digest(data)
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| DIGITS[usize::from(digit)])
        .collect()
}

fn eval(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    eval_source(ctx, args, Access::ReadWrite)
}

fn eval_ro(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    eval_source(ctx, args, Access::ReadOnly)
}

fn eval_source(ctx: &mut Context<'_>, args: &[Bytes], access: Access) -> Outcome {
    let (keys, rest) = keys_and_args(args)?;
    let sha = store(ctx, &args[0])?;
    interpreter::run(ctx, &sha, keys, rest, access)
}

fn evalsha(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    eval_stored(ctx, args, Access::ReadWrite)
}

fn evalsha_ro(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    eval_stored(ctx, args, Access::ReadOnly)
}

fn eval_stored(ctx: &mut Context<'_>, args: &[Bytes], access: Access) -> Outcome {
    if args[0].len() != 40 {
        return Err(UNKNOWN_SCRIPT);
    }
    let (keys, rest) = keys_and_args(args)?;
    let sha = args[0].to_ascii_lowercase();
    let Some((sha, _)) = ctx.keyspace.scripts.get_key_value(sha.as_slice()) else {
        return Err(UNKNOWN_SCRIPT);
    };
    let sha = sha.clone();
    interpreter::run(ctx, &sha, keys, rest, access)
}

/// Splits what follows the script into keys and other arguments.
fn keys_and_args(args: &[Bytes]) -> Result<(&[Bytes], &[Bytes]), Reply> {
    let count = number::parse_int(&args[1]).ok_or(errors::NOT_INTEGER)?;
    let rest = &args[2..];
    let Ok(count) = usize::try_from(count) else {
        return Err(Reply::error("ERR Number of keys can't be negative"));
    };
    if count > rest.len() {
        return Err(Reply::error(
            "ERR Number of keys can't be greater than number of args",
        ));
    }
    Ok(rest.split_at(count))
}

/// Puts a script into the cache, compiling it first; its name.
fn store(ctx: &mut Context<'_>, source: &Bytes) -> Result<Bytes, Reply> {
    let sha = sha1_hex(source);
    if !ctx.keyspace.scripts.contains_key(&sha) {
        interpreter::compile(&sha, source)?;
        let source = Bytes::copy_from_slice(source);
        ctx.keyspace.scripts.insert(sha.clone(), source);
    }
    Ok(sha)
}

fn script(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let rest = &args[1..];
    match args[0].to_ascii_lowercase().as_slice() {
        b"load" if rest.len() == 1 => store(ctx, &rest[0]).map(Reply::Bulk),
        b"load" => Err(command::wrong_arity("script|load")),
        b"exists" if rest.is_empty() => Err(command::wrong_arity("script|exists")),
        b"exists" => {
            let known = rest.iter().map(|sha| {
                Reply::flag(
                    ctx.keyspace
                        .scripts
                        .contains_key(sha.to_ascii_lowercase().as_slice()),
                )
            });
            Ok(Reply::Array(known.collect()))
        }
        b"flush" => {
            check_flush_mode(rest)
                .map_err(|_| Reply::error("ERR SCRIPT FLUSH only support SYNC|ASYNC option"))?;
            ctx.keyspace.scripts.clear();
            interpreter::forget();
            Ok(Reply::OK)
        }
        _ => Err(command::unknown_subcommand("SCRIPT", &args[0])),
    }
}

#[cfg(test)]
mod tests {
    use super::sha1_hex;

    #[test]
    fn sha1_of_nothing() {
        assert_eq!(sha1_hex(b""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    }
}
