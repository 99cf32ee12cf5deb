//! Checks the load generator: when attempts started compared with their intended starts, at which rate, and how much of the
//! processors the generator used.

use std::time::Duration;

use super::{
    distribution::{distribution, nanoseconds},
    measurements::Measurements,
};
use crate::model::{
    outcome::Attempt,
    report::{Distribution, Offered},
    workload::Arrivals,
};

/// The smallest share of the requested rate that counts as the requested load of an open loop.
const OFFERED: f64 = 0.95;

/// In nanoseconds: from this delay on, the response times include the delay of the generator.
const LATE_NS: u64 = 10_000_000;

/// From this share of the processors on, the generator waits for itself.
const BUSY: f64 = 0.9;

/// From this share of the load's duration on, the release of a burst is too slow.
const SPREAD: f64 = 0.5;

/// The health of the load generator in one run.
#[derive(Debug, Clone, Default)]
pub struct Health {
    /// The delay from an attempt's intended start to its actual start. Without samples in a closed loop, which has no intended
    /// starts.
    pub schedule_lag: Distribution,
    /// The rates of an open loop.
    pub offered: Option<Offered>,
    /// The time between the first and the last start of a burst.
    pub release_skew: Duration,
    /// The share of all processors from the release to the last answer, 0 to 1.
    pub cpu_share: Option<f64>,
    /// Warnings about the latencies, for the reader of the report.
    pub warnings: Vec<String>,
    /// Why the load was not the requested load.
    pub doubt: Option<String>,
}

/// Examines a run whose last answer came after `duration`, on a machine with this number of cores.
pub fn examine(
    arrivals: Arrivals,
    observed: &Measurements,
    duration: Duration,
    cores: usize,
) -> Health {
    let attempts = &observed.attempts;
    let mut health = Health {
        cpu_share: share(observed.cpu, duration, cores),
        ..Health::default()
    };
    if let Arrivals::ClosedLoop { .. } = arrivals {
        health.busy(cores);
        return health;
    }
    let lag = |attempt: &Attempt| attempt.start.saturating_sub(attempt.intended);
    health.schedule_lag = distribution(attempts.iter().map(lag));
    if arrivals == Arrivals::Burst {
        health.release_skew = span(attempts, |attempt| attempt.start);
        health.spread(duration);
    } else {
        health.offered = offered(attempts);
        health.busy(cores);
        health.late();
    }
    health
}

impl Health {
    fn busy(&mut self, cores: usize) {
        if let Some(share) = self.cpu_share.filter(|share| *share >= BUSY) {
            self.warnings.push(format!(
                "this process took {:.0} % of the machine's {cores} processors: the latencies include its own waiting",
                share * 100.0
            ));
        }
    }

    fn spread(&mut self, duration: Duration) {
        // A load without an answer has no duration.
        if duration.is_zero() {
            return;
        }
        let share = self.release_skew.as_secs_f64() / duration.as_secs_f64();
        if share >= SPREAD {
            self.warnings.push(format!(
                "the burst took {:.0} % of the load's time to leave: users came one after the other rather than at once",
                share * 100.0
            ));
        }
    }

    fn late(&mut self) {
        if let Some(p99) = self.schedule_lag.p99_ns.filter(|p99| *p99 > LATE_NS) {
            self.warnings.push(format!(
                "one attempt in a hundred started {} ms or more after its time: the response times include the generator's delay",
                p99 / 1_000_000
            ));
        }
        let Some(Offered {
            requested_per_s,
            achieved_per_s,
        }) = self.offered
        else {
            return;
        };
        if achieved_per_s < requested_per_s * OFFERED {
            self.doubt = Some(format!(
                "the requested load was not offered: attempts started at {achieved_per_s:.0}/s where {requested_per_s:.0}/s \
                 were asked for"
            ));
        }
    }
}

/// The mean rates of an open loop, from its first to its last attempt; `None` for fewer than two attempts, and where all started
/// at once.
fn offered(attempts: &[Attempt]) -> Option<Offered> {
    let rate = |span: Duration| {
        let steps = attempts.len().checked_sub(1)? as f64;
        (!span.is_zero()).then(|| steps / span.as_secs_f64())
    };
    Some(Offered {
        requested_per_s: rate(span(attempts, |attempt| attempt.intended))?,
        achieved_per_s: rate(span(attempts, |attempt| attempt.start))?,
    })
}

/// The time between the first and the last of `times`.
fn span(attempts: &[Attempt], time: impl Fn(&Attempt) -> Duration) -> Duration {
    let times = || attempts.iter().map(&time);
    let (first, last) = (times().min(), times().max());
    last.unwrap_or_default()
        .saturating_sub(first.unwrap_or_default())
}

/// Processor time divided by the available processor time; `None` for a load without a duration.
fn share(cpu: Duration, duration: Duration, cores: usize) -> Option<f64> {
    let there_was = duration.as_secs_f64() * cores as f64;
    let share = nanoseconds(cpu) as f64 / 1e9 / there_was;
    (there_was > 0.0).then(|| share.min(1.0))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use crate::{
        model::{
            outcome::Outcome,
            workload::{Profile, Spacing},
        },
        ports::UserId,
    };

    const OPEN: Arrivals = Arrivals::OpenLoop {
        profile: Profile::Constant { per_second: 100.0 },
        spacing: Spacing::Even,
    };

    /// An attempt with an intended and an actual start, in milliseconds.
    fn attempt((intended, start): (u64, u64)) -> Attempt {
        Attempt {
            user: UserId(1),
            outcome: Outcome::SoldOut,
            intended: Duration::from_millis(intended),
            start: Duration::from_millis(start),
            answered: None,
            end: Some(Duration::from_millis(start + 1)),
        }
    }

    fn observed(starts: impl Iterator<Item = (u64, u64)>) -> Measurements {
        Measurements {
            attempts: starts.map(attempt).collect(),
            cpu: Duration::from_millis(500),
            ..Measurements::default()
        }
    }

    fn examined(arrivals: Arrivals, starts: impl Iterator<Item = (u64, u64)>) -> Health {
        examine(arrivals, &observed(starts), Duration::from_secs(1), 2)
    }

    #[test]
    fn a_punctual_schedule_is_healthy() {
        let health = examined(OPEN, (0..100).map(|index| (index * 10, index * 10 + 1)));
        assert_eq!(
            health.schedule_lag.max_ns.map(|lag| lag / 1_000_000),
            Some(1)
        );
        let offered = health.offered.unwrap();
        assert!((offered.requested_per_s - 100.0).abs() < 1e-9);
        assert!((offered.achieved_per_s - 100.0).abs() < 1e-9);
        assert_eq!(health.cpu_share, Some(0.25));
        assert_eq!((health.warnings.len(), health.doubt), (0, None));
    }

    #[test]
    fn a_generator_that_is_too_slow_is_reported() {
        let health = examined(OPEN, (0..100).map(|index| (index * 10, index * 20)));
        let doubt = health.doubt.unwrap();
        assert!(
            doubt.contains("started at 50/s where 100/s were asked for"),
            "{doubt}"
        );
        assert!(
            health.warnings[0].contains("after its time"),
            "{:?}",
            health.warnings
        );
    }

    #[test]
    fn a_slow_release_of_a_burst_is_reported() {
        let health = examined(Arrivals::Burst, (0..100).map(|index| (0, index * 9)));
        assert_eq!(health.release_skew, Duration::from_millis(891));
        assert!(health.warnings[0].contains("89 %"), "{:?}", health.warnings);
        let health = examined(Arrivals::Burst, (0..100).map(|index| (0, index)));
        assert!(health.warnings.is_empty());
    }

    #[test]
    fn a_burst_without_an_answer_has_no_warning() {
        let observed = observed((0..100).map(|index| (0, index)));
        let health = examine(Arrivals::Burst, &observed, Duration::ZERO, 2);
        assert_eq!(health.warnings, [""; 0]);
    }

    #[test]
    fn a_closed_loop_has_no_schedule_lag() {
        let arrivals = Arrivals::ClosedLoop { in_flight: 2 };
        let health = examined(arrivals, (0..100).map(|index| (index, index)));
        assert_eq!((health.schedule_lag.count, health.offered), (0, None));
    }

    #[test]
    fn a_generator_that_used_all_processors_is_reported() {
        let mut observed = observed((0..100).map(|index| (index, index)));
        observed.cpu = Duration::from_millis(1950);
        let arrivals = Arrivals::ClosedLoop { in_flight: 2 };
        let health = examine(arrivals, &observed, Duration::from_secs(1), 2);
        assert!(health.warnings[0].contains("98 %"), "{:?}", health.warnings);
    }
}
