//! Validates a target file: the typed file becomes a [`Target`], or an error with the line of the mistake. Nothing is sent.

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
    AttemptValues, EventValues, Reach, RequestTemplate, Secrets, Target, Template, Users,
    file::{self, TargetFile},
    ledger::{Find, QueryKind, Source},
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
    /// Reads and validates a target file, and the table of users that it names.
    ///
    /// # Errors
    /// A file cannot be read, or the first mistake in it, with its line.
    pub fn read(path: &Path, env: Env<'_>) -> Result<Self, UsageError> {
        let mut target = Self::validate(&TomlFile::read(path, "target")?, env)?;
        redact::remember_all(&target.secrets);
        // Only responses of the service can contain these values, so the global list of secrets, which every message passes, does not
        // need them. There can be a million.
        if let Some(users) = &target.users {
            target.secrets.add_all(users.values());
        }
        Ok(target)
    }

    /// Validates a target file.
    ///
    /// # Errors
    /// The first mistake, with its line.
    pub fn validate(file: &TomlFile, env: Env<'_>) -> Result<Self, UsageError> {
        let typed: TargetFile = file.deserialize()?;
        let users = users(file, typed.users.as_ref())?;
        let mut validator = Validator::new(file, env, users.as_ref());
        let service = validator.service(&typed.http)?;
        let prefix = service.base_url.path().trim_end_matches('/');
        prefix.clone_into(&mut validator.prefix);
        let setup = typed.setup.iter().map(|setup| validator.setup(setup));
        let setup = setup.collect::<Result<Vec<_>, _>>()?;
        let steps = typed.step.iter().map(|step| validator.step(step));
        let steps = steps.collect::<Result<Vec<_>, _>>()?;
        // Before the claim: a ledger cannot use values that are captured from the response to a claim.
        let ledger = validator.whole_ledger(&typed, users.as_ref())?;
        let drain = typed.drain.as_ref();
        let drain = drain.map(|drain| validator.drain(drain, &ledger.source));
        let drain = drain.transpose()?;
        let claim = validator.claims(&typed)?;
        let title = typed.title.as_ref().map(|title| validator.one_line(title));
        let promise = typed.promise.as_ref().map(|word| validator.promise(word));
        let target = Self {
            path: file.path().to_owned(),
            text: file.text().to_owned(),
            name: name(file.path()),
            title: title.transpose()?,
            promise: promise.transpose()?.unwrap_or(Promise::Exact),
            one_per_user: typed.one_per_user.unwrap_or(true),
            service,
            setup,
            prepared: validator.prepared.into(),
            steps,
            claim: claim.request,
            captures: claim.captures,
            rules: claim.rules,
            confirm: claim.confirm,
            poll: claim.poll,
            captured: validator.captured.into(),
            ledger: ledger.source,
            remaining: ledger.remaining,
            spelling: ledger.spelling,
            drain,
            secrets: validator.secrets,
            reach: Reach {
                connections: None,
                remote: Remote::Refused,
            },
            users,
        };
        target.check(file, &typed)?;
        Ok(target)
    }

    /// Refuses settings that are valid alone and contradict each other.
    fn check(&self, file: &TomlFile, typed: &TargetFile) -> Result<(), UsageError> {
        let by_user = match &self.ledger {
            Source::Http {
                find: Find::Users(_),
                ..
            }
            | Source::Sql {
                what: QueryKind::Users,
                ..
            } => true,
            Source::None | Source::Redis { .. } | Source::Http { .. } | Source::Sql { .. } => false,
        };
        // A cookie of a login step can identify the user, so the claim itself does not have to.
        let steps = self.steps.iter();
        let mut requests = steps.map(|step| &step.exchange.request);
        let known = self.claim.has_user() || requests.any(RequestTemplate::has_user);
        if by_user && !known {
            let problem = Problem::new(
                "claim without a user",
                "the ledger lists users, so the claim or a step has to contain {{user}} or a column such as {{users.id}}",
            );
            return Err(file.wrong_at(typed.claim.span().start, problem));
        }
        Ok(())
    }
}

/// The name of the file without its extension.
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

/// Refuses two users with the same spelling in the ledger.
fn check_spelling(
    file: &TomlFile,
    typed: &file::Users,
    users: &Users,
    spelling: &Template,
) -> Result<(), UsageError> {
    // Values of the event are the same for all users, so any values will do.
    let event = EventValues {
        run: String::new(),
        limit: 0,
        seed: 0,
        setup: Values::default(),
    };
    let spelled = (1..=users.len()).map(UserId).map(|user| {
        let who = AttemptValues {
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
        "two users with the same spelling in {}",
        quoted(&users.path().to_string_lossy())
    );
    let advice = format!("lines {first} and {second} have the same spelling in the ledger");
    Err(wrong(file, &typed.csv, Problem::new(what, advice)))
}

/// The error for a mistake in a value, with its line.
fn wrong(file: &TomlFile, typed: &RawValue, problem: Problem) -> UsageError {
    let start = typed.span.as_ref().map_or(0, |span| span.start);
    file.wrong_at(start, problem)
}

/// Validates the values of one file.
struct Validator<'a> {
    file: &'a TomlFile,
    env: Env<'a>,
    columns: &'a [String],
    /// The path of the base URL, without a trailing slash.
    prefix: String,
    /// The values that the setup captures, in the part of the file that has been validated.
    prepared: Vec<Name>,
    /// The values that steps and claims capture for a user, in the part of the file that has been validated.
    captured: Vec<Name>,
    secrets: Secrets,
}

/// The placeholders that a text may contain.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Those of a user, of an attempt and of the event.
    User,
    /// Those of the event.
    Event,
}

/// The valid `[ledger]`.
struct Ledger {
    source: Source,
    remaining: bool,
    spelling: Template,
}

impl<'a> Validator<'a> {
    fn new(file: &'a TomlFile, env: Env<'a>, users: Option<&'a Users>) -> Self {
        Self {
            file,
            env,
            columns: users.map_or(&[], Users::columns),
            prefix: String::new(),
            prepared: Vec::new(),
            captured: Vec::new(),
            secrets: Secrets::default(),
        }
    }
}

impl Validator<'_> {
    fn whole_ledger(
        &mut self,
        typed: &TargetFile,
        users: Option<&Users>,
    ) -> Result<Ledger, UsageError> {
        let ledger = typed.ledger.as_ref();
        let source = ledger.map_or(Ok(Source::None), |ledger| self.ledger(ledger))?;
        let remaining = self.remaining(ledger, &source)?;
        let spelling = self.spelling(ledger)?;
        if let (Some(users), Some(typed)) = (users, &typed.users)
            && self.captured.is_empty()
        {
            check_spelling(self.file, typed, users, &spelling)?;
        }
        Ok(Ledger {
            source,
            remaining,
            spelling,
        })
    }

    /// Parses a value. The error has the place of the value in the file.
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
        scope: Scope,
    ) -> Result<Template, UsageError> {
        let start = typed.span.as_ref().map_or(0, |span| span.start);
        self.template_of(&typed.text, start, escape, scope)
    }

    fn template_of(
        &mut self,
        text: &str,
        start: usize,
        escape: Escape,
        scope: Scope,
    ) -> Result<Template, UsageError> {
        let file = self.file;
        Template::parse(text, escape, &mut self.names(scope))
            .map_err(|problem| file.wrong_at(start, problem))
    }

    /// The names that a text may refer to.
    fn names(&mut self, scope: Scope) -> Names<'_> {
        Names {
            env: self.env,
            user: (scope == Scope::User).then_some(self.columns),
            setup: &self.prepared,
            captured: &self.captured,
            secrets: &mut self.secrets,
        }
    }

    /// A text in which only environment variables can be referred to.
    fn resolved(&mut self, typed: &RawValue) -> Result<String, UsageError> {
        let template = self.template(typed, Escape::None, Scope::Event)?;
        template.constant().ok_or_else(|| {
            let advice = "this value is needed before a run, so only {{env.NAME}} can be used here";
            wrong(
                self.file,
                typed,
                Problem::new("placeholder of a run", advice),
            )
        })
    }

    /// The same, parsed. Secrets in the error are masked.
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
