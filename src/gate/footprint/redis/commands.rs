//! The table of Redis commands: whether a command reads or writes, and which of its words are keys.
//!
//! The facts are the key specifications of the Redis command reference (`COMMAND INFO`). A command that is not in the table touches
//! everything: a script may use keys that it does not declare, and `KEYS`, `SCAN`, `RANDOMKEY`, `DBSIZE`, `FLUSHDB` and `SORT` use keys
//! that are not among their words.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

/// What a command does with its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// It reads them.
    Read,
    /// It writes at least one of them, and may read them.
    Write,
}

/// Which words of a command are keys. Word 0 is the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// The words from the first to the second position.
    At(usize, usize),
    /// The words from this position to the end.
    From(usize),
    /// The words from this position to the end, but not the last word.
    FromButLast(usize),
    /// Every second word from this position on.
    EverySecond(usize),
    /// As many words as the word at this position says, after it.
    Counted(usize),
    /// Word 1, and as many words as the word at this position says, after it.
    FirstAndCounted(usize),
    /// The first half of the words after `STREAMS`.
    AfterStreams,
}

use Access::{Read, Write};
use Keys::{AfterStreams, At, Counted, EverySecond, FirstAndCounted, From as AllFrom, FromButLast};

/// Names, what they do, and which words are keys.
const TABLE: &[(&str, Access, Keys)] = &[
    // Strings
    ("GET STRLEN GETRANGE SUBSTR", Read, At(1, 1)),
    ("MGET", Read, AllFrom(1)),
    ("LCS", Read, At(1, 2)),
    (
        "SET SETNX SETEX PSETEX GETSET GETEX GETDEL",
        Write,
        At(1, 1),
    ),
    (
        "APPEND SETRANGE INCR DECR INCRBY DECRBY INCRBYFLOAT",
        Write,
        At(1, 1),
    ),
    ("MSET MSETNX", Write, EverySecond(1)),
    // Bits and estimates
    ("GETBIT BITCOUNT BITPOS BITFIELD_RO", Read, At(1, 1)),
    ("SETBIT BITFIELD PFADD", Write, At(1, 1)),
    ("BITOP", Write, AllFrom(2)),
    // PFCOUNT may store what it computed.
    ("PFCOUNT PFMERGE", Write, AllFrom(1)),
    // Keys
    ("TTL PTTL EXPIRETIME PEXPIRETIME TYPE DUMP", Read, At(1, 1)),
    ("EXISTS WATCH", Read, AllFrom(1)),
    ("DEL UNLINK TOUCH", Write, AllFrom(1)),
    (
        "EXPIRE PEXPIRE EXPIREAT PEXPIREAT PERSIST RESTORE",
        Write,
        At(1, 1),
    ),
    ("RENAME RENAMENX", Write, At(1, 2)),
    // Sets
    (
        "SCARD SISMEMBER SMISMEMBER SMEMBERS SRANDMEMBER SSCAN",
        Read,
        At(1, 1),
    ),
    ("SADD SREM SPOP", Write, At(1, 1)),
    ("SMOVE", Write, At(1, 2)),
    ("SINTER SUNION SDIFF", Read, AllFrom(1)),
    ("SINTERSTORE SUNIONSTORE SDIFFSTORE", Write, AllFrom(1)),
    ("SINTERCARD", Read, Counted(1)),
    // Sorted sets
    (
        "ZCARD ZSCORE ZMSCORE ZCOUNT ZLEXCOUNT ZRANK ZREVRANK",
        Read,
        At(1, 1),
    ),
    (
        "ZRANGE ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE",
        Read,
        At(1, 1),
    ),
    (
        "ZRANGEBYLEX ZREVRANGEBYLEX ZRANDMEMBER ZSCAN",
        Read,
        At(1, 1),
    ),
    ("ZADD ZINCRBY ZREM ZPOPMIN ZPOPMAX", Write, At(1, 1)),
    (
        "ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREMRANGEBYLEX",
        Write,
        At(1, 1),
    ),
    ("ZRANGESTORE", Write, At(1, 2)),
    ("ZUNION ZINTER ZDIFF ZINTERCARD", Read, Counted(1)),
    (
        "ZUNIONSTORE ZINTERSTORE ZDIFFSTORE",
        Write,
        FirstAndCounted(2),
    ),
    ("ZMPOP LMPOP", Write, Counted(1)),
    ("BZMPOP BLMPOP", Write, Counted(2)),
    ("BZPOPMIN BZPOPMAX BLPOP BRPOP", Write, FromButLast(1)),
    // Hashes
    (
        "HGET HMGET HGETALL HEXISTS HLEN HKEYS HVALS HSTRLEN",
        Read,
        At(1, 1),
    ),
    (
        "HRANDFIELD HSCAN HTTL HPTTL HEXPIRETIME HPEXPIRETIME",
        Read,
        At(1, 1),
    ),
    (
        "HSET HSETNX HMSET HDEL HINCRBY HINCRBYFLOAT",
        Write,
        At(1, 1),
    ),
    (
        "HEXPIRE HPEXPIRE HEXPIREAT HPEXPIREAT HPERSIST",
        Write,
        At(1, 1),
    ),
    ("HGETDEL HGETEX HSETEX", Write, At(1, 1)),
    // Lists
    ("LLEN LRANGE LINDEX LPOS", Read, At(1, 1)),
    ("LPUSH RPUSH LPUSHX RPUSHX LPOP RPOP", Write, At(1, 1)),
    ("LSET LREM LTRIM LINSERT", Write, At(1, 1)),
    ("LMOVE RPOPLPUSH BLMOVE BRPOPLPUSH", Write, At(1, 2)),
    // Places
    ("GEOPOS GEODIST GEOHASH GEOSEARCH", Read, At(1, 1)),
    ("GEORADIUS_RO GEORADIUSBYMEMBER_RO", Read, At(1, 1)),
    ("GEOADD", Write, At(1, 1)),
    ("GEOSEARCHSTORE", Write, At(1, 2)),
    // Streams
    ("XLEN XRANGE XREVRANGE XPENDING", Read, At(1, 1)),
    ("XREAD", Read, AfterStreams),
    ("XREADGROUP", Write, AfterStreams),
    (
        "XADD XDEL XTRIM XACK XCLAIM XAUTOCLAIM XSETID",
        Write,
        At(1, 1),
    ),
    ("XGROUP", Write, At(2, 2)),
    ("XINFO", Read, At(2, 2)),
];

/// Commands that touch no key and change nothing that another connection can observe.
const HOUSEKEEPING: &str = "PING AUTH HELLO SELECT CLIENT COMMAND INFO ECHO TIME READONLY READWRITE ASKING QUIT RESET ROLE \
     LASTSAVE WAIT WAITAOF UNWATCH DISCARD SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE PUBSUB SENTINEL \
     SLOWLOG LATENCY LOLWUT";

/// The same for commands with a second word.
const HOUSEKEEPING_PAIRS: &[(&str, &str)] = &[
    ("CONFIG", "GET HELP"),
    ("SCRIPT", "LOAD EXISTS HELP"),
    ("FUNCTION", "LIST STATS DUMP HELP"),
    ("MODULE", "LIST HELP"),
    ("ACL", "WHOAMI CAT LIST GETUSER USERS HELP"),
    ("CLUSTER", "SLOTS SHARDS NODES INFO MYID KEYSLOT LINKS HELP"),
    ("MEMORY", "DOCTOR STATS HELP"),
];

/// The table by name: every command at a gate is looked up, and to go through the lists takes tens of microseconds.
static BY_NAME: LazyLock<HashMap<&str, (Access, Keys)>> = LazyLock::new(|| {
    let named = |&(names, access, keys): &(&'static str, Access, Keys)| {
        let names = names.split_ascii_whitespace();
        names.map(move |name| (name, (access, keys)))
    };
    TABLE.iter().flat_map(named).collect()
});

static HOUSEKEEPING_NAMES: LazyLock<HashSet<&str>> =
    LazyLock::new(|| HOUSEKEEPING.split_ascii_whitespace().collect());

/// What the command with this name in capital letters does; `None` if the command is not in the table.
pub(super) fn lookup(name: &str) -> Option<(Access, Keys)> {
    BY_NAME.get(name).copied()
}

/// Whether the command with these first words in capital letters touches nothing.
pub(super) fn is_housekeeping(name: &str, second: Option<&str>) -> bool {
    let is_in = |names: &str, word: &str| names.split_ascii_whitespace().any(|one| one == word);
    HOUSEKEEPING_NAMES.contains(name)
        || HOUSEKEEPING_PAIRS
            .iter()
            .any(|(first, names)| *first == name && second.is_some_and(|word| is_in(names, word)))
}
