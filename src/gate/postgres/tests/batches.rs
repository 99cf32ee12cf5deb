//! The extended protocol.

use super::*;

const INT8: Oid = 20;
const TEXT: Oid = 25;

#[test]
fn a_batch_is_a_statement_with_the_values_of_its_parameters() {
    let mut talk = Talk::new();
    let units = talk.sends(|to| {
        parse("", "INSERT INTO t VALUES ($1, $2, $3)", &[INT8, TEXT], to);
        bind("", &[Some(b"7"), Some(b"a"), None], (0, 0), to);
        frontend::describe(b'P', "", to).unwrap();
        execute(to);
        frontend::sync(to);
    });
    let statement = with(
        "INSERT INTO t VALUES ($1, $2, $3)",
        &[Some("7"), Some("a"), None],
    );
    assert_eq!(units, [Some(vec![statement])]);
    let answer = talk.answer(&[short(b"12n"), complete("INSERT 0 1"), ready(b'I')]);
    assert_eq!(answer.text.as_deref(), Some("1 row"));
}

#[test]
fn a_prepared_statement_is_known_until_it_is_closed() {
    let mut talk = Talk::new();
    let prepare = talk.sends(|to| {
        parse("s1", "SELECT a FROM t WHERE id = $1", &[], to);
        frontend::describe(b'S', "s1", to).unwrap();
        frontend::sync(to);
    });
    assert_eq!(prepare, [None]);
    let described = [short(b"1"), parameters(&[INT8]), columns(&[(INT8, 0)])].concat();
    assert_eq!(talk.answers(&described), []);
    assert_eq!(talk.answers(&ready(b'I')), []);
    let id = 7_i64.to_be_bytes();
    let run = |to: &mut BytesMut| {
        bind("s1", &[Some(&id)], (1, 1), to);
        execute(to);
        frontend::sync(to);
    };
    let statement = with("SELECT a FROM t WHERE id = $1", &[Some("7")]);
    assert_eq!(talk.sends(run), [Some(vec![statement])]);
    let value = 41_i64.to_be_bytes();
    let answer = talk.answer(&[
        short(b"2"),
        row(&[Some(&value)]),
        complete("SELECT 1"),
        ready(b'I'),
    ]);
    assert_eq!(answer.text.as_deref(), Some("41"));
    assert!(answer.changed_nothing);
    let close = talk.sends(|to| {
        frontend::close(b'S', "s1", to).unwrap();
        frontend::sync(to);
    });
    assert_eq!(close, [None]);
    assert_eq!(talk.answers(&[short(b"3"), ready(b'I')].concat()), []);
    let units = talk.sends(run);
    assert_eq!(units[0].as_ref().unwrap()[0].text, "EXECUTE s1");
}

#[test]
fn deallocate_and_discard_remove_prepared_statements() {
    for (text, tag) in [
        ("DEALLOCATE s1", "DEALLOCATE"),
        ("deallocate prepare \"s1\";", "DEALLOCATE"),
        ("DEALLOCATE ALL", "DEALLOCATE ALL"),
        ("DISCARD ALL", "DISCARD ALL"),
    ] {
        let mut talk = Talk::new();
        talk.sends(|to| {
            parse("s1", "SELECT 1", &[], to);
            frontend::sync(to);
        });
        talk.answers(&[short(b"1"), ready(b'I')].concat());
        talk.query(text, &[complete(tag), ready(b'I')]);
        let units = talk.sends(|to| {
            bind("s1", &[], (0, 0), to);
            execute(to);
            frontend::sync(to);
        });
        assert_eq!(units[0].as_ref().unwrap()[0].text, "EXECUTE s1", "{text}");
    }
}

#[test]
fn a_statement_whose_parse_failed_is_not_known() {
    let mut talk = Talk::new();
    let both = |text: &'static str| {
        move |to: &mut BytesMut| {
            parse("s1", text, &[], to);
            frontend::sync(to);
        }
    };
    talk.sends(both("SELECT 1"));
    talk.answers(&[short(b"1"), ready(b'I')].concat());
    talk.sends(both("SELECT 2"));
    let failed = [error("42P05", "exists already"), ready(b'I')];
    assert_eq!(talk.answers(&failed.concat()), []);
    let units = talk.sends(|to| {
        bind("s1", &[], (0, 0), to);
        execute(to);
        frontend::sync(to);
    });
    assert_eq!(units, [Some(vec![plain("SELECT 1")])]);
}

fn run(text: &str, to: &mut BytesMut) {
    parse("", text, &[], to);
    bind("", &[], (0, 0), to);
    execute(to);
}

#[test]
fn a_pipeline_has_a_unit_for_each_sync() {
    let mut talk = Talk::new();
    let units = talk.sends(|to| {
        for text in ["INSERT INTO t VALUES (1)", "DELETE FROM t"] {
            run(text, to);
            frontend::sync(to);
        }
        run("BEGIN", to);
        run("SELECT 1", to);
        frontend::sync(to);
    });
    let texts = units.into_iter().map(|unit| unit.unwrap());
    let texts: Vec<_> = texts
        .map(|unit| unit.into_iter().map(|s| s.text).collect::<Vec<_>>())
        .collect();
    assert_eq!(
        texts,
        [
            vec!["INSERT INTO t VALUES (1)"],
            vec!["DELETE FROM t"],
            vec!["BEGIN", "SELECT 1"]
        ]
    );
    let answers = talk.answers(
        &[
            short(b"12"),
            error("23505", "duplicate"),
            ready(b'I'),
            short(b"12"),
            complete("DELETE 0"),
            ready(b'I'),
            short(b"12"),
            complete("BEGIN"),
            short(b"12"),
            row(&[Some(b"1")]),
            complete("SELECT 1"),
            ready(b'T'),
        ]
        .concat(),
    );
    let texts: Vec<_> = answers.iter().map(|(_, a)| a.text.as_deref()).collect();
    assert_eq!(
        texts,
        [Some("ERROR 23505 duplicate"), Some("0 rows"), Some("1")]
    );
    assert!(answers[2].1.in_transaction);
}

#[test]
fn a_flush_ends_a_unit_and_the_sync_commits_it() {
    let mut talk = Talk::new();
    let units = talk.sends(|to| {
        parse("", "UPDATE t SET a = 1", &[], to);
        bind("", &[], (0, 0), to);
        frontend::describe(b'P', "", to).unwrap();
        frontend::flush(to);
    });
    assert_eq!(units, [None]);
    assert_eq!(talk.answers(&short(b"12n")), []);
    let units = talk.sends(|to| {
        execute(to);
        frontend::flush(to);
    });
    assert_eq!(units, [Some(vec![plain("UPDATE t SET a = 1")])]);
    let answer = talk.answer(&[complete("UPDATE 1")]);
    assert!(answer.in_transaction && !answer.changed_nothing);
    let units = talk.sends(frontend::sync);
    assert_eq!(units, [Some(vec![plain("COMMIT")])]);
    let answer = talk.answer(&[ready(b'I')]);
    assert!(!answer.in_transaction && !answer.changed_nothing);
    assert_eq!(talk.sends(frontend::sync), [None]);
}

#[test]
fn after_an_error_the_server_skips_messages_up_to_the_sync() {
    let mut talk = Talk::new();
    let units = talk.sends(|to| {
        run("SELECT 1/0", to);
        frontend::flush(to);
        run("SELECT 2", to);
        frontend::flush(to);
        run("SELECT 3", to);
        frontend::sync(to);
        run("SELECT 4", to);
        frontend::sync(to);
    });
    assert_eq!(units.len(), 4);
    let failed = talk.answer(&[short(b"12"), error("22012", "division by zero")]);
    assert!(failed.is_error && !failed.in_transaction);
    let rest = [
        ready(b'I'),
        short(b"12"),
        row(&[Some(b"4")]),
        complete("SELECT 1"),
        ready(b'I'),
    ];
    let answers = talk.answers(&rest.concat());
    let ids: Vec<_> = answers.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids.len(), 3, "{answers:?}");
    assert!(ids.contains(&2) && ids.contains(&3));
    assert_eq!(answers.last().unwrap().1.text.as_deref(), Some("4"));
}

#[test]
fn a_portal_that_stops_says_its_rows() {
    let mut talk = Talk::new();
    talk.sends(|to| {
        run("SELECT id FROM t", to);
        frontend::flush(to);
    });
    let rows = [row(&[Some(b"1")]), row(&[Some(b"2")])].concat();
    let answer = talk.answer(&[short(b"12"), rows, short(b"s")]);
    assert_eq!(answer.text.as_deref(), Some("2 rows"));
    assert!(answer.changed_nothing);
}
