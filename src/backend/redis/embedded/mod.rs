//! A small Redis server inside this process, for trying things out where no Redis is installed.
//!
//! It speaks RESP2 and RESP3 on a loopback port and answers as Redis 7.0 does, for the commands the
//! load test and its users need. Commands run one at a time on one thread that owns all data, so scripts and
//! commands are atomic for the same reason as in Redis. Left out: persistence, replication, cluster,
//! transactions, pub/sub, blocking commands, lists, hashes, streams, eviction, passwords and TLS.
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
#[derive(Debug)]
pub struct EmbeddedRedis {
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl EmbeddedRedis {
    /// Starts a server on a free port of the loopback interface.
    pub fn start() -> io::Result<Self> {
        Self::start_on((Ipv4Addr::LOCALHOST, 0).into())
    }

    /// Starts a server on the given address.
    pub fn start_on(addr: SocketAddr) -> io::Result<Self> {
        // Bound here, so that a taken port is the caller's error and connecting works from now on.
        let listener = std::net::TcpListener::bind(addr)?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("embedded-redis".to_owned())
            .spawn(move || run(&runtime, listener, stopped))?;
        Ok(Self {
            addr,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The address it listens on.
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The address as Redis clients want it.
    pub fn url(&self) -> String {
        format!("redis://{}", self.addr)
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
fn run(runtime: &Runtime, listener: std::net::TcpListener, stopped: oneshot::Receiver<()>) {
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
            () = accept(listener, Rc::clone(&keyspace)) => {}
            () = expire(keyspace) => {}
        }
    });
}

async fn accept(listener: TcpListener, keyspace: Rc<RefCell<Keyspace>>) {
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
            ..Session::default()
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
