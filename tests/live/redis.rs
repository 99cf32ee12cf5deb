//! Redis in production setups: in a cluster, behind sentinels, with TLS; restarted, replaced, out of memory.

use std::{
    fs,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    private::free_port,
    program::{Ran, command, read, run},
    redis_server::{PrivateCluster, PrivateRedis, node, until},
    serve::Server,
};

/// Asserts that ten runs and `doctor` end with 5 and a reason.
fn refused(url: &str, why: &str) {
    for _ in 0..10 {
        let output = command(&format!("run -s redis-incr -u 10 --redis {url}"))
            .output()
            .expect("the program starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(5), "{stderr}");
        assert!(stderr.contains(why), "{stderr}");
        assert!(output.stdout.is_empty());
    }
    let output = command(&format!("doctor --redis {url}"))
        .output()
        .expect("the program starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(5), "{stdout}");
    let one_line = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(one_line.contains(why), "{stdout}");
}

/// A run in progress.
struct UnderWay(Child, Instant);

impl UnderWay {
    fn start(args: &str) -> Self {
        let child = command(&format!("run --json - {args}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        Self(child, Instant::now())
    }

    fn end(self) -> Ran {
        let took = self.1;
        read(self.0.wait_with_output().expect("an end"), took.elapsed())
    }
}

/// The number of attempts with an outcome such as `failed`.
fn count(ran: &Ran, outcome: &str) -> u64 {
    let counted = &ran.each("/attempts")[0][outcome];
    counted
        .as_u64()
        .unwrap_or_else(|| panic!("{outcome}: {counted}"))
}

fn warnings(ran: &Ran) -> String {
    ran.each("/warnings")[0].to_string()
}

/// Waits until a run has written its counter, so that the load has begun.
fn load_begins(redis: &PrivateRedis) -> String {
    let mut key = String::new();
    until("the load begins", || {
        key = redis.cli(&["--scan", "--pattern", "coupon_bench:*:coupon_count"]);
        !key.is_empty()
    });
    key
}

#[test]
fn a_run_works_on_every_slot_of_a_cluster() {
    let cluster = PrivateCluster::start();
    for node in &cluster.0 {
        for _ in 0..3 {
            let ran = run(&format!(
                "-s redis-set-incr,redis-lua,redis-zset -u 300 -l 50 --redis {}",
                node.url()
            ));
            assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
            assert_eq!(ran.verdicts(), vec![json!("holds"); 3]);
        }
    }
    for node in &cluster.0 {
        assert_eq!(node.cli(&["--scan"]), "");
    }
}

/// The slot of the run moves from one node to another, key by key. Redis answers `ASK` during the move and `MOVED` after it.
#[test]
fn no_attempt_fails_when_a_slot_moves_during_the_load() {
    let cluster = PrivateCluster::start();
    let run = UnderWay::start(&format!(
        "-s redis-set-incr -u 2000 --rate 800 -l 900 --redis {}",
        cluster.0[0].url()
    ));
    let mut place = (String::new(), 0);
    until("the load begins", || {
        cluster.0.iter().enumerate().any(|(at, node)| {
            place = (node.cli(&["--scan", "--pattern", "*:coupon_count"]), at);
            !place.0.is_empty()
        })
    });
    let (key, from) = place;
    let (from, to) = (&cluster.0[from], &cluster.0[(from + 1) % 3]);
    let slot = from.cli(&["CLUSTER", "KEYSLOT", &key]);
    let (from_id, to_id) = (from.cli(&["CLUSTER", "MYID"]), to.cli(&["CLUSTER", "MYID"]));
    let set = |node: &PrivateRedis, how: &str, id: &str| {
        assert_eq!(node.cli(&["CLUSTER", "SETSLOT", &slot, how, id]), "OK");
    };
    set(to, "IMPORTING", &from_id);
    set(from, "MIGRATING", &to_id);
    for key in from.cli(&["CLUSTER", "GETKEYSINSLOT", &slot, "10"]).lines() {
        let port = to.port.to_string();
        let moved = from.cli(&["MIGRATE", "127.0.0.1", &port, key, "0", "2000"]);
        assert_eq!(moved, "OK", "{key}");
    }
    std::thread::sleep(Duration::from_millis(300));
    set(to, "NODE", &to_id);
    set(from, "NODE", &to_id);
    let ran = run.end();
    assert_eq!(ran.exit, Some(0), "{}", ran.report);
    assert_eq!(count(&ran, "issued"), 900);
    assert_eq!(count(&ran, "sold_out"), 1100);
}

#[test]
fn a_cluster_without_all_slots_is_refused_with_its_name() {
    let (node, _bus) = node();
    refused(&node.url(), "serves 0 of 16384 slots");
    // Half of the slots are not enough: the next run may need the other half.
    assert_eq!(node.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "8000"]), "OK");
    refused(
        &node.url(),
        &format!("the cluster of 127.0.0.1:{}", node.port),
    );
}

#[test]
fn a_replica_is_refused_with_the_name_of_its_master() {
    let master = PrivateRedis::start();
    let replica = PrivateRedis::with(&format!("--replicaof 127.0.0.1 {}", master.port));
    let why = format!(
        "127.0.0.1:{} is a replica and takes no writes; name its master, 127.0.0.1:{}",
        replica.port, master.port
    );
    refused(&replica.url(), &why);
}

/// A master, its replica and the sentinel that watches them.
fn watched() -> (PrivateRedis, PrivateRedis, PrivateRedis) {
    let master = PrivateRedis::start();
    let replica = PrivateRedis::with(&format!("--replicaof 127.0.0.1 {}", master.port));
    until("the replica follows", || {
        replica
            .cli(&["INFO", "replication"])
            .contains("master_link_status:up")
    });
    let port = free_port();
    let file = master.folder().join("sentinel.conf");
    let config = format!(
        "port {port}\nsentinel monitor shop 127.0.0.1 {} 1\nsentinel down-after-milliseconds shop 300\n\
         sentinel failover-timeout shop 2000\n",
        master.port
    );
    fs::write(&file, config).expect("written");
    let sentinel = PrivateRedis::start_on(port, &format!("{} --sentinel", file.to_string_lossy()));
    until("the sentinel knows the replica", || {
        sentinel
            .cli(&["SENTINEL", "replicas", "shop"])
            .contains(&replica.port.to_string())
    });
    (master, replica, sentinel)
}

#[test]
fn sentinels_name_the_master_and_its_successor() {
    let (mut master, replica, sentinel) = watched();
    // The first sentinel is unreachable.
    let url = format!(
        "redis+sentinel://127.0.0.1:1,127.0.0.1:{}/shop",
        sentinel.port
    );
    let ran = run(&format!("-s redis-set-incr -u 300 --redis {url}"));
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    let output = command(&format!("doctor --redis {}", url.replace("shop", "other")))
        .output()
        .expect("the program starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(stdout.contains("knows no master \"other\""), "{stdout}");

    let run = UnderWay::start(&format!(
        "-s redis-set-incr -u 3000 --rate 1000 --redis {url}"
    ));
    load_begins(&master);
    std::thread::sleep(Duration::from_millis(300));
    master.kill();
    let ran = run.end();
    let unanswered = count(&ran, "indeterminate");
    assert_eq!(
        count(&ran, "failed"),
        0,
        "{}",
        ran.report["runs"][0]["failures"]
    );
    assert!(unanswered < 1000, "{unanswered}");
    let changed = format!("to 127.0.0.1:{}", replica.port);
    assert!(warnings(&ran).contains(&changed), "{}", warnings(&ran));
}

/// Attempts during the restart wait for Redis, as those of a production client do.
#[test]
fn a_restarted_redis_serves_later_attempts() {
    let mut redis = PrivateRedis::start();
    let run = UnderWay::start(&format!(
        "-s redis-set-incr -u 60k -c 20 --redis {}",
        redis.url()
    ));
    load_begins(&redis);
    redis.kill();
    std::thread::sleep(Duration::from_secs(1));
    redis.start_again();
    let ran = run.end();
    let attempts = ran.each("/attempts")[0].to_string();
    assert_eq!(count(&ran, "failed"), 0, "{attempts}");
    // At most the attempts in flight had left.
    assert!(count(&ran, "indeterminate") <= 20, "{attempts}");
    let answered = count(&ran, "issued") + count(&ran, "sold_out") + count(&ran, "duplicate");
    assert!(answered >= 60_000 - 20, "{attempts}");
    let said = warnings(&ran);
    assert!(said.contains("Redis restarted during the run"), "{said}");
    // The counter was lost, so the strategy over-issued, and a note explains it.
    assert_eq!(ran.verdicts(), [json!("violated")], "{}", ran.stderr);
    assert_eq!(ran.exit, Some(3));
}

#[test]
fn the_wait_for_an_unreachable_redis_is_spent_once() {
    let mut redis = PrivateRedis::start();
    let run = UnderWay::start(&format!(
        "-s redis-incr -u 2m -c 20 --timeout 1s --redis {}",
        redis.url()
    ));
    load_begins(&redis);
    redis.kill();
    let ran = run.end();
    assert_eq!(ran.exit, Some(4), "{}", ran.stderr);
    assert_eq!(ran.verdicts(), [json!("inconclusive")]);
    let attempts = ran.each("/attempts")[0].to_string();
    assert!(count(&ran, "indeterminate") <= 20, "{attempts}");
    assert!(count(&ran, "failed") > 0, "{attempts}");
    let failures = ran.each("/failures")[0].to_string();
    assert!(failures.contains("no connection: "), "{failures}");
}

#[test]
fn evicted_keys_are_reported() {
    // The keys of the program are the most recently used ones, so Redis evicts other keys. The program does not know which.
    let redis = PrivateRedis::with("--maxmemory 3mb --maxmemory-policy allkeys-random");
    let run = UnderWay::start(&format!(
        "-s redis-set-incr -u 2000 --rate 1000 --redis {}",
        redis.url()
    ));
    load_begins(&redis);
    redis.cli(&[
        "EVAL",
        "for i = 1, 40000 do redis.call('SET', 'other' .. i, ('x'):rep(100)) end",
        "0",
    ]);
    let evicted = redis.cli(&["INFO", "stats"]);
    assert!(!evicted.contains("evicted_keys:0"), "{evicted}");
    let said = warnings(&run.end());
    assert!(
        said.contains("keys during the run for want of memory"),
        "{said}"
    );
}

#[test]
fn a_private_authority_is_trusted_and_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::new(vec!["shop CA".to_owned()]).expect("a name");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = params.self_signed(&key).expect("a certificate");
    let issuer = rcgen::Issuer::new(params, key);
    let server_key = rcgen::KeyPair::generate().expect("a key");
    let server = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()])
        .and_then(|params| params.signed_by(&server_key, &issuer))
        .expect("a certificate");
    fs::write(path("ca.pem"), authority.pem()).expect("written");
    fs::write(path("server.pem"), server.pem()).expect("written");
    fs::write(path("server.key"), server_key.serialize_pem()).expect("written");
    let port = free_port();
    let redis = PrivateRedis::start_on(
        port,
        &format!(
            "--port 0 --tls-port {port} --tls-auth-clients no --tls-cert-file {} --tls-key-file {} --requirepass secret",
            path("server.pem"),
            path("server.key")
        ),
    );
    let url = format!("rediss://:secret@127.0.0.1:{}", redis.port);
    let ran = run(&format!(
        "-s redis-set-incr -u 300 --redis {url} --tls-ca {}",
        path("ca.pem")
    ));
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    assert_eq!(ran.report["scenario"]["tls_ca"], json!(path("ca.pem")));
    let ran = run(&format!(
        "-s redis-set-incr -u 300 --instances 2 --redis {url} --tls-ca {}",
        path("ca.pem")
    ));
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    let output = command(&format!("run -s redis-incr -u 10 --redis {url}"))
        .output()
        .expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{stderr}");
    assert!(stderr.contains("UnknownIssuer"), "{stderr}");
    assert!(!stderr.contains("secret"), "{stderr}");
}

#[test]
fn serve_recovers_after_a_failure_and_its_health_is_correct() {
    let mut redis = PrivateRedis::start();
    let server = Server::start(&format!(
        "-s redis-set-incr --timeout 400ms --redis {}",
        redis.url()
    ));
    assert_eq!(server.ask("GET", "/health", "").0, 200);
    assert_eq!(server.ask("POST", "/claim", "{\"user\":1}").0, 201);
    redis.kill();
    let (status, problem) = server.ask("GET", "/health", "");
    assert_eq!(status, 503, "{problem}");
    assert!(problem.to_string().contains("redis is down"), "{problem}");
    // The command was not sent, so there is no coupon.
    assert_eq!(server.ask("POST", "/claim", "{\"user\":2}").0, 503);
    redis.start_again();
    until("the server recovers", || {
        server.ask("GET", "/health", "").0 == 200
    });
    assert_eq!(server.ask("POST", "/claim", "{\"user\":3}").0, 201);
    redis.signal("-STOP");
    let (status, problem) = server.ask("GET", "/health", "");
    redis.signal("-CONT");
    assert_eq!(status, 503, "{problem}");
    assert!(
        problem.to_string().contains("no answer within 1 s"),
        "{problem}"
    );
    server.end();
}
