//! The head of the page: what was run, and on what.

use super::layout::Page;
use crate::{model::report::Report, render::head::facts, text::format::clean};

pub(super) fn write(page: &mut Page, report: &Report) {
    if let Some(title) = &report.scenario.title {
        page.heading(&clean(title));
        page.gap();
    }
    for (label, text) in facts(report) {
        page.labelled(label, &text);
    }
}
