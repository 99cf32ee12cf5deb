//! The few attempts that show why it went wrong, drawn, where a trace was asked for.

use super::{Style, layout::Page};
use crate::{
    model::report::{Run, witnesses},
    render::interleaving,
    text::format::{count, plural},
};

/// The first witness of each strategy, and what the trace could not keep.
pub(super) fn write(page: &mut Page, style: Style, runs: &[&Run]) {
    for picture in witnesses(runs.iter().copied()) {
        page.gap();
        page.block(&interleaving::terminal::render(picture, style));
    }
    for run in runs {
        let Some(trace) = run.trace else { continue };
        if trace.dropped > 0 {
            let dropped = count(trace.dropped);
            let text = format!(
                "{}, of which {dropped} could not be kept",
                plural(trace.seen, "step")
            );
            page.labelled("trace", &text);
        }
        if run.witness.is_none() && !run.findings.is_empty() {
            page.labelled("trace", "does not hold the attempts that would explain it");
        }
    }
}
