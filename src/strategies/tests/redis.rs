//! Redis in memory: the keyspace of the embedded server without the server, owned by one thread. A call blocks shortly and needs
//! no runtime. The keyspace runs the scripts.

use std::{sync::mpsc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures::pending;

use crate::{
    adapters::redis::embedded::{Keyspace, Reply},
    ports::{Cache, Effect, PortError, Result, Script, UserId},
};

type Request = (Vec<Bytes>, mpsc::Sender<Reply>);

/// [`Cache`] on a keyspace of its own.
#[derive(Clone)]
pub struct Redis(mpsc::Sender<Request>);

impl Redis {
    pub fn start() -> Self {
        let (questions, asked) = mpsc::channel::<Request>();
        // The thread ends after the last clone is dropped.
        std::thread::spawn(move || {
            let mut keyspace = Keyspace::default();
            for (command, answer) in asked {
                // The time is constant, so no lease ends.
                let _ = answer.send(keyspace.execute(&command, Duration::from_secs(1)));
            }
        });
        Self(questions)
    }

    /// One step: yields, then runs the command at once.
    async fn ask(&self, command: &[&str]) -> Result<Reply> {
        pending!();
        let (answer, reply) = mpsc::channel();
        let words = command
            .iter()
            .map(|word| Bytes::copy_from_slice(word.as_bytes()));
        let gone = |_| PortError::new("redis", Effect::None, "the keyspace is gone");
        self.0
            .send((words.collect(), answer))
            .map_err(|_| gone(mpsc::RecvError))?;
        reply.recv().map_err(gone)
    }

    async fn number(&self, command: &[&str]) -> Result<i64> {
        match self.ask(command).await? {
            Reply::Int(number) => Ok(number),
            other => panic!("{command:?} was answered with {other:?}"),
        }
    }
}

#[async_trait]
impl Cache for Redis {
    async fn incr(&self, key: &'static str) -> Result<i64> {
        self.number(&["INCR", key]).await
    }

    async fn decr(&self, key: &'static str) -> Result<i64> {
        self.number(&["DECR", key]).await
    }

    async fn get(&self, key: &'static str) -> Result<Option<i64>> {
        match self.ask(&["GET", key]).await? {
            Reply::Bulk(bytes) => Ok(std::str::from_utf8(&bytes)
                .ok()
                .and_then(|text| text.parse().ok())),
            _ => Ok(None),
        }
    }

    async fn sadd(&self, key: &'static str, user: UserId) -> Result<bool> {
        Ok(self.number(&["SADD", key, &user.to_string()]).await? == 1)
    }

    async fn srem(&self, key: &'static str, user: UserId) -> Result<bool> {
        Ok(self.number(&["SREM", key, &user.to_string()]).await? == 1)
    }

    async fn set_nx_px(&self, key: &'static str, token: &str, lease: Duration) -> Result<bool> {
        let lease = lease.as_millis().to_string();
        let reply = self.ask(&["SET", key, token, "NX", "PX", &lease]).await?;
        Ok(reply == Reply::OK)
    }

    async fn script(&self, script: Script, keys: &[&'static str], args: &[&str]) -> Result<i64> {
        let count = keys.len().to_string();
        self.number(&[&["EVAL", script.source, &count], keys, args].concat())
            .await
    }
}
