//! Redis: the keyspace of the embedded server, with its scripts. A command runs once for each content, and its result is
//! remembered.

use std::time::Duration;

use bytes::Bytes;
use rustc_hash::FxHashMap;

use super::{
    call::{CacheCall, Reply, user_index},
    intern::Interner,
};
use crate::{
    adapters::redis::embedded::{self, Keyspace},
    ports::UserId,
};

/// The time, which never changes, so no lease ends by itself.
const NOW: Duration = Duration::from_secs(1);

/// A lease that is long enough for any search, in milliseconds.
const LEASE_MS: &str = "1000000";

/// The value of a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Value {
    Text(String),
    /// The members, sorted by name.
    Set(Vec<String>),
    /// The members and scores, sorted by rank.
    Sorted(Vec<(String, String)>),
}

/// All keys in order, and whether each has a lease.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Content(Vec<(String, Value, bool)>);

/// All contents, and the results of commands on them. A content has a number; 0 is the empty content.
pub struct Cache {
    contents: Interner<Content>,
    answers: FxHashMap<(u32, CacheCall), (u32, Reply)>,
    renamed: FxHashMap<(u32, u32), u32>,
    /// Whether a content distinguishes users by more than their names.
    pub asymmetric: bool,
}

impl Cache {
    pub const EMPTY: u32 = 0;

    pub fn new() -> Self {
        let mut contents = Interner::default();
        contents.put(Content::default());
        Self {
            contents,
            answers: FxHashMap::default(),
            renamed: FxHashMap::default(),
            asymmetric: false,
        }
    }

    /// Runs a command; returns the content after it, and the reply.
    pub fn run(&mut self, content: u32, call: &CacheCall) -> (u32, Reply) {
        if let Some(known) = self.answers.get(&(content, call.clone())) {
            return known.clone();
        }
        let mut keyspace = self.contents.get(content).keyspace();
        let reply = reply(execute(&mut keyspace, &call.words));
        let content_after = Content::of(&mut keyspace);
        self.asymmetric |= content_after.depends_on_numbers();
        let after = self.contents.put(content_after);
        self.answers
            .insert((content, call.clone()), (after, reply.clone()));
        (after, reply)
    }

    /// The content without the keys that have a lease; `None` where there are none.
    pub fn without_leases(&mut self, content: u32) -> Option<u32> {
        let Content(keys) = self.contents.get(content);
        let kept: Vec<_> = keys
            .iter()
            .filter(|(_, _, leased)| !leased)
            .cloned()
            .collect();
        let some = kept.len() < keys.len();
        some.then(|| self.contents.put(Content(kept)))
    }

    /// The same content with other users. `permutation` is the number of the renaming.
    pub fn rename(&mut self, content: u32, permutation: u32, names: &[(String, String)]) -> u32 {
        if let Some(known) = self.renamed.get(&(content, permutation)) {
            return *known;
        }
        let renamed = self.contents.get(content).renamed(names);
        let renamed = self.contents.put(renamed);
        self.renamed.insert((content, permutation), renamed);
        renamed
    }

    pub fn get(&self, content: u32) -> &Content {
        self.contents.get(content)
    }
}

impl Content {
    /// The position of the user's first occurrence, as a number to sort users by.
    pub fn rank(&self, user: &str) -> u64 {
        let mut rank = 0;
        for (_, value, _) in &self.0 {
            let at = match value {
                Value::Text(text) => u64::from(!text.contains(user)),
                // The members are sorted by name, so their position has no meaning.
                Value::Set(members) => u64::from(!members.iter().any(|member| member == user)),
                Value::Sorted(members) => {
                    let at = members.iter().position(|(member, _)| member == user);
                    at.map_or(15, |at| at as u64)
                }
            };
            rank = rank * 16 + at;
        }
        rank
    }

    /// Whether the content distinguishes users by more than their names: by user numbers as scores, or by the order of names with
    /// equal scores.
    fn depends_on_numbers(&self) -> bool {
        let is_user = |score: &str| {
            score
                .parse()
                .is_ok_and(|number| user_index(UserId(number)).is_some())
        };
        self.0.iter().any(|(_, value, _)| match value {
            Value::Sorted(members) => {
                members.windows(2).any(|pair| pair[0].1 == pair[1].1)
                    || members.iter().any(|(_, score)| is_user(score))
            }
            _ => false,
        })
    }

    fn of(keyspace: &mut Keyspace) -> Self {
        let mut names = texts(execute(keyspace, &["KEYS", "*"]));
        names.sort_unstable();
        let read = |name: String| {
            let value = match status(execute(keyspace, &["TYPE", &name])).as_str() {
                "set" => {
                    let mut members = texts(execute(keyspace, &["SMEMBERS", &name]));
                    members.sort_unstable();
                    Value::Set(members)
                }
                "zset" => {
                    let range = ["ZRANGE", &name, "0", "-1", "WITHSCORES"];
                    let flat = texts(execute(keyspace, &range));
                    let pairs = flat.chunks(2).filter_map(|pair| match pair {
                        [member, score] => Some((member.clone(), score.clone())),
                        _ => None,
                    });
                    Value::Sorted(pairs.collect())
                }
                _ => Value::Text(status(execute(keyspace, &["GET", &name]))),
            };
            let leased = execute(keyspace, &["PTTL", &name]) != embedded::Reply::Int(-1);
            (name, value, leased)
        };
        Self(names.into_iter().map(read).collect())
    }

    fn keyspace(&self) -> Keyspace {
        let mut keyspace = Keyspace::default();
        for (name, value, leased) in &self.0 {
            match value {
                Value::Text(text) => {
                    execute(&mut keyspace, &["SET", name, text]);
                }
                Value::Set(members) => {
                    for member in members {
                        execute(&mut keyspace, &["SADD", name, member]);
                    }
                }
                Value::Sorted(members) => {
                    for (member, score) in members {
                        execute(&mut keyspace, &["ZADD", name, score, member]);
                    }
                }
            }
            if *leased {
                execute(&mut keyspace, &["PEXPIRE", name, LEASE_MS]);
            }
        }
        keyspace
    }

    fn renamed(&self, names: &[(String, String)]) -> Self {
        let rename = |text: &String| renamed(text, names);
        let keys = self.0.iter().map(|(name, value, leased)| {
            let value = match value {
                Value::Text(text) => Value::Text(rename(text)),
                Value::Set(members) => {
                    let mut members: Vec<_> = members.iter().map(rename).collect();
                    members.sort_unstable();
                    Value::Set(members)
                }
                Value::Sorted(members) => {
                    let rename =
                        |(member, score): &(String, String)| (rename(member), score.clone());
                    Value::Sorted(members.iter().map(rename).collect())
                }
            };
            (rename(name), value, *leased)
        });
        let mut keys: Vec<_> = keys.collect();
        keys.sort_unstable();
        Self(keys)
    }
}

/// `text` with every user's number replaced, all at once.
pub fn renamed(text: &str, names: &[(String, String)]) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    'text: while let Some(first) = rest.chars().next() {
        for (from, to) in names {
            if let Some(after) = rest.strip_prefix(from.as_str()) {
                result.push_str(to);
                rest = after;
                continue 'text;
            }
        }
        result.push(first);
        rest = &rest[first.len_utf8()..];
    }
    result
}

fn execute(keyspace: &mut Keyspace, words: &[impl AsRef<str>]) -> embedded::Reply {
    let words: Vec<_> = words
        .iter()
        .map(|word| Bytes::copy_from_slice(word.as_ref().as_bytes()))
        .collect();
    keyspace.execute(&words, NOW)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn status(reply: embedded::Reply) -> String {
    match reply {
        embedded::Reply::Status(bytes) | embedded::Reply::Bulk(bytes) => text(&bytes),
        embedded::Reply::Double(score) => score.to_string(),
        _ => String::new(),
    }
}

fn texts(reply: embedded::Reply) -> Vec<String> {
    match reply {
        embedded::Reply::Array(items) | embedded::Reply::Set(items) => {
            items.into_iter().map(status).collect()
        }
        _ => Vec::new(),
    }
}

fn reply(reply: embedded::Reply) -> Reply {
    match reply {
        embedded::Reply::Int(number) => Reply::Int(number),
        embedded::Reply::Bulk(bytes) => Reply::Text(bytes.to_vec()),
        embedded::Reply::Error(bytes) => Reply::Error(text(&bytes)),
        embedded::Reply::Null | embedded::Reply::NullArray => Reply::Nil,
        _ => Reply::Ok,
    }
}
