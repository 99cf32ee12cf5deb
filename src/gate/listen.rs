//! A gate: the address that a service connects to instead of its database.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
    time::sleep,
};

use super::{
    GateControl, GateKind, connection::serve, event::ConnectionId, mysql::MysqlWire,
    passage::Reporter, postgres::PostgresWire, redis::RedisWire,
};

/// How long the gate waits after a connection could not be accepted, such as for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// An open gate. Its drop closes its address and all its connections.
#[derive(Debug)]
pub struct Gate {
    kind: GateKind,
    address: SocketAddr,
    task: JoinHandle<()>,
}

/// What the connections of a gate share.
#[derive(Debug)]
struct Doorway {
    kind: GateKind,
    upstream: (String, u16),
    control: GateControl,
}

impl Gate {
    /// Opens a gate at `listen` (port 0: a free port) in front of the service at `upstream` (host, port). The service is contacted when a
    /// client connects. Must be called in a Tokio runtime.
    ///
    /// # Errors
    /// The address `listen` cannot be bound.
    pub fn open(
        kind: GateKind,
        upstream: (String, u16),
        listen: SocketAddr,
        control: GateControl,
    ) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let doorway = Doorway {
            kind,
            upstream,
            control,
        };
        let task = tokio::spawn(accept(listener, Arc::new(doorway)));
        Ok(Self {
            kind,
            address,
            task,
        })
    }

    /// Where a service connects to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The protocol.
    pub fn kind(&self) -> GateKind {
        self.kind
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves connections. Dropped, it ends them.
async fn accept(listener: TcpListener, doorway: Arc<Doorway>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => drop(connections.spawn(doorway.clone().pass(client))),
                Err(_) => sleep(PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

impl Doorway {
    async fn pass(self: Arc<Self>, client: TcpStream) {
        let reporter = Reporter {
            kind: self.kind,
            connection: ConnectionId::next(),
            control: self.control.clone(),
        };
        let upstream = &self.upstream;
        match self.kind {
            GateKind::Postgres => serve(reporter, PostgresWire::default(), client, upstream).await,
            GateKind::Mysql => serve(reporter, MysqlWire::new(), client, upstream).await,
            GateKind::Redis => serve(reporter, RedisWire::default(), client, upstream).await,
        }
    }
}
