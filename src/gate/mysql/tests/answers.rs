use mysql_common::constants::{CapabilityFlags, ColumnType};

use super::traffic::{
    AUTOCOMMIT, CURSOR, IN_TRANSACTION, MODERN, MORE, OLD, Sent, column, command, end, eof, error,
    execute, login, number_column, ok, packet, prepared, query, server, text_row, whole,
};
use crate::gate::event::WireAnswer;

fn answer(text: Option<&str>, changed_nothing: bool, in_transaction: bool) -> WireAnswer {
    WireAnswer {
        text: text.map(str::to_owned),
        is_error: text.is_some_and(|text| text.starts_with("ERROR")),
        changed_nothing,
        in_transaction,
    }
}

fn answers(capabilities: CapabilityFlags, traffic: Vec<Sent>) -> Vec<WireAnswer> {
    let read = whole(&login(capabilities, 0, traffic));
    assert_eq!(read.error, None);
    read.statement_answers().into_iter().cloned().collect()
}

#[test]
fn a_transaction_is_open_from_its_begin_to_its_end() {
    let open = IN_TRANSACTION | AUTOCOMMIT;
    let one = vec![vec![1], number_column(), text_row(&[Some("0")]), end(open)];
    let read = answers(
        MODERN,
        vec![
            query("BEGIN"),
            server(&[ok(0, open)]),
            query("SELECT count(*) FROM coupon FOR UPDATE"),
            server(&one),
            query("SELECT count(*) FROM coupon"),
            server(&one),
            query("INSERT INTO coupon VALUES (1)"),
            server(&[error(
                1062,
                "23000",
                "Duplicate entry '1' for key 'PRIMARY'",
            )]),
            query("UPDATE coupon SET n = 1"),
            server(&[ok(0, open)]),
            query("INSERT INTO coupon VALUES (2)"),
            server(&[ok(1, open)]),
            query("COMMIT"),
            server(&[ok(0, AUTOCOMMIT)]),
        ],
    );
    let duplicate = "ERROR 1062 (23000) Duplicate entry '1' for key 'PRIMARY'";
    let expected = [
        answer(None, false, true),
        answer(Some("0"), false, true),
        answer(Some("0"), true, true),
        answer(Some(duplicate), true, true),
        answer(Some("0 rows"), true, true),
        answer(Some("1 row"), false, true),
        answer(None, false, false),
    ];
    assert_eq!(read, expected);
}

#[test]
fn a_deadlock_ends_the_transaction() {
    let read = answers(
        MODERN,
        vec![
            query("UPDATE a SET n = 1"),
            server(&[ok(1, IN_TRANSACTION)]),
            query("UPDATE b SET n = 1"),
            server(&[error(1205, "HY000", "Lock wait timeout exceeded")]),
            query("UPDATE b SET n = 1"),
            server(&[error(1213, "40001", &"Deadlock found ".repeat(9))]),
        ],
    );
    let open: Vec<_> = read.iter().map(|answer| answer.in_transaction).collect();
    assert_eq!(open, [true, true, false]);
    let text = read[2].text.as_deref().unwrap();
    assert_eq!(text.chars().count(), 81);
    assert!(text.ends_with('…'));
}

#[test]
fn an_error_opens_a_transaction_without_autocommit() {
    let duplicate = || error(1062, "23000", "Duplicate entry");
    let opened = |status| {
        let traffic = vec![
            query("SET autocommit = 0"),
            server(&[ok(0, status)]),
            query("INSERT INTO a VALUES (1)"),
            server(&[duplicate()]),
        ];
        answers(MODERN, traffic)[1].in_transaction
    };
    assert!(opened(0));
    assert!(!opened(AUTOCOMMIT));
}

#[test]
fn one_short_row_is_shown_and_more_rows_are_counted() {
    let bits = || column("b", ColumnType::MYSQL_TYPE_BIT, 0);
    let two = |rows: &[Vec<u8>]| {
        let mut packets = vec![vec![2], number_column(), bits()];
        packets.extend_from_slice(rows);
        packets
    };
    let row = text_row(&[None, Some("\u{1}")]);
    let mut wide = vec![vec![5]];
    wide.extend((0..5).map(|_| number_column()));
    wide.extend([text_row(&[Some("1"); 5])]);
    for (capabilities, is_old) in [(MODERN, false), (OLD, true)] {
        let result = |packets: Vec<Vec<u8>>| {
            let mut packets = packets;
            let columns = usize::from(packets[0][0]);
            if is_old {
                packets.insert(1 + columns, eof(2));
            }
            packets.push(if is_old { eof(2) } else { end(2) });
            server(&packets)
        };
        let read = answers(
            capabilities,
            vec![
                query("SELECT a, b FROM t"),
                result(two(&[])),
                query("SELECT a, b FROM t"),
                result(two(std::slice::from_ref(&row))),
                query("SELECT a, b FROM t"),
                result(two(&[row.clone(), row.clone(), row.clone()])),
                query("SELECT * FROM t"),
                result(wide.clone()),
                query("INSERT INTO t VALUES (1) RETURNING a, b"),
                result(two(std::slice::from_ref(&row))),
            ],
        );
        let expected = [
            answer(Some("0 rows"), true, false),
            answer(Some("NULL, 1"), true, false),
            answer(Some("3 rows"), true, false),
            answer(Some("1 row"), true, false),
            answer(Some("NULL, 1"), false, false),
        ];
        assert_eq!(read, expected);
    }
}

#[test]
fn binary_rows_are_shown_too() {
    let mut row = vec![0, 0b1000];
    row.extend((-3_i64).to_le_bytes());
    let mut packets = vec![vec![2], number_column(), number_column(), row, end(2)];
    let traffic = |packets: &[Vec<u8>]| {
        vec![
            command(0x16, b"SELECT a, b FROM t"),
            prepared(1, 0),
            execute(1, 0, &[], &[]),
            server(packets),
        ]
    };
    assert_eq!(
        answers(MODERN, traffic(&packets)),
        [answer(Some("-3, NULL"), true, false)]
    );
    // A row that does not follow its types is only counted.
    packets[3].truncate(5);
    assert_eq!(
        answers(MODERN, traffic(&packets)),
        [answer(Some("1 row"), true, false)]
    );
}

#[test]
fn a_cursor_leaves_its_rows_for_later_commands() {
    let row = || vec![0, 0, 1, 0, 0, 0, 0, 0, 0, 0];
    let fetch = || command(0x1c, &[1, 0, 0, 0, 2, 0, 0, 0]);
    let opened = |capabilities: CapabilityFlags| {
        let is_old = capabilities == OLD;
        let mut prepare = vec![vec![0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], number_column()];
        if is_old {
            prepare.push(eof(2));
        }
        let last = |status| if is_old { eof(status) } else { end(status) };
        let traffic = vec![
            command(0x16, b"SELECT n FROM t"),
            server(&prepare),
            execute(1, 0, &[], &[]),
            server(&[vec![1], number_column(), last(CURSOR)]),
            fetch(),
            server(&[row(), row(), last(CURSOR)]),
            fetch(),
            server(&[row(), last(0x80)]),
            query("DELETE FROM t"),
            server(&[ok(3, 2)]),
        ];
        answers(capabilities, traffic)
    };
    let expected = [
        answer(None, true, false),
        answer(Some("3 rows"), false, false),
    ];
    assert_eq!(opened(MODERN), expected);
    assert_eq!(opened(OLD), expected);
}

#[test]
fn several_results_are_one_answer() {
    let one = |status| {
        vec![
            vec![1],
            number_column(),
            text_row(&[Some("7")]),
            end(status),
        ]
    };
    let mut both = one(MORE);
    both.push(ok(2, MORE));
    both.extend(one(2));
    let mut procedure = one(MORE);
    procedure.extend(one(MORE));
    procedure.push(ok(0, 2));
    let read = answers(
        MODERN,
        vec![
            query("SELECT 7; UPDATE t SET a = 1; SELECT 7"),
            server(&both),
            query("CALL p()"),
            server(&procedure),
            query("SELECT 7; SELEC"),
            server(&[one(MORE), vec![error(1064, "42000", "You have an error")]].concat()),
        ],
    );
    let expected = [
        answer(Some("7; 2 rows; 7"), false, false),
        answer(Some("7; 7"), false, false),
        WireAnswer {
            is_error: true,
            ..answer(Some("7; ERROR 1064 (42000) You have an error"), true, false)
        },
    ];
    assert_eq!(read, expected);
}

#[test]
fn a_file_of_the_client_passes() {
    let file = b"\xfb/tmp/coupons".to_vec();
    let mut client = packet(2, b"1\n2\n");
    client.extend(packet(3, b"\x03no command"));
    client.extend(packet(4, b""));
    let read = answers(
        MODERN,
        vec![
            query("LOAD DATA LOCAL INFILE '/tmp/coupons' INTO TABLE coupon"),
            server(&[file]),
            Sent::Client(client),
            Sent::Server(packet(5, &ok(2, 2))),
            query("SELECT 1 FROM a"),
            server(&[error(1146, "42S02", "Table 'shop.a' doesn't exist")]),
        ],
    );
    assert_eq!(read.len(), 2);
    assert_eq!(read[0], answer(Some("2 rows"), false, false));
    assert!(read[1].is_error);
}

#[test]
fn a_server_may_leave_out_known_columns() {
    // The capabilities of MariaDB for this: CACHE_METADATA.
    let row = || vec![0, 0, 5, 0, 0, 0, 0, 0, 0, 0];
    let traffic = vec![
        command(0x16, b"SELECT n FROM t"),
        prepared(1, 0),
        execute(1, 0, &[], &[]),
        server(&[vec![1, 0], row(), end(2)]),
        execute(1, 0, &[], &[]),
        server(&[vec![1, 1], number_column(), row(), end(2)]),
    ];
    let read = whole(&login(MODERN, 0x10, traffic));
    assert_eq!(read.error, None);
    assert_eq!(read.answer_texts(), [Some("5"), Some("5")]);
    // MySQL: OPTIONAL_RESULTSET_METADATA.
    let capabilities = MODERN | CapabilityFlags::CLIENT_OPTIONAL_RESULTSET_METADATA;
    let traffic = vec![
        command(0x16, b"SELECT n FROM t"),
        server(&[vec![0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]]),
        query("SELECT n FROM t"),
        server(&[vec![1, 0], text_row(&[Some("5")]), end(2)]),
    ];
    let read = whole(&login(capabilities, 0, traffic));
    assert_eq!(read.error, None);
    assert_eq!(read.answer_texts(), [Some("1 row")]);
}

#[test]
fn progress_of_mariadb_does_not_end_an_answer() {
    let progress = b"\xff\xff\xff\x01\x01\x02\x10\x20\x30\x05stage".to_vec();
    let read = answers(
        MODERN,
        vec![
            query("ALTER TABLE t ADD n INT"),
            server(&[progress, ok(0, 2)]),
        ],
    );
    assert_eq!(read, [answer(None, false, false)]);
}

#[test]
fn the_farewell_of_a_server_is_no_answer() {
    let farewell = error(4031, "HY000", "The client was disconnected by the server");
    let read = whole(&login(MODERN, 0, vec![Sent::Server(packet(0, &farewell))]));
    assert_eq!((read.error, read.answers.len()), (None, 1));
}
