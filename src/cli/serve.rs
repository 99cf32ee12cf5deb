//! The flags of `serve`, and what they mean.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use clap::Args;
use url::Host;

use super::ceiling::flag;
use crate::{
    config::scenario::Scenario,
    input::address::DbKind,
    model::workload::Workload,
    serve::{ANSWER, Listen, Plan},
    strategies::Entry,
};
use crate::{
    config::{
        effective::{service_settings, workload},
        layers::{Found, Layers},
        settings::{RunSettings, SERVICES, ServiceArgs, WORKLOAD, one_of},
        strategies::{check_capacity, known_strategy, refuse},
    },
    input::{
        Env,
        error::{Place, UsageError},
        typed::Typed,
    },
    model::workload::MAX_ATTEMPTS,
    text::{problem::Problem, quote::quoted, values},
};

/// Each is a file descriptor and some kilobytes.
const MAX_CONNECTIONS: u32 = 1_000_000;

const HOSTS: &str =
    "write a host name alone, as in bench.example or 10.0.0.5, without http:// and without a port";

const FORMS: &str = "use HOST:PORT (port 0 is any that is free) or unix:PATH";

/// Flags of `serve`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coupon-bench serve --strategy redis-set-incr
  coupon-bench serve -s redis-kafka --db postgres://bench@localhost/bench --listen 127.0.0.1:9000
  coupon-bench serve -s naive --print-target > naive.toml
  coupon-bench serve -s answer --listen unix:/tmp/coupon.sock

POST /claim with {\"user\": 17} or ?user=17. Without a user, each request is of a new one, so that
oha -m POST needs no script.
  201 issued   410 sold out   409 duplicate   503 failed, no coupon   500, 504 nobody knows
Requests for another host than this one, or from pages of another origin, are answered 403.
GET /ledger is what the database holds, POST /reset begins a fresh event, GET /metrics is for
Prometheus, GET /health says whether claims are taken, GET /openapi.json describes it all.

The strategy answer asks no service and tells everybody that all coupons are gone: for measuring
load tools and this server. Ctrl-C finishes what is under way, lets the topic drain, and removes
what was created.")]
pub struct ServeArgs {
    /// One strategy, or answer; see coupon-bench strategies
    #[arg(short, long, value_name = "NAME", help_heading = WORKLOAD)]
    pub strategy: Option<Typed>,

    /// Coupons [default: 100]
    #[arg(short, long, value_name = "N", help_heading = WORKLOAD)]
    pub limit: Option<Typed>,

    /// For one claim, and for a drain that stands still; 500ms, 30s and 2m are understood [default: 30s]
    #[arg(long, value_name = "DURATION", help_heading = WORKLOAD)]
    pub timeout: Option<Typed>,

    /// Where to listen: HOST:PORT, with port 0 for any that is free, or unix:PATH [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS", help_heading = SERVER)]
    pub listen: Option<Typed>,

    /// Let other machines reach it: anybody there can claim, reset the event and read the ledger
    #[arg(long, help_heading = SERVER)]
    pub allow_remote: bool,

    /// A further host name under which it may be asked, or of a page that may ask it; repeatable [default: those of the loopback, and the address of --listen]
    #[arg(long, value_name = "NAME", help_heading = SERVER)]
    pub allow_host: Vec<Typed>,

    /// Connections at a time; further ones wait [default: 10000]
    #[arg(long, value_name = "N", help_heading = SERVER)]
    pub max_connections: Option<Typed>,

    /// Print a target file for this server, for coupon-bench run --target, and end
    #[arg(long, help_heading = SERVER)]
    pub print_target: bool,

    /// Which services.
    #[command(flatten)]
    pub services: ServiceArgs,

    /// Connections in the database's pool [default: 10]
    #[arg(long, value_name = "N", help_heading = SERVICES)]
    pub db_pool: Option<Typed>,

    /// How long a claim keeps a connection: for a statement, or for the whole request [default: statement]
    #[arg(long, value_name = "statement|request", help_heading = SERVICES)]
    #[arg(value_parser = one_of(&["statement", "request"]), hide_possible_values = true)]
    pub db_connection: Option<Typed>,

    /// Multiplexed connections to Redis [default: 1]
    #[arg(long, value_name = "N", help_heading = SERVICES)]
    pub redis_connections: Option<Typed>,

    /// Members of the consumer group [default: 1]
    #[arg(long, value_name = "N", help_heading = SERVICES)]
    pub consumers: Option<Typed>,

    /// Records that a consumer takes at once, as one INSERT of as many rows [default: 1]
    #[arg(long, value_name = "N", help_heading = SERVICES)]
    pub consumer_batch: Option<Typed>,

    /// Records a second that all consumers together take [default: unlimited]
    #[arg(long, value_name = "N", help_heading = SERVICES)]
    pub consumer_rate: Option<Typed>,

    /// Leave the last event's table, keys and topic behind and print their names
    #[arg(long, help_heading = SERVICES)]
    pub keep: bool,
}

const SERVER: &str = "Server";

/// What was typed becomes what is meant.
pub fn plan(args: &ServeArgs, env: Env<'_>) -> Result<Plan, UsageError> {
    let layers = Layers::of_flags(shared(args), env)?;
    let services = service_settings(&layers)?;
    let entry = strategy(args.strategy.as_ref(), services.db.kind())?;
    let workload = Workload {
        // Nobody knows how many will come.
        users: MAX_ATTEMPTS,
        ..workload(&layers)?
    };
    check_capacity(&layers, &[entry], &workload, &services.kafka)?;
    let listen = flag("listen", args.listen.as_ref(), listen)?;
    let listen =
        listen.unwrap_or_else(|| Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))));
    check_listen(args, &listen)?;
    let allow_hosts = args.allow_host.iter();
    let allow_hosts = allow_hosts.map(|typed| flag("allow_host", Some(typed), host_name));
    let allow_hosts = allow_hosts.collect::<Result<Vec<_>, _>>()?;
    let connections = args.max_connections.as_ref();
    let max_connections = flag(
        "max_connections",
        connections,
        values::positive(MAX_CONNECTIONS),
    )?;
    Ok(Plan {
        entry,
        scenario: Scenario {
            keep: args.keep,
            ..Scenario::of_strategy(entry, workload, services)
        },
        listen,
        allow_hosts: allow_hosts.into_iter().flatten().collect(),
        max_connections: max_connections.unwrap_or(10_000),
    })
}

/// Those that mean the same in a run.
fn shared(args: &ServeArgs) -> RunSettings {
    RunSettings {
        limit: args.limit.clone(),
        timeout: args.timeout.clone(),
        services: args.services.clone(),
        db_pool: args.db_pool.clone(),
        db_connection: args.db_connection.clone(),
        redis_connections: args.redis_connections.clone(),
        consumers: args.consumers.clone(),
        consumer_batch: args.consumer_batch.clone(),
        consumer_rate: args.consumer_rate.clone(),
        ..RunSettings::default()
    }
}

fn strategy(typed: Option<&Typed>, db: DbKind) -> Result<&'static Entry, UsageError> {
    let found = Found {
        text: typed.map_or("", |typed| &typed.text),
        place: Place::Flag("strategy"),
    };
    let entry = found.parse(|text| match text.trim() {
        "" => Err(Problem::new(
            "no strategy",
            format!(
                "name one to serve, such as redis-set-incr, or {}",
                ANSWER.name
            ),
        )),
        name if name == ANSWER.name => Ok(&ANSWER),
        several if several == "all" || several.contains(',') => Err(Problem::new(
            format!("several strategies {}", quoted(several)),
            "a server serves one of them",
        )),
        name => known_strategy(name),
    })?;
    refuse(&found, entry, db)?;
    Ok(entry)
}

/// Nothing is looked up: the one name that is understood is `localhost`.
fn listen(text: &str) -> Result<Listen, Problem> {
    let text = text.trim();
    if let Some(path) = text.strip_prefix("unix:") {
        // As in a URL, two slashes may stand in front of an absolute path.
        let path = match path.strip_prefix("//") {
            Some(path) if path.starts_with('/') => path,
            _ => path,
        };
        return match path {
            "" => Err(Problem::invalid(
                text,
                "name a file, as in unix:/tmp/coupon.sock",
            )),
            path => Ok(Listen::Unix(PathBuf::from(path))),
        };
    }
    let address = text.strip_prefix("http://").unwrap_or(text);
    let address = address.strip_suffix('/').unwrap_or(address);
    let named = address.strip_prefix("localhost:");
    let address = named.map_or_else(|| address.to_owned(), |port| format!("127.0.0.1:{port}"));
    let address = address.parse().map(Listen::Tcp);
    address.map_err(|_| Problem::invalid(text, FORMS))
}

/// A name as it stands in a Host header, without a port.
fn host_name(text: &str) -> Result<String, Problem> {
    let name = text.trim().trim_end_matches('.');
    let host = Host::parse(name).map_err(|_| Problem::invalid(text, HOSTS))?;
    Ok(host.to_string())
}

/// Who is let in, and whether there is an address to print.
fn check_listen(args: &ServeArgs, listen: &Listen) -> Result<(), UsageError> {
    let wrong = |what: String, advice: &str| {
        Err(UsageError::Setting {
            place: Place::Flag("listen"),
            problem: Problem::new(what, advice),
        })
    };
    if listen.is_remote() && !args.allow_remote {
        let advice = "anybody who can reach this machine could claim, reset the event and read the ledger; if that is \
                      meant, add --allow-remote";
        return wrong(format!("{listen} is open to other machines"), advice);
    }
    match listen {
        Listen::Tcp(address) if args.print_target && address.port() == 0 => wrong(
            "no port to print".to_owned(),
            "port 0 is chosen when the server starts: name another",
        ),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
