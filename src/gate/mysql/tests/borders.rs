//! The borders of arriving bytes have no effect.

use bytes::BytesMut;
use mysql_common::constants::{CapabilityFlags, ColumnType};
use proptest::prelude::*;

use super::traffic::{
    IN_TRANSACTION, MODERN, OLD, Sent, command, end, eof, execute, greeting, login, number_column,
    ok, packet, prepared, query, read, response, server, text_row, whole,
};
use crate::gate::{mysql::MysqlWire, wire::Wire};

/// Traffic with every kind of packet that has a border to find.
fn traffic() -> Vec<Sent> {
    let wide = "x".repeat(70_000);
    let mut file = packet(2, b"1\n2\n");
    file.extend(packet(3, &vec![7; 70_000]));
    file.extend(packet(4, b""));
    let rows = [
        vec![vec![1], number_column()],
        vec![text_row(&[Some(&wide)]); 3],
        vec![end(2)],
    ];
    login(
        MODERN,
        0,
        vec![
            query("BEGIN"),
            server(&[ok(0, IN_TRANSACTION)]),
            command(0x16, b"SELECT n FROM t WHERE id = ?"),
            prepared(1, 1),
            execute(1, 0, &[ColumnType::MYSQL_TYPE_TINY], &[7]),
            server(&[
                vec![1],
                number_column(),
                vec![0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
                end(3),
            ]),
            query("SELECT wide FROM t"),
            server(&rows.concat()),
            query("LOAD DATA LOCAL INFILE 'a' INTO TABLE t"),
            server(&[b"\xfba".to_vec()]),
            Sent::Client(file),
            Sent::Server(packet(5, &ok(2, 2))),
            query("SELECT wide FROM t"),
            server(&[vec![1], number_column(), text_row(&[Some(&wide)]), end(2)]),
            query("COMMIT"),
            server(&[ok(0, 2)]),
        ],
    )
}

fn sent(traffic: &[Sent], from_client: bool) -> Vec<u8> {
    let bytes = traffic.iter().filter_map(|sent| match sent {
        Sent::Client(bytes) if from_client => Some(&bytes[..]),
        Sent::Server(bytes) if !from_client => Some(&bytes[..]),
        _ => None,
    });
    bytes.flatten().copied().collect()
}

#[test]
fn all_bytes_but_the_greeting_pass_unchanged() {
    let traffic = traffic();
    let read = whole(&traffic);
    assert_eq!(read.error, None);
    assert!(read.to_server == sent(&traffic, true));
    let server = sent(&traffic, false);
    let Sent::Server(greeting) = &traffic[0] else {
        unreachable!();
    };
    assert_eq!(read.to_client.len(), server.len());
    assert!(read.to_client[greeting.len()..] == server[greeting.len()..]);
    assert_eq!(
        read.answer_texts(),
        [
            None,
            Some("1"),
            Some("3 rows"),
            Some("2 rows"),
            Some("1 row"),
            None
        ]
    );
}

#[test]
fn a_row_passes_before_it_has_arrived() {
    let mut wire = MysqlWire::new();
    let mut pass = |sent: Sent| match sent {
        Sent::Client(bytes) => {
            let unit = wire.from_client(&mut BytesMut::from(&bytes[..]));
            wire.forwarded(unit.unwrap().unwrap().id);
            0
        }
        Sent::Server(bytes) => {
            let unit = wire.from_server(&mut BytesMut::from(&bytes[..]));
            unit.unwrap().map_or(0, |unit| unit.bytes.len())
        }
    };
    for sent in login(OLD, 0, vec![query("SELECT 1")]) {
        pass(sent);
    }
    pass(server(&[vec![1], number_column(), eof(2)]));
    let row = packet(4, &text_row(&[Some(&"x".repeat(1_000_000))]));
    assert_eq!(pass(Sent::Server(row[..10_000].to_vec())), 0);
    assert_eq!(pass(Sent::Server(row[..100_000].to_vec())), 100_000);
    assert_eq!(pass(Sent::Server(row[100_000..200_000].to_vec())), 100_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn traffic_that_is_cut_differently_gives_the_same_units(
        cuts in prop::collection::vec(prop_oneof![1_usize..8, 1_usize..2_000, 60_000_usize..200_000], 1..50)
    ) {
        let traffic = traffic();
        let mut next = cuts.iter().cycle();
        let cut = read(&traffic, || next.next().copied().unwrap_or(1));
        let whole = whole(&traffic);
        prop_assert!(cut.to_server == whole.to_server);
        prop_assert!(cut.to_client == whole.to_client);
        prop_assert_eq!(cut.answers.len(), whole.answers.len());
        // A file that arrives in several parts is several units.
        let texts = cut.texts();
        prop_assert_eq!(texts, whole.texts());
        prop_assert_eq!(cut.statement_answers(), whole.statement_answers());
        prop_assert_eq!(cut.error, None);
    }
}

/// A message: whether the client sends it, and its bytes. Most are packets that begin like real ones.
fn message() -> impl Strategy<Value = (bool, Vec<u8>)> {
    let commands = vec![3, 3, 0x04, 0x11, 0x16, 0x16, 0x17, 0x17, 0x18, 0x1c, 0xfa];
    let answers = vec![0, 0, 0, 1, 1, 2, 0xfb, 0xfe, 0xfe, 0xff];
    // Small numbers are the likely numbers of statements, columns and types.
    let bytes = || prop::collection::vec(prop_oneof![0_u8..4, any::<u8>()], 0..60);
    let packets = |firsts| {
        let first = prop::sample::select(firsts);
        (first, bytes()).prop_map(|(first, rest)| packet(0, &[vec![first], rest].concat()))
    };
    prop_oneof![
        packets(commands).prop_map(|bytes| (true, bytes)),
        packets(answers).prop_map(|bytes| (false, bytes)),
        (any::<bool>(), bytes()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_bytes_never_panic(
        flags in any::<(u32, u32)>(),
        messages in prop::collection::vec(message(), 0..25),
        has_login in any::<bool>(),
    ) {
        let mut traffic = Vec::new();
        if has_login {
            let unreadable = CapabilityFlags::CLIENT_SSL
                | CapabilityFlags::CLIENT_COMPRESS
                | CapabilityFlags::CLIENT_ZSTD_COMPRESSION_ALGORITHM;
            let asked = CapabilityFlags::from_bits_truncate(flags.0) - unreadable;
            let offered = CapabilityFlags::all() - CapabilityFlags::CLIENT_LONG_PASSWORD;
            let asked = asked | CapabilityFlags::CLIENT_PROTOCOL_41;
            traffic.push(Sent::Server(greeting(offered, u32::MAX)));
            traffic.push(Sent::Client(response(asked, flags.1)));
            traffic.push(server(&[ok(0, 2)]));
        }
        traffic.extend(messages.into_iter().map(|(is_client, bytes)| {
            if is_client { Sent::Client(bytes) } else { Sent::Server(bytes) }
        }));
        whole(&traffic);
    }
}
