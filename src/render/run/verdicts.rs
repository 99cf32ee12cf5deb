//! The verdict of a run line by line, the worst trial of a strategy, and the assertions.

use crate::{
    model::report::{AssertionOutcome, Report, Run},
    render::{
        document::{Cell, Column, Document, Table, Text, Tone, VerdictLine},
        judgement::{lines, tone},
        observed::observed,
        strategy_runs::StrategyRuns,
    },
    text::format::{clean, plural},
};

/// The lines of one run. The first one begins with `name`, if there is one.
pub(super) fn lines_of(document: &mut Document, run: &Run, lines: Vec<Text>, name: &str) {
    for (index, text) in lines.into_iter().enumerate() {
        let is_first = index == 0 && !name.is_empty();
        document.line(VerdictLine {
            tone: tone(run),
            name: if is_first { clean(name) } else { String::new() },
            separator: if is_first { ": " } else { "" },
            level: index.min(1),
            text,
            ..VerdictLine::default()
        });
    }
}

/// The trial with the worst verdict, if a trial went wrong, and the number of similar ones.
pub(super) fn worst(document: &mut Document, subject: &StrategyRuns, limit: u64) {
    if let Some((run, lines)) = worst_lines(subject, limit) {
        lines_of(document, run, lines, &subject.name_of(run));
    }
}

/// The same as text.
pub(in crate::render) fn worst_lines<'a>(
    subject: &'a StrategyRuns,
    limit: u64,
) -> Option<(&'a Run, Vec<Text>)> {
    let (run, others) = subject.worst()?;
    let mut lines = lines(run, limit);
    if others > 0 {
        let others = plural(others, "other trial");
        lines.push(format!("and {others} like it").into());
    }
    Some((run, lines))
}

/// Each assertion and the value that was observed.
pub(in crate::render) fn assertions(report: &Report) -> Table {
    let mut broken_by = Column::words("broken by");
    broken_by.only_if_filled = true;
    let table = Table::new([
        Column::words("assertion"),
        Column::words(""),
        Column::figures("observed"),
        broken_by,
    ]);
    table.with(report.assertions.iter().map(|assertion| {
        let outcome = assertion.outcome();
        let tone = match outcome {
            AssertionOutcome::Held => Tone::Good,
            AssertionOutcome::Failed => Tone::Bad,
            AssertionOutcome::NotObserved => Tone::Warn,
        };
        [
            clean(&assertion.expression).into(),
            Cell::Signed(tone, outcome.name().to_owned()),
            observed(assertion).into(),
            clean(assertion.broken_by.as_deref().unwrap_or_default()).into(),
        ]
    }))
}
