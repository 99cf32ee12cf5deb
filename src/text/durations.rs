//! Durations, recorded where they pass: a histogram that grows as needed, can be written by many tasks at once, and goes from
//! process to process. What a report makes of one is in [`crate::engine::run`].

use std::{
    cell::Cell,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hdrhistogram::{
    Histogram,
    serialization::{Deserializer, Serializer, V2DeflateSerializer},
};
use serde::{Deserialize, Serialize, de::Error};

/// A histogram of durations, exact to three significant digits of a nanosecond count.
#[derive(Debug, Clone, Default)]
pub struct Durations(Option<Histogram<u64>>);

impl Durations {
    /// Takes in one more.
    pub fn record(&mut self, duration: Duration) {
        if let Some(histogram) = self.grown() {
            // Resizes itself, so that every duration has its place.
            let _ = histogram.record(nanoseconds(duration));
        }
    }

    /// Takes in all of `others`.
    pub fn add(&mut self, others: &Self) {
        if let (Some(histogram), Some(others)) = (self.grown(), &others.0) {
            let _ = histogram.add(others);
        }
    }

    /// The histogram, if it has samples.
    pub fn histogram(&self) -> Option<&Histogram<u64>> {
        self.0.as_ref().filter(|histogram| !histogram.is_empty())
    }

    /// Compressed (V2) and as text; `None` where there are no samples.
    pub fn encoded(&self) -> Option<String> {
        let mut bytes = Vec::new();
        let written = V2DeflateSerializer::new().serialize(self.histogram()?, &mut bytes);
        written.ok().map(|_| STANDARD.encode(bytes))
    }

    /// What [`Self::encoded`] has made; `None` for anything else.
    pub fn decoded(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok()?;
        let histogram = Deserializer::new().deserialize(&mut bytes.as_slice());
        histogram.ok().map(|histogram| Self(Some(histogram)))
    }

    fn grown(&mut self) -> Option<&mut Histogram<u64>> {
        if self.0.is_none() {
            // Fails only for a precision beyond five digits.
            self.0 = Histogram::new(3).ok();
        }
        self.0.as_mut()
    }
}

impl Extend<Duration> for Durations {
    fn extend<I: IntoIterator<Item = Duration>>(&mut self, durations: I) {
        for duration in durations {
            self.record(duration);
        }
    }
}

impl FromIterator<Duration> for Durations {
    fn from_iter<I: IntoIterator<Item = Duration>>(durations: I) -> Self {
        let mut all = Self::default();
        all.extend(durations);
        all
    }
}

impl Serialize for Durations {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.encoded().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Durations {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Option::<String>::deserialize(deserializer)? {
            None => Ok(Self::default()),
            Some(text) => Self::decoded(&text).ok_or_else(|| D::Error::custom("no histogram")),
        }
    }
}

/// Whole nanoseconds; centuries are one number.
pub fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// More than threads that record at the same instant.
const SHARDS: usize = 16;

/// Durations that many tasks record at once: each thread has a histogram almost to itself.
#[derive(Debug, Default)]
pub struct SharedDurations([Mutex<Durations>; SHARDS]);

impl SharedDurations {
    /// Takes in one more.
    pub fn record(&self, duration: Duration) {
        let mut shard = self.0[own_shard()]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        shard.record(duration);
    }

    /// All of them so far.
    pub fn total(&self) -> Durations {
        let mut total = Durations::default();
        for shard in &self.0 {
            total.add(&shard.lock().unwrap_or_else(PoisonError::into_inner));
        }
        total
    }
}

/// The same for a thread at all times, and another for the next thread.
fn own_shard() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: Cell<usize> = Cell::new(THREADS.fetch_add(1, Ordering::Relaxed) % SHARDS);
    }
    OWN.get()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn nothing_is_lost_between_threads() {
        let shared = SharedDurations::default();
        std::thread::scope(|scope| {
            for _ in 0..2 * SHARDS {
                scope.spawn(|| (1..=100).for_each(|ms| shared.record(Duration::from_millis(ms))));
            }
        });
        let total = shared.total();
        let histogram = total.histogram().unwrap();
        assert_eq!(histogram.len(), 100 * 2 * SHARDS as u64);
        assert_eq!(histogram.max() / 1_000_000, 100);
    }

    #[test]
    fn a_histogram_survives_the_way_to_another_process() {
        for durations in [
            Durations::default(),
            [3, 70_000, 5_000_000_000]
                .into_iter()
                .map(Duration::from_nanos)
                .collect(),
        ] {
            let text = serde_json::to_string(&durations).unwrap();
            let read: Durations = serde_json::from_str(&text).unwrap();
            assert_eq!(read.histogram(), durations.histogram());
        }
        for broken in ["\"\"", "\"AAAA\"", "7"] {
            assert!(serde_json::from_str::<Durations>(broken).is_err());
        }
    }
}
