//! The picture on a terminal.

use super::{column, legend, lines, sign, wrap};
use crate::{
    model::interleaving::{Interleaving, Mark, Step},
    render::document::{Style, Tone, layout::TerminalWriter},
};

/// The width of the number and the mark before the first actor's column.
const GUTTER: usize = 6;
/// The space between two columns.
const GAP: usize = 2;

/// Title, steps, ledger, reason and token.
pub fn render(picture: &Interleaving, style: Style) -> String {
    let mut writer = TerminalWriter::new(style.readable());
    let style = writer.style;
    writer.heading(&style.paint(Tone::Heading, &picture.title));
    writer.gap();
    let widths = widths(picture, style.width);
    let heads = picture.actors.iter().zip(&widths);
    let heads: Vec<_> = heads
        .map(|(actor, width)| format!("{actor:<width$}", actor = actor.to_string()))
        .collect();
    let head = format!("{:GUTTER$}{}", "", heads.join(&" ".repeat(GAP)));
    writer.block(&style.paint(Tone::Quiet, head.trim_end()));
    for (number, step) in (1..).zip(&picture.steps) {
        for line in row(picture, number, step, &widths, style) {
            writer.block(&line);
        }
    }
    writer.gap();
    for line in legend(picture) {
        writer.note(&line);
    }
    writer.hanging("ledger      ", &picture.ledger);
    if !picture.why.is_empty() {
        writer.hanging("why         ", &picture.why);
    }
    if let Some(token) = &picture.token {
        writer.hanging("schedule    ", token);
    }
    writer.finish()
}

/// The width of each column.
fn widths(picture: &Interleaving, width: usize) -> Vec<usize> {
    let columns = picture.actors.len();
    let needed = |index: usize| {
        let own = picture
            .steps
            .iter()
            .filter(|step| column(picture, step) == Some(index));
        let widest = own
            .flat_map(lines)
            .map(|line| textwrap::core::display_width(&line))
            .max();
        widest.unwrap_or(0).max(8)
    };
    let needs: Vec<_> = (0..columns).map(needed).collect();
    shared(
        &needs,
        width.saturating_sub(GUTTER + GAP * columns.saturating_sub(1)),
    )
}

/// A column that needs less than an equal share of the room has the width of its text. The other columns share the rest.
fn shared(needs: &[usize], room: usize) -> Vec<usize> {
    let mut share = room / needs.len().max(1);
    loop {
        let narrow = needs.iter().filter(|need| **need <= share);
        let (taken, count) = narrow.fold((0, 0), |(sum, count), need| (sum + need, count + 1));
        let fair = match needs.len() - count {
            0 => break,
            wide => (room - taken) / wide,
        };
        if fair <= share {
            break;
        }
        share = fair;
    }
    needs.iter().map(|need| *need.min(&share.max(12))).collect()
}

fn row(
    picture: &Interleaving,
    number: usize,
    step: &Step,
    widths: &[usize],
    style: Style,
) -> Vec<String> {
    let tone = match step.mark {
        Mark::Plain => Tone::Plain,
        Mark::Stale | Mark::Waits | Mark::Fault => Tone::Warn,
        Mark::Broke => Tone::Bad,
    };
    let at = column(picture, step);
    let before = at.map_or(0, |at| widths[..at].iter().map(|width| width + GAP).sum());
    let width = at.map_or(usize::MAX, |at| widths[at]);
    let texts = lines(step).into_iter().flat_map(|line| wrap(&line, width));
    texts
        .enumerate()
        .map(|(index, text)| {
            let gutter = if index == 0 {
                let mark = sign(step.mark);
                format!("{number:>3} {mark:<2}")
            } else {
                " ".repeat(GUTTER)
            };
            format!(
                "{}{}{}",
                style.paint(if index == 0 { tone } else { Tone::Plain }, gutter),
                " ".repeat(before),
                style.paint(tone, text)
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::shared;

    #[test]
    fn a_wide_column_has_the_room_that_a_narrow_one_leaves() {
        assert_eq!(shared(&[20, 30], 92), [20, 30]);
        assert_eq!(shared(&[20, 300], 92), [20, 72]);
        assert_eq!(shared(&[300, 200], 92), [46, 46]);
        assert_eq!(shared(&[10, 300, 25, 300], 92), [10, 28, 25, 28]);
        assert_eq!(shared(&[], 92), Vec::<usize>::new());
    }
}
