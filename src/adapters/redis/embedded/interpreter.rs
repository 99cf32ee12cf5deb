//! Runs scripts. Each thread has one Lua interpreter, made when first needed; it holds no data of any
//! keyspace, only compiled scripts, so a `Keyspace` stays a plain value that can be cloned.
//!
//! `cjson`, `cmsgpack`, `struct`, `bit` and RESP3 replies inside scripts are left out.

use std::{
    cell::{Cell, RefCell},
    mem,
    rc::Rc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use mlua::{
    Error, Function, HookTriggers, Lua, LuaOptions, StdLib, Table, Value, VmState, chunk::ChunkMode,
};
use rustc_hash::FxHashMap;

use super::{
    command::Context,
    keyspace::Keyspace,
    lua_values::{one_line, text_field, to_reply},
    reply::{Outcome, Reply},
    script_api::{self, ScriptError},
    session::{Access, Session},
    wire::Resp,
};

/// How long a script may run; Redis would answer BUSY from here on, but never stop it.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// How often the time is checked.
const CHECK_EVERY: u32 = 100_000;
/// What all scripts together may hold in Lua.
const MEMORY_LIMIT: usize = 512 * 1024 * 1024;
/// Compiled scripts kept; beyond that all are dropped and compiled again when used.
const COMPILED_LIMIT: usize = 10_000;
/// The chunk name error messages quote.
pub(super) const CHUNK: &str = "@user_script";

thread_local! {
    static INTERPRETER: RefCell<Option<Interpreter>> = const { RefCell::new(None) };
}

/// What the commands of the running script work on.
pub(super) struct Work {
    pub(super) keyspace: Keyspace,
    pub(super) session: Session,
    pub(super) now: Duration,
}

/// State that the native functions share with the interpreter.
#[derive(Clone, Default)]
pub(super) struct Shared {
    pub(super) work: Rc<RefCell<Option<Work>>>,
    pub(super) deadline: Rc<Cell<Option<Instant>>>,
}

impl Shared {
    pub(super) fn expired(&self) -> bool {
        self.deadline.get().is_some_and(|at| Instant::now() >= at)
    }
}

struct Interpreter {
    lua: Lua,
    /// The sandbox's function that runs a script and catches its error.
    guard: Function,
    /// The table behind the globals.
    visible: Table,
    compiled: FxHashMap<Bytes, Function>,
    shared: Shared,
}

impl Interpreter {
    fn new() -> mlua::Result<Self> {
        let libraries = StdLib::STRING | StdLib::TABLE | StdLib::MATH;
        // The sandbox brings its own pcall; mlua's variant exists for panics, which do not occur here.
        let options = LuaOptions::new().catch_rust_panics(false);
        let lua = Lua::new_with(libraries, options)?;
        let shared = Shared::default();
        let native = script_api::native(&lua, &shared)?;
        let (guard, visible) = lua
            .load(include_str!("sandbox.lua"))
            .set_name("=sandbox")
            .call(native)?;
        let watch = shared.clone();
        lua.set_global_hook(
            HookTriggers::new().every_nth_instruction(CHECK_EVERY),
            move |_, _| {
                if watch.expired() {
                    return Err(ScriptError::raise(
                        b"ERR Script stopped: it ran longer than 5 seconds",
                    ));
                }
                Ok(VmState::Continue)
            },
        )?;
        lua.set_memory_limit(MEMORY_LIMIT)?;
        Ok(Self {
            lua,
            guard,
            visible,
            compiled: FxHashMap::default(),
            shared,
        })
    }

    fn compile(&mut self, sha: &Bytes, source: &[u8]) -> Result<Function, Reply> {
        if let Some(function) = self.compiled.get(sha) {
            return Ok(function.clone());
        }
        let function = self
            .lua
            .load(without_shebang(source))
            .set_name(CHUNK)
            .set_mode(ChunkMode::Text)
            .into_function()
            .map_err(|error| compile_error(&error))?;
        if self.compiled.len() >= COMPILED_LIMIT {
            self.compiled.clear();
        }
        self.compiled.insert(sha.clone(), function.clone());
        Ok(function)
    }

    fn call(
        &self,
        script: Function,
        keys: &[Bytes],
        args: &[Bytes],
    ) -> mlua::Result<(bool, Value)> {
        self.visible.raw_set("KEYS", self.strings(keys)?)?;
        self.visible.raw_set("ARGV", self.strings(args)?)?;
        self.guard.call(script)
    }

    fn strings(&self, strings: &[Bytes]) -> mlua::Result<Table> {
        let table = self.lua.create_table_with_capacity(strings.len(), 0)?;
        for (index, string) in strings.iter().enumerate() {
            table.raw_set(index + 1, self.lua.create_string(string)?)?;
        }
        Ok(table)
    }
}

/// The first line of `#!lua flags=…` is not Lua. The flags themselves are ignored.
fn without_shebang(source: &[u8]) -> &[u8] {
    if !source.starts_with(b"#!lua") {
        return source;
    }
    let line = source.iter().position(|&b| b == b'\n');
    line.map_or(b"", |end| &source[end..])
}

fn compile_error(error: &Error) -> Reply {
    let message = match error {
        Error::SyntaxError { message, .. } => message.clone(),
        other => other.to_string(),
    };
    let text = format!("ERR Error compiling script (new function): {message}");
    Reply::Error(one_line(text.as_bytes()))
}

fn with_interpreter<T>(run: impl FnOnce(&mut Interpreter) -> Result<T, Reply>) -> Result<T, Reply> {
    INTERPRETER.with_borrow_mut(|slot| {
        let interpreter = match slot {
            Some(interpreter) => interpreter,
            None => slot.insert(Interpreter::new().map_err(|e| internal(&e))?),
        };
        run(interpreter)
    })
}

/// An error outside the script itself, such as memory running out.
fn internal(error: &Error) -> Reply {
    Reply::Error(one_line(
        format!("ERR Error running script: {error}").as_bytes(),
    ))
}

/// Compiles a script, so that its errors show before it is stored.
pub(super) fn compile(sha: &Bytes, source: &[u8]) -> Result<(), Reply> {
    with_interpreter(|interpreter| interpreter.compile(sha, source).map(drop))
}

/// Forgets all compiled scripts.
pub(super) fn forget() {
    INTERPRETER.with_borrow_mut(|slot| {
        if let Some(interpreter) = slot {
            interpreter.compiled.clear();
        }
    });
}

/// Runs a stored script.
pub(super) fn run(
    ctx: &mut Context<'_>,
    sha: &Bytes,
    keys: &[Bytes],
    args: &[Bytes],
    access: Access,
) -> Outcome {
    with_interpreter(|interpreter| {
        let source = ctx.keyspace.scripts.get(sha).cloned().unwrap_or_default();
        let script = interpreter.compile(sha, &source)?;
        // The native functions live as long as the interpreter and so cannot borrow the keyspace:
        // they get it for the time of the script.
        let work = Work {
            keyspace: mem::replace(ctx.keyspace, Keyspace::hollow()),
            session: Session {
                database: ctx.session.database,
                resp: Resp::V2,
                scripted: Some(access),
                ..Session::default()
            },
            now: ctx.now,
        };
        interpreter.shared.work.replace(Some(work));
        let deadline = Instant::now() + TIME_LIMIT;
        interpreter.shared.deadline.set(Some(deadline));
        let result = interpreter.call(script, keys, args);
        interpreter.shared.deadline.set(None);
        if let Some(work) = interpreter.shared.work.take() {
            *ctx.keyspace = work.keyspace;
        }
        Ok(match result {
            Ok((true, value)) => to_reply(&value),
            Ok((false, error)) => script_failure(&error, sha),
            Err(error) => internal(&error),
        })
    })
}

/// Words a script's error as Redis does, with the place it came from.
fn script_failure(error: &Value, sha: &[u8]) -> Reply {
    let Value::Table(error) = error else {
        return Reply::error("ERR unknown error");
    };
    let mut text = text_field(error, "err").unwrap_or_else(|| b"ERR unknown error".to_vec());
    if let Ok(Value::Integer(line)) = error.raw_get("line") {
        text.extend_from_slice(b" script: ");
        text.extend_from_slice(sha);
        text.extend_from_slice(format!(", on {CHUNK}:{line}.").as_bytes());
    }
    Reply::Error(one_line(&text))
}
