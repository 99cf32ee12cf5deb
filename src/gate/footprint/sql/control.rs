//! Statements that concern transactions and the session. Their words decide, without a syntax tree.

use std::collections::BTreeSet;

use sqlparser::tokenizer::Token;

use super::{EVERYTHING, Meaning, NOTHING, functions, keyword};
use crate::gate::{
    GateKind,
    event::Role,
    footprint::{Footprint, Objects},
};

/// The words that may follow `BEGIN` and `START TRANSACTION`. Other words begin a compound statement.
const MODES: &str = "TRANSACTION WORK ISOLATION LEVEL READ WRITE ONLY COMMITTED UNCOMMITTED REPEATABLE SERIALIZABLE NOT \
                     DEFERRABLE";

/// The words that may follow `COMMIT` and `ROLLBACK`. `COMMIT PREPARED` and `ROLLBACK TO` are something else.
const ENDINGS: &str = "TRANSACTION WORK AND NO CHAIN RELEASE";

/// The words with which a `SET` has an effect beyond the session, or executes a query.
const BEYOND: &str =
    "GLOBAL PERSIST PERSIST_ONLY PASSWORD STATEMENT CONSTRAINTS DEFAULT SNAPSHOT SELECT";

/// The meaning of a statement that is no query and no change of data.
pub(super) fn of_words(kind: GateKind, tokens: &[Token]) -> Meaning {
    let words: Vec<_> = tokens.iter().map(keyword).collect();
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let only = |allowed: &str| {
        tokens
            .iter()
            .zip(&words)
            .skip(1)
            .all(|(token, word)| *token == Token::Comma || is_in(allowed, word))
    };
    match (word(0), word(1)) {
        ("BEGIN", _) | ("START", "TRANSACTION") if only(MODES) => NOTHING,
        ("START", "TRANSACTION") if only(&format!("{MODES} WITH CONSISTENT SNAPSHOT")) => {
            // Every later read of the transaction returns the data of this moment.
            (Role::Data, reads_all())
        }
        ("COMMIT" | "END", _) if only(ENDINGS) => (Role::Commit, Footprint::none()),
        ("ROLLBACK" | "ABORT", _) if only(ENDINGS) => (Role::Rollback, Footprint::none()),
        ("PREPARE", "TRANSACTION") => (Role::Commit, Footprint::none()),
        ("SET", _) => set(kind, tokens, &words),
        (
            "CLOSE" | "SAVEPOINT" | "RELEASE" | "RESET" | "SHOW" | "DISCARD" | "DEALLOCATE" | "USE"
            | "LISTEN" | "UNLISTEN" | "KILL",
            _,
        ) => NOTHING,
        _ => EVERYTHING,
    }
}

fn reads_all() -> Footprint {
    Footprint {
        reads: Objects::All,
        writes: Objects::Some(BTreeSet::new()),
    }
}

fn is_in(words: &str, word: &str) -> bool {
    words.split_ascii_whitespace().any(|one| one == word)
}

fn set(kind: GateKind, tokens: &[Token], words: &[String]) -> Meaning {
    // `SET DEFAULT ROLE` and `x = DEFAULT` differ in the place of the word.
    let beyond = words.iter().enumerate().any(|(at, word)| {
        let word = word.trim_start_matches('@');
        is_in(BEYOND, word) && (word != "DEFAULT" || at == 1)
    });
    let calls = tokens.windows(2).zip(words).any(|(pair, word)| {
        pair[1] == Token::LParen
            && matches!(pair[0], Token::Word(_))
            && !functions::is_pure(&word.to_ascii_lowercase())
    });
    if beyond || calls {
        return EVERYTHING;
    }
    if kind == GateKind::Mysql && sets_autocommit(tokens, words) {
        return (Role::Commit, Footprint::none());
    }
    NOTHING
}

/// Whether the statement sets `autocommit` to a value that is not known to be 0. This commits an open transaction.
fn sets_autocommit(tokens: &[Token], words: &[String]) -> bool {
    words.iter().enumerate().any(|(at, word)| {
        let quoted = match &tokens[at] {
            Token::Word(word) => word.value.to_ascii_uppercase(),
            _ => String::new(),
        };
        let name = |word: &str| word.trim_start_matches('@') == "AUTOCOMMIT";
        let is_off = match tokens.get(at + 2) {
            Some(Token::Number(number, _)) => number == "0",
            Some(Token::SingleQuotedString(text) | Token::DoubleQuotedString(text)) => {
                text.eq_ignore_ascii_case("off")
            }
            Some(other) => ["OFF", "FALSE"].contains(&keyword(other).as_str()),
            None => false,
        };
        (name(word) || name(&quoted)) && !is_off
    })
}
