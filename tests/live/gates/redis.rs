//! A gate in front of Redis.

use std::{
    io::Write,
    process::{Command, Stdio},
    thread::{self, JoinHandle},
    time::Duration,
};

use coupon_bench::gate::{
    GateKind,
    event::{Content, GateEventKind, WireStatement},
};
use redis::{Connection, Value};

use super::Gated;
use crate::{
    private::free_port,
    redis_server::{PrivateRedis, until},
    services,
};

/// Commands whose answers do not depend on time or chance. `@` stands for the beginning of the keys.
const COMMANDS: &str = "\
PING
ECHO hello
SET @s value
GET @s
GET @missing
SET @s other NX
SET @s other GET
SETEX @e 100 v
APPEND @s !
STRLEN @s
GETRANGE @s 1 3
INCR @n
INCRBY @n 41
INCRBYFLOAT @f 1.5
INCR @s
MSET @a 1 @b 2
MGET @a @missing @b
EXISTS @a @b @missing
DEL @a @missing
TYPE @s
TTL @s
OBJECT ENCODING @n
SETBIT @bits 7 1
BITCOUNT @bits
BITFIELD @bits GET u4 0 INCRBY u4 4 1
LPUSH @l a b c
LRANGE @l 0 -1
LPOP @l 2
LPOP @missing 2
RPOPLPUSH @l @l2
LPOS @l z
SADD @set 1 2 3
SADD @set 1
SCARD @set
SMEMBERS @set
SISMEMBER @set 9
SMISMEMBER @set 1 9
SPOP @missing
HSET @h f 1 g 2
HSETNX @h f 2
HGETALL @h
HMGET @h f missing
HINCRBY @h f 5
HGETALL @missing
ZADD @z 1 one 2.5 two
ZRANGE @z 0 -1 WITHSCORES
ZSCORE @z two
ZSCORE @z missing
ZRANK @z two WITHSCORE
ZPOPMIN @z
XADD @x 1-1 k v
XADD @x 1-2 k w
XRANGE @x - +
XREAD COUNT 1 STREAMS @x 0
XREAD STREAMS @x 9-9
XGROUP CREATE @x group 0
XREADGROUP GROUP group me COUNT 1 STREAMS @x >
XPENDING @x group
XINFO GROUPS @x
GEOADD @g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
GEODIST @g Palermo Catania km
GEOSEARCH @g FROMLONLAT 15 37 BYRADIUS 200 km ASC WITHCOORD
PFADD @p a b
PFCOUNT @p
COPY @s @s2
RENAME @s2 @s3
EVAL return{1,'two',false,{3,redis.call('GET',KEYS[1])}} 1 @n
EVAL return{err='MINE\x20no'} 0
EVAL return{ok='fine'} 0
EVALSHA ffffffffffffffffffffffffffffffffffffffff 0
SORT @l ALPHA
WATCH @n
UNWATCH
BLPOP @l 1
BLPOP @missing 0.01
WAIT 0 1
SELECT 0
CLIENT SETNAME gate
CLIENT GETNAME
CONFIG GET maxmemory-policy
COMMAND COUNT
COMMAND INFO get
COMMAND DOCS incr
MEMORY USAGE @missing
HELLO
NO SUCH COMMAND
GET
SET @s
INCR @l
PUBLISH @channel x
EXEC
DISCARD
MULTI
SET @m 1
GET
EXEC
MULTI
SET @m 1
INCR @m
LPUSH @m x
GET @m
EXEC
MULTI
SET @m 9
DISCARD
GET @m
MULTI
EXEC
";

fn redis() -> (String, u16) {
    let url = url::Url::parse(&services::redis()).expect("a URL");
    let host = url.host_str().expect("a host").to_owned();
    (host, url.port().unwrap_or(6379))
}

fn gated() -> Gated {
    let (host, port) = redis();
    Gated::open(GateKind::Redis, &host, port)
}

fn connect(host: &str, port: u16, protocol: &str) -> Connection {
    let url = format!("redis://{host}:{port}/?protocol={protocol}");
    let client = redis::Client::open(url).expect("a client");
    client.get_connection().expect("a connection")
}

fn through(gated: &Gated) -> Connection {
    connect("127.0.0.1", gated.port(), "resp3")
}

/// A prefix of keys that no other test has. Its length is always the same.
fn prefix(name: &str) -> String {
    format!("gate:{name}:{:08x}:", std::process::id())
}

fn command(line: &str) -> redis::Cmd {
    let mut words = line.split(' ');
    let mut command = redis::cmd(words.next().expect("a name"));
    words.for_each(|word| {
        command.arg(word);
    });
    command
}

/// The answers to the commands, as text.
fn answers(connection: &mut Connection, prefix: &str) -> Vec<String> {
    let answer = |line: &str| {
        let answer: redis::RedisResult<Value> =
            command(&line.replace('@', prefix)).query(connection);
        // The identity of the connection is no part of the comparison.
        let is_own = line == "HELLO";
        let answer = if is_own {
            answer.map(|_| Value::Okay)
        } else {
            answer
        };
        format!("{line}: {answer:?}").replace(prefix, "@")
    };
    COMMANDS.lines().map(answer).collect()
}

fn remove(prefix: &str) {
    let (host, port) = redis();
    let mut connection = connect(&host, port, "resp2");
    let keys: Vec<String> = command(&format!("KEYS {prefix}*"))
        .query(&mut connection)
        .expect("keys");
    for key in keys {
        let _: Value = command(&format!("DEL {key}"))
            .query(&mut connection)
            .expect("an answer");
    }
}

fn shown(statement: &WireStatement) -> String {
    let Content::Redis(commands) = &statement.content else {
        panic!("{statement:?}");
    };
    let line = |words: &Vec<Vec<u8>>| String::from_utf8_lossy(&words.join(&b' ')).into_owned();
    commands.iter().map(line).collect::<Vec<_>>().join("; ")
}

/// Sends a command in a thread of its own.
fn send(mut connection: Connection, line: String) -> JoinHandle<Value> {
    thread::spawn(move || command(&line).query(&mut connection).expect("an answer"))
}

#[test]
fn a_gate_changes_no_answer() {
    let (host, port) = redis();
    for protocol in ["resp2", "resp3"] {
        let gated = gated();
        let (direct, behind) = (prefix("direct"), prefix("behind"));
        let expected = answers(&mut connect(&host, port, protocol), &direct);
        let mut connection = connect("127.0.0.1", gated.port(), protocol);
        let found = answers(&mut connection, &behind);
        remove(&direct);
        remove(&behind);
        for (expected, found) in expected.iter().zip(&found) {
            assert_eq!(expected, found, "{protocol}");
        }
        assert_eq!(expected.len(), found.len());
    }
}

#[test]
fn pipelines_and_large_values_pass() {
    let gated = gated();
    let key = prefix("pipes");
    let mut connection = through(&gated);
    let mut pipe = redis::pipe();
    for _ in 0..10_000 {
        pipe.cmd("INCR").arg(&key);
    }
    let numbers: Vec<u64> = pipe.query(&mut connection).expect("answers");
    assert!(numbers.into_iter().eq(1..=10_000));
    let large = "x".repeat(20 << 20);
    let set = redis::cmd("SET").arg(&key).arg(&large).to_owned();
    let () = set.query(&mut connection).expect("an answer");
    let found: String = command(&format!("GET {key}"))
        .query(&mut connection)
        .expect("a value");
    assert!(found == large);
    remove(&key);
}

#[test]
fn redis_cli_works_through_a_gate() {
    let gated = gated();
    let key = prefix("cli");
    let mut cli = Command::new("redis-cli")
        .args(["-p", &gated.port().to_string(), "--pipe"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("redis-cli starts");
    let lines = format!("SET {key} 1\r\nINCR {key}\r\nLPUSH {key} x\r\n");
    let mut input = cli.stdin.take().expect("an input");
    input.write_all(lines.as_bytes()).expect("it reads");
    drop(input);
    let output = cli.wait_with_output().expect("an end");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("errors: 1, replies: 3"), "{text}");
    remove(&key);
}

#[test]
fn two_connections_are_released_in_any_order() {
    let mut gated = gated();
    let key = prefix("two");
    let (one, other) = (through(&gated), through(&gated));
    gated.control.hold();
    let incremented = send(one, format!("INCR {key}"));
    let (first, connection, statement) = gated.arrival();
    assert_eq!(shown(&statement), format!("INCR {key}"));
    let read = send(other, format!("GET {key}"));
    let (second, other, _) = gated.arrival();
    assert_ne!(connection, other);
    let answer = gated.release(second);
    assert_eq!(answer.text.as_deref(), Some("nil"));
    assert_eq!(read.join().expect("an answer"), Value::Nil);
    let answer = gated.release(first);
    assert_eq!(answer.text.as_deref(), Some("1"));
    assert!(!answer.changed_nothing);
    assert_eq!(incremented.join().expect("an answer"), Value::Int(1));
    remove(&key);
}

#[test]
fn commands_on_a_shared_connection_are_released_in_any_order() {
    let mut gated = gated();
    let key = prefix("shared");
    let url = format!("redis://127.0.0.1:{}/", gated.port());
    let client = redis::Client::open(url).expect("a client");
    let shared = gated
        .runtime
        .block_on(client.get_multiplexed_async_connection())
        .expect("a connection");
    gated.control.hold();
    let spawn = |gated: &Gated, line: String| {
        let mut shared = shared.clone();
        gated.runtime.spawn(async move {
            let answer: Value = command(&line)
                .query_async(&mut shared)
                .await
                .expect("an answer");
            answer
        })
    };
    let set = spawn(&gated, format!("SET {key} 5"));
    let (first, ..) = gated.arrival();
    let block = {
        let (mut shared, key) = (shared.clone(), key.clone());
        gated.runtime.spawn(async move {
            let mut pipe = redis::pipe();
            pipe.atomic().cmd("INCR").arg(&key).cmd("INCR").arg(&key);
            let numbers: Vec<u64> = pipe.query_async(&mut shared).await.expect("answers");
            numbers
        })
    };
    let (second, _, statement) = gated.arrival();
    assert_eq!(
        shown(&statement),
        format!("MULTI; INCR {key}; INCR {key}; EXEC")
    );
    let read = spawn(&gated, format!("GET {key}"));
    let (third, ..) = gated.arrival();
    assert_eq!(gated.release(third).text.as_deref(), Some("nil"));
    assert_eq!(gated.release(second).text.as_deref(), Some("[1, 2]"));
    assert_eq!(gated.release(first).text.as_deref(), Some("OK"));
    let join = async { tokio::join!(set, block, read) };
    let (set, block, read) = gated.runtime.block_on(join);
    assert_eq!(set.expect("an answer"), Value::Okay);
    assert_eq!(block.expect("answers"), [1, 2]);
    assert_eq!(read.expect("an answer"), Value::Nil);
    remove(&key);
}

#[test]
fn blocking_commands_and_subscriptions_pass_while_statements_are_held() {
    let mut gated = gated();
    let key = prefix("block");
    let (list, channel) = (format!("{key}list"), format!("{key}channel"));
    let (waiting, mut listening, pushing) = (through(&gated), through(&gated), through(&gated));
    listening
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a timeout");
    gated.control.hold();
    let popped = send(waiting, format!("BLPOP {list} 10"));
    let mut subscription = listening.as_pubsub();
    subscription.subscribe(&channel).expect("a subscription");
    let pushed = send(pushing, format!("LPUSH {list} x"));
    let (push, ..) = gated.arrival();
    assert_eq!(gated.release(push).text.as_deref(), Some("1"));
    pushed.join().expect("an answer");
    let found = popped.join().expect("an answer");
    let text = |text: &str| Value::BulkString(text.as_bytes().to_vec());
    assert_eq!(found, Value::Array(vec![text(&list), text("x")]));
    let published = send(through(&gated), format!("PUBLISH {channel} hello"));
    let (publish, ..) = gated.arrival();
    gated.release(publish);
    published.join().expect("an answer");
    let message = subscription.get_message().expect("a message");
    assert_eq!(message.get_payload::<String>().expect("a text"), "hello");
    remove(&key);
}

#[test]
fn a_script_is_a_statement_and_what_changed_nothing_is_known() {
    let mut gated = gated();
    let key = prefix("script");
    let mut connection = through(&gated);
    gated.control.hold();
    let script = {
        let key = key.clone();
        thread::spawn(move || {
            let script = redis::Script::new("return redis.call('SADD', KEYS[1], ARGV[1])");
            let invoke = |connection: &mut Connection| {
                let added: u64 = script
                    .key(&key)
                    .arg("u1")
                    .invoke(connection)
                    .expect("an answer");
                added
            };
            assert_eq!((invoke(&mut connection), invoke(&mut connection)), (1, 0));
            let added: u64 = command(&format!("SADD {key} u1"))
                .query(&mut connection)
                .expect("an answer");
            assert_eq!(added, 0);
        })
    };
    let mut answers = Vec::new();
    while !script.is_finished() && answers.last().is_none_or(|(name, _)| name != "SADD") {
        let (id, _, statement) = gated.arrival();
        let answer = gated.release(id);
        let name = shown(&statement);
        let name = name.split(' ').next().unwrap_or_default().to_owned();
        answers.push((name, answer));
    }
    script.join().expect("the answers");
    let (_, last) = answers.pop().expect("an answer");
    assert!(last.changed_nothing);
    assert_eq!(last.text.as_deref(), Some("0"));
    assert!(answers.iter().all(|(name, _)| name.starts_with("EVAL")));
    assert!(answers.iter().any(|(_, answer)| !answer.changed_nothing));
    remove(&key);
}

#[test]
fn a_server_that_is_killed_closes_its_connections() {
    let mut server = PrivateRedis::start();
    let mut gated = Gated::open(GateKind::Redis, "127.0.0.1", server.port);
    let (mut held, mut idle) = (through(&gated), through(&gated));
    gated.control.hold();
    let failed = thread::spawn(move || command("INCR n").query::<Value>(&mut held).is_err());
    let (id, ..) = gated.arrival();
    server.kill();
    let closed = |event: &GateEventKind| *event == GateEventKind::Closed;
    gated.reported("a closed connection", closed);
    gated.reported("another closed connection", closed);
    assert!(failed.join().expect("an error"));
    assert!(!gated.control.release(id));
    assert!(command("PING").query::<Value>(&mut idle).is_err());
    server.start_again();
    gated.control.pass();
    let answer: u64 = command("INCR n")
        .query(&mut through(&gated))
        .expect("an answer");
    assert_eq!(answer, 1);
}

#[test]
fn a_server_that_cannot_be_reached_is_reported() {
    let mut gated = Gated::open(GateKind::Redis, "127.0.0.1", free_port());
    let client = redis::Client::open(format!("redis://127.0.0.1:{}/", gated.port()));
    assert!(client.expect("a client").get_connection().is_err());
    gated.reported("the reason", |event| {
        matches!(event, GateEventKind::Unreachable(_))
    });
    gated.reported("the end", |event| *event == GateEventKind::Closed);
}

#[test]
fn a_dropped_gate_closes_its_address_and_its_connections() {
    let gated = gated();
    let port = gated.port();
    let mut connection = through(&gated);
    drop(gated);
    assert!(command("PING").query::<Value>(&mut connection).is_err());
    until("the address is closed", || {
        std::net::TcpStream::connect(("127.0.0.1", port)).is_err()
    });
}

#[test]
fn a_connection_without_replies_is_forwarded_unread() {
    let mut gated = gated();
    let key = prefix("silent");
    let mut connection = through(&gated);
    connection
        .send_packed_command(&command("CLIENT REPLY OFF").get_packed_command())
        .expect("it is sent");
    for line in [format!("SET {key} 1"), "CLIENT REPLY ON".to_owned()] {
        let packed = command(&line).get_packed_command();
        connection.send_packed_command(&packed).expect("it is sent");
    }
    assert_eq!(connection.recv_response().expect("a reply"), Value::Okay);
    gated.reported("the reason", |event| {
        matches!(event, GateEventKind::Unreadable(_))
    });
    let value: u64 = command(&format!("GET {key}"))
        .query(&mut connection)
        .expect("a value");
    assert_eq!(value, 1);
    remove(&key);
}
