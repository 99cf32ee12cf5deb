//! What each step changed, and from which step on the change was visible to the other request.

use std::collections::BTreeSet;

use crate::{
    engine::hunt::step::HuntStep,
    gate::{
        GateKind,
        event::{Content, Role},
        footprint::{ADVISORY_LOCK, Objects, shape},
    },
    model::hunt::Contender,
};

/// A change of tables or keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Effect {
    /// The index of the step that made the change.
    pub(super) made: usize,
    /// The index of the step from which on the change was visible: the step itself, or the commit.
    pub(super) at: usize,
    /// The request that made the change.
    pub(super) contender: Contender,
    /// The service.
    pub(super) kind: GateKind,
    /// The changed tables or keys.
    pub(super) objects: Objects,
    /// The first word of the statement: `INSERT`, `SADD`.
    pub(super) verb: String,
    /// Whether the change is the release of a lock in Redis.
    pub(super) ends_lock: bool,
}

impl Effect {
    /// Whether the change is an inserted row.
    pub(super) fn inserts(&self) -> bool {
        ["INSERT", "REPLACE", "MERGE"].contains(&self.verb.as_str())
    }

    /// Whether the change is one of PostgreSQL or MySQL.
    pub(super) fn is_sql(&self) -> bool {
        self.kind != GateKind::Redis
    }
}

/// All changes that became visible, in the order in which they became visible.
pub(super) fn effects(steps: &[HuntStep]) -> Vec<Effect> {
    let mut visible: Vec<Effect> = Vec::new();
    let mut open: Vec<(Option<u64>, Effect)> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let own = |one: &(Option<u64>, Effect)| {
            let is_same = step.transaction.is_none() || one.0 == step.transaction;
            one.1.contender == step.contender && one.1.kind == step.kind && is_same
        };
        if let Some(verb) = changing_verb(step) {
            let effect = Effect {
                made: at,
                at,
                contender: step.contender,
                kind: step.kind,
                objects: step.statement.footprint.writes.clone(),
                verb,
                ends_lock: ends_lock(steps, at),
            };
            let commits_itself = step.transaction.is_none() || step.kind == GateKind::Redis;
            if commits_itself {
                visible.push(effect);
            } else {
                open.push((step.transaction, effect));
            }
        }
        match step.statement.role {
            Role::Commit if !step.answer.is_error => {
                let ended = open.extract_if(.., |one| own(one));
                visible.extend(ended.map(|(_, effect)| Effect { at, ..effect }));
            }
            Role::Commit | Role::Rollback => open.retain(|one| !own(one)),
            _ => {}
        }
    }
    visible
}

/// The first word of a statement that changed data: `INSERT`, `SADD`. `None` for a statement that only reads or locks, and for one that
/// found nothing to change.
pub(super) fn changing_verb(step: &HuntStep) -> Option<String> {
    let changed = !step.answer.is_error && !step.answer.changed_nothing;
    verb(step).filter(|_| changed)
}

/// The first word of a statement that changes data. `None` for a statement that only reads or locks.
pub(super) fn verb(step: &HuntStep) -> Option<String> {
    if step.statement.footprint.writes.is_empty() {
        return None;
    }
    let shape = shape(&step.statement.content);
    match &step.statement.content {
        Content::Redis(_) => {
            let mut commands = shape.split("; ").map(first_word);
            commands.find(|name| name != "MULTI")
        }
        Content::Sql(_) => shape.split("; ").find_map(sql_verb),
    }
}

fn sql_verb(statement: &str) -> Option<String> {
    const CHANGES: [&str; 6] = ["INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE", "TRUNCATE"];
    let first = first_word(statement);
    match first.as_str() {
        _ if CHANGES.contains(&first.as_str()) => Some(first),
        "WITH" => {
            let mut words = statement.split([' ', '(']).map(str::to_ascii_uppercase);
            words.find(|word| CHANGES.contains(&word.as_str()))
        }
        "CALL" | "DO" | "EXECUTE" | "COPY" => Some(first),
        _ => None,
    }
}

fn first_word(text: &str) -> String {
    let first = text.split(' ').next().unwrap_or_default();
    first.to_ascii_uppercase()
}

/// The tables or keys that a step reads without changing them.
pub(super) fn read(step: &HuntStep) -> Option<&Objects> {
    let reads = &step.statement.footprint.reads;
    let is_read = step.statement.role == Role::Data
        && !reads.is_empty()
        && !step.answer.is_error
        && changing_verb(step).is_none();
    is_read.then_some(reads)
}

/// Whether the step locks rows in a database, without a change.
pub(super) fn locks_rows(step: &HuntStep) -> bool {
    step.kind != GateKind::Redis && !step.statement.footprint.writes.is_empty()
}

/// The lock that the step takes: an advisory lock of the database, or the keys of a lock in Redis. The latter is `SET key … NX`, `SETNX`,
/// or a script whose key has `lock` in its name.
pub(super) fn takes_lock(step: &HuntStep) -> Option<BTreeSet<String>> {
    let Content::Redis(commands) = &step.statement.content else {
        let takes = has_advisory(&step.statement.footprint.writes);
        return takes.then(|| BTreeSet::from([ADVISORY_LOCK.to_owned()]));
    };
    let [command] = commands.as_slice() else {
        return None;
    };
    let words: Vec<_> = command
        .iter()
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect();
    let name = first_word(words.first()?);
    let has_nx = words
        .iter()
        .skip(3)
        .any(|word| word.eq_ignore_ascii_case("NX"));
    let is_set = name == "SETNX" || (name == "SET" && has_nx);
    if is_set && !step.answer.changed_nothing {
        return Some(BTreeSet::from([words.get(1)?.clone()]));
    }
    let keys = script_keys(&words);
    let is_lock = keys.iter().any(|key| key.to_lowercase().contains("lock"));
    is_lock.then_some(keys)
}

/// The keys that a script declares.
fn script_keys(words: &[String]) -> BTreeSet<String> {
    let is_script = ["EVAL", "EVALSHA"].contains(&words[0].to_ascii_uppercase().as_str());
    let number = words.get(2).and_then(|word| word.parse().ok());
    match number {
        Some(number) if is_script => words.iter().skip(3).take(number).cloned().collect(),
        _ => BTreeSet::new(),
    }
}

/// Whether the step releases a lock that its request took before: with a function of the database, `DEL key`, or a script with the same
/// key.
pub(super) fn ends_lock(steps: &[HuntStep], at: usize) -> bool {
    let step = &steps[at];
    let touched = released_keys(step);
    let mut before = steps[..at].iter();
    before.any(|earlier| {
        earlier.contender == step.contender
            && takes_lock(earlier).is_some_and(|keys| !keys.is_disjoint(&touched))
    })
}

/// Whether advisory locks are among the objects.
fn has_advisory(objects: &Objects) -> bool {
    matches!(objects, Objects::Some(names) if names.contains(ADVISORY_LOCK))
}

/// The keys that the step deletes or gives to a script, or the advisory locks that it frees.
fn released_keys(step: &HuntStep) -> BTreeSet<String> {
    let Content::Redis(commands) = &step.statement.content else {
        let footprint = &step.statement.footprint;
        let frees = has_advisory(&footprint.reads) && !has_advisory(&footprint.writes);
        return frees
            .then(|| ADVISORY_LOCK.to_owned())
            .into_iter()
            .collect();
    };
    commands
        .iter()
        .flat_map(|command| {
            let words: Vec<_> = command
                .iter()
                .map(|word| String::from_utf8_lossy(word).into_owned())
                .collect();
            match words.first().map(|name| first_word(name)).as_deref() {
                Some("DEL" | "UNLINK") => words.into_iter().skip(1).collect(),
                Some("EVAL" | "EVALSHA") => script_keys(&words),
                _ => BTreeSet::new(),
            }
        })
        .collect()
}
