//! Flag over file over environment: the same settings three times, the first that says something wins.
//!
//! Only the value that wins is looked at: a variable of another project does not stop a run that names its own.

use super::{
    file,
    settings::{RunArgs, RunSettings, ServiceArgs},
};
use crate::adapters::http::Remote;
use crate::{
    input::{
        Env,
        error::{Place, UsageError, variable},
        toml_file::TomlFile,
        typed::Typed,
    },
    text::problem::Problem,
};

/// Settings in the order in which they count.
pub(crate) struct Layers {
    layers: Vec<(Source, RunSettings)>,
}

#[derive(Clone)]
enum Source {
    Flags,
    File(TomlFile),
    Environment,
}

/// A text and where it stands.
pub(crate) struct Found<'a> {
    pub text: &'a str,
    pub place: Place,
}

impl Found<'_> {
    /// Interprets the text; what is wrong with it is said with its place.
    pub fn parse<T>(
        &self,
        parse: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Result<T, UsageError> {
        parse(self.text).map_err(|problem| UsageError::Setting {
            place: self.place.clone(),
            problem,
        })
    }
}

impl Layers {
    /// Of `run`: reads the scenario file, if there is one.
    pub fn of_run(args: &RunArgs, env: Env<'_>) -> Result<Self, UsageError> {
        let mut layers = vec![(Source::Flags, args.settings.clone())];
        if let Some(path) = &args.scenario {
            let (file, settings) = file::read(path)?;
            layers.push((Source::File(file), settings));
        }
        layers.push((Source::Environment, environment(env)?));
        Ok(Self { layers })
    }

    /// Of a command that only speaks to services.
    pub fn of_services(services: &ServiceArgs, env: Env<'_>) -> Result<Self, UsageError> {
        let settings = RunSettings {
            services: services.clone(),
            ..RunSettings::default()
        };
        Self::of_flags(settings, env)
    }

    /// Of a command without a scenario file.
    pub fn of_flags(settings: RunSettings, env: Env<'_>) -> Result<Self, UsageError> {
        let flags = (Source::Flags, settings);
        let environment = (Source::Environment, environment(env)?);
        Ok(Self {
            layers: vec![flags, environment],
        })
    }

    /// Only the layer that counts among those that say anything of what `says` asks for; all, if none does.
    pub fn first_that_says(&self, says: impl Fn(&RunSettings) -> bool) -> Self {
        let first = self.layers.iter().find(|(_, settings)| says(settings));
        Self {
            layers: first.map_or_else(|| self.layers.clone(), |layer| vec![layer.clone()]),
        }
    }

    /// The setting `name`, where anybody named it.
    pub fn find(
        &self,
        name: &'static str,
        get: for<'a> fn(&'a RunSettings) -> &'a Option<Typed>,
    ) -> Option<Found<'_>> {
        self.layers.iter().find_map(|(source, settings)| {
            get(settings)
                .as_ref()
                .map(|typed| source.found(name, typed))
        })
    }

    /// The items of the list `name`: all of one layer, as a flag replaces what the file says.
    pub fn find_all(
        &self,
        name: &'static str,
        get: for<'a> fn(&'a RunSettings) -> &'a Vec<Typed>,
    ) -> Vec<Found<'_>> {
        let named = self
            .layers
            .iter()
            .find(|(_, settings)| !get(settings).is_empty());
        named.map_or_else(Vec::new, |(source, settings)| {
            let items = get(settings).iter();
            items.map(|typed| source.found(name, typed)).collect()
        })
    }

    /// Whether load may leave this machine, which only a flag can say: a file may be somebody else's.
    pub fn remote(&self) -> Remote {
        let flags = |(source, settings): &&(Source, RunSettings)| {
            matches!(source, Source::Flags) && settings.allow_remote
        };
        match self.layers.iter().find(flags) {
            Some(_) => Remote::Allowed,
            None => Remote::Refused,
        }
    }

    /// Nobody has said anything.
    pub fn silent() -> Self {
        Self { layers: Vec::new() }
    }

    /// The title, which only a file has.
    pub fn title(&self) -> Option<Found<'_>> {
        self.layers.iter().find_map(|(source, settings)| {
            let title = settings.title.as_ref()?;
            Some(Found {
                text: title.get_ref(),
                place: source.place("title", title.span().start),
            })
        })
    }

    /// The setting `name`, interpreted.
    pub fn value<T>(
        &self,
        name: &'static str,
        get: for<'a> fn(&'a RunSettings) -> &'a Option<Typed>,
        parse: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Result<Option<T>, UsageError> {
        self.find(name, get)
            .map(|found| found.parse(parse))
            .transpose()
    }
}

impl Source {
    fn found<'a>(&self, name: &'static str, typed: &'a Typed) -> Found<'a> {
        let offset = typed.span.as_ref().map_or(0, |span| span.start);
        Found {
            text: &typed.text,
            place: self.place(name, offset),
        }
    }

    /// Where a setting stands; `offset` counts in a file only.
    fn place(&self, name: &'static str, offset: usize) -> Place {
        match self {
            Self::Flags => Place::Flag(name),
            Self::Environment => Place::Variable(name),
            Self::File(file) => file.place(name, offset),
        }
    }
}

/// An empty variable is one that is not set: a shell can hardly unset one for a single command.
fn environment(env: Env<'_>) -> Result<RunSettings, UsageError> {
    let read = |name: &'static str| match env(&variable(name)) {
        Some(value) if !value.is_empty() => match value.into_string() {
            Ok(text) => Ok(Some(Typed::from(text))),
            Err(_) => Err(UsageError::Setting {
                place: Place::Variable(name),
                problem: Problem::new("invalid text", "it is not UTF-8"),
            }),
        },
        _ => Ok(None),
    };
    Ok(RunSettings {
        services: ServiceArgs {
            db: read("db")?,
            redis: read("redis")?,
            kafka: read("kafka")?,
            tls_ca: read("tls_ca")?,
        },
        ..RunSettings::default()
    })
}
