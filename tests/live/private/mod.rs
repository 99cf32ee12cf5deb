//! Private servers of a test: each has a free port and its own folder, and is ended by its process id.

mod mariadb;
mod pgbouncer;
mod postgres;

use std::{
    env,
    ffi::OsString,
    fs,
    net::{Ipv6Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

pub use mariadb::mariadb;
pub use pgbouncer::pgbouncer;
pub use postgres::postgres;

/// A running server with its folder.
pub struct Server {
    child: Child,
    folder: TempDir,
    pub port: u16,
}

impl Server {
    /// A file in the server's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts `command` and waits until it listens at `port`. The server ends when this value is dropped.
    fn start(mut command: Command, folder: TempDir, port: u16) -> Self {
        let log = fs::File::create(folder.path().join("log")).expect("a log");
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
        let server = Self {
            child,
            folder,
            port,
        };
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                begin.elapsed() < Duration::from_secs(30),
                "no answer: {}",
                fs::read_to_string(server.path("log")).unwrap_or_default()
            );
            sleep(Duration::from_millis(50));
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The server gets SIGTERM first, because it has child processes and shared memory to clean up.
        let id = self.child.id().to_string();
        let _ = Command::new("kill").args(["-INT", &id]).status();
        let begin = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if begin.elapsed() > Duration::from_secs(10) {
                let _ = self.child.kill();
            }
            sleep(Duration::from_millis(20));
        }
    }
}

/// A free port.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Whether this machine has an IPv6 loopback.
pub fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

/// `program` as `user`, if the test runs as root: databases refuse to run as root.
fn as_user(user: &str, program: &str) -> Command {
    let mut command = if fs::metadata("/proc/self").is_ok_and(|own| is_root(&own)) {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", user, "--regid", user, "--clear-groups", program]);
        command
    } else {
        Command::new(program)
    };
    command.env("PATH", path());
    command
}

fn is_root(own: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(own) == 0
}

/// The search path with Debian's folder of PostgreSQL programs.
fn path() -> OsString {
    let mut folders: Vec<_> = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect();
    folders.push("/usr/sbin".into());
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    folders.extend(versions.map(|version| version.path().join("bin")));
    env::join_paths(folders).expect("a path")
}

/// A folder that `user` can write to.
fn folder_of(user: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    hand_over(folder.path(), user);
    folder
}

/// Makes `user` the owner, if the test runs as root.
fn hand_over(path: &Path, user: &str) {
    if fs::metadata("/proc/self").is_ok_and(|own| is_root(&own)) {
        let owner = format!("{user}:{user}");
        run(Command::new("chown").arg("-R").arg(owner).arg(path));
    }
}

fn run(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
    assert!(output.status.success(), "{command:?}: {output:?}");
}

/// Writes `ca.pem`, and `server.pem` with `server.key` for this machine, signed by this authority.
fn certificates(folder: &Path) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    let authority = CertifiedIssuer::self_signed(authority, key).expect("an authority");
    let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let key = KeyPair::generate().expect("a key");
    let server = CertificateParams::new(names).expect("names");
    let server = server.signed_by(&key, &authority).expect("a certificate");
    let write = |name: &str, text: String| {
        let file = folder.join(name);
        fs::write(&file, text).expect("a file");
        let mode = if name.ends_with("key") {
            "0600"
        } else {
            "0644"
        };
        run(Command::new("chmod").arg(mode).arg(file));
    };
    write("ca.pem", authority.pem());
    write("server.pem", server.pem());
    write("server.key", key.serialize_pem());
}
