//! What else was asked of the runs, and what it met.

use super::{
    Style, Tone,
    layout::{Grid, Page},
};
use crate::{
    model::report::{AssertionOutcome, AssertionResult},
    render::observed::observed,
    text::format::clean,
};

pub(super) fn write(page: &mut Page, assertions: &[AssertionResult]) {
    if assertions.is_empty() {
        return;
    }
    let style = page.style;
    let head =
        ["assertion", "", "observed", "broken by"].map(|head| style.paint(Tone::Heading, head));
    let any_names = assertions
        .iter()
        .any(|assertion| assertion.broken_by.is_some());
    let mut rows = vec![Vec::from(head)];
    rows.extend(assertions.iter().map(|assertion| row(style, assertion)));
    if !any_names {
        for row in &mut rows {
            row.truncate(3);
        }
    }
    let grid = Grid {
        rows,
        left: vec![0, 1, 3],
        divider: None,
    };
    page.gap();
    page.block(&grid.draw(style));
}

fn row(style: Style, assertion: &AssertionResult) -> Vec<String> {
    let outcome = assertion.outcome();
    let tone = match outcome {
        AssertionOutcome::Held => Tone::Good,
        AssertionOutcome::Failed => Tone::Bad,
        AssertionOutcome::NotObserved => Tone::Warn,
    };
    vec![
        clean(&assertion.expression),
        style.paint(tone, outcome.name()),
        observed(assertion),
        clean(assertion.broken_by.as_deref().unwrap_or_default()),
    ]
}
