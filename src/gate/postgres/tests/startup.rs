//! The begin of a connection.

use super::*;

fn first(bytes: &[u8]) -> Result<Option<ClientUnit>, String> {
    let unit = PostgresWire::default().from_client(&mut BytesMut::from(bytes));
    unit.map_err(|error| error.to_string())
}

#[test]
fn a_request_to_encrypt_is_refused_and_the_login_follows() {
    let mut wire = PostgresWire::default();
    let mut bytes = BytesMut::new();
    frontend::ssl_request(&mut bytes);
    bytes.extend_from_slice(&[0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x30]);
    frontend::startup_message([("user", "u")], &mut bytes).unwrap();
    let login = bytes[16..].to_vec();
    for _ in 0..2 {
        let unit = wire.from_client(&mut bytes).unwrap().unwrap();
        assert_eq!((&*unit.reply, &*unit.bytes), (&b"N"[..], &b""[..]));
    }
    let unit = wire.from_client(&mut bytes).unwrap().unwrap();
    assert_eq!((&*unit.reply, &*unit.bytes), (&b""[..], &*login));
    assert_eq!(wire.from_client(&mut bytes).unwrap(), None);
}

#[test]
fn a_request_to_cancel_is_forwarded() {
    let mut bytes = BytesMut::new();
    frontend::cancel_request(7, 8, &mut bytes);
    let unit = first(&bytes).unwrap().unwrap();
    assert_eq!(unit.bytes, bytes.freeze());
    assert_eq!(unit.statement, None);
}

#[test]
fn what_is_no_plain_connection_is_explained() {
    let tls = first(&[0x16, 3, 1, 2, 0]).unwrap_err();
    assert!(tls.contains("sslmode=disable"), "{tls}");
    let http = first(b"GET / HTTP/1.1\r\n\r\n").unwrap_err();
    assert!(http.contains("does not begin"), "{http}");
    let old = first(&[0, 0, 0, 9, 0, 2, 0, 0, 0]).unwrap_err();
    assert!(old.contains("version 2.0"), "{old}");
    assert_eq!(first(&[0, 0, 0, 9, 0, 3, 0, 0]), Ok(None));
}

#[test]
fn passwords_pass_and_the_server_tells_its_process() {
    let mut talk = Talk {
        wire: PostgresWire::default(),
        client: BytesMut::new(),
        server: BytesMut::new(),
    };
    frontend::startup_message([("user", "u")], &mut talk.client).unwrap();
    talk.units();
    let sasl = message(b'R', b"\0\0\0\x0ASCRAM-SHA-256\0\0");
    assert_eq!(talk.server_units(&sasl)[0].bytes, sasl);
    let password = talk.sends(|to| frontend::sasl_response(b"c=biws", to).unwrap());
    assert_eq!(password, [None]);
    // Protocol 3.2 has longer keys.
    let key = message(b'K', &[0, 0, 1, 2, 9, 9, 9, 9, 9, 9, 9, 9]);
    let units = talk.server_units(&[message(b'R', &[0; 4]), key, ready(b'I')].concat());
    assert_eq!(units[0].session, Some(258));
    assert_eq!(units.len(), 2);
    assert_eq!(talk.sends(frontend::terminate), [None]);
}
