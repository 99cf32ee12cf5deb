//! `coupon-bench strategies NAME`: one strategy's page, taken from its own file, so that it cannot drift from what runs.

use super::terminal::{Style, Tone};
use crate::{scenario::DbKind, strategy::Entry};

/// Header, facts and listing of `entry`.
pub fn render(entry: &Entry, style: Style) -> String {
    let mut lines: Vec<String> = header(entry.source).map(str::to_owned).collect();
    lines.push(String::new());
    lines.extend(facts(entry));
    lines.push(String::new());
    lines.extend(listing(entry.source).map(|line| style.paint(Tone::Heading, line)));
    lines.push(String::new());
    lines.join("\n")
}

/// The module's documentation, as text.
fn header(source: &str) -> impl Iterator<Item = &str> {
    source
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .filter(|line| !line.starts_with("```"))
}

fn facts(entry: &Entry) -> Vec<String> {
    let refusals = DbKind::ALL.into_iter().filter_map(|db| db.refusal(entry));
    let mut facts = vec![
        format!("promise       {}", entry.promise),
        format!(
            "one per user  {}",
            if entry.one_per_user { "yes" } else { "no" }
        ),
        format!("fails by      {}", entry.known_failure),
    ];
    facts.extend(refusals.map(|reason| format!("not run       {reason}")));
    facts
}

/// What a teacher would put on a slide: everything after the strategy's fields.
fn listing(source: &str) -> impl Iterator<Item = &str> {
    source
        .lines()
        .skip_while(|line| !line.starts_with("impl Strategy for "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::REGISTRY;

    #[test]
    fn every_page_has_a_picture_and_a_listing() {
        for entry in REGISTRY {
            let page = render(entry, Style::PLAIN);
            assert!(page.starts_with(&format!("`{}`: ", entry.name)), "{page}");
            assert!(
                page.contains("  u1"),
                "{} draws no interleaving",
                entry.name
            );
            assert!(
                page.contains("async fn claim(&self, user: UserId)"),
                "{page}"
            );
            assert!(!page.contains("//!") && !page.contains("ENTRY"), "{page}");
        }
    }
}
