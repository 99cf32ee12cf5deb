//! The tables of a query or a change of data, by its syntax tree.

use std::{collections::BTreeSet, ops::ControlFlow};

use sqlparser::{
    ast::{
        Expr, FromTable, Ident, ObjectName, ObjectNamePart, Query, Select, Statement, TableFactor,
        TableObject, TableWithJoins, Visit, Visitor, visit_relations,
    },
    dialect::Dialect,
    parser::Parser,
    tokenizer::Token,
};

use super::{
    Meaning, NOTHING,
    functions::{self, Call},
    is_shallow, keyword,
};
use crate::gate::{
    GateKind,
    event::Role,
    footprint::{ADVISORY_LOCK, Footprint},
};

/// The meaning of a query or a change of data; `None` if it is not understood.
pub(super) fn of_query(kind: GateKind, dialect: &dyn Dialect, tokens: &[Token]) -> Option<Meaning> {
    // `TABLE coupon` is a query that the visitor does not visit.
    let is_table = |(at, token): (usize, &Token)| at > 1 && keyword(token) == "TABLE";
    if !is_shallow(tokens) || tokens.iter().enumerate().any(is_table) {
        return None;
    }
    let tokens = with_standard_locks(tokens);
    let mut parsed = Parser::new(dialect).with_tokens(tokens).parse_statements();
    let Ok([parsed]) = parsed.as_deref_mut() else {
        return None;
    };
    let mut found = Collector::new(kind);
    match parsed.visit(&mut found) {
        ControlFlow::Continue(()) => Some(found.meaning()),
        ControlFlow::Break(NotUnderstood) => None,
    }
}

/// The tokens with the clauses for locks that the parser knows: `FOR UPDATE`, `FOR SHARE`.
fn with_standard_locks(tokens: &[Token]) -> Vec<Token> {
    let word = |text: &str| Token::make_keyword(text);
    let words: Vec<_> = tokens.iter().map(keyword).collect();
    let begins = |at: usize, clause: &[&str]| {
        let rest = words.get(at..).unwrap_or_default();
        rest.len() >= clause.len() && rest.iter().zip(clause).all(|(one, other)| one == other)
    };
    let mut standard = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let (clause, strength) = match () {
            () if begins(at, &["FOR", "NO", "KEY", "UPDATE"]) => (4, "UPDATE"),
            () if begins(at, &["FOR", "KEY", "SHARE"]) => (3, "SHARE"),
            () if begins(at, &["LOCK", "IN", "SHARE", "MODE"]) => (4, "SHARE"),
            () => {
                standard.push(tokens[at].clone());
                at += 1;
                continue;
            }
        };
        standard.extend([word("FOR"), word(strength)]);
        at += clause;
    }
    standard
}

/// The statement does something that this module does not know.
struct NotUnderstood;

type Flow = ControlFlow<NotUnderstood>;

struct Collector {
    kind: GateKind,
    reads: BTreeSet<String>,
    writes: BTreeSet<String>,
    locks: bool,
    /// The names of the common table expressions of the queries around the current place.
    expressions: Vec<Vec<String>>,
}

impl Collector {
    fn new(kind: GateKind) -> Self {
        Self {
            kind,
            reads: BTreeSet::new(),
            writes: BTreeSet::new(),
            locks: false,
            expressions: Vec::new(),
        }
    }

    fn meaning(mut self) -> Meaning {
        let changes = !self.writes.is_empty();
        // InnoDB locks the rows that a changing statement reads.
        if self.locks || (changes && self.kind == GateKind::Mysql) {
            self.writes.extend(self.reads.iter().cloned());
        }
        if self.reads.is_empty() && self.writes.is_empty() {
            return NOTHING;
        }
        (Role::Data, Footprint::of(self.reads, self.writes))
    }

    /// Adds a table that is changed. A change is also a read: its answer tells which rows there were.
    fn target(&mut self, name: &ObjectName) -> Flow {
        match table_name(self.kind, name) {
            Some(Table::Own(table)) => {
                self.reads.insert(table.clone());
                self.writes.insert(table);
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Break(NotUnderstood),
        }
    }

    fn target_factor(&mut self, factor: &TableFactor) -> Flow {
        match factor {
            TableFactor::Table {
                name, args: None, ..
            } => self.target(name),
            _ => ControlFlow::Break(NotUnderstood),
        }
    }

    fn target_with_joins(&mut self, tables: &TableWithJoins) -> Flow {
        self.target_factor(&tables.relation)?;
        for join in &tables.joins {
            // MySQL can change a joined table. A joined query cannot be changed.
            if let TableFactor::Table { .. } = join.relation {
                self.target_factor(&join.relation)?;
            }
        }
        ControlFlow::Continue(())
    }

    fn function(&mut self, name: &ObjectName) -> Flow {
        let parts: Option<Vec<_>> = name.0.iter().map(identifier).collect();
        let call = match parts.unwrap_or_default().as_slice() {
            [name] => functions::call(&name.value.to_lowercase()),
            [schema, name] if schema.value.eq_ignore_ascii_case("pg_catalog") => {
                functions::call(&name.value.to_lowercase())
            }
            _ => Call::Unknown,
        };
        match call {
            Call::Pure => {}
            // Locks conflict with each other, and releases commute.
            Call::Unlock => drop(self.reads.insert(ADVISORY_LOCK.to_owned())),
            Call::Lock => {
                self.reads.insert(ADVISORY_LOCK.to_owned());
                self.writes.insert(ADVISORY_LOCK.to_owned());
            }
            Call::Unknown => return ControlFlow::Break(NotUnderstood),
        }
        ControlFlow::Continue(())
    }

    fn is_expression(&self, name: &ObjectName) -> bool {
        let [ObjectNamePart::Identifier(name)] = name.0.as_slice() else {
            return false;
        };
        let name = folded(name);
        self.expressions.iter().flatten().any(|one| *one == name)
    }
}

impl Visitor for Collector {
    type Break = NotUnderstood;

    fn pre_visit_statement(&mut self, statement: &Statement) -> Flow {
        match statement {
            Statement::Query(_) => ControlFlow::Continue(()),
            Statement::Insert(insert) => match &insert.table {
                TableObject::TableName(name) => self.target(name),
                _ => ControlFlow::Break(NotUnderstood),
            },
            Statement::Update(update) => self.target_with_joins(&update.table),
            Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) =
                    &delete.from;
                let using = delete.using.iter().flatten();
                // `DELETE c FROM coupon c JOIN …` names the changed tables by their aliases.
                let several = !delete.tables.is_empty() || self.kind == GateKind::Mysql;
                let mut targets = from.iter().chain(using.filter(|_| several));
                targets.try_for_each(|tables| self.target_with_joins(tables))
            }
            Statement::Merge(merge) => self.target_factor(&merge.table),
            Statement::Truncate(truncate)
                if self.kind == GateKind::Postgres && truncate.cascade.is_none() =>
            {
                let mut names = truncate.table_names.iter();
                names.try_for_each(|target| self.target(&target.name))
            }
            // MySQL commits an open transaction before TRUNCATE.
            _ => ControlFlow::Break(NotUnderstood),
        }
    }

    fn pre_visit_query(&mut self, query: &Query) -> Flow {
        self.locks |= !query.locks.is_empty();
        let with = query.with.as_ref();
        let expressions = with.map_or(&[][..], |with| &with.cte_tables);
        let names: Vec<_> = expressions
            .iter()
            .map(|one| folded(&one.alias.name))
            .collect();
        if with.is_some_and(|with| !with.recursive) {
            // Without RECURSIVE, an expression sees only the expressions before it. The same name is then a table.
            for (at, one) in expressions.iter().enumerate() {
                let mut seen = Vec::new();
                let _ = visit_relations(&*one.query, |name| {
                    seen.push(name.clone());
                    ControlFlow::<()>::Continue(())
                });
                for name in seen {
                    if let [ObjectNamePart::Identifier(own)] = name.0.as_slice()
                        && names[at..].contains(&folded(own))
                        && let Some(Table::Own(table)) = table_name(self.kind, &name)
                    {
                        self.reads.insert(table);
                    }
                }
            }
        }
        self.expressions.push(names);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> Flow {
        self.expressions.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> Flow {
        match select.into {
            Some(_) => ControlFlow::Break(NotUnderstood),
            None => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_relation(&mut self, name: &ObjectName) -> Flow {
        if self.is_expression(name) {
            return ControlFlow::Continue(());
        }
        match table_name(self.kind, name) {
            Some(Table::Own(table)) => {
                self.reads.insert(table);
            }
            Some(Table::Catalog) => {}
            None => return ControlFlow::Break(NotUnderstood),
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> Flow {
        match factor {
            TableFactor::Table {
                name,
                args: Some(_),
                ..
            }
            | TableFactor::Function { name, .. } => self.function(name),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> Flow {
        match expression {
            Expr::Function(function) => self.function(&function.name),
            _ => ControlFlow::Continue(()),
        }
    }
}

enum Table {
    /// A table of the service, in small letters without schema.
    Own(String),
    /// A table of the database itself.
    Catalog,
}

fn table_name(kind: GateKind, name: &ObjectName) -> Option<Table> {
    let parts: Option<Vec<_>> = name.0.iter().map(identifier).collect();
    let parts: Vec<_> = parts?
        .iter()
        .map(|part| part.value.to_lowercase())
        .collect();
    let (table, schemas) = parts.split_last()?;
    let is_catalog = match schemas.last() {
        Some(schema) => functions::is_catalog_schema(schema),
        None => kind == GateKind::Postgres && functions::is_catalog_table(table),
    };
    Some(if is_catalog {
        Table::Catalog
    } else {
        Table::Own(table.clone())
    })
}

fn identifier(part: &ObjectNamePart) -> Option<&Ident> {
    match part {
        ObjectNamePart::Identifier(name) => Some(name),
        ObjectNamePart::Function(_) => None,
    }
}

/// The name as the database compares it: without quotes in small letters.
fn folded(name: &Ident) -> String {
    match name.quote_style {
        None => name.value.to_lowercase(),
        Some(_) => name.value.clone(),
    }
}
