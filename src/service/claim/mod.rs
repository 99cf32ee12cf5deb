//! A claim as the load engine sends it: one request of one user, and the meaning of its response.

mod follow;
mod rules;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{HeaderValue, Request, Response};

pub use follow::{Follow, Poll};
pub use rules::{Meaning, Rule, Rules, Statuses};

use super::{
    AttemptValues, EventValues, Secrets, Target,
    request::{exchange::ExchangeText, session::Session},
    setup::Sessions,
    template::Values,
};
use crate::{
    adapters::http::{Client, HeldRequest, SendError, Undecoded, Version},
    model::report::{AnswerSample, Unclassified},
    ports::{Effect, PortError, Result, UserId},
    strategies::{Decision, Strategy},
    text::redact,
};

/// The number of concurrent requests that an HTTP/2 connection usually allows.
pub(super) const STREAMS: usize = 100;

/// The number of requests that are prepared concurrently.
const AT_A_TIME: usize = 32;

/// The number of characters of a body that are shown.
const BODY: usize = 200;

/// The number of bytes of a body that are decoded for these characters.
const LOOKED_AT: usize = 16 * 1024;

/// The number of response headers that are shown.
const HEADERS: usize = 8;

/// The values that claims are built from, besides the target.
pub struct Prepared {
    /// The values that are the same for all users.
    pub event: EventValues,
    /// The session of each user after the steps before the claim.
    pub sessions: Sessions,
    /// The values that no output may contain.
    pub secrets: Secrets,
}

/// Sends claims to a service.
pub struct HttpClaim {
    target: Arc<Target>,
    client: Client,
    prepared: Prepared,
    /// Requests that are sent except for their last byte.
    ready: OnceLock<HashMap<UserId, Mutex<Vec<HeldRequest>>>>,
    /// The number of attempts so far, by user. Empty if no request contains the number of the attempt.
    attempts: Vec<AtomicU32>,
    unclassified: Mutex<Unclassified>,
    /// The codes of the issued coupons, with the user of each.
    codes: Mutex<Vec<(String, UserId)>>,
    held: AtomicU64,
}

impl HttpClaim {
    /// Prepares claims of users 1 to `users`.
    pub fn new(target: Arc<Target>, client: Client, prepared: Prepared, users: u64) -> Self {
        let counted = if target.claim.has_attempt() { users } else { 0 };
        Self {
            attempts: (0..counted).map(|_| AtomicU32::new(0)).collect(),
            target,
            client,
            prepared,
            ready: OnceLock::new(),
            unclassified: Mutex::default(),
            codes: Mutex::default(),
            held: AtomicU64::new(0),
        }
    }

    /// Sends the first claims except for their last byte, so that they take effect together when they are released. A request that
    /// cannot be held back is sent whole at the release.
    pub async fn make_ready(&self, users: &[UserId]) {
        let held = stream::iter(users.iter().map(|user| self.hold(*user))).buffered(AT_A_TIME);
        let mut ready: HashMap<UserId, Mutex<Vec<HeldRequest>>> = HashMap::new();
        let mut held = std::pin::pin!(held);
        while let Some((user, held)) = held.next().await {
            // A request that failed before its last byte has had no effect. It is sent again at the release.
            let Some(held) = held else { continue };
            self.held
                .fetch_add(held.is_held().into(), Ordering::Relaxed);
            let slot = ready.entry(user).or_default();
            slot.get_mut()
                .unwrap_or_else(PoisonError::into_inner)
                .push(held);
        }
        // A user's first attempt takes the request that was prepared first.
        for slot in ready.values_mut() {
            slot.get_mut()
                .unwrap_or_else(PoisonError::into_inner)
                .reverse();
        }
        let _ = self.ready.set(ready);
    }

    async fn hold(&self, user: UserId) -> (UserId, Option<HeldRequest>) {
        let Ok(request) = self.request(user) else {
            return (user, None);
        };
        (user, self.client.hold(request).await.ok())
    }

    fn take_ready(&self, user: UserId) -> Option<HeldRequest> {
        let slot = self.ready.get()?.get(&user)?;
        slot.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// The client with the connections of the load.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The number of claims that can be sent concurrently.
    pub fn at_a_time(&self) -> usize {
        let a_connection = match self.target.service.version {
            Version::Http1 => 1,
            Version::Http2 => STREAMS,
        };
        self.client.connections().saturating_mul(a_connection)
    }

    /// How long the load may make no progress. `answer` is the timeout of one response; polls may take longer.
    pub fn patience(&self, answer: Duration) -> Duration {
        let poll = self.target.poll.as_ref();
        answer + poll.map_or(Duration::ZERO, |poll| poll.timeout)
    }

    /// The number of claims that were held back before their last byte.
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// The codes in responses that issued a coupon, with the user of each.
    pub fn codes(&self) -> Vec<(String, UserId)> {
        let codes = self.codes.lock();
        codes.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The responses that no rule matched.
    pub fn unclassified(&self) -> Unclassified {
        let kept = self.unclassified.lock();
        kept.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Builds the user's next request.
    ///
    /// # Errors
    /// A placeholder has no value, or a value cannot be sent where it is.
    pub fn request(&self, user: UserId) -> std::result::Result<Request<Bytes>, String> {
        let index = usize::try_from(user.0.saturating_sub(1)).unwrap_or(usize::MAX);
        let attempt = self.attempts.get(index);
        let attempt = attempt.map_or(1, |made| made.fetch_add(1, Ordering::Relaxed) + 1);
        let session = self.session(user);
        let values = session.as_deref().map(|session| &session.values);
        let who = self.who(user, attempt, values);
        let mut request = self.target.claim.build(&self.prepared.event, who)?;
        if let Some(session) = &session {
            session.send_with(&mut request);
        }
        Ok(request)
    }

    fn who<'a>(
        &'a self,
        user: UserId,
        attempt: u32,
        captured: Option<&'a Values>,
    ) -> AttemptValues<'a> {
        let users = self.target.users.as_ref();
        AttemptValues {
            user,
            attempt,
            columns: users.and_then(|users| users.line(user)),
            captured,
        }
    }

    /// The session of the user. `None` if no request uses sessions.
    fn session(&self, user: UserId) -> Option<MutexGuard<'_, Session>> {
        let session = self.prepared.sessions.of(user)?;
        Some(session.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The meaning of a response to the request `name`. An error if the response is an error, or if no rule matches it.
    fn understand(
        &self,
        (name, rules): (&str, &Rules),
        user: UserId,
        answer: &Response<Bytes>,
    ) -> Result<Meaning> {
        let status = answer.status().as_u16();
        let failed = |effect, why: &str| Err(self.error(name, effect, why));
        match rules.classify(answer) {
            Some((_, Meaning::Failed)) => failed(Effect::None, &format!("status {status}")),
            Some((_, Meaning::Indeterminate)) => {
                failed(Effect::Unknown, &format!("status {status}"))
            }
            Some((number, meaning)) => {
                if let Some(code) = rules.code(number, answer) {
                    let codes = self.codes.lock();
                    let mut codes = codes.unwrap_or_else(PoisonError::into_inner);
                    codes.push((code, user));
                }
                Ok(meaning)
            }
            None => {
                self.keep(user, answer);
                let why = match answer.extensions().get() {
                    Some(Undecoded(why)) => format!("status {status}, and {why}"),
                    None => format!("status {status}, which no [[outcome]] rule matches"),
                };
                failed(Effect::Unknown, &why)
            }
        }
    }

    fn keep(&self, user: UserId, answer: &Response<Bytes>) {
        let kept = self.unclassified.lock();
        let mut kept = kept.unwrap_or_else(PoisonError::into_inner);
        kept.count += 1;
        if kept.samples.len() == Unclassified::SAMPLES {
            return;
        }
        let sample = self.sample(user, answer);
        let known =
            |other: &AnswerSample| (other.status, &other.body) == (sample.status, &sample.body);
        if !kept.samples.iter().any(known) {
            kept.samples.push(sample);
        }
    }

    fn error(&self, name: &str, effect: Effect, why: &str) -> PortError {
        PortError::new(name.to_owned(), effect, self.prepared.secrets.mask(why))
    }
}

#[async_trait]
impl Strategy for HttpClaim {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        let answer = match self.take_ready(user) {
            Some(held) => held.release().await,
            None => self.client.send(self.next_request(user)?).await,
        };
        self.decided(user, answer).await
    }
}

impl HttpClaim {
    /// Sends a claim with a `traceparent` header, unless the target file gives the claim one.
    ///
    /// # Errors
    /// As a claim without the header.
    pub async fn claim_traced(&self, user: UserId, traceparent: &str) -> Result<Decision> {
        let mut request = self.next_request(user)?;
        if let Ok(value) = HeaderValue::from_str(traceparent) {
            request.headers_mut().entry("traceparent").or_insert(value);
        }
        self.decided(user, self.client.send(request).await).await
    }

    fn next_request(&self, user: UserId) -> Result<Request<Bytes>> {
        let request = self.request(user);
        request.map_err(|why| self.error(&self.target.claim.name, Effect::None, &why))
    }

    async fn decided(
        &self,
        user: UserId,
        answer: std::result::Result<Response<Bytes>, SendError>,
    ) -> Result<Decision> {
        let answer = answer.map_err(|error| {
            let effect = if error.sent {
                Effect::Unknown
            } else {
                Effect::None
            };
            self.error(&self.target.claim.name, effect, &error.message)
        })?;
        // Boxed to keep the future of a claim with a single request small.
        Box::pin(self.decide(user, answer, &mut |_| {})).await
    }
}

impl HttpClaim {
    /// Masks the secrets in `text`, including those of the user's session.
    pub fn mask(&self, user: UserId, text: &str) -> String {
        let text = self.prepared.secrets.mask(text);
        redact::foreign(&match self.session(user) {
            Some(session) => session.hide(&text),
            None => text,
        })
    }

    /// The texts of the steps of the first user.
    pub fn steps(&self) -> &[ExchangeText] {
        &self.prepared.sessions.first
    }

    /// The first characters of a response, without secrets.
    pub fn sample(&self, user: UserId, answer: &Response<Bytes>) -> AnswerSample {
        let headers = answer.headers().iter().take(HEADERS).map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            self.mask(user, &format!("{name}: {value}"))
        });
        // Masked before it is shortened, so that no part of a secret remains.
        let body = if let Some(Undecoded(why)) = answer.extensions().get() {
            why.clone()
        } else {
            let beginning = &answer.body()[..answer.body().len().min(LOOKED_AT)];
            String::from_utf8_lossy(beginning).into_owned()
        };
        let body = self.mask(user, &body);
        AnswerSample {
            status: answer.status().as_u16(),
            headers: headers.collect(),
            body: body.chars().take(BODY).collect(),
        }
    }
}
