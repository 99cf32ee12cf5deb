//! Private Redis servers of a test, which the test can freeze, kill and restart.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::private::free_port;

/// Repeats `check` until it returns true.
pub fn until(what: &str, mut answer: impl FnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(20);
    while !answer() {
        assert!(Instant::now() < limit, "{what}: not in time");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A `redis-server` without persistence. Killed when it is dropped.
pub struct PrivateRedis {
    pub port: u16,
    child: Child,
    options: Vec<String>,
    folder: tempfile::TempDir,
}

impl PrivateRedis {
    pub fn start() -> Self {
        Self::with("")
    }

    /// Starts a server with these options, such as `--cluster-enabled yes`.
    pub fn with(options: &str) -> Self {
        let port = free_port();
        Self::start_on(port, &format!("--port {port} {options}"))
    }

    /// Starts a server whose options name the port.
    pub fn start_on(port: u16, options: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options: Vec<_> = options.split_whitespace().map(str::to_owned).collect();
        let redis = Self {
            child: spawn(&options, folder.path()),
            port,
            options,
            folder,
        };
        redis.wait();
        redis
    }

    /// The folder of the server, which is removed with it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn wait(&self) {
        until("redis-server comes up", || {
            std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
    }

    /// The id of its process.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(sent.expect("kill").success());
    }

    /// Kills the server with SIGKILL.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Restarts the server on the same port, with an empty keyspace.
    pub fn start_again(&mut self) {
        self.child = spawn(&self.options, self.folder.path());
        self.wait();
    }

    /// The answer to a command of `redis-cli`.
    pub fn cli(&self, args: &[&str]) -> String {
        let port = self.port.to_string();
        let output = Command::new("redis-cli")
            .args(["-p", &port])
            .args(args)
            .output()
            .expect("redis-cli starts");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }
}

fn spawn(options: &[String], folder: &Path) -> Child {
    // The options come first, because they may begin with a file.
    Command::new("redis-server")
        .args(options)
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .arg("--dir")
        .arg(folder)
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server starts")
}

impl Drop for PrivateRedis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A cluster of three masters.
pub struct PrivateCluster(pub Vec<PrivateRedis>);

impl PrivateCluster {
    pub fn start() -> Self {
        let (nodes, buses): (Vec<_>, Vec<_>) = (0..3).map(|_| node()).unzip();
        let ranges = [("0", "5460"), ("5461", "10922"), ("10923", "16383")];
        for (node, (first, last)) in nodes.iter().zip(ranges) {
            assert_eq!(node.cli(&["CLUSTER", "ADDSLOTSRANGE", first, last]), "OK");
        }
        for (other, bus) in nodes.iter().zip(buses).skip(1) {
            let (port, bus) = (other.port.to_string(), bus.to_string());
            let met = nodes[0].cli(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]);
            assert_eq!(met, "OK");
        }
        let cluster = Self(nodes);
        until("the cluster agrees", || {
            cluster.0.iter().all(|node| {
                let info = node.cli(&["CLUSTER", "INFO"]);
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            })
        });
        cluster
    }
}

/// A node of a cluster, without slots, and the port of its bus.
pub fn node() -> (PrivateRedis, u16) {
    let bus = free_port();
    let node = PrivateRedis::with(&format!(
        "--cluster-enabled yes --cluster-port {bus} --cluster-node-timeout 2000"
    ));
    (node, bus)
}
