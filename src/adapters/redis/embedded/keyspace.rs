//! The whole data set and the way a command runs on it, free of sockets, threads and clocks.
//!
//! Time comes in with each command, so that a simulator can drive a `Keyspace` as well as the server.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;

use super::{
    command::{self, Context},
    database::Database,
    reply::Reply,
    session::Session,
};

/// Logical databases, as in Redis's default configuration.
pub(super) const DATABASES: usize = 16;

/// All data of a server: sixteen databases and the cached scripts.
#[derive(Clone, Debug, PartialEq)]
pub struct Keyspace {
    pub(super) databases: Vec<Database>,
    /// Script sources by their lower-case hexadecimal SHA-1.
    pub(super) scripts: BTreeMap<Bytes, Bytes>,
    pub(super) stats: Stats,
}

/// Counters for `INFO`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stats {
    pub(super) commands: u64,
    pub(super) connections: u64,
    pub(super) clients: u64,
    pub(super) expired: u64,
    /// Time of the first command, for the uptime.
    pub(super) started: Option<Duration>,
}

impl Default for Keyspace {
    fn default() -> Self {
        Self {
            databases: vec![Database::default(); DATABASES],
            scripts: BTreeMap::new(),
            stats: Stats::default(),
        }
    }
}

impl Keyspace {
    /// Runs one command on database 0. `now` is the time since the Unix epoch.
    pub fn execute(&mut self, command: &[Bytes], now: Duration) -> Reply {
        self.execute_in(&mut Session::default(), command, now)
    }

    /// Runs one command for a connection, whose session may choose another database.
    pub fn execute_in(&mut self, session: &mut Session, command: &[Bytes], now: Duration) -> Reply {
        self.expire(now);
        self.stats.commands += 1;
        self.stats.started.get_or_insert(now);
        let context = Context {
            keyspace: self,
            session,
            now,
        };
        command::execute(context, command)
    }

    /// Removes the keys whose time is up. Every command does so first; an idle server calls it too.
    pub fn expire(&mut self, now: Duration) {
        let now = millis(now);
        for database in self.databases.iter_mut().filter(|db| db.expiring() > 0) {
            self.stats.expired += database.expire(now) as u64;
        }
    }

    /// A keyspace that owns nothing, to stand in while a script works on the real one.
    pub(super) const fn hollow() -> Self {
        Self {
            databases: Vec::new(),
            scripts: BTreeMap::new(),
            stats: Stats {
                commands: 0,
                connections: 0,
                clients: 0,
                expired: 0,
                started: None,
            },
        }
    }
}

/// Whole milliseconds, the unit of deadlines.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(keyspace: &mut Keyspace, command: &str, millis: u64) -> Reply {
        let words: Vec<Bytes> = command
            .split(' ')
            .map(|word| Bytes::copy_from_slice(word.as_bytes()))
            .collect();
        keyspace.execute(&words, Duration::from_millis(millis))
    }

    #[test]
    fn time_is_what_the_caller_says() {
        let mut keyspace = Keyspace::default();
        assert_eq!(run(&mut keyspace, "SET a 1 PX 100", 1_000), Reply::OK);
        assert_eq!(run(&mut keyspace, "PTTL a", 1_100), Reply::Int(0));
        assert_eq!(run(&mut keyspace, "GET a", 1_100), Reply::text("1"));
        assert_eq!(run(&mut keyspace, "GET a", 1_101), Reply::Null);
        assert_eq!(run(&mut keyspace, "DBSIZE", 1_101), Reply::Int(0));
    }

    #[test]
    fn copies_are_equal_and_apart() {
        let mut keyspace = Keyspace::default();
        run(&mut keyspace, "SADD s 1 x", 0);
        run(&mut keyspace, "ZADD z 1 m", 0);
        let mut copy = keyspace.clone();
        assert_eq!(copy, keyspace);
        run(&mut copy, "SADD s 2", 0);
        assert_ne!(copy, keyspace);
        assert_eq!(run(&mut keyspace, "SCARD s", 0), Reply::Int(2));
    }

    #[test]
    fn scripts_work_on_the_keyspace_that_runs_them() {
        let (mut one, mut two) = (Keyspace::default(), Keyspace::default());
        let script = "EVAL return(redis.call('incr',KEYS[1])) 1 n";
        assert_eq!(run(&mut one, script, 0), Reply::Int(1));
        assert_eq!(run(&mut one, script, 0), Reply::Int(2));
        assert_eq!(run(&mut two, script, 0), Reply::Int(1));
        assert_eq!(run(&mut one, "GET n", 0), Reply::text("2"));
    }

    #[test]
    fn scan_misses_no_key_that_stays() {
        let mut keyspace = Keyspace::default();
        for n in 0..100 {
            run(&mut keyspace, &format!("SET k{n} v"), 0);
        }
        let (mut cursor, mut seen) = (String::from("0"), Vec::new());
        for step in 0.. {
            let Reply::Array(parts) = run(&mut keyspace, &format!("SCAN {cursor}"), 0) else {
                panic!("SCAN answers an array");
            };
            let [Reply::Bulk(next), Reply::Array(keys)] = parts.as_slice() else {
                panic!("SCAN answers a cursor and keys");
            };
            seen.extend(keys.clone());
            // Removes and adds keys in between.
            run(&mut keyspace, &format!("DEL k{}", step * 10), 0);
            run(&mut keyspace, &format!("SET new{step} v"), 0);
            cursor = String::from_utf8_lossy(next).into_owned();
            if cursor == "0" {
                break;
            }
        }
        for n in (0..100).filter(|n| n % 10 != 0) {
            let key = Reply::bulk(format!("k{n}").as_bytes());
            assert!(seen.contains(&key), "k{n}");
        }
    }
}
