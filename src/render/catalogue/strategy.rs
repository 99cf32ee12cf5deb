//! `coupon-bench strategies NAME`: the header, the facts and the listing of one strategy, read from the strategy's own file.

use super::yes_or_no;
use crate::{
    input::address::DbKind,
    render::document::{Document, Style, Text, Tone},
    strategies::Entry,
};

/// The header, the facts and the listing of a strategy.
pub fn render(entry: &Entry, style: Style) -> String {
    let mut document = Document::new();
    explain(&mut document, entry);
    document.gap();
    for (label, fact) in facts(entry) {
        document.hanging(format!("{label:<14}"), fact);
    }
    document.gap();
    let listing: Vec<_> = listing(entry.source).collect();
    document.lines(Text::toned(Tone::Heading, listing.join("\n")));
    document.terminal(style)
}

/// The header. Paragraphs are wrapped, drawings are not.
fn explain(document: &mut Document, entry: &Entry) {
    let (mut paragraph, mut drawing) = (String::new(), false);
    for line in header(entry.source) {
        if line.starts_with("```") {
            drawing = !drawing;
        } else if drawing {
            document.lines(line);
        } else if line.is_empty() {
            document.paragraph(std::mem::take(&mut paragraph));
            document.gap();
        } else {
            paragraph.push_str(line);
            paragraph.push(' ');
        }
    }
    document.paragraph(paragraph);
}

/// The documentation of the strategy's module, as Markdown.
pub(super) fn header(source: &str) -> impl Iterator<Item = &str> {
    source
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
}

/// The reasons why some databases cannot run the strategy.
pub(super) fn refusals(entry: &Entry) -> impl Iterator<Item = &'static str> {
    DbKind::ALL.into_iter().filter_map(|db| db.refusal(entry))
}

fn facts(entry: &Entry) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("promise", entry.promise.to_string()),
        ("one per user", yes_or_no(entry.one_per_user).to_owned()),
        ("fails by", entry.known_failure.to_owned()),
    ];
    facts.extend(refusals(entry).map(|reason| ("not run", reason.to_owned())));
    facts
}

/// The code of the strategy: everything after the registry's entry.
pub(super) fn listing(source: &str) -> impl Iterator<Item = &str> {
    source
        .lines()
        .skip_while(|line| !line.starts_with("pub const ENTRY"))
        .skip_while(|line| *line != "};")
        .skip(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        render::catalogue,
        strategies::{self, REGISTRY},
    };

    #[test]
    fn every_page_has_a_picture_and_a_listing() {
        for entry in REGISTRY {
            let page = render(entry, Style::PLAIN);
            assert!(page.starts_with(&format!("{}: ", entry.name)), "{page}");
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

    #[test]
    fn a_page_shows_the_scripts_too() {
        let page = strategies::find("redis-lua").map(|entry| render(entry, Style::PLAIN));
        assert!(page.is_some_and(|page| page.contains("redis.call('SISMEMBER'")));
    }

    #[test]
    fn the_readme_and_the_registry_name_the_same_strategies() {
        let readme = include_str!("../../../README.md");
        let rows = readme
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let listed: Vec<_> = rows
            .filter(|name| strategies::find(name).is_some())
            .collect();
        let known: Vec<_> = REGISTRY.iter().map(|entry| entry.name).collect();
        assert_eq!(listed, known);
        for entry in REGISTRY {
            let row = readme
                .lines()
                .find(|line| line.starts_with(&format!("| `{}` |", entry.name)));
            let one_per_user = if entry.one_per_user { "yes" } else { "no" };
            let words = format!("| {} | {one_per_user} |", entry.promise);
            assert!(
                row.is_some_and(|row| row.contains(&words)),
                "{}: {row:?}",
                entry.name
            );
        }
    }

    #[test]
    fn the_table_and_its_json_list_the_whole_registry() {
        let table = catalogue::table(REGISTRY, Style::PLAIN);
        let json = catalogue::json(REGISTRY).unwrap_or_default();
        for entry in REGISTRY {
            assert!(
                table
                    .lines()
                    .any(|line| line.starts_with(&format!("{} ", entry.name))),
                "{table}"
            );
            assert!(
                json.contains(&format!("\"name\": \"{}\"", entry.name)),
                "{json}"
            );
        }
    }
}
