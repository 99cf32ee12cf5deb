//! Validates `[[setup]]` and `[[step]]`.

use std::path::Path;

use toml::Spanned;

use super::{Scope, Validator, captures::Space, ledger, wrong};
use crate::{
    input::{error::UsageError, raw_value::RawValue},
    service::{
        Statuses, file,
        request::exchange::Exchange,
        setup::{Action, Command, Commands, Query, Setup, Step, words},
        template::Escape,
    },
    text::problem::Problem,
};

impl Validator<'_> {
    pub(super) fn setup(&mut self, spanned: &Spanned<file::Setup>) -> Result<Setup, UsageError> {
        let typed = spanned.get_ref();
        let start = spanned.span().start;
        let redis = typed.redis.first();
        let action = match (&typed.url, &typed.sql, redis, typed.command.first()) {
            (Some(url), None, None, None) => {
                let request = self.request(&typed.parts(url), "POST", Scope::Event)?;
                let expected = self.expected(&typed.status)?;
                Action::Request(Exchange { request, expected })
            }
            (None, Some(sql), None, None) => self.setup_sql(sql, typed)?,
            (Some(url), None, Some(_), None) => self.setup_redis(url, &typed.redis)?,
            (None, None, None, Some(program)) => self.setup_command(program, &typed.command)?,
            (None, None, Some(redis), None) => {
                let advice = "name it: url = \"redis://HOST:PORT\"";
                let problem = Problem::new("commands without a Redis server", advice);
                return Err(wrong(self.file, redis, problem));
            }
            _ => {
                let problem = Problem::new(
                    "setup that does nothing, or several things",
                    "name one of url (a request), sql, redis and command",
                );
                return Err(self.file.wrong_at(start, problem));
            }
        };
        if !matches!(action, Action::Request(_)) {
            self.no_request(typed)?;
        }
        if let (Some(db), false) = (&typed.db, matches!(action, Action::Sql(_))) {
            let problem = Problem::new("database without sql", "remove it");
            return Err(wrong(self.file, db, problem));
        }
        let captures = self.captures(&typed.capture, Space::Setup)?;
        Ok(Setup { action, captures })
    }

    /// Refuses keys of a request in a setup that is not a request.
    fn no_request(&self, typed: &file::Setup) -> Result<(), UsageError> {
        let spans = [
            typed.method.as_ref().and_then(|typed| typed.span.clone()),
            typed.body.as_ref().and_then(|typed| typed.span.clone()),
            typed.json.as_ref().map(Spanned::span),
            typed.form.as_ref().map(Spanned::span),
            typed.status.first().and_then(|typed| typed.span.clone()),
            typed
                .headers
                .values()
                .next()
                .and_then(|typed| typed.span.clone()),
        ];
        match spans.into_iter().flatten().next() {
            None => Ok(()),
            Some(span) => {
                let problem =
                    Problem::new("key of a request", "only a setup with a url has such a key");
                Err(self.file.wrong_at(span.start, problem))
            }
        }
    }

    fn setup_sql(&mut self, sql: &RawValue, typed: &file::Setup) -> Result<Action, UsageError> {
        let Some(db) = &typed.db else {
            let problem = Problem::new(
                "sql without a database",
                "name it: db = \"postgres://HOST/NAME\"",
            );
            return Err(wrong(self.file, sql, problem));
        };
        Ok(Action::Sql(Query {
            db: self.resolved_as(db, ledger::database)?,
            text: self.template(sql, Escape::None, Scope::Event)?,
        }))
    }

    fn setup_redis(&mut self, url: &RawValue, typed: &[RawValue]) -> Result<Action, UsageError> {
        let url = self.resolved_as(url, ledger::redis)?;
        let commands = typed.iter().map(|typed| {
            let words = self.parse(typed, words)?;
            let words = words.into_iter().map(|word| {
                let word = RawValue {
                    text: word,
                    span: typed.span.clone(),
                };
                self.template(&word, Escape::None, Scope::Event)
            });
            words.collect()
        });
        Ok(Action::Redis(Commands {
            url,
            commands: commands.collect::<Result<_, UsageError>>()?,
        }))
    }

    fn setup_command(
        &mut self,
        program: &RawValue,
        typed: &[RawValue],
    ) -> Result<Action, UsageError> {
        let folder = self.file.path().parent().unwrap_or(Path::new(""));
        let words = typed
            .iter()
            .map(|typed| self.template(typed, Escape::None, Scope::Event));
        Ok(Action::Command(Command {
            words: words.collect::<Result<_, _>>()?,
            program: program.text.clone(),
            folder: folder.to_owned(),
        }))
    }

    /// One request of every user before the claim.
    pub(super) fn step(&mut self, spanned: &Spanned<file::Request>) -> Result<Step, UsageError> {
        let typed = spanned.get_ref();
        let request = self.request(&typed.parts(), "POST", Scope::User)?;
        if request.has_attempt() {
            let problem = Problem::new(
                "placeholder of an attempt in a step",
                "steps are made once for each user, before the first attempt",
            );
            return Err(self.file.wrong_at(spanned.span().start, problem));
        }
        let expected = self.expected(&typed.status)?;
        let captures = self.captures(&typed.capture, Space::Step)?;
        Ok(Step {
            exchange: Exchange { request, expected },
            captures,
        })
    }

    fn expected(&self, status: &[RawValue]) -> Result<Statuses, UsageError> {
        match status {
            [] => Ok(Statuses::success()),
            status => self.statuses(status),
        }
    }
}
