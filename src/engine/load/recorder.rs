//! Records every attempt in a slot of its own, which the attempt alone writes, without a lock.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::Schedule;
use crate::{
    model::outcome::{Attempt, Outcome},
    ports::{PortError, Result, UserId},
    strategies::Decision,
};

/// The progress of a load, updated while the load runs.
#[derive(Debug, Default)]
pub struct Counters {
    /// Attempts that have started.
    pub started: AtomicU64,
    /// Attempts that have ended.
    pub finished: AtomicU64,
    /// Attempts with the outcome `issued`.
    pub issued: AtomicU64,
    /// Coupons in the database.
    pub inserted: Arc<AtomicU64>,
}

/// The times and the outcome of one attempt.
#[derive(Default)]
struct AttemptSlot {
    /// Nanoseconds from the release to its start, plus one; 0 before the start.
    start: AtomicU64,
    /// Nanoseconds from the release to its first answer, plus one; 0 unless the decision comes after the first answer.
    answered: AtomicU64,
    /// Nanoseconds from the release to its end, with the [`Outcome`] in the lowest bits; 0 before the end.
    end: AtomicU64,
}

/// Bits of a slot's end that hold the outcome. The other bits count nanoseconds for 73 years.
const OUTCOME_BITS: u32 = 3;

/// The number of different error texts that are recorded. Error texts with numbers must not fill the memory.
const FAILURES_KEPT: usize = 32;

/// Records the attempts of one run.
pub struct Recorder {
    schedule: Schedule,
    slots: Box<[AttemptSlot]>,
    released: OnceLock<Instant>,
    timeout: Duration,
    peak: AtomicU64,
    answered: AtomicU64,
    failures: Mutex<BTreeMap<String, u64>>,
    /// The progress of the load.
    pub counters: Arc<Counters>,
}

impl Recorder {
    /// Records the attempts of `schedule`. An attempt that ends more than `timeout` after its start is late.
    pub fn new(schedule: Schedule, timeout: Duration) -> Self {
        Self {
            slots: schedule
                .users
                .iter()
                .map(|_| AttemptSlot::default())
                .collect(),
            schedule,
            released: OnceLock::new(),
            timeout,
            peak: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            failures: Mutex::default(),
            counters: Arc::default(),
        }
    }

    /// The number of attempts in the schedule.
    pub fn total(&self) -> usize {
        self.schedule.len()
    }

    /// The users and intended starts of the attempts.
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// The user of the attempt with this index.
    pub fn user(&self, index: usize) -> UserId {
        self.schedule.users[index]
    }

    /// Starts the clock of the run.
    pub fn release(&self) {
        let _ = self.released.set(Instant::now());
    }

    /// When the clock of the run started; before the release, the current time.
    pub fn released(&self) -> Instant {
        *self.released.get_or_init(Instant::now)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.released().elapsed().as_nanos()).unwrap_or(u64::MAX >> OUTCOME_BITS)
    }

    /// Records the start of the attempt with this index.
    pub fn start(&self, index: usize) {
        let started = self.counters.started.fetch_add(1, Ordering::Relaxed) + 1;
        let finished = self.counters.finished.load(Ordering::Relaxed);
        let in_flight = started.saturating_sub(finished);
        if in_flight > self.peak.load(Ordering::Relaxed) {
            self.peak.fetch_max(in_flight, Ordering::Relaxed);
        }
        self.slots[index]
            .start
            .store(self.now() + 1, Ordering::Relaxed);
    }

    /// Records the first answer of the attempt with this index, at `at`. Its decision comes later.
    pub fn first_answer(&self, index: usize, at: Instant) {
        let since = at.saturating_duration_since(self.released()).as_nanos();
        let since = u64::try_from(since).unwrap_or(u64::MAX >> OUTCOME_BITS);
        self.slots[index]
            .answered
            .store(since + 1, Ordering::Relaxed);
    }

    /// Records the end of the attempt with this index. A late answer makes the outcome indeterminate, because the user did not
    /// wait for it. A late error without effect stays `failed`.
    pub fn finish(&self, index: usize, answer: &Result<Decision>) {
        let slot = &self.slots[index];
        let end = self.now();
        // Where the decision comes later, the first answer must be in time.
        let answered = match slot.answered.load(Ordering::Relaxed) {
            0 => end + 1,
            answered => answered,
        };
        let took = answered.saturating_sub(slot.start.load(Ordering::Relaxed));
        let late = Duration::from_nanos(took) > self.timeout;
        let outcome = match Outcome::of(answer) {
            Outcome::Failed => Outcome::Failed,
            _ if late => Outcome::Indeterminate,
            outcome => outcome,
        };
        slot.end
            .store(end << OUTCOME_BITS | outcome as u64, Ordering::Release);
        match answer {
            Ok(_) => drop(self.answered.fetch_add(1, Ordering::Relaxed)),
            Err(error) => self.note_failure(error),
        }
        if outcome == Outcome::Issued {
            self.counters.issued.fetch_add(1, Ordering::Relaxed);
        }
        self.counters.finished.fetch_add(1, Ordering::Release);
    }

    /// Counts an error by its text.
    pub fn note_failure(&self, error: &PortError) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = error.to_string();
        if failures.len() >= FAILURES_KEPT && !failures.contains_key(&text) {
            "other errors".clone_into(&mut text);
        }
        *failures.entry(text).or_default() += 1;
    }

    /// The different errors without secrets, most frequent first.
    pub fn failures(&self) -> Vec<(String, u64)> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sorted: Vec<_> = failures
            .iter()
            .map(|(text, count)| (crate::text::redact::foreign(text), *count))
            .collect();
        sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        sorted
    }

    /// The number of attempts with an answer, in time or late.
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// The largest number of attempts under way at the same time.
    pub fn peak_in_flight(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }

    /// Every attempt that was made. An attempt that is still under way is indeterminate.
    pub fn attempts(&self) -> Vec<Attempt> {
        let slots = self.slots.iter().zip(&self.schedule.users).enumerate();
        let made = slots.filter_map(|(index, (slot, user))| {
            // An end that comes after this read is not in the list.
            let end = slot.end.load(Ordering::Acquire);
            let start = slot.start.load(Ordering::Relaxed).checked_sub(1)?;
            let outcome = Outcome::numbered(end & ((1 << OUTCOME_BITS) - 1));
            let intended = self.schedule.intended(index, start);
            let answered = slot.answered.load(Ordering::Relaxed).checked_sub(1);
            Some(Attempt {
                user: *user,
                outcome: outcome.unwrap_or(Outcome::Indeterminate),
                intended: Duration::from_nanos(intended),
                start: Duration::from_nanos(start),
                answered: answered.map(Duration::from_nanos),
                end: outcome.map(|_| Duration::from_nanos(end >> OUTCOME_BITS)),
            })
        });
        made.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{engine::load::Pacing, ports::Effect};

    fn recorder(timeout: Duration) -> Recorder {
        let schedule = Schedule {
            users: vec![UserId(1), UserId(2), UserId(3)],
            pacing: Pacing::AtOnce,
        };
        let recorder = Recorder::new(schedule, timeout);
        recorder.release();
        recorder
    }

    fn outcomes(recorder: &Recorder) -> Vec<Outcome> {
        recorder
            .attempts()
            .iter()
            .map(|attempt| attempt.outcome)
            .collect()
    }

    #[test]
    fn only_started_attempts_are_listed_and_open_attempts_are_indeterminate() {
        let recorder = recorder(Duration::from_mins(1));
        recorder.start(0);
        recorder.finish(0, &Ok(Decision::Issued));
        recorder.start(1);
        assert_eq!(
            outcomes(&recorder),
            [Outcome::Issued, Outcome::Indeterminate]
        );
        assert_eq!(recorder.attempts()[1].end, None);
        assert_eq!(recorder.peak_in_flight(), 1);
    }

    #[test]
    fn a_late_answer_is_indeterminate() {
        let recorder = recorder(Duration::ZERO);
        recorder.start(0);
        std::thread::sleep(Duration::from_millis(1));
        recorder.finish(0, &Ok(Decision::SoldOut));
        assert_eq!(outcomes(&recorder), [Outcome::Indeterminate]);
    }

    #[test]
    fn a_later_decision_does_not_change_the_time_of_the_first_answer() {
        let recorder = recorder(Duration::from_millis(200));
        recorder.start(0);
        let answered = Instant::now();
        recorder.first_answer(0, answered);
        std::thread::sleep(Duration::from_millis(250));
        recorder.finish(0, &Ok(Decision::Issued));
        let attempt = recorder.attempts()[0];
        // The answer was in time, so the decision counts.
        assert_eq!(attempt.outcome, Outcome::Issued);
        assert!(attempt.first_answer() < attempt.end);
        let expected = answered.saturating_duration_since(recorder.released());
        assert_eq!(attempt.first_answer(), Some(expected));
    }

    #[test]
    fn an_error_of_unknown_effect_is_indeterminate_and_a_refusal_is_failed() {
        let recorder = recorder(Duration::from_mins(1));
        for (index, effect) in [Effect::None, Effect::Conflict, Effect::Unknown]
            .into_iter()
            .enumerate()
        {
            recorder.start(index);
            recorder.finish(index, &Err(PortError::new("INCR", effect, "no")));
        }
        let expected = [Outcome::Failed, Outcome::Failed, Outcome::Indeterminate];
        assert_eq!(outcomes(&recorder), expected);
        assert_eq!(recorder.failures(), [("INCR: no".to_owned(), 3)]);
    }

    #[test]
    fn the_number_of_different_errors_is_bounded() {
        let recorder = recorder(Duration::from_mins(1));
        for number in 0..1000 {
            recorder.note_failure(&PortError::new("INCR", Effect::None, number.to_string()));
        }
        let failures = recorder.failures();
        assert!(failures.len() <= FAILURES_KEPT + 1);
        assert_eq!(failures.iter().map(|(_, count)| count).sum::<u64>(), 1000);
    }
}
