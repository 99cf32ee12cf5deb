//! The schedule of a load: a pure list of users and intended starts. The same seed gives the same list.

use rand::{Rng, RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};

use crate::{
    model::workload::{Arrivals, Phase, Profile, Spacing, Workload},
    ports::UserId,
};

/// The attempts of one process, in the order of their starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The user of each attempt.
    pub users: Vec<UserId>,
    /// When the attempts are meant to start.
    pub pacing: Pacing,
}

/// When the attempts of a schedule are meant to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pacing {
    /// All attempts start at the release.
    AtOnce,
    /// An attempt starts when one of this number of places is free.
    InFlight(usize),
    /// Nanoseconds from the release to the start of each attempt, ascending.
    At(Vec<u64>),
}

impl Schedule {
    /// All attempts of a workload. The attempts of one user follow each other, like a double click.
    pub fn of(workload: &Workload) -> Self {
        let pacing = match workload.arrivals {
            Arrivals::Burst => Pacing::AtOnce,
            Arrivals::ClosedLoop { in_flight } => {
                Pacing::InFlight(usize::try_from(in_flight).unwrap_or(usize::MAX))
            }
            Arrivals::OpenLoop { profile, spacing } => {
                let mut random = random(workload, Drawn::Starts);
                let total = workload.total_attempts();
                Pacing::At(starts(profile, spacing, total, &mut random))
            }
        };
        Self {
            users: users(workload),
            pacing,
        }
    }

    /// The share of instance `index` of `of` instances in the attempts of a workload. The attempts of one user stay together. The
    /// caller divides the places of a closed loop.
    pub fn share(workload: &Workload, (index, of): (usize, usize)) -> Self {
        let whole = Self::of(workload);
        let clicks = workload.attempts.max(1) as usize;
        Self {
            users: every(&whole.users, clicks, index, of),
            pacing: match whole.pacing {
                Pacing::At(starts) => Pacing::At(every(&starts, clicks, index, of)),
                pacing => pacing,
            },
        }
    }

    /// The number of attempts.
    pub fn len(&self) -> usize {
        self.users.len()
    }

    /// Whether the schedule has no attempts.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// The intended start of the attempt with this index, in nanoseconds from the release. `started` is its actual start, which
    /// is also the intended start in a closed loop.
    pub fn intended(&self, index: usize, started: u64) -> u64 {
        match &self.pacing {
            Pacing::AtOnce => 0,
            Pacing::InFlight(_) => started,
            Pacing::At(starts) => starts.get(index).copied().unwrap_or(started),
        }
    }
}

/// Every `of`-th group of `size` items, from the group with this index on.
fn every<T: Copy>(items: &[T], size: usize, index: usize, of: usize) -> Vec<T> {
    let groups = items.chunks(size).skip(index).step_by(of.max(1));
    groups.flatten().copied().collect()
}

/// What is drawn at random. Each kind has random numbers of its own, so that other arrivals do not change the order of the users.
#[derive(Clone, Copy)]
enum Drawn {
    Order = 0,
    Starts = 1,
}

fn random(workload: &Workload, drawn: Drawn) -> StdRng {
    let mut random = StdRng::seed_from_u64(workload.seed);
    for _ in 0..drawn as usize {
        random = StdRng::from_rng(&mut random);
    }
    random
}

fn users(workload: &Workload) -> Vec<UserId> {
    let mut users: Vec<UserId> = (1..=workload.users).map(UserId).collect();
    users.shuffle(&mut random(workload, Drawn::Order));
    if workload.attempts == 1 {
        return users;
    }
    let clicks = workload.attempts as usize;
    users
        .into_iter()
        .flat_map(|user| std::iter::repeat_n(user, clicks))
        .collect()
}

/// The intended starts of `total` attempts, in nanoseconds. An even spacing asks the profile for the times of 0, 1, 2 … attempts.
/// A Poisson process asks for the times of the sums of exponentially distributed steps of mean 1 (the time-rescaling of an
/// inhomogeneous process).
fn starts(profile: Profile, spacing: Spacing, total: u64, random: &mut impl Rng) -> Vec<u64> {
    let mut come = 0.0;
    let steps = (0..total).map(|index| match spacing {
        Spacing::Even => index as f64,
        Spacing::Poisson => {
            let uniform: f64 = random.random();
            come -= (1.0 - uniform).ln();
            come
        }
    });
    steps
        .map(|come| nanoseconds(seconds_until(profile, come, total as f64)))
        .collect()
}

/// The time at which `come` of `total` attempts have started, in seconds: the inverse of the integral of the rate.
fn seconds_until(profile: Profile, come: f64, total: f64) -> f64 {
    match profile {
        Profile::Constant { per_second } => come / per_second,
        Profile::Ramp {
            over,
            up_to_per_second: None,
        } => over.as_secs_f64() * (come / total).sqrt(),
        Profile::Ramp {
            over,
            up_to_per_second: Some(rate),
        } => {
            let over = over.as_secs_f64();
            if come <= rate * over / 2.0 {
                (2.0 * come * over / rate).sqrt()
            } else {
                over / 2.0 + come / rate
            }
        }
        Profile::Spike { over } => over.as_secs_f64() * spike(come / total),
    }
}

/// The share of a spike's duration after which the share `come` of its attempts has started. Continues at the rate of the last
/// phase.
fn spike(come: f64) -> f64 {
    let (mut time, mut before) = (0.0, 0.0);
    let last = Profile::PHASES.len() - 1;
    for (index, Phase { time: t, attempts }) in Profile::PHASES.into_iter().enumerate() {
        if come <= before + attempts || index == last {
            return time + (come - before) / attempts * t;
        }
        time += t;
        before += attempts;
    }
    time
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the value is not negative, and the cast saturates"
)]
fn nanoseconds(seconds: f64) -> u64 {
    (seconds * 1e9) as u64
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
