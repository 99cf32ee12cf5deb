//! Statements as lines.

use super::*;
use crate::gate::event::SqlStatement;

fn sql(text: &str, parameters: &[Option<&str>]) -> Content {
    Content::Sql(vec![SqlStatement {
        text: text.to_owned(),
        parameters: parameters
            .iter()
            .map(|value| value.map(str::to_owned))
            .collect(),
    }])
}

fn redis(words: &[&[u8]]) -> Content {
    Content::Redis(vec![words.iter().map(|word| word.to_vec()).collect()])
}

fn command(line: &str) -> Content {
    let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
    redis(&words)
}

#[test]
fn a_shape_has_no_values() {
    for (text, expected) in [
        (
            "SELECT count(*)\n  FROM coupon WHERE user_id = 'u1' AND n = 10",
            "SELECT count(*) FROM coupon WHERE user_id = ? AND n = ?",
        ),
        (
            r#"SELECT "c"."id" FROM "coupon" "c" WHERE "c"."id" = $1 /*traceparent='x'*/"#,
            "SELECT c.id FROM coupon c WHERE c.id = ?",
        ),
        (
            "INSERT INTO `coupon` (`a`,`b`) VALUES ('it\\'s', \"x\"), (?, 2)",
            "INSERT INTO coupon (a, b) VALUES (?)",
        ),
        (
            "SELECT x FROM a WHERE id IN (1, 2,3)",
            "SELECT x FROM a WHERE id IN (?)",
        ),
        (
            "SELECT * FROM coupon WHERE code = \"abc\"",
            "SELECT * FROM coupon WHERE code = ?",
        ),
        (
            "INSERT INTO a VALUES (E'x\\'y', $$z$$)",
            "INSERT INTO a VALUES (?)",
        ),
        ("BEGIN; SELECT 1;", "BEGIN; SELECT ?"),
        (
            "SELECT $1::int, c1_0.id FROM a -- end",
            "SELECT ?::int, c1_0.id FROM a",
        ),
        ("SELECT 'open", "SELECT ?"),
        ("", ""),
    ] {
        assert_eq!(shape(&sql(text, &[])), expected, "{text}");
    }
}

#[test]
fn the_shape_of_a_command_keeps_its_keys_without_numbers() {
    for (line, expected) in [
        ("SET lock 4a-b NX PX 1000", "SET lock ? NX PX ?"),
        ("incr coupon:17:count", "INCR coupon:?:count"),
        ("SADD issued u1 u2", "SADD issued ?"),
        (
            "GET user:123e4567-e89b-12d3-a456-426614174000",
            "GET user:?",
        ),
        ("MSET a 1 b 2", "MSET a ? b ?"),
        (
            "EVALSHA abc 1 coupon:set u1 100",
            "EVALSHA abc coupon:set ?",
        ),
        ("HSET h f 1", "HSET h ?"),
        ("UNKNOWN k1 v", "UNKNOWN k? ?"),
    ] {
        assert_eq!(shape(&command(line)), expected, "{line}");
    }
}

#[test]
fn a_shown_statement_has_its_values_and_no_noise() {
    for (text, parameters, expected) in [
        (
            "select count(c1_0.id) from coupon c1_0 where c1_0.event_id=$1",
            &[Some("1")][..],
            "select count(c1_0.id) from coupon c1_0 where c1_0.event_id=1",
        ),
        (
            "insert into coupon (event_id,user_id) values (?,?)",
            &[Some("1"), Some("it's")],
            "insert into coupon (event_id, user_id) values (1, 'it''s')",
        ),
        (
            "select c1_0.id,c1_0.event_id,c1_0.issued_at,c1_0.user_id from coupon c1_0 where c1_0.id=?",
            &[None],
            "select … from coupon c1_0 where c1_0.id=NULL",
        ),
        (
            r#"SELECT COUNT(*) AS "__count" FROM "coupon" WHERE "coupon"."event_id" = 1"#,
            &[],
            "SELECT COUNT(*) AS __count FROM coupon WHERE coupon.event_id = 1",
        ),
        ("BEGIN; SELECT 1", &[], "SELECT 1"),
        ("BEGIN", &[], "BEGIN"),
        ("commit;", &[], "COMMIT"),
        ("SELECT /*x*/ 1 /*traceparent='00'*/ -- y", &[], "SELECT 1"),
        ("SELECT $2, $1", &[Some("a"), Some("b")], "SELECT 'b', 'a'"),
        ("SELECT $3 ? 'x'", &[], "SELECT $3 ? 'x'"),
        ("SELECT '日本", &[], "SELECT '日本"),
    ] {
        assert_eq!(shown(&sql(text, parameters)), expected, "{text}");
    }
    let several = Content::Sql(
        ["BEGIN", "INSERT INTO a VALUES (1)", "COMMIT"]
            .map(|text| SqlStatement {
                text: text.to_owned(),
                parameters: Vec::new(),
            })
            .into(),
    );
    assert_eq!(shown(&several), "INSERT INTO a VALUES (1); COMMIT");
    let long = sql(&format!("SELECT {}", "a + ".repeat(100)), &[]);
    assert_eq!(shown(&long).chars().count(), LONGEST - 1);
    let long = sql("SELECT $1", &[Some(&"é".repeat(500))]);
    assert!(shown(&long).chars().count() < 60, "{}", shown(&long));
}

#[test]
fn a_shown_command_has_its_words() {
    for (line, expected) in [
        ("set lock 4ab NX PX 1000", "SET lock 4ab NX PX 1000"),
        (
            "EVALSHA 3f2a000000000000000000000000000000000000 1 coupon:set u1",
            "EVALSHA 3f2a… coupon:set u1",
        ),
    ] {
        assert_eq!(shown(&command(line)), expected);
    }
    let script = redis(&[
        b"EVAL",
        b"local n = redis.call('INCR', KEYS[1])\nreturn n",
        b"1",
        b"k",
    ]);
    assert_eq!(shown(&script), "EVAL \"local n = redis.call('I…\" k");
    let binary = redis(&[b"SADD", b"\xac\xed\x00\x05t\x00\x02u1", b""]);
    assert_eq!(
        shown(&binary),
        "SADD \\xac\\xed\\x00\\x05t\\x00\\x02u1 \"\""
    );
    let block = Content::Redis(vec![
        vec![b"INCR".to_vec(), b"a".to_vec()],
        vec![b"EXPIRE".to_vec(), b"a".to_vec(), b"9".to_vec()],
    ]);
    assert_eq!(shown(&block), "INCR a; EXPIRE a 9");
    assert_eq!(shown(&Content::Redis(vec![vec![]])), "\"\"");
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in ".{0,80}", value in ".{0,60}") {
        let content = sql(&text, &[Some(&value), None]);
        let _ = shape(&content);
        assert!(shown(&content).chars().count() <= LONGEST);
        assert!(!shown(&content).contains('\n'));
    }

    #[test]
    fn no_quotes_panic(text in "[ '\"`$?;,()\\\\a1é/*-]{0,40}") {
        let content = sql(&text, &[Some("1")]);
        let _ = (shape(&content), shown(&content));
    }

    #[test]
    fn no_words_panic(words in proptest::collection::vec(proptest::collection::vec(0_u8.., 0..50), 0..6)) {
        let content = Content::Redis(vec![words]);
        let _ = (shape(&content), crate::gate::footprint::classify(crate::gate::GateKind::Redis, &content));
        assert!(shown(&content).chars().count() <= LONGEST);
    }
}
