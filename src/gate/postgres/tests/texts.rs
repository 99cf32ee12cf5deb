//! The words of a text, and its statements.

use crate::gate::postgres::{
    sql::{Change, Words, divided},
    transaction::Transaction,
};

#[test]
fn a_text_is_divided_at_its_semicolons() {
    for (text, expected) in [
        ("SELECT 1", vec!["SELECT 1"]),
        ("SELECT 1; ", vec!["SELECT 1; "]),
        (
            "SELECT 1;\n  SELECT 'ü;' ; -- ; end\n",
            vec!["SELECT 1", "SELECT 'ü;'"],
        ),
        ("a;;b", vec!["a", "b"]),
        (
            "SELECT $$a;b$$; SELECT \"c;d\"",
            vec!["SELECT $$a;b$$", "SELECT \"c;d\""],
        ),
        ("SELECT '; SELECT 2", vec!["SELECT '; SELECT 2"]),
        (
            "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; SELECT 2; END",
            vec!["CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; SELECT 2; END"],
        ),
    ] {
        assert_eq!(divided(text), expected, "{text}");
    }
}

#[test]
fn comments_before_the_first_word_are_skipped() {
    for text in [
        "/* traceparent='00-1-2-01' /* in */ */ -- more\n SELECT 1",
        ";  SELECT 1",
        "SELECT count(*) FROM t",
    ] {
        assert!(Words::of(text).reads, "{text}");
    }
    for text in ["", " ;", "-- ping", "/* only", "/* a */;"] {
        assert!(Words::of(text).empty, "{text}");
    }
}

#[test]
fn the_end_of_a_transaction_is_seen() {
    use Change::{Commits, Opens, RollsBack};
    for (text, change) in [
        ("begin", Some(Opens)),
        ("START TRANSACTION READ ONLY", Some(Opens)),
        ("COMMIT", Some(Commits)),
        ("END;", Some(Commits)),
        ("COMMIT AND CHAIN", Some(Opens)),
        ("COMMIT AND NO CHAIN", Some(Commits)),
        ("COMMIT PREPARED 'x'", None),
        ("ROLLBACK", Some(RollsBack)),
        ("ROLLBACK TO s", None),
        ("ROLLBACK TRANSACTION TO SAVEPOINT s", None),
        ("ABORT", Some(RollsBack)),
        ("PREPARE TRANSACTION 'x'", Some(RollsBack)),
        ("SELECT 1", None),
    ] {
        assert_eq!(Words::of(text).change, change, "{text}");
    }
}

#[test]
fn statements_without_a_begin_are_in_an_implicit_transaction() {
    let mut transaction = Transaction::default();
    let mut after = |text: &str| {
        transaction.executes(&Words::of(text));
        transaction
    };
    assert_eq!(after("SELECT 1"), Transaction::Implicit);
    assert_eq!(after("BEGIN"), Transaction::Explicit);
    assert_eq!(after("SELECT 1"), Transaction::Explicit);
    assert_eq!(after("COMMIT"), Transaction::Closed);
    assert!(!Transaction::Explicit.syncs());
    assert!(Transaction::Implicit.syncs());
}
