//! Every attempt as CSV. The attempts of a run are written at its end: a report does not hold them, and the memory in use does not
//! grow with the number of trials.

use std::io;

use super::{
    Destination,
    destination::{Writing, reader_may_leave},
};
use crate::{model::outcome::Attempt, text::durations::nanoseconds};

const HEAD: [&str; 8] = [
    "strategy",
    "trial",
    "user",
    "outcome",
    "intended_ns",
    "start_ns",
    "end_ns",
    "durable_ns",
];

/// The CSV output, and the attempts written so far.
pub struct Attempts {
    sink: Option<Destination>,
    writer: Option<csv::Writer<Writing>>,
    /// The first error; nothing is written after it.
    failed: Option<io::Error>,
}

impl Attempts {
    /// Writes nothing before the end of the first run, as other outputs do.
    pub fn new(sink: Destination) -> Self {
        Self {
            sink: Some(sink),
            writer: None,
            failed: None,
        }
    }

    /// Adds a run's attempts, each with the nanoseconds from the release to its row, where that time is known. An error
    /// is returned by [`Attempts::finish`].
    pub fn add<'a>(
        &mut self,
        strategy: &str,
        trial: u32,
        attempts: impl Iterator<Item = (&'a Attempt, Option<u64>)>,
    ) {
        if self.failed.is_none()
            && let Err(error) = self.write(strategy, trial, attempts)
        {
            self.failed = Some(error);
        }
    }

    /// Moves the file to its place if everything was written. A reader that has closed its pipe is no error.
    ///
    /// # Errors
    ///
    /// If an attempt could not be written, or the file not be replaced.
    pub fn finish(self) -> io::Result<()> {
        let finished = match (self.failed, self.writer) {
            (Some(error), _) => Err(error),
            (None, None) => Ok(()),
            (None, Some(writer)) => match writer.into_inner() {
                Ok(writing) => writing.finish(),
                Err(error) => Err(error.into_error()),
            },
        };
        reader_may_leave(finished)
    }

    fn write<'a>(
        &mut self,
        strategy: &str,
        trial: u32,
        attempts: impl Iterator<Item = (&'a Attempt, Option<u64>)>,
    ) -> io::Result<()> {
        if let Some(mut sink) = self.sink.take() {
            let mut writer = csv::Writer::from_writer(sink.writing()?);
            writer.write_record(HEAD)?;
            self.writer = Some(writer);
        }
        let Some(writer) = &mut self.writer else {
            return Ok(());
        };
        let trial = trial.to_string();
        for (attempt, durable) in attempts {
            let number = |ns: Option<u64>| ns.map_or(String::new(), |ns| ns.to_string());
            writer.write_record([
                strategy,
                &trial,
                &attempt.user.to_string(),
                attempt.outcome.name(),
                &number(Some(nanoseconds(attempt.intended))),
                &number(Some(nanoseconds(attempt.start))),
                &number(attempt.end.map(nanoseconds)),
                &number(durable),
            ])?;
        }
        writer.flush()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::time::Duration;

    use super::*;
    use crate::{model::outcome::Outcome, ports::UserId};

    fn attempt(user: u64, outcome: Outcome, end: Option<u64>) -> Attempt {
        Attempt {
            user: UserId(user),
            outcome,
            intended: Duration::from_nanos(5),
            start: Duration::from_nanos(7),
            answered: None,
            end: end.map(Duration::from_nanos),
        }
    }

    #[test]
    fn runs_follow_each_other_under_one_head() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "an old report that is longer".repeat(20)).unwrap();
        let mut attempts = Attempts::new(Destination::open(file.path()).unwrap());
        let issued = attempt(1, Outcome::Issued, Some(30));
        let silent = attempt(2, Outcome::Indeterminate, None);
        attempts.add(
            "naive",
            1,
            [(&issued, Some(40)), (&silent, None)].into_iter(),
        );
        attempts.add("a,\"b\"", 2, [(&silent, None)].into_iter());
        attempts.finish().unwrap();
        assert_eq!(
            std::fs::read_to_string(file.path()).unwrap(),
            "strategy,trial,user,outcome,intended_ns,start_ns,end_ns,durable_ns\n\
             naive,1,1,issued,5,7,30,40\n\
             naive,1,2,indeterminate,5,7,,\n\
             \"a,\"\"b\"\"\",2,2,indeterminate,5,7,,\n"
        );
    }

    #[test]
    fn without_a_run_the_old_file_is_kept() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "old").unwrap();
        Attempts::new(Destination::open(file.path()).unwrap())
            .finish()
            .unwrap();
        assert_eq!(std::fs::read_to_string(file.path()).unwrap(), "old");
    }
}
