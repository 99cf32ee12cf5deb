//! The shape of the response times: one column of bars for each outcome, to its own scale, so that 100 issued coupons are visible
//! beside 9,900 refusals.

use super::latency;
use crate::{
    model::report::{Distribution, Run},
    render::{
        document::{Cell, Column, Document, Table},
        samples::merged,
    },
    text::format::count,
};

/// Lines that a histogram may take.
const LINES: usize = 12;

/// Where buckets start within a decade, in tenths, from fine to coarse. The finest that fits is taken.
const LADDERS: [&[u64]; 5] = [
    &[
        10, 11, 12, 13, 15, 16, 18, 20, 22, 24, 27, 30, 33, 36, 39, 43, 47, 51, 56, 62, 68, 75, 82,
        91,
    ],
    &[10, 12, 15, 18, 22, 27, 33, 39, 47, 56, 68, 82],
    &[10, 15, 22, 33, 47, 68],
    &[10, 20, 50],
    &[10],
];

/// Recorded values and how often each came, in rising order.
type Samples = Vec<(u64, u64)>;

pub(super) fn write(document: &mut Document, run: &Run) {
    let columns: Vec<(&str, Samples)> = latency::by_name(&run.latency.response)
        .filter_map(|(name, distribution)| Some((name, samples(distribution)?)))
        .collect();
    if columns.is_empty() {
        return;
    }
    document.gap();
    document.table(table(&columns, &buckets(&columns)));
    if columns.len() > 1 {
        document.note("each column of bars has its own scale");
    }
}

/// `None` for a distribution without samples, and for text that is no histogram: a report from a file may hold any text.
fn samples(distribution: &Distribution) -> Option<Samples> {
    let durations = merged([distribution]);
    let samples: Samples = durations
        .histogram()?
        .iter_recorded()
        .map(|step| (step.value_iterated_to(), step.count_at_value()))
        .collect();
    (!samples.is_empty()).then_some(samples)
}

/// One line: the range in nanoseconds, and the count of each column.
#[derive(Debug, PartialEq)]
struct Bucket {
    from: u64,
    to: u64,
    counts: Vec<u64>,
}

/// Buckets with samples, of the finest ladder with which they and the gaps between them fit.
fn buckets(columns: &[(&str, Samples)]) -> Vec<Bucket> {
    let mut buckets = Vec::new();
    for ladder in LADDERS {
        buckets = fill(ladder, columns);
        let gaps = buckets.windows(2).filter(|pair| is_gap(pair)).count();
        if buckets.len() + gaps <= LINES {
            break;
        }
    }
    buckets
}

fn is_gap(pair: &[Bucket]) -> bool {
    matches!(pair, [before, after] if before.to != after.from)
}

fn fill(ladder: &[u64], columns: &[(&str, Samples)]) -> Vec<Bucket> {
    let edges = edges(ladder);
    let mut filled: Vec<Bucket> = edges
        .windows(2)
        .map(|pair| Bucket {
            from: pair[0],
            to: pair[1],
            counts: vec![0; columns.len()],
        })
        .collect();
    for (column, (_, samples)) in columns.iter().enumerate() {
        for (value, times) in samples {
            let index = edges
                .partition_point(|edge| edge <= value)
                .saturating_sub(1)
                .min(filled.len().saturating_sub(1));
            if let Some(bucket) = filled.get_mut(index) {
                bucket.counts[column] = bucket.counts[column].saturating_add(*times);
            }
        }
    }
    filled.retain(|bucket| bucket.counts.iter().any(|times| *times > 0));
    filled
}

/// From 0 over 10 ns to the largest number of nanoseconds.
fn edges(ladder: &[u64]) -> Vec<u64> {
    let mut edges = vec![0];
    let mut decade: u64 = 1;
    loop {
        for tenths in ladder {
            let Some(edge) = tenths.checked_mul(decade) else {
                edges.push(u64::MAX);
                return edges;
            };
            edges.push(edge);
        }
        decade = decade.saturating_mul(10);
    }
}

fn table(columns: &[(&str, Samples)], buckets: &[Bucket]) -> Table {
    let most = |column: usize| buckets.iter().map(move |bucket| bucket.counts[column]);
    let most: Vec<u64> = (0..columns.len())
        .map(|column| most(column).max().unwrap_or(0))
        .collect();
    let bars = columns
        .iter()
        .flat_map(|(name, _)| [Column::bars(*name), Column::figures("")]);
    let range = Column::words("response time");
    let mut table = Table::new(std::iter::once(range).chain(bars));
    let mut end = buckets.first().map_or(0, |bucket| bucket.from);
    for bucket in buckets {
        if bucket.from != end {
            table.section(format!("{:>7}⋮", ""));
        }
        end = bucket.to;
        let range = format!("{:>6} – {:<6}", edge(bucket.from), edge(bucket.to));
        let bars = bucket.counts.iter().zip(&most).flat_map(|(times, most)| {
            let bar = Cell::Bar {
                value: *times,
                most: *most,
            };
            let times = match times {
                0 => String::new(),
                some => count(*some),
            };
            [bar, times.into()]
        });
        table.row(std::iter::once(range.into()).chain(bars));
    }
    table
}

/// An edge has two significant digits, and no more are printed.
fn edge(ns: u64) -> String {
    let (unit, size) = match ns {
        0..1_000 => ("ns", 1),
        1_000..1_000_000 => ("µs", 1_000),
        1_000_000..1_000_000_000 => ("ms", 1_000_000),
        _ => ("s", 1_000_000_000),
    };
    let tenths = ns / (size / 10).max(1);
    if size == 1 || tenths.is_multiple_of(10) {
        format!("{} {unit}", ns / size)
    } else {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_STANDARD};

    use super::*;
    use crate::render::fixtures::distribution;

    #[test]
    fn corrupt_histograms_are_no_histograms() {
        let mut good = distribution([1_000; 50]);
        assert_eq!(samples(&good).map(|samples| samples.len()), Some(1));
        let bytes = BASE64_STANDARD
            .decode(good.hdr.as_deref().unwrap_or_default())
            .unwrap_or_default();
        assert!(!bytes.is_empty());
        for position in 0..bytes.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut broken = bytes.clone();
                broken[position] ^= flip;
                good.hdr = Some(BASE64_STANDARD.encode(broken));
                // Nothing, or something: no panic.
                let _ = samples(&good);
            }
        }
        for text in ["", "not base64 !", "AAAA", "HISTFAAA"] {
            good.hdr = Some(text.to_owned());
            assert_eq!(samples(&good), None);
        }
    }

    #[test]
    fn every_sample_is_in_one_bucket() {
        let all: Samples = vec![
            (0, 1),
            (9, 2),
            (10, 4),
            (1_499, 8),
            (1_500, 16),
            (u64::MAX, 32),
        ];
        for ladder in LADDERS {
            let buckets = fill(ladder, &[("all", all.clone())]);
            assert_eq!(
                buckets.iter().map(|bucket| bucket.counts[0]).sum::<u64>(),
                63
            );
        }
    }

    #[test]
    fn a_wide_distribution_takes_a_coarse_ladder() {
        let wide: Samples = (0..200_u64)
            .map(|step| (1_000 + step * step * step, 1))
            .collect();
        let buckets = buckets(&[("all", wide)]);
        assert!(buckets.len() <= LINES);
        assert!(buckets.len() > 4);
    }

    #[test]
    fn edges_are_short() {
        for (ns, text) in [
            (0, "0 ns"),
            (91, "91 ns"),
            (1_000, "1 µs"),
            (1_200, "1.2 µs"),
            (820_000, "820 µs"),
            (47_000_000, "47 ms"),
            (2_200_000_000, "2.2 s"),
        ] {
            assert_eq!(edge(ns), text);
        }
    }
}
