//! Validates `[ledger]`.

use toml::Spanned;

use super::{Scope, Validator, requests::Head, wrong};
use crate::{
    input::{
        address::{DbTarget, RedisTarget, ServiceUrl},
        error::UsageError,
        raw_value::RawValue,
        services,
    },
    service::{
        AttemptValues, EventValues, RequestTemplate, Template, file,
        ledger::{Find, List, Order, Pages, QueryKind, Source},
        template::{Escape, Name, Values},
    },
    text::problem::Problem,
};

/// The maximum number of pages unless the file gives one. More than any list of coupons has.
const MOST_PAGES: u32 = 10_000;

impl Validator<'_> {
    /// The source of the ledger: exactly one of several.
    pub(super) fn ledger(&mut self, spanned: &Spanned<file::Ledger>) -> Result<Source, UsageError> {
        let typed = spanned.get_ref();
        match (&typed.http, &typed.sql, &typed.count_sql, &typed.redis) {
            (Some(http), None, None, None) => self.over_http(http),
            (None, Some(query), None, None) => self.sql(query, QueryKind::Users, spanned),
            (None, None, Some(query), None) => self.sql(query, QueryKind::Count, spanned),
            (None, None, None, Some(redis)) => self.redis(redis.get_ref()),
            _ => {
                let problem = Problem::new(
                    "ledger in no place, or in several",
                    "name one of http, sql, count_sql and redis",
                );
                Err(self.file.wrong_at(spanned.span().start, problem))
            }
        }
    }

    fn over_http(&mut self, spanned: &Spanned<file::LedgerHttp>) -> Result<Source, UsageError> {
        let typed = spanned.get_ref();
        let find = match (&typed.users, &typed.count) {
            (Some(users), None) => Find::Users(List {
                pointer: self.pointer(users)?,
                id: typed.id.as_ref().map(|id| self.pointer(id)).transpose()?,
                code: typed
                    .code
                    .as_ref()
                    .map(|code| self.pointer(code))
                    .transpose()?,
            }),
            (None, Some(count)) => Find::Count {
                pointer: self.pointer(count)?,
            },
            _ => {
                let problem = Problem::new(
                    "ledger without users or a count",
                    "give their place in the answer: users = \"/users\", or count = \"/issued\"",
                );
                return Err(self.file.wrong_at(spanned.span().start, problem));
            }
        };
        let mut pages = self.pages(spanned)?;
        let head = Head {
            method: typed.method.as_ref(),
            url: &typed.url,
            headers: &typed.headers,
        };
        let request = match pages.order.as_ref().and_then(Order::placeholder) {
            None => self.question(&head)?,
            Some(page) => {
                pages.slot = Some(self.prepared.len());
                self.question_by_page(&head, page)?
            }
        };
        Ok(Source::Http {
            request,
            find,
            pages,
        })
    }

    /// A request in which a placeholder selects the page. The page is one more value of the event, and only this request can use it.
    fn question_by_page(
        &mut self,
        head: &Head<'_>,
        page: &str,
    ) -> Result<RequestTemplate, UsageError> {
        let named = |placeholder: &str| Name {
            placeholder: placeholder.to_owned(),
            secret: false,
        };
        let slot = self.prepared.len();
        self.prepared.push(named(page));
        let request = self.question(head);
        self.prepared[slot] = named("(a page of the ledger)");
        let request = request?;
        let of = |value: &str| {
            let event = EventValues {
                run: String::new(),
                limit: 1,
                seed: 1,
                setup: Values::all(&self.prepared, value),
            };
            let built = request.build(&event, AttemptValues::NONE).ok()?;
            Some((built.uri().clone(), built.headers().clone()))
        };
        if of("1") != of("2") {
            return Ok(request);
        }
        let problem = Problem::new(
            "pages without a placeholder in the request",
            format!("write {{{{{page}}}}} in the url, as in /coupons?{page}={{{{{page}}}}}"),
        );
        Err(wrong(self.file, head.url, problem))
    }

    /// The order of the pages of a list.
    fn pages(&self, spanned: &Spanned<file::LedgerHttp>) -> Result<Pages, UsageError> {
        let ledger = spanned.get_ref();
        let one = Pages {
            order: None,
            slot: None,
            most: MOST_PAGES,
            whole: ledger.whole.unwrap_or(false),
        };
        let Some(typed) = &ledger.pages else {
            return Ok(one);
        };
        let wrong_here = |what: &str, advice: &str| {
            let problem = Problem::new(what, advice);
            Err(self.file.wrong_at(typed.span().start, problem))
        };
        if ledger.users.is_none() {
            return wrong_here(
                "pages of a count",
                "only a list has pages: give its place by users = \"/users\"",
            );
        }
        let pages = typed.get_ref();
        let order = match (pages.page, pages.offset, &pages.cursor, pages.link) {
            (Some(first), None, None, None) => Order::Page(first),
            (None, Some(first), None, None) => Order::Offset(first),
            (None, None, Some(cursor), None) => Order::Cursor(self.pointer(cursor)?),
            (None, None, None, Some(true)) => Order::Link,
            _ => {
                return wrong_here(
                    "pages in no order, or in several",
                    "name one of page = 0, offset = 0, cursor = \"/next\" and link = true",
                );
            }
        };
        match pages.most {
            Some(0) => wrong_here("no page at all in most", "read one page at least"),
            most => Ok(Pages {
                order: Some(order),
                most: most.unwrap_or(MOST_PAGES),
                ..one
            }),
        }
    }

    /// Whether a count of the ledger is the remaining stock.
    pub(super) fn remaining(
        &self,
        ledger: Option<&Spanned<file::Ledger>>,
        source: &Source,
    ) -> Result<bool, UsageError> {
        let typed = ledger.and_then(|ledger| ledger.get_ref().remaining.as_ref());
        let counts = match source {
            Source::Http { find, .. } => matches!(find, Find::Count { .. }),
            Source::Sql { what, .. } => *what == QueryKind::Count,
            Source::Redis { .. } => true,
            Source::None => false,
        };
        match typed {
            Some(typed) if *typed.get_ref() && !counts => {
                let problem = Problem::new(
                    "remaining stock of a list of users",
                    "the remaining stock is a number: use count, count_sql or redis",
                );
                Err(self.file.wrong_at(typed.span().start, problem))
            }
            Some(typed) => Ok(*typed.get_ref()),
            None => Ok(false),
        }
    }

    fn sql(
        &mut self,
        query: &RawValue,
        what: QueryKind,
        ledger: &Spanned<file::Ledger>,
    ) -> Result<Source, UsageError> {
        let Some(db) = &ledger.get_ref().db else {
            let problem = Problem::new(
                "query without a database",
                "name it: db = \"postgres://HOST/NAME\"",
            );
            return Err(wrong(self.file, query, problem));
        };
        Ok(Source::Sql {
            db: self.resolved_as(db, database)?,
            query: self.template(query, Escape::None, Scope::Event)?,
            what,
        })
    }

    fn redis(&mut self, typed: &file::LedgerRedis) -> Result<Source, UsageError> {
        let url = self.resolved_as(&typed.url, redis)?;
        Ok(Source::Redis {
            url,
            key: self.template(&typed.key, Escape::None, Scope::Event)?,
        })
    }

    /// The spelling of a user in the ledger.
    pub(super) fn spelling(
        &mut self,
        ledger: Option<&Spanned<file::Ledger>>,
    ) -> Result<Template, UsageError> {
        let typed = ledger.and_then(|ledger| ledger.get_ref().user.as_ref());
        let Some(typed) = typed else {
            let start = ledger.map_or(0, |ledger| ledger.span().start);
            return self.template_of("{{user}}", start, Escape::None, Scope::User);
        };
        let template = self.template(typed, Escape::None, Scope::User)?;
        if template.has_user() {
            return Ok(template);
        }
        let problem = Problem::new(
            "the same spelling for all users",
            "it needs {{user}}, or a column such as {{users.id}}",
        );
        Err(wrong(self.file, typed, problem))
    }
}

/// Parses the address of a database of the service.
pub(super) fn database(text: &str) -> Result<DbTarget, Problem> {
    match services::db(text)? {
        DbTarget::PrivateSqlite => Err(Problem::invalid(
            text,
            "name the file of the service: sqlite://FILE",
        )),
        db => Ok(db),
    }
}

/// Parses the address of a Redis server of the service.
pub(super) fn redis(text: &str) -> Result<ServiceUrl, Problem> {
    match services::redis(text)? {
        RedisTarget::Url(url) => Ok(url),
        RedisTarget::Sentinel(_) => Err(Problem::invalid(
            text,
            "name the server that holds the key: redis://HOST:PORT",
        )),
        RedisTarget::Embedded => Err(Problem::invalid(
            text,
            "name the Redis server of the service: redis://HOST:PORT",
        )),
    }
}
