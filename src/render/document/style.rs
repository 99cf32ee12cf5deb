//! Tones and their colours. A colour never carries a meaning that the text does not have.

use anstyle::{AnsiColor, Style as Ansi};

/// Colours and width of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether to write escape sequences.
    pub color: bool,
    /// In columns.
    pub width: usize,
}

impl Style {
    /// For files and tests.
    pub const PLAIN: Self = Self {
        color: false,
        width: 100,
    };

    /// The same, with a width between 60 columns, which tables need, and 120, beyond which lines are hard to read.
    pub(crate) fn readable(self) -> Self {
        Self {
            width: self.width.clamp(60, 120),
            ..self
        }
    }

    /// The text in the tone's colour, or as it is.
    pub(crate) fn paint(self, tone: Tone, text: impl AsRef<str>) -> String {
        let text = text.as_ref();
        if !self.color || tone == Tone::Plain || text.is_empty() {
            return text.to_owned();
        }
        let ansi = tone.ansi();
        format!("{ansi}{text}{ansi:#}")
    }
}

/// What a piece of text means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    /// A promise was kept.
    Good,
    /// Over-issued, lost, violated, failed.
    Bad,
    /// Inconclusive, or a finding.
    Warn,
    /// A heading.
    Heading,
    /// An explanation.
    Quiet,
    /// Everything else.
    #[default]
    Plain,
}

impl Tone {
    fn ansi(self) -> Ansi {
        match self {
            Self::Good => Ansi::new().bold().fg_color(Some(AnsiColor::Green.into())),
            Self::Bad => Ansi::new().bold().fg_color(Some(AnsiColor::Red.into())),
            Self::Warn => Ansi::new().bold().fg_color(Some(AnsiColor::Yellow.into())),
            Self::Heading => Ansi::new().bold(),
            Self::Quiet => Ansi::new().dimmed(),
            Self::Plain => Ansi::new(),
        }
    }
}
