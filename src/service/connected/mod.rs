//! A service that is connected for one run: its setup, its ledger and its drain conditions. Nothing here is measured.

mod again;
mod drain;
mod shared;

use std::{
    collections::{HashMap, HashSet},
    ops::RangeInclusive,
    sync::{Arc, PoisonError},
};

use super::{
    AttemptValues, EventValues, ExchangeText, HttpClaim, Secrets, Setup, Target,
    claim::{Prepared, STREAMS},
    drain::{Drain, Probe},
    ledger::{LedgerContents, LedgerReader, NamedRows, Spelling},
    request::{
        session::Session,
        unmeasured::{UNMEASURED_TIMEOUT, no_answer},
    },
    setup::StepRunner,
    template::Values,
};
use crate::{
    adapters::{
        OpenError,
        http::{Client, Endpoint, EndpointError, Options, Version},
    },
    model::workload::{Arrivals, Workload},
    ports::UserId,
};

/// The most connections that a run opens unless `--connections` asks for more.
const MOST_CONNECTIONS: u64 = 1000;

/// A service that is connected for one run.
pub struct ConnectedService {
    target: Arc<Target>,
    endpoint: Endpoint,
    /// Sends the requests that are not measured.
    control: Client,
    event: EventValues,
    /// The cookies of the setup.
    session: Session,
    /// The secrets of the file, and the captured values of the setup that are secrets.
    secrets: Secrets,
    /// Opened at the first read, because the request or the query may contain a value that the setup captures.
    ledger: Option<LedgerReader>,
    /// The conditions of `[drain]`.
    probes: Vec<Probe>,
    spelling: Spelling,
    /// The users whose claims this process sends. `None` in a run of one process: all users.
    share: Option<HashSet<UserId>>,
    /// The ledger's spelling of the users in `share`. Filled only where the spelling depends on the users' sessions.
    spelled: HashMap<UserId, String>,
}

/// The coupons that a ledger holds, with the ledger's users translated into the users of the run.
#[derive(Debug)]
pub enum IssuedCoupons {
    /// The user of every coupon.
    Users(NamedRows),
    /// The number of coupons.
    Count(u64),
    /// The smallest and the largest possible number of coupons.
    Between(RangeInclusive<u64>),
}

impl ConnectedService {
    /// Resolves the address of the service and connects to it. No request has been sent yet.
    ///
    /// # Errors
    /// The host cannot be resolved, is another machine without permission, or refuses the connection.
    pub async fn open(
        target: &Arc<Target>,
        workload: &Workload,
        run_id: &str,
    ) -> Result<Self, OpenError> {
        let endpoint = endpoint(target).await;
        let endpoint = endpoint.map_err(|error| failure(target, &error.to_string()))?;
        Ok(Self {
            target: Arc::clone(target),
            control: connect(target, endpoint.clone(), 1).await?,
            endpoint,
            event: event(target, workload, run_id),
            session: Session::default(),
            secrets: target.secrets.clone(),
            ledger: None,
            probes: Vec::new(),
            spelling: Spelling::default(),
            share: None,
            spelled: HashMap::new(),
        })
    }
    fn spelling_of(&self, user: UserId, captured: Option<&Values>) -> String {
        let users = self.target.users.as_ref();
        let who = AttemptValues {
            user,
            attempt: 1,
            columns: users.and_then(|users| users.line(user)),
            captured,
        };
        self.target.spelling.fill(&self.event, who)
    }

    /// Runs all parts of the setup, one after the other.
    ///
    /// # Errors
    /// The first part that failed or was not answered as its `status` expects.
    pub async fn set_up(&mut self) -> Result<(), OpenError> {
        let target = Arc::clone(&self.target);
        for setup in &target.setup {
            self.set_up_with(setup).await?;
        }
        Ok(())
    }

    /// Runs one part of the setup. Returns the texts of its request and its response.
    ///
    /// # Errors
    /// The part failed or was not answered as its `status` expects.
    pub async fn set_up_with(&mut self, setup: &Setup) -> Result<ExchangeText, OpenError> {
        let Self {
            control,
            event,
            session,
            secrets,
            ..
        } = self;
        let done = setup.run(control, event, session, secrets).await;
        for secret in self.event.setup.secrets() {
            self.secrets.add(secret);
        }
        done.map_err(|why| {
            let why = self.session.hide(&format!("setup {}: {why}", setup.name()));
            failure(&self.target, &self.secrets.mask(&why))
        })
    }

    /// The ledger. `None` if the target file has no ledger.
    async fn ledger(&mut self) -> Result<Option<&mut LedgerReader>, String> {
        if self.ledger.is_none() {
            self.ledger = LedgerReader::open(&self.target, &self.control, &self.event).await?;
        }
        Ok(self.ledger.as_mut())
    }

    /// Refuses a ledger that holds coupons before the first claim, because they would be counted as coupons of this run.
    ///
    /// # Errors
    /// The ledger holds coupons, or cannot be read.
    pub async fn must_be_empty(&mut self) -> Result<(), OpenError> {
        let found = match self.read().await {
            None => return Ok(()),
            Some(found) => found.map_err(|why| failure(&self.target, &why))?,
        };
        match found.not_empty(self.event.limit) {
            Some(why) => Err(failure(&self.target, &why)),
            None => Ok(()),
        }
    }

    /// Reads what the ledger holds now. `None` if the target file has no ledger.
    pub async fn read(&mut self) -> Option<Result<LedgerContents, String>> {
        let read = match self.ledger().await {
            Ok(None) => return None,
            Ok(Some(ledger)) => {
                let read = tokio::time::timeout(UNMEASURED_TIMEOUT, ledger.read()).await;
                read.unwrap_or_else(|_| Err(no_answer(UNMEASURED_TIMEOUT)))
            }
            Err(why) => Err(why),
        };
        let mask = |why: String| {
            let why = format!("the ledger could not be read: {why}");
            self.secrets.mask(&why)
        };
        Some(read.map_err(mask))
    }

    /// Translates the ledger's users into the users of the run.
    ///
    /// # Errors
    /// None of the ledger's users is a user of the run: the target file spells users differently.
    pub fn issued(&self, found: LedgerContents) -> Result<IssuedCoupons, String> {
        let rows = match found {
            LedgerContents::Count(count) => return Ok(IssuedCoupons::Count(count)),
            LedgerContents::Stock(stock) => return Ok(IssuedCoupons::Between(stock.issued())),
            LedgerContents::Users(rows) => rows,
        };
        let named = self.spelling.names(&rows, &self.secrets);
        if named.strangers > 0 && named.strangers == named.rows.len() as u64 {
            return Err(format!(
                "none of the ledger's {} users is a user of this run (the first is {:?}): give their spelling as `user` \
                 in [ledger]",
                named.strangers,
                named.samples.first().map_or("", String::as_str)
            ));
        }
        Ok(IssuedCoupons::Users(named))
    }

    /// Opens the connections of the load, and runs the steps of users 1 to `users` on them.
    ///
    /// # Errors
    /// A connection failed, a step failed, or two users have the same spelling in the ledger.
    pub async fn claim(
        &mut self,
        connections: usize,
        users: u64,
    ) -> Result<Arc<HttpClaim>, OpenError> {
        let client = connect(&self.target, self.endpoint.clone(), connections).await?;
        let target = Arc::clone(&self.target);
        let failed = |why: String| failure(&target, &self.secrets.mask(&why));
        let steps = StepRunner {
            target: &target,
            client: &client,
            event: &self.event,
            secrets: &self.secrets,
            share: self.share.as_ref(),
        };
        let sessions = steps.sessions(users).await.map_err(failed)?;
        let spell = |user| {
            let session = sessions.of(user);
            let session = session.map(|it| it.lock().unwrap_or_else(PoisonError::into_inner));
            self.spelling_of(user, session.as_deref().map(|session| &session.values))
        };
        match &self.share {
            None => self.spelling = Spelling::new(users, spell).map_err(failed)?,
            Some(share) if target.has_sessions() => {
                self.spelled = share.iter().map(|user| (*user, spell(*user))).collect();
            }
            Some(_) => {}
        }
        let prepared = Prepared {
            event: self.event.clone(),
            sessions,
            secrets: self.secrets.clone(),
        };
        Ok(Arc::new(HttpClaim::new(target, client, prepared, users)))
    }

    /// Connects the conditions of `[drain]` before the load, so that a wrong address is reported before the run.
    ///
    /// # Errors
    /// A condition cannot be connected.
    pub async fn open_drain(&mut self) -> Result<(), OpenError> {
        let Some(Drain::Watched(watched)) = &self.target.drain else {
            return Ok(());
        };
        for condition in &watched.conditions {
            let probe = Probe::open(condition, &self.control, &self.event).await;
            let probe = probe.map_err(|why| {
                failure(&self.target, &self.secrets.mask(&format!("drain: {why}")))
            })?;
            self.probes.push(probe);
        }
        Ok(())
    }

    /// The database or the Redis server that holds the ledger. `None` for a ledger over HTTP, and before the first read.
    pub fn backend(&self) -> Option<crate::model::report::Backend> {
        self.ledger.as_ref()?.backend()
    }

    /// The address of the service.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl Target {
    /// Whether a user's requests use cookies or values from earlier responses to that user.
    pub fn has_sessions(&self) -> bool {
        !self.steps.is_empty() || self.confirm.is_some() || self.poll.is_some()
    }

    /// The number of connections for a workload. With HTTP/1.1: one for each concurrent attempt, at most 1,000. With HTTP/2: one
    /// for each 100 concurrent attempts. `--connections` overrides the number.
    pub fn connections(&self, workload: &Workload) -> usize {
        let at_once = match workload.arrivals {
            Arrivals::ClosedLoop { in_flight } => in_flight.min(workload.total_attempts()),
            Arrivals::Burst | Arrivals::OpenLoop { .. } => workload.total_attempts(),
        };
        let needed = match self.service.version {
            Version::Http1 => at_once,
            Version::Http2 => at_once.div_ceil(STREAMS as u64),
        };
        let usual = usize::try_from(needed.clamp(1, MOST_CONNECTIONS)).unwrap_or(1);
        self.reach.connections.unwrap_or(usual)
    }
}

/// Resolves the address of the service.
///
/// # Errors
/// The host cannot be resolved, or is another machine and `--allow-remote` is not given.
pub async fn endpoint(target: &Target) -> Result<Endpoint, EndpointError> {
    let service = &target.service;
    let socket = service.unix_socket.as_deref();
    Endpoint::resolve(&service.base_url, socket, target.reach.remote).await
}

/// The values of an event before its setup.
fn event(target: &Target, workload: &Workload, run_id: &str) -> EventValues {
    EventValues {
        run: run_id.to_owned(),
        limit: workload.limit,
        seed: workload.seed,
        setup: Values::new(Arc::clone(&target.prepared)),
    }
}

/// Connects to the service once.
///
/// # Errors
/// The host cannot be resolved, is another machine without permission, or refuses the connection.
pub async fn accepts(target: &Target) -> Result<(), OpenError> {
    let endpoint = endpoint(target).await;
    let endpoint = endpoint.map_err(|error| failure(target, &error.to_string()))?;
    connect(target, endpoint, 1).await.map(drop)
}

async fn connect(
    target: &Target,
    endpoint: Endpoint,
    connections: usize,
) -> Result<Client, OpenError> {
    let options = Options {
        connections,
        version: target.service.version,
        ca_file: target.service.ca_file.clone(),
        identity: target.service.identity.clone(),
        source: target.service.source.clone(),
        ..Options::default()
    };
    let opened = Client::open(endpoint, &options).await;
    opened.map_err(|error| failure(target, &error.to_string()))
}

fn failure(target: &Target, why: &str) -> OpenError {
    let path = target.path.display().to_string();
    OpenError::new("--target", path, target.secrets.mask(why))
}
