//! The head of the page: what was run, and on what.

use super::layout::Page;
use crate::report::{Report, format::clean, head::facts};

pub(super) fn write(page: &mut Page, report: &Report) {
    if let Some(title) = &report.scenario.title {
        page.heading(&clean(title));
        page.gap();
    }
    for (label, text) in facts(report) {
        page.labelled(label, &text);
    }
}
