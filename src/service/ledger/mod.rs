//! The coupons that a service holds, read over HTTP, from a database or from Redis.
//!
//! The target file describes a [`Source`]; a run opens it as a [`LedgerReader`]. Reading changes nothing.

mod contents;
mod http;
mod page_signs;
mod pages;
pub(super) mod redis;
mod spelling;
pub(super) mod sql;

pub use contents::{LedgerContents, Row, Stock};
pub use pages::{Order, Pages};
pub use spelling::{NamedRows, Spelling};

use super::{AttemptValues, EventValues, RequestTemplate, Target, Template};
use crate::{
    adapters::http::Client,
    input::address::{DbTarget, ServiceUrl},
    model::report::Backend,
};

/// The source of a ledger.
#[derive(Debug)]
pub enum Source {
    /// A request to the service.
    Http {
        /// The request.
        request: RequestTemplate,
        /// The place of the coupons in the response.
        find: Find,
        /// How a list is divided into pages.
        pages: Pages,
    },
    /// A query on a database.
    Sql {
        /// The database.
        db: DbTarget,
        /// The query.
        query: Template,
        /// The meaning of its columns.
        what: QueryKind,
    },
    /// A key in Redis: a set, a list or a sorted set of users, or a counter.
    Redis {
        /// The URL of the Redis server.
        url: ServiceUrl,
        /// The key.
        key: Template,
    },
    /// No ledger: nothing can be read.
    None,
}

/// The place of the coupons in a JSON response.
#[derive(Debug, Clone)]
pub enum Find {
    /// Every coupon.
    Users(List),
    /// The number of coupons.
    Count {
        /// The JSON pointer to the number.
        pointer: String,
    },
}

/// A list of coupons in a JSON response.
#[derive(Debug, Clone)]
pub struct List {
    /// The JSON pointer to the list.
    pub pointer: String,
    /// The JSON pointer from an item to its user. `None`: the item is the user.
    pub id: Option<String>,
    /// The JSON pointer from an item to the code of the coupon.
    pub code: Option<String>,
}

/// The meaning of the columns of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryKind {
    /// One row for each coupon: the user, and optionally the code in a second column.
    Users,
    /// One row with one number.
    Count,
}

impl Source {
    /// Whether each run has a ledger of its own, so that one run never reads rows of another.
    pub fn is_of_the_run(&self) -> bool {
        match self {
            Self::Http { request, .. } => request.has_run(),
            Self::Sql { query, .. } => query.has_run(),
            Self::Redis { key, .. } => key.has_run(),
            // Only the decisions that users received are judged, and they belong to one run.
            Self::None => true,
        }
    }

    /// A short description for the head of a report.
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
                    QueryKind::Users => "users",
                    QueryKind::Count => "a count",
                };
                format!("{what} by SQL from {}", db.kind())
            }
            Self::Redis { .. } => "a key in redis".to_owned(),
            Self::None => "none: only what users were told is judged".to_owned(),
        }
    }
}

/// A source on a connection.
pub struct LedgerReader {
    place: Place,
    /// The limit from which a stock counts down. `None` if a count is the number of issued coupons.
    stock: Option<u64>,
}

/// The place that is read.
enum Place {
    /// Over HTTP.
    Http(Box<http::HttpLedger>),
    /// From a database.
    Sql(sql::Query),
    /// From Redis.
    Redis(redis::Key),
}

impl LedgerReader {
    /// Connects to the ledger of a target. `None` if the target has no ledger.
    ///
    /// # Errors
    /// The database or the Redis server cannot be connected.
    pub async fn open(
        target: &Target,
        client: &Client,
        event: &EventValues,
    ) -> Result<Option<Self>, String> {
        let stock = target.remaining.then_some(event.limit);
        let place = match &target.ledger {
            Source::Http {
                request,
                find,
                pages,
            } => Place::Http(Box::new(http::HttpLedger {
                client: client.clone(),
                request: request.clone(),
                find: find.clone(),
                pages: pages.clone(),
                event: event.clone(),
            })),
            Source::Sql { db, query, what } => {
                let query = query.fill(event, AttemptValues::NONE);
                Place::Sql(sql::Query::open(db, query, *what).await?)
            }
            Source::Redis { url, key } => {
                let key = key.fill(event, AttemptValues::NONE);
                Place::Redis(redis::Key::open(url, key, stock.is_some()).await?)
            }
            Source::None => return Ok(None),
        };
        Ok(Some(Self { place, stock }))
    }

    /// Reads the ledger.
    ///
    /// # Errors
    /// The ledger cannot be read, is incomplete, or holds a number that cannot be a count.
    pub async fn read(&mut self) -> Result<LedgerContents, String> {
        let raw = match &mut self.place {
            Place::Http(answer) => answer.read().await,
            Place::Sql(query) => query.read().await,
            Place::Redis(key) => key.read().await,
        };
        match (raw?, self.stock) {
            (Raw::Rows(rows), _) => Ok(LedgerContents::Users(rows)),
            (Raw::Number(left), Some(limit)) => Stock::new(limit, left).map(LedgerContents::Stock),
            (Raw::Number(count), None) => u64::try_from(count).map(LedgerContents::Count).map_err(
                |_| {
                    format!(
                        "the count is {count}: for a stock that counts down, write remaining = true"
                    )
                },
            ),
        }
    }

    /// The database or the Redis server that holds the ledger. `None` for a ledger over HTTP.
    pub fn backend(&self) -> Option<Backend> {
        match &self.place {
            Place::Http(_) => None,
            Place::Sql(query) => Some(query.backend()),
            Place::Redis(key) => Some(key.backend()),
        }
    }
}

/// The contents of a place, before it is known whether a number counts issued coupons or stock.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::service) enum Raw {
    Rows(Vec<Row>),
    Number(i128),
}
