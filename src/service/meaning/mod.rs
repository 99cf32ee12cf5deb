//! What a target file means: everything is looked at before anything is sent, and whatever is wrong is told with its line.

mod answers;
mod captures;
mod claims;
mod drain;
mod ledger;
mod requests;
mod service;
mod setup;

use std::path::Path;

use super::{
    Event, Reach, Secrets, Target, Template, Users, Who,
    file::{self, TargetFile},
    ledger::{Find, Source, What},
    template::{Escape, Name, Names, Values},
};
use crate::{
    adapters::http::Remote,
    input::{Env, error::UsageError, raw_value::RawValue, toml_file::TomlFile},
    ports::UserId,
    strategies::Promise,
    text::{is_unsafe, problem::Problem, quote::quoted, redact, values::did_you_mean},
};

const PROMISES: [Promise; 4] = [
    Promise::None,
    Promise::SingleProcess,
    Promise::AtMost,
    Promise::Exact,
];

impl Target {
    /// Reads a file, and the table of users that it names.
    pub fn read(path: &Path, env: Env<'_>) -> Result<Self, UsageError> {
        let mut target = Self::understand(&TomlFile::read(path, "target")?, env)?;
        redact::remember_all(&target.secrets);
        // Only what the service says can hold these, and there may be a million.
        if let Some(users) = &target.users {
            target.secrets.add_all(users.values());
        }
        Ok(target)
    }

    /// What a file means.
    pub fn understand(file: &TomlFile, env: Env<'_>) -> Result<Self, UsageError> {
        let typed: TargetFile = file.deserialize()?;
        let users = users(file, typed.users.as_ref())?;
        let mut reader = Reader {
            file,
            env,
            columns: users.as_ref().map_or(&[], Users::columns),
            prefix: String::new(),
            prepared: Vec::new(),
            captured: Vec::new(),
            secrets: Secrets::default(),
        };
        let service = reader.service(&typed.http)?;
        service
            .base_url
            .path()
            .trim_end_matches('/')
            .clone_into(&mut reader.prefix);
        let setup = typed.setup.iter().map(|setup| reader.setup(setup));
        let setup = setup.collect::<Result<Vec<_>, _>>()?;
        let steps = typed.step.iter().map(|step| reader.step(step));
        let steps = steps.collect::<Result<Vec<_>, _>>()?;
        // Before the claim, as nothing that a claim is answered can be a part of it.
        let ledger = typed.ledger.as_ref();
        let source = ledger.map_or(Ok(Source::None), |ledger| reader.ledger(ledger))?;
        let remaining = reader.remaining(ledger, &source)?;
        let spelling = reader.spelling(ledger)?;
        if let (Some(users), Some(typed)) = (&users, &typed.users)
            && reader.captured.is_empty()
        {
            check_spelling(file, typed, users, &spelling)?;
        }
        let drain = typed
            .drain
            .as_ref()
            .map(|drain| reader.drain(drain, &source));
        let drain = drain.transpose()?;
        let claim = reader.claims(&typed)?;
        let target = Self {
            path: file.path().to_owned(),
            text: file.text().to_owned(),
            name: name(file.path()),
            title: typed
                .title
                .as_ref()
                .map(|title| reader.one_line(title))
                .transpose()?,
            promise: typed
                .promise
                .as_ref()
                .map_or(Ok(Promise::Exact), |word| reader.promise(word))?,
            one_per_user: typed.one_per_user.unwrap_or(true),
            service,
            setup,
            prepared: reader.prepared.into(),
            steps,
            claim: claim.request,
            captures: claim.captures,
            rules: claim.rules,
            confirm: claim.confirm,
            poll: claim.poll,
            captured: reader.captured.into(),
            ledger: source,
            remaining,
            spelling,
            drain,
            secrets: reader.secrets,
            reach: Reach {
                connections: None,
                remote: Remote::Refused,
            },
            users,
        };
        target.check(file, &typed)?;
        Ok(target)
    }

    /// What is right by itself and makes no sense together.
    fn check(&self, file: &TomlFile, typed: &TargetFile) -> Result<(), UsageError> {
        let by_user = match &self.ledger {
            Source::Http {
                find: Find::Users(_),
                ..
            }
            | Source::Sql {
                what: What::Users, ..
            } => true,
            Source::None | Source::Redis { .. } | Source::Http { .. } | Source::Sql { .. } => false,
        };
        // Who has logged in may be known by a cookie alone.
        let steps = self.steps.iter();
        let mut requests = steps.map(|step| &step.exchange.request);
        let known = self.claim.has_user() || requests.any(super::RequestTemplate::has_user);
        if by_user && !known {
            let problem = Problem::new(
                "claim without a user",
                "the ledger knows users, so put {{user}} or a column such as {{users.id}} where the service learns who asks",
            );
            return Err(file.wrong_at(typed.claim.span().start, problem));
        }
        Ok(())
    }
}

/// The file's name without its end.
fn name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().replace(is_unsafe, "?")
}

fn users(file: &TomlFile, typed: Option<&file::Users>) -> Result<Option<Users>, UsageError> {
    let Some(users) = typed else { return Ok(None) };
    let path = file.beside(&users.csv.text);
    let read = Users::read(&path).map_err(|error| {
        let what = format!("cannot read {}", quoted(&path.to_string_lossy()));
        wrong(file, &users.csv, Problem::new(what, error))
    })?;
    Ok(Some(read))
}

/// Users whom the ledger could not tell apart.
fn check_spelling(
    file: &TomlFile,
    typed: &file::Users,
    users: &Users,
    spelling: &Template,
) -> Result<(), UsageError> {
    // What differs from run to run is the same for all users.
    let event = Event {
        run: String::new(),
        limit: 0,
        seed: 0,
        setup: Values::default(),
    };
    let spelled = (1..=users.len()).map(UserId).map(|user| {
        let who = Who {
            user,
            attempt: 1,
            columns: users.line(user),
            captured: None,
        };
        spelling.fill(&event, who)
    });
    let Some((first, second)) = users.twice(spelled) else {
        return Ok(());
    };
    let what = format!(
        "two users of one name in {}",
        quoted(&users.path().to_string_lossy())
    );
    let advice = format!("lines {first} and {second} are spelled the same in the ledger");
    Err(wrong(file, &typed.csv, Problem::new(what, advice)))
}

/// What is wrong with a value.
fn wrong(file: &TomlFile, typed: &RawValue, problem: Problem) -> UsageError {
    let start = typed.span.as_ref().map_or(0, |span| span.start);
    file.wrong_at(start, problem)
}

/// Interprets the values of one file.
struct Reader<'a> {
    file: &'a TomlFile,
    env: Env<'a>,
    columns: &'a [String],
    /// The path of the base URL, without a slash at its end.
    prefix: String,
    /// What the setup captures, as far as the file has been read.
    prepared: Vec<Name>,
    /// What steps and claims capture of answers to a user, as far as the file has been read.
    captured: Vec<Name>,
    secrets: Secrets,
}

/// Whom a text may speak of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaks {
    /// A user who claims.
    OfAUser,
    /// The event alone.
    OfTheEvent,
}

impl Reader<'_> {
    /// Reads a value; what is wrong with it is said with its place.
    fn parse<T>(
        &self,
        typed: &RawValue,
        parse: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Result<T, UsageError> {
        parse(&typed.text).map_err(|problem| wrong(self.file, typed, problem))
    }

    fn template(
        &mut self,
        typed: &RawValue,
        escape: Escape,
        speaks: Speaks,
    ) -> Result<Template, UsageError> {
        let start = typed.span.as_ref().map_or(0, |span| span.start);
        self.template_of(&typed.text, start, escape, speaks)
    }

    fn template_of(
        &mut self,
        text: &str,
        start: usize,
        escape: Escape,
        speaks: Speaks,
    ) -> Result<Template, UsageError> {
        let file = self.file;
        Template::parse(text, escape, &mut self.names(speaks))
            .map_err(|problem| file.wrong_at(start, problem))
    }

    /// What a text may refer to.
    fn names(&mut self, speaks: Speaks) -> Names<'_> {
        Names {
            env: self.env,
            user: (speaks == Speaks::OfAUser).then_some(self.columns),
            setup: &self.prepared,
            captured: &self.captured,
            secrets: &mut self.secrets,
        }
    }

    /// A text in which nothing but the environment can be referred to.
    fn resolved(&mut self, typed: &RawValue) -> Result<String, UsageError> {
        let template = self.template(typed, Escape::None, Speaks::OfTheEvent)?;
        template.constant().ok_or_else(|| {
            let advice = "this is known before any run, so only {{env.NAME}} can stand here";
            wrong(
                self.file,
                typed,
                Problem::new("placeholder of a run", advice),
            )
        })
    }

    /// The same, read as something. A secret must not show in the error.
    fn resolved_as<T>(
        &mut self,
        typed: &RawValue,
        parse: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Result<T, UsageError> {
        let text = self.resolved(typed)?;
        parse(&text).map_err(|problem| {
            let mask = |text: &str| self.secrets.mask(text);
            wrong(
                self.file,
                typed,
                Problem::new(mask(&problem.what), mask(&problem.advice)),
            )
        })
    }

    fn promise(&self, typed: &RawValue) -> Result<Promise, UsageError> {
        self.parse(typed, |text| {
            let found = PROMISES.iter().find(|promise| promise.to_string() == text);
            found.copied().ok_or_else(|| {
                let names = PROMISES.map(|promise| promise.to_string());
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                Problem::new(
                    format!("unknown promise {}", quoted(text)),
                    did_you_mean(text, &names),
                )
            })
        })
    }

    fn one_line(&self, typed: &RawValue) -> Result<String, UsageError> {
        self.parse(typed, crate::text::values::one_line)
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_drains;
#[cfg(test)]
mod tests_of_requests;
