//! The cases of a hunt, and the token of one of its schedules.
//!
//! ```text
//! hunt:u2:l1:ABBA        two users, limit 1
//! hunt:u2:l3:g2:AABB     two users, limit 3, two coupons given out before
//! hunt:u1:l2:ABAB        one user who asks twice, limit 2
//! ```
//!
//! `A` and `B` are the two requests. Each letter is the next statement of that request. A letter of a statement that has to wait for a
//! lock is where the statement was sent.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

use super::interleaving::Actor;

/// The most letters of a schedule. A longer token is a typing mistake.
pub const MAX_MOVES: usize = 1000;

/// One of the two concurrent requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contender {
    /// The first request.
    A,
    /// The second request.
    B,
}

impl Contender {
    /// Both requests.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// The other request.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    /// The index in an array of both, 0 or 1.
    pub fn index(self) -> usize {
        match self {
            Self::A => 0,
            Self::B => 1,
        }
    }

    fn letter(self) -> char {
        match self {
            Self::A => 'A',
            Self::B => 'B',
        }
    }
}

/// The situation in which two requests meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HuntCase {
    /// Whether one user sends both requests.
    pub same_user: bool,
    /// The number of coupons of the event.
    pub limit: u64,
    /// The number of coupons that other users got before the two requests.
    pub given: u64,
}

impl HuntCase {
    /// The actor of a request, in diagrams: `u1` and `u2`, or `u1` and `u1#2`.
    pub fn actor(&self, contender: Contender) -> Actor {
        let (user, attempt) = match (contender, self.same_user) {
            (Contender::A, _) => (1, 1),
            (Contender::B, true) => (1, 2),
            (Contender::B, false) => (2, 1),
        };
        Actor::Claim { user, attempt }
    }
}

impl fmt::Display for HuntCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = if self.same_user {
            "one user twice"
        } else {
            "two users"
        };
        write!(f, "{who}, limit {}", self.limit)?;
        match self.given {
            0 => Ok(()),
            given => write!(f, ", {given} given out before"),
        }
    }
}

/// A schedule of a hunt as one word.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HuntToken {
    /// The situation.
    pub case: HuntCase,
    /// The request of each statement, in order.
    pub moves: Vec<Contender>,
}

/// An error in a token. The text says what is wrong, and what a correct token has there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HuntTokenError(pub String);

impl fmt::Display for HuntToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let users = if self.case.same_user { 1 } else { 2 };
        write!(f, "hunt:u{users}:l{}:", self.case.limit)?;
        if self.case.given > 0 {
            write!(f, "g{}:", self.case.given)?;
        }
        let moves: String = self.moves.iter().map(|one| one.letter()).collect();
        f.write_str(&moves)
    }
}

impl Serialize for HuntToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for HuntToken {
    type Err = HuntTokenError;

    fn from_str(text: &str) -> Result<Self, HuntTokenError> {
        let wrong = |what: &str| HuntTokenError(what.to_owned());
        let form = "a schedule of hunt is hunt:uUSERS:lLIMIT:MOVES, such as hunt:u2:l1:ABBA";
        let rest = text.strip_prefix("hunt:").ok_or_else(|| wrong(form))?;
        let (fields, moves) = rest.rsplit_once(':').ok_or_else(|| wrong(form))?;
        let (mut users, mut limit, mut given) = (None, None, Some(0));
        for field in fields.split(':') {
            let mut letters = field.chars();
            let slot = match letters.next() {
                Some('u') => &mut users,
                Some('l') => &mut limit,
                Some('g') => &mut given,
                _ => return Err(wrong(form)),
            };
            let number = letters.as_str().parse::<u64>();
            *slot = Some(number.map_err(|_| {
                HuntTokenError(format!(
                    "the field {field:?} is a letter and a number, such as l1"
                ))
            })?);
        }
        let same_user = match users {
            Some(1) => true,
            Some(2) => false,
            _ => {
                return Err(wrong(
                    "the field u is u1 (one user twice) or u2 (two users)",
                ));
            }
        };
        let limit = limit.filter(|limit| (1..=1000).contains(limit));
        let limit = limit.ok_or_else(|| wrong("the field l is a number from 1 to 1000"))?;
        let given = given.filter(|given| *given < limit);
        let given = given.ok_or_else(|| wrong("the field g is smaller than the field l"))?;
        if moves.is_empty() || moves.len() > MAX_MOVES {
            let what = format!("the moves are 1 to {MAX_MOVES} letters A and B");
            return Err(HuntTokenError(what));
        }
        let moves = moves.chars().map(|letter| match letter {
            'A' => Ok(Contender::A),
            'B' => Ok(Contender::B),
            _ => Err(wrong("the moves are letters A and B")),
        });
        Ok(Self {
            case: HuntCase {
                same_user,
                limit,
                given,
            },
            moves: moves.collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_parsed_to_what_was_printed() {
        for text in [
            "hunt:u2:l1:ABBA",
            "hunt:u2:l3:g2:AABB",
            "hunt:u1:l2:A",
            "hunt:u1:l3:g1:BABA",
        ] {
            let token: Result<HuntToken, _> = text.parse();
            assert_eq!(token.map(|token| token.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn a_wrong_token_is_an_error_that_shows_a_correct_form() {
        for text in [
            "",
            "hunt",
            "hunt:",
            "naive:u2:l1:ABBA",
            "hunt:u2:ABBA",
            "hunt:l1:ABBA",
            "hunt:u3:l1:AB",
            "hunt:u2:l0:AB",
            "hunt:u2:l1:g1:AB",
            "hunt:u2:l1:",
            "hunt:u2:l1:ABC",
            "hunt:u2:lx:AB",
            "hunt:u2:l99999999999999999999:AB",
        ] {
            assert!(text.parse::<HuntToken>().is_err(), "{text}");
        }
    }
}
