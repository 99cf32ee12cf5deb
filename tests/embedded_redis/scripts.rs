//! Random calls of scripts, valid and not.

use proptest::{prelude::*, sample::select};

use super::commands::{Words, command, key, value, with_tail, word};

const SCRIPTS: &[&str] = &[
    "return redis.call('incr', KEYS[1])",
    "return redis.pcall('incr', KEYS[1])",
    "return redis.call('get', KEYS[1])",
    "redis.call('sadd', KEYS[1], ARGV[1])\nreturn redis.call('scard', KEYS[1])",
    "if redis.call('sismember', KEYS[1], ARGV[1]) == 1 then return 0 end\nif redis.call('scard', KEYS[1]) >= 2 then return -1 end\nreturn redis.call('sadd', KEYS[1], ARGV[1])",
    "return {KEYS[1], ARGV[1], 1.9, true, false, {ok='x'}, {err='y z'}, nil, 4}",
    "return redis.call('zadd', KEYS[1], ARGV[1], 'm')",
    "return redis.call('zrange', KEYS[1], 0, -1, 'withscores')",
    "return tostring(redis.call('zscore', KEYS[1], 'm'))",
    "return redis.call('set', KEYS[1], ARGV[1])",
    "return redis.call('set', KEYS[1], 0.1)",
    "return redis.call('nosuch')",
    "return redis.call('get')",
    "return redis.call()",
    "return redis.call('eval', 'return 1', 0)",
    "return redis.call({})",
    "foo = 1",
    "return foo",
    "rawset(_G, 'foo', 1)",
    "string.foo = 1",
    "return print",
    "error('boom')",
    "error({err='MY boom'})",
    "local x = nil\nreturn x.y",
    "return 1 +",
    "return redis.error_reply('MY error')",
    "return redis.error_reply('single')",
    "return redis.status_reply('fine')",
    "return redis.sha1hex(ARGV[1])",
    "return redis.sha1hex()",
    "return select(2, pcall(redis.call, 'incr', KEYS[1]))",
    "return {pcall(function() error('in') end)}",
    "return type(redis.pcall('nosuch')) .. redis.pcall('nosuch').err",
    "return redis.call('del', KEYS[1], KEYS[1])",
    "return {redis.call('mget', KEYS[1], 'zz')[2]}",
    "return {1, {2, {3, 'x'}}, {}}",
    "return 3.99999",
    "return -3.5",
    "return 1e20",
    "return tostring(1e15)",
    "return #ARGV + #KEYS",
    "return redis.call('select', 1)",
    "return redis.call('ping')",
    "return math.floor(3.7) .. string.upper('a') .. table.concat({1,2},',')",
    "return loadstring('return 1 + 1')()",
    "return {map={a=1}}",
    "return {double=3.5}",
    "local t = {} for i = 1, 3 do t[i] = redis.call('incr', KEYS[1]) end return t",
    "return unpack({1,2,3})",
    "local function f() return f() + 1 end return f()",
    "return string.rep('ab', 3) .. (('x'):upper())",
    "",
];

pub fn script_commands() -> BoxedStrategy<Words> {
    let digests = select(vec![
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709",
        "ffffffffffffffffffffffffffffffffffffffff",
        "short",
    ])
    .prop_map(|digest| digest.as_bytes().to_vec())
    .boxed();
    prop_oneof![
        8 => command("EVAL", vec![word(SCRIPTS), word(&["1"]), key(), value()]),
        2 => command("EVAL_RO", vec![word(SCRIPTS), word(&["1"]), key(), value()]),
        1 => with_tail("EVAL", vec![word(SCRIPTS)], word(&["0", "1", "-1", "x", "5"])),
        1 => command("SCRIPT", vec![word(&["LOAD"]), word(SCRIPTS)]),
        1 => with_tail("EVALSHA", vec![digests.clone()], word(&["0", "1"])),
        1 => with_tail("SCRIPT", vec![word(&["EXISTS"])], digests),
        1 => with_tail("SCRIPT", vec![word(&["FLUSH", "foo", "load"])], word(&["sync", "x"])),
    ]
    .boxed()
}
