//! Rows over time: counts the durable rows in a limited number of equal intervals.

use crate::model::report::RowsOverTime;

/// The largest number of intervals.
const INTERVALS: u64 = 100;

/// The shortest interval is a millisecond. Shorter intervals would show the timers and not the database.
const SHORTEST_NS: u64 = 1_000_000;

/// Counts rows by intervals. `instants` are nanoseconds from the release, in any order. The last interval contains the last row.
pub fn rows_over_time(instants: &[u64]) -> RowsOverTime {
    let last = instants.iter().copied().max().unwrap_or_default();
    let interval_ns = interval(last);
    let mut rows = Vec::new();
    for at in instants {
        // The length of the intervals keeps the index below their largest number.
        let index = usize::try_from(at / interval_ns).unwrap_or(usize::MAX);
        if rows.len() <= index {
            rows.resize(index + 1, 0);
        }
        rows[index] += 1;
    }
    RowsOverTime { interval_ns, rows }
}

/// The shortest length of 1, 2, 5, 10, 20, … ms that needs at most [`INTERVALS`] intervals up to `last`, in nanoseconds.
fn interval(last: u64) -> u64 {
    let decades = std::iter::successors(Some(SHORTEST_NS), |decade| decade.checked_mul(10));
    let mut lengths =
        decades.flat_map(|decade| [1, 2, 5].map(|digit| decade.saturating_mul(digit)));
    lengths
        .find(|length| last / length < INTERVALS)
        // An interval of centuries.
        .unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn rows_are_counted_from_the_release_on() {
        let series = rows_over_time(&[5 * MS + 1, 2 * MS, 0, 2 * MS + 999_999]);
        assert_eq!(
            (series.interval_ns, series.rows),
            (MS, vec![1, 0, 2, 0, 0, 1])
        );
    }

    #[test]
    fn without_rows_there_are_no_intervals() {
        assert_eq!(rows_over_time(&[]).rows, Vec::<u64>::new());
    }

    #[test]
    fn a_longer_run_has_longer_intervals() {
        for (last, expected) in [
            (99 * MS, MS),
            (100 * MS, 2 * MS),
            (999 * MS, 10 * MS),
            (30_000 * MS, 500 * MS),
            (3_600_000 * MS, 50_000 * MS),
        ] {
            assert_eq!(interval(last), expected, "{last}");
        }
    }

    proptest! {
        #[test]
        fn every_row_is_counted_in_few_intervals(instants in prop::collection::vec(any::<u64>(), 0..50), scale in 0u32..63) {
            let instants: Vec<_> = instants.iter().map(|at| at >> scale).collect();
            let series = rows_over_time(&instants);
            prop_assert_eq!(series.rows.iter().sum::<u64>(), instants.len() as u64);
            prop_assert!(series.rows.len() as u64 <= INTERVALS);
            prop_assert!(series.rows.last() != Some(&0));
        }
    }
}
