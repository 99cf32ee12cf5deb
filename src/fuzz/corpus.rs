//! Known inputs, some of them files of the repository.

use std::{fs, path::Path};

use crate::render::{fixtures, json};

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// The files of a folder of the repository with this ending.
fn files(folder: &str, ending: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    // Sorted, so that a seed gives the same inputs on every system.
    paths.sort();
    let files = paths
        .into_iter()
        .filter(|path| path.to_string_lossy().ends_with(ending));
    files.filter_map(|path| fs::read(path).ok()).collect()
}

/// One argument a line.
pub fn flags() -> Vec<Vec<u8>> {
    texts(&[
        "run\n-s\nnaive,redis-incr\n-u\n10k\n-l\n100\n--attempts\n2\n--trials\n3",
        "run\n-s\nall\n--rate\n5k\n--ramp\n2s\n--spacing\npoisson\n--seed\n1\n--timeout\n500ms",
        "run\n-s\nredis-kafka\n--db\npostgres://u:p@h/db\n--redis\nrediss://h:1/2\n--kafka\na:1,b:2\n--assert\np99 < 200ms",
        "run\n-s\nnaive\n--spike\n10s\n--db-pool\n20\n--db-connection\nrequest\n--instances\n2\n--json\n-",
        "compare\n-s\nredis-incr\n--baseline\nmain\n--fail-on-regression\n10%\n--metric\np99",
        "compare\na.json\nb.json\n--force",
        "explore\n--strategy\nnaive\n--users\n2\n--faults\n1\n--states\n2m",
        "replay\nnaive:u2:l1:ABBA\n--wait\n100ms\n--trials\n2",
        "serve\n--strategy\nredis-incr\n--listen\n127.0.0.1:8080\n--max-connections\n10",
        "ceiling\n--only\nincr,insert\n-n\n10k\n-c\n50\n--payload\n100",
        "doctor\n--db\nmysql://u:p@h/db\n--kafka\nh:9092",
        "strategies\nnaive\n--json",
        "target\nnew\nx.toml",
        "target\ncheck\nx.toml",
        "completions\nbash",
        "man\nrun",
    ])
}

/// Scenario files.
pub fn scenarios() -> Vec<Vec<u8>> {
    let mut all = files("scenarios", ".toml");
    all.extend(texts(&[
        "strategy = 'naive'\nusers = '10k'\nlimit = 100\nassert = ['issued == 100']\n",
        "strategy = ['redis-incr', 'naive']\nrate = 5000\nramp = '2s'\nwarmup = false\ndb = 'sqlite://x'\n",
    ]));
    all
}

/// Target files.
pub fn targets() -> Vec<Vec<u8>> {
    let mut all = files("targets", ".toml");
    all.push(include_bytes!("../service/starter.toml").to_vec());
    all
}

/// Schedules.
pub fn tokens() -> Vec<Vec<u8>> {
    texts(&[
        "naive:u2:l1:ABBA",
        "redis-kafka:u1:l1:AAAn",
        "redis-lock:u2:l1:i2:AABtBA",
        "db-pessimistic:u3:l2:a2:ABCABC",
        "redis-kafka-safe:u2:l1:c1:AB1A1B",
    ])
}

/// Assertions.
pub fn assertions() -> Vec<Vec<u8>> {
    texts(&[
        "issued == 100",
        "p99 < 200ms",
        "issued.p99 < 1s",
        "verdict == holds",
        "lost == 0",
        "naive: over_issued > 0",
        "throughput >= 5000/s",
        "duration <= 2m",
    ])
}

/// Addresses of services.
pub fn urls() -> Vec<Vec<u8>> {
    texts(&[
        "sqlite",
        "sqlite://coupons.db",
        "postgres://u:p%40@h:5432/db?sslmode=require&application_name=x",
        "postgresql:///db?host=/run/pg&port=5433&user=u&password=p",
        "postgres://u@[::1]:5432/db?options[search_path]=shop",
        "postgres://%2Frun%2Fpg/db?statement-cache-capacity=0",
        "mysql://u:p@h:3306/db?ssl-mode=REQUIRED&charset=utf8mb4",
        "mariadb://u@/db?socket=/run/m.sock",
        "embedded",
        "redis://:p@h:6379/1?protocol=resp3",
        "rediss://u:p@[::1]:6380/0#insecure",
        "redis+sentinel://u:p@a:1,b:2/name/0",
        "redis+cluster://a:1,b:2",
        "a:9092,[::1]:9093,b.c:1",
    ])
}

/// Counts, durations, rates and shares.
pub fn values() -> Vec<Vec<u8>> {
    texts(&[
        "10k",
        "1_000_000",
        "1,000",
        "1.5m",
        "500ms",
        "1.5s",
        "5k/s",
        "0.5/s",
        "10%",
        "on",
        "18446744073709551615",
    ])
}

/// Reports. They are small, because every input is one report.
pub fn reports() -> Vec<Vec<u8>> {
    let reports = [
        fixtures::redis_kafka_holds(),
        fixtures::naive_over_issues(),
        fixtures::inconclusive(),
        fixtures::with_bystander(),
        fixtures::failed_assertions(),
    ];
    let written = reports
        .iter()
        .filter_map(|report| json::render(report).ok());
    written.map(String::into_bytes).collect()
}

/// Requests of a client to the embedded Redis.
pub fn requests() -> Vec<Vec<u8>> {
    texts(&[
        "PING\r\n",
        "*1\r\n$4\r\nPING\r\n",
        "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n",
        "HELLO 3\r\nSET k v NX PX 100\r\nGET k\r\n",
        "ZADD z 1 a 2 b\r\nZRANGE z 0 -1 WITHSCORES\r\nZRANGEBYSCORE z (1 +inf LIMIT 0 1\r\n",
        "SADD s a b c\r\nSMEMBERS s\r\nSSCAN s 0 MATCH a* COUNT 1\r\n",
        "SCAN 0 MATCH coupon:* TYPE string\r\nEXPIRE k 10 GT\r\nTTL k\r\n",
        "EVAL \"return redis.call('INCR', KEYS[1])\" 1 k\r\n",
        "EVAL \"return {1, 'a', {2}, false, cjson ~= nil}\" 0\r\n",
        "SCRIPT LOAD \"return 1\"\r\nEVALSHA e0e1f9fabfc9d4800c877a703b823ac0578ff8db 0\r\n",
        "INFO server\r\nCONFIG GET max*\r\nCLIENT LIST\r\nCOMMAND COUNT\r\n",
        "SELECT 1\r\nMSET a 1 b 2\r\nMGET a b\r\nINCRBYFLOAT a 0.5\r\nAPPEND a x\r\nDEL a b\r\n",
    ])
}

/// Bodies of HTTP responses.
pub fn answers() -> Vec<Vec<u8>> {
    texts(&[
        r#"{"result":"issued","userId":7}"#,
        r#"{"users":[{"id":1},{"id":"b"}],"count":2,"deep":{"list":[[[]]]}}"#,
        r#"[1,2.5,-3,1e400,"x",null,true]"#,
        "SOLD_OUT",
        "",
        "{\"message\":\"\\ud83d\\ude00 \\u0000\"}",
    ])
}
