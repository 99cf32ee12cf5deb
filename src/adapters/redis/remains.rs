//! The keys that runs have left on a server.
//!
//! Each node of a cluster has its own keys. The program scans one node. On the other nodes it finds only the keys of runs that this
//! machine has registered.

use std::collections::BTreeSet;

use super::{
    CONNECT_TIMEOUT,
    client::words,
    connection::Connection,
    keys::{EVENT_KEYS, tag},
    route::Route,
};
use crate::{
    adapters::{
        remains::{Kind, Object},
        run_registry,
    },
    input::address::{RedisTarget, Services},
};

/// The number of keys that a server scans in one step.
const AT_ONCE: usize = 1000;

/// The keys of runs on the server of `services`.
pub async fn keys(services: &Services) -> Result<Vec<Object>, String> {
    if services.redis == RedisTarget::Embedded {
        return Ok(Vec::new());
    }
    let names = in_time(async {
        let mut names = scan(&connection(services, "clean").await?).await?;
        for run in run_registry::registered() {
            names.extend(of_run(services, &run.record.run_id).await?);
        }
        Ok(names)
    });
    let names = names.await?;
    let keys = names.iter();
    Ok(keys
        .filter_map(|name| Object::of(Kind::RedisKey, name))
        .collect())
}

/// Removes keys of runs.
pub async fn remove(services: &Services, keys: &[Object]) -> Result<(), String> {
    in_time(async {
        for key in keys {
            let run_id = key.run_id().unwrap_or_default();
            let connection = connection(services, run_id).await?;
            let mut unlink = redis::cmd("UNLINK");
            let removed = connection.query::<u64>(unlink.arg(&key.name)).await;
            removed.map_err(|error| words(&error))?;
        }
        Ok(())
    })
    .await
}

/// A scan may see a key twice.
async fn scan(connection: &Connection) -> Result<BTreeSet<String>, String> {
    let (mut cursor, mut names) = (0_u64, BTreeSet::new());
    loop {
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg("coupon_bench:*");
        scan.arg("COUNT").arg(AT_ONCE);
        let answer = connection.query::<(u64, Vec<String>)>(&scan).await;
        let (next, found) = answer.map_err(|error| words(&error))?;
        names.extend(found);
        cursor = next;
        if cursor == 0 {
            return Ok(names);
        }
    }
}

async fn of_run(services: &Services, run_id: &str) -> Result<Vec<String>, String> {
    let connection = connection(services, run_id).await?;
    let mut names = Vec::new();
    for key in EVENT_KEYS {
        let name = format!("{}:{key}", tag(run_id));
        let exists = connection
            .query::<bool>(redis::cmd("EXISTS").arg(&name))
            .await;
        if exists.map_err(|error| words(&error))? {
            names.push(name);
        }
    }
    Ok(names)
}

/// A connection to the server that has the keys of a run.
async fn connection(services: &Services, run_id: &str) -> Result<Connection, String> {
    let (ca, tag) = (services.tls_ca.as_ref(), tag(run_id));
    let route = match &services.redis {
        RedisTarget::Embedded => return Err("no server is named".to_owned()),
        RedisTarget::Url(url) => Route::to_server(url.with_password(), ca, tag),
        RedisTarget::Sentinel(url) => Route::by_sentinels(url, ca, tag),
    };
    route?.connect().await
}

async fn in_time<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let patience = 2 * CONNECT_TIMEOUT;
    match tokio::time::timeout(patience, work).await {
        Ok(done) => done,
        Err(_) => Err(format!("no answer within {} s", patience.as_secs())),
    }
}
