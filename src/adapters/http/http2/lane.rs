//! The place of one connection, which is taken by another when the service has closed it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Connection;
use crate::adapters::http::ConnectError;

pub struct Lane {
    current: Mutex<Connection>,
    /// One at a time opens anew; the others wait for what comes of it.
    opening: tokio::sync::Mutex<()>,
}

impl Lane {
    pub fn new(connection: Connection) -> Self {
        Self {
            current: Mutex::new(connection),
            opening: tokio::sync::Mutex::default(),
        }
    }

    /// The connection, which `again` opens if it is closed.
    pub async fn connection(
        &self,
        again: impl AsyncFnOnce() -> Result<Connection, ConnectError>,
    ) -> Result<Connection, ConnectError> {
        if let Some(connection) = self.open_one().await {
            return Ok(connection);
        }
        let _alone = self.opening.lock().await;
        if let Some(connection) = self.open_one().await {
            return Ok(connection);
        }
        let connection = again().await?;
        *self.current() = connection.clone();
        Ok(connection)
    }

    async fn open_one(&self) -> Option<Connection> {
        let connection = self.current().clone();
        connection.ready().await
    }

    fn current(&self) -> MutexGuard<'_, Connection> {
        // A connection is put there in one piece.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
