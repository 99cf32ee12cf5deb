//! The keys of Redis commands.

mod commands;

use std::collections::BTreeSet;

use super::{Footprint, Objects};
use crate::gate::event::Role;
use commands::{Access, Keys, lookup};

/// What commands that are executed together do. Several commands are a `MULTI` block.
pub(super) fn classify(commands: &[Vec<Vec<u8>>]) -> (Role, Footprint) {
    let mut role = Role::Housekeeping;
    let mut footprint = Footprint::none();
    let is_block = commands.len() > 1;
    for command in commands {
        let (own, touched) = one(command, is_block);
        if own == Role::Data {
            role = Role::Data;
        }
        footprint.add(&touched);
    }
    if is_block && role == Role::Data {
        // The keys of an earlier WATCH decide whether the block takes effect. The block does not name them.
        footprint.reads = Objects::All;
    }
    (role, footprint)
}

fn one(command: &[Vec<u8>], in_block: bool) -> (Role, Footprint) {
    const NONE: (Role, Footprint) = (Role::Housekeeping, Footprint::none());
    let word = |at: usize| command.get(at).map(|word| text(word).to_ascii_uppercase());
    let Some(name) = word(0) else {
        return NONE;
    };
    match (name.as_str(), word(1).as_deref()) {
        ("MULTI", _) => return NONE,
        ("EXEC", _) if in_block => return NONE,
        (name, sub) if commands::is_housekeeping(name, sub) => return NONE,
        _ => {}
    }
    let touched = lookup(&name).and_then(|(access, keys)| Some((access, keys_of(command, keys)?)));
    let footprint = match touched {
        Some((Access::Read, keys)) => Footprint::of(keys, BTreeSet::new()),
        // Most commands that write also answer with what was there.
        Some((Access::Write, keys)) => Footprint::of(keys.clone(), keys),
        None => Footprint::everything(),
    };
    (Role::Data, footprint)
}

/// The keys among the words of a command, as far as they are known. A script has the keys that it declares.
pub(in crate::gate::footprint) fn keys(command: &[Vec<u8>]) -> BTreeSet<String> {
    let name = command.first().map(|word| text(word).to_ascii_uppercase());
    let name = name.unwrap_or_default();
    let keys = match name.as_str() {
        "EVAL" | "EVALSHA" | "EVAL_RO" | "EVALSHA_RO" | "FCALL" | "FCALL_RO" => {
            Some(Keys::Counted(2))
        }
        name => lookup(name).map(|(_, keys)| keys),
    };
    keys.and_then(|keys| keys_of(command, keys))
        .unwrap_or_default()
}

/// The keys among the words; `None` if the command is not complete.
fn keys_of(command: &[Vec<u8>], keys: Keys) -> Option<BTreeSet<String>> {
    let found: Vec<&Vec<u8>> = match keys {
        Keys::At(first, last) => command.get(first..=last)?.iter().collect(),
        Keys::From(first) => command.get(first..)?.iter().collect(),
        Keys::FromButLast(first) => {
            let last = command.len().checked_sub(1)?;
            command.get(first..last)?.iter().collect()
        }
        Keys::EverySecond(first) => command.get(first..)?.iter().step_by(2).collect(),
        Keys::Counted(at) => {
            let number: usize = text(command.get(at)?).parse().ok()?;
            command.get(at + 1..)?.get(..number)?.iter().collect()
        }
        Keys::FirstAndCounted(at) => {
            let number: usize = text(command.get(at)?).parse().ok()?;
            let counted = command.get(at + 1..)?.get(..number)?;
            counted.iter().chain(command.get(1)).collect()
        }
        Keys::AfterStreams => {
            let is_streams = |word: &Vec<u8>| word.eq_ignore_ascii_case(b"STREAMS");
            let streams = command.iter().position(is_streams)?;
            let rest = command.get(streams + 1..)?;
            rest.get(..rest.len() / 2)?.iter().collect()
        }
    };
    if found.is_empty() {
        return None;
    }
    Some(found.into_iter().map(|key| text(key)).collect())
}

fn text(word: &[u8]) -> String {
    String::from_utf8_lossy(word).into_owned()
}

#[cfg(test)]
mod tests;
