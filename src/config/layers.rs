//! Flag over file over environment: the same settings three times. The first layer that has a setting wins.
//!
//! Only the winning value is parsed: a variable of another project does not stop a run whose flags name a service.

use super::{
    file,
    settings::{Field, RunArgs, RunSettings, ServiceArgs},
};
use crate::{
    adapters::http::Remote,
    input::{
        Env,
        error::{Place, UsageError, variable},
        raw_value::RawValue,
        toml_file::TomlFile,
    },
    text::problem::Problem,
};

/// Settings of several sources, in the order of precedence.
pub(crate) struct Layers {
    layers: Vec<(Source, RunSettings)>,
}

#[derive(Clone)]
enum Source {
    Flags,
    File(TomlFile),
    Environment,
}

/// The text of a setting, with the place where it was given.
pub(crate) struct LocatedValue<'a> {
    pub text: &'a str,
    pub place: Place,
}

impl<'a> LocatedValue<'a> {
    /// The value of the flag `name`.
    pub fn of_flag(name: &'static str, value: &'a RawValue) -> Self {
        Self {
            text: &value.text,
            place: Place::Flag(name),
        }
    }

    /// Parses the text. An error names the place.
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

/// Parses the value of the flag `name` of a command that has no scenario file.
pub(crate) fn flag<T>(
    name: &'static str,
    value: Option<&RawValue>,
    parse: impl FnOnce(&str) -> Result<T, Problem>,
) -> Result<Option<T>, UsageError> {
    let value = value.map(|value| LocatedValue::of_flag(name, value));
    value.map(|value| value.parse(parse)).transpose()
}

impl Layers {
    /// The layers of `run`: reads the scenario file, if one is named.
    pub fn of_run(args: &RunArgs, env: Env<'_>) -> Result<Self, UsageError> {
        let mut layers = vec![(Source::Flags, args.settings.clone())];
        if let Some(path) = &args.scenario {
            let (file, settings) = file::read(path)?;
            layers.push((Source::File(file), settings));
        }
        layers.push((Source::Environment, environment(env)?));
        Ok(Self { layers })
    }

    /// The layers of a command whose only settings are addresses of services.
    pub fn of_services(services: &ServiceArgs, env: Env<'_>) -> Result<Self, UsageError> {
        let settings = RunSettings {
            services: services.clone(),
            ..RunSettings::default()
        };
        Self::of_flags(settings, env)
    }

    /// The layers of a command without a scenario file.
    pub fn of_flags(settings: RunSettings, env: Env<'_>) -> Result<Self, UsageError> {
        let flags = (Source::Flags, settings);
        let environment = (Source::Environment, environment(env)?);
        Ok(Self {
            layers: vec![flags, environment],
        })
    }

    /// No settings: every setting has its default.
    pub fn empty() -> Self {
        Self { layers: Vec::new() }
    }

    /// The first layer alone whose settings match; all layers, if none matches.
    pub fn first_matching(&self, matches: impl Fn(&RunSettings) -> bool) -> Self {
        let first = self.layers.iter().find(|(_, settings)| matches(settings));
        Self {
            layers: first.map_or_else(|| self.layers.clone(), |layer| vec![layer.clone()]),
        }
    }

    /// The setting `name`; `None` where no layer has it.
    pub fn find(&self, name: &'static str, field: Field) -> Option<LocatedValue<'_>> {
        self.layers.iter().find_map(|(source, settings)| {
            field(settings)
                .as_ref()
                .map(|value| source.locate(name, value))
        })
    }

    /// The items of the list `name`, all of one layer: a flag replaces the list of the file.
    pub fn find_all(
        &self,
        name: &'static str,
        field: for<'a> fn(&'a RunSettings) -> &'a Vec<RawValue>,
    ) -> Vec<LocatedValue<'_>> {
        let layer = self
            .layers
            .iter()
            .find(|(_, settings)| !field(settings).is_empty());
        layer.map_or_else(Vec::new, |(source, settings)| {
            let items = field(settings).iter();
            items.map(|value| source.locate(name, value)).collect()
        })
    }

    /// Whether load may leave this machine. Only a flag can allow that: a scenario file may come from another author.
    pub fn remote(&self) -> Remote {
        let allowed = self
            .layers
            .iter()
            .any(|(source, settings)| matches!(source, Source::Flags) && settings.allow_remote);
        if allowed {
            Remote::Allowed
        } else {
            Remote::Refused
        }
    }

    /// The title, which is a key of the scenario file and no flag.
    pub fn title(&self) -> Option<LocatedValue<'_>> {
        self.layers.iter().find_map(|(source, settings)| {
            let title = settings.title.as_ref()?;
            Some(LocatedValue {
                text: title.get_ref(),
                place: source.place("title", title.span().start),
            })
        })
    }

    /// The parsed setting `name`; `None` where no layer has it.
    pub fn value<T>(
        &self,
        name: &'static str,
        field: Field,
        parse: impl FnOnce(&str) -> Result<T, Problem>,
    ) -> Result<Option<T>, UsageError> {
        self.find(name, field)
            .map(|value| value.parse(parse))
            .transpose()
    }
}

impl Source {
    fn locate<'a>(&self, name: &'static str, value: &'a RawValue) -> LocatedValue<'a> {
        let offset = value.span.as_ref().map_or(0, |span| span.start);
        LocatedValue {
            text: &value.text,
            place: self.place(name, offset),
        }
    }

    /// The place of a setting. Only a file has use for `offset`, in bytes.
    fn place(&self, name: &'static str, offset: usize) -> Place {
        match self {
            Self::Flags => Place::Flag(name),
            Self::Environment => Place::Variable(name),
            Self::File(file) => file.place(name, offset),
        }
    }
}

/// The settings of the environment. An empty variable counts as not set, because a shell cannot easily unset a variable for one
/// command.
fn environment(env: Env<'_>) -> Result<RunSettings, UsageError> {
    let read = |name: &'static str| match env(&variable(name)) {
        Some(value) if !value.is_empty() => match value.into_string() {
            Ok(text) => Ok(Some(RawValue::from(text))),
            Err(_) => Err(UsageError::Setting {
                place: Place::Variable(name),
                problem: Problem::new("invalid text", "the value is not UTF-8"),
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
