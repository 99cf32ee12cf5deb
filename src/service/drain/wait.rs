//! Decides when the wait after a load ends: when every condition of `[drain]` holds and the ledger has every promised coupon, or when
//! nothing has changed for as long as the target file allows.
//!
//! Pure: the caller makes the observations and passes the time of each.

use std::time::{Duration, Instant};

use super::{Backlog, Watched};
use crate::{model::verdict::Completion, service::ledger::LedgerContents};

/// How a wait ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrainOutcome {
    /// Whether the service still had work at the end of the wait.
    pub completion: Completion,
    /// The time of the last change: the last change of the ledger, or the time at which the conditions began to hold.
    pub moved: Instant,
    /// Promised coupons that were missing from the ledger at the last observation. `None` if the ledger could not be read.
    pub owed: Option<u64>,
    /// Why the wait ended before the work was complete.
    pub trouble: Option<String>,
}

/// One observation of the conditions and the ledger.
#[derive(Debug)]
pub struct Observation {
    /// The remaining work of each condition.
    pub backlog: Result<Vec<Backlog>, String>,
    /// The contents of the ledger, and the number of promised coupons that are missing from it. `None` if the ledger could not be
    /// read, or if there is no ledger.
    pub ledger: Option<(LedgerContents, u64)>,
    /// The time of the observation.
    pub at: Instant,
}

impl Observation {
    /// The promised coupons that are missing from the ledger; `None` if the ledger could not be read.
    pub fn owed(&self, has_ledger: bool) -> Option<u64> {
        match &self.ledger {
            Some((_, missing)) => Some(*missing),
            None if has_ledger => None,
            None => Some(0),
        }
    }
}

/// The observations so far.
pub struct Wait<'a> {
    watched: &'a Watched,
    /// How long nothing may change before the wait ends.
    pub timeout: Duration,
    has_ledger: bool,
    /// The last contents of the ledger, and the time since which they are unchanged.
    last: Option<(LedgerContents, Instant)>,
    /// The time since which all conditions hold.
    met: Option<Instant>,
    most_coupons: u64,
    least_left: u64,
    progress: Instant,
}

impl<'a> Wait<'a> {
    /// `patience` is the timeout unless the target file gives one.
    pub fn new(watched: &'a Watched, patience: Duration, has_ledger: bool, now: Instant) -> Self {
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

    /// Adds an observation. Returns the outcome if the wait has ended.
    pub fn take(&mut self, observation: Observation) -> Option<DrainOutcome> {
        let owed = observation.owed(self.has_ledger);
        let Observation {
            backlog,
            ledger,
            at,
        } = observation;
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
        let (completion, trouble) = self.timed_out(&backlog, owed);
        Some(self.end(completion, owed, at, trouble))
    }

    /// A new maximum of coupons is progress only while promised coupons are missing. Otherwise coupons of other traffic could prolong
    /// the wait without end.
    fn note_ledger(&mut self, found: LedgerContents, missing: u64, at: Instant) {
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

    /// A new minimum of remaining work is progress. More work is not progress: a rebalance can deliver records again.
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

    /// What is proven when all conditions hold.
    fn proof(&self) -> Completion {
        if self.watched.conditions.is_empty() {
            Completion::Unproven
        } else {
            Completion::Proven
        }
    }

    /// The completion, and the reason, of a wait that ended at its timeout.
    fn timed_out(
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
                    "{} not in the ledger {waited} after it last grew: add a condition to [drain] that proves that no work is left (http, \
                     kafka, redis, rabbitmq or sql), or write synchronous = true",
                    promised(owed)
                )),
            ),
            // Coupons are lost, or the ledger cannot be read. The verdict reports both.
            (_, proof) => (proof, None),
        }
    }

    fn end(
        &self,
        completion: Completion,
        owed: Option<u64>,
        at: Instant,
        trouble: Option<String>,
    ) -> DrainOutcome {
        let changed = self.last.as_ref().map(|(_, changed)| *changed);
        // Without conditions, `met` is the time of the first observation and says nothing.
        let met = self.met.filter(|_| !self.watched.conditions.is_empty());
        DrainOutcome {
            completion,
            moved: changed.max(met).unwrap_or(at),
            owed,
            trouble,
        }
    }
}

/// "1 promised coupon is" or "5 promised coupons are", for a sentence that goes on after it.
pub fn promised(count: u64) -> String {
    match count {
        1 => "1 promised coupon is".to_owned(),
        several => format!("{several} promised coupons are"),
    }
}

#[cfg(test)]
mod tests;
