//! The report for a person at a terminal, or on a stage.
//!
//! # Layout
//!
//! - `head`: what was run, and on what
//! - `outcome`: what users were told beside what the ledger holds
//! - `judgement`: the verdict, where one sees it first
//! - `witness`: the attempts that show why, drawn
//! - `latency`, `histogram`: how long it took, by outcome
//! - `load`: how hard it was, errors, objects left behind
//! - `bystander`: what somebody else felt meanwhile
//! - `comparison`: all of that in one table, for several runs
//! - `assertions`: what else was asked
//! - `layout`, `style`: pages, tables, colours
//!
//! Progress, JSON and the other formats are not here.

mod assertions;
mod bystander;
mod comparison;
mod head;
mod histogram;
mod judgement;
mod latency;
pub(crate) mod layout;
mod load;
mod outcome;
mod style;
mod witness;

use std::io;

pub use style::Style;
pub(crate) use style::Tone;

use self::layout::Page;
use super::Format;
use crate::model::report::{Report, Run};

impl Format for Style {
    fn render(&self, report: &Report) -> io::Result<String> {
        Ok(render(report, *self))
    }
}

/// The whole report: a page for one run, a table for several.
pub fn render(report: &Report, style: Style) -> String {
    let mut page = Page::new(style.readable());
    head::write(&mut page, report);
    match report.runs.as_slice() {
        [] => {
            page.gap();
            page.barred(Tone::Warn, "nothing was run");
        }
        [run] => one_run(&mut page, style, report, run),
        _ => comparison::write(&mut page, report),
    }
    if report.interrupted {
        page.gap();
        page.barred(
            Tone::Warn,
            "interrupted: this covers only what had finished by then",
        );
    }
    assertions::write(&mut page, &report.assertions);
    page.finish()
}

fn one_run(page: &mut Page, style: Style, report: &Report, run: &Run) {
    outcome::write(page, run);
    page.gap();
    judgement::write(page, run, report.scenario.limit, None);
    witness::write(page, style, &[run]);
    latency::write(page, run);
    histogram::write(page, run);
    load::write(page, run);
    bystander::write(page, run);
}
