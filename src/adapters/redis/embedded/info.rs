//! The text of `INFO`: the sections server, clients, memory, stats, replication and keyspace, with the
//! lines tools look for.

use std::fmt::Write as _;

use bytes::Bytes;

use super::{command::Context, keyspace::millis};

/// The version answered everywhere; the replies are modelled on it.
pub(super) const VERSION: &str = "7.0.0";

type Section = fn(&Context<'_>) -> String;

const SECTIONS: &[(&str, Section)] = &[
    ("server", server),
    ("clients", clients),
    ("memory", memory),
    ("stats", stats),
    ("replication", replication),
    ("keyspace", keyspace),
];

/// The sections asked for, or all.
pub(super) fn text(ctx: &Context<'_>, wanted: &[Bytes]) -> String {
    let is_wanted = |section: &str| {
        wanted.is_empty()
            || wanted.iter().any(|name| {
                [section, "all", "default", "everything"]
                    .iter()
                    .any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
            })
    };
    let sections = SECTIONS.iter().filter(|(name, _)| is_wanted(name));
    sections
        .map(|(_, write)| write(ctx))
        .collect::<Vec<_>>()
        .join("\r\n")
}

fn server(ctx: &Context<'_>) -> String {
    let port = ctx.session.local.rsplit(':').next().unwrap_or_default();
    let started = ctx.keyspace.stats.started.unwrap_or(ctx.now);
    let uptime = ctx.now.saturating_sub(started).as_secs();
    format!(
        "# Server\r\nredis_version:{VERSION}\r\nredis_mode:standalone\r\ncoupon_bench:embedded\r\n\
         os:{}\r\narch_bits:{}\r\nprocess_id:{}\r\ntcp_port:{port}\r\nserver_time_usec:{}\r\n\
         uptime_in_seconds:{uptime}\r\nuptime_in_days:{}\r\n",
        std::env::consts::OS,
        usize::BITS,
        std::process::id(),
        ctx.now.as_micros(),
        uptime / 86_400,
    )
}

fn clients(ctx: &Context<'_>) -> String {
    let clients = ctx.keyspace.stats.clients;
    format!("# Clients\r\nconnected_clients:{clients}\r\nmaxclients:10000\r\nblocked_clients:0\r\n")
}

/// The memory is that of the whole process, in which the server is embedded.
fn memory(_: &Context<'_>) -> String {
    const PAGE: u64 = 4096;
    let pages: u64 = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|statm| statm.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or_default();
    let bytes = pages * PAGE;
    format!(
        "# Memory\r\nused_memory:{bytes}\r\nused_memory_human:{}K\r\nused_memory_rss:{bytes}\r\n\
         maxmemory:0\r\nmaxmemory_policy:noeviction\r\n",
        bytes / 1024,
    )
}

fn stats(ctx: &Context<'_>) -> String {
    let stats = &ctx.keyspace.stats;
    format!(
        "# Stats\r\ntotal_connections_received:{}\r\ntotal_commands_processed:{}\r\n\
         expired_keys:{}\r\nevicted_keys:0\r\n",
        stats.connections, stats.commands, stats.expired,
    )
}

fn replication(_: &Context<'_>) -> String {
    "# Replication\r\nrole:master\r\nconnected_slaves:0\r\n".to_owned()
}

fn keyspace(ctx: &Context<'_>) -> String {
    let now = millis(ctx.now);
    let mut text = "# Keyspace\r\n".to_owned();
    for (index, db) in ctx.keyspace.databases.iter().enumerate() {
        if db.len() > 0 {
            // Writing to a string cannot fail.
            let _ = write!(
                text,
                "db{index}:keys={},expires={},avg_ttl={}\r\n",
                db.len(),
                db.expiring(),
                db.average_ttl(now),
            );
        }
    }
    text
}
