//! A schedule as one word that can be pasted into a command: `naive:u2:l1:ABBA`.
//!
//! ```text
//! naive            the strategy
//! u2 l1            users, limit
//! a2 i2 t2 b2      attempts a user, instances, tries, records the consumer reads at once: only where they are not 1, 1, 3, 1
//! ABBA             the actors of the calls, in their order
//! ```
//!
//! `A` to `H` are the attempts, user by user; `K` is the consumer. A small letter after them is a fault of the call:
//! `r` the service refuses it, `n` no answer comes and the call had no effect, `l` no answer comes although the call had its
//! effect, `f` the broker gives up a record that the producer accepted, `d` the last record is delivered again. `x` is no call:
//! the actor before it crashes. `L` ends all leases, and `R` restarts Redis with an empty keyspace.
//!
//! Back-offs are no calls. A call that waits for a lock counts when it gets the lock.

mod parse;

use std::fmt;

use super::Actor;

pub use parse::TokenError;

/// The most attempts in a token.
pub const MAX_CLAIMS: u64 = 8;

/// The number of tries of a conflict or a lock, if a token has no field `t`.
pub const TRIES: u32 = 3;

/// A fault of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CallFault {
    /// The service refuses the call, which has no effect.
    Refused,
    /// No answer comes, and the call has no effect.
    NoAnswer,
    /// No answer comes, although the call has its effect.
    AnswerLost,
    /// Only of a produce: the producer accepts the record, and the broker gives it up.
    Undelivered,
    /// Only of a poll: the last record is delivered again.
    Repeated,
}

impl CallFault {
    /// All faults.
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
    /// This actor makes its next call, with this fault.
    Call(Actor, Option<CallFault>),
    /// This actor crashes. A consumer starts again and continues from its last commit.
    Crash(Actor),
    /// Every lease in Redis ends.
    LeasesEnd,
    /// Redis restarts with an empty keyspace.
    CacheRestarts,
}

impl Move {
    /// The actor of the move; `None` for a fault of a service.
    pub fn actor(self) -> Option<Actor> {
        match self {
            Self::Call(actor, _) | Self::Crash(actor) => Some(actor),
            Self::LeasesEnd | Self::CacheRestarts => None,
        }
    }
}

/// A schedule and its workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The strategy's name.
    pub strategy: String,
    /// The number of distinct users.
    pub users: u64,
    /// The number of coupons.
    pub limit: u64,
    /// The number of attempts of each user.
    pub attempts: u32,
    /// The number of processes that share the users.
    pub instances: u32,
    /// The number of tries of a conflict or a lock.
    pub tries: u32,
    /// The most records that the consumer reads in one poll.
    pub batch: u8,
    /// The moves in their order.
    pub moves: Vec<Move>,
}

impl Token {
    /// All attempts, in the order of their letters.
    pub fn claims(&self) -> impl Iterator<Item = Actor> + use<> {
        let attempts = self.attempts;
        (1..=self.users)
            .flat_map(move |user| (1..=attempts).map(move |attempt| Actor::Claim { user, attempt }))
    }

    /// Whether the schedule has a fault.
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

    /// The actor with this letter; `None` if the schedule has no such attempt.
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

#[cfg(test)]
mod tests;
