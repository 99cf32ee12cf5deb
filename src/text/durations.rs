//! Histograms of durations. Many tasks can record into one, and processes can exchange them. [`crate::engine::run`] makes the
//! distributions of a report from them.

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
    /// Adds a duration.
    pub fn record(&mut self, duration: Duration) {
        if let Some(histogram) = self.grown() {
            // The histogram resizes itself, so every duration fits.
            let _ = histogram.record(nanoseconds(duration));
        }
    }

    /// Adds all durations of `others`.
    pub fn add(&mut self, others: &Self) {
        if let (Some(histogram), Some(others)) = (self.grown(), &others.0) {
            let _ = histogram.add(others);
        }
    }

    /// The histogram; `None` without samples.
    pub fn histogram(&self) -> Option<&Histogram<u64>> {
        self.0.as_ref().filter(|histogram| !histogram.is_empty())
    }

    /// The histogram in base64, V2 compressed; `None` without samples.
    pub fn encoded(&self) -> Option<String> {
        let mut bytes = Vec::new();
        let written = V2DeflateSerializer::new().serialize(self.histogram()?, &mut bytes);
        written.ok().map(|_| STANDARD.encode(bytes))
    }

    /// Decodes the text of [`Self::encoded`]; `None` for any other text.
    pub fn decoded(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text).ok()?;
        let histogram = Deserializer::new().deserialize(&mut bytes.as_slice());
        histogram.ok().map(|histogram| Self(Some(histogram)))
    }

    fn grown(&mut self) -> Option<&mut Histogram<u64>> {
        if self.0.is_none() {
            // This fails only for a precision above five digits.
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

/// Whole nanoseconds. A duration of more than 584 years becomes `u64::MAX`.
pub fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The number of histograms; it is larger than the number of threads that record at the same time.
const SHARDS: usize = 16;

/// Durations that many tasks record at once. The threads share the histograms evenly, so a lock is rarely contended.
#[derive(Debug, Default)]
pub struct SharedDurations([Mutex<Durations>; SHARDS]);

impl SharedDurations {
    /// Adds a duration.
    pub fn record(&self, duration: Duration) {
        let mut shard = self.0[own_shard()]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        shard.record(duration);
    }

    /// All durations so far.
    pub fn total(&self) -> Durations {
        let mut total = Durations::default();
        for shard in &self.0 {
            total.add(&shard.lock().unwrap_or_else(PoisonError::into_inner));
        }
        total
    }
}

/// The index of this thread's histogram. It never changes, and the next thread has the next index.
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
    fn every_duration_of_every_thread_is_counted() {
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
    fn an_encoded_histogram_is_decoded_to_the_same_histogram() {
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
