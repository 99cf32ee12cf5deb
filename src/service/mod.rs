//! A service of the user's own, described by a file: how it is asked, what its answers mean, and where it keeps its coupons.
//!
//! A target is one more strategy, its oracle one more ledger. Everything between the two is the same as for a strategy of the
//! catalogue: the engine, the recorder, the reconciliation, the verdict, the report.
//!
//! # Layout
//!
//! - `file`: the file as typed; `meaning`: what it means, or which line is wrong
//! - `template`, `request`, `users`: what is sent, user by user
//! - `capture`, `session`: what answers give, and what of it a user's next requests carry
//! - `setup`, `exchange`, `steps`: what happens before the release, for the event and for each user
//! - `rules`, `check`, `number`: what an answer means
//! - `claim`: a claim, as the load engine makes it, with what follows an answer that decides nothing
//! - `ledger`, `drain`: what is there, and when it is all there
//! - `stage`: a service that is open and set up for one run; `used_up`: one that has nothing to give
//! - `starter`: the file to begin with

mod capture;
mod check;
mod claim;
pub mod drain;
mod exchange;
mod file;
pub mod ledger;
mod meaning;
mod number;
mod request;
mod rules;
mod session;
mod setup;
pub mod stage;
mod steps;
mod template;
pub mod trial;
mod used_up;
mod users;

use std::{path::PathBuf, sync::Arc};

use url::Url;

pub use crate::text::redact::Secrets;
pub use claim::Claim;
pub use exchange::Dialogue;
pub use request::RequestTemplate;
pub use rules::{Meaning, Rules, Statuses};
pub use setup::Setup;
pub use template::{Event, Template, Who};
pub use used_up::not_reset;
pub use users::Users;

use crate::{
    adapters::http::{Identity, Remote, Sources, Version},
    strategies::Promise,
};

/// The file to begin with, commented.
pub const STARTER: &str = include_str!("starter.toml");

/// A service, and all there is to know of it.
#[derive(Debug)]
pub struct Target {
    /// As typed.
    pub path: PathBuf,
    /// The file as it was read.
    pub text: String,
    /// The file's name without its end: what the service is called in a report.
    pub name: String,
    /// For people.
    pub title: Option<String>,
    /// What it is held to.
    pub promise: Promise,
    /// Whether a user who asks twice is to get at most one coupon.
    pub one_per_user: bool,
    /// Where it is.
    pub service: Service,
    /// Done before every run, one after the other.
    pub setup: Vec<Setup>,
    /// What the setup captures.
    pub prepared: Arc<[template::Name]>,
    /// Done by every user before the release.
    pub steps: Vec<steps::Step>,
    /// How a user asks.
    pub claim: RequestTemplate,
    /// What of the answers the next request of the same claim uses.
    pub captures: capture::Captures,
    /// What the answers mean.
    pub rules: Rules,
    /// What is sent when a coupon is reserved.
    pub confirm: Option<claim::Follow>,
    /// What is asked while the user has to wait.
    pub poll: Option<claim::Poll>,
    /// What steps and claims capture.
    pub captured: Arc<[template::Name]>,
    /// Who the users are, where a number is not enough.
    pub users: Option<Users>,
    /// What is really there.
    pub ledger: ledger::Source,
    /// Whether a count of the ledger is one of coupons that are left.
    pub remaining: bool,
    /// How the ledger spells a user.
    pub spelling: Template,
    /// How the end of its work is seen; `None` is not at all.
    pub drain: Option<drain::Drain>,
    /// Values that no output may contain.
    pub secrets: Secrets,
    /// How it is reached: by flag.
    pub reach: Reach,
}

/// Where a service is.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its paths begin with the path of this.
    pub base_url: Url,
    /// In place of the URL's host and port.
    pub unix_socket: Option<PathBuf>,
    /// Which HTTP it is spoken to in.
    pub version: Version,
    /// PEM certificates of the authorities to trust.
    pub ca_file: Option<PathBuf>,
    /// The certificate that is shown to a service which demands one.
    pub identity: Option<Identity>,
    /// Where connections come from; `None` is for the system to choose.
    pub source: Option<Sources>,
}

/// How a service is reached, as far as the command line says it.
#[derive(Debug, Clone, Copy)]
pub struct Reach {
    /// Connections to be opened; `None` is as many as there are attempts at once.
    pub connections: Option<usize>,
    /// Whether load may leave this machine.
    pub remote: Remote,
}

impl Target {
    /// Whether something can be asked that proves that no work is left. A service that inserts before it answers has no such work.
    pub fn has_proof(&self) -> bool {
        matches!(&self.drain, Some(drain::Drain::Watched(watched)) if !watched.conditions.is_empty())
    }

    /// Where the service is, for people: without secrets.
    pub fn address(&self) -> String {
        let url = self.secrets.mask(self.service.base_url.as_str());
        let url = url.trim_end_matches('/');
        match &self.service.unix_socket {
            Some(path) => format!("{url} over unix:{}", path.display()),
            None => url.to_owned(),
        }
    }
}
