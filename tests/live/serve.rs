//! `serve`: started, called by other HTTP clients, stopped by a signal.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, ChildStdout, Stdio},
    sync::Barrier,
};

use serde_json::{Value, json};

use crate::{
    isolation::{files, remains, tool},
    program::command,
    services::{kafka, postgres, redis},
};

pub struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub address: String,
}

/// The output of a server that has ended.
pub struct Ended {
    pub exit: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Server {
    /// Starts a server with these flags on a free port, and waits until it listens.
    pub fn start(flags: &str) -> Self {
        let mut child = command(&format!("serve --listen 127.0.0.1:0 {flags}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("a line");
        let address = line.trim().strip_prefix("listening on http://");
        let address = address
            .unwrap_or_else(|| panic!("no address: {line}"))
            .to_owned();
        Self {
            child,
            stdout,
            address,
        }
    }

    /// The status and body of a request.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.address).expect("a connection");
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
        let (_, content) = answer.split_once("\r\n\r\n").expect("a head");
        let content = serde_json::from_str(content).unwrap_or_else(|_| json!(content));
        (status.expect("a status"), content)
    }

    fn ledger(&self) -> Value {
        loop {
            let (status, ledger) = self.ask("GET", "/ledger", "");
            assert_eq!(status, 200, "{ledger}");
            if ledger["drained"] == json!(true) {
                return ledger;
            }
        }
    }

    /// Claims of this number of users at once, from user `first` on. Returns the number of responses by outcome.
    fn burst(&self, first: u64, users: u64) -> [usize; 3] {
        let barrier = Barrier::new(usize::try_from(users).expect("few"));
        let told: Vec<u16> = std::thread::scope(|scope| {
            let asked: Vec<_> = (first..first + users)
                .map(|user| {
                    let barrier = &barrier;
                    scope.spawn(move || {
                        barrier.wait();
                        let body = json!({"user": user}).to_string();
                        self.ask("POST", "/claim", &body).0
                    })
                })
                .collect();
            asked
                .into_iter()
                .map(|one| one.join().expect("told"))
                .collect()
        });
        [201, 410, 409].map(|status| told.iter().filter(|told| **told == status).count())
    }

    pub fn end(mut self) -> Ended {
        tool("kill", &["-TERM", &self.child.id().to_string()]);
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).expect("UTF-8");
        let mut stderr = String::new();
        let mut pipe = self.child.stderr.take().expect("a pipe");
        pipe.read_to_string(&mut stderr).expect("UTF-8");
        let status = self.child.wait().expect("an end");
        Ended {
            exit: status.code(),
            stdout,
            stderr,
        }
    }
}

/// A test that does not end its server leaves no process behind.
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The ids of the events that a server had, from its log. All 16 digits: the first eight are the second in which the
/// event was made, which runs of other tests share.
fn events(log: &str) -> Vec<&str> {
    let created = log
        .lines()
        .filter(|line| line.contains("database objects created"));
    created
        .filter_map(|line| line.split_once("coupon_bench_")?.1.get(..16))
        .collect()
}

#[test]
fn a_strategy_is_served_reset_and_removed_on_real_services() {
    let services = format!(
        "--db {} --redis {} --kafka {}",
        postgres(),
        redis(),
        kafka()
    );
    let server = Server::start(&format!("-v -s redis-kafka --limit 30 {services}"));
    assert_eq!(server.burst(1, 50), [30, 20, 0]);
    let ledger = server.ledger();
    assert_eq!(ledger["issued"], json!(30));
    assert_eq!(ledger["told_issued"], json!(30));
    // The same users claim again.
    assert_eq!(server.burst(1, 50), [0, 0, 50]);
    assert_eq!(server.ledger(), ledger);

    let (status, fresh) = server.ask("POST", "/reset", "");
    assert_eq!((status, &fresh["users"]), (200, &json!([])));
    assert_eq!(server.burst(1, 40), [30, 10, 0]);
    let ended = server.end();
    assert_eq!(ended.exit, Some(0), "{}", ended.stderr);
    for words in ["30 issued, 10 sold out", "30 rows, limit 30"] {
        assert!(ended.stdout.contains(words), "{}", ended.stdout);
    }
    let ids = events(&ended.stderr);
    assert_eq!(ids.len(), 2, "{}", ended.stderr);
    for id in ids {
        assert_eq!(remains(id), Vec::<String>::new());
    }
}

#[test]
fn the_ledger_shows_a_race_over_http() {
    let server = Server::start(&format!("-v -s naive --limit 5 --db {}", postgres()));
    let over = (0..20).find_map(|_| {
        server.ask("POST", "/reset", "");
        let [issued, ..] = server.burst(1, 50);
        let rows = server.ledger()["users"].as_array().map_or(0, Vec::len);
        assert_eq!(rows, issued);
        (rows > 5).then_some(rows)
    });
    let ended = server.end();
    let over = over.expect("none of 20 bursts was over-issued");
    let words = format!("{over} rows, limit 5, over-issued {}", over - 5);
    assert!(ended.stdout.contains(&words), "{}", ended.stdout);
    assert_eq!(ended.exit, Some(0));
}

#[test]
fn embedded_services_end_with_the_server() {
    let server = Server::start("-v -s redis-kafka --limit 5");
    assert_eq!(server.burst(1, 9), [5, 4, 0]);
    let ended = server.end();
    assert_eq!(ended.exit, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("5 rows, limit 5"), "{}", ended.stdout);
    let ids = events(&ended.stderr);
    assert_eq!(ids.len(), 1);
    assert_eq!(files(ids[0]), Vec::<String>::new());
}

#[test]
fn an_obstacle_to_serving_ends_the_server_with_a_message() {
    let taken = Server::start("-s answer");
    let at = taken.address.clone();
    for (flags, exit, words) in [
        (format!("-s answer --listen {at}"), 2, "--listen"),
        (
            "-s redis-incr --redis redis://127.0.0.1:1 --listen 127.0.0.1:0".to_owned(),
            5,
            "--redis",
        ),
    ] {
        let output = command(&format!("serve {flags}"))
            .output()
            .expect("the program starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(exit), "{stderr}");
        assert!(
            stderr.starts_with("error: failed to ") && stderr.contains(words),
            "{stderr}"
        );
        assert_eq!(output.stdout, b"");
    }
    taken.end();
}
