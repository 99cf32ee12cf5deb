//! A small Redis server inside this process, for trying things out where no Redis is installed.
//!
//! It speaks RESP2 and RESP3 on a loopback port and answers as Redis 7.0 does, for the commands the
//! load test and its users need. Commands run one at a time on one thread that owns all data, so scripts and
//! commands are atomic for the same reason as in Redis. Left out: persistence, replication, cluster,
//! transactions, pub/sub, blocking commands, lists, hashes, streams, eviction, users and TLS.
//!
//! [`Keyspace`] works without the server: commands and the time go in, replies come out.
#![expect(
    clippy::unnecessary_wraps,
    reason = "all commands share one signature, also those that cannot fail"
)]

mod command;
mod connection;
mod connection_commands;
mod counters;
mod database;
mod expiry;
mod glob;
mod info;
mod inline;
mod interpreter;
mod keys;
mod keyspace;
mod lua_values;
mod number;
#[cfg(test)]
mod offline;
mod reply;
mod script_api;
mod scripts;
mod server_commands;
mod session;
mod set;
mod sets;
mod strings;
mod value;
mod wire;
mod zrange;
mod zset;
mod zsets;

use std::{
    cell::RefCell,
    io,
    net::{Ipv4Addr, SocketAddr},
    rc::Rc,
    thread::{self, JoinHandle},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    sync::oneshot,
    task::{self, LocalSet},
    time::{MissedTickBehavior, interval, sleep},
};

#[cfg(test)]
pub(crate) use self::offline::answer;
pub use self::{keyspace::Keyspace, reply::Reply, session::Session, wire::Resp};

/// How often an idle server removes expired keys; Redis's default `hz` gives the same.
const EXPIRY_CYCLE: Duration = Duration::from_millis(100);
/// Pause after a failed accept, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// A running server. Dropping it closes all connections and ends its thread.
pub struct EmbeddedRedis {
    addr: SocketAddr,
    /// `None`: every client that reaches the port is accepted.
    password: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl EmbeddedRedis {
    /// Starts a server on a free port of the loopback interface. It asks for a random password, as every program of this machine,
    /// and every page in a browser on it, can reach the port.
    pub fn start() -> io::Result<Self> {
        let password = format!("{:032x}", rand::random::<u128>());
        Self::start_with((Ipv4Addr::LOCALHOST, 0).into(), Some(password))
    }

    /// Starts a server without a password on the given address.
    pub fn start_on(addr: SocketAddr) -> io::Result<Self> {
        Self::start_with(addr, None)
    }

    fn start_with(addr: SocketAddr, password: Option<String>) -> io::Result<Self> {
        // Bound here, so that a taken port is the caller's error and connecting works from now on.
        let listener = std::net::TcpListener::bind(addr)?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let asked_for = password.clone().map(Bytes::from);
        let thread = thread::Builder::new()
            .name("embedded-redis".to_owned())
            .spawn(move || run(&runtime, listener, asked_for, stopped))?;
        Ok(Self {
            addr,
            password,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The address it listens on.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address as Redis clients want it, with its password.
    pub fn url(&self) -> String {
        match &self.password {
            Some(password) => format!("redis://:{password}@{}", self.addr),
            None => format!("redis://{}", self.addr),
        }
    }
}

/// Without its password.
impl std::fmt::Debug for EmbeddedRedis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("EmbeddedRedis").field(&self.addr).finish()
    }
}

impl Drop for EmbeddedRedis {
    fn drop(&mut self) {
        // Dropping the sender is the signal.
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported by its own thread; a destructor must not add another.
            let _ = thread.join();
        }
    }
}

/// The server thread: serves until the handle is dropped. Connections end with the task set.
fn run(
    runtime: &Runtime,
    listener: std::net::TcpListener,
    password: Option<Bytes>,
    stopped: oneshot::Receiver<()>,
) {
    let tasks = LocalSet::new();
    tasks.block_on(runtime, async move {
        let keyspace = Rc::new(RefCell::new(Keyspace::default()));
        // Marks the start for INFO's uptime.
        keyspace.borrow_mut().stats.started = Some(now());
        let Ok(listener) = TcpListener::from_std(listener) else {
            return;
        };
        tokio::select! {
            _ = stopped => {}
            () = accept(listener, password, Rc::clone(&keyspace)) => {}
            () = expire(keyspace) => {}
        }
    });
}

async fn accept(listener: TcpListener, password: Option<Bytes>, keyspace: Rc<RefCell<Keyspace>>) {
    let mut next_id = 1;
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let session = Session {
            id: next_id,
            peer: peer.to_string(),
            local: stream
                .local_addr()
                .map(|a| a.to_string())
                .unwrap_or_default(),
            ..Session::asking_for(password.clone())
        };
        next_id += 1;
        task::spawn_local(connection::serve(stream, session, Rc::clone(&keyspace)));
    }
}

async fn expire(keyspace: Rc<RefCell<Keyspace>>) {
    let mut cycle = interval(EXPIRY_CYCLE);
    cycle.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        cycle.tick().await;
        keyspace.borrow_mut().expire(now());
    }
}

/// The time since the Unix epoch.
fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}
