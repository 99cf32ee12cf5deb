//! What is really there: the coupons of a service, as whatever holds them tells.
//!
//! A source is described by the file and opened for a run as a [`Reader`]. Reading changes nothing.

mod over_http;
pub(super) mod redis;
pub(super) mod sql;

use std::collections::HashMap;

use super::{Event, RequestTemplate, Secrets, Template, Who};
use crate::{
    http::Client,
    ports::UserId,
    report::Backend,
    scenario::{DbTarget, ServiceUrl},
};

/// Where the coupons are.
#[derive(Debug)]
pub enum Source {
    /// The service itself is asked.
    Http {
        /// The question.
        request: RequestTemplate,
        /// Where the answer has it.
        find: Find,
    },
    /// A database is.
    Sql {
        /// Which.
        db: DbTarget,
        /// The question.
        query: Template,
        /// What its first column holds.
        what: What,
    },
    /// A key in Redis: a set, a list or a sorted set of users, or a counter.
    Redis {
        /// Which Redis.
        url: ServiceUrl,
        /// The key.
        key: Template,
    },
    /// Nowhere that we could look.
    None,
}

/// Where a JSON answer has what.
#[derive(Debug, Clone)]
pub enum Find {
    /// A list of users.
    Users {
        /// To the list.
        pointer: String,
        /// From an item of the list to the user; `None` is the item itself.
        id: Option<String>,
    },
    /// How many coupons there are.
    Count {
        /// To the number.
        pointer: String,
    },
}

/// What a query returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A line for each coupon, with its user.
    Users,
    /// One number.
    Count,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The user of every coupon, as the ledger spells users.
    Users(Vec<String>),
    /// How many coupons there are.
    Count(u64),
}

impl Found {
    /// Coupons.
    pub fn coupons(&self) -> u64 {
        match self {
            Self::Users(users) => users.len() as u64,
            Self::Count(count) => *count,
        }
    }
}

impl Source {
    /// In a few words, for the head of a report.
    pub fn describe(&self) -> String {
        match self {
            Self::Http { request, find } => {
                let what = match find {
                    Find::Users { .. } => "users",
                    Find::Count { .. } => "a count",
                };
                format!("{what} from {}", request.name)
            }
            Self::Sql { db, what, .. } => {
                let what = match what {
                    What::Users => "users",
                    What::Count => "a count",
                };
                format!("{what} by SQL from {}", db.kind())
            }
            Self::Redis { .. } => "a key in redis".to_owned(),
            Self::None => "none: only what users were told is judged".to_owned(),
        }
    }
}

/// A source that can be read.
pub enum Reader {
    /// Over HTTP.
    Http(over_http::Answer),
    /// From a database.
    Sql(sql::Query),
    /// From Redis.
    Redis(redis::Key),
}

impl Reader {
    /// Opens what `source` describes; `None` where there is nothing to read.
    pub async fn open(
        source: &Source,
        client: &Client,
        event: &Event,
    ) -> Result<Option<Self>, String> {
        Ok(Some(match source {
            Source::Http { request, find } => {
                Self::Http(over_http::Answer::new(client, request, find, event))
            }
            Source::Sql { db, query, what } => {
                let query = query.fill(event, Who::NOBODY);
                Self::Sql(sql::Query::open(db, query, *what).await?)
            }
            Source::Redis { url, key } => {
                Self::Redis(redis::Key::open(url, key.fill(event, Who::NOBODY)).await?)
            }
            Source::None => return Ok(None),
        }))
    }

    /// What is there now.
    pub async fn read(&mut self) -> Result<Found, String> {
        match self {
            Self::Http(answer) => answer.read().await,
            Self::Sql(query) => query.read().await,
            Self::Redis(key) => key.read().await,
        }
    }

    /// The database or the Redis that it is read from.
    pub fn backend(&self) -> Option<Backend> {
        match self {
            Self::Http(_) => None,
            Self::Sql(query) => Some(query.backend()),
            Self::Redis(key) => Some(key.backend()),
        }
    }
}

/// Who is who in a ledger, and who is nobody of this run.
#[derive(Default)]
pub struct Spelling {
    users: HashMap<String, UserId>,
}

/// Users as numbers. Strangers have numbers above all users', each its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// The user of every coupon, in the order of the ledger.
    pub rows: Vec<UserId>,
    /// Coupons of nobody of this run.
    pub strangers: u64,
    /// The first few of them, as the ledger spells them.
    pub samples: Vec<String>,
}

impl Spelling {
    /// Of users 1 to `count`, as `spell` writes them. Two users with one spelling could not be told apart.
    pub fn new(count: u64, spell: impl Fn(UserId) -> String) -> Result<Self, String> {
        let mut spelled = HashMap::with_capacity(usize::try_from(count).unwrap_or_default());
        for user in (1..=count).map(UserId) {
            if let Some(other) = spelled.insert(spell(user), user) {
                return Err(format!(
                    "users {other} and {user} have the same spelling in the ledger"
                ));
            }
        }
        Ok(Self { users: spelled })
    }

    /// Whose coupons these are.
    pub fn names(&self, rows: &[String], secrets: &Secrets) -> Named {
        const SAMPLES: usize = 3;
        let mut strangers: HashMap<&str, UserId> = HashMap::new();
        let mut named = Named::default();
        for row in rows {
            if let Some(user) = self.users.get(row.trim()) {
                named.rows.push(*user);
                continue;
            }
            let next = UserId::stranger(strangers.len() as u64);
            let stranger = *strangers.entry(row).or_insert(next);
            named.rows.push(stranger);
            named.strangers += 1;
            if stranger == next && named.samples.len() < SAMPLES {
                named.samples.push(secrets.mask(row));
            }
        }
        named
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::target::template::{Escape, Names, Values};

    fn spelling(text: &str, count: u64) -> Result<Spelling, String> {
        let mut secrets = Secrets::default();
        let mut names = Names {
            env: &|_| None,
            user: Some(&[]),
            setup: &[],
            captured: &[],
            secrets: &mut secrets,
        };
        let template = Template::parse(text, Escape::None, &mut names).unwrap();
        let event = Event {
            run: "run".to_owned(),
            limit: 1,
            seed: 1,
            setup: Values::default(),
        };
        Spelling::new(count, |user| {
            let who = Who {
                user,
                ..Who::NOBODY
            };
            template.fill(&event, who)
        })
    }

    #[test]
    fn who_is_nobody_of_this_run_has_a_number_of_his_own() {
        let rows = ["u-2", "u-9", "u-1", "u-9", "x"].map(str::to_owned);
        let named = spelling("u-{{user}}", 2)
            .unwrap()
            .names(&rows, &Secrets::default());
        let strangers = named.rows.iter().map(|user| user.is_stranger());
        assert_eq!(
            strangers.collect::<Vec<_>>(),
            [false, true, false, true, true]
        );
        assert_eq!((named.rows[0], named.rows[2]), (UserId(2), UserId(1)));
        assert_eq!((named.rows[1], named.strangers), (named.rows[3], 3));
        assert_ne!(named.rows[1], named.rows[4]);
        assert_eq!(named.samples, ["u-9", "x"]);
    }

    #[test]
    fn two_users_with_one_spelling_are_an_error() {
        assert!(spelling("{{user}}", 3).is_ok());
        let error = spelling("everybody", 3).err().unwrap();
        assert_eq!(error, "users 1 and 2 have the same spelling in the ledger");
    }
}
