//! A connection that is opened again after it was lost.
//!
//! As with a production client, commands wait for a new connection, at most for the `patience`, counted from the loss. After that time
//! every command fails at once until there is a connection. Attempts to reconnect continue with back-off until the link is dropped.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{connection::Connection, route::Route};

/// The pause between two attempts to connect: the first and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(500));

/// Keeps a connection open until this value is dropped.
pub struct Link {
    state: watch::Receiver<State>,
    route: Arc<Route>,
    patience: Duration,
    _keeper: JoinSet<()>,
}

#[derive(Clone)]
enum State {
    Up(Arc<Connection>),
    /// The time of the loss, and the reason why the last attempt to connect failed.
    Down(Instant, Arc<str>),
}

impl Link {
    /// A link that starts with an open connection.
    pub fn new(connection: Connection, route: &Arc<Route>, patience: Duration) -> Self {
        let (states, state) = watch::channel(State::Up(Arc::new(connection)));
        let mut keeper = JoinSet::new();
        keeper.spawn(keep(states, Arc::clone(route)));
        Self {
            state,
            route: Arc::clone(route),
            patience,
            _keeper: keeper,
        }
    }

    /// The route that opens connections.
    pub fn route(&self) -> &Route {
        &self.route
    }

    /// The connection, as soon as one is open. The error gives the reason why none is open; no command was sent.
    pub async fn connection(&self) -> Result<Arc<Connection>, String> {
        let mut states = self.state.clone();
        loop {
            let state = states.borrow_and_update().clone();
            let left = match &state {
                State::Up(connection) if !connection.is_over() => {
                    return Ok(Arc::clone(connection));
                }
                // The task that reconnects has not seen the loss yet.
                State::Up(_) => self.patience,
                State::Down(since, _) => self.patience.saturating_sub(since.elapsed()),
            };
            match (timeout(left, states.changed()).await, state) {
                (Ok(Ok(())), _) => {}
                (_, State::Down(_, why)) => return Err(format!("no connection: {why}")),
                (_, State::Up(_)) => return Err("the connection was lost".to_owned()),
            }
        }
    }
}

/// Replaces each lost or retired connection by a new connection.
async fn keep(states: watch::Sender<State>, route: Arc<Route>) {
    loop {
        let state = states.borrow().clone();
        let State::Up(connection) = state else { return };
        connection.over().await;
        tracing::info!(peer = %connection.peer, "the connection to redis is over");
        let next = reopen(&states, &route).await;
        tracing::info!(peer = %next.peer, "connected to redis again");
        // The old connection is kept until here, because replies to its commands may have arrived meanwhile.
        states.send_replace(State::Up(Arc::new(next)));
    }
}

async fn reopen(states: &watch::Sender<State>, route: &Route) -> Connection {
    let (mut pause, longest) = PAUSE;
    let since = Instant::now();
    states.send_replace(State::Down(since, "it was lost".into()));
    loop {
        match route.connect().await {
            Ok(connection) => return connection,
            Err(why) => states.send_replace(State::Down(since, why.into())),
        };
        sleep(pause).await;
        pause = (pause * 2).min(longest);
    }
}
