//! The spread of the trials of a subject, from the figures of each trial. Samples of different trials are never mixed in one
//! percentile.

use crate::{
    config::scenario::{Scenario, Subject},
    model::report::{Range, Run, Spread},
    statistics::median,
};

/// One entry for each subject with more than one trial.
pub fn spreads(scenario: &Scenario, runs: &[Run]) -> Vec<Spread> {
    let of = |name: &str| {
        let trials: Vec<_> = runs.iter().filter(|run| run.strategy == name).collect();
        (trials.len() > 1).then(|| spread(name, &trials))
    };
    let names = scenario.subjects.iter().map(Subject::name);
    names.filter_map(of).collect()
}

fn spread(name: &str, trials: &[&Run]) -> Spread {
    let durations = |of: fn(&Run) -> Option<u64>| {
        let values = trials.iter().filter_map(|run| of(run));
        range(values.collect(), u64::cmp, u64::midpoint)
    };
    Spread {
        strategy: name.to_owned(),
        trials: trials.len() as u64,
        throughput_per_s: range(
            trials.iter().map(|run| run.throughput_per_s).collect(),
            f64::total_cmp,
            f64::midpoint,
        ),
        p50_ns: durations(|run| run.latency.response.all.p50_ns),
        p99_ns: durations(|run| run.latency.response.all.p99_ns),
        issued_p99_ns: durations(|run| run.latency.response.issued.p99_ns),
        durable_p50_ns: durations(|run| run.time_to_durable.p50_ns),
    }
}

fn range<T: Copy>(
    mut values: Vec<T>,
    order: fn(&T, &T) -> std::cmp::Ordering,
    midpoint: fn(T, T) -> T,
) -> Option<Range<T>> {
    values.sort_unstable_by(order);
    Some(Range {
        min: *values.first()?,
        median: median(&values, midpoint)?,
        max: *values.last()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_minimum_median_and_maximum() {
        let of = |values: &[u64]| range(values.to_vec(), u64::cmp, u64::midpoint);
        let expected = Range {
            min: 1,
            median: 3,
            max: 9,
        };
        assert_eq!(of(&[9, 1, 3]), Some(expected));
        assert_eq!(of(&[]), None);
    }
}
