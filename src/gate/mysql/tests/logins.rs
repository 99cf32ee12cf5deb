use mysql_common::constants::CapabilityFlags;

use super::traffic::{
    MODERN, Sent, error, greeting, login, packet, query, response, server, whole,
};
use crate::gate::mysql::login::greet;

#[test]
fn a_greeting_loses_encryption_and_compression_and_nothing_else() {
    let before = greeting(CapabilityFlags::all(), u32::MAX);
    let read = whole(&[Sent::Server(before.clone())]);
    assert_eq!(read.session, Some(0x0107));
    assert_eq!(read.to_client.len(), before.len());
    let changed: Vec<_> = before
        .iter()
        .zip(&read.to_client)
        .enumerate()
        .filter(|(_, (before, after))| before != after)
        .map(|(place, (before, after))| (place, before ^ after))
        .collect();
    // CLIENT_COMPRESS and CLIENT_SSL, then CLIENT_ZSTD_COMPRESSION_ALGORITHM.
    assert_eq!(changed, [(24, 0x20), (25, 0x08), (30, 0x04)]);
}

#[test]
fn a_login_with_a_public_key_passes() {
    let read = whole(&login(MODERN, 0, Vec::new()));
    assert_eq!(read.error, None);
    let answered: Vec<_> = read.answers.iter().map(|(id, _)| *id).collect();
    assert_eq!(answered, [0]);
    assert!(read.statements.is_empty());
}

#[test]
fn a_failed_login_passes() {
    let read = whole(&[
        Sent::Server(greeting(MODERN, 0)),
        Sent::Client(response(MODERN, 0)),
        server(&[error(1045, "28000", "Access denied for user 'coupon'")]),
    ]);
    assert_eq!(read.error, None);
    assert!(read.answers[0].1.is_error);
}

#[test]
fn a_server_that_refuses_the_connection_passes() {
    let refusal = packet(0, b"\xff\x10\x04Too many connections");
    let read = whole(&[Sent::Server(refusal.clone())]);
    assert_eq!((read.error, read.to_client), (None, refusal));
}

#[test]
fn a_client_that_encrypts_is_told_how_to_stop() {
    let encrypted = MODERN | CapabilityFlags::CLIENT_SSL;
    let read = whole(&[
        Sent::Server(greeting(CapabilityFlags::all(), 0)),
        Sent::Client(packet(1, &response(encrypted, 0)[4..36])),
    ]);
    let error = read.error.unwrap().to_string();
    assert!(error.contains("sslMode=DISABLED or ssl: false"), "{error}");
    // A server without encryption ignores the flag.
    let read = whole(&[
        Sent::Server(greeting(MODERN, 0)),
        Sent::Client(response(encrypted, 0)),
    ]);
    assert_eq!(read.error, None);
}

#[test]
fn a_client_that_compresses_is_told_how_to_stop() {
    let read = whole(&[
        Sent::Server(greeting(CapabilityFlags::all(), 0)),
        Sent::Client(response(MODERN | CapabilityFlags::CLIENT_COMPRESS, 0)),
    ]);
    let error = read.error.unwrap().to_string();
    assert!(error.contains("switch compression off"), "{error}");
}

#[test]
fn unreadable_greetings_are_errors() {
    for payload in [&b""[..], b"\x09old\0", b"\x0a8.4.0\0short", b"\x0aendless"] {
        assert!(greet(&mut payload.to_vec()).is_err(), "{payload:?}");
    }
}

#[test]
fn a_change_of_the_user_is_a_login() {
    let change = |answer: Vec<u8>| {
        vec![
            super::traffic::command(0x11, b"other\0\0shop\0"),
            Sent::Server(packet(
                1,
                b"\xfemysql_native_password\0abcdefghijklmnopqrst\0",
            )),
            Sent::Client(packet(2, &[1; 20])),
            Sent::Server(packet(3, &answer)),
            query("SELECT 1"),
            server(&[error(1046, "3D000", "No database selected")]),
        ]
    };
    for answer in [
        super::traffic::ok(0, 2),
        error(1045, "28000", "Access denied"),
    ] {
        let read = whole(&login(MODERN, 0, change(answer)));
        assert_eq!(read.error, None);
        let answer = Some("ERROR 1046 (3D000) No database selected");
        assert_eq!(read.answer_texts(), [answer]);
    }
}
