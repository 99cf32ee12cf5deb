//! Coupons against the limit over time. Coupons beyond the limit are red.

use super::{
    axis,
    figure::Figure,
    plot::{Area, COLORS, DrawError, Line, Plot, SURPLUS},
};
use crate::{
    model::report::Run,
    render::document::Table,
    text::format::{count, duration, plural},
};

/// A limit that is so many times the number of coupons is not drawn, as the curve of the coupons would be flat.
const FAR: u64 = 20;

/// `None` where no row became durable.
pub(super) fn figure(run: &Run, whose: &str, limit: u64) -> Result<Option<Figure>, DrawError> {
    let series = cumulative(run);
    let Some((end, rows)) = series.last().copied() else {
        return Ok(None);
    };
    let surplus = rows.saturating_sub(limit);
    let near = limit <= rows.saturating_mul(FAR);
    let points: Vec<_> = series
        .iter()
        .map(|(at, rows)| (*at as f64, *rows as f64))
        .collect();
    let height = limit as f64;
    let highest = if near { rows.max(limit) } else { rows };
    let mut areas = vec![Area {
        points: below(&points, height),
        from: 0.0,
        color: COLORS[0],
    }];
    if surplus > 0 {
        areas.push(Area {
            points: above(&points, height),
            from: height,
            color: SURPLUS,
        });
    }
    let plot = Plot {
        x: axis::time("time since the release", end as f64),
        y: axis::counts("rows in the database", highest as f64),
        areas,
        lines: vec![Line {
            points,
            color: if surplus > 0 { SURPLUS } else { COLORS[0] },
            label: String::new(),
        }],
        rule: near.then(|| (height, format!("limit {}", count(limit)))),
    };
    let words = format!(
        "{} in {}, limit {}, {} beyond it",
        plural(rows, "row"),
        duration(end),
        count(limit),
        count(surplus)
    );
    let caption = format!("Issued against the limit: {whose}");
    Figure::new(&plot, caption, words, Vec::new(), &table(&series)).map(Some)
}

/// Nanoseconds since the release, and the number of rows at that time. The first point is 0 rows at 0 ns.
fn cumulative(run: &Run) -> Vec<(u64, u64)> {
    let over_time = &run.database.rows_over_time;
    let mut sum = 0;
    let ends = (1..).map(|index: u64| index.saturating_mul(over_time.interval_ns));
    let steps = over_time.rows.iter().zip(ends).map(|(rows, end)| {
        sum += rows;
        (end, sum)
    });
    let steps: Vec<_> = steps.collect();
    if steps.is_empty() {
        return steps;
    }
    std::iter::once((0, 0)).chain(steps).collect()
}

fn below(points: &[(f64, f64)], limit: f64) -> Vec<(f64, f64)> {
    let crossed = crossed(points, limit);
    crossed
        .iter()
        .map(|(at, rows)| (*at, rows.min(limit)))
        .collect()
}

fn above(points: &[(f64, f64)], limit: f64) -> Vec<(f64, f64)> {
    let crossed = crossed(points, limit);
    crossed
        .iter()
        .map(|(at, rows)| (*at, rows.max(limit)))
        .collect()
}

/// Adds a point where the curve crosses the limit, so that the area of the surplus begins at the limit.
fn crossed(points: &[(f64, f64)], limit: f64) -> Vec<(f64, f64)> {
    let mut all = Vec::with_capacity(points.len() + 1);
    for point in points {
        if let Some((before, rows)) = all.last().copied()
            && rows < limit
            && point.1 > limit
        {
            let part = (limit - rows) / (point.1 - rows);
            all.push((before + (point.0 - before) * part, limit));
        }
        all.push(*point);
    }
    all
}

fn table(series: &[(u64, u64)]) -> Table {
    let rows = series
        .iter()
        .map(|(at, rows)| [duration(*at).into(), count(*rows).into()]);
    Table::of_figures(["until", "rows"]).with(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_surplus_begins_at_the_limit() {
        let points = [(0.0, 0.0), (10.0, 50.0), (20.0, 150.0)];
        let crossing = (15.0, 100.0);
        assert_eq!(crossed(&points, 100.0)[2], crossing);
        assert_eq!(
            above(&points, 100.0)[1..],
            [(10.0, 100.0), crossing, (20.0, 150.0)]
        );
        assert_eq!(
            below(&points, 100.0)[1..],
            [(10.0, 50.0), crossing, (20.0, 100.0)]
        );
    }
}
