//! The line of a strategy: its name, its trial, the issued coupons as a bar that is full at the limit, the answers, and remarks.

use super::board::{Board, Counts, Row, State};
use crate::{
    render::{Style, Tone},
    text::format::{count, plural, shorten},
};

/// The smallest and the largest width of a bar.
const BAR: (usize, usize) = (8, 30);

/// The largest width of a name.
const NAME: usize = 20;

/// The width that is kept free for remarks.
const REMARK: usize = 24;

/// The widths of all parts.
pub struct Columns<'a> {
    board: &'a Board,
    style: Style,
    name: usize,
    trial: usize,
    bar: usize,
    number: usize,
}

impl<'a> Columns<'a> {
    /// Widths for a terminal of the style's width. The last column stays free, as a character there may wrap the line.
    pub fn new(board: &'a Board, style: Style) -> Self {
        let names = board.rows.iter().map(|row| row.name.chars().count());
        let name = names.max().unwrap_or_default().min(NAME);
        let trial = match board.trials {
            1 => 0,
            trials => trial(trials, trials).len().max("trial".len()) + 2,
        };
        let number = count(board.total).len();
        let rest = name + 2 + trial + 1 + number + 2 + number + 2 + REMARK;
        Self {
            board,
            style,
            name,
            trial,
            bar: (style.width.saturating_sub(1 + rest)).clamp(BAR.0, BAR.1),
            number,
        }
    }

    /// The heads of the columns.
    pub fn heading(&self) -> String {
        let trial = if self.trial == 0 { "" } else { "trial" };
        let issued = format!("issued of {}", count(self.board.limit));
        let text = format!(
            "{:name$}{trial:>trials$}  {issued:wide$}  answered of {}",
            "",
            count(self.board.total),
            name = self.name,
            trials = self.trial,
            wide = self.bar + 1 + self.number,
        );
        self.fit(&self.style.paint(Tone::Quiet, text))
    }

    pub fn line(&self, row: &Row) -> String {
        let text = match &row.state {
            State::Waiting => {
                let (name, trial) = (self.name(row), self.trial);
                self.style
                    .paint(Tone::Quiet, format!("{name}{:trial$}  waiting", ""))
            }
            State::Running {
                trial,
                draining,
                counters,
            } => {
                let counts = Counts::of(counters);
                let over = row.over + u32::from(counts.issued > self.board.limit);
                let remarks = [
                    self.excess(counts, over, *trial),
                    draining.then(|| drain(counts, self.board.counts_rows, over)),
                ];
                self.numbers(row, *trial, counts, Tone::Plain)
                    + &self.remarks(remarks, over > 0, Tone::Plain)
            }
            State::Ended { trial, counts } => {
                let remarks = [self.excess(*counts, row.over, *trial), None];
                self.numbers(row, *trial, *counts, Tone::Quiet)
                    + &self.remarks(remarks, row.over > 0, Tone::Quiet)
            }
        };
        self.fit(&text)
    }

    fn name(&self, row: &Row) -> String {
        let short = match row.name.chars().count() {
            long if long > self.name => shorten(&row.name, self.name - 1),
            _ => row.name.clone(),
        };
        format!("{short:width$}", width = self.name)
    }

    fn numbers(&self, row: &Row, at: u32, counts: Counts, tone: Tone) -> String {
        let trial = match self.board.trials {
            1 => String::new(),
            trials => trial(at, trials),
        };
        let issued = if counts.issued > self.board.limit {
            Tone::Bad
        } else {
            tone
        };
        let (name, trials, number) = (self.name(row), self.trial, self.number);
        let head = format!("{name}{trial:>trials$}  ");
        let bar = format!(
            "{} {:>number$}",
            self.bar(counts.issued),
            count(counts.issued)
        );
        let answered = format!("  {:>number$}", count(counts.answered));
        self.style.paint(tone, head)
            + &self.style.paint(issued, bar)
            + &self.style.paint(tone, answered)
    }

    /// The bar of the issued coupons, in halves of a character.
    fn bar(&self, issued: u64) -> String {
        let halves = 2 * self.bar as u128;
        let filled =
            halves * u128::from(issued.min(self.board.limit)) / u128::from(self.board.limit.max(1));
        let filled = usize::try_from(filled).unwrap_or(0);
        let half = if filled % 2 == 1 { "▌" } else { "" };
        let text = "█".repeat(filled / 2) + half;
        let left = self.bar - filled.div_ceil(2);
        text + &"░".repeat(left)
    }

    /// The number of coupons beyond the limit, or the number of trials with such coupons.
    fn excess(&self, counts: Counts, over: u32, trial: u32) -> Option<String> {
        if over == 0 {
            return None;
        }
        Some(match self.board.trials {
            1 => format!("over by {}", count(counts.issued - self.board.limit)),
            _ => format!("over in {over} of {trial}"),
        })
    }

    fn remarks(&self, [excess, more]: [Option<String>; 2], over: bool, tone: Tone) -> String {
        let excess_tone = if over { Tone::Bad } else { tone };
        let parts = [
            excess.map(|text| self.style.paint(excess_tone, text)),
            more.map(|text| self.style.paint(tone, text)),
        ];
        let said: Vec<_> = parts.into_iter().flatten().collect();
        if said.is_empty() {
            return String::new();
        }
        format!("  {}", said.join(", "))
    }

    fn fit(&self, line: &str) -> String {
        let width = self.style.width.saturating_sub(1);
        console::truncate_str(line, width, "…").into_owned()
    }
}

/// The remark during the drain. The rows are shown only where there is no excess.
fn drain(counts: Counts, counts_rows: bool, over: u32) -> String {
    match over {
        0 if counts_rows => format!("draining, {}", plural(counts.rows, "row")),
        _ => "draining".to_owned(),
    }
}

fn trial(at: u32, trials: u32) -> String {
    format!("{at}/{trials}")
}
