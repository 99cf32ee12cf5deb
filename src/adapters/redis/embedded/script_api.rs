//! The native functions behind the scripts' `redis` table and the sandbox.

use std::{cell::Cell, fmt};

use bytes::Bytes;
use mlua::{Error, Function, Lua, MultiValue, Table, Value};

use super::{
    interpreter::{CHUNK, Shared},
    lua_values::{from_reply, single_field, to_argument},
    reply::Reply,
    scripts::sha1_hex,
};

/// An error on its way through Lua; the sandbox turns it into the table Redis raises.
#[derive(Debug)]
pub(super) struct ScriptError(Bytes);

impl ScriptError {
    pub(super) fn raise(text: &[u8]) -> Error {
        Error::external(Self(Bytes::copy_from_slice(text)))
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl std::error::Error for ScriptError {}

/// All native functions, by name.
pub(super) fn native(lua: &Lua, shared: &Shared) -> mlua::Result<Table> {
    let native = lua.create_table()?;
    native.set("call", command_function(lua, shared, true)?)?;
    native.set("pcall", command_function(lua, shared, false)?)?;
    native.set(
        "error_reply",
        lua.create_function(|lua, args: MultiValue| error_reply(lua, &args))?,
    )?;
    native.set(
        "status_reply",
        lua.create_function(|lua, args: MultiValue| status_reply(lua, &args))?,
    )?;
    native.set(
        "sha1hex",
        lua.create_function(|lua, args: MultiValue| sha1hex(lua, &args))?,
    )?;
    native.set(
        "message",
        lua.create_function(|lua, error: Value| message(lua, &error))?,
    )?;
    native.set("line", lua.create_function(line)?)?;
    native.set("random", random(lua)?)?;
    let shared = shared.clone();
    let expired = lua.create_function(move |_, ()| Ok(shared.expired()))?;
    native.set("expired", expired)?;
    Ok(native)
}

/// `redis.call`, which raises a command's error, or `redis.pcall`, which returns it.
fn command_function(lua: &Lua, shared: &Shared, raise: bool) -> mlua::Result<Function> {
    let shared = shared.clone();
    lua.create_function(move |lua, args: MultiValue| match execute(&shared, &args) {
        Reply::Error(error) if raise => Err(ScriptError::raise(&error)),
        reply => from_reply(lua, &reply),
    })
}

fn execute(shared: &Shared, args: &MultiValue) -> Reply {
    if args.is_empty() {
        return Reply::error("ERR Please specify at least one argument for this redis lib call");
    }
    let words: Option<Vec<Bytes>> = args.iter().map(to_argument).collect();
    let Some(words) = words else {
        return Reply::error("ERR Lua redis lib command arguments must be strings or integers");
    };
    let mut work = shared.work.borrow_mut();
    let Some(work) = work.as_mut() else {
        return Reply::error("ERR no script is running");
    };
    work.keyspace
        .execute_in(&mut work.session, &words, work.now)
}

/// The single string argument that the reply helpers want.
fn only_text(args: &MultiValue) -> Option<Vec<u8>> {
    match (args.len(), args.front()) {
        (1, Some(Value::String(text))) => Some(text.as_bytes().to_vec()),
        _ => None,
    }
}

const WRONG_ARGUMENT: &[u8] = b"ERR wrong number or type of arguments";

fn error_reply(lua: &Lua, args: &MultiValue) -> mlua::Result<Value> {
    let text = only_text(args);
    let text = text.map_or_else(|| WRONG_ARGUMENT.to_vec(), |text| with_code(&text));
    single_field(lua, "err", &text)
}

/// A text of one word is no code: `ERR` goes before it.
fn with_code(text: &[u8]) -> Vec<u8> {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let mut coded = Vec::with_capacity(text.len() + 4);
    if !text.contains(&b' ') {
        coded.extend_from_slice(b"ERR ");
    }
    coded.extend_from_slice(text);
    while coded.last().is_some_and(|b| matches!(b, b'\r' | b'\n')) {
        coded.pop();
    }
    coded
}

fn status_reply(lua: &Lua, args: &MultiValue) -> mlua::Result<Value> {
    match only_text(args) {
        Some(text) => single_field(lua, "ok", &text),
        None => single_field(lua, "err", WRONG_ARGUMENT),
    }
}

fn sha1hex(lua: &Lua, args: &MultiValue) -> mlua::Result<Value> {
    if args.len() != 1 {
        return Err(ScriptError::raise(b"ERR wrong number of arguments"));
    }
    // Anything but a string or a number counts as empty, as in Redis.
    let bytes = match args.front() {
        Some(Value::String(text)) => text.as_bytes().to_vec(),
        Some(number @ (Value::Integer(_) | Value::Number(_))) => number.to_string()?.into_bytes(),
        _ => Vec::new(),
    };
    lua.create_string(sha1_hex(&bytes)).map(Value::String)
}

/// The text of an error that a native function raised.
fn message(lua: &Lua, error: &Value) -> mlua::Result<Value> {
    let text = match error {
        Value::Error(error) => text_of(error),
        _ => Bytes::from_static(b"ERR unknown error"),
    };
    lua.create_string(text).map(Value::String)
}

fn text_of(error: &Error) -> Bytes {
    if let Error::CallbackError { cause, .. } = error {
        return text_of(cause);
    }
    error.downcast_ref::<ScriptError>().map_or_else(
        || Bytes::from(format!("ERR {error}").into_bytes()),
        |script| script.0.clone(),
    )
}

/// The line of the script that is being run, seen from the error handler.
fn line(lua: &Lua, (): ()) -> mlua::Result<Option<usize>> {
    const DEEPEST: usize = 32;
    for level in 1..DEEPEST {
        let frame = lua.inspect_stack(level, |frame| {
            let scripted = frame.source().source.is_some_and(|source| source == CHUNK);
            (scripted, frame.current_line())
        });
        match frame {
            Some((true, line)) => return Ok(line),
            Some((false, _)) => {}
            None => break,
        }
    }
    Ok(None)
}

/// Redis's own generator, so that a script draws the same numbers on every platform.
fn random(lua: &Lua) -> mlua::Result<Function> {
    const MODULUS: u64 = (1 << 31) - 1;
    let state = Cell::new(0x1234_abcd_330e_u64);
    lua.create_function(move |_, ()| {
        let next = state.get().wrapping_mul(0x5_deec_e66d).wrapping_add(0xb) & ((1 << 48) - 1);
        state.set(next);
        Ok(((next >> 17) % MODULUS) as f64 / MODULUS as f64)
    })
}
