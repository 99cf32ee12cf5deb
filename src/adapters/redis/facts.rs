//! The facts that a server reports in `INFO`, and the reasons why a run cannot use the server.

use std::collections::HashMap;

use redis::RedisResult;

use super::connection::Connection;

/// One reply to `INFO`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    pub version: String,
    /// The `run_id` of the server, which changes with every start. Empty if the server does not report it.
    pub run_id: String,
    /// Keys that the server has evicted since its start because its memory was full.
    pub evicted: u64,
    /// Whether the server is a node of a cluster.
    pub cluster: bool,
    /// The address of the master, if the server is a replica.
    pub master: Option<String>,
    /// Whether the server still loads its data from disk.
    pub loading: bool,
}

impl Facts {
    /// Sends `INFO` and reads the reply.
    pub async fn ask(connection: &Connection) -> RedisResult<Self> {
        let text: String = connection.query(&redis::cmd("INFO")).await?;
        Ok(Self::read(&text))
    }

    fn read(text: &str) -> Self {
        let fields = fields(text);
        let field = |name: &str| fields.get(name).copied().unwrap_or_default();
        let master = || format!("{}:{}", field("master_host"), field("master_port"));
        Self {
            version: match field("redis_version") {
                "" => "unknown".to_owned(),
                version => version.to_owned(),
            },
            run_id: field("run_id").to_owned(),
            evicted: field("evicted_keys").parse().unwrap_or(0),
            cluster: field("cluster_enabled") == "1",
            master: (field("role") == "slave").then(master),
            loading: field("loading") == "1",
        }
    }

    /// Checks that the server can execute the claims of a run. The error names the server.
    pub fn check(&self, connection: &Connection) -> Result<(), String> {
        let peer = &connection.peer;
        if let Some(master) = &self.master {
            return Err(format!(
                "{peer} is a replica and takes no writes; name its master, {master}"
            ));
        }
        if self.loading {
            return Err(format!("{peer} is loading its data"));
        }
        Ok(())
    }
}

/// Checks that a cluster serves all of its slots. The error names the cluster. The check covers every slot, because the next run uses
/// another slot.
pub async fn check_cluster(connection: &Connection) -> Result<(), String> {
    let info = connection
        .query::<String>(redis::cmd("CLUSTER").arg("INFO"))
        .await;
    let info = info.map_err(|error| super::client::words(&error))?;
    let fields = fields(&info);
    let field = |name: &str| fields.get(name).copied().unwrap_or_default();
    let (state, served) = (field("cluster_state"), field("cluster_slots_ok"));
    if state == "ok" && served == SLOTS {
        return Ok(());
    }
    Err(format!(
        "the cluster of {} serves {served} of {SLOTS} slots (cluster_state:{state}); assign the others with redis-cli --cluster fix",
        connection.peer
    ))
}

const SLOTS: &str = "16384";

/// The lines `name:value`.
fn fields(text: &str) -> HashMap<&str, &str> {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.map(|(name, value)| (name, value.trim())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_a_replica_and_a_server_that_says_little() {
        let master = Facts::read(
            "# Server\r\nredis_version:7.0.15\r\nrun_id:ab\r\n# Stats\r\nevicted_keys:7\r\nrole:master\r\ncluster_enabled:1\r\n",
        );
        assert_eq!(
            master,
            Facts {
                version: "7.0.15".to_owned(),
                run_id: "ab".to_owned(),
                evicted: 7,
                cluster: true,
                ..Facts::default()
            }
        );
        let replica = Facts::read("role:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\n");
        assert_eq!(replica.master.as_deref(), Some("10.0.0.1:6379"));
        let silent = Facts::read("");
        assert_eq!((&*silent.version, silent.master), ("unknown", None));
    }
}
