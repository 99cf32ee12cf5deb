//! The protocol of Redis: RESP2, RESP3, and commands in a line.
//!
//! Several requests of a service often share one connection. A later command may then be forwarded before an earlier one that is held;
//! the replies are put into the order of the client.
//!
//! # Layout
//!
//! - `frame`: where a frame ends
//! - `command`: the words of a command, and what it means for its connection
//! - `replies`: which reply belongs to which command
//! - `answer`: what a reply says
//! - this file: commands and `MULTI` blocks become units

mod answer;
mod command;
mod frame;
mod replies;

use bytes::{Bytes, BytesMut};

use self::{
    answer::Unchanged,
    command::{Kind, Words, kind, length, words},
    frame::Border,
    replies::{Expected, Replies, Shape},
};
use super::{
    event::{Content, WireAnswer},
    wire::{ClientUnit, ServerUnit, UnitId, Wire, WireError},
};

/// One connection to Redis.
#[derive(Debug, Default)]
pub struct RedisWire {
    next: UnitId,
    command: Border,
    reply: Border,
    replies: Replies,
    /// `MULTI` and the commands after it, if a block is open at the end of what the client sent.
    block: Option<Vec<Words>>,
    /// Whether the last unit ends a block whose beginning was forwarded apart.
    ends_block: bool,
}

impl Wire for RedisWire {
    const REORDERS: bool = true;

    fn from_client(&mut self, bytes: &mut BytesMut) -> Result<Option<ClientUnit>, WireError> {
        let Some(end) = length(&mut self.command, bytes)? else {
            return Ok(None);
        };
        let words = words(&bytes[..end])?;
        self.ends_block = false;
        let kind = kind(&words);
        if let Kind::Refused(reason) = kind {
            return Err(WireError(reason.to_owned()));
        }
        if kind == Kind::Multi
            && self.block.is_none()
            && let Some((end, commands)) = whole_block(words.clone(), end, bytes)
        {
            return Ok(Some(
                self.block_unit(bytes.split_to(end).freeze(), commands),
            ));
        }
        Ok(Some(self.unit(bytes.split_to(end).freeze(), words, kind)))
    }

    fn forwarded(&mut self, unit: UnitId) {
        self.replies.forwarded(unit);
    }

    fn from_server(&mut self, bytes: &mut BytesMut) -> Result<Option<ServerUnit>, WireError> {
        if let Some(bytes) = self.replies.ready() {
            return Ok(Some(ServerUnit {
                bytes,
                ..ServerUnit::default()
            }));
        }
        let end = self.reply.find(bytes);
        let Some(end) = end.inspect_err(|_| self.replies.give_up())? else {
            return Ok(None);
        };
        let (bytes, answered) = self.replies.take(bytes.split_to(end).freeze());
        Ok(Some(ServerUnit {
            bytes,
            answered,
            session: None,
        }))
    }

    fn keeps_place(&self, unit: &ClientUnit) -> bool {
        // What comes after the end of a block would be queued in the block.
        unit.statement.is_none() || self.ends_block
    }

    fn reordered(&self) -> bool {
        self.replies.are_missing()
    }
}

impl RedisWire {
    /// A unit of one command.
    fn unit(&mut self, bytes: Bytes, words: Words, kind: Kind) -> ClientUnit {
        let id = self.number();
        let (shape, statement) = self.meaning(words, kind);
        let frames = match kind {
            Kind::Empty => 0,
            Kind::Subscription(count) if shape == Shape::Confirmations => count,
            _ => 1,
        };
        if frames > 0 {
            self.replies.expect(Expected {
                unit: id,
                frames,
                shape,
            });
        }
        ClientUnit {
            id,
            bytes,
            reply: Bytes::new(),
            statement: statement.map(Content::Redis),
        }
    }

    /// What a command is answered with, and the commands that are a statement now.
    fn meaning(&mut self, words: Words, kind: Kind) -> (Shape, Option<Vec<Words>>) {
        const PASSES: Shape = Shape::Replies(None);
        match (kind, &mut self.block) {
            (Kind::Multi, None) => {
                self.block = Some(vec![words]);
                (PASSES, None)
            }
            (Kind::Discard, _) => {
                self.block = None;
                (PASSES, None)
            }
            (Kind::Exec, Some(_)) => {
                self.ends_block = true;
                let mut commands = self.block.take().unwrap_or_default();
                let unchanged = Unchanged::of(&words);
                commands.push(words);
                (Shape::Replies(Some(unchanged)), Some(commands))
            }
            (_, Some(commands)) if kind != Kind::Empty => {
                commands.push(words);
                (PASSES, None)
            }
            (Kind::Statement, None) => {
                let unchanged = Unchanged::of(&words);
                (Shape::Replies(Some(unchanged)), Some(vec![words]))
            }
            (Kind::Subscription(_), None) => (Shape::Confirmations, None),
            _ => (PASSES, None),
        }
    }

    /// A unit of a whole `MULTI` block.
    fn block_unit(&mut self, bytes: Bytes, commands: Vec<Words>) -> ClientUnit {
        let id = self.number();
        let unchanged = commands.last().map(Unchanged::of);
        self.replies.expect(Expected {
            unit: id,
            frames: commands.len(),
            shape: Shape::Replies(unchanged),
        });
        ClientUnit {
            id,
            bytes,
            reply: Bytes::new(),
            statement: Some(Content::Redis(commands)),
        }
    }

    fn number(&mut self) -> UnitId {
        self.next += 1;
        self.next - 1
    }
}

/// The end and the commands of a `MULTI` block that is complete in `bytes`, whose first command ends at `end`. Clients that share a
/// connection send blocks in one piece: such a block can be held without the commands of other requests.
fn whole_block(multi: Words, mut end: usize, bytes: &[u8]) -> Option<(usize, Vec<Words>)> {
    let mut commands = vec![multi];
    loop {
        let rest = &bytes[end..];
        let length = length(&mut Border::default(), rest).ok()??;
        let words = words(&rest[..length]).ok()?;
        let kind = kind(&words);
        end += length;
        match kind {
            Kind::Exec => {
                commands.push(words);
                return Some((end, commands));
            }
            Kind::Statement | Kind::Passing => commands.push(words),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests;
