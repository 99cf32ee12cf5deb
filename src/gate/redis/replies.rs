//! Puts the replies of the server into the order of the client's commands.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::{
    UnitId, WireAnswer,
    answer::{Unchanged, answer, is_error},
    frame::{Body, Head},
};

/// What the server answers to a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) unit: UnitId,
    /// How many frames: one for each command.
    pub(super) frames: usize,
    pub(super) shape: Shape,
}

/// What the frames are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Replies. The last one is the answer to the statement, if the unit is one.
    Replies(Option<Unchanged>),
    /// Messages that confirm subscriptions, or one error.
    Confirmations,
}

/// The place of a unit's reply in the order of the client.
#[derive(Debug)]
struct Place {
    unit: UnitId,
    /// What came while replies before it were missing.
    kept: BytesMut,
    is_complete: bool,
}

/// The replies that are missing.
#[derive(Debug, Default)]
pub(super) struct Replies {
    /// Units that are not yet forwarded.
    unsent: VecDeque<Expected>,
    /// Units that are forwarded, in the order in which the server answers.
    sent: VecDeque<Expected>,
    /// All these units, and those whose reply is kept, in the order of the client. Confirmations have no place: they are forwarded as they
    /// come.
    places: VecDeque<Place>,
    /// Kept replies whose turn it is.
    ready: Bytes,
    /// Whether the client ever subscribed: messages may come at any time.
    subscribed: bool,
}

/// Messages of subscriptions in RESP2, which are arrays like replies.
const MESSAGES: [&[u8]; 9] = [
    b"message",
    b"pmessage",
    b"smessage",
    b"subscribe",
    b"psubscribe",
    b"ssubscribe",
    b"unsubscribe",
    b"punsubscribe",
    b"sunsubscribe",
];

impl Replies {
    /// The client sent a unit.
    pub(super) fn expect(&mut self, expected: Expected) {
        match expected.shape {
            Shape::Replies(_) => self.places.push_back(Place {
                unit: expected.unit,
                kept: BytesMut::new(),
                is_complete: false,
            }),
            Shape::Confirmations => self.subscribed = true,
        }
        self.unsent.push_back(expected);
    }

    /// The unit was forwarded. A unit without a reply is unknown here.
    pub(super) fn forwarded(&mut self, unit: UnitId) {
        let at = self
            .unsent
            .iter()
            .position(|expected| expected.unit == unit);
        let expected = at.and_then(|at| self.unsent.remove(at));
        self.sent.extend(expected);
    }

    /// Whether the order of the replies may differ from the order of the client.
    pub(super) fn are_missing(&self) -> bool {
        !self.places.is_empty() || !self.ready.is_empty()
    }

    /// The stream of the server broke. If its replies came in the order of the client, the rest may be forwarded as it is.
    pub(super) fn give_up(&mut self) {
        let sent = self
            .sent
            .iter()
            .filter(|sent| sent.shape != Shape::Confirmations);
        let in_order = self.places.iter().map(|place| place.unit);
        if self.unsent.is_empty() && sent.map(|sent| sent.unit).eq(in_order) {
            self.places.clear();
        }
    }

    /// Kept replies that can be forwarded now.
    pub(super) fn ready(&mut self) -> Option<Bytes> {
        (!self.ready.is_empty()).then(|| std::mem::take(&mut self.ready))
    }

    /// The server sent a frame. Returns what can be forwarded of it, and the answer that is complete.
    pub(super) fn take(&mut self, frame: Bytes) -> (Bytes, Option<(UnitId, WireAnswer)>) {
        if let Some(word) = self.message(&frame) {
            if word.ends_with(b"subscribe") {
                self.confirmed(&frame);
            }
            return (frame, None);
        }
        let Some(expected) = self.sent.front_mut() else {
            return (frame, None);
        };
        if expected.shape == Shape::Confirmations {
            self.confirmed(&frame);
            return (frame, None);
        }
        expected.frames -= 1;
        let expected = *expected;
        let is_complete = expected.frames == 0;
        let mut answered = None;
        if is_complete {
            self.sent.pop_front();
            if let Shape::Replies(Some(unchanged)) = expected.shape {
                answered = Some((expected.unit, answer(&frame, unchanged)));
            }
        }
        (self.place(expected.unit, frame, is_complete), answered)
    }

    /// The first word of a frame that is no reply but a message.
    fn message<'a>(&self, frame: &'a [u8]) -> Option<&'a [u8]> {
        let is_push = frame.first() == Some(&b'>');
        let may_be_message = is_push || (self.subscribed && frame.first() == Some(&b'*'));
        if !may_be_message {
            return None;
        }
        let rest = &frame[Head::of(frame)?.length..];
        let first = Head::of(rest)?;
        let word = match first.body() {
            Ok(Body::Bytes(length)) => rest.get(first.length..first.length + length)?,
            _ => first.line,
        };
        (is_push || MESSAGES.contains(&word)).then_some(word)
    }

    /// A subscription that is waited for was confirmed or refused.
    fn confirmed(&mut self, frame: &[u8]) {
        let Some(expected) = self.sent.front_mut() else {
            return;
        };
        if expected.shape == Shape::Confirmations {
            expected.frames -= 1;
            if expected.frames == 0 || is_error(frame) {
                self.sent.pop_front();
            }
        }
    }

    /// Forwards the frame if all replies before it came, and keeps it otherwise.
    fn place(&mut self, unit: UnitId, frame: Bytes, is_complete: bool) -> Bytes {
        let Some(at) = self.places.iter().position(|place| place.unit == unit) else {
            return frame;
        };
        self.places[at].is_complete = is_complete;
        if at > 0 {
            self.places[at].kept.extend_from_slice(&frame);
            return Bytes::new();
        }
        let mut ready = BytesMut::new();
        while self.places.front().is_some_and(|place| place.is_complete) {
            self.places.pop_front();
            if let Some(next) = self.places.front_mut() {
                ready.unsplit(next.kept.split());
            }
        }
        self.ready = ready.freeze();
        frame
    }
}
