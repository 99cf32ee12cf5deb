//! Where documents go: each to a place of its own.

use std::path::PathBuf;

use super::error::{Place, Problem, UsageError};

/// Where an output goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputTarget {
    /// `-`.
    Stdout,
    /// A file.
    File(PathBuf),
}

impl OutputTarget {
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        match text {
            "" => Err(Problem::invalid(text, "name a file, or - for stdout")),
            "-" => Ok(Self::Stdout),
            path => Ok(Self::File(PathBuf::from(path))),
        }
    }
}

/// The places that one command writes to.
#[derive(Debug, Default)]
pub(super) struct Targets(Vec<OutputTarget>);

impl Targets {
    /// One more, which must not be where another output goes already: one of them would be lost.
    pub(super) fn add(&mut self, text: &str) -> Result<OutputTarget, Problem> {
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
    pub(super) fn has_stdout(&self) -> bool {
        self.0.contains(&OutputTarget::Stdout)
    }
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
    pub(super) fn of(
        json: Option<&str>,
        markdown: Option<&str>,
        svg: Option<&str>,
    ) -> Result<Self, UsageError> {
        let mut targets = Targets::default();
        let mut target = |name, text: Option<&str>| {
            let target = text.map(|text| targets.add(text)).transpose();
            target.map_err(|problem| UsageError::Setting {
                place: Place::Flag(name),
                problem,
            })
        };
        let (json, markdown, svg) = (
            target("json", json)?,
            target("markdown", markdown)?,
            target("svg", svg)?,
        );
        Ok(Self {
            json,
            markdown,
            svg,
            shown: !targets.has_stdout(),
        })
    }
}
