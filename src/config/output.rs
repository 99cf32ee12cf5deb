//! The outputs of a command: each document goes to its own file, or to stdout.

use std::path::PathBuf;

use clap::Args;

use super::{
    layers::Layers,
    settings::{Field, OUTPUT, REPORTS},
};
use crate::{
    input::{
        Env,
        error::{Place, UsageError},
    },
    text::{problem::Problem, values},
};

/// What `run` writes, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The destinations of the report by the name of their format, such as `json`.
    pub reports: Vec<(&'static str, OutputTarget)>,
    /// Every attempt as CSV.
    pub attempts_csv: Option<OutputTarget>,
    /// The folder for percentile distributions.
    pub hgrm: Option<PathBuf>,
    /// The file that the Markdown is appended to: the summary of a job on GitHub.
    pub step_summary: Option<PathBuf>,
    /// Whether the text report goes to stdout: not with `--quiet`, and not where a document goes to stdout.
    pub shown: bool,
    /// Whether progress may be shown: not with `--quiet` or `--no-progress`. Whether stderr is a terminal is checked later.
    pub progress: bool,
}

impl Output {
    /// The destination of the report in a format; `None` if its flag is not given.
    pub fn report(&self, format: &str) -> Option<&OutputTarget> {
        let mut reports = self.reports.iter();
        reports
            .find(|(name, _)| *name == format)
            .map(|(_, target)| target)
    }
}

/// The place of one output.
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

/// The places of all outputs of one command, each used once.
#[derive(Debug, Default)]
pub(crate) struct DistinctTargets(Vec<OutputTarget>);

impl DistinctTargets {
    /// Parses the place of one more output. A place that another output uses is an error, because one output would be lost.
    pub(crate) fn add(&mut self, text: &str) -> Result<OutputTarget, Problem> {
        let target = OutputTarget::parse(text)?;
        if self.0.contains(&target) {
            let advice = match target {
                OutputTarget::Stdout => "another output goes there already, so name a file",
                OutputTarget::File(_) => "another output goes there already, so name another file",
            };
            return Err(Problem::invalid(text, advice));
        }
        self.0.push(target.clone());
        Ok(target)
    }

    /// Whether a document goes to stdout. Nothing else is then written there.
    pub(crate) fn has_stdout(&self) -> bool {
        self.0.contains(&OutputTarget::Stdout)
    }
}

/// The outputs of `run`.
pub(crate) fn output(layers: &Layers, env: Env<'_>) -> Result<Output, UsageError> {
    let switch = |name, field: Field| layers.value(name, field, values::switch);
    let quiet = switch("quiet", |s| &s.quiet)?.unwrap_or(false);
    let no_progress = switch("no_progress", |s| &s.no_progress)?.unwrap_or(false);
    let mut targets = DistinctTargets::default();
    let mut target = |name, field: Field| layers.value(name, field, |text| targets.add(text));
    let mut reports = Vec::new();
    for (format, field) in REPORTS {
        reports.extend(target(format, field)?.map(|target| (format, target)));
    }
    Ok(Output {
        reports,
        attempts_csv: target("attempts_csv", |s| &s.attempts_csv)?,
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

/// The flags of `explore` and `replay` for documents.
#[derive(Debug, Default, Args)]
pub struct DocumentArgs {
    /// Write the result as JSON; - is stdout
    #[arg(long, value_name = "FILE|-", help_heading = OUTPUT)]
    pub json: Option<String>,

    /// Write the result as Markdown; - is stdout
    #[arg(long, value_name = "FILE|-", help_heading = OUTPUT)]
    pub markdown: Option<String>,

    /// Draw the first witness of one strategy as SVG; - is stdout
    #[arg(long, value_name = "FILE|-", help_heading = OUTPUT)]
    pub svg: Option<String>,
}

/// The documents of `explore`, `replay` and `hunt`, and where each goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Documents {
    /// The result as JSON.
    pub json: Option<OutputTarget>,
    /// The result as Markdown.
    pub markdown: Option<OutputTarget>,
    /// One interleaving as SVG.
    pub svg: Option<OutputTarget>,
    /// The result as a page; only `hunt` has one.
    pub html: Option<OutputTarget>,
    /// Whether the text result goes to stdout: not where a document goes to stdout.
    pub shown: bool,
}

impl Documents {
    /// The documents of the flags.
    pub(crate) fn of(args: &DocumentArgs) -> Result<Self, UsageError> {
        Self::with_page(args, None)
    }

    /// The documents of the flags, and the page of `--html`.
    pub(crate) fn with_page(args: &DocumentArgs, html: Option<&str>) -> Result<Self, UsageError> {
        let mut targets = DistinctTargets::default();
        let mut target = |name, text: Option<&str>| {
            let target = text.map(|text| targets.add(text)).transpose();
            target.map_err(|problem| UsageError::Setting {
                place: Place::Flag(name),
                problem,
            })
        };
        let (json, markdown, svg, html) = (
            target("json", args.json.as_deref())?,
            target("markdown", args.markdown.as_deref())?,
            target("svg", args.svg.as_deref())?,
            target("html", html)?,
        );
        Ok(Self {
            json,
            markdown,
            svg,
            html,
            shown: !targets.has_stdout(),
        })
    }
}
