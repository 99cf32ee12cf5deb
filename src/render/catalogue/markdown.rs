//! All strategies as Markdown, for `docs/strategies.md`: the text of each strategy, the result of its exploration, and its listing.

use std::fmt::Write;

use super::{
    strategy::{header, listing, refusals},
    yes_or_no,
};
use crate::{engine::explore::Exploration, render::exploration};

/// A section for each strategy, in the order of the registry.
pub fn render(found: &[Exploration]) -> String {
    let mut text = String::from(
        "# The strategies\n\n\
         Written by `coupon-bench strategies --markdown`: the words are those of the strategies' own files, the tables and pictures are \
         what `explore` finds.\n",
    );
    // Writing to a string cannot fail.
    for exploration in found {
        let name = exploration.entry.name;
        let _ = writeln!(text, "- [`{name}`](#{name}): {}", exploration.entry.how);
    }
    for exploration in found {
        text.push_str(&section(exploration));
    }
    text
}

fn section(exploration: &Exploration) -> String {
    let entry = exploration.entry;
    let words: Vec<_> = header(entry.source).collect();
    let listing: Vec<_> = listing(entry.source).collect();
    let mut text = format!("\n## {}\n\n{}\n\n", entry.name, words.join("\n"));
    let _ = writeln!(text, "- Promise: {}", entry.promise);
    let _ = writeln!(text, "- One per user: {}", yes_or_no(entry.one_per_user));
    let _ = writeln!(text, "- Fails by: {}", entry.known_failure);
    for reason in refusals(entry) {
        let _ = writeln!(text, "- Not run: {reason}");
    }
    let _ = writeln!(
        text,
        "\n### Every interleaving\n\n{}",
        exploration::found(exploration)
    );
    let _ = writeln!(text, "### Listing\n\n```rust\n{}\n```", listing.join("\n"));
    text
}

#[cfg(test)]
mod tests {
    use crate::{
        engine::explore::{self, Exploration},
        render::catalogue,
    };

    /// The text of the last column in the README's table.
    fn broken_by_one_fault(found: &Exploration) -> String {
        let races = |answer: &explore::InvariantResult| answer.without_faults.is_some();
        if found.answers.iter().any(races) {
            return "races without one".to_owned();
        }
        let broken = found
            .answers
            .iter()
            .filter(|answer| answer.with_faults.is_some());
        let names: Vec<_> = broken.map(|answer| answer.invariant.name()).collect();
        if names.is_empty() {
            "–".to_owned()
        } else {
            names.join(", ")
        }
    }

    #[test]
    fn the_readme_says_what_one_fault_breaks() {
        let readme = include_str!("../../../README.md");
        for found in explore::catalogue().unwrap_or_default() {
            let name = found.entry.name;
            let row = readme
                .lines()
                .find(|line| line.starts_with(&format!("| `{name}` |")));
            let words = format!("| {} |", broken_by_one_fault(&found));
            assert!(
                row.is_some_and(|row| row.ends_with(&words)),
                "{row:?} does not end in {words}"
            );
        }
    }

    #[test]
    fn the_documentation_is_up_to_date() {
        let written = explore::catalogue().map(|found| catalogue::markdown(&found));
        let committed = include_str!("../../../docs/strategies.md");
        assert!(
            written.is_ok_and(|written| written == committed),
            "docs/strategies.md is not up to date: coupon-bench strategies --markdown > docs/strategies.md"
        );
    }
}
