//! Commands about the connection itself. Transactions, subscriptions and users other than the default one are left out.

use bytes::Bytes;

use super::{
    command::{
        self, Context,
        Kind::{Admin, NoScript},
        Spec, spec,
    },
    info::VERSION,
    keyspace::DATABASES,
    number,
    reply::{Outcome, Reply, errors},
    wire::Resp,
};

pub(super) const COMMANDS: &[Spec] = &[
    spec("ping", -1, Admin, ping),
    spec("echo", 2, Admin, echo),
    spec("select", 2, Admin, select),
    spec("hello", -1, NoScript, hello),
    spec("auth", -2, NoScript, auth),
    spec("client", -2, NoScript, client),
    spec("reset", 1, NoScript, reset),
    spec("quit", -1, NoScript, quit),
];

fn ping(_: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    match args {
        [] => Ok(Reply::status("PONG")),
        [text] => Ok(Reply::bulk(text)),
        _ => Err(command::wrong_arity("ping")),
    }
}

fn echo(_: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    Ok(Reply::bulk(&args[0]))
}

fn select(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let index = number::parse_int(&args[0])
        .and_then(|index| i32::try_from(index).ok())
        .ok_or(errors::NOT_INTEGER)?;
    let index = usize::try_from(index)
        .ok()
        .filter(|&index| index < DATABASES)
        .ok_or(Reply::error("ERR DB index is out of range"))?;
    ctx.session.database = index;
    Ok(Reply::OK)
}

fn quit(ctx: &mut Context<'_>, _: &[Bytes]) -> Outcome {
    ctx.session.closing = true;
    Ok(Reply::OK)
}

fn reset(ctx: &mut Context<'_>, _: &[Bytes]) -> Outcome {
    ctx.session.database = 0;
    ctx.session.resp = Resp::V2;
    ctx.session.name = Bytes::new();
    ctx.session.locked = ctx.session.password.is_some();
    Ok(Reply::status("RESET"))
}

fn auth(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    match args {
        [_] if ctx.session.password.is_none() => Err(Reply::error(
            "ERR AUTH <password> called without any password configured for the default user. \
             Are you sure your configuration is correct?",
        )),
        [password] => check_login(ctx, b"default", password).map(|()| Reply::OK),
        [user, password] => check_login(ctx, user, password).map(|()| Reply::OK),
        _ => Err(errors::SYNTAX),
    }
}

fn check_login(ctx: &mut Context<'_>, user: &[u8], password: &[u8]) -> Result<(), Reply> {
    if ctx.session.login(user, password) {
        return Ok(());
    }
    Err(Reply::error(
        "WRONGPASS invalid username-password pair or user is disabled.",
    ))
}

fn check_name(name: &[u8]) -> Result<(), Reply> {
    if name.iter().all(|b| (b'!'..=b'~').contains(b)) {
        return Ok(());
    }
    Err(Reply::error(
        "ERR Client names cannot contain spaces, newlines or special characters.",
    ))
}

fn hello(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let (version, mut options) = match args.split_first() {
        None => (ctx.session.resp, args),
        Some((version, options)) => (protocol_version(version)?, options),
    };
    let mut name = None;
    while let Some((option, rest)) = options.split_first() {
        options = match (option.to_ascii_lowercase().as_slice(), rest) {
            (b"auth", [user, password, rest @ ..]) => {
                check_login(ctx, user, password)?;
                rest
            }
            (b"setname", [given, rest @ ..]) => {
                check_name(given)?;
                name = Some(given);
                rest
            }
            _ => return Err(hello_option_error(option)),
        };
    }
    if ctx.session.locked {
        return Err(Reply::error(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> \
             <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
        ));
    }
    ctx.session.resp = version;
    if let Some(name) = name {
        ctx.session.name = Bytes::copy_from_slice(name);
    }
    Ok(greeting(ctx))
}

fn protocol_version(text: &[u8]) -> Result<Resp, Reply> {
    match number::parse_int(text) {
        Some(2) => Ok(Resp::V2),
        Some(3) => Ok(Resp::V3),
        Some(_) => Err(Reply::error("NOPROTO unsupported protocol version")),
        None => Err(Reply::error(
            "ERR Protocol version is not an integer or out of range",
        )),
    }
}

fn hello_option_error(option: &[u8]) -> Reply {
    let shown = option.split(|&b| b == 0).next().unwrap_or_default();
    let text = [&b"ERR Syntax error in HELLO option '"[..], shown, b"'"].concat();
    Reply::Error(super::lua_values::one_line(&text))
}

fn greeting(ctx: &Context<'_>) -> Reply {
    let proto = if ctx.session.resp == Resp::V3 { 3 } else { 2 };
    let fields = [
        ("server", Reply::text("redis")),
        ("version", Reply::text(VERSION)),
        ("proto", Reply::Int(proto)),
        ("id", client_id(ctx)),
        ("mode", Reply::text("standalone")),
        ("role", Reply::text("master")),
        ("modules", Reply::Array(Vec::new())),
    ];
    Reply::Map(
        fields
            .map(|(name, value)| (Reply::text(name), value))
            .into(),
    )
}

fn client_id(ctx: &Context<'_>) -> Reply {
    Reply::Int(i64::try_from(ctx.session.id).unwrap_or(i64::MAX))
}

fn client(ctx: &mut Context<'_>, args: &[Bytes]) -> Outcome {
    let rest = &args[1..];
    let subcommand = args[0].to_ascii_lowercase();
    match (subcommand.as_slice(), rest) {
        (b"id", []) => Ok(client_id(ctx)),
        (b"getname", []) if ctx.session.name.is_empty() => Ok(Reply::Null),
        (b"getname", []) => Ok(Reply::Bulk(ctx.session.name.clone())),
        (b"setname", [name]) => {
            check_name(name)?;
            ctx.session.name = Bytes::copy_from_slice(name);
            Ok(Reply::OK)
        }
        // Came with Redis 7.2, but clients send it unasked.
        (b"setinfo", [_, _]) | (b"no-evict", [_]) => Ok(Reply::OK),
        (b"info", []) | (b"list", _) => Ok(Reply::Verbatim(description(ctx).into())),
        (b"id" | b"getname" | b"setname" | b"setinfo" | b"no-evict" | b"info", _) => {
            let name = String::from_utf8_lossy(&subcommand);
            Err(command::wrong_arity(&format!("client|{name}")))
        }
        _ => Err(command::unknown_subcommand("CLIENT", &args[0])),
    }
}

/// This connection's line of `CLIENT LIST`; sessions do not know of each other.
fn description(ctx: &Context<'_>) -> Vec<u8> {
    let session = &ctx.session;
    let resp = if session.resp == Resp::V3 { 3 } else { 2 };
    let mut line = format!(
        "id={} addr={} laddr={} fd=0 name=",
        session.id, session.peer, session.local
    )
    .into_bytes();
    line.extend_from_slice(&session.name);
    let tail = format!(
        " age=0 idle=0 flags=N db={} sub=0 psub=0 ssub=0 multi=-1 events=r cmd=client user=default \
         redir=-1 resp={resp}\n",
        session.database
    );
    line.extend_from_slice(tail.as_bytes());
    line
}
