//! Services with unusual connections: a real nginx that closes connections after some requests, and servers that close connections
//! without an answer, limit requests by address, or accept slowly.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader, Write},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::program::{self, Ran};

/// A target without a ledger whose claims get the status 201.
fn target(folder: &Path, http: &str, url: &str) -> String {
    let path = folder.join("odd.toml");
    let text = format!(
        "promise = \"none\"\n[http]\n{http}\n[claim]\nurl = \"{url}\"\nbody = '{{\"user\": {{{{user}}}}}}'\n\
         [[outcome]]\nis = \"issued\"\nstatus = 201\n[[outcome]]\nis = \"failed\"\nstatus = [403, 429]\n"
    );
    fs::write(&path, text).expect("written");
    path.display().to_string()
}

fn number(ran: &Ran, pointer: &str) -> u64 {
    ran.each(pointer)[0]
        .as_u64()
        .unwrap_or_else(|| panic!("{pointer}: {}", ran.report))
}

fn warnings(ran: &Ran) -> String {
    ran.each("/warnings")[0].to_string()
}

/// A private nginx that speaks HTTP/2 and closes each connection after 30 requests.
struct Nginx {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

impl Nginx {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (port, behind) = (free_port(), free_port());
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary = temporary.map(|name| format!("{name}_temp_path {name};"));
        let text = format!(
            "pid nginx.pid; error_log error.log; worker_processes 1; daemon off;\n\
             events {{ worker_connections 4000; }}\n\
             http {{ access_log off; {}\n\
             server {{ listen 127.0.0.1:{behind}; location / {{ return 201; }} }}\n\
             server {{ listen 127.0.0.1:{port} http2; keepalive_requests 30; access_log access.log;\n\
             location /direct {{ return 201; }}\n\
             location /behind {{ proxy_pass http://127.0.0.1:{behind}; }} }} }}\n",
            temporary.join(" ")
        );
        fs::write(folder.path().join("nginx.conf"), text).expect("written");
        let child = Command::new("nginx")
            .arg("-p")
            .arg(folder.path())
            .args(["-c", "nginx.conf", "-e", "error.log"])
            .stdin(Stdio::null())
            .spawn()
            .expect("nginx; in Debian: apt-get install nginx");
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            thread::sleep(Duration::from_millis(5));
        }
        Self {
            child,
            folder,
            port,
        }
    }

    /// The number of requests that nginx has processed since the last call.
    fn processed(&self) -> u64 {
        let log = self.folder.path().join("access.log");
        let lines = fs::read_to_string(&log).expect("a log").lines().count();
        fs::write(log, "").expect("emptied");
        lines as u64
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master process ends its workers on SIGTERM and not on SIGKILL.
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        let _ = self.child.wait();
    }
}

#[test]
fn every_http2_request_is_in_the_servers_log_or_failed_when_connections_close() {
    let nginx = Nginx::start();
    let http = format!(
        "base_url = \"http://127.0.0.1:{}\"\nversion = \"2\"",
        nginx.port
    );
    for (url, flags) in [
        ("/behind", ""),
        ("/behind", "--http-connections 1"),
        ("/direct", ""),
        ("/direct", "-c 50"),
    ] {
        let file = target(nginx.folder.path(), &http, url);
        let ran = program::run(&format!("--target {file} -u 1000 -l 1000 {flags}"));
        let failed = number(&ran, "/attempts/failed");
        assert_eq!(
            nginx.processed() + failed,
            1000,
            "{url} {flags}: {}",
            ran.report
        );
        assert_eq!(
            number(&ran, "/attempts/indeterminate"),
            0,
            "{url} {flags}: {}",
            ran.report
        );
        assert!(number(&ran, "/target/opened_again") > 0, "{url} {flags}");
    }
}

/// A server that calls `answer` for each request.
struct Odd {
    address: SocketAddr,
    folder: tempfile::TempDir,
    processed: Arc<AtomicU64>,
}

impl Odd {
    /// Starts a server. `answer` gets the address of the client and returns whether the connection stays open.
    fn start(answer: impl Fn(&mut TcpStream, IpAddr) -> bool + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let processed = Arc::new(AtomicU64::new(0));
        let (answer, counter) = (Arc::new(answer), Arc::clone(&processed));
        thread::spawn(move || {
            while let Ok((mut stream, from)) = listener.accept() {
                let (answer, counter) = (Arc::clone(&answer), Arc::clone(&counter));
                thread::spawn(move || {
                    let mut reader = BufReader::new(stream.try_clone().expect("a clone"));
                    while request(&mut reader) {
                        counter.fetch_add(1, SeqCst);
                        if !answer(&mut stream, from.ip()) {
                            return;
                        }
                    }
                });
            }
        });
        Self {
            address,
            folder: tempfile::tempdir().expect("a folder"),
            processed,
        }
    }

    fn run(&self, http: &str, flags: &str) -> Ran {
        let http = format!("base_url = \"http://{}\"\n{http}", self.address);
        let file = target(self.folder.path(), &http, "/claim");
        program::run(&format!("--target {file} {flags}"))
    }
}

/// Reads one request, and returns whether there was one.
fn request(reader: &mut impl BufRead) -> bool {
    let (mut line, mut length) = (String::new(), 0);
    loop {
        line.clear();
        match reader.read_line(&mut line) {
            Ok(read) if read > 0 => {}
            _ => return false,
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        if line == "\r\n" {
            return reader.read_exact(&mut vec![0; length]).is_ok();
        }
    }
}

fn say(stream: &mut TcpStream, status: &str) {
    let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
}

#[test]
fn attempts_are_indeterminate_and_counted_if_the_server_closes_their_connection() {
    let server = Odd::start(|stream, _| {
        say(stream, "201 Created");
        false
    });
    let ran = server.run("", "-u 400 -l 400 -c 20");
    let open = number(&ran, "/attempts/indeterminate");
    let closed_under = number(&ran, "/target/closed_under");
    assert_eq!(open, closed_under, "{}", ran.report);
    assert_eq!(
        number(&ran, "/attempts/issued") + open,
        400,
        "{}",
        ran.report
    );
    // The server answers every processed request before it closes the connection.
    assert_eq!(
        server.processed.load(SeqCst),
        number(&ran, "/attempts/issued")
    );
    let said = warnings(&ran).contains("the service closed the connection during the request");
    assert_eq!(said, closed_under > 0, "{}", ran.report);

    // Between bursts, connections are idle for longer than this server keeps them open.
    let impatient = Odd::start(|stream, _| {
        say(stream, "201 Created");
        stream
            .set_read_timeout(Some(Duration::from_millis(20)))
            .expect("set");
        true
    });
    let ran = impatient.run("", "-u 60 -l 60 --rate 100 --http-connections 5");
    assert_eq!(ran.each("/attempts/issued"), [json!(60)], "{}", ran.report);
    assert!(number(&ran, "/target/opened_again") > 0, "{}", ran.report);
}

#[test]
fn a_limit_by_address_is_reported_and_several_source_addresses_avoid_it() {
    let asked: Mutex<HashMap<IpAddr, u64>> = Mutex::default();
    let server = Odd::start(move |stream, from| {
        let mut asked = asked.lock().expect("no panic");
        let count = asked.entry(from).or_default();
        *count += 1;
        say(
            stream,
            if *count > 60 {
                "429 Too Many Requests"
            } else {
                "201 Created"
            },
        );
        true
    });
    let spread = server.run("source = \"127.0.1.0/24\"", "-u 400 -l 400 -c 20");
    assert_eq!(
        spread.each("/attempts/issued"),
        [json!(400)],
        "{}",
        spread.report
    );
    assert_eq!(spread.each("/target/source"), [json!("127.0.1.0/24")]);
    assert_eq!(
        spread.each("/warnings/0"),
        [Value::Null],
        "{}",
        spread.report
    );

    let alone = server.run("", "-u 400 -l 400 -c 20");
    assert_eq!(alone.each("/target/too_many_requests"), [json!(340)]);
    let hint =
        "340 answers have the status 429: is there a limit per address? (see source in [http]";
    assert!(warnings(&alone).contains(hint), "{}", alone.report);
}

#[test]
fn instances_share_the_users_of_a_service_and_use_different_source_addresses() {
    let sources: Arc<Mutex<HashMap<IpAddr, u64>>> = Arc::default();
    let seen = Arc::clone(&sources);
    let server = Odd::start(move |stream, from| {
        *seen.lock().expect("no panic").entry(from).or_default() += 1;
        say(stream, "201 Created");
        true
    });
    for (flags, connections) in [("-c 40", 40), ("", 400)] {
        sources.lock().expect("no panic").clear();
        let flags = format!("-u 400 -l 400 --instances 2 {flags}");
        let ran = server.run("source = \"127.0.0.0/8\"", &flags);
        assert_eq!(ran.each("/attempts/issued"), [json!(400)], "{}", ran.report);
        assert_eq!(ran.each("/target/connections"), [json!(connections)]);
        assert_eq!(
            sources.lock().expect("no panic").len(),
            connections,
            "{flags}"
        );
    }
    assert_eq!(server.processed.load(SeqCst), 800);
}

#[test]
fn a_full_backlog_is_explained() {
    // The server never accepts: the kernel completes as many connections as the backlog has places.
    let listener = backlog(5);
    let folder = tempfile::tempdir().expect("a folder");
    let address = listener.local_addr().expect("an address");
    let http = format!("base_url = \"http://{address}\"");
    let file = target(folder.path(), &http, "/claim");
    let refused = program::command(&format!("run --target {file} -u 1000")).output();
    let refused = refused.expect("the program starts");
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(5), "{stderr}");
    let stderr: Vec<_> = stderr.split_whitespace().collect();
    let stderr = stderr.join(" ");
    for said in [
        "its listen backlog is probably full",
        "ask for fewer with --http-connections",
    ] {
        assert!(stderr.contains(said), "{stderr}");
    }
}

fn backlog(places: u32) -> std::net::TcpListener {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build();
    runtime.expect("a runtime").block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
        let listener = socket.listen(places).expect("listens");
        listener.into_std().expect("a listener")
    })
}
