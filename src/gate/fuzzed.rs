//! The protocols of the gates for the fuzz test: a conversation as one input, and known conversations.

use bytes::BytesMut;

use super::{
    mysql::MysqlWire,
    postgres::{PostgresWire, tests::traffic},
    redis::RedisWire,
    wire::{Wire, WireError},
};

/// Ends what one side sends: the client begins, then both take turns. The first byte of the input tells the protocol.
const TURN: u8 = 0x1e;

/// Lets a protocol read a conversation.
pub(crate) fn read(input: &[u8]) -> Result<(), WireError> {
    match input.split_first() {
        Some((b'p', rest)) => play(PostgresWire::default(), rest),
        Some((b'm', rest)) => play(MysqlWire::new(), rest),
        Some((_, rest)) => play(RedisWire::default(), rest),
        None => Ok(()),
    }
}

fn play<W: Wire>(mut wire: W, input: &[u8]) -> Result<(), WireError> {
    let (mut client, mut server) = (BytesMut::new(), BytesMut::new());
    for (turn, piece) in input.split(|byte| *byte == TURN).enumerate() {
        if turn % 2 == 0 {
            client.extend_from_slice(piece);
            while let Some(unit) = wire.from_client(&mut client)? {
                if !unit.bytes.is_empty() {
                    wire.forwarded(unit.id);
                }
            }
        } else {
            server.extend_from_slice(piece);
            while wire.from_server(&mut server)?.is_some() {}
        }
    }
    Ok(())
}

/// Known conversations.
pub(crate) fn conversations() -> Vec<Vec<u8>> {
    let mut known = vec![postgres(&traffic()), mysql()];
    known.extend(traffic().chunks(2).skip(1).map(|part| {
        let login = &traffic()[..1];
        postgres(&[login, part].concat())
    }));
    let redis = [
        "r*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n\u{1e}+PONG\r\n$-1\r\n",
        "r*1\r\n$5\r\nMULTI\r\n*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n*1\r\n$4\r\nEXEC\r\n\u{1e}+OK\r\n+QUEUED\r\n*1\r\n:1\r\n",
        "rHELLO 3\r\n\u{1e}%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n\u{1e}*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\nc\r\n\u{1e}>3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n",
        "r*3\r\n$5\r\nBLPOP\r\n$1\r\nq\r\n$1\r\n0\r\n\u{1e}*2\r\n$1\r\nq\r\n$1\r\nv\r\n\u{1e}*3\r\n$4\r\nEVAL\r\n$8\r\nreturn 1\r\n$1\r\n0\r\n\u{1e}-ERR no\r\n",
    ];
    known.extend(redis.map(|text| text.as_bytes().to_vec()));
    known
}

fn postgres(exchanges: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    // Long data teaches the parser nothing.
    let short = exchanges
        .iter()
        .filter(|(client, server)| client.len() + server.len() < 4096);
    let turns = short.flat_map(|(client, server)| [&**client, &**server]);
    [b"p", &*turns.collect::<Vec<_>>().join(&TURN)].concat()
}

fn mysql() -> Vec<u8> {
    let packet = |number: u8, payload: &[u8]| {
        let length = u8::try_from(payload.len()).unwrap_or(u8::MAX);
        [&[length, 0, 0, number], payload].concat()
    };
    let mut greeting = b"\x0a8.4.0\0\x07\x01\0\0abcdefgh\0\x01\xa2\x2d\x02\0\x0b\x01\x15".to_vec();
    greeting.extend([0; 10]);
    greeting.extend(b"ijklmnopqrst\0mysql_native_password\0");
    let mut login = b"\x01\xa2\x0b\x01\0\0\0\x01\x2d".to_vec();
    login.extend([0; 23]);
    login.extend(b"coupon\0\x00mysql_native_password\0");
    let column = b"\x03def\0\0\0\x01a\0\x0c\x3f\0\x14\0\0\0\x08\0\0\0\0\0";
    let result = [
        packet(1, b"\x01"),
        packet(2, column),
        packet(3, b"\x017"),
        packet(4, b"\xfe\0\0\x02\0\0\0"),
    ];
    let turns = [
        Vec::new(),
        packet(0, &greeting),
        packet(1, &login),
        packet(2, b"\0\0\0\x02\0\0\0"),
        packet(0, b"\x03SELECT 7"),
        result.concat(),
        packet(0, b"\x16SELECT ?"),
        packet(1, b"\0\x01\0\0\0\0\0\0\0\0\0\0"),
        packet(0, b"\x17\x01\0\0\0\0\x01\0\0\0"),
        packet(1, b"\0\x01\0\x02\0\0\0"),
        packet(0, b"\x01"),
    ];
    [b"m", &*turns.join(&TURN)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_conversation_is_read() {
        let known = conversations();
        assert!(known.len() > 6, "{}", known.len());
        for input in known {
            assert_eq!(read(&input), Ok(()), "{}", input.escape_ascii());
        }
    }
}
