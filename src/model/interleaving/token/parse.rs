//! Parses a token, with an error that points at the wrong character.

use std::str::FromStr;

use super::{Actor, CallFault, MAX_CLAIMS, Move, TRIES, Token};
use crate::text::is_unsafe;

/// An error in a token, with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid schedule: {what}\n  {token}\n  {}^", " ".repeat(*at))]
pub struct TokenError {
    /// What is wrong, and what a correct token has there.
    pub what: String,
    /// The whole token.
    pub token: String,
    /// The index of the wrong character, from 0.
    pub at: usize,
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        TokenParser {
            text,
            clean: text
                .chars()
                .map(|c| if is_unsafe(c) { '?' } else { c })
                .collect(),
        }
        .token()
    }
}

struct TokenParser<'a> {
    text: &'a str,
    /// The text for errors, without control characters.
    clean: String,
}

impl TokenParser<'_> {
    fn wrong<T>(&self, byte: usize, what: impl Into<String>) -> Result<T, TokenError> {
        let at = self.text[..byte.min(self.text.len())].chars().count();
        Err(TokenError {
            what: what.into(),
            token: self.clean.clone(),
            at,
        })
    }

    fn token(&self) -> Result<Token, TokenError> {
        let mut parts = self.parts();
        let (schedule_at, schedule) = parts.pop().unwrap_or((0, ""));
        let Some(((_, strategy), fields)) = parts.split_first() else {
            let form = "a schedule is STRATEGY:uUSERS:lLIMIT:MOVES, such as naive:u2:l1:ABBA";
            return self.wrong(0, form);
        };
        let mut token = Token {
            strategy: (*strategy).to_owned(),
            users: 0,
            limit: 0,
            attempts: 1,
            instances: 1,
            tries: TRIES,
            batch: 1,
            moves: Vec::new(),
        };
        for (at, field) in fields {
            self.field(&mut token, *at, field)?;
        }
        if token.strategy.is_empty() {
            return self.wrong(0, "the strategy's name is missing");
        }
        for (letter, value) in [('u', token.users), ('l', token.limit)] {
            if value == 0 {
                let what = format!("the field {letter} is missing, such as {letter}2");
                return self.wrong(schedule_at, what);
            }
        }
        if token.users.saturating_mul(u64::from(token.attempts)) > MAX_CLAIMS {
            let what = format!("a schedule has at most {MAX_CLAIMS} attempts");
            return self.wrong(strategy.len() + 1, what);
        }
        token.moves = self.moves(&token, schedule_at, schedule)?;
        Ok(token)
    }

    /// The parts between the colons, with the index at which each begins.
    fn parts(&self) -> Vec<(usize, &str)> {
        let mut at = 0;
        let parts = self.text.split(':').map(|part| {
            let here = at;
            at += part.len() + 1;
            (here, part)
        });
        parts.collect()
    }

    fn field(&self, token: &mut Token, at: usize, field: &str) -> Result<(), TokenError> {
        let mut letters = field.chars();
        let name = letters.next();
        let number = letters
            .as_str()
            .parse::<u32>()
            .ok()
            .filter(|number| *number > 0);
        let Some(number) = number else {
            let what = format!("{field:?} is not a letter with a number, such as u2");
            return self.wrong(at, what);
        };
        match name {
            Some('u') => token.users = number.into(),
            Some('l') => token.limit = number.into(),
            Some('a') => token.attempts = number,
            Some('i') => token.instances = number,
            Some('t') => token.tries = number,
            Some('b') => match u8::try_from(number) {
                Ok(number) => token.batch = number,
                Err(_) => return self.wrong(at, "a batch has at most 255 records"),
            },
            _ => {
                let what = "the only fields are u (users), l (limit), a (attempts), i (instances), t (tries) and b (batch)";
                return self.wrong(at, what);
            }
        }
        Ok(())
    }

    fn moves(&self, token: &Token, start: usize, schedule: &str) -> Result<Vec<Move>, TokenError> {
        let mut moves = Vec::new();
        let mut letters = schedule.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            let step = match letter {
                'L' => Move::LeasesEnd,
                'R' => Move::CacheRestarts,
                _ => match token.actor(letter) {
                    Some(actor) => Move::Call(actor, None),
                    None => return self.wrong(start + at, unknown(token, letter)),
                },
            };
            let suffix = letters.next_if(|(_, next)| next.is_ascii_lowercase());
            moves.push(match suffix {
                None => step,
                Some((at, suffix)) => self.suffixed(step, start + at, suffix)?,
            });
        }
        Ok(moves)
    }

    fn suffixed(&self, step: Move, at: usize, suffix: char) -> Result<Move, TokenError> {
        match (step, suffix, CallFault::of(suffix)) {
            (Move::Call(actor, _), 'x', _) => Ok(Move::Crash(actor)),
            (Move::Call(actor, _), _, Some(fault)) => Ok(Move::Call(actor, Some(fault))),
            (Move::Call(..), _, None) => self.wrong(
                at,
                format!("{suffix:?} is not a fault: the faults are r, n, l, f, d and x"),
            ),
            _ => self.wrong(at, "L and R are faults themselves and take no fault"),
        }
    }
}

fn unknown(token: &Token, letter: char) -> String {
    let last = token.letter(Actor::Claim {
        user: token.users,
        attempt: token.attempts,
    });
    format!(
        "{letter:?} is not an actor: attempts are A to {last}, the consumer is K, L ends leases, R restarts Redis"
    )
}
