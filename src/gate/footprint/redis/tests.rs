//! Redis commands with their keys.

use super::*;

fn command(line: &str) -> Vec<Vec<u8>> {
    line.split(' ')
        .map(|word| word.as_bytes().to_vec())
        .collect()
}

fn of(line: &str) -> (Role, Footprint) {
    classify(&[command(line)])
}

fn keys(objects: &Objects) -> String {
    match objects {
        Objects::All => "all".to_owned(),
        Objects::Some(keys) => keys.iter().cloned().collect::<Vec<_>>().join(" "),
    }
}

#[test]
fn the_keys_of_a_command_are_found() {
    // Command, keys that are read, keys that are written.
    for (line, reads, writes) in [
        ("GET stock", "stock", ""),
        ("get stock", "stock", ""),
        ("MGET a b", "a b", ""),
        ("SET lock x NX PX 100", "lock", "lock"),
        ("INCR n", "n", "n"),
        ("DEL a b", "a b", "a b"),
        ("MSET a 1 b 2", "a b", "a b"),
        ("SCARD issued", "issued", ""),
        ("SADD issued u1 u2", "issued", "issued"),
        ("SISMEMBER issued u1", "issued", ""),
        ("ZADD queue 1 u1", "queue", "queue"),
        ("ZUNIONSTORE to 2 a b", "a b to", "a b to"),
        ("ZUNION 2 a b WITHSCORES", "a b", ""),
        ("BITOP AND to a b", "a b to", "a b to"),
        ("XREADGROUP GROUP g c COUNT 1 STREAMS s t > >", "s t", "s t"),
        ("XADD s * k v", "s", "s"),
        ("BLPOP a b 0", "a b", "a b"),
        ("EXPIRE a 10", "a", "a"),
        ("WATCH a b", "a b", ""),
        ("HINCRBY h f 1", "h", "h"),
        ("GETEX a PERSIST", "a", "a"),
    ] {
        let (role, footprint) = of(line);
        let found = (role, keys(&footprint.reads), keys(&footprint.writes));
        assert_eq!(
            found,
            (Role::Data, reads.to_owned(), writes.to_owned()),
            "{line}"
        );
    }
}

#[test]
fn a_command_whose_keys_are_unknown_touches_everything() {
    for line in [
        "EVAL return 0",
        "EVALSHA abc 1 k",
        "FCALL f 1 k",
        "KEYS *",
        "SCAN 0",
        "FLUSHDB",
        "FLUSHALL",
        "DBSIZE",
        "RANDOMKEY",
        "SORT a BY w_*",
        "MOVE a 1",
        "SWAPDB 0 1",
        "PUBLISH c m",
        "CONFIG SET maxmemory 1",
        "SCRIPT FLUSH",
        "JSON.SET a $ 1",
        "EXEC",
        "GET",
        "ZUNION x a",
        "ZUNION 9 a",
        "XREAD STREAMS",
        "UNKNOWN a",
    ] {
        assert_eq!(of(line), (Role::Data, Footprint::everything()), "{line}");
    }
}

#[test]
fn housekeeping_touches_nothing() {
    for line in [
        "PING",
        "hello 3",
        "AUTH user pass",
        "SELECT 1",
        "CLIENT SETINFO lib-name x",
        "COMMAND DOCS",
        "INFO",
        "CONFIG GET save",
        "SCRIPT LOAD x",
        "READONLY",
        "TIME",
        "MULTI",
        "DISCARD",
        "UNWATCH",
        "CLUSTER SLOTS",
    ] {
        assert_eq!(of(line), (Role::Housekeeping, Footprint::none()), "{line}");
    }
    assert_eq!(classify(&[]), (Role::Housekeeping, Footprint::none()));
    assert_eq!(classify(&[vec![]]), (Role::Housekeeping, Footprint::none()));
}

#[test]
fn a_block_reads_everything_because_its_watched_keys_are_unknown() {
    let block: Vec<_> = ["MULTI", "INCR a", "SADD b u1", "EXEC"].map(command).into();
    let (role, footprint) = classify(&block);
    assert_eq!(role, Role::Data);
    assert_eq!(footprint.reads, Objects::All);
    assert_eq!(keys(&footprint.writes), "a b");
}
