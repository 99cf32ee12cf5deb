//! Random commands, valid and invalid, on few keys and members, so that the commands collide.
//!
//! Times to live end long before or long after the test, so that no reply depends on the speed of the test.

use proptest::{collection::vec, prelude::*, sample::select};

/// A command with its arguments.
pub type Words = Vec<Vec<u8>>;

pub fn word(choices: &'static [&'static str]) -> BoxedStrategy<Vec<u8>> {
    select(choices).prop_map(|w| w.as_bytes().to_vec()).boxed()
}

pub fn key() -> BoxedStrategy<Vec<u8>> {
    word(&["a", "b", "c", "d", "e"])
}

fn member() -> BoxedStrategy<Vec<u8>> {
    word(&[
        "1",
        "2",
        "-3",
        "01",
        "x",
        "yy",
        "",
        "9223372036854775807",
        "\r\n",
        "99999999999999999999",
    ])
}

pub fn value() -> BoxedStrategy<Vec<u8>> {
    prop_oneof![
        4 => member(),
        1 => vec(any::<u8>(), 0..5),
        1 => word(&["9223372036854775806", "-9223372036854775808", "10", "007", " 1", "3.0"]),
    ]
    .boxed()
}

fn int() -> BoxedStrategy<Vec<u8>> {
    word(&[
        "0",
        "1",
        "-1",
        "2",
        "-2",
        "5",
        "100",
        "x",
        "",
        "+1",
        "9223372036854775807",
        "-9223372036854775808",
        "1.5",
    ])
}

fn score() -> BoxedStrategy<Vec<u8>> {
    word(&[
        "0",
        "1",
        "-1",
        "1.5",
        "0.1",
        "inf",
        "-inf",
        "+inf",
        "nan",
        "1e400",
        "x",
        "",
        "3e20",
        "1e-7",
        "-0",
        " 1",
        "123456789.123",
    ])
}

fn bound() -> BoxedStrategy<Vec<u8>> {
    word(&[
        "0", "(0", "1", "(1", "-inf", "+inf", "(inf", "1.5", "(", "x", "nan", "(-1", "2",
    ])
}

/// Times far from now in either direction, so that no answer depends on the moment.
fn ttl() -> BoxedStrategy<Vec<u8>> {
    word(&[
        "100000",
        "200000",
        "-5",
        "0",
        "x",
        "9223372036854775807",
        "9223372036854775",
        "-9223372036854775808",
    ])
}

pub fn command(name: &'static str, args: Vec<BoxedStrategy<Vec<u8>>>) -> BoxedStrategy<Words> {
    args.prop_map(move |args| {
        let mut words = vec![name.as_bytes().to_vec()];
        words.extend(args);
        words
    })
    .boxed()
}

/// A command whose tail repeats.
pub fn with_tail(
    name: &'static str,
    head: Vec<BoxedStrategy<Vec<u8>>>,
    tail: BoxedStrategy<Vec<u8>>,
) -> BoxedStrategy<Words> {
    (command(name, head), vec(tail, 0..4))
        .prop_map(|(mut words, tail)| {
            words.extend(tail);
            words
        })
        .boxed()
}

fn string_commands() -> BoxedStrategy<Words> {
    let set_option = word(&[
        "nx",
        "XX",
        "get",
        "keepttl",
        "ex",
        "px",
        "exat",
        "pxat",
        "99999999999999",
        "0",
        "x",
    ]);
    prop_oneof![
        command("GET", vec![key()]),
        command("set", vec![key(), value()]),
        with_tail("SET", vec![key(), value()], set_option),
        command("SET", vec![key(), value(), word(&["EX", "px"]), ttl()]),
        command(
            "SET",
            vec![
                key(),
                value(),
                word(&["EXAT", "PXAT"]),
                word(&["99999999999999", "-1", "x", "0"])
            ]
        ),
        command("SETNX", vec![key(), value()]),
        command("SETEX", vec![key(), ttl(), value()]),
        command("PSETEX", vec![key(), ttl(), value()]),
        command("GETDEL", vec![key()]),
        command("GETSET", vec![key(), value()]),
        with_tail("MGET", vec![], key()),
        command("APPEND", vec![key(), value()]),
        command("STRLEN", vec![key()]),
        command("INCR", vec![key()]),
        command("DECR", vec![key()]),
        command("INCRBY", vec![key(), int()]),
        command("DECRBY", vec![key(), int()]),
    ]
    .boxed()
}

fn key_commands() -> BoxedStrategy<Words> {
    let condition = word(&["nx", "XX", "gt", "lt", "zz"]);
    prop_oneof![
        with_tail("DEL", vec![], key()),
        with_tail("UNLINK", vec![key()], key()),
        with_tail("EXISTS", vec![], key()),
        command("TYPE", vec![key()]),
        command(
            "KEYS",
            vec![word(&[
                "*", "a", "[a-c]", "[^a]", "?", "\\a", "", "[", "a*"
            ])]
        ),
        command(
            "SCAN",
            vec![
                word(&["0", "x"]),
                word(&["COUNT"]),
                word(&["1000", "0", "x"])
            ]
        ),
        command(
            "SCAN",
            vec![
                word(&["0"]),
                word(&["count"]),
                word(&["1000"]),
                word(&["MATCH"]),
                word(&["[ab]"])
            ]
        ),
        command("SCAN", vec![word(&["0"]), word(&["match", "bogus"])]),
        with_tail("EXPIRE", vec![key(), ttl()], condition.clone()),
        with_tail("PEXPIRE", vec![key(), ttl()], condition.clone()),
        with_tail(
            "EXPIREAT",
            vec![key(), word(&["99999999999", "1", "-1", "x"])],
            condition.clone()
        ),
        with_tail(
            "PEXPIREAT",
            vec![key(), word(&["99999999999999", "1", "-1", "x"])],
            condition
        ),
        command("TTL", vec![key()]),
        command("EXPIRETIME", vec![key()]).prop_map(|_| vec![b"DBSIZE".to_vec()]),
        command("PERSIST", vec![key()]),
    ]
    .boxed()
}

/// Commands that name no key.
fn server_commands() -> BoxedStrategy<Words> {
    prop_oneof![
        with_tail("FLUSHDB", vec![], word(&["async", "x"])),
        with_tail("SELECT", vec![], word(&["9", "x", "16", "-1"])),
        with_tail("PING", vec![], value()),
        with_tail("ECHO", vec![], value()),
        with_tail("FOO", vec![], value()),
        with_tail(
            "CLIENT",
            vec![word(&["getname", "foo", "setname"])],
            word(&["a b"])
        ),
        with_tail(
            "CONFIG",
            vec![word(&["get", "foo"])],
            word(&["save", "appendonly"])
        ),
        with_tail(
            "HELLO",
            vec![word(&["4", "x", "1"])],
            word(&["setname", "auth", "q"])
        ),
    ]
    .boxed()
}

fn collection_commands() -> BoxedStrategy<Words> {
    let zadd = word(&["nx", "XX", "gt", "LT", "ch", "incr"]);
    let range = word(&["withscores", "REV", "byscore", "limit", "0", "1", "-1"]);
    prop_oneof![
        with_tail("SADD", vec![key()], member()),
        with_tail("SREM", vec![key()], member()),
        command("SISMEMBER", vec![key(), member()]),
        with_tail("SMISMEMBER", vec![key()], member()),
        command("SCARD", vec![key()]),
        command("SMEMBERS", vec![key()]),
        command("ZADD", vec![key(), score(), member()]),
        command("ZADD", vec![key(), score(), member(), score(), member()]),
        (vec(zadd, 0..4), command("", vec![score(), member()]), key()).prop_map(
            |(options, pair, key)| {
                let head = [b"ZADD".to_vec(), key].into_iter();
                head.chain(options)
                    .chain(pair.into_iter().skip(1))
                    .collect()
            }
        ),
        with_tail("ZADD", vec![key()], score()),
        command("ZINCRBY", vec![key(), score(), member()]),
        with_tail("ZREM", vec![key()], member()),
        command("ZSCORE", vec![key(), member()]),
        command("ZRANK", vec![key(), member()]),
        command("ZREVRANK", vec![key(), member()]),
        command("ZCARD", vec![key()]),
        command("ZCOUNT", vec![key(), bound(), bound()]),
        with_tail("ZRANGE", vec![key(), int(), int()], range.clone()),
        with_tail(
            "ZRANGE",
            vec![key(), bound(), bound(), word(&["byscore"])],
            range
        ),
        command(
            "ZRANGE",
            vec![
                key(),
                bound(),
                bound(),
                word(&["BYSCORE"]),
                word(&["LIMIT"]),
                int(),
                int()
            ]
        ),
    ]
    .boxed()
}

/// Any command of any family.
pub fn any_command() -> BoxedStrategy<Words> {
    prop_oneof![
        4 => string_commands(),
        2 => key_commands(),
        1 => server_commands(),
        4 => collection_commands(),
        2 => super::scripts::script_commands(),
    ]
    .boxed()
}
