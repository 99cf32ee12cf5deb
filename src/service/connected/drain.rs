//! The wait after a load: [`Wait`] decides, [`ConnectedService::drain`] observes.

use std::time::{Duration, Instant};

use super::{ConnectedService, IssuedCoupons};
use crate::{
    judge::ledger::Promised,
    model::verdict::Completion,
    service::{
        drain::{
            Drain, DrainOutcome, Watched,
            wait::{Observation, Wait},
        },
        ledger::{LedgerContents, Source},
        request::unmeasured::{UNMEASURED_TIMEOUT, no_answer},
    },
};

/// The pause between two observations, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));

/// The shortest timeout of one observation, however short the timeout of the wait is.
const SHORTEST_TIMEOUT: Duration = Duration::from_secs(5);

impl ConnectedService {
    /// Waits until the service has no more work and the ledger has every promised coupon. `patience` is how long nothing may change,
    /// unless the target file gives a timeout.
    pub async fn drain(&mut self, promised: &Promised, patience: Duration) -> DrainOutcome {
        let watch_nothing = Watched {
            conditions: Vec::new(),
            unchanged_for: None,
            timeout: None,
        };
        let target = std::sync::Arc::clone(&self.target);
        let watched = match &target.drain {
            Some(Drain::Synchronous) => return self.synchronous(promised).await,
            Some(Drain::Watched(watched)) => watched,
            None => &watch_nothing,
        };
        let has_ledger = self.has_ledger();
        let mut wait = Wait::new(watched, patience, has_ledger, Instant::now());
        let (mut pause, longest) = PAUSE;
        loop {
            let begin = Instant::now();
            let timeout = wait.timeout.max(SHORTEST_TIMEOUT);
            let observation = self.observe(promised, timeout).await;
            if let Some(mut outcome) = wait.take(observation) {
                outcome.trouble = outcome.trouble.map(|why| self.secrets.mask(&why));
                return outcome;
            }
            // The pause is at least as long as the observation, so that a slow ledger is not read without pause.
            tokio::time::sleep(
                pause
                    .max(begin.elapsed())
                    .min(longest.max(wait.timeout / 4)),
            )
            .await;
            pause = (pause * 2).min(longest);
        }
    }

    /// The outcome for a service that answers a claim only after its coupon is durable: no wait.
    async fn synchronous(&mut self, promised: &Promised) -> DrainOutcome {
        let observation = self.observe(promised, UNMEASURED_TIMEOUT).await;
        DrainOutcome {
            completion: Completion::Proven,
            moved: observation.at,
            owed: observation.owed(self.has_ledger()),
            trouble: None,
        }
    }

    /// Checks the conditions first, then reads the ledger: "no work is left" has to be true before the ledger is read.
    async fn observe(&mut self, promised: &Promised, timeout: Duration) -> Observation {
        let mut backlog = Ok(Vec::new());
        for probe in &mut self.probes {
            let asked = tokio::time::timeout(timeout, probe.ask()).await;
            match (
                asked.unwrap_or_else(|_| Err(no_answer(timeout))),
                &mut backlog,
            ) {
                (Ok(one), Ok(all)) => all.push(one),
                (Err(why), Ok(_)) => backlog = Err(why),
                (_, Err(_)) => {}
            }
        }
        let read = tokio::time::timeout(timeout, self.read()).await;
        let found = read.ok().flatten().and_then(Result::ok);
        Observation {
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

    fn missing(&self, promised: &Promised, found: &LedgerContents) -> u64 {
        match self.issued(found.clone()) {
            Ok(IssuedCoupons::Users(named)) => promised.missing_from(&named.rows),
            Ok(IssuedCoupons::Count(count)) => promised.missing_from_count(count),
            Ok(IssuedCoupons::Between(range)) => promised.missing_from_count(*range.end()),
            // The target file spells users differently, so only the number of coupons can be compared.
            Err(_) => promised.missing_from_count(found.coupons()),
        }
    }
}
