//! A claim as the load engine makes it: a request of one user, sent once, and what its answer means.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{Request, Response};

use super::{Event, Meaning, Target, Who, stage::STREAMS};
use crate::{
    http::{Client, Held, SendError, Version},
    ports::{Effect, PortError, Result, UserId},
    report::{AnswerSample, Unclassified},
    strategy::{Decision, Strategy},
};

/// Requests that are made ready at a time.
const AT_A_TIME: usize = 32;

/// Answers that nobody thought of, of which so many are kept.
const SAMPLES: usize = 3;

/// Characters of an answer that are shown.
const BODY: usize = 200;

/// Headers of an answer that are shown.
const HEADERS: usize = 8;

/// Asks a service, user by user.
pub struct Claim {
    target: Arc<Target>,
    client: Client,
    event: Event,
    /// Requests that are complete but for their last byte.
    ready: OnceLock<HashMap<UserId, Mutex<Vec<Held>>>>,
    /// Attempts made so far, by user; empty where no request says which it is.
    attempts: Vec<AtomicU32>,
    unclassified: Mutex<Unclassified>,
    held: AtomicU64,
}

impl Claim {
    /// For users 1 to `users`.
    pub fn new(target: Arc<Target>, client: Client, event: Event, users: u64) -> Self {
        let counted = if target.claim.has_attempt() { users } else { 0 };
        Self {
            attempts: (0..counted).map(|_| AtomicU32::new(0)).collect(),
            target,
            client,
            event,
            ready: OnceLock::new(),
            unclassified: Mutex::default(),
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

    /// Claims that left by their last byte.
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
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
        let users = self.target.users.as_ref();
        let who = Who {
            user,
            attempt: attempt.map_or(1, |made| made.fetch_add(1, Ordering::Relaxed) + 1),
            columns: users.and_then(|users| users.line(user)),
        };
        self.target.claim.build(&self.event, who)
    }

    /// What an answer tells the user.
    pub fn classify(&self, answer: &Response<Bytes>) -> Result<Decision> {
        let status = answer.status().as_u16();
        match self.target.rules.classify(answer) {
            Some((_, Meaning::Told(decision))) => Ok(decision),
            Some((_, Meaning::Failed)) => {
                Err(self.error(Effect::None, &format!("status {status}")))
            }
            Some((_, Meaning::Indeterminate)) => {
                Err(self.error(Effect::Unknown, &format!("status {status}")))
            }
            None => {
                self.keep(answer);
                let why = format!("status {status}, and no [[outcome]] rule for it");
                Err(self.error(Effect::Unknown, &why))
            }
        }
    }

    fn keep(&self, answer: &Response<Bytes>) {
        let kept = self.unclassified.lock();
        let mut kept = kept.unwrap_or_else(PoisonError::into_inner);
        kept.count += 1;
        if kept.samples.len() == SAMPLES {
            return;
        }
        let sample = self.sample(answer);
        let known =
            |other: &AnswerSample| (other.status, &other.body) == (sample.status, &sample.body);
        if !kept.samples.iter().any(known) {
            kept.samples.push(sample);
        }
    }

    fn error(&self, effect: Effect, why: &str) -> PortError {
        let secrets = &self.target.secrets;
        PortError::new(self.target.claim.name.clone(), effect, secrets.mask(why))
    }

    fn unanswered(&self, error: &SendError) -> PortError {
        let effect = if error.sent {
            Effect::Unknown
        } else {
            Effect::None
        };
        self.error(effect, &error.message)
    }
}

#[async_trait]
impl Strategy for Claim {
    async fn claim(&self, user: UserId) -> Result<Decision> {
        let answer = if let Some(held) = self.take_ready(user) {
            held.release().await
        } else {
            let request = self.request(user);
            let request = request.map_err(|why| self.error(Effect::None, &why))?;
            self.client.send(request).await
        };
        self.classify(&answer.map_err(|error| self.unanswered(&error))?)
    }
}

impl Claim {
    /// The beginning of an answer, without secrets.
    pub fn sample(&self, answer: &Response<Bytes>) -> AnswerSample {
        let target = &self.target;
        let headers = answer.headers().iter().take(HEADERS).map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            target.secrets.mask(&format!("{name}: {value}"))
        });
        // Masked before it is cut, so that no half of a secret is left.
        let body = target.secrets.mask(&String::from_utf8_lossy(answer.body()));
        AnswerSample {
            status: answer.status().as_u16(),
            headers: headers.collect(),
            body: body.chars().take(BODY).collect(),
        }
    }
}
