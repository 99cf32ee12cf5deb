//! Validates `capture`: the values that are captured from responses, and their names.

use toml::Spanned;

use super::Validator;
use crate::{
    input::error::UsageError,
    service::{
        file,
        request::capture::{Capture, Captures, Place},
        template::Name,
    },
    text::{problem::Problem, quote::quoted},
};

/// The first part of a placeholder: the kind of request whose response has the value.
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

impl Validator<'_> {
    /// The captures of one request. All texts that are validated later can refer to their names. If a name is captured twice, the
    /// later value replaces the earlier one.
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
                // A value for a user is usually a token, a value of the setup usually the id of an event.
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
