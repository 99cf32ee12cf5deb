//! A service that is reachable and set up for one run: asked once for everything that is not measured.

mod shared;
mod wait;

use std::{
    collections::{HashMap, HashSet},
    ops::RangeInclusive,
    sync::{Arc, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

pub use wait::Waited;
pub(crate) use wait::promised;

use super::{
    Claim, Event, RequestTemplate, Secrets, Setup, Target, Who,
    claim::Prepared,
    drain::{Drain, Probe},
    exchange::Dialogue,
    ledger::{Found, Named, Reader, Spelling},
    session::Session,
    steps::Before,
    template::Values,
};
use crate::{
    adapters::{
        OpenError,
        http::{Client, Endpoint, EndpointError, Options, Undecoded, Version},
    },
    model::workload::{Arrivals, Workload},
    ports::UserId,
};

/// How long an answer may take that is not measured: setting an event up may be slow.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// The most connections that are opened unless more are asked for.
const MOST_CONNECTIONS: u64 = 1000;

/// How many requests an HTTP/2 connection usually takes at a time.
pub(super) const STREAMS: usize = 100;

/// A service, ready for one run.
pub struct Stage {
    target: Arc<Target>,
    endpoint: Endpoint,
    /// For everything that is not measured.
    control: Client,
    event: Event,
    /// Cookies of the setup.
    session: Session,
    /// Those of the file, and what the setup has given.
    secrets: Secrets,
    /// Opened when it is read first: what the setup gives may be a part of the question.
    ledger: Option<Reader>,
    /// The conditions of `[drain]`.
    probes: Vec<Probe>,
    spelling: Spelling,
    /// The users that this process asks for, where there are several processes.
    share: Option<HashSet<UserId>>,
    /// How the ledger spells them, where only their sessions tell.
    spelled: HashMap<UserId, String>,
}

/// What a ledger held, in terms of a run.
#[derive(Debug)]
pub enum Held {
    /// Whose coupons they are.
    Users(Named),
    /// How many there are.
    Count(u64),
    /// Between how many and how many there are.
    Between(RangeInclusive<u64>),
}

impl Stage {
    /// Finds the service. Nothing has been sent yet.
    pub async fn open(
        target: &Arc<Target>,
        workload: &Workload,
        run_id: &str,
    ) -> Result<Self, OpenError> {
        let endpoint = endpoint(target).await;
        let endpoint = endpoint.map_err(|error| failure(target, &error.to_string()))?;
        let event = Event {
            run: run_id.to_owned(),
            limit: workload.limit,
            seed: workload.seed,
            setup: Values::new(Arc::clone(&target.prepared)),
        };
        Ok(Self {
            target: Arc::clone(target),
            control: connect(target, endpoint.clone(), 1).await?,
            endpoint,
            event,
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
        let who = Who {
            user,
            attempt: 1,
            columns: users.and_then(|users| users.line(user)),
            captured,
        };
        self.target.spelling.fill(&self.event, who)
    }

    /// Makes the service ready for a run: one part of the setup after the other, each answered as it should be.
    pub async fn set_up(&mut self) -> Result<(), OpenError> {
        let target = Arc::clone(&self.target);
        for setup in &target.setup {
            self.set_up_with(setup).await?;
        }
        Ok(())
    }

    /// One part of the setup; what it sent and was answered.
    pub async fn set_up_with(&mut self, setup: &Setup) -> Result<Dialogue, OpenError> {
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

    /// The ledger; `None` without one.
    async fn ledger(&mut self) -> Result<Option<&mut Reader>, String> {
        if self.ledger.is_none() {
            self.ledger = Reader::open(&self.target, &self.control, &self.event).await?;
        }
        Ok(self.ledger.as_mut())
    }

    /// Refuses a ledger that holds coupons before anybody has asked: they would be mistaken for some of this run.
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

    /// What the ledger holds now; `None` without one.
    pub async fn read(&mut self) -> Option<Result<Found, String>> {
        let read = match self.ledger().await {
            Ok(None) => return None,
            Ok(Some(ledger)) => {
                let read = tokio::time::timeout(PATIENCE, ledger.read()).await;
                read.unwrap_or_else(|_| Err(no_answer(PATIENCE)))
            }
            Err(why) => Err(why),
        };
        let mask = |why: String| {
            let why = format!("the ledger could not be read: {why}");
            self.secrets.mask(&why)
        };
        Some(read.map_err(mask))
    }

    /// The same in terms of the run. Where nobody in it is known, the file spells users otherwise.
    pub fn named(&self, found: Found) -> Result<Held, String> {
        let rows = match found {
            Found::Count(count) => return Ok(Held::Count(count)),
            Found::Stock(stock) => return Ok(Held::Between(stock.issued())),
            Found::Users(rows) => rows,
        };
        let named = self.spelling.names(&rows, &self.secrets);
        if named.strangers > 0 && named.strangers == named.rows.len() as u64 {
            return Err(format!(
                "none of the ledger's {} users is a user of this run (the first is {:?}): say how it spells them, with `user` \
                 in [ledger]",
                named.strangers,
                named.samples.first().map_or("", String::as_str)
            ));
        }
        Ok(Held::Users(named))
    }

    /// Opens the connections of the load, and makes the steps of users 1 to `users` on them.
    pub async fn claim(&mut self, connections: usize, users: u64) -> Result<Arc<Claim>, OpenError> {
        let client = connect(&self.target, self.endpoint.clone(), connections).await?;
        let target = Arc::clone(&self.target);
        let failed = |why: String| failure(&target, &self.secrets.mask(&why));
        let before = Before {
            target: &target,
            client: &client,
            event: &self.event,
            secrets: &self.secrets,
            share: self.share.as_ref(),
        };
        let sessions = before.sessions(users).await.map_err(failed)?;
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
        Ok(Arc::new(Claim::new(target, client, prepared, users)))
    }

    /// Connects the conditions of `[drain]`: a mistyped address must not cost a run.
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

    /// The database or the Redis that holds the ledger.
    pub fn backend(&self) -> Option<crate::model::report::Backend> {
        self.ledger.as_ref()?.backend()
    }

    /// Where the service is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl Target {
    /// Whether requests of a user use what earlier answers gave to that user.
    pub fn has_sessions(&self) -> bool {
        !self.steps.is_empty() || self.confirm.is_some() || self.poll.is_some()
    }

    /// How many connections a workload needs: one for each attempt at once, within reason.
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

/// Where the service is, if load may go there.
pub async fn endpoint(target: &Target) -> Result<Endpoint, EndpointError> {
    let service = &target.service;
    let socket = service.unix_socket.as_deref();
    Endpoint::resolve(&service.base_url, socket, target.reach.remote).await
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

/// Sends a request that is not measured.
pub(super) async fn send(
    client: &Client,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, String> {
    match tokio::time::timeout(PATIENCE, client.send(request)).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(no_answer(PATIENCE)),
    }
}

/// What is said of somebody who did not answer for so long.
pub(super) fn no_answer(patience: Duration) -> String {
    format!("no answer within {} s", patience.as_secs_f64())
}

/// Asks a question that is not measured; the answer has to be JSON.
pub(super) async fn json(
    client: &Client,
    request: &RequestTemplate,
    event: &Event,
) -> Result<Value, String> {
    let failed = |why: String| format!("{}: {why}", request.name);
    let built = request.build(event, Who::NOBODY).map_err(failed)?;
    let answer = json_of(client, built).await.map_err(failed)?;
    Ok(answer.into_body())
}

/// Sends a request that is not measured; the answer has to be JSON, and is a success.
pub(super) async fn json_of(
    client: &Client,
    request: Request<Bytes>,
) -> Result<Response<Value>, String> {
    let answer = send(client, request).await?;
    if !answer.status().is_success() {
        let status = answer.status().as_u16();
        return Err(format!("unexpected status {status}{}", beginning(&answer)));
    }
    if let Some(Undecoded(why)) = answer.extensions().get() {
        return Err(why.clone());
    }
    let body = serde_json::from_slice(answer.body())
        .map_err(|_| format!("the answer is no JSON{}", beginning(&answer)))?;
    Ok(answer.map(|_| body))
}

/// Of a body, for an error's text.
pub(super) fn beginning(answer: &Response<Bytes>) -> String {
    const LONGEST: usize = 100;
    if let Some(Undecoded(why)) = answer.extensions().get() {
        return format!(": {why}");
    }
    let text = String::from_utf8_lossy(answer.body());
    let text: Vec<_> = text.split_whitespace().collect();
    match text.join(" ") {
        text if text.is_empty() => String::new(),
        text => format!(": {}", text.chars().take(LONGEST).collect::<String>()),
    }
}
