//! Validates `[drain]`.

use std::time::Duration;

use toml::Spanned;
use url::Url;

use super::{
    Scope, Validator,
    ledger::{database, redis},
    requests::Head,
    wrong,
};
use crate::{
    input::{
        address::{KafkaTarget, ServiceUrl},
        error::UsageError,
        raw_value::RawValue,
        services,
    },
    service::{
        Template,
        drain::{
            COLLECTED_EVERY, Condition, Drain, HttpCondition, KafkaLag, RabbitQueue, RedisBacklog,
            RedisWork, SqlZero, Watched,
        },
        file,
        ledger::Source,
        template::Escape,
    },
    text::{problem::Problem, values::span},
};

impl Validator<'_> {
    /// How the end of the service's work is recognized.
    pub(super) fn drain(
        &mut self,
        spanned: &Spanned<file::Drain>,
        source: &Source,
    ) -> Result<Drain, UsageError> {
        let typed = spanned.get_ref();
        let start = spanned.span().start;
        if typed.synchronous == Some(true) {
            return self.synchronous(typed, start).map(|()| Drain::Synchronous);
        }
        let watched = Watched {
            conditions: self.conditions(typed)?,
            unchanged_for: self.span(typed.unchanged_for.as_ref())?,
            timeout: self.span(typed.timeout.as_ref())?,
        };
        let problem = match (&watched, source) {
            (
                Watched {
                    unchanged_for: Some(_),
                    ..
                },
                Source::None,
            ) => Problem::new(
                "unchanged_for without a [ledger]",
                "there is nothing that could change",
            ),
            _ if !typed.has_criterion() && watched.timeout.is_none() => Problem::new(
                "drain without a condition",
                "name at least one of http, kafka, redis, rabbitmq, sql and unchanged_for, or write synchronous = true",
            ),
            _ => match too_short(&watched) {
                None => return Ok(Drain::Watched(watched)),
                Some(problem) => problem,
            },
        };
        Err(self.file.wrong_at(start, problem))
    }

    /// `synchronous` excludes all other keys: there is nothing to wait for.
    fn synchronous(&self, typed: &file::Drain, start: usize) -> Result<(), UsageError> {
        if !typed.waits() && typed.timeout.is_none() && typed.db.is_none() {
            return Ok(());
        }
        let problem = Problem::new(
            "synchronous together with a condition",
            "synchronous means that a coupon is durable before its claim is answered: remove one of the two",
        );
        Err(self.file.wrong_at(start, problem))
    }

    fn span(&self, typed: Option<&RawValue>) -> Result<Option<Duration>, UsageError> {
        typed.map(|typed| self.parse(typed, span)).transpose()
    }

    fn conditions(&mut self, typed: &file::Drain) -> Result<Vec<Condition>, UsageError> {
        let mut conditions = Vec::new();
        if let Some(http) = &typed.http {
            conditions.push(Condition::Http(Box::new(self.http_condition(http)?)));
        }
        if let Some(kafka) = &typed.kafka {
            conditions.push(Condition::Kafka(self.kafka(kafka)?));
        }
        if let Some(redis) = &typed.redis {
            conditions.push(Condition::Redis(self.redis_backlog(redis)?));
        }
        if let Some(queue) = &typed.rabbitmq {
            conditions.push(Condition::Rabbit(self.rabbitmq(queue)?));
        }
        if let Some(query) = self.zero(typed)? {
            conditions.push(Condition::Sql(query));
        }
        Ok(conditions)
    }

    fn http_condition(
        &mut self,
        spanned: &Spanned<file::DrainHttp>,
    ) -> Result<HttpCondition, UsageError> {
        let typed = spanned.get_ref();
        let matcher = self.checked(
            spanned,
            (&typed.equals, &typed.contains, &typed.matches, typed.exists),
        )?;
        Ok(HttpCondition {
            pointer: self.pointer(&typed.pointer)?,
            matcher,
            request: self.question(&Head {
                method: typed.method.as_ref(),
                url: &typed.url,
                headers: &typed.headers,
            })?,
        })
    }

    /// A name that can differ from run to run.
    fn name(&mut self, typed: &RawValue) -> Result<Template, UsageError> {
        self.template(typed, Escape::None, Scope::Event)
    }

    fn kafka(&mut self, typed: &file::DrainKafka) -> Result<KafkaLag, UsageError> {
        let topics = typed.topic.iter().map(|topic| self.name(topic));
        Ok(KafkaLag {
            topics: topics.collect::<Result<_, _>>()?,
            group: self.name(&typed.group)?,
            brokers: self.resolved_as(&typed.brokers, brokers)?,
        })
    }

    fn redis_backlog(
        &mut self,
        spanned: &Spanned<file::DrainRedis>,
    ) -> Result<RedisBacklog, UsageError> {
        let typed = spanned.get_ref();
        let lists = typed.list.as_slice();
        let work = match (lists, &typed.stream, &typed.group, &typed.key) {
            ([_, ..], None, None, None) => {
                let lists = lists.iter().map(|list| self.name(list));
                RedisWork::Lists(lists.collect::<Result<_, _>>()?)
            }
            ([], Some(stream), Some(group), None) => RedisWork::Stream {
                key: self.name(stream)?,
                group: self.name(group)?,
            },
            ([], None, None, Some(key)) => RedisWork::Key(self.name(key)?),
            _ => {
                let problem = Problem::new(
                    "drain condition with no place in Redis, or with several",
                    "name one of list, key, and stream with its group",
                );
                return Err(self.file.wrong_at(spanned.span().start, problem));
            }
        };
        Ok(RedisBacklog {
            url: self.resolved_as(&typed.url, redis)?,
            work,
        })
    }

    fn rabbitmq(&mut self, typed: &file::DrainRabbitMq) -> Result<RabbitQueue, UsageError> {
        let vhost = typed.vhost.as_ref().map(|vhost| self.name(vhost));
        Ok(RabbitQueue {
            url: self.resolved_as(&typed.url, management)?,
            vhost: vhost.transpose()?.unwrap_or_else(|| Template::text("/")),
            queue: self.name(&typed.queue)?,
            collected_every: self
                .span(typed.collected_every.as_ref())?
                .unwrap_or(COLLECTED_EVERY),
        })
    }

    fn zero(&mut self, typed: &file::Drain) -> Result<Option<SqlZero>, UsageError> {
        match (&typed.sql, &typed.db) {
            (None, None) => Ok(None),
            (Some(query), Some(db)) => Ok(Some(SqlZero {
                db: self.resolved_as(db, database)?,
                query: self.name(query)?,
            })),
            (Some(alone), None) => {
                let advice = "name it: db = \"postgres://HOST/NAME\"";
                let problem = Problem::new("query without a database", advice);
                Err(wrong(self.file, alone, problem))
            }
            (None, Some(alone)) => {
                let advice = "write the query: sql = \"SELECT count(*) FROM outbox\"";
                let problem = Problem::new("database without a query", advice);
                Err(wrong(self.file, alone, problem))
            }
        }
    }
}

/// Refuses a `timeout` that is shorter than another time that has to pass first.
fn too_short(watched: &Watched) -> Option<Problem> {
    let timeout = watched.timeout?;
    if watched.unchanged_for.is_some_and(|span| span >= timeout) {
        let what = "timeout that is not longer than unchanged_for";
        return Some(Problem::new(what, "give it more time"));
    }
    let collected = watched.conditions.iter().find_map(|one| match one {
        Condition::Rabbit(queue) => Some(queue.certain_after()),
        _ => None,
    });
    collected.filter(|span| *span >= timeout).map(|span| {
        Problem::new(
            "timeout that is not longer than three collections of RabbitMQ's figures",
            format!(
                "a queue is certainly empty only after {} s: give it more time, or set collected_every",
                span.as_secs_f64()
            ),
        )
    })
}

fn brokers(text: &str) -> Result<String, Problem> {
    match services::kafka(text)? {
        KafkaTarget::Brokers(brokers) => Ok(brokers),
        KafkaTarget::Embedded => Err(Problem::invalid(
            text,
            "name the service's own brokers: HOST:PORT,…",
        )),
    }
}

/// Parses the address of the RabbitMQ management API. The error does not show the password.
fn management(text: &str) -> Result<ServiceUrl, Problem> {
    let advice = "write the address of the management API: http://USER:PASSWORD@HOST:15672";
    let wrong = || Problem::new("invalid URL", advice);
    let url = Url::parse(text).map_err(|_| wrong())?;
    let has_host = url.host_str().is_some_and(|host| !host.is_empty());
    if !matches!(url.scheme(), "http" | "https") || !has_host {
        return Err(wrong());
    }
    Ok(ServiceUrl::new(url))
}
