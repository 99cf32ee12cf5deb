//! What connects the tables of a database without a word in the text of a statement: views, triggers, foreign keys, partitions.

use std::collections::{BTreeMap, BTreeSet};

use super::{Footprint, Objects, shape, sql};
use crate::gate::event::WireStatement;

/// A connection of a table with others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link<'a> {
    /// The table is a view, or a policy decides which rows are visible: its reads are those of an unknown query.
    View,
    /// A change of the table executes a function or a statement with this source.
    Trigger(&'a str),
    /// A deletion may delete rows of this table, which has a foreign key to it.
    Child(&'a str),
    /// This table has rows in common with it: the one is a partition of the other.
    Part(&'a str),
}

/// The connections of the tables of a database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    views: BTreeSet<String>,
    triggers: BTreeSet<String>,
    children: BTreeMap<String, BTreeSet<String>>,
    parts: BTreeMap<String, BTreeSet<String>>,
}

impl Links {
    /// Adds a connection of a table. Names need no small letters.
    pub fn add(&mut self, table: &str, link: Link<'_>) {
        let table = table.to_lowercase();
        match link {
            Link::View => drop(self.views.insert(table)),
            Link::Trigger(source) if sql::touches_no_table(source) => {}
            Link::Trigger(_) => drop(self.triggers.insert(table)),
            Link::Child(child) => {
                let children = self.children.entry(table).or_default();
                children.insert(child.to_lowercase());
            }
            Link::Part(part) => {
                let part = part.to_lowercase();
                let parts = self.parts.entry(part.clone()).or_default();
                parts.insert(table.clone());
                self.parts.entry(table).or_default().insert(part);
            }
        }
    }

    /// What the statement reads and writes by its text and by the connections of its tables.
    pub fn footprint(&self, statement: &WireStatement) -> Footprint {
        let mut footprint = statement.footprint.clone();
        let Objects::Some(writes) = &mut footprint.writes else {
            return footprint;
        };
        let shape = shape(&statement.content).to_uppercase();
        let mut parts = shape.split("; ");
        // A statement that locks rows fires no trigger.
        let changes = !writes.is_empty() && parts.any(|part| !part.starts_with("SELECT"));
        let mut words = shape.split(|c: char| !c.is_alphanumeric() && c != '_');
        if changes && words.any(|word| word == "DELETE") {
            with_linked(writes, &self.children);
        }
        with_linked(writes, &self.parts);
        if changes && writes.iter().any(|table| self.triggers.contains(table)) {
            return Footprint::everything();
        }
        if writes.iter().any(|table| self.views.contains(table)) {
            return Footprint::everything();
        }
        if let Objects::Some(reads) = &mut footprint.reads {
            with_linked(reads, &self.parts);
            if reads.iter().any(|table| self.views.contains(table)) {
                footprint.reads = Objects::All;
            }
        }
        footprint
    }
}

/// Adds all tables that are reached from `tables`.
fn with_linked(tables: &mut BTreeSet<String>, links: &BTreeMap<String, BTreeSet<String>>) {
    let mut open: Vec<_> = tables.iter().cloned().collect();
    while let Some(table) = open.pop() {
        for linked in links.get(&table).into_iter().flatten() {
            if tables.insert(linked.clone()) {
                open.push(linked.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{
        GateKind,
        event::{Content, SqlStatement},
        footprint::classify,
    };

    fn of(links: &Links, text: &str) -> (String, String) {
        let kind = GateKind::Postgres;
        let content = Content::Sql(vec![SqlStatement {
            text: text.to_owned(),
            parameters: Vec::new(),
        }]);
        let (role, footprint) = classify(kind, &content);
        let footprint = links.footprint(&WireStatement {
            kind,
            content,
            role,
            footprint,
            traceparent: None,
        });
        let names = |objects: &Objects| match objects {
            Objects::All => "all".to_owned(),
            Objects::Some(names) => names.iter().cloned().collect::<Vec<_>>().join(" "),
        };
        (names(&footprint.reads), names(&footprint.writes))
    }

    #[test]
    fn a_linked_table_is_touched_too() {
        const COUNTS: &str = "BEGIN UPDATE event SET issued = issued + 1; RETURN NEW; END";
        const STAMPS: &str = "BEGIN NEW.changed_at := now(); RETURN NEW; END;";
        let mut links = Links::default();
        links.add("Left", Link::View);
        links.add("coupon", Link::Trigger(COUNTS));
        links.add("event", Link::Trigger(STAMPS));
        links.add("event", Link::Child("prize"));
        links.add("prize", Link::Child("photo"));
        links.add("log", Link::Part("log_2026"));
        for (text, reads, writes) in [
            ("SELECT * FROM coupon", "coupon", ""),
            ("SELECT * FROM \"left\"", "all", ""),
            ("INSERT INTO coupon VALUES (1)", "all", "all"),
            ("SELECT * FROM coupon FOR UPDATE", "coupon", "coupon"),
            ("UPDATE event SET issued = 1", "event", "event"),
            ("DELETE FROM event", "event", "event photo prize"),
            ("SELECT * FROM log_2026", "log log_2026", ""),
            ("INSERT INTO log VALUES (1)", "log log_2026", "log log_2026"),
            ("CALL x()", "all", "all"),
            ("SELECT 1", "", ""),
        ] {
            let expected = (reads.to_owned(), writes.to_owned());
            assert_eq!(of(&links, text), expected, "{text}");
        }
        let expected = ("coupon".to_owned(), "coupon".to_owned());
        let text = "INSERT INTO coupon VALUES (1)";
        assert_eq!(of(&Links::default(), text), expected);
    }
}
