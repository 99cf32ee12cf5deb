//! Simple queries and what their answers say.

use super::*;

/// The text of the answer, and whether nothing was changed.
fn said(talk: &mut Talk, text: &str, messages: &[Vec<u8>]) -> (Option<String>, bool) {
    let answer = talk.query(text, &[messages, &[ready(b'I')]].concat());
    assert!(!answer.is_error && !answer.in_transaction);
    (answer.text, answer.changed_nothing)
}

#[test]
fn one_row_is_shown_and_more_rows_are_counted() {
    let mut talk = Talk::new();
    let one = [
        columns(&[(20, 0)]),
        row(&[Some(b"7")]),
        complete("SELECT 1"),
    ];
    assert_eq!(
        said(&mut talk, "SELECT count(*) FROM coupon", &one),
        (Some("7".to_owned()), true)
    );
    let two = [
        columns(&[(23, 0), (25, 0)]),
        row(&[Some(b"1"), None]),
        complete("SELECT 1"),
    ];
    assert_eq!(
        said(&mut talk, "SELECT a, b FROM t", &two).0.as_deref(),
        Some("1, NULL")
    );
    let rows = [
        columns(&[(20, 0)]),
        row(&[Some(b"7")]),
        row(&[Some(b"8")]),
        complete("SELECT 2"),
    ];
    assert_eq!(
        said(&mut talk, "SELECT id FROM t", &rows).0.as_deref(),
        Some("2 rows")
    );
    let none = [columns(&[(20, 0)]), complete("SELECT 0")];
    assert_eq!(
        said(&mut talk, "SELECT id FROM t FOR UPDATE", &none),
        (Some("0 rows".to_owned()), true)
    );
    let wide = [
        columns(&[(20, 0); 5]),
        row(&[Some(&b"7"[..]); 5]),
        complete("SELECT 1"),
    ];
    assert_eq!(
        said(&mut talk, "SELECT * FROM t", &wide).0.as_deref(),
        Some("1 row")
    );
    let long = [
        columns(&[(25, 0)]),
        row(&[Some(&[b'x'; 100])]),
        complete("SELECT 1"),
    ];
    let shown = said(&mut talk, "SELECT a FROM t", &long).0.unwrap();
    assert_eq!(shown, format!("{}…", "x".repeat(24)));
}

#[test]
fn changes_are_counted_unless_their_rows_are_returned() {
    let mut talk = Talk::new();
    for (text, tag, expected, nothing) in [
        ("INSERT INTO t VALUES (1)", "INSERT 0 1", "1 row", false),
        ("UPDATE t SET a = 1", "UPDATE 0", "0 rows", true),
        ("DELETE FROM t", "DELETE 3", "3 rows", false),
        (
            "WITH x AS (INSERT INTO u) UPDATE t",
            "UPDATE 0",
            "0 rows",
            false,
        ),
    ] {
        let (said, changed_nothing) = said(&mut talk, text, &[complete(tag)]);
        assert_eq!(
            (said.as_deref(), changed_nothing),
            (Some(expected), nothing)
        );
    }
    let returned = [
        columns(&[(20, 0)]),
        row(&[Some(b"41")]),
        complete("INSERT 0 1"),
    ];
    assert_eq!(
        said(
            &mut talk,
            "INSERT INTO t DEFAULT VALUES RETURNING id",
            &returned
        ),
        (Some("41".to_owned()), false)
    );
}

#[test]
fn a_query_that_locks_or_calls_may_change_something() {
    let mut talk = Talk::new();
    let one = [
        columns(&[(20, 0)]),
        row(&[Some(b"7")]),
        complete("SELECT 1"),
    ];
    for text in [
        "SELECT a FROM t FOR UPDATE",
        "SELECT a FROM t FOR NO KEY UPDATE SKIP LOCKED",
        "SELECT a FROM t FOR SHARE",
        "SELECT nextval('s')",
        "WITH x AS (DELETE FROM t RETURNING a) SELECT a FROM x",
        "SELECT a INTO u FROM t",
    ] {
        assert!(!said(&mut talk, text, &one).1, "{text}");
    }
    let lock = [
        columns(&[(2278, 0)]),
        row(&[Some(b"")]),
        complete("SELECT 1"),
    ];
    assert_eq!(
        said(&mut talk, "SELECT pg_advisory_xact_lock(1)", &lock),
        (Some("1 row".to_owned()), false)
    );
}

#[test]
fn transactions_are_told_by_the_server() {
    let mut talk = Talk::new();
    let begin = talk.query("BEGIN", &[complete("BEGIN"), ready(b'T')]);
    assert_eq!((begin.text, begin.in_transaction), (None, true));
    let failed = talk.query(
        "INSERT INTO t VALUES (1)",
        &[
            error("23505", &format!("duplicate key value {}", "x".repeat(99))),
            ready(b'E'),
        ],
    );
    assert!(failed.is_error && failed.in_transaction && failed.changed_nothing);
    let text = failed.text.unwrap();
    assert!(
        text.starts_with("ERROR 23505 duplicate key value xxx"),
        "{text}"
    );
    assert_eq!(text.chars().count(), 81);
    let end = talk.query("COMMIT", &[complete("ROLLBACK"), ready(b'I')]);
    assert_eq!(end.text.as_deref(), Some("ROLLBACK"));
    assert!(!end.in_transaction && !end.is_error);
    let end = talk.query("ROLLBACK", &[complete("ROLLBACK"), ready(b'I')]);
    assert_eq!((end.text, end.changed_nothing), (None, false));
}

#[test]
fn a_text_of_several_statements_is_one_unit() {
    let mut talk = Talk::new();
    let text = "BEGIN; UPDATE t SET a = ';' ;\nSELECT 1; COMMIT";
    let units = talk.sends(|to| frontend::query(text, to).unwrap());
    let expected = ["BEGIN", "UPDATE t SET a = ';'", "SELECT 1", "COMMIT"].map(plain);
    assert_eq!(units, [Some(expected.to_vec())]);
    let answer = talk.answer(&[
        complete("BEGIN"),
        complete("UPDATE 2"),
        columns(&[(23, 0)]),
        row(&[Some(b"1")]),
        complete("SELECT 1"),
        complete("COMMIT"),
        ready(b'I'),
    ]);
    assert_eq!(answer.text.as_deref(), Some("1"));
    assert!(!answer.changed_nothing);
    // The changes before the commit stay, although the text failed.
    let text = "BEGIN; DELETE FROM t; COMMIT; SELECT 1/0";
    let failed = talk.query(
        text,
        &[
            complete("BEGIN"),
            complete("DELETE 1"),
            complete("COMMIT"),
            error("22012", "division by zero"),
            ready(b'I'),
        ],
    );
    assert!(failed.is_error && !failed.changed_nothing);
}

#[test]
fn an_empty_text_and_a_call_of_a_function() {
    let mut talk = Talk::new();
    assert_eq!(
        talk.sends(|to| frontend::query("-- ping", to).unwrap()),
        [None]
    );
    assert_eq!(talk.answers(&[short(b"I"), ready(b'I')].concat()), []);
    let call = message(b'F', &[0, 0, 3, 231, 0, 0, 0, 0, 0, 0]);
    assert_eq!(
        talk.sends(|to| to.extend_from_slice(&call)),
        [Some(vec![plain("FunctionCall 999")])]
    );
    let answer = talk.answer(&[message(b'V', &[255; 4]), ready(b'I')]);
    assert_eq!((answer.text, answer.changed_nothing), (None, false));
}

#[test]
fn messages_between_answers_pass() {
    let mut talk = Talk::new();
    let between = [
        message(b'A', b"\0\0\0\x01channel\0payload\0"),
        message(b'N', b"SNOTICE\0\0"),
        message(b'S', b"TimeZone\0UTC\0"),
    ];
    let units = talk.server_units(&between.concat());
    assert_eq!(units.len(), 1);
    assert_eq!(
        (&*units[0].bytes, &units[0].answered),
        (&*between.concat(), &None)
    );
    // The server ends the connection.
    assert_eq!(talk.answers(&error("57P01", "terminating")), []);
}

#[test]
fn an_answer_without_a_question_and_replication_are_errors() {
    for bytes in [
        ready(b'I'),
        complete("SELECT 1"),
        short(b"1"),
        message(b'W', &[0; 3]),
    ] {
        let mut talk = Talk::new();
        let mut server = BytesMut::from(&*bytes);
        assert!(talk.wire.from_server(&mut server).is_err());
        assert_eq!(server, bytes);
    }
}

#[test]
fn the_end_of_a_command_is_forwarded_when_the_server_is_ready() {
    for end in [complete("INSERT 0 1"), error("23505", "duplicate key")] {
        let mut talk = Talk::new();
        talk.sends(|to| frontend::query("INSERT INTO t VALUES (1)", to).unwrap());
        let units = talk.server_units(&end);
        assert!(units.iter().all(|unit| unit.bytes.is_empty()), "{units:?}");
        let units = talk.server_units(&ready(b'I'));
        assert_eq!(units.len(), 1);
        assert!(units[0].answered.is_some());
        assert_eq!(units[0].bytes, [end, ready(b'I')].concat());
    }
}
