//! The server of a run: the server of the URL, the master of a cluster that owns the slot of the run's keys, or the master that
//! sentinels name. Every new connection looks for the server again.
//!
//! All keys of a run share a hash tag, so one slot and one server hold all of them. A cluster client is not used: it sends commands
//! again that the server may have executed, which would falsify the measurement.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use redis::{IntoConnectionInfo, RedisConnectionInfo};
use tokio::time::timeout;

use super::{
    client::words,
    connection::{Connection, Dialer, Endpoint},
    facts::{Facts, check_cluster},
    history::History,
};
use crate::{
    adapters::CONNECT_TIMEOUT,
    input::address::{SentinelUrl, TlsCa},
};

/// The timeout for one of several servers, before the next server is tried.
const EACH: Duration = Duration::from_secs(1);

/// How the server of a run is found.
pub struct Route {
    dialer: Dialer,
    login: RedisConnectionInfo,
    start: Start,
    /// The hash tag of the run's keys, which decides their slot.
    tag: String,
    /// The other nodes of the cluster, if there is one. They are tried when the node of the URL does not answer.
    nodes: Mutex<Vec<Endpoint>>,
    history: History,
}

/// The servers that know the address of the master.
enum Start {
    Server(Endpoint),
    Sentinels {
        sentinels: Vec<Endpoint>,
        login: RedisConnectionInfo,
        master: String,
    },
}

impl Route {
    /// A route to a server or to any node of a cluster. `tag` is the hash tag of the keys.
    pub fn to_server(url: &str, ca: Option<&TlsCa>, tag: String) -> Result<Self, String> {
        let info = url.into_connection_info().map_err(|error| words(&error))?;
        let start = Start::Server(Endpoint::of(&info).map_err(|error| words(&error))?);
        Self::new(start, info.redis_settings().clone(), ca, tag)
    }

    /// A route to the master that sentinels name.
    pub fn by_sentinels(
        url: &SentinelUrl,
        ca: Option<&TlsCa>,
        tag: String,
    ) -> Result<Self, String> {
        let sentinels = url.hosts.iter().map(|(host, port)| Endpoint {
            host: host.clone(),
            port: *port,
            tls: url.tls,
        });
        let start = Start::Sentinels {
            sentinels: sentinels.collect(),
            login: login(url.sentinel_login.as_ref(), 0),
            master: url.master.clone(),
        };
        Self::new(
            start,
            login(url.login.as_ref(), url.database.into()),
            ca,
            tag,
        )
    }

    fn new(
        start: Start,
        login: RedisConnectionInfo,
        ca: Option<&TlsCa>,
        tag: String,
    ) -> Result<Self, String> {
        Ok(Self {
            dialer: Dialer::new(ca)?,
            login,
            start,
            tag,
            nodes: Mutex::default(),
            history: History::default(),
        })
    }

    /// The events of the servers.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Opens a connection to the server that accepts the writes of the run now. The error names the server that cannot be used.
    pub async fn connect(&self) -> Result<Connection, String> {
        Ok(self.first_contact().await?.0)
    }

    /// Connects and returns the version of the server.
    pub async fn first_contact(&self) -> Result<(Connection, String), String> {
        // Boxed, because it is large and would be a part of the future that opens the services.
        let found = Box::pin(async {
            let (connection, facts) = self.find().await?;
            self.history.saw(&connection.peer, &facts);
            Ok((connection, facts.version))
        });
        in_time(CONNECT_TIMEOUT, found).await
    }

    /// Opens a connection to the node that a redirection names.
    pub async fn dial(&self, host: &str, port: u16) -> Result<Connection, String> {
        let to = match &self.start {
            Start::Server(first) => first.beside(host, port),
            Start::Sentinels { sentinels, .. } => Endpoint {
                host: host.to_owned(),
                port,
                tls: sentinels.iter().any(|sentinel| sentinel.tls),
            },
        };
        in_time(CONNECT_TIMEOUT, Box::pin(self.open(&to))).await
    }

    async fn find(&self) -> Result<(Connection, Facts), String> {
        let (connection, facts) = match &self.start {
            Start::Server(first) => self.any_of(first).await?,
            Start::Sentinels {
                sentinels,
                login,
                master,
            } => {
                let master = self.ask(sentinels, login, master).await?;
                self.examine(self.open(&master).await?).await?
            }
        };
        if facts.cluster {
            check_cluster(&connection).await?;
            return self.owner(connection, facts).await;
        }
        facts.check(&connection)?;
        Ok((connection, facts))
    }

    /// The server of the URL, or a node of its cluster.
    async fn any_of(&self, first: &Endpoint) -> Result<(Connection, Facts), String> {
        let nodes = self.nodes().clone();
        if nodes.is_empty() {
            return self.examine(self.open(first).await?).await;
        }
        let mut problem = String::new();
        for node in nodes.iter().chain([first]) {
            let asked = async { self.examine(self.open(node).await?).await };
            match in_time(EACH, asked).await {
                Ok(found) => return Ok(found),
                Err(why) => problem = why,
            }
        }
        Err(problem)
    }

    /// The master that owns the slot of the run's keys, in the cluster of `connection`.
    async fn owner(
        &self,
        connection: Connection,
        facts: Facts,
    ) -> Result<(Connection, Facts), String> {
        let query = async {
            let slot = redis::cmd("CLUSTER")
                .arg("KEYSLOT")
                .arg(&self.tag)
                .to_owned();
            let slot: u16 = connection.query(&slot).await?;
            let slots = redis::cmd("CLUSTER").arg("SLOTS").to_owned();
            let ranges: Vec<Range> = connection.query(&slots).await?;
            let id: String = connection.query(redis::cmd("CLUSTER").arg("MYID")).await?;
            Ok((slot, ranges, id))
        };
        let (slot, ranges, id) = query.await.map_err(|error| words(&error))?;
        let masters = ranges.iter().filter_map(|range| range.2.first());
        *self.nodes() = masters
            .map(|node| node.endpoint(&connection.peer))
            .collect();
        let range = ranges
            .iter()
            .find(|range| (range.0..=range.1).contains(&slot));
        let Some(master) = range.and_then(|range| range.2.first()) else {
            let peer = &connection.peer;
            return Err(format!("the cluster of {peer} serves no slot {slot}"));
        };
        if master.id == id {
            return Ok((connection, facts));
        }
        let to = master.endpoint(&connection.peer);
        let (connection, facts) = self.examine(self.open(&to).await?).await?;
        facts.check(&connection)?;
        Ok((connection, facts))
    }

    /// The master that the first answering sentinel names.
    async fn ask(
        &self,
        sentinels: &[Endpoint],
        login: &RedisConnectionInfo,
        master: &str,
    ) -> Result<Endpoint, String> {
        let mut problem = "no sentinel is named".to_owned();
        for sentinel in sentinels {
            let asked = async {
                let connection = self.dialer.dial(sentinel, login).await?;
                let mut question = redis::cmd("SENTINEL");
                question.arg("GET-MASTER-ADDR-BY-NAME").arg(master);
                connection.query::<Option<(String, u16)>>(&question).await
            };
            let answer = async { asked.await.map_err(|error| words(&error)) };
            match in_time(EACH, answer).await {
                Ok(Some((host, port))) => return Ok(sentinel.beside(&host, port)),
                Ok(None) => {
                    problem = format!("the sentinel {sentinel} knows no master \"{master}\"");
                }
                Err(why) => problem = format!("the sentinel {sentinel}: {why}"),
            }
        }
        Err(problem)
    }

    async fn open(&self, to: &Endpoint) -> Result<Connection, String> {
        let dialed = self.dialer.dial(to, &self.login).await;
        dialed.map_err(|error| words(&error))
    }

    async fn examine(&self, connection: Connection) -> Result<(Connection, Facts), String> {
        let facts = Facts::ask(&connection).await;
        let facts = facts.map_err(|error| words(&error))?;
        Ok((connection, facts))
    }

    fn nodes(&self) -> MutexGuard<'_, Vec<Endpoint>> {
        // The list is valid at any time, so a poisoned lock is harmless.
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first and the last slot, and the nodes that serve the slots, the master first.
struct Range(u16, u16, Vec<Node>);

struct Node {
    host: String,
    port: u16,
    id: String,
}

impl Node {
    /// A node that does not report its own host has the host of the node that was asked.
    fn endpoint(&self, neighbour: &Endpoint) -> Endpoint {
        match &*self.host {
            "" | "?" => neighbour.beside(&neighbour.host, self.port),
            host => neighbour.beside(host, self.port),
        }
    }
}

impl redis::FromRedisValue for Range {
    fn from_redis_value(value: redis::Value) -> Result<Self, redis::ParsingError> {
        let redis::Value::Array(items) = value else {
            return Err("a range of slots is an array".into());
        };
        let mut items = items.into_iter();
        let mut number = || u16::from_redis_value(items.next().unwrap_or(redis::Value::Nil));
        let (first, last) = (number()?, number()?);
        let nodes = items.map(Node::from_redis_value);
        Ok(Self(first, last, nodes.collect::<Result<_, _>>()?))
    }
}

impl redis::FromRedisValue for Node {
    fn from_redis_value(value: redis::Value) -> Result<Self, redis::ParsingError> {
        let redis::Value::Array(items) = value else {
            return Err("a node is an array".into());
        };
        let mut items = items.into_iter();
        let mut next = || items.next().unwrap_or(redis::Value::Nil);
        Ok(Self {
            host: Option::<String>::from_redis_value(next())?.unwrap_or_default(),
            port: u16::from_redis_value(next())?,
            id: Option::<String>::from_redis_value(next())?.unwrap_or_default(),
        })
    }
}

fn login(named: Option<&(Option<String>, String)>, database: i64) -> RedisConnectionInfo {
    let login = RedisConnectionInfo::default().set_db(database);
    match named {
        None => login,
        Some((None, password)) => login.set_password(password),
        Some((Some(user), password)) => login.set_username(user).set_password(password),
    }
}

async fn in_time<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    match timeout(limit, work).await {
        Ok(done) => done,
        Err(_) => Err(format!("no answer within {} s", limit.as_secs())),
    }
}
