//! What a run tells, and where: documents go each to a place of its own.

use std::path::PathBuf;

use clap::Args;

use super::{
    layers::Layers,
    settings::{OUTPUT, REPORTS},
};
use crate::input::Env;
use crate::{
    input::error::{Place, UsageError},
    text::{problem::Problem, values},
};

/// What to tell, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The destinations of the report by the name of their format, such as `json`.
    pub reports: Vec<(&'static str, OutputTarget)>,
    /// Where every attempt goes as CSV.
    pub attempts_csv: Option<OutputTarget>,
    /// A folder for percentile distributions.
    pub hgrm: Option<PathBuf>,
    /// A file that the Markdown is appended to: a job's summary on GitHub.
    pub step_summary: Option<PathBuf>,
    /// Whether the report for people goes to stdout: neither when quiet, nor beside a document.
    pub shown: bool,
    /// Whether progress may be shown; not when quiet. Whether stderr is a terminal is not known here.
    pub progress: bool,
}

impl Output {
    /// The destination of the report in a format, if it was requested.
    pub fn report(&self, format: &str) -> Option<&OutputTarget> {
        let mut reports = self.reports.iter();
        reports
            .find(|(name, _)| *name == format)
            .map(|(_, target)| target)
    }
}

/// Where an output goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputTarget {
    /// `-`.
    Stdout,
    /// A file.
    File(PathBuf),
}

impl OutputTarget {
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        match text {
            "" => Err(Problem::invalid(text, "name a file, or - for stdout")),
            "-" => Ok(Self::Stdout),
            path => Ok(Self::File(PathBuf::from(path))),
        }
    }
}

/// The places that one command writes to.
#[derive(Debug, Default)]
pub(crate) struct Targets(Vec<OutputTarget>);

impl Targets {
    /// One more, which must not be where another output goes already: one of them would be lost.
    pub(crate) fn add(&mut self, text: &str) -> Result<OutputTarget, Problem> {
        let target = OutputTarget::parse(text)?;
        if self.0.contains(&target) {
            let other = match target {
                OutputTarget::Stdout => "name a file",
                OutputTarget::File(_) => "name another",
            };
            let advice = format!("another output goes there already, so {other}");
            return Err(Problem::invalid(text, advice));
        }
        self.0.push(target.clone());
        Ok(target)
    }

    /// Whether a document, and so nothing else, goes to stdout.
    pub(crate) fn has_stdout(&self) -> bool {
        self.0.contains(&OutputTarget::Stdout)
    }
}

/// What `run` is to tell, and where.
pub(crate) fn output(layers: &Layers, env: Env<'_>) -> Result<Output, UsageError> {
    let quiet = layers
        .value("quiet", |s| &s.quiet, values::switch)?
        .unwrap_or(false);
    let no_progress = layers
        .value("no_progress", |s| &s.no_progress, values::switch)?
        .unwrap_or(false);
    let mut targets = Targets::default();
    let mut reports = Vec::new();
    for (format, field) in REPORTS {
        let target = layers.value(format, field, |text| targets.add(text))?;
        reports.extend(target.map(|target| (format, target)));
    }
    Ok(Output {
        reports,
        attempts_csv: layers.value(
            "attempts_csv",
            |s| &s.attempts_csv,
            |text| targets.add(text),
        )?,
        hgrm: layers.value("hgrm", |s| &s.hgrm, folder)?,
        step_summary: env("GITHUB_STEP_SUMMARY")
            .filter(|path| !path.is_empty())
            .map(PathBuf::from),
        shown: !quiet && !targets.has_stdout(),
        progress: !quiet && !no_progress,
    })
}

fn folder(text: &str) -> Result<PathBuf, Problem> {
    match text {
        "" | "-" => Err(Problem::invalid(text, "name a folder")),
        path => Ok(PathBuf::from(path)),
    }
}

/// Flags of `explore` and `replay`.
#[derive(Debug, Default, Args)]
pub struct DocumentArgs {
    /// Write what was found as JSON; - is stdout
    #[arg(long, value_name = "FILE|-", help_heading = OUTPUT)]
    pub json: Option<String>,

    /// Write what was found as Markdown; - is stdout
    #[arg(long, value_name = "FILE|-", help_heading = OUTPUT)]
    pub markdown: Option<String>,

    /// Draw the interleaving as SVG, of one strategy's first witness; - is stdout
    #[arg(long, value_name = "FILE|-", help_heading = OUTPUT)]
    pub svg: Option<String>,
}

/// What `explore` and `replay` can write, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documents {
    /// As JSON.
    pub json: Option<OutputTarget>,
    /// As Markdown.
    pub markdown: Option<OutputTarget>,
    /// One interleaving as SVG.
    pub svg: Option<OutputTarget>,
    /// Whether it goes to stdout for people: not beside a document.
    pub shown: bool,
}

impl Documents {
    /// What was typed for each.
    pub(crate) fn of(args: &DocumentArgs) -> Result<Self, UsageError> {
        let mut targets = Targets::default();
        let mut target = |name, text: &Option<String>| {
            let target = text.as_ref().map(|text| targets.add(text)).transpose();
            target.map_err(|problem| UsageError::Setting {
                place: Place::Flag(name),
                problem,
            })
        };
        let (json, markdown, svg) = (
            target("json", &args.json)?,
            target("markdown", &args.markdown)?,
            target("svg", &args.svg)?,
        );
        Ok(Self {
            json,
            markdown,
            svg,
            shown: !targets.has_stdout(),
        })
    }
}
