//! Response times as percentile distributions in the text format of `HdrHistogram`, in milliseconds. The plotter reads one
//! distribution from a file, so a folder has one file for each strategy and outcome.

use std::{
    fmt::Write,
    fs, io,
    path::{Path, PathBuf},
};

use hdrhistogram::Histogram;

use super::{
    Destination,
    samples::merged,
    strategy_runs::{StrategyRuns, subjects},
};
use crate::model::report::{ByOutcome, Distribution, Report};

/// Steps between a percentile and the percentile with half as many samples beyond it, the default of `HdrHistogram`.
const TICKS: u32 = 5;

/// Nanoseconds in a millisecond.
const NANOSECONDS: f64 = 1e6;

type Of = fn(&ByOutcome) -> &Distribution;

/// The outcome in a file's name, and its distribution.
const OUTCOMES: [(&str, Of); 6] = [
    ("all", |latency| &latency.all),
    ("issued", |latency| &latency.issued),
    ("accepted", |latency| &latency.accepted),
    ("sold_out", |latency| &latency.sold_out),
    ("duplicate", |latency| &latency.duplicate),
    ("failed", |latency| &latency.failed),
];

/// A folder for the distributions.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Creates the folder if it does not exist, and checks that it is writable.
    ///
    /// # Errors
    ///
    /// If the folder cannot be created or written.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        tempfile::tempfile_in(path)?;
        Ok(Self(path.to_owned()))
    }

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes `STRATEGY.OUTCOME.hgrm` for each outcome that has samples, over all trials.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub fn write(&self, report: &Report) -> io::Result<()> {
        for subject in subjects(report) {
            for (outcome, of) in OUTCOMES {
                if let Some(text) = distribution(&subject, of) {
                    let name = format!("{}.{outcome}.hgrm", file_name(subject.name));
                    Destination::open(self.0.join(name))?.write(&text)?;
                }
            }
        }
        Ok(())
    }
}

/// The name of a strategy without characters that could name another folder.
fn file_name(name: &str) -> String {
    let safe = |c: char| {
        if c.is_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    name.chars().map(safe).collect()
}

fn distribution(subject: &StrategyRuns, of: Of) -> Option<String> {
    let runs = subject.runs.iter().map(|run| of(&run.latency.response));
    merged(runs).histogram().map(render)
}

fn render(histogram: &Histogram<u64>) -> String {
    let mut text = format!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    let mut total = 0;
    for step in histogram.iter_quantiles(TICKS) {
        total += step.count_since_last_iteration();
        let (value, quantile) = (
            step.value_iterated_to() as f64 / NANOSECONDS,
            step.quantile_iterated_to(),
        );
        // Writing to a string cannot fail.
        let _ = write!(text, "{value:>12.3} {quantile:.12} {total:>10}");
        // The last line has no such number.
        let _ = if quantile < 1.0 {
            writeln!(text, " {:>14.2}", 1.0 / (1.0 - quantile))
        } else {
            writeln!(text)
        };
    }
    text + &foot(histogram)
}

fn foot(histogram: &Histogram<u64>) -> String {
    let milliseconds = |ns: f64| ns / NANOSECONDS;
    // The histogram's array has a half for each bucket, and one more.
    let buckets = u64::from(histogram.buckets());
    let sub_buckets = histogram.distinct_values() as u64 * 2 / (buckets + 1);
    format!(
        "#[Mean    = {:>12.3}, StdDeviation   = {:>12.3}]\n\
         #[Max     = {:>12.3}, Total count    = {:>12}]\n\
         #[Buckets = {:>12}, SubBuckets     = {:>12}]\n",
        milliseconds(histogram.mean()),
        milliseconds(histogram.stdev()),
        milliseconds(histogram.max() as f64),
        histogram.len(),
        buckets,
        sub_buckets
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use insta::assert_snapshot;

    use super::*;
    use crate::render::fixtures;

    fn files(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_for_each_strategy_and_outcome() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/hgrm");
        Folder::open(&path)
            .unwrap()
            .write(&fixtures::comparison())
            .unwrap();
        let of = |name: &str| ["all", "issued", "sold_out"].map(|it| format!("{name}.{it}.hgrm"));
        assert_eq!(
            files(&path),
            [of("naive"), of("redis-incr"), of("redis-kafka")].concat()
        );
        // Five trials together.
        let text = fs::read_to_string(path.join("redis-incr.issued.hgrm")).unwrap();
        assert!(text.contains("Total count    =          500]"), "{text}");
    }

    #[test]
    fn a_name_stays_in_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let mut report = fixtures::redis_kafka_holds();
        report.runs[0].strategy = "../../x/é".to_owned();
        Folder::open(folder.path()).unwrap().write(&report).unwrap();
        assert_eq!(files(folder.path())[0], "______x_é.all.hgrm");
    }

    #[test]
    fn a_file_is_refused_as_a_folder() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(Folder::open(file.path()).is_err());
    }

    #[test]
    fn as_hdrhistogram_prints_it() {
        let report = fixtures::redis_kafka_holds();
        assert_snapshot!(distribution(&subjects(&report)[0], |latency| &latency.issued).unwrap());
    }
}
