//! A connection without a socket, for tests of what a client may send.

use bytes::BytesMut;

use super::{
    keyspace::Keyspace,
    now,
    session::Session,
    wire::{RequestReader, encode},
};

/// What a server with nothing in it answers to these bytes, however they are cut up: they come in two pieces.
pub(crate) fn answer(input: &[u8]) -> BytesMut {
    let (mut keyspace, mut session) = (Keyspace::default(), Session::default());
    let (mut requests, mut buffer) = (RequestReader::default(), BytesMut::new());
    let mut output = BytesMut::new();
    let (first, second) = input.split_at(input.len() / 3);
    for piece in [first, second] {
        buffer.extend_from_slice(piece);
        while !session.closing {
            match requests.next(&mut buffer) {
                Ok(Some(words)) if words.is_empty() => {}
                Ok(Some(words)) => {
                    let reply = keyspace.execute_in(&mut session, &words, now());
                    encode(reply, session.resp, &mut output);
                }
                Ok(None) => break,
                Err(error) => {
                    encode(error.to_reply(), session.resp, &mut output);
                    session.closing = true;
                }
            }
        }
    }
    output
}
