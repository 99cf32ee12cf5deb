//! A connection that is opened again when it is lost.
//!
//! As a production client does, commands wait for the connection to come back: up to the `patience` of the outage, counted
//! from the loss. After that they fail at once until it is back, so that an outage costs its patience once and not once for each
//! command. Attempts to reconnect go on with back-off for as long as the link lives.

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

/// Between two attempts to connect: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(500));

/// Keeps a connection open. Ends when it is dropped.
pub struct Link {
    state: watch::Receiver<State>,
    route: Arc<Route>,
    patience: Duration,
    _keeper: JoinSet<()>,
}

#[derive(Clone)]
enum State {
    Up(Arc<Connection>),
    /// Since when, and why the last attempt to connect failed.
    Down(Instant, Arc<str>),
}

impl Link {
    /// Starts from a connection that is open.
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

    /// Where connections come from.
    pub fn route(&self) -> &Route {
        &self.route
    }

    /// The connection, once there is one. The error says why there is none; nothing was sent then.
    pub async fn connection(&self) -> Result<Arc<Connection>, String> {
        let mut states = self.state.clone();
        loop {
            let state = states.borrow_and_update().clone();
            let left = match &state {
                State::Up(connection) if !connection.is_over() => {
                    return Ok(Arc::clone(connection));
                }
                // The keeper has not noticed yet.
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

/// Replaces a connection that is over by a new one, again and again.
async fn keep(states: watch::Sender<State>, route: Arc<Route>) {
    loop {
        let state = states.borrow().clone();
        let State::Up(connection) = state else { return };
        connection.over().await;
        tracing::info!(peer = %connection.peer, "the connection to redis is over");
        let next = reopen(&states, &route).await;
        tracing::info!(peer = %next.peer, "connected to redis again");
        // The old one is kept until here: what was under way on it may have been answered meanwhile.
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
