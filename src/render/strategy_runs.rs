//! A strategy with all its trials, and its figures in a table.

use std::fmt;

use super::{document::Tone, judgement};
use crate::{
    model::{
        report::{Distribution, LedgerCounts, Race, Report, Run},
        verdict::Verdict,
    },
    statistics::median,
    text::format::{NOTHING, count, known, optional_duration, percent, rate},
};

/// A strategy and all its trials.
pub(super) struct StrategyRuns<'a> {
    pub(super) name: &'a str,
    pub(super) first: &'a Run,
    pub(super) runs: Vec<&'a Run>,
    pub(super) race: Option<&'a Race>,
}

/// The part of the table in which a strategy stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Correct,
    Inconclusive,
    Incorrect,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Correct => "correct",
            Self::Inconclusive => "inconclusive",
            Self::Incorrect => "incorrect",
        })
    }
}

/// All strategies of a report, in the requested order.
pub(super) fn subjects(report: &Report) -> Vec<StrategyRuns<'_>> {
    let mut subjects: Vec<StrategyRuns> = Vec::new();
    for run in &report.runs {
        match subjects
            .iter_mut()
            .find(|subject| subject.name == run.strategy)
        {
            Some(subject) => subject.runs.push(run),
            None => subjects.push(StrategyRuns {
                name: &run.strategy,
                first: run,
                runs: vec![run],
                race: report
                    .race
                    .iter()
                    .find(|race| race.strategy == run.strategy),
            }),
        }
    }
    // Interleaved trials and interrupted runs may begin in another order.
    let asked = |name: &str| {
        report
            .scenario
            .strategies
            .iter()
            .position(|asked| asked == name)
    };
    subjects.sort_by_key(|subject| asked(subject.name).unwrap_or(usize::MAX));
    subjects
}

/// The strategies by group, correct ones first; within a group, in the requested order.
pub(super) fn by_group<'a, 'b>(
    subjects: &'a [StrategyRuns<'b>],
) -> Vec<(Group, &'a StrategyRuns<'b>)> {
    let of = |group| {
        let members = subjects
            .iter()
            .filter(move |subject| subject.group() == group);
        members.map(move |subject| (group, subject))
    };
    Group::ALL.into_iter().flat_map(of).collect()
}

impl Group {
    /// All groups, in the order of a table.
    pub(super) const ALL: [Self; 3] = [Self::Correct, Self::Inconclusive, Self::Incorrect];

    pub(super) fn tone(self) -> Tone {
        match self {
            Self::Correct => Tone::Good,
            Self::Inconclusive => Tone::Warn,
            Self::Incorrect => Tone::Bad,
        }
    }
}

impl StrategyRuns<'_> {
    pub(super) fn group(&self) -> Group {
        let is = |verdict| self.runs.iter().any(|run| run.verdict == verdict);
        let wrong = |run: &&Run| run.ledger.is_over_issued() || run.ledger.is_lossy();
        let broken = is(Verdict::Violated) || is(Verdict::Finding);
        if broken || self.runs.iter().any(wrong) {
            Group::Incorrect
        } else if is(Verdict::Inconclusive) {
            Group::Inconclusive
        } else {
            Group::Correct
        }
    }

    /// The trial with the worst verdict and the number of other trials with a problem; `None` if all trials are correct.
    pub(super) fn worst(&self) -> Option<(&Run, u64)> {
        let troubled: Vec<_> = self
            .runs
            .iter()
            .copied()
            .filter(|run| judgement::tone(run) != Tone::Good)
            .collect();
        let worst = troubled.iter().copied().max_by_key(|run| {
            // `max_by_key` takes the last of equal trials, and the first one is wanted.
            (
                judgement::severity(run.verdict),
                run.ledger.over_issued,
                run.ledger.lost,
                std::cmp::Reverse(run.trial),
            )
        });
        worst.map(|run| (run, troubled.len() as u64 - 1))
    }

    /// `naive, trial 2`; without the number of the trial where there is only one.
    pub(super) fn name_of(&self, run: &Run) -> String {
        if self.runs.len() > 1 {
            format!("{}, trial {}", self.name, run.trial)
        } else {
            self.name.to_owned()
        }
    }

    /// The worst verdict, with its frequency if the trials have different verdicts.
    pub(super) fn verdict(&self) -> String {
        let times = |verdict| {
            self.runs
                .iter()
                .filter(|run| run.verdict == verdict)
                .count()
        };
        let worst = Verdict::ALL
            .into_iter()
            .find(|verdict| times(*verdict) > 0)
            .unwrap_or(Verdict::Inconclusive);
        let word = worst.name();
        if times(worst) == self.runs.len() {
            word.to_owned()
        } else {
            format!("{word} {}/{}", times(worst), self.runs.len())
        }
    }

    pub(super) fn issued(&self) -> String {
        let numbers = self.numbers(|ledger| ledger.issued);
        let all: Option<Vec<_>> = numbers.into_iter().collect();
        all.map_or(NOTHING.to_owned(), |all| range(&all))
    }

    /// The range of a number of wrong coupons. A trial with an unknown number does not hide the numbers of the other trials.
    pub(super) fn wrong(&self, of: fn(&LedgerCounts) -> Option<u64>) -> String {
        let numbers = self.numbers(of);
        let found: Vec<_> = numbers.iter().copied().flatten().collect();
        match found.iter().copied().max() {
            Some(_) if found.len() == numbers.len() => range(&found),
            Some(most) if most > 0 => format!("≥ {}", known(Some(most))),
            Some(_) | None => NOTHING.to_owned(),
        }
    }

    fn numbers(&self, of: fn(&LedgerCounts) -> Option<u64>) -> Vec<Option<u64>> {
        self.runs.iter().map(|run| of(&run.ledger)).collect()
    }

    pub(super) fn latency(
        &self,
        of: fn(&Run) -> &Distribution,
        percentile: fn(&Distribution) -> Option<u64>,
    ) -> String {
        let mut values: Vec<u64> = self
            .runs
            .iter()
            .filter_map(|run| percentile(of(run)))
            .collect();
        values.sort_unstable();
        optional_duration(median(&values, u64::midpoint))
    }

    pub(super) fn throughput(&self) -> String {
        let mut values: Vec<f64> = self.runs.iter().map(|run| run.throughput_per_s).collect();
        values.sort_unstable_by(f64::total_cmp);
        median(&values, f64::midpoint).map_or(NOTHING.to_owned(), rate)
    }
}

/// The smallest and the largest number.
fn range(numbers: &[u64]) -> String {
    let ends = (numbers.iter().min(), numbers.iter().max());
    match ends {
        (Some(least), Some(most)) if least != most => {
            format!("{}–{}", count(*least), count(*most))
        }
        (least, _) => known(least.copied()),
    }
}

/// `20/20 over-issued, 84–100 %`. Without an over-issue, the interval gives an upper bound.
pub(super) fn race(race: &Race) -> String {
    if race.trials == 0 {
        return NOTHING.to_owned();
    }
    let seen = format!(
        "{}/{} over-issued",
        count(race.over_issued),
        count(race.trials)
    );
    let [low, high] = race.interval;
    if race.over_issued == 0 {
        format!("{seen}, ≤ {} %", percent(high))
    } else {
        format!("{seen}, {}–{} %", percent(low), percent(high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::fixtures;

    #[test]
    fn an_unknown_trial_is_not_counted_as_zero_and_hides_no_other() {
        let mut report = fixtures::comparison();
        for run in report.runs.iter_mut().filter(|run| run.trial == 2) {
            run.ledger = LedgerCounts::default();
        }
        let subjects = subjects(&report);
        let told = |subject: &StrategyRuns| subject.wrong(|ledger| ledger.over_issued);
        let told: Vec<_> = subjects.iter().map(told).collect();
        assert_eq!(told, ["≥ 898", "–", "–"]);
    }

    #[test]
    fn no_over_issue_in_twenty_trials_gives_an_upper_bound() {
        let of = |over_issued, interval| {
            race(&Race {
                strategy: "naive".to_owned(),
                trials: 20,
                over_issued,
                probability: 0.0,
                interval,
            })
        };
        assert_eq!(of(20, [0.838_9, 1.0]), "20/20 over-issued, 84–100 %");
        assert_eq!(of(0, [0.0, 0.161_1]), "0/20 over-issued, ≤ 16 %");
    }
}
