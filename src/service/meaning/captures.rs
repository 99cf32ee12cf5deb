//! What is taken out of answers, and under which name.

use toml::Spanned;

use super::Reader;
use crate::{
    input::error::UsageError,
    service::{
        capture::{Capture, Captures, Place},
        file,
        template::Name,
    },
    text::{problem::Problem, quote::quoted},
};

/// Whose answer it is, which is the first part of a placeholder.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    Setup,
    Step,
    Claim,
}

impl Space {
    fn prefix(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Step => "step",
            Self::Claim => "claim",
        }
    }
}

impl Reader<'_> {
    /// From here on, texts can refer to these values. A name that is captured again takes the newer value.
    pub(super) fn captures(
        &mut self,
        typed: &file::Captures,
        space: Space,
    ) -> Result<Captures, UsageError> {
        let captures = typed.iter().map(|(name, capture)| {
            if name.is_empty() || !name.bytes().all(is_of_a_name) {
                let what = format!("name {} of a capture", quoted(name));
                let problem = Problem::new(what, "use letters, digits, - and _");
                return Err(self.file.wrong_at(capture.span().start, problem));
            }
            let place = self.place(capture)?;
            let secret = capture.get_ref().secret;
            let name = Name {
                placeholder: format!("{}.{name}", space.prefix()),
                // What is given to a user is a token or a cookie; what the setup gives, the number of an event.
                secret: secret.unwrap_or(space != Space::Setup),
            };
            let index = self.index(name, space);
            Ok(Capture { index, place })
        });
        captures.collect::<Result<_, _>>().map(Captures)
    }

    fn index(&mut self, name: Name, space: Space) -> usize {
        let known = match space {
            Space::Setup => &mut self.prepared,
            Space::Step | Space::Claim => &mut self.captured,
        };
        let same = |other: &Name| other.placeholder == name.placeholder;
        known.iter().position(same).unwrap_or_else(|| {
            known.push(name);
            known.len() - 1
        })
    }

    fn place(&self, spanned: &Spanned<file::Capture>) -> Result<Place, UsageError> {
        let typed = spanned.get_ref();
        let (json, header, cookie, matches) =
            (&typed.json, &typed.header, &typed.cookie, &typed.matches);
        let text = typed.text.unwrap_or(false);
        match (json, header, cookie, matches, text) {
            (Some(json), None, None, None, false) => self.pointer(json).map(Place::Json),
            (None, Some(header), None, None, false) => {
                let name = self.parse(header, super::answers::header_name)?;
                Ok(Place::Header(name))
            }
            (None, None, Some(cookie), None, false) => Ok(Place::Cookie(cookie.text.clone())),
            (None, None, None, Some(matches), false) => {
                let regex = self.parse(matches, super::answers::regex)?;
                Ok(Place::Matches(regex))
            }
            (None, None, None, None, true) => Ok(Place::Text),
            _ => {
                let problem = Problem::new(
                    "capture from no place, or from several",
                    "name one: json = \"/id\", header = \"X-Token\", cookie = \"SESSION\", matches = 'value=\"([^\"]+)\"', \
                     or text = true",
                );
                Err(self.file.wrong_at(spanned.span().start, problem))
            }
        }
    }
}

fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}
