//! The flags of `hunt`, and their validation.

mod upstream;

use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::Args;

use crate::{
    adapters::http::Remote,
    config::{
        layers::flag,
        output::{DocumentArgs, Documents},
        settings::{OUTPUT, SERVICES},
    },
    engine::hunt::{HuntBounds, HuntSettings, Upstream},
    gate::GateKind,
    input::{
        Env,
        error::{Place, UsageError},
        raw_value::RawValue,
    },
    model::hunt::HuntToken,
    render::hunt::ReplayCommand,
    service::Target,
    text::{
        problem::Problem,
        redact,
        values::{positive, span},
    },
};

/// The largest limit of a token.
const MAX_LIMIT: u64 = 1000;
/// A typing mistake must not search for days. The time ends most searches earlier.
const MAX_SCHEDULES: u64 = 1_000_000;
const MAX_TRIALS: u32 = 100_000;
const SCHEDULES: u64 = 2_000;
const LIMIT: u64 = 3;
const TIME: Duration = Duration::from_mins(5);
const QUIET: Duration = Duration::from_millis(100);
const TIMEOUT: Duration = Duration::from_secs(10);
const START: Duration = Duration::from_mins(1);
/// The first port of the gates of a service that the user starts: the address stays the same from hunt to hunt.
const PORT: u16 = 17_400;

/// Flags of `hunt`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coupon-bench hunt shop.toml --postgres 127.0.0.1:5432 -- java -jar shop.jar --spring.datasource.url=jdbc:postgresql://127.0.0.1:5432/shop
  coupon-bench hunt shop.toml --mysql mysql://root@127.0.0.1:3306/shop --redis 127.0.0.1:6379 -- node server.js
  coupon-bench hunt shop.toml --postgres 127.0.0.1:5432
  coupon-bench hunt shop.toml --postgres 127.0.0.1:5432 --replay hunt:u2:l1:ABBA --trials 100 -- java -jar shop.jar

A gate stands between the service and each database. Where the command or its environment names the
address of the database, the service gets the address of the gate. Without a command, the addresses
of the gates are printed, and the service has to be started with them by hand.

A URL with a login lets the hunt ask the database which statement waits for which lock.

Exit codes:
  0 no order of the statements breaks the promise, and every order was played
  2 usage error, or an error in the target file
  3 an order breaks the promise
  4 inconclusive: a bound was reached, the order could not be controlled, or a service failed
  5 a service could not be reached before the search
  130 interrupted")]
pub struct HuntArgs {
    /// The target file of the service; see coupon-bench target new
    #[arg(value_name = "TARGET")]
    pub target: PathBuf,

    /// The program that is the service, and its arguments; without it, the service is started by hand
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,

    /// The services and the gates in front of them.
    #[command(flatten)]
    pub gates: GateArgs,

    /// The bounds of the search.
    #[command(flatten)]
    pub search: SearchArgs,

    /// Play this schedule instead of a search; a hunt prints it
    #[arg(long, value_name = "SCHEDULE", help_heading = REPLAY)]
    pub replay: Option<RawValue>,

    /// Number of replays [default: 1]
    #[arg(long, value_name = "N", help_heading = REPLAY)]
    pub trials: Option<RawValue>,

    /// The documents to write.
    #[command(flatten)]
    pub documents: DocumentArgs,

    /// Write the result as a page; - is stdout
    #[arg(long, value_name = "FILE|-", help_heading = OUTPUT)]
    pub html: Option<String>,
}

/// The services of the service, and the gates in front of them.
#[derive(Debug, Args)]
pub struct GateArgs {
    /// PostgreSQL: HOST, HOST:PORT or postgres://USER:PASSWORD@HOST:PORT/NAME
    #[arg(long, value_name = "ADDRESS", help_heading = SERVICES)]
    pub postgres: Option<RawValue>,

    /// MySQL or MariaDB: HOST, HOST:PORT or mysql://USER:PASSWORD@HOST:PORT/NAME
    #[arg(long, value_name = "ADDRESS", help_heading = SERVICES)]
    pub mysql: Option<RawValue>,

    /// Redis: HOST, HOST:PORT or redis://USER:PASSWORD@HOST:PORT
    #[arg(long, value_name = "ADDRESS", help_heading = SERVICES)]
    pub redis: Option<RawValue>,

    /// The port of the first gate on 127.0.0.1; the others follow it [default: free ports with a command, else 17400]
    #[arg(long, value_name = "PORT", help_heading = SERVICES)]
    pub gate_port: Option<RawValue>,

    /// How long to wait until the service accepts connections [default: 60s]
    #[arg(long, value_name = "DURATION", help_heading = SERVICES)]
    pub start_timeout: Option<RawValue>,

    /// Allow a service or a database outside this machine
    #[arg(long, help_heading = SERVICES)]
    pub allow_remote: bool,
}

/// The bounds of the search.
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// Coupons in the cases in which all but one are given out before [default: 3]
    #[arg(short, long, value_name = "N", help_heading = SEARCH)]
    pub limit: Option<RawValue>,

    /// The most schedules of one case [default: 2000]
    #[arg(long, value_name = "N", help_heading = SEARCH)]
    pub schedules: Option<RawValue>,

    /// The longest time of the search [default: 5m]
    #[arg(long, value_name = "DURATION", help_heading = SEARCH)]
    pub time: Option<RawValue>,

    /// A request that sends no statement and no response for this time waits inside the service [default: 100ms]
    #[arg(long, value_name = "DURATION", help_heading = SEARCH)]
    pub quiet_time: Option<RawValue>,

    /// Timeout of a response, of a statement, and of the drain [default: 10s]
    #[arg(long, value_name = "DURATION", help_heading = SEARCH)]
    pub timeout: Option<RawValue>,
}

const SEARCH: &str = "Search";
const REPLAY: &str = "Replay";

/// The validated settings of `hunt`.
#[derive(Debug)]
pub struct HuntConfig {
    /// What is hunted.
    pub settings: HuntSettings,
    /// The schedule to play, and how often; `None` is a search.
    pub replay: Option<(HuntToken, u32)>,
    /// The command that replays a witness.
    pub command: ReplayCommand,
    /// What to write, and where.
    pub documents: Documents,
}

/// Validates the flags of `hunt`, and reads the target file.
///
/// # Errors
///
/// The first invalid setting, with its place.
pub fn resolve(args: &HuntArgs, env: Env<'_>) -> Result<HuntConfig, UsageError> {
    args.command.iter().for_each(|word| remember(word));
    let upstreams = upstreams(&args.gates)?;
    let replay = replay(args)?;
    let gate_port = gate_port(args, upstreams.len())?;
    let search = &args.search;
    let bounds = HuntBounds {
        schedules: flag(
            "schedules",
            search.schedules.as_ref(),
            positive(MAX_SCHEDULES),
        )?
        .unwrap_or(SCHEDULES),
        time: flag("time", search.time.as_ref(), span)?.unwrap_or(TIME),
    };
    let limit = flag("limit", search.limit.as_ref(), positive(MAX_LIMIT))?;
    let quiet = flag("quiet_time", search.quiet_time.as_ref(), span)?;
    let timeout = flag("timeout", search.timeout.as_ref(), span)?;
    let start_timeout = flag("start_timeout", args.gates.start_timeout.as_ref(), span)?;
    let documents = Documents::with_page(&args.documents, args.html.as_deref())?;
    let settings = HuntSettings {
        command: (!args.command.is_empty()).then(|| args.command.clone()),
        target: Arc::new(target(args, env)?),
        upstreams,
        gate_port,
        limit: limit.unwrap_or(LIMIT),
        bounds,
        quiet: quiet.unwrap_or(QUIET),
        timeout: timeout.unwrap_or(TIMEOUT),
        start_timeout: start_timeout.unwrap_or(START),
    };
    Ok(HuntConfig {
        command: replay_command(args, &settings.upstreams),
        settings,
        replay,
        documents,
    })
}

/// The target file. Every schedule begins with an event without coupons, so the setup has to reset it.
fn target(args: &HuntArgs, env: Env<'_>) -> Result<Target, UsageError> {
    let mut target = Target::read(&args.target, env)?;
    if target.setup.is_empty() && !target.claim.has_run() {
        let what = "an event that no setup resets";
        let advice = "every schedule needs a fresh event: reset it in [[setup]] of the target file";
        return Err(UsageError::Setting {
            place: Place::Argument("TARGET"),
            problem: Problem::new(what, advice),
        });
    }
    if args.gates.allow_remote {
        target.reach.remote = Remote::Allowed;
    }
    Ok(target)
}

fn upstreams(args: &GateArgs) -> Result<Vec<Upstream>, UsageError> {
    let mut upstreams = Vec::new();
    for (kind, value) in addresses(args) {
        let parse = |text: &str| upstream::parse(kind, text);
        upstreams.extend(flag(kind.name(), value, parse)?);
    }
    if upstreams.is_empty() {
        return Err(UsageError::Setting {
            place: Place::Flag("postgres"),
            problem: Problem::new(
                "no database",
                "name the databases of the service with --postgres, --mysql or --redis, as in --postgres 127.0.0.1:5432",
            ),
        });
    }
    Ok(upstreams)
}

fn addresses(args: &GateArgs) -> [(GateKind, Option<&RawValue>); 3] {
    [
        (GateKind::Postgres, args.postgres.as_ref()),
        (GateKind::Mysql, args.mysql.as_ref()),
        (GateKind::Redis, args.redis.as_ref()),
    ]
}

/// The port of the first gate, with room for the others.
fn gate_port(args: &HuntArgs, gates: usize) -> Result<Option<u16>, UsageError> {
    let last = u16::MAX - u16::try_from(gates.saturating_sub(1)).unwrap_or(0);
    let port = flag("gate_port", args.gates.gate_port.as_ref(), positive(last))?;
    Ok(port.or(args.command.is_empty().then_some(PORT)))
}

/// The schedule of `--replay`. A setting of the search beside it has no effect, so it is an error.
fn replay(args: &HuntArgs) -> Result<Option<(HuntToken, u32)>, UsageError> {
    let token = flag("replay", args.replay.as_ref(), |text| {
        let token = text.trim().parse::<HuntToken>();
        token.map_err(|error| Problem::invalid(text, error.to_string()))
    })?;
    let refuse = |name, value: &Option<RawValue>, what: &str, advice: &str| {
        let refused = flag(name, value.as_ref(), |_| {
            Err::<(), _>(Problem::new(what, advice))
        });
        refused.map(drop)
    };
    let Some(token) = token else {
        let advice = "name the schedule with --replay, or leave out --trials";
        refuse("trials", &args.trials, "trials without a schedule", advice)?;
        return Ok(None);
    };
    let SearchArgs {
        limit,
        schedules,
        time,
        ..
    } = &args.search;
    for (name, value) in [("limit", limit), ("schedules", schedules), ("time", time)] {
        let what = "a setting of a search together with a schedule";
        let advice = "the schedule names its case and its order, so leave out the setting";
        refuse(name, value, what, advice)?;
    }
    let trials = flag("trials", args.trials.as_ref(), positive(MAX_TRIALS))?;
    Ok(Some((token, trials.unwrap_or(1))))
}

/// The words of this command line that a replay needs as well. A login is shown without its password.
fn replay_command(args: &HuntArgs, upstreams: &[Upstream]) -> ReplayCommand {
    let mut words = vec![args.target.display().to_string()];
    for one in upstreams {
        let address = match &one.login {
            Some(url) => url.to_string(),
            None => one.address(),
        };
        words.extend([format!("--{}", one.kind), address]);
    }
    let (gates, search) = (&args.gates, &args.search);
    for (name, value) in [
        ("--gate-port", &gates.gate_port),
        ("--start-timeout", &gates.start_timeout),
        ("--quiet-time", &search.quiet_time),
        ("--timeout", &search.timeout),
    ] {
        let value = value.iter().map(|value| value.text.clone());
        words.extend(value.flat_map(|text| [name.to_owned(), text]));
    }
    if gates.allow_remote {
        words.push("--allow-remote".to_owned());
    }
    ReplayCommand {
        words,
        service: args.command.clone(),
    }
}

/// Remembers the secrets in a word of the command, which outputs repeat. An '@' alone is no sign of a login: `npx shop@1.0`.
fn remember(word: &str) {
    if word.contains("://") || word.contains('=') && !word.contains('@') {
        redact::remember_typed(word);
    }
}

#[cfg(test)]
mod tests;
