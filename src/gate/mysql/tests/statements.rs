use mysql_common::{
    constants::{CapabilityFlags, ColumnType},
    io::BufMutExt,
};

use super::traffic::{
    MODERN, Sent, command, end, execute, login, number_column, ok, prepared, query, server,
    text_row, whole,
};
use crate::gate::mysql::sql::{Verb, divide, placeholders};

fn verb(text: &str) -> Verb {
    divide(text).verbs[0]
}

#[test]
fn verbs_are_read_from_the_words() {
    for text in [
        "SELECT count(*) FROM coupon",
        "/* a */ select 'for update' from t -- for update",
        "(SELECT 1) UNION (SELECT 2)",
        "WITH a AS (SELECT 1 FROM t) SELECT * FROM a",
        "SHOW WARNINGS",
        "SELECT `for` `update` FROM t",
    ] {
        assert_eq!(verb(text), Verb::Read, "{text}");
    }
    for text in [
        "INSERT INTO t VALUES (1)",
        "update t set a = 1",
        "WITH a AS (SELECT 1) UPDATE t, a SET t.a = 1",
        "LOAD DATA LOCAL INFILE 'x' INTO TABLE t",
    ] {
        assert_eq!(verb(text), Verb::Change, "{text}");
    }
    for text in [
        "SELECT * FROM t FOR UPDATE",
        "select * from t lock in share mode",
        "SELECT GET_LOCK('a', 1)",
        "BEGIN",
        "",
        "'unterminated",
    ] {
        assert_eq!(verb(text), Verb::Other, "{text}");
    }
    assert_eq!(verb("CALL p()"), Verb::Call);
}

#[test]
fn a_text_is_divided_at_semicolons_between_statements() {
    let texts = |text| divide(text).texts;
    assert_eq!(texts("SELECT 1;"), ["SELECT 1"]);
    assert_eq!(
        texts("SELECT 'é;\n' ;\n UPDATE t SET a = ';'; ; "),
        ["SELECT 'é;\n'", "UPDATE t SET a = ';'"]
    );
    let body = "CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END";
    assert_eq!(texts(body), [body]);
    assert_eq!(texts("SELECT event; SELECT 2").len(), 2);
    assert_eq!(texts(""), [""]);
    assert_eq!(texts(";"), [""]);
}

#[test]
fn placeholders_are_counted_outside_of_texts() {
    assert_eq!(placeholders("INSERT INTO t VALUES (?, '?', ?) -- ?"), 2);
}

#[test]
fn a_query_may_have_attributes() {
    let mut rest = vec![1, 1, 0, 1, ColumnType::MYSQL_TYPE_VAR_STRING as u8, 0];
    rest.put_lenenc_str(b"traceparent");
    rest.put_lenenc_str(b"00-abc");
    rest.extend(b"SELECT 1");
    let capabilities = MODERN | CapabilityFlags::CLIENT_QUERY_ATTRIBUTES;
    let traffic = vec![command(3, &rest), command(3, b"\x00\x01SELECT 2")];
    let read = whole(&login(capabilities, 0, traffic));
    assert_eq!(read.texts(), ["SELECT 1 []", "SELECT 2 []"]);
}

#[test]
fn a_prepared_statement_has_its_text_and_its_values() {
    let types = [
        ColumnType::MYSQL_TYPE_LONGLONG,
        ColumnType::MYSQL_TYPE_VAR_STRING,
        ColumnType::MYSQL_TYPE_DATETIME,
    ];
    let mut values = 42_i64.to_le_bytes().to_vec();
    values.put_lenenc_str("é".as_bytes());
    values.extend([7, 0xea, 0x07, 1, 2, 3, 4, 5]);
    let mut again = vec![0b010, 0];
    again.extend((-1_i64).to_le_bytes());
    again.extend([0]);
    let mut without_types = 5_u32.to_le_bytes().to_vec();
    without_types.extend([0, 1, 0, 0, 0]);
    without_types.extend(again);
    let traffic = vec![
        command(0x16, b"INSERT INTO t VALUES (?, ?, ?)"),
        prepared(5, 3),
        execute(5, 0, &types, &values),
        server(&[ok(1, 2)]),
        command(0x17, &without_types),
        server(&[ok(0, 2)]),
    ];
    let read = whole(&login(MODERN, 0, traffic));
    assert_eq!(read.error, None);
    assert_eq!(
        read.texts(),
        [
            "INSERT INTO t VALUES (?, ?, ?) [42, é, 2026-01-02 03:04:05]",
            "INSERT INTO t VALUES (?, ?, ?) [-1, NULL, 0000-00-00]",
        ]
    );
    assert_eq!(read.answer_texts(), [Some("1 row"), Some("0 rows")]);
}

#[test]
fn a_value_may_come_before_its_execute_command() {
    let part = |bytes: &[u8]| {
        let mut rest = vec![5, 0, 0, 0, 0, 0];
        rest.extend_from_slice(bytes);
        command(0x18, &rest)
    };
    let types = [
        ColumnType::MYSQL_TYPE_LONG_BLOB,
        ColumnType::MYSQL_TYPE_TINY,
    ];
    let traffic = vec![
        command(0x16, b"UPDATE t SET a = ? WHERE b = ?"),
        prepared(5, 2),
        part(b"long "),
        part(b"text"),
        execute(5, 0, &types, &[9]),
        server(&[ok(1, 2)]),
        part(b"forgotten"),
        command(0x1a, &[5, 0, 0, 0]),
        server(&[ok(0, 2)]),
        execute(5, 0, &types, &[1, b'x', 9]),
        server(&[ok(1, 2)]),
        // Closed without an answer, then unknown.
        command(0x19, &[5, 0, 0, 0]),
        execute(5, 0, &[], &[]),
    ];
    let read = whole(&login(MODERN, 0, traffic));
    assert_eq!(
        read.texts(),
        [
            "UPDATE t SET a = ? WHERE b = ? [long text, 9]",
            "UPDATE t SET a = ? WHERE b = ? [x, 9]",
            "EXECUTE 5 []",
        ]
    );
}

#[test]
fn mariadb_executes_the_statement_that_was_prepared_last() {
    let traffic = vec![
        command(0x16, b"SELECT n FROM t WHERE id = ?"),
        execute(u32::MAX, 0, &[ColumnType::MYSQL_TYPE_TINY], &[7]),
        prepared(3, 1),
        server(&[vec![1], number_column(), row(12), end(2)]),
        execute(u32::MAX, 0, &[ColumnType::MYSQL_TYPE_TINY], &[8]),
    ];
    let read = whole(&login(MODERN, 0, traffic));
    assert_eq!(read.error, None);
    assert_eq!(
        read.texts(),
        [
            "SELECT n FROM t WHERE id = ? [7]",
            "SELECT n FROM t WHERE id = ? [8]"
        ]
    );
    assert_eq!(read.answer_texts(), [Some("12")]);
}

fn row(number: i64) -> Vec<u8> {
    let mut row = vec![0, 0];
    row.extend(number.to_le_bytes());
    row
}

#[test]
fn a_bulk_is_one_statement_for_each_row() {
    let mut rest = vec![3, 0, 0, 0, 128, 0, ColumnType::MYSQL_TYPE_TINY as u8, 0];
    rest.extend([0, 1, 0, 2, 1]);
    let traffic = vec![
        command(0x16, b"INSERT INTO t VALUES (?)"),
        prepared(3, 1),
        command(0xfa, &rest),
        server(&[ok(3, 2)]),
    ];
    let read = whole(&login(MODERN, 0, traffic));
    assert_eq!(
        read.texts(),
        [
            "INSERT INTO t VALUES (?) [1]",
            "INSERT INTO t VALUES (?) [2]",
            "INSERT INTO t VALUES (?) [NULL]",
        ]
    );
    assert_eq!(read.answer_texts(), [Some("3 rows")]);
}

#[test]
fn commands_without_a_statement_pass() {
    let simple = [0x02, 0x0e, 0x1f, 0x1a, 0x1b, 0x0c];
    let mut traffic = Vec::new();
    for code in simple {
        traffic.extend([command(code, b"\0\0\0\0"), server(&[ok(0, 2)])]);
    }
    traffic.extend([
        command(0x09, b""),
        server(&[b"Uptime: 1".to_vec()]),
        command(0x04, b"coupon\0"),
        server(&[number_column(), number_column(), end(2)]),
        query("SELECT 7"),
        server(&[vec![1], number_column(), text_row(&[Some("7")]), end(2)]),
        command(0x01, b""),
    ]);
    let read = whole(&login(MODERN, 0, traffic));
    assert_eq!(read.error, None);
    assert_eq!(read.texts(), ["SELECT 7 []"]);
    assert_eq!(read.answer_texts(), [Some("7")]);
    assert_eq!(read.answers.len(), 1 + simple.len() + 3);
}

#[test]
fn replication_is_not_read() {
    for code in [0x12, 0x15, 0x1e, 0xfe, 0x77] {
        let read = whole(&login(MODERN, 0, vec![command(code, b"")]));
        assert!(read.error.is_some(), "{code}");
    }
}

#[test]
fn a_long_command_is_read_over_its_packets() {
    let text = format!("INSERT INTO t VALUES ('{}')", "x".repeat(0xff_ffff));
    let read = whole(&login(MODERN, 0, vec![query(&text), server(&[ok(1, 2)])]));
    assert_eq!(read.answer_texts(), [Some("1 row")]);
    let texts = read.texts();
    assert_eq!((texts.len(), texts[0].len()), (1, 256 * 1024 + " []".len()));
    let Sent::Client(sent) = query(&text) else {
        unreachable!();
    };
    assert!(read.to_server.ends_with(&sent));
}
