//! A claim as the load engine makes it: a request of one user, sent once, and what its answer means.

mod follow;

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
use http::{Request, Response};

pub use follow::{Follow, Poll};

use super::{
    Event, Meaning, Rules, Secrets, Target, Who, exchange::Dialogue, session::Session,
    stage::STREAMS, steps::Sessions, template::Values,
};
use crate::{
    adapters::http::{Client, Held, Undecoded, Version},
    model::report::{AnswerSample, Unclassified},
    ports::{Effect, PortError, Result, UserId},
    strategies::{Decision, Strategy},
    text::redact,
};

/// Requests that are made ready at a time.
const AT_A_TIME: usize = 32;

/// Characters of an answer that are shown.
const BODY: usize = 200;

/// Bytes of an answer that are looked at for it.
const LOOKED_AT: usize = 16 * 1024;

/// Headers of an answer that are shown.
const HEADERS: usize = 8;

/// What claims are made of, besides the target.
pub struct Prepared {
    /// What is the same for all users.
    pub event: Event,
    /// What the steps before the claim have given to each user.
    pub sessions: Sessions,
    /// Values that no output may contain.
    pub secrets: Secrets,
}

/// Asks a service, user by user.
pub struct Claim {
    target: Arc<Target>,
    client: Client,
    prepared: Prepared,
    /// Requests that are complete but for their last byte.
    ready: OnceLock<HashMap<UserId, Mutex<Vec<Held>>>>,
    /// Attempts made so far, by user; empty where no request says which it is.
    attempts: Vec<AtomicU32>,
    unclassified: Mutex<Unclassified>,
    /// What coupons are redeemed with, and who was told so.
    codes: Mutex<Vec<(String, UserId)>>,
    held: AtomicU64,
}

impl Claim {
    /// For users 1 to `users`.
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

    /// Sends everything but the last byte of the first claims, so that these take effect together when they are released. What
    /// cannot be held leaves whole.
    pub async fn make_ready(&self, users: &[UserId]) {
        let held = stream::iter(users.iter().map(|user| self.hold(*user))).buffered(AT_A_TIME);
        let mut ready: HashMap<UserId, Mutex<Vec<Held>>> = HashMap::new();
        let mut held = std::pin::pin!(held);
        while let Some((user, held)) = held.next().await {
            // A request that broke before its last byte has asked for nothing: it is made again at the release.
            let Some(held) = held else { continue };
            self.held
                .fetch_add(held.is_held().into(), Ordering::Relaxed);
            let slot = ready.entry(user).or_default();
            slot.get_mut()
                .unwrap_or_else(PoisonError::into_inner)
                .push(held);
        }
        // A user's first attempt takes the first that was made.
        for slot in ready.values_mut() {
            slot.get_mut()
                .unwrap_or_else(PoisonError::into_inner)
                .reverse();
        }
        let _ = self.ready.set(ready);
    }

    async fn hold(&self, user: UserId) -> (UserId, Option<Held>) {
        let Ok(request) = self.request(user) else {
            return (user, None);
        };
        (user, self.client.hold(request).await.ok())
    }

    fn take_ready(&self, user: UserId) -> Option<Held> {
        let slot = self.ready.get()?.get(&user)?;
        slot.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// The connections that it is made on.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// How many claims can be under way at once.
    pub fn at_a_time(&self) -> usize {
        let a_connection = match self.target.service.version {
            Version::Http1 => 1,
            Version::Http2 => STREAMS,
        };
        self.client.connections().saturating_mul(a_connection)
    }

    /// How long nothing may move before the load is given up, where an answer may take `answer`: a decision may come later.
    pub fn patience(&self, answer: Duration) -> Duration {
        let poll = self.target.poll.as_ref();
        answer + poll.map_or(Duration::ZERO, |poll| poll.timeout)
    }

    /// Claims that left by their last byte.
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// The codes that users were told, with the user of each.
    pub fn codes(&self) -> Vec<(String, UserId)> {
        let codes = self.codes.lock();
        codes.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What answers there were that nobody thought of.
    pub fn unclassified(&self) -> Unclassified {
        let kept = self.unclassified.lock();
        kept.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The user's next request.
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

    fn who<'a>(&'a self, user: UserId, attempt: u32, captured: Option<&'a Values>) -> Who<'a> {
        let users = self.target.users.as_ref();
        Who {
            user,
            attempt,
            columns: users.and_then(|users| users.line(user)),
            captured,
        }
    }

    /// What the user has been given; `None` where no request uses it.
    fn session(&self, user: UserId) -> Option<MutexGuard<'_, Session>> {
        let session = self.prepared.sessions.of(user)?;
        Some(session.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What an answer to the request `name` means by these rules; an error where it tells the user nothing.
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
                    None => format!("status {status}, and no [[outcome]] rule for it"),
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
impl Strategy for Claim {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        let name = &self.target.claim.name;
        let answer = if let Some(held) = self.take_ready(user) {
            held.release().await
        } else {
            let request = self.request(user);
            let request = request.map_err(|why| self.error(name, Effect::None, &why))?;
            self.client.send(request).await
        };
        let answer = answer.map_err(|error| {
            let effect = if error.sent {
                Effect::Unknown
            } else {
                Effect::None
            };
            self.error(name, effect, &error.message)
        })?;
        // Boxed, so that a claim that is a single request stays small.
        Box::pin(self.decide(user, answer, &mut |_| {})).await
    }
}

impl Claim {
    /// The text without secrets, those of a user's session included.
    pub fn mask(&self, user: UserId, text: &str) -> String {
        let text = self.prepared.secrets.mask(text);
        redact::foreign(&match self.session(user) {
            Some(session) => session.hide(&text),
            None => text,
        })
    }

    /// What the steps of the first user sent and were answered.
    pub fn steps(&self) -> &[Dialogue] {
        &self.prepared.sessions.first
    }

    /// The beginning of an answer, without secrets.
    pub fn sample(&self, user: UserId, answer: &Response<Bytes>) -> AnswerSample {
        let headers = answer.headers().iter().take(HEADERS).map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            self.mask(user, &format!("{name}: {value}"))
        });
        // Masked before it is cut to what is shown, so that no half of a secret is left.
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
