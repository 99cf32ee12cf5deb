//! COPY, and messages that are forwarded while they arrive.

use super::*;

const COPY_IN: &[u8] = &[0, 0, 1, 0, 0];

#[test]
fn the_data_of_a_copy_belongs_to_its_statement() {
    let mut talk = Talk::new();
    let units = talk.sends(|to| frontend::query("COPY t FROM STDIN", to).unwrap());
    assert_eq!(units, [Some(vec![plain("COPY t FROM STDIN")])]);
    assert_eq!(talk.answers(&message(b'G', COPY_IN)), []);
    let data = |to: &mut BytesMut| {
        for line in [&b"1\n"[..], b"2\n"] {
            frontend::CopyData::new(line).unwrap().write(to);
        }
        frontend::copy_done(to);
    };
    assert_eq!(talk.sends(data), [None, None]);
    let answer = talk.answer(&[complete("COPY 2"), ready(b'I')]);
    assert_eq!(answer.text.as_deref(), Some("2 rows"));
    assert!(!answer.changed_nothing);
}

#[test]
fn a_copy_of_the_extended_protocol_swallows_the_sync_before_its_data() {
    let mut talk = Talk::new();
    let copy = |to: &mut BytesMut| {
        parse("", "COPY t FROM STDIN", &[], to);
        bind("", &[], (0, 0), to);
        execute(to);
        frontend::sync(to);
    };
    for end in [complete("COPY 1"), error("22P02", "invalid input")] {
        assert_eq!(talk.sends(copy), [Some(vec![plain("COPY t FROM STDIN")])]);
        assert_eq!(
            talk.answers(&[short(b"12"), message(b'G', COPY_IN)].concat()),
            []
        );
        let units = talk.sends(|to| {
            frontend::CopyData::new(&b"1\n"[..]).unwrap().write(to);
            frontend::copy_done(to);
            frontend::sync(to);
        });
        assert_eq!(units, [None, None, None]);
        talk.answer(&[end, ready(b'I')]);
    }
    let units = talk.sends(|to| frontend::query("SELECT 1", to).unwrap());
    assert_eq!(units.len(), 1);
    talk.answer(&[complete("SELECT 0"), ready(b'I')]);
}

#[test]
fn a_copy_out_is_counted() {
    let mut talk = Talk::new();
    let answer = talk.query(
        "COPY t TO STDOUT",
        &[
            message(b'H', COPY_IN),
            message(b'd', b"1\n"),
            short(b"c"),
            complete("COPY 1"),
            ready(b'I'),
        ],
    );
    assert_eq!(answer.text.as_deref(), Some("1 row"));
}

#[test]
fn long_rows_are_forwarded_while_they_arrive() {
    let mut talk = Talk::new();
    talk.sends(|to| frontend::query("SELECT a FROM t", to).unwrap());
    let long = row(&[Some(&vec![b'x'; 200_000])]);
    let (begin, end) = long.split_at(70_000);
    let units = talk.server_units(&[&*columns(&[(25, 0)]), begin].concat());
    let sent: usize = units.iter().map(|unit| unit.bytes.len()).sum();
    assert_eq!(sent, columns(&[(25, 0)]).len() + begin.len());
    assert_eq!(talk.server_units(end).len(), 1);
    let answer = talk.answer(&[complete("SELECT 1"), ready(b'I')]);
    assert_eq!(answer.text.as_deref(), Some("1 row"));
}

#[test]
fn long_data_of_the_client_is_forwarded_while_it_arrives() {
    let mut talk = Talk::new();
    talk.sends(|to| frontend::query("COPY t FROM STDIN", to).unwrap());
    talk.answers(&message(b'G', COPY_IN));
    let long = message(b'd', &vec![b'x'; 200_000]);
    let (begin, end) = long.split_at(70_000);
    for part in [begin, end] {
        talk.client.extend_from_slice(part);
        let units = talk.units();
        assert_eq!(units.len(), 1);
        assert_eq!(units[0].bytes, part);
    }
    assert_eq!(talk.sends(frontend::copy_done), [None]);
}
