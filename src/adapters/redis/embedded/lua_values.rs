//! Redis's conversion rules between Lua values and replies, both ways (RESP2 rules).

use bytes::Bytes;
use mlua::{Lua, Table, Value};

use super::{number::format_double, reply::Reply};

/// Deeper replies are refused: a table may contain itself.
const MAX_DEPTH: usize = 200;

/// A command's argument from a script's value; only strings and numbers will do.
pub(super) fn to_argument(value: &Value) -> Option<Bytes> {
    match value {
        Value::String(text) => Some(Bytes::copy_from_slice(&text.as_bytes())),
        Value::Integer(int) => Some(int.to_string().into()),
        Value::Number(number) => Some(format_double(*number).into()),
        _ => None,
    }
}

/// What a script sees of a command's reply.
pub(super) fn from_reply(lua: &Lua, reply: &Reply) -> mlua::Result<Value> {
    let text = |bytes: &[u8]| lua.create_string(bytes).map(Value::String);
    match reply {
        Reply::Status(status) => single_field(lua, "ok", status),
        Reply::Error(error) => single_field(lua, "err", error),
        Reply::Int(int) => Ok(Value::Integer(*int)),
        Reply::Bulk(bytes) | Reply::Verbatim(bytes) => text(bytes),
        Reply::Null | Reply::NullArray => Ok(Value::Boolean(false)),
        Reply::Double(double) => text(format_double(*double).as_bytes()),
        Reply::Array(items) | Reply::Set(items) => sequence(lua, items.iter()),
        Reply::Map(pairs) => sequence(lua, pairs.iter().flat_map(|(k, v)| [k, v])),
    }
}

fn sequence<'a>(lua: &Lua, items: impl Iterator<Item = &'a Reply>) -> mlua::Result<Value> {
    let table = lua.create_table()?;
    for (index, item) in items.enumerate() {
        table.raw_set(index + 1, from_reply(lua, item)?)?;
    }
    Ok(Value::Table(table))
}

/// The tables that stand for statuses and errors.
pub(super) fn single_field(lua: &Lua, field: &str, text: &[u8]) -> mlua::Result<Value> {
    let table = lua.create_table()?;
    table.raw_set(field, lua.create_string(text)?)?;
    Ok(Value::Table(table))
}

/// The reply for what a script returns.
pub(super) fn to_reply(value: &Value) -> Reply {
    to_reply_at(value, 0)
}

fn to_reply_at(value: &Value, depth: usize) -> Reply {
    if depth > MAX_DEPTH {
        return Reply::error("ERR reached lua stack limit");
    }
    match value {
        Value::String(text) => Reply::bulk(&text.as_bytes()),
        Value::Integer(int) => Reply::Int(*int),
        Value::Number(number) => Reply::Int(truncate(*number)),
        Value::Boolean(true) => Reply::Int(1),
        Value::Table(table) => table_to_reply(table, depth),
        _ => Reply::Null,
    }
}

/// A number cut to an integer as an x86-64 C compiler does.
#[expect(
    clippy::cast_possible_truncation,
    reason = "cutting off the fraction is the conversion rule"
)]
fn truncate(number: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) {
        number as i64
    } else {
        i64::MIN
    }
}

fn table_to_reply(table: &Table, depth: usize) -> Reply {
    if let Some(error) = text_field(table, "err") {
        return Reply::Error(one_line(&error));
    }
    if let Some(status) = text_field(table, "ok") {
        return Reply::Status(one_line(&status));
    }
    if let Ok(Value::Number(double)) = table.raw_get("double") {
        return Reply::Double(double);
    }
    if let Ok(Value::Integer(double)) = table.raw_get("double") {
        return Reply::Double(double as f64);
    }
    if let Ok(Value::Table(map)) = table.raw_get("map") {
        let pairs = map.pairs::<Value, Value>().flatten();
        let pairs = pairs.map(|(k, v)| (to_reply_at(&k, depth + 1), to_reply_at(&v, depth + 1)));
        return Reply::Map(pairs.collect());
    }
    if let Ok(Value::Table(set)) = table.raw_get("set") {
        let members = set.pairs::<Value, Value>().flatten();
        return Reply::Set(members.map(|(k, _)| to_reply_at(&k, depth + 1)).collect());
    }
    let items = (1..).map_while(|index| match table.raw_get(index) {
        Ok(Value::Nil) | Err(_) => None,
        Ok(value) => Some(to_reply_at(&value, depth + 1)),
    });
    Reply::Array(items.collect())
}

/// A field's text, if it is a string.
pub(super) fn text_field(table: &Table, field: &str) -> Option<Vec<u8>> {
    match table.raw_get(field) {
        Ok(Value::String(text)) => Some(text.as_bytes().to_vec()),
        _ => None,
    }
}

/// Statuses and errors end at a line break, so they must not contain one.
pub(super) fn one_line(text: &[u8]) -> Bytes {
    text.iter()
        .map(|&b| if matches!(b, b'\r' | b'\n') { b' ' } else { b })
        .collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn returned(script: &str) -> Reply {
        to_reply(&Lua::new().load(script).eval::<Value>().unwrap())
    }

    #[test]
    fn lua_to_reply() {
        assert_eq!(returned("return 3.99"), Reply::Int(3));
        assert_eq!(returned("return -3.99"), Reply::Int(-3));
        assert_eq!(returned("return 1e300"), Reply::Int(i64::MIN));
        assert_eq!(returned("return true"), Reply::Int(1));
        assert_eq!(returned("return false"), Reply::Null);
        assert_eq!(returned("return nil"), Reply::Null);
        assert_eq!(returned("return {ok='fine'}"), Reply::status("fine"));
        assert_eq!(returned("return {err='bad\\nly'}"), Reply::error("bad ly"));
        let expected = vec![Reply::Int(1), Reply::text("a")];
        assert_eq!(returned("return {1,'a',nil,4}"), Reply::Array(expected));
    }

    #[test]
    fn a_table_within_itself_ends() {
        let mut reply = returned("local t = {} t[1] = t return t");
        let mut depth = 0;
        while let Reply::Array(mut items) = reply {
            reply = items.pop().unwrap();
            depth += 1;
        }
        assert!(reply.is_error() && depth == MAX_DEPTH + 1);
    }

    #[test]
    fn reply_to_lua() {
        let lua = Lua::new();
        let null = from_reply(&lua, &Reply::Null).unwrap();
        assert_eq!(null, Value::Boolean(false));
        let double = from_reply(&lua, &Reply::Double(0.5)).unwrap();
        assert_eq!(double.to_string().unwrap(), "0.5");
        let status = from_reply(&lua, &Reply::OK).unwrap();
        assert_eq!(to_reply(&status), Reply::OK);
        let number = Value::Number(0.1);
        assert_eq!(to_argument(&number).unwrap(), "0.10000000000000001");
        assert!(to_argument(&Value::Nil).is_none());
    }
}
