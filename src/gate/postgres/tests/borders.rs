//! The same traffic cut at other places, and bytes that are no messages.

use proptest::prelude::*;

use super::*;

/// A piece of traffic: what the client sends, and what the server answers.
type Exchange = (Vec<u8>, Vec<u8>);

fn client(write: impl FnOnce(&mut BytesMut)) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    write(&mut bytes);
    bytes.to_vec()
}

/// A conversation with every kind of statement.
pub(in crate::gate) fn traffic() -> Vec<Exchange> {
    let batch = client(|to| {
        parse("s", "SELECT a FROM t WHERE id = $1", &[20], to);
        frontend::describe(b'S', "s", to).unwrap();
        bind("s", &[Some(&5_i64.to_be_bytes())], (1, 0), to);
        execute(to);
        frontend::flush(to);
        frontend::sync(to);
    });
    let described = [parameters(&[20]), columns(&[(23, 0)])].concat();
    let one = [row(&[Some(b"9")]), complete("SELECT 1")].concat();
    let copy = client(|to| {
        frontend::CopyData::new(&b"1\n"[..]).unwrap().write(to);
        frontend::CopyData::new(&vec![b'x'; 70_000][..])
            .unwrap()
            .write(to);
        frontend::copy_done(to);
    });
    vec![
        (
            client(|to| frontend::startup_message([("user", "u")], to).unwrap()),
            [message(b'K', &[0, 0, 0, 7, 0, 0, 0, 0]), ready(b'I')].concat(),
        ),
        (
            client(|to| frontend::query("BEGIN; DELETE FROM t", to).unwrap()),
            [complete("BEGIN"), complete("DELETE 1"), ready(b'T')].concat(),
        ),
        (
            batch,
            [short(b"1"), described, short(b"2"), one, ready(b'T')].concat(),
        ),
        (
            client(|to| frontend::query("COPY t FROM STDIN", to).unwrap()),
            message(b'G', &[0, 0, 1, 0, 0]),
        ),
        (copy, [complete("COPY 2"), ready(b'T')].concat()),
        (
            client(|to| frontend::query("SELECT b FROM t", to).unwrap()),
            [
                columns(&[(25, 0)]),
                row(&[Some(&vec![b'y'; 70_000])]),
                complete("SELECT 1"),
                ready(b'T'),
            ]
            .concat(),
        ),
        (
            client(|to| frontend::query("COMMIT", to).unwrap()),
            [error("40001", "could not serialize"), ready(b'I')].concat(),
        ),
    ]
}

/// What a reader of the events sees, without the data of COPY, which may be cut.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    statements: Vec<Content>,
    answers: Vec<WireAnswer>,
    sessions: Vec<u64>,
    forwarded: Vec<u8>,
    returned: Vec<u8>,
}

/// Plays the traffic, with both directions cut into pieces of these lengths.
fn played(lengths: &[usize]) -> Seen {
    let mut lengths = lengths.iter().copied().cycle();
    let mut talk = Talk {
        wire: PostgresWire::default(),
        client: BytesMut::new(),
        server: BytesMut::new(),
    };
    let mut seen = Seen::default();
    for (client, server) in traffic() {
        let mut rest = &*client;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(lengths.next().unwrap().min(rest.len()));
            rest = after;
            talk.client.extend_from_slice(piece);
            for unit in talk.units() {
                seen.forwarded.extend_from_slice(&unit.bytes);
                seen.statements.extend(unit.statement);
            }
        }
        let mut rest = &*server;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(lengths.next().unwrap().min(rest.len()));
            rest = after;
            for unit in talk.server_units(piece) {
                seen.returned.extend_from_slice(&unit.bytes);
                seen.answers.extend(unit.answered.map(|(_, answer)| answer));
                seen.sessions.extend(unit.session);
            }
        }
    }
    seen
}

#[test]
fn the_whole_traffic_is_understood() {
    let seen = played(&[usize::MAX]);
    assert_eq!(seen.statements.len(), 5);
    let texts: Vec<_> = seen.answers.iter().map(|a| a.text.as_deref()).collect();
    assert_eq!(
        texts,
        [
            Some("1 row"),
            Some("9"),
            Some("2 rows"),
            Some("1 row"),
            Some("ERROR 40001 could not serialize"),
        ]
    );
    assert_eq!(seen.sessions, [7]);
    let (client, server): (Vec<_>, Vec<_>) = traffic().into_iter().unzip();
    assert_eq!(seen.forwarded, client.concat());
    assert_eq!(seen.returned, server.concat());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_places_of_the_cuts_change_nothing(
        lengths in prop::collection::vec(prop_oneof![1_usize..40, 1000_usize..90_000], 1..20)
    ) {
        prop_assert_eq!(played(&lengths), played(&[usize::MAX]));
    }

    #[test]
    fn no_bytes_cause_a_panic(
        client in prop::collection::vec(any::<u8>(), 0..200),
        server in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut talk = Talk::new();
        let (mut client, mut server) = (BytesMut::from(&*client), BytesMut::from(&*server));
        while let Ok(Some(unit)) = talk.wire.from_client(&mut client) {
            talk.wire.forwarded(unit.id);
        }
        while let Ok(Some(_)) = talk.wire.from_server(&mut server) {}
    }
}
