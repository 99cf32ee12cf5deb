//! The wait after a load: until every condition of `[drain]` holds and the ledger has what users were promised, or until nothing
//! has moved for as long as the file allows.
//!
//! [`Wait`] decides, and is pure but for the clock that it is given; [`Stage::drain`] looks.

use std::time::{Duration, Instant};

use super::{Held, PATIENCE, Stage, no_answer};
use crate::{
    judge::ledger::Promised,
    model::verdict::Completion,
    service::{
        drain::{Backlog, Drain, Watched},
        ledger::{Found, Source},
    },
};

/// Between two looks, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));

/// How long one answer may take at least, however short the wait is.
const AN_ANSWER: Duration = Duration::from_secs(5);

/// How a wait ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waited {
    /// Whether work was under way at its end.
    pub completion: Completion,
    /// When the last thing moved: the ledger's last change, or the moment at which the conditions held.
    pub moved: Instant,
    /// Promised coupons that the ledger did not have at the last look; `None` where it could not be read.
    pub owed: Option<u64>,
    /// Why the wait ended before the work did.
    pub trouble: Option<String>,
}

/// What one look has brought.
#[derive(Debug)]
struct Look {
    /// What each condition says.
    backlog: Result<Vec<Backlog>, String>,
    /// The ledger, and how many promised coupons are missing from it. Without a ledger nothing is missing.
    ledger: Option<(Found, u64)>,
    at: Instant,
}

/// What was seen so far.
struct Wait<'a> {
    watched: &'a Watched,
    /// How long nothing may move.
    timeout: Duration,
    has_ledger: bool,
    /// The last ledger, and when it became what it is.
    last: Option<(Found, Instant)>,
    /// Since when all conditions hold.
    met: Option<Instant>,
    most_coupons: u64,
    least_left: u64,
    progress: Instant,
}

impl<'a> Wait<'a> {
    fn new(watched: &'a Watched, patience: Duration, has_ledger: bool, now: Instant) -> Self {
        Self {
            watched,
            timeout: watched.timeout.unwrap_or(patience),
            has_ledger,
            last: None,
            met: None,
            most_coupons: 0,
            least_left: u64::MAX,
            progress: now,
        }
    }

    /// Takes a look into account; returns how the wait ended, if it has.
    fn take(&mut self, look: Look) -> Option<Waited> {
        let Look {
            backlog,
            ledger,
            at,
        } = look;
        let owed = match (&ledger, self.has_ledger) {
            (Some((_, missing)), _) => Some(*missing),
            (None, true) => None,
            (None, false) => Some(0),
        };
        if let Some((found, missing)) = ledger {
            self.note_ledger(found, missing, at);
        }
        self.note_backlog(&backlog, at);
        if self.met.is_some() && owed == Some(0) && self.stands_still(at) {
            return Some(self.end(self.proof(), owed, at, None));
        }
        if at.saturating_duration_since(self.progress) < self.timeout {
            return None;
        }
        let (completion, trouble) = self.given_up(&backlog, owed);
        Some(self.end(completion, owed, at, trouble))
    }

    /// More coupons than ever are progress as long as some are missing: other traffic must not hold up a run for ever.
    fn note_ledger(&mut self, found: Found, missing: u64, at: Instant) {
        let coupons = found.coupons();
        if coupons > self.most_coupons {
            self.most_coupons = coupons;
            if missing > 0 {
                self.progress = at;
            }
        }
        if self.last.as_ref().is_none_or(|(last, _)| *last != found) {
            self.last = Some((found, at));
        }
    }

    /// Less work than ever is progress. More is none, as after a rebalance that delivers records again.
    fn note_backlog(&mut self, backlog: &Result<Vec<Backlog>, String>, at: Instant) {
        let Ok(backlog) = backlog else {
            self.met = None;
            return;
        };
        let left = backlog.iter().map(|one| one.left);
        let left = left.fold(0, |sum: u64, left| {
            sum.saturating_add(left.unwrap_or(u64::MAX))
        });
        if left < self.least_left {
            (self.least_left, self.progress) = (left, at);
        }
        if backlog.iter().all(Backlog::is_empty) {
            self.met.get_or_insert(at);
        } else {
            self.met = None;
        }
    }

    fn stands_still(&self, at: Instant) -> bool {
        let since = self.last.as_ref().map(|(_, since)| *since);
        match (self.watched.unchanged_for, since) {
            (Some(span), Some(since)) => at.saturating_duration_since(since) >= span,
            (Some(_), None) => !self.has_ledger,
            (None, _) => true,
        }
    }

    /// What conditions that hold prove.
    fn proof(&self) -> Completion {
        if self.watched.conditions.is_empty() {
            Completion::Unproven
        } else {
            Completion::Proven
        }
    }

    /// What is known although the wait was in vain.
    fn given_up(
        &self,
        backlog: &Result<Vec<Backlog>, String>,
        owed: Option<u64>,
    ) -> (Completion, Option<String>) {
        let waited = format!("{} s", self.timeout.as_secs_f64());
        let open = match backlog {
            Err(why) => Some(why.clone()),
            Ok(backlog) => backlog
                .iter()
                .find(|one| !one.is_empty())
                .map(|one| one.words.clone()),
        };
        if let Some(open) = open {
            let why =
                format!("the service was not drained after {waited} without progress: {open}");
            return (Completion::Pending, Some(why));
        }
        match (owed, self.proof()) {
            (Some(0), _) => {
                let why = format!("the ledger was still changing after {waited}");
                (Completion::Pending, Some(why))
            }
            (Some(owed), Completion::Unproven) => (
                Completion::Unproven,
                Some(format!(
                    "{} not in the ledger {waited} after it last grew: name in [drain] what proves that no work is left (http, \
                     kafka, redis, rabbitmq or sql), or say synchronous = true",
                    promised(owed)
                )),
            ),
            // Lost, or a ledger that cannot be read, which whoever judges finds out too.
            (_, proof) => (proof, None),
        }
    }

    fn end(
        &self,
        completion: Completion,
        owed: Option<u64>,
        at: Instant,
        trouble: Option<String>,
    ) -> Waited {
        let changed = self.last.as_ref().map(|(_, changed)| *changed);
        // Without conditions they "hold" from the first look on.
        let met = self.met.filter(|_| !self.watched.conditions.is_empty());
        Waited {
            completion,
            moved: changed.max(met).unwrap_or(at),
            owed,
            trouble,
        }
    }
}

/// So many promised coupons are.
pub(crate) fn promised(count: u64) -> String {
    match count {
        1 => "1 promised coupon is".to_owned(),
        several => format!("{several} promised coupons are"),
    }
}

impl Stage {
    /// Waits until nothing is under way any more and the ledger has what was promised; `patience` is how long nothing may move
    /// unless the file says otherwise.
    pub async fn drain(&mut self, promised: &Promised, patience: Duration) -> Waited {
        let watch_nothing = Watched {
            conditions: Vec::new(),
            unchanged_for: None,
            timeout: None,
        };
        let target = std::sync::Arc::clone(&self.target);
        let watched = match &target.drain {
            Some(Drain::Synchronous) => return self.all_done(promised).await,
            Some(Drain::Watched(watched)) => watched,
            None => &watch_nothing,
        };
        let has_ledger = self.has_ledger();
        let mut wait = Wait::new(watched, patience, has_ledger, Instant::now());
        let (mut pause, longest) = PAUSE;
        loop {
            let begin = Instant::now();
            let look = self.look(promised, wait.timeout.max(AN_ANSWER)).await;
            if let Some(mut waited) = wait.take(look) {
                waited.trouble = waited.trouble.map(|why| self.secrets.mask(&why));
                return waited;
            }
            // A ledger that takes long to read is not read all the time.
            tokio::time::sleep(
                pause
                    .max(begin.elapsed())
                    .min(longest.max(wait.timeout / 4)),
            )
            .await;
            pause = (pause * 2).min(longest);
        }
    }

    /// What a service that answers last is known to have done.
    async fn all_done(&mut self, promised: &Promised) -> Waited {
        let look = self.look(promised, PATIENCE).await;
        Waited {
            completion: Completion::Proven,
            moved: look.at,
            owed: match (look.ledger, self.has_ledger()) {
                (Some((_, missing)), _) => Some(missing),
                (None, false) => Some(0),
                (None, true) => None,
            },
            trouble: None,
        }
    }

    /// Asks the conditions first: what they say of the work has to be true before the ledger is read.
    async fn look(&mut self, promised: &Promised, patience: Duration) -> Look {
        let mut backlog = Ok(Vec::new());
        for probe in &mut self.probes {
            let asked = tokio::time::timeout(patience, probe.ask()).await;
            match (
                asked.unwrap_or_else(|_| Err(no_answer(patience))),
                &mut backlog,
            ) {
                (Ok(one), Ok(all)) => all.push(one),
                (Err(why), Ok(_)) => backlog = Err(why),
                (_, Err(_)) => {}
            }
        }
        let read = tokio::time::timeout(patience, self.read()).await;
        let found = read.ok().flatten().and_then(Result::ok);
        Look {
            backlog,
            ledger: found.map(|found| {
                let missing = self.missing(promised, &found);
                (found, missing)
            }),
            at: Instant::now(),
        }
    }

    fn has_ledger(&self) -> bool {
        !matches!(self.target.ledger, Source::None)
    }

    fn missing(&self, promised: &Promised, found: &Found) -> u64 {
        match self.named(found.clone()) {
            Ok(Held::Users(named)) => promised.missing_from(&named.rows),
            Ok(Held::Count(count)) => promised.missing_from_count(count),
            Ok(Held::Between(range)) => promised.missing_from_count(*range.end()),
            // The file spells users otherwise: their number is all that can be compared.
            Err(_) => promised.missing_from_count(found.coupons()),
        }
    }
}

#[cfg(test)]
mod tests;
