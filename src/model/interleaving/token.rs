//! A schedule as one word that can be pasted into a command: `naive:u2:l1:ABBA`.
//!
//! ```text
//! naive            the strategy
//! u2 l1            users, limit
//! a2 i2 t2 b2      attempts a user, instances, tries, records the consumer reads at once: only where they are not 1, 1, 3, 1
//! ABBA             who makes the next call of a port
//! ```
//!
//! `A` to `H` are the attempts, user by user; `K` is the consumer. A small letter after one says what goes wrong with the call:
//! `r` it is refused, `n` no answer comes and nothing has happened, `l` no answer comes although it has happened, `f` the
//! broker gives up a record that was handed over, `d` the record before is delivered again. `x` is no call: whoever
//! stands before it crashes. `L` ends all leases, `R` restarts Redis, empty.
//!
//! Back-offs are no calls. A call that waits for a lock counts when it gets it.

use std::{fmt, str::FromStr};

use super::Actor;
use crate::text::is_unsafe;

/// Attempts that a token can tell apart.
pub const MAX_CLAIMS: u64 = 8;

/// How often a conflict or a lock is tried, where a token does not say.
pub const TRIES: u32 = 3;

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CallFault {
    /// The service refuses: nothing has happened.
    Refused,
    /// No answer comes, and nothing has happened.
    NoAnswer,
    /// No answer comes, although it has happened.
    AnswerLost,
    /// Of a produce: the record is accepted by the producer, and given up by the broker.
    Undelivered,
    /// Of a poll: the record before is delivered again.
    Repeated,
}

impl CallFault {
    /// All there are.
    pub const ALL: [Self; 5] = [
        Self::Refused,
        Self::NoAnswer,
        Self::AnswerLost,
        Self::Undelivered,
        Self::Repeated,
    ];

    fn letter(self) -> char {
        match self {
            Self::Refused => 'r',
            Self::NoAnswer => 'n',
            Self::AnswerLost => 'l',
            Self::Undelivered => 'f',
            Self::Repeated => 'd',
        }
    }

    fn of(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.letter() == letter)
    }
}

/// One move of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Move {
    /// This actor makes its next call, and this goes wrong with it.
    Call(Actor, Option<CallFault>),
    /// This actor ends where it stands. A consumer is started again, and reads on from its last commit.
    Crash(Actor),
    /// Every lease in Redis is over.
    LeasesEnd,
    /// Redis comes back empty.
    CacheRestarts,
}

impl Move {
    /// Who moves; `None` where it is the world.
    pub fn actor(self) -> Option<Actor> {
        match self {
            Self::Call(actor, _) | Self::Crash(actor) => Some(actor),
            Self::LeasesEnd | Self::CacheRestarts => None,
        }
    }
}

/// A schedule and the workload it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The strategy's name.
    pub strategy: String,
    /// Distinct users.
    pub users: u64,
    /// Coupons.
    pub limit: u64,
    /// Attempts each user makes.
    pub attempts: u32,
    /// Processes that share the users.
    pub instances: u32,
    /// How often a conflict or a lock is tried.
    pub tries: u32,
    /// Records that the consumer reads at once, at most.
    pub batch: u8,
    /// In this order.
    pub moves: Vec<Move>,
}

impl Token {
    /// All attempts, in the order of their letters.
    pub fn claims(&self) -> impl Iterator<Item = Actor> + use<> {
        let attempts = self.attempts;
        (1..=self.users)
            .flat_map(move |user| (1..=attempts).map(move |attempt| Actor::Claim { user, attempt }))
    }

    /// Whether anything is made to go wrong.
    pub fn has_faults(&self) -> bool {
        self.moves
            .iter()
            .any(|step| !matches!(step, Move::Call(_, None)))
    }

    fn letter(&self, actor: Actor) -> char {
        match actor {
            Actor::Consumer => 'K',
            Actor::Claim { user, attempt } => {
                let index =
                    user.saturating_sub(1) * u64::from(self.attempts) + u64::from(attempt) - 1;
                u8::try_from(index).map_or('?', |index| char::from(b'A' + index))
            }
        }
    }

    /// `None` where there is no such attempt.
    fn actor(&self, letter: char) -> Option<Actor> {
        if letter == 'K' {
            return Some(Actor::Consumer);
        }
        let index = u64::from(letter).checked_sub(u64::from('A'))?;
        let attempts = u64::from(self.attempts);
        (index < self.users * attempts).then(|| Actor::Claim {
            user: index / attempts + 1,
            attempt: u32::try_from(index % attempts).unwrap_or(0) + 1,
        })
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:u{}:l{}", self.strategy, self.users, self.limit)?;
        for (letter, value, usual) in [
            ('a', self.attempts, 1),
            ('i', self.instances, 1),
            ('t', self.tries, TRIES),
            ('b', self.batch.into(), 1),
        ] {
            if value != usual {
                write!(f, ":{letter}{value}")?;
            }
        }
        f.write_str(":")?;
        for step in &self.moves {
            match *step {
                Move::Call(actor, None) => write!(f, "{}", self.letter(actor))?,
                Move::Call(actor, Some(fault)) => {
                    write!(f, "{}{}", self.letter(actor), fault.letter())?;
                }
                Move::Crash(actor) => write!(f, "{}x", self.letter(actor))?,
                Move::LeasesEnd => f.write_str("L")?,
                Move::CacheRestarts => f.write_str("R")?,
            }
        }
        Ok(())
    }
}

/// What is wrong with a token, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid schedule: {what}\n  {token}\n  {}^", " ".repeat(*at))]
pub struct TokenError {
    /// What is wrong, and what would be right.
    pub what: String,
    /// The whole token.
    pub token: String,
    /// The character that is wrong, from 0.
    pub at: usize,
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        Reader {
            text,
            clean: text
                .chars()
                .map(|c| if is_unsafe(c) { '?' } else { c })
                .collect(),
        }
        .token()
    }
}

struct Reader<'a> {
    text: &'a str,
    /// For errors: nothing that could redraw a screen.
    clean: String,
}

impl Reader<'_> {
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
            let what = format!("a schedule tells at most {MAX_CLAIMS} attempts apart");
            return self.wrong(strategy.len() + 1, what);
        }
        token.moves = self.moves(&token, schedule_at, schedule)?;
        Ok(token)
    }

    /// The parts between the colons, with where they begin.
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
            let what = format!("{field:?} is no letter with a number, such as u2");
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
                let what = "only u (users), l (limit), a (attempts), i (instances), t (tries) and b (batch) stand here";
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
                format!("{suffix:?} is no fault: it is one of r, n, l, f, d, x"),
            ),
            _ => self.wrong(at, "nothing goes wrong with L or R: they are faults"),
        }
    }
}

fn unknown(token: &Token, letter: char) -> String {
    let last = token.letter(Actor::Claim {
        user: token.users,
        attempt: token.attempts,
    });
    format!(
        "{letter:?} is nobody: attempts are A to {last}, the consumer is K, L ends leases, R restarts Redis"
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    fn user(user: u64) -> Actor {
        Actor::Claim { user, attempt: 1 }
    }

    #[test]
    fn the_usual_one() {
        let token: Token = "naive:u2:l1:ABBA".parse().unwrap();
        assert_eq!((token.users, token.limit, token.tries), (2, 1, TRIES));
        let order = [1, 2, 2, 1].map(|number| Move::Call(user(number), None));
        assert_eq!(token.moves, order);
        assert_eq!(token.to_string(), "naive:u2:l1:ABBA");
    }

    #[test]
    fn attempts_are_lettered_user_by_user() {
        let token: Token = "redis-set-incr:u2:l1:a2:i2:t2:ABCD".parse().unwrap();
        let actors: Vec<_> = token
            .moves
            .iter()
            .map(|step| step.actor().unwrap().to_string())
            .collect();
        assert_eq!(actors, ["u1", "u1#2", "u2", "u2#2"]);
        assert_eq!((token.attempts, token.instances, token.tries), (2, 2, 2));
    }

    #[test]
    fn faults_follow_the_call() {
        let text = "redis-kafka:u1:l1:AArAfKKdKxLR";
        let token: Token = text.parse().unwrap();
        let expected = [
            Move::Call(user(1), None),
            Move::Call(user(1), Some(CallFault::Refused)),
            Move::Call(user(1), Some(CallFault::Undelivered)),
            Move::Call(Actor::Consumer, None),
            Move::Call(Actor::Consumer, Some(CallFault::Repeated)),
            Move::Crash(Actor::Consumer),
            Move::LeasesEnd,
            Move::CacheRestarts,
        ];
        assert_eq!(token.moves, expected);
        assert_eq!(token.to_string(), text);
    }

    #[test]
    fn an_error_points_at_what_is_wrong() {
        for (text, at, part) in [
            ("naive", 0, "STRATEGY:uUSERS"),
            (":u2:l1:AB", 0, "name is missing"),
            ("naive:u2:AB", 9, "field l is missing"),
            ("naive:l1:AB", 9, "field u is missing"),
            ("naive:u2:lx:AB", 9, "no letter with a number"),
            ("naive:u0:l1:AB", 6, "no letter with a number"),
            ("naive:u2:z1:AB", 9, "stand here"),
            ("naive:u9:l1:AB", 6, "at most 8"),
            ("naive:u2:l1:ABC", 14, "A to B"),
            ("naive:u2:l1:AzB", 13, "no fault"),
            ("naive:u2:l1:ALr", 14, "they are faults"),
            ("naive:u2:l1:aA", 12, "nobody"),
        ] {
            let error = text.parse::<Token>().unwrap_err();
            assert_eq!(error.at, at, "{error}");
            assert!(error.what.contains(part), "{error}");
            let caret = error.to_string();
            assert!(
                caret.ends_with(&format!("  {}^", " ".repeat(at))),
                "{caret}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_token_or_an_error(text in "\\PC{0,40}") {
            let _ = text.parse::<Token>();
        }

        #[test]
        fn what_is_printed_can_be_read(moves in prop::collection::vec((0_u64..5, 0_usize..7), 0..20)) {
            let moves = moves.into_iter().map(|(who, what)| {
                let actor = if who == 4 {
                    Actor::Consumer
                } else {
                    Actor::Claim { user: who / 2 + 1, attempt: u32::try_from(who % 2).unwrap() + 1 }
                };
                match what {
                    0 => Move::Call(actor, None),
                    6 => Move::Crash(actor),
                    fault => Move::Call(actor, Some(CallFault::ALL[fault - 1])),
                }
            });
            let token = Token {
                strategy: "redis-kafka".into(),
                users: 2,
                limit: 1,
                attempts: 2,
                instances: 1,
                tries: 4,
                batch: 2,
                moves: moves.collect(),
            };
            prop_assert_eq!(token.to_string().parse(), Ok(token));
        }
    }
}
