//! The state of every strategy.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use super::{PlannedRuns, columns::Columns};
use crate::{
    engine::load::Counters,
    render::{Style, Tone},
    text::format::{clean, count},
};

/// All strategies, in their order.
pub struct Board {
    pub limit: u64,
    pub total: u64,
    pub trials: u32,
    pub rows: Vec<Row>,
    /// Whether inserted rows are counted.
    pub counts_rows: bool,
    /// The row of the current trial.
    current: usize,
}

/// The line of a strategy.
pub struct Row {
    pub name: String,
    pub state: State,
    /// The number of finished trials that issued more than the limit.
    pub over: u32,
}

/// The state of a strategy; trials are counted from 1.
pub enum State {
    Waiting,
    Running {
        trial: u32,
        draining: bool,
        counters: Arc<Counters>,
    },
    Ended {
        trial: u32,
        counts: Counts,
    },
}

/// The values of the counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub answered: u64,
    pub issued: u64,
    pub rows: u64,
}

impl Counts {
    pub fn of(counters: &Counters) -> Self {
        Self {
            answered: counters.finished.load(Relaxed),
            issued: counters.issued.load(Relaxed),
            rows: counters.inserted.load(Relaxed),
        }
    }
}

impl Board {
    pub fn new(plan: &PlannedRuns) -> Self {
        let row = |name: &String| Row {
            name: clean(name),
            state: State::Waiting,
            over: 0,
        };
        Self {
            limit: plan.limit,
            total: plan.total,
            trials: plan.trials,
            rows: plan.strategies.iter().map(row).collect(),
            counts_rows: plan.counts_rows,
            current: 0,
        }
    }

    pub fn load(&mut self, strategy: &str, trial: u32, counters: Arc<Counters>) {
        let found = self.rows.iter().position(|row| row.name == strategy);
        if let Some(index) = found {
            self.current = index;
            self.rows[index].state = State::Running {
                trial,
                draining: false,
                counters,
            };
        }
    }

    pub fn drain(&mut self) {
        if let Some(Row {
            state: State::Running { draining, .. },
            ..
        }) = self.rows.get_mut(self.current)
        {
            *draining = true;
        }
    }

    pub fn done(&mut self) {
        let Some(row) = self.rows.get_mut(self.current) else {
            return;
        };
        if let State::Running {
            trial, counters, ..
        } = &row.state
        {
            let (trial, counts) = (*trial, Counts::of(counters));
            row.over += u32::from(counts.issued > self.limit);
            row.state = State::Ended { trial, counts };
        }
    }

    /// The lines for a terminal of so many rows: all strategies, or those around the current one.
    pub fn lines(&self, rows: usize, style: Style) -> Vec<String> {
        let columns = Columns::new(self, style);
        let whole = self.rows.len() + 1;
        // One row stays free for typed text and messages.
        let (shown, hidden) = if whole < rows {
            (0..self.rows.len(), 0)
        } else {
            let room = rows.saturating_sub(3).clamp(1, self.rows.len());
            let begin = (self.current + 1).saturating_sub(room);
            (begin..begin + room, self.rows.len() - room)
        };
        let mut lines = vec![columns.heading()];
        lines.extend(self.rows[shown].iter().map(|row| columns.line(row)));
        if hidden > 0 {
            lines.push(style.paint(Tone::Quiet, format!("and {hidden} more")));
        }
        lines
    }

    /// The current trial as one line of a log.
    pub fn sentence(&self) -> Option<String> {
        let row = self.rows.get(self.current)?;
        let State::Running {
            trial,
            draining,
            counters,
        } = &row.state
        else {
            return None;
        };
        let counts = Counts::of(counters);
        let label = match self.trials {
            1 => row.name.clone(),
            trials => format!("{} {trial}/{trials}", row.name),
        };
        let total = count(self.total);
        let attempts = if *draining {
            format!("draining after {total} attempts")
        } else {
            format!("{} of {total} attempts", count(counts.answered))
        };
        let rows = if self.counts_rows {
            format!(", {} in the database", count(counts.rows))
        } else {
            String::new()
        };
        Some(format!(
            "{label}: {attempts}, issued {} of {}{rows}",
            count(counts.issued),
            count(self.limit),
        ))
    }
}
