//! A service of the user's own, described by a target file: its requests, the meaning of its responses, and its ledger.
//!
//! For the rest of the program, a service is one more strategy and its ledger one more source of rows. The load engine, the
//! recorder, the reconciliation, the verdict and the report are those of the built-in strategies.
//!
//! # Layout
//!
//! The folders are in the order of the data's way:
//!
//! - `file`: the target file as typed
//! - `validate`: the file becomes a [`Target`], or an error with a line number
//! - `template`, `request`: requests with placeholders, sessions, captured values
//! - `setup`: what is done before the release, for the event and for each user
//! - `claim`: a claim as the load engine sends it, the rules that give a response its meaning, and the requests that follow
//! - `drain`: the conditions that show that no work is left, and when the wait for them ends; the wait itself is in `connected`
//! - `ledger`: the coupons that the service holds
//! - `connected`: a service that is connected for one run, with all of the above
//! - `check`: one claim before a load, for `target check`
//! - `matcher`, `json_number`: comparisons of JSON values
//! - `starter.toml`: the file that `target new` writes

pub mod check;
mod claim;
pub mod connected;
pub mod drain;
mod file;
mod json_number;
pub mod ledger;
mod matcher;
mod request;
mod setup;
mod template;
mod validate;

use std::{path::PathBuf, sync::Arc};

use url::Url;

pub use crate::text::redact::Secrets;
pub use claim::{HttpClaim, Meaning, Rules, Statuses};
pub use request::{RequestTemplate, exchange::ExchangeText, users::Users};
pub use setup::{Setup, not_reset};
pub use template::{AttemptValues, EventValues, Template};

use crate::{
    adapters::http::{Identity, Remote, Sources, Version},
    input::address::DbTarget,
    strategies::Promise,
};

/// The target file that `target new` writes, with comments.
pub const STARTER: &str = include_str!("starter.toml");

/// A service, as its target file describes it.
#[derive(Debug)]
pub struct Target {
    /// The path of the target file, as typed.
    pub path: PathBuf,
    /// The text of the target file.
    pub text: String,
    /// The name of the file without its extension. It names the service in reports.
    pub name: String,
    /// A title for reports.
    pub title: Option<String>,
    /// What the service promises.
    pub promise: Promise,
    /// Whether a user may get at most one coupon.
    pub one_per_user: bool,
    /// The address of the service.
    pub service: Service,
    /// The setup before every run, in order.
    pub setup: Vec<Setup>,
    /// The names of the values that the setup captures.
    pub prepared: Arc<[template::Name]>,
    /// The steps of every user before the release.
    pub steps: Vec<setup::Step>,
    /// The claim.
    pub claim: RequestTemplate,
    /// The values that are captured from the response to the claim, for the next request of the same claim.
    pub captures: request::capture::Captures,
    /// The meanings of the responses to the claim.
    pub rules: Rules,
    /// The request that confirms a reserved coupon.
    pub confirm: Option<claim::Follow>,
    /// The request that is repeated while the user has to wait.
    pub poll: Option<claim::Poll>,
    /// The names of the values that steps and claims capture.
    pub captured: Arc<[template::Name]>,
    /// The table of users, if users have more properties than a number.
    pub users: Option<Users>,
    /// The source of the ledger.
    pub ledger: ledger::Source,
    /// Whether a count of the ledger is the remaining stock instead of the issued coupons.
    pub remaining: bool,
    /// The spelling of a user in the ledger.
    pub spelling: Template,
    /// How the end of the service's work is recognized. `None`: it is not.
    pub drain: Option<drain::Drain>,
    /// The values that no output may contain.
    pub secrets: Secrets,
    /// How the service is reached. Given by flags.
    pub reach: Reach,
}

/// The address of a service.
#[derive(Debug, Clone)]
pub struct Service {
    /// The base URL. Its path comes before the path of every request.
    pub base_url: Url,
    /// A Unix socket that replaces the host and port of the URL.
    pub unix_socket: Option<PathBuf>,
    /// The version of HTTP.
    pub version: Version,
    /// A PEM file with the certificate authorities to trust.
    pub ca_file: Option<PathBuf>,
    /// The client certificate, for a service that requires one.
    pub identity: Option<Identity>,
    /// The source addresses of the connections. `None`: the system chooses.
    pub source: Option<Sources>,
}

/// How a service is reached, as given on the command line.
#[derive(Debug, Clone, Copy)]
pub struct Reach {
    /// The number of connections. `None`: as many as there are concurrent attempts.
    pub connections: Option<usize>,
    /// Whether load may be sent to another machine.
    pub remote: Remote,
}

impl Target {
    /// The databases that the target file names, in its setup, its ledger and its drain.
    pub fn databases(&self) -> Vec<&DbTarget> {
        let setup = self.setup.iter().filter_map(|setup| match &setup.action {
            setup::Action::Sql(query) => Some(&query.db),
            _ => None,
        });
        let ledger = match &self.ledger {
            ledger::Source::Sql { db, .. } => Some(db),
            _ => None,
        };
        let conditions = match &self.drain {
            Some(drain::Drain::Watched(watched)) => watched.conditions.as_slice(),
            _ => &[],
        };
        let drain = conditions.iter().filter_map(|condition| match condition {
            drain::Condition::Sql(zero) => Some(&zero.db),
            _ => None,
        });
        setup.chain(ledger).chain(drain).collect()
    }

    /// Whether `[drain]` has a condition that proves that no work is left. A synchronous service needs none.
    pub fn has_proof(&self) -> bool {
        matches!(&self.drain, Some(drain::Drain::Watched(watched)) if !watched.conditions.is_empty())
    }

    /// Whether the target file uses the limit of a run, as in `{{limit}}`.
    pub fn uses_limit(&self) -> bool {
        let mut placeholders = self.text.split("{{").skip(1);
        placeholders.any(|text| text.trim_start().starts_with("limit"))
    }

    /// The address of the service as text, without secrets.
    pub fn address(&self) -> String {
        let url = self.secrets.mask(self.service.base_url.as_str());
        let url = url.trim_end_matches('/');
        match &self.service.unix_socket {
            Some(path) => format!("{url} over unix:{}", path.display()),
            None => url.to_owned(),
        }
    }
}
