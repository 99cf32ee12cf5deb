//! What an SQL text does to transactions, and which tables it reads and writes.
//!
//! # Layout
//!
//! - `control`: statements that concern transactions and the session, by their words
//! - `tables`: the tables of a query or a change, by its syntax tree
//! - `functions`: functions and tables that no service changes
//! - this file: tokens, several statements in one text, and the memory of texts

mod control;
mod functions;
mod tables;

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
};

use sqlparser::{
    dialect::{Dialect, MySqlDialect, PostgreSqlDialect},
    tokenizer::{Token, Tokenizer, Word},
};

use super::Footprint;
use crate::gate::{GateKind, event::Role};

/// The longest text that is parsed, in bytes.
const LONGEST: usize = 1 << 20;

/// The most words and operators of a text that is parsed. The depth of a syntax tree is bounded by it, and so is the stack.
const MOST_TOKENS: usize = 2_000;

/// The longest text that is kept in the memory of texts, in bytes.
const LONGEST_KEPT: usize = 8 << 10;

/// The most texts in the memory of texts of one kind.
const MOST_KEPT: usize = 2_048;

/// What a text means. A pair of its role and its footprint.
type Meaning = (Role, Footprint);

const NOTHING: Meaning = (Role::Housekeeping, Footprint::none());
const EVERYTHING: Meaning = (Role::Data, Footprint::everything());

/// What texts that are executed together do.
pub(super) fn classify<'a>(kind: GateKind, texts: impl Iterator<Item = &'a str>) -> Meaning {
    let mut whole = NOTHING;
    for text in texts {
        add(&mut whole, &remembered(kind, text));
    }
    whole
}

fn add(whole: &mut Meaning, (role, footprint): &Meaning) {
    let rank = |role| match role {
        Role::Housekeeping => 0,
        Role::Data => 1,
        Role::Rollback => 2,
        Role::Commit => 3,
    };
    if rank(*role) > rank(whole.0) {
        whole.0 = *role;
    }
    whole.1.add(footprint);
}

/// The meaning of a text. A service sends few texts many times.
fn remembered(kind: GateKind, text: &str) -> Meaning {
    type Texts = HashMap<GateKind, HashMap<String, Meaning>>;
    static TEXTS: LazyLock<Mutex<Texts>> = LazyLock::new(Mutex::default);
    let texts = || TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    let known = texts()
        .get(&kind)
        .and_then(|texts| texts.get(text).cloned());
    if let Some(known) = known {
        return known;
    }
    let meaning = meaning(kind, text);
    if text.len() <= LONGEST_KEPT {
        let mut texts = texts();
        let texts = texts.entry(kind).or_default();
        if texts.len() >= MOST_KEPT {
            texts.clear();
        }
        texts.insert(text.to_owned(), meaning.clone());
    }
    meaning
}

fn meaning(kind: GateKind, text: &str) -> Meaning {
    let dialect: &dyn Dialect = match kind {
        GateKind::Postgres => &PostgreSqlDialect {},
        GateKind::Mysql => &MySqlDialect {},
        GateKind::Redis => return EVERYTHING,
    };
    // MySQL executes the text in such a comment.
    let hidden = kind == GateKind::Mysql && (text.contains("/*!") || text.contains("/*M!"));
    if hidden || text.len() > LONGEST {
        return EVERYTHING;
    }
    let Ok(tokens) = Tokenizer::new(dialect, text).tokenize() else {
        return EVERYTHING;
    };
    let tokens: Vec<_> = tokens
        .into_iter()
        .filter(|token| !matches!(token, Token::Whitespace(_) | Token::EOF))
        .collect();
    let mut whole = NOTHING;
    for statement in tokens.split(|token| *token == Token::SemiColon) {
        if !statement.is_empty() {
            add(&mut whole, &of_statement(kind, dialect, statement));
        }
    }
    whole
}

fn of_statement(kind: GateKind, dialect: &dyn Dialect, tokens: &[Token]) -> Meaning {
    let of_query = [
        "SELECT", "WITH", "VALUES", "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "TRUNCATE",
    ];
    let is_query = match tokens.first().map(keyword) {
        Some(first) => of_query.contains(&first.as_str()),
        None => false,
    };
    let words: Vec<_> = tokens.iter().take(4).map(keyword).collect();
    if words == ["SELECT", "NEXT", "VALUE", "FOR"] && tokens.len() == 5 {
        // A sequence of MariaDB: as nextval.
        return NOTHING;
    }
    if is_query || tokens.first() == Some(&Token::LParen) {
        return tables::of_query(kind, dialect, tokens).unwrap_or(EVERYTHING);
    }
    control::of_words(kind, tokens)
}

/// Whether the source of a trigger reads and writes no table: it has none of the words of statements, and calls only pure functions.
pub(in crate::gate::footprint) fn touches_no_table(source: &str) -> bool {
    const STATEMENTS: &str = "SELECT INSERT UPDATE DELETE MERGE REPLACE TRUNCATE WITH TABLE PERFORM EXECUTE CALL COPY LOCK NOTIFY DO FETCH OPEN";
    const NO_CALLS: &str =
        "IF ELSIF ELSEIF WHILE WHEN AND OR NOT IN RETURN THEN ELSE NUMERIC DECIMAL VARCHAR";
    let Ok(tokens) = Tokenizer::new(&PostgreSqlDialect {}, source).tokenize() else {
        return false;
    };
    let tokens: Vec<_> = tokens
        .into_iter()
        .filter(|token| !matches!(token, Token::Whitespace(_)))
        .collect();
    let is_in = |words: &str, word: &str| words.split_ascii_whitespace().any(|one| one == word);
    let has_statement = tokens
        .iter()
        .any(|token| is_in(STATEMENTS, &keyword(token)));
    let calls = tokens.windows(2).any(|pair| {
        let word = keyword(&pair[0]);
        pair[1] == Token::LParen
            && matches!(pair[0], Token::Word(_))
            && !is_in(NO_CALLS, &word)
            && !functions::is_pure(&word.to_ascii_lowercase())
    });
    !has_statement && !calls
}

/// The word in capital letters; empty for a token that is no unquoted word.
fn keyword(token: &Token) -> String {
    match token {
        Token::Word(Word {
            value,
            quote_style: None,
            ..
        }) => value.to_ascii_uppercase(),
        _ => String::new(),
    }
}

/// Whether the number of words and operators allows to parse the text. Values and names in a list do not nest.
fn is_shallow(tokens: &[Token]) -> bool {
    let nests = |token: &&Token| {
        !matches!(
            token,
            Token::Comma
                | Token::Period
                | Token::Number(..)
                | Token::SingleQuotedString(_)
                | Token::Placeholder(_)
                | Token::LParen
                | Token::RParen
        )
    };
    tokens.iter().filter(nests).count() <= MOST_TOKENS
}

#[cfg(test)]
mod tests;
