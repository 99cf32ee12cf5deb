//! The embedded Redis server against the real one, and against Redis's own tools.
//!
//! The real server's address is taken from `COUPON_BENCH_TEST_REDIS`. Its logical databases 9 and 10 are
//! flushed, and so is its script cache.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "embedded_redis/commands.rs"]
mod commands;
#[path = "embedded_redis/raw.rs"]
mod raw;
#[path = "embedded_redis/scripts.rs"]
mod scripts;

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    process::{Command, Output},
    time::{Duration, Instant},
};

use coupon_bench::adapters::redis::embedded::EmbeddedRedis;
use proptest::{collection::vec, prelude::*, test_runner::Config};

use commands::any_command;
use raw::{Raw, is_unordered, sorted};

/// A server without a password, like the real server that it is compared with.
fn open() -> EmbeddedRedis {
    EmbeddedRedis::start_on(([127, 0, 0, 1], 0).into()).unwrap()
}

#[test]
fn replies_are_those_of_redis_byte_for_byte() {
    let server = open();
    proptest!(Config::with_cases(300), |(commands in vec(any_command(), 1..60))| {
        let mut ours = Raw::embedded(&server);
        let mut theirs = Raw::real();
        prop_assert_eq!(ours.words("SELECT 9"), "+OK\r\n");
        for raw in [&mut ours, &mut theirs] {
            raw.words("FLUSHDB");
            raw.words("SCRIPT FLUSH");
        }
        for command in &commands {
            let shown: Vec<_> = command.iter().map(|w| String::from_utf8_lossy(w)).collect();
            let (our, their) = (ours.send(command), theirs.send(command));
            if is_unordered(command) {
                prop_assert_eq!(sorted(&our), sorted(&their), "{:?}", shown);
            } else {
                let (our, their) = (our.escape_ascii(), their.escape_ascii());
                prop_assert_eq!(our.to_string(), their.to_string(), "{:?}", shown);
            }
        }
    });
}

/// The raw reply of a server to `bytes`, read until the server closes the connection or stops sending.
fn raw_answer(addr: impl std::net::ToSocketAddrs, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.write_all(bytes).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => return format!("{} closed", answer.escape_ascii()),
            Ok(n) => answer.extend_from_slice(&chunk[..n]),
            Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset => {
                return format!("{} closed", answer.escape_ascii());
            }
            Err(_) => return format!("{} open", answer.escape_ascii()),
        }
    }
}

#[test]
fn malformed_input_is_answered_as_redis_answers_it() {
    let server = open();
    let mut inputs: Vec<Vec<u8>> = [
        "PING\r\n",
        "PING\n\r\nECHO 'a b'\r\n",
        "ECHO \"a\r\n",
        "*1\r\nPING\r\n",
        "*1\r\n$x\r\nPING\r\n",
        "*1\r\n$-1\r\n",
        "*1\r\n$536870913\r\n",
        "*x\r\n",
        "*2147483648\r\n",
        "*0\r\n*-1\r\n*-7\r\nPING\r\n",
        "*1\r\n$4\r\nPING\r\nPING\r\n*1\r\n$4\r\nPING\r\n",
        "*1\r\n$4\r\nPI",
        "*1\r\n*1\r\n*1\r\n",
        "QUIT\r\nPING\r\n",
        "HELLO 3\nRESET\nPING\n",
        "HELLO 3\nGET nosuchkey\nZSCORE nosuchkey a\nFOO\nCONFIG GET save\nSMEMBERS nosuchkey\n",
        "*2\r\n$3\r\nfoo\r\n$3\r\na\nb\r\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    inputs.push(vec![b'a'; 70_000]);
    inputs.push([b"*1\r\n$".to_vec(), vec![b'1'; 70_000]].concat());
    inputs.push([b"*".to_vec(), vec![b'1'; 70_000]].concat());
    let real = Raw::real().0.get_ref().peer_addr().unwrap();
    for input in inputs {
        let shown = String::from_utf8_lossy(&input[..input.len().min(60)]).into_owned();
        let (ours, theirs) = (raw_answer(server.addr(), &input), raw_answer(real, &input));
        // The greeting names the version and the connection.
        if shown.starts_with("HELLO") {
            let tail = |answer: &str| answer.rsplit_once("modules").unwrap().1.to_owned();
            assert_eq!(tail(&ours), tail(&theirs), "{shown}");
        } else {
            assert_eq!(ours, theirs, "{shown}");
        }
    }
}

#[test]
fn resp3_replies_are_those_of_redis() {
    let server = open();
    let (mut ours, mut theirs) = (Raw::embedded(&server), Raw::real());
    for raw in [&mut ours, &mut theirs] {
        raw.words("HELLO 3");
        raw.words("SELECT 10");
        raw.words("FLUSHDB");
    }
    for command in [
        "ZADD z 0.1 a 2 b 1e30 c inf d",
        "ZSCORE z a",
        "ZSCORE z c",
        "ZSCORE z d",
        "ZSCORE z q",
        "ZINCRBY z 1 b",
        "ZADD z incr nx 1 b",
        "ZRANGE z 0 -1 WITHSCORES",
        "ZRANGE z 0 0",
        "ZRANK z q",
        "SADD s 1",
        "SMEMBERS s",
        "SMEMBERS q",
        "GET q",
        "MGET q q",
        "CLIENT GETNAME",
        "CONFIG GET save",
        "EVAL return{1,false,true,'x'} 0",
        "EVAL return{map={a=1}} 0",
        "EVAL return{double=1.5} 0",
        "EVAL return{set={a=true}} 0",
        "EVAL return(redis.call('zscore','z','a')) 0",
        "FLUSHDB",
    ] {
        assert_eq!(ours.words(command), theirs.words(command), "{command}");
    }
}

#[test]
fn pipelines_and_split_requests() {
    let server = open();
    let mut raw = Raw::embedded(&server);
    raw.write(&b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n".repeat(10_000));
    for n in 1..=10_000 {
        assert_eq!(raw.line(), format!(":{n}\r\n").into_bytes());
    }
    for byte in b"*2\r\n$4\r\nECHO\r\n$3\r\nabc\r\n" {
        raw.write(&[*byte]);
    }
    assert_eq!(raw.reply(), b"$3\r\nabc\r\n");
    let big = vec![b'x'; 5_000_000];
    raw.send(&[b"SET".to_vec(), b"big".to_vec(), big]);
    assert_eq!(raw.words("STRLEN big"), ":5000000\r\n");
}

#[test]
fn keys_expire_and_vanish_from_counts() {
    let server = open();
    let mut raw = Raw::embedded(&server);
    raw.words("SET a 1 PX 50");
    raw.words("SADD s 1");
    raw.words("PEXPIRE s 50");
    assert_eq!(raw.words("DBSIZE"), ":2\r\n");
    std::thread::sleep(Duration::from_millis(80));
    assert_eq!(raw.words("DBSIZE"), ":0\r\n");
    assert_eq!(raw.words("KEYS *"), "*0\r\n");
    assert_eq!(raw.words("TTL a"), ":-2\r\n");
}

#[test]
fn endless_scripts_are_stopped() {
    let server = open();
    let mut raw = Raw::embedded(&server);
    let began = Instant::now();
    let reply = raw.eval("while true do pcall(function() while true do end end) end");
    assert!(reply.starts_with("-ERR Script stopped"), "{reply}");
    assert!(began.elapsed() < Duration::from_secs(15));
    assert_eq!(raw.words("PING"), "+PONG\r\n");
}

#[test]
fn scripts_cannot_leave_the_sandbox() {
    let server = open();
    let mut raw = Raw::embedded(&server);
    for name in [
        "io", "os", "dofile", "loadfile", "require", "package", "debug", "print",
    ] {
        let reply = raw.eval(&format!("return {name}"));
        assert!(reply.contains("nonexistent global variable"), "{reply}");
    }
    let reply = raw.eval("return {string.dump == nil, loadstring('\\27Lua') == nil}");
    assert_eq!(reply, "*2\r\n:1\r\n:1\r\n");
    let reply = raw.eval("return string.rep('x', 1024 * 1024 * 1024)");
    assert!(reply.starts_with('-'), "{}", &reply[..50]);
    assert_eq!(raw.words("PING"), "+PONG\r\n");
}

#[test]
fn dropping_the_server_closes_its_connections() {
    let server = open();
    let mut raw = Raw::embedded(&server);
    assert_eq!(raw.words("PING"), "+PONG\r\n");
    let addr = server.addr();
    assert_eq!(server.url(), format!("redis://{addr}"));
    drop(server);
    assert_eq!(raw.line(), b"");
    assert!(TcpStream::connect(addr).is_err());
}

#[test]
fn a_taken_port_is_an_error() {
    let server = open();
    assert!(EmbeddedRedis::start_on(server.addr()).is_err());
}

/// Runs one of Redis's own tools against the server; its standard output.
fn tool(name: &str, addr: SocketAddr, args: &[&str]) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(name)
        .args(["-h", "127.0.0.1", "-p", &addr.port().to_string()])
        .args(args)
        .output()
        .unwrap_or_else(|error| panic!("{name} cannot be run: {error}"));
    let (stdout, stderr) = (String::from_utf8(stdout), String::from_utf8(stderr));
    let (stdout, stderr) = (stdout.unwrap(), stderr.unwrap());
    assert!(status.success(), "{name} {args:?}: {stdout}{stderr}");
    assert!(!stderr.contains("WARN"), "{name} {args:?}: {stderr}");
    stdout
}

#[test]
fn redis_cli_works() {
    let server = open();
    let cli = |args: &[&str]| tool("redis-cli", server.addr(), args);
    assert_eq!(cli(&["SET", "a", "1"]), "OK\n");
    assert_eq!(cli(&["INCR", "a"]), "2\n");
    assert_eq!(cli(&["-n", "3", "DBSIZE"]), "0\n");
    assert_eq!(cli(&["-3", "ZADD", "z", "1.5", "m"]), "1\n");
    assert_eq!(cli(&["-3", "ZSCORE", "z", "m"]), "1.5\n");
    assert_eq!(cli(&["--no-raw", "SMEMBERS", "none"]), "(empty array)\n");
    assert_eq!(
        cli(&["EVAL", "return {KEYS[1],ARGV[1]}", "1", "k", "v"]),
        "k\nv\n"
    );
    assert_eq!(cli(&["--scan"]).lines().count(), 2);
    let info = cli(&["INFO"]);
    for line in [
        "redis_version:7.0.0",
        "coupon_bench:embedded",
        "db0:keys=2,expires=0",
    ] {
        assert!(info.contains(line), "{info}");
    }
    assert!(cli(&["COMMAND", "DOCS"]).contains("zrange"));
    assert!(cli(&["CLIENT", "LIST"]).contains("addr=127.0.0.1:"));
}

#[test]
fn redis_benchmark_works() {
    let server = open();
    for pipeline in ["1", "16"] {
        let args = ["-t", "incr,sadd", "-n", "20000", "-q", "-P", pipeline];
        let output = tool("redis-benchmark", server.addr(), &args);
        assert!(
            output.contains("INCR: ") && output.contains("SADD: "),
            "{output}"
        );
    }
    let output = tool(
        "redis-benchmark",
        server.addr(),
        &["-t", "ping,set,get", "-n", "2000", "-q"],
    );
    assert!(
        output.contains("PING_INLINE: ") && output.contains("GET: "),
        "{output}"
    );
    let mut raw = Raw::embedded(&server);
    assert_eq!(raw.words("GET counter:__rand_int__"), "$5\r\n40000\r\n");
}

#[test]
fn a_client_without_the_password_is_refused() {
    let server = EmbeddedRedis::start().unwrap();
    let url = server.url();
    let password = url.split([':', '@']).nth(2).unwrap();
    assert_eq!(password.len(), 32, "{url}");
    assert!(!format!("{server:?}").contains(password));
    let mut raw = Raw::embedded(&server);
    for command in [
        "FLUSHALL",
        "PING",
        "SET a 1",
        "INFO",
        "CONFIG GET *",
        "EVAL x 0",
    ] {
        let answer = raw.words(command);
        assert!(answer.starts_with("-NOAUTH "), "{command}: {answer}");
    }
    assert!(raw.words("HELLO 3").starts_with("-NOAUTH HELLO"));
    assert!(raw.words("AUTH wrong").starts_with("-WRONGPASS"));
    assert!(
        raw.words(&format!("AUTH other {password}"))
            .starts_with("-WRONGPASS")
    );
    assert!(raw.words("PING").starts_with("-NOAUTH"));
    assert_eq!(raw.words(&format!("AUTH {password}")), "+OK\r\n");
    assert_eq!(raw.words("PING"), "+PONG\r\n");
    assert_eq!(raw.words("RESET"), "+RESET\r\n");
    assert!(raw.words("PING").starts_with("-NOAUTH"));
    let hello = raw.words(&format!("HELLO 2 AUTH default {password}"));
    assert!(hello.contains("redis"), "{hello}");
    assert_eq!(raw.words("PING"), "+PONG\r\n");
}

#[test]
fn a_connection_that_speaks_http_is_closed_as_redis_closes_it() {
    let server = open();
    let mut raw = Raw::embedded(&server);
    assert_eq!(raw.words("SET kept 1"), "+OK\r\n");
    let forms = [
        "POST / HTTP/1.1\r\nHost: localhost\r\n\r\nFLUSHALL\r\n",
        "PUT / HTTP/1.1\r\nHost: localhost\r\n\r\nFLUSHALL\r\n",
        "host: localhost\r\nFLUSHALL\r\n",
    ];
    for form in forms {
        let answer = raw_answer(server.addr(), form.as_bytes());
        assert!(answer.ends_with(" closed"), "{form:?}: {answer}");
        assert!(!answer.contains("OK"), "{form:?}: {answer}");
        assert_eq!(raw.words("GET kept"), "$1\r\n1\r\n", "{form:?}");
    }
}
