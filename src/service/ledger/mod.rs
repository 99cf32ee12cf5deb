//! What is really there: the coupons of a service, as whatever holds them tells.
//!
//! A source is described by the file and opened for a run as a [`Reader`]. Reading changes nothing.

mod found;
mod more;
mod over_http;
mod pages;
pub(super) mod redis;
mod spelling;
pub(super) mod sql;

pub use found::{Found, Row, Stock};
pub use pages::{Order, Pages};
pub use spelling::{Named, Spelling};

use super::{Event, RequestTemplate, Target, Template, Who};
use crate::{
    adapters::http::Client,
    input::address::{DbTarget, ServiceUrl},
    model::report::Backend,
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
        /// Whether that is all.
        pages: Pages,
    },
    /// A database is.
    Sql {
        /// Which.
        db: DbTarget,
        /// The question.
        query: Template,
        /// What its columns hold.
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
    /// Every coupon.
    Users(List),
    /// How many coupons there are.
    Count {
        /// To the number.
        pointer: String,
    },
}

/// Where a JSON answer has a list of coupons.
#[derive(Debug, Clone)]
pub struct List {
    /// To the list.
    pub pointer: String,
    /// From an item of the list to the user; `None` is the item itself.
    pub id: Option<String>,
    /// From an item to the coupon's code.
    pub code: Option<String>,
}

/// What a query returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A line for each coupon: its user, and in a second column its code, where there is one.
    Users,
    /// One number.
    Count,
}

impl Source {
    /// Whether each run has a ledger of its own, so that rows of one run never show in another.
    pub fn is_of_the_run(&self) -> bool {
        match self {
            Self::Http { request, .. } => request.has_run(),
            Self::Sql { query, .. } => query.has_run(),
            Self::Redis { key, .. } => key.has_run(),
            // What users were told is of the run alone.
            Self::None => true,
        }
    }

    /// In a few words, for the head of a report.
    pub fn describe(&self) -> String {
        match self {
            Self::Http { request, find, .. } => {
                let what = match find {
                    Find::Users(_) => "users",
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
pub struct Reader {
    place: Place,
    /// The limit that a stock counts down from; `None` where a count is one of coupons.
    stock: Option<u64>,
}

/// What is read.
enum Place {
    /// Over HTTP.
    Http(Box<over_http::Answer>),
    /// From a database.
    Sql(sql::Query),
    /// From Redis.
    Redis(redis::Key),
}

impl Reader {
    /// Opens the ledger of a target; `None` where there is nothing to read.
    pub async fn open(
        target: &Target,
        client: &Client,
        event: &Event,
    ) -> Result<Option<Self>, String> {
        let stock = target.remaining.then_some(event.limit);
        let place = match &target.ledger {
            Source::Http {
                request,
                find,
                pages,
            } => Place::Http(Box::new(over_http::Answer {
                client: client.clone(),
                request: request.clone(),
                find: find.clone(),
                pages: pages.clone(),
                event: event.clone(),
            })),
            Source::Sql { db, query, what } => {
                let query = query.fill(event, Who::NOBODY);
                Place::Sql(sql::Query::open(db, query, *what).await?)
            }
            Source::Redis { url, key } => {
                let key = key.fill(event, Who::NOBODY);
                Place::Redis(redis::Key::open(url, key, stock.is_some()).await?)
            }
            Source::None => return Ok(None),
        };
        Ok(Some(Self { place, stock }))
    }

    /// What is there now.
    pub async fn read(&mut self) -> Result<Found, String> {
        let raw = match &mut self.place {
            Place::Http(answer) => answer.read().await,
            Place::Sql(query) => query.read().await,
            Place::Redis(key) => key.read().await,
        };
        match (raw?, self.stock) {
            (Raw::Rows(rows), _) => Ok(Found::Users(rows)),
            (Raw::Number(left), Some(limit)) => Stock::new(limit, left).map(Found::Stock),
            (Raw::Number(count), None) => u64::try_from(count).map(Found::Count).map_err(|_| {
                format!("the count is {count}: for stock that counts down, say remaining = true")
            }),
        }
    }

    /// The database or the Redis that it is read from.
    pub fn backend(&self) -> Option<Backend> {
        match &self.place {
            Place::Http(_) => None,
            Place::Sql(query) => Some(query.backend()),
            Place::Redis(key) => Some(key.backend()),
        }
    }
}

/// What a place holds, before it is known what a number counts.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::service) enum Raw {
    Rows(Vec<Row>),
    Number(i128),
}
