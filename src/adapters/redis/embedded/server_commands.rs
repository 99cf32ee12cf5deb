//! Commands about the server: `INFO`, `CONFIG`, `COMMAND`, `TIME`. The configuration is fixed, and
//! persistence, replication and `MONITOR` are left out.

use bytes::Bytes;

use super::{
    command::{
        self, Context,
        Kind::{Admin, NoScript, Read, Write},
        Spec, spec,
    },
    glob, info,
    reply::{Outcome, Reply},
};

pub(super) const COMMANDS: &[Spec] = &[
    spec("info", -1, Admin, info_command),
    spec("config", -2, NoScript, config),
    spec("command", -1, Admin, command_command),
    spec("time", 1, Admin, time),
];

/// What `CONFIG GET` knows.
const CONFIG: &[(&str, &str)] = &[
    ("appendonly", "no"),
    ("databases", "16"),
    ("maxclients", "10000"),
    ("maxmemory", "0"),
    ("maxmemory-policy", "noeviction"),
    ("proto-max-bulk-len", "536870912"),
    ("save", ""),
    ("timeout", "0"),
];

fn info_command(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    Ok(Reply::Verbatim(info::text(ctx, args).into()))
}

fn config(_: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let patterns = &args[1..];
    match args[0].to_ascii_lowercase().as_slice() {
        b"get" if patterns.is_empty() => Err(command::wrong_arity("config|get")),
        b"get" => {
            let wanted = |name: &str| {
                patterns
                    .iter()
                    .any(|p| glob::matches(&p.to_ascii_lowercase(), name.as_bytes()))
            };
            let found = CONFIG.iter().filter(|(name, _)| wanted(name));
            let pairs = found.map(|(name, value)| (Reply::text(name), Reply::text(value)));
            Ok(Reply::Map(pairs.collect()))
        }
        b"resetstat" if patterns.is_empty() => Ok(Reply::OK),
        b"set" => Err(Reply::error(
            "ERR the embedded server's configuration is fixed",
        )),
        _ => Err(command::unknown_subcommand("CONFIG", &args[0])),
    }
}

fn command_command(_: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let Some((subcommand, names)) = args.split_first() else {
        return Ok(Reply::Array(command::all().map(describe).collect()));
    };
    match subcommand.to_ascii_lowercase().as_slice() {
        b"count" if names.is_empty() => Ok(Reply::count(command::all().count())),
        b"count" => Err(command::wrong_arity("command|count")),
        b"docs" => Ok(Reply::Map(selected(names).map(document).collect())),
        b"list" if names.is_empty() => {
            let names = command::all().map(|spec| Reply::text(spec.name));
            Ok(Reply::Array(names.collect()))
        }
        b"info" if names.is_empty() => Ok(Reply::Array(command::all().map(describe).collect())),
        b"info" => {
            let infos = names
                .iter()
                .map(|name| command::find(name).map_or(Reply::NullArray, describe));
            Ok(Reply::Array(infos.collect()))
        }
        _ => Err(command::unknown_subcommand("COMMAND", subcommand)),
    }
}

/// The named commands that exist, or all.
fn selected(names: &[Bytes]) -> Box<dyn Iterator<Item = &'static Spec> + '_> {
    if names.is_empty() {
        Box::new(command::all())
    } else {
        Box::new(names.iter().filter_map(|name| command::find(name)))
    }
}

/// A command's description in the ten-field form of Redis 7. Key positions assume one leading key.
fn describe(spec: &'static Spec) -> Reply {
    let (flag, key) = match spec.kind {
        Read => ("readonly", 1),
        Write => ("write", 1),
        Admin => ("fast", 0),
        NoScript => ("noscript", 0),
    };
    let none = || Reply::Array(Vec::new());
    Reply::Array(vec![
        Reply::text(spec.name),
        Reply::Int(spec.arity),
        Reply::Set(vec![Reply::status(flag)]),
        Reply::Int(key),
        Reply::Int(key),
        Reply::Int(key),
        Reply::Set(Vec::new()),
        none(),
        none(),
        none(),
    ])
}

fn document(spec: &'static Spec) -> (Reply, Reply) {
    let group = match spec.kind {
        Read | Write => "data",
        Admin | NoScript => "server",
    };
    let fields = [
        ("summary", "Supported by the embedded server."),
        ("since", "1.0.0"),
        ("group", group),
    ];
    let fields = fields.map(|(name, value)| (Reply::text(name), Reply::text(value)));
    (Reply::text(spec.name), Reply::Map(fields.into()))
}

fn time(ctx: &mut Context<'_>, _: &[Bytes]) -> Outcome {
    let seconds = ctx.now.as_secs().to_string();
    let micros = ctx.now.subsec_micros().to_string();
    Ok(Reply::Array(vec![
        Reply::bulk(seconds.as_bytes()),
        Reply::bulk(micros.as_bytes()),
    ]))
}
