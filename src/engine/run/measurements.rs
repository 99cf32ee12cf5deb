//! The measurements of one run as plain data: recorded in this process, or added up over several processes.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    adapters::{http::Tally, kafka::Deliveries},
    instrument::metered::Totals,
    model::{
        outcome::{Attempt, Outcome},
        report::Unclassified,
    },
    ports::UserId,
    text::durations::Durations,
};

/// Everything that is measured while users claim and consumers insert.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Measurements {
    /// Every attempt that was made.
    pub attempts: Vec<Attempt>,
    /// The different errors, with their numbers.
    pub failures: Vec<(String, u64)>,
    /// The largest number of attempts under way at the same time.
    pub peak_in_flight: u64,
    /// The load on the database.
    pub totals: Totals,
    /// Nanoseconds from the release to each user's first durable row.
    pub durable_ns: HashMap<UserId, u64>,
    /// Nanoseconds from the release to every durable row but a user's first.
    pub further_rows_ns: Vec<u64>,
    /// How long port calls waited for a connection of the pool.
    pub pool_wait: Durations,
    /// The deliveries of the produced records.
    pub deliveries: Deliveries,
    /// Records read, including redeliveries.
    pub consumed: u64,
    /// The connections to a service of the user, and its answers.
    pub reached: Reached,
    /// Processor time of the process, from the release to the end of its load.
    pub cpu: Duration,
}

impl Measurements {
    /// The time from the release to the last answer.
    pub fn duration(&self) -> Duration {
        let ends = self.attempts.iter().filter_map(|attempt| attempt.end);
        ends.max().unwrap_or_default()
    }

    /// Nanoseconds from the release to every durable row, in no order.
    pub fn rows_ns(&self) -> Vec<u64> {
        let first = self.durable_ns.values();
        first.chain(&self.further_rows_ns).copied().collect()
    }

    /// Every attempt, with the nanoseconds from the release to its row where they are known. A user's first row belongs to the
    /// user's first attempt with the outcome `issued`. Which of the further rows belongs to which attempt is not known.
    pub fn with_durable(&self) -> impl Iterator<Item = (&Attempt, Option<u64>)> {
        let mut seen = HashSet::new();
        self.attempts.iter().map(move |attempt| {
            let first = attempt.outcome == Outcome::Issued && seen.insert(attempt.user);
            let durable = self.durable_ns.get(&attempt.user).filter(|_| first);
            (attempt, durable.copied())
        })
    }

    /// Adds the measurements of another process with the same release.
    pub fn merge(&mut self, other: Self) {
        self.attempts.extend(other.attempts);
        for (message, count) in other.failures {
            match self
                .failures
                .iter_mut()
                .find(|(known, _)| *known == message)
            {
                Some((_, sum)) => *sum += count,
                None => self.failures.push((message, count)),
            }
        }
        self.failures
            .sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        self.peak_in_flight = overlap(&self.attempts);
        self.totals.add(other.totals);
        for (user, at) in other.durable_ns {
            match self.durable_ns.entry(user) {
                Entry::Vacant(slot) => drop(slot.insert(at)),
                Entry::Occupied(mut slot) => {
                    let first = *slot.get();
                    slot.insert(at.min(first));
                    self.further_rows_ns.push(at.max(first));
                }
            }
        }
        self.further_rows_ns.extend(other.further_rows_ns);
        self.pool_wait.add(&other.pool_wait);
        self.deliveries.add(other.deliveries);
        self.consumed += other.consumed;
        self.reached.add(other.reached);
        self.cpu += other.cpu;
    }
}

/// The connections to a service of the user, and its answers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Reached {
    /// Counts of connections and requests.
    pub tally: Tally,
    /// Claims that were sent up to their last byte before the release.
    pub held: u64,
    /// Answers that no rule matches.
    pub unclassified: Unclassified,
    /// How the ledger spells the users of another process, where only their sessions tell.
    pub spelled: HashMap<UserId, String>,
    /// The codes that users received, with the user of each.
    pub codes: Vec<(String, UserId)>,
}

impl Reached {
    fn add(&mut self, other: Self) {
        self.tally.add(other.tally);
        self.held += other.held;
        self.unclassified.add(other.unclassified);
        self.spelled.extend(other.spelled);
        self.codes.extend(other.codes);
    }
}

/// The largest number of attempts under way at the same time, from their starts and ends. An attempt without an end goes on.
fn overlap(attempts: &[Attempt]) -> u64 {
    let starts = attempts.iter().map(|attempt| (attempt.start, 1_i64));
    let ends = attempts
        .iter()
        .filter_map(|attempt| Some((attempt.end?, -1)));
    let mut changes: Vec<_> = starts.chain(ends).collect();
    // At the same instant, ends come before starts.
    changes.sort_unstable();
    let running = changes.iter().scan(0, |now, (_, change)| {
        *now += change;
        Some(*now)
    });
    running.max().map_or(0, i64::cast_unsigned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(user: u64, start: u64, end: Option<u64>) -> Attempt {
        Attempt {
            user: UserId(user),
            outcome: Outcome::Issued,
            intended: Duration::from_millis(start),
            start: Duration::from_millis(start),
            answered: None,
            end: end.map(Duration::from_millis),
        }
    }

    #[test]
    fn overlap_counts_attempts_under_way_at_the_same_time() {
        assert_eq!(overlap(&[]), 0);
        assert_eq!(
            overlap(&[attempt(1, 0, Some(5)), attempt(2, 5, Some(9))]),
            1
        );
        assert_eq!(
            overlap(&[
                attempt(1, 0, None),
                attempt(2, 5, Some(9)),
                attempt(3, 6, Some(7))
            ]),
            3
        );
    }

    #[test]
    fn a_row_belongs_to_the_users_first_issued_attempt() {
        let refused = Attempt {
            outcome: Outcome::SoldOut,
            ..attempt(1, 0, Some(1))
        };
        let observed = Measurements {
            attempts: vec![
                refused,
                attempt(1, 2, Some(3)),
                attempt(1, 4, Some(5)),
                attempt(2, 0, None),
            ],
            durable_ns: HashMap::from([(UserId(1), 9)]),
            ..Measurements::default()
        };
        let durable: Vec<_> = observed.with_durable().map(|(_, at)| at).collect();
        assert_eq!(durable, [None, Some(9), None, None]);
    }

    #[test]
    fn the_measurements_of_two_processes_add_up() {
        let part = |user, at| Measurements {
            attempts: vec![attempt(user, 0, Some(2))],
            failures: vec![("no".to_owned(), 2)],
            durable_ns: HashMap::from([(UserId(7), at)]),
            pool_wait: [Duration::from_nanos(at)].into_iter().collect(),
            consumed: 3,
            ..Measurements::default()
        };
        let mut whole = part(1, 50);
        whole.merge(part(2, 40));
        assert_eq!(
            (whole.attempts.len(), whole.peak_in_flight, whole.consumed),
            (2, 2, 6)
        );
        assert_eq!(whole.failures, [("no".to_owned(), 4)]);
        assert_eq!(whole.durable_ns[&UserId(7)], 40);
        assert_eq!(whole.rows_ns(), [40, 50]);
        let waits = whole.pool_wait.histogram();
        assert_eq!(waits.map(|waits| (waits.len(), waits.max())), Some((2, 50)));
    }
}
