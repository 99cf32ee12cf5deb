//! How text is coloured, and how wide it may be. Colour only where it means something: nothing is lost without it.

use anstyle::{AnsiColor, Style as Ansi};

/// What the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether escape sequences are wanted.
    pub color: bool,
    /// Columns.
    pub width: usize,
}

impl Style {
    /// For files and tests.
    pub const PLAIN: Self = Self {
        color: false,
        width: 100,
    };

    /// The same, with a width at which text can be read: long lines are hard on a stage, and tables need some room.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// A promise that held.
    Good,
    /// Over-issued, lost, violated, failed.
    Bad,
    /// Worth a look: inconclusive, a finding.
    Warn,
    /// A heading.
    Heading,
    /// An explanation.
    Quiet,
    /// Everything else.
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
