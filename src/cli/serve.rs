//! The flags of `serve`, and their validation.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use clap::Args;
use url::Host;

use crate::{
    config::{
        layers::{Layers, LocatedValue, flag},
        scenario::Scenario,
        services,
        settings::{ConnectionArgs, ConsumerArgs, RunSettings, SERVICES, ServiceArgs, WORKLOAD},
        strategies::{check_capacity, check_database, known_strategy},
        workload,
    },
    input::{
        Env,
        address::DbKind,
        error::{Place, UsageError},
        raw_value::RawValue,
    },
    model::workload::{MAX_ATTEMPTS, Workload},
    serve::{ANSWER, Listen, ServeSettings},
    strategies::Entry,
    text::{problem::Problem, quote::quoted, values},
};

/// A connection is a file descriptor and some kilobytes.
const MAX_CONNECTIONS: u32 = 1_000_000;

const HOSTS: &str =
    "write a host name alone, as in bench.example or 10.0.0.5, without http:// and without a port";

const FORMS: &str = "use HOST:PORT (port 0 is any free port) or unix:PATH";

/// Flags of `serve`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coupon-bench serve --strategy redis-set-incr
  coupon-bench serve -s redis-kafka --db postgres://bench@localhost/bench --listen 127.0.0.1:9000
  coupon-bench serve -s naive --print-target > naive.toml
  coupon-bench serve -s answer --listen unix:/tmp/coupon.sock

POST /claim with {\"user\": 17} or ?user=17. Without a user, each request is of a new user, so that
oha -m POST needs no script.
  201 issued   410 sold out   409 duplicate   503 failed, no coupon   500, 504 outcome unknown
Requests for another host than this one, or from pages of another origin, get status 403.
GET /ledger lists the coupons in the database, POST /reset begins a fresh event, GET /metrics is for
Prometheus, GET /health says whether claims are accepted, GET /openapi.json describes the API.

The strategy answer uses no service and responds to every claim with sold out, to measure load tools
and this server. Ctrl-C finishes the requests under way, drains the topic, and removes the objects
that the server created.")]
#[command(mut_args(own_help))]
pub struct ServeArgs {
    /// One strategy, or answer; see coupon-bench strategies
    #[arg(short, long, value_name = "NAME", help_heading = WORKLOAD)]
    pub strategy: Option<RawValue>,

    /// Coupons [default: 100]
    #[arg(short, long, value_name = "N", help_heading = WORKLOAD)]
    pub limit: Option<RawValue>,

    /// Timeout of one claim, and of a drain without progress; 500ms, 30s and 2m are understood [default: 30s]
    #[arg(long, value_name = "DURATION", help_heading = WORKLOAD)]
    pub timeout: Option<RawValue>,

    /// Where to listen: HOST:PORT, with port 0 for any free port, or unix:PATH [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS", help_heading = SERVER)]
    pub listen: Option<RawValue>,

    /// Accept requests from other machines: every client there can claim, reset the event and read the ledger
    #[arg(long, help_heading = SERVER)]
    pub allow_remote: bool,

    /// A further host name of this server, or the host name of a page that may send requests; repeatable [default: the loopback names, and the address of --listen]
    #[arg(long, value_name = "NAME", help_heading = SERVER)]
    pub allow_host: Vec<RawValue>,

    /// Connections at a time; further connections wait [default: 10000]
    #[arg(long, value_name = "N", help_heading = SERVER)]
    pub max_connections: Option<RawValue>,

    /// Print a target file for this server, for coupon-bench run --target, and exit
    #[arg(long, help_heading = SERVER)]
    pub print_target: bool,

    /// The addresses of the services.
    #[command(flatten)]
    pub services: ServiceArgs,

    /// The connections to the services.
    #[command(flatten)]
    pub connections: ConnectionArgs,

    /// How the topic is consumed.
    #[command(flatten)]
    pub consumption: ConsumerArgs,

    /// Leave the last event's table, keys and topic behind and print their names
    #[arg(long, help_heading = SERVICES)]
    pub keep: bool,
}

const SERVER: &str = "Server";

/// `serve` has no `--instances`.
fn own_help(arg: clap::Arg) -> clap::Arg {
    match arg.get_id().as_str() {
        "consumer_rate" => {
            arg.help("Records a second that all consumers together take [default: unlimited]")
        }
        _ => arg,
    }
}

/// Validates the flags of `serve` and the environment.
///
/// # Errors
///
/// The first invalid setting, with its place.
pub fn resolve(args: &ServeArgs, env: Env<'_>) -> Result<ServeSettings, UsageError> {
    let layers = Layers::of_flags(shared_settings(args), env)?;
    let services = services(&layers)?;
    let entry = strategy(args.strategy.as_ref(), services.db.kind())?;
    let workload = Workload {
        // The number of users of a server is not known.
        users: MAX_ATTEMPTS,
        ..workload(&layers)?
    };
    check_capacity(&layers, &[entry], &workload, &services.kafka)?;
    let listen = flag("listen", args.listen.as_ref(), listen)?;
    let listen =
        listen.unwrap_or_else(|| Listen::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))));
    check_listen(args, &listen)?;
    let allow_hosts = args.allow_host.iter();
    let allow_hosts = allow_hosts.map(|value| flag("allow_host", Some(value), host_name));
    let allow_hosts = allow_hosts.collect::<Result<Vec<_>, _>>()?;
    let connections = args.max_connections.as_ref();
    let max_connections = flag(
        "max_connections",
        connections,
        values::positive(MAX_CONNECTIONS),
    )?;
    Ok(ServeSettings {
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

/// The settings that `run` has too.
fn shared_settings(args: &ServeArgs) -> RunSettings {
    RunSettings {
        limit: args.limit.clone(),
        timeout: args.timeout.clone(),
        services: args.services.clone(),
        connections: args.connections.clone(),
        consumption: args.consumption.clone(),
        ..RunSettings::default()
    }
}

fn strategy(value: Option<&RawValue>, db: DbKind) -> Result<&'static Entry, UsageError> {
    let value = LocatedValue {
        text: value.map_or("", |value| &value.text),
        place: Place::Flag("strategy"),
    };
    let entry = value.parse(|text| match text.trim() {
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
            "a server serves one strategy, so name one",
        )),
        name => known_strategy(name),
    })?;
    check_database(&value, entry, db)?;
    Ok(entry)
}

/// No name is looked up: `localhost` is the only name that is understood.
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

/// A name as in a Host header, without a port.
fn host_name(text: &str) -> Result<String, Problem> {
    let name = text.trim().trim_end_matches('.');
    let host = Host::parse(name).map_err(|_| Problem::invalid(text, HOSTS))?;
    Ok(host.to_string())
}

/// Checks that other machines are allowed where they can connect, and that `--print-target` has a port to print.
fn check_listen(args: &ServeArgs, listen: &Listen) -> Result<(), UsageError> {
    let wrong = |what: String, advice: &str| {
        Err(UsageError::Setting {
            place: Place::Flag("listen"),
            problem: Problem::new(what, advice),
        })
    };
    if listen.is_remote() && !args.allow_remote {
        let advice = "every client that can reach this machine could claim, reset the event and read the ledger; \
                      to allow that, add --allow-remote";
        return wrong(format!("{listen} is open to other machines"), advice);
    }
    match listen {
        Listen::Tcp(address) if args.print_target && address.port() == 0 => wrong(
            "no port to print".to_owned(),
            "port 0 is replaced by a free port when the server starts, so name another port",
        ),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
