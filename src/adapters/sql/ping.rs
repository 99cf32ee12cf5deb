//! Checks whether the database answers, on a separate connection, because all connections of the pool may be busy.

use tokio::sync::Mutex;

use super::{connection::Connection, error::words, link::Link, texts::sql};

/// Sends repeated checks over one connection, which is opened when it is needed.
pub struct Ping {
    link: Link,
    connection: Mutex<Option<Connection>>,
}

impl Ping {
    pub(super) fn new(link: &Link) -> Self {
        Self {
            link: link.clone(),
            connection: Mutex::new(None),
        }
    }

    /// The error is that of the database or of the connection. If the future is dropped before its end, the next check opens a new
    /// connection.
    pub async fn ask(&self) -> Result<(), String> {
        let mut slot = self.connection.lock().await;
        let asked = async {
            let mut connection = match slot.take() {
                Some(connection) => connection,
                None => self.link.connect().await?,
            };
            connection.run(sql("SELECT 1".to_owned())).await?;
            Ok(connection)
        };
        let connection = asked.await.map_err(|error: sqlx::Error| words(&error))?;
        *slot = Some(connection);
        Ok(())
    }
}
