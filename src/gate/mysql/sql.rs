//! What a gate must know of the SQL text of a statement: where the next one begins, and what an answer to it says.

use sqlparser::{
    dialect::MySqlDialect,
    tokenizer::{Location, Token, TokenWithSpan, Tokenizer},
};

/// The number of bytes of a text that are kept.
const KEPT: usize = 256 * 1024;

/// The number of bytes of a text that are read here.
const READ: usize = 64 * 1024;

/// Words of a `SELECT` that changes something or locks rows, each with the word after it, if it matters.
const EFFECTS: &[(&str, &str)] = &[
    ("FOR", "UPDATE"),
    ("FOR", "SHARE"),
    ("LOCK", "IN"),
    ("NEXT", "VALUE"),
    ("GET_LOCK", ""),
    ("RELEASE_LOCK", ""),
    ("RELEASE_ALL_LOCKS", ""),
    ("NEXTVAL", ""),
    ("SETVAL", ""),
];

/// What the answer to a statement says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// The number of affected rows is the number of rows that the statement has changed.
    Change,
    /// The statement changes nothing and locks nothing.
    Read,
    /// The statement calls a procedure, whose answer may contain several results.
    Call,
    /// The answer does not tell what was changed.
    Other,
}

/// A text of a command, which may contain several statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// The statements, at least one.
    pub texts: Vec<String>,
    /// What their answers say; as many as texts.
    pub verbs: Vec<Verb>,
}

/// The text of a command. A very long one is cut.
pub fn decoded(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(KEPT)]).into_owned()
}

/// Divides a text into statements.
pub fn divide(text: &str) -> Texts {
    let tokens = tokens(text);
    let ends = ends(text, &tokens);
    let mut parts = Texts {
        texts: Vec::new(),
        verbs: Vec::new(),
    };
    let (mut from, mut rest) = (0, &tokens[..]);
    for (end, count) in ends {
        let (own, after) = rest.split_at(count.min(rest.len()));
        let part = text.get(from..end).unwrap_or_default().trim();
        if own.iter().any(|token| !is_space(&token.token)) {
            parts.verbs.push(verb(own));
            parts.texts.push(part.to_owned());
        }
        (from, rest) = (end + 1, after.get(1..).unwrap_or_default());
    }
    let last = text.get(from..).unwrap_or_default();
    let is_empty = rest.iter().all(|token| is_space(&token.token));
    if !is_empty || parts.texts.is_empty() {
        parts.verbs.push(verb(rest));
        parts.texts.push(last.trim().to_owned());
    }
    parts
}

/// The number of `?` in a text.
pub fn placeholders(text: &str) -> usize {
    let is_placeholder = |token: &&TokenWithSpan| matches!(&token.token, Token::Placeholder(_));
    tokens(text).iter().filter(is_placeholder).count()
}

/// The tokens up to the end of the text, or up to the first one that is none.
fn tokens(text: &str) -> Vec<TokenWithSpan> {
    let mut end = text.len().min(READ);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut tokens = Vec::new();
    // An error leaves the tokens before it.
    let _ =
        Tokenizer::new(&MySqlDialect {}, &text[..end]).tokenize_with_location_into_buf(&mut tokens);
    tokens
}

fn is_space(token: &Token) -> bool {
    matches!(token, Token::Whitespace(_))
}

/// A word that is not quoted.
fn word(token: &Token) -> Option<&str> {
    match token {
        Token::Word(word) if word.quote_style.is_none() => Some(&word.value),
        _ => None,
    }
}

fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|other| word.eq_ignore_ascii_case(other))
}

/// The semicolons between statements: the place of each in the text, and the number of tokens before it since the one before.
fn ends(text: &str, tokens: &[TokenWithSpan]) -> Vec<(usize, usize)> {
    let has_body = || {
        let mut words = tokens.iter().filter_map(|token| word(&token.token));
        words.any(|word| {
            is_one_of(
                word,
                &["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "ATOMIC"],
            )
        })
    };
    let is_end = |token: &TokenWithSpan| token.token == Token::SemiColon;
    // The semicolons in the body of a procedure separate no statements of the client.
    if !tokens.iter().any(is_end) || (has_body() && !is_call(tokens)) {
        return Vec::new();
    }
    let mut places = Places::of(text);
    let mut ends = Vec::new();
    for part in tokens.split_inclusive(is_end) {
        let Some(end) = part.last().filter(|token| is_end(token)) else {
            break;
        };
        match places.find(end.span.start) {
            Some(place) if text.as_bytes()[place] == b';' => ends.push((place, part.len() - 1)),
            _ => return Vec::new(),
        }
    }
    ends
}

/// Whether no statement creates anything, so that a word such as `EVENT` is a name.
fn is_call(tokens: &[TokenWithSpan]) -> bool {
    let mut words = tokens.iter().filter_map(|token| word(&token.token));
    !words.any(|word| is_one_of(word, &["CREATE", "ALTER", "ATOMIC"]))
}

/// Finds the byte of a location. The locations have to be asked for in their order.
struct Places<'a> {
    characters: std::str::CharIndices<'a>,
    at: Location,
}

impl<'a> Places<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            characters: text.char_indices(),
            at: Location { line: 1, column: 1 },
        }
    }

    fn find(&mut self, location: Location) -> Option<usize> {
        for (place, character) in self.characters.by_ref() {
            let here = self.at;
            if character == '\n' {
                self.at = Location {
                    line: here.line + 1,
                    column: 1,
                };
            } else {
                self.at.column += 1;
            }
            if here == location {
                return Some(place);
            }
        }
        None
    }
}

/// What the answer to a statement says, by its words.
fn verb(tokens: &[TokenWithSpan]) -> Verb {
    let words: Vec<_> = tokens
        .iter()
        .filter_map(|token| word(&token.token))
        .collect();
    let Some(first) = first(tokens) else {
        return Verb::Other;
    };
    let has_effect = || {
        let next = words.iter().skip(1).chain(&[""]);
        words.iter().zip(next).any(|(word, next)| {
            let is_meant = |(one, two): &(&str, &str)| {
                word.eq_ignore_ascii_case(one) && (two.is_empty() || next.eq_ignore_ascii_case(two))
            };
            EFFECTS.iter().any(is_meant)
        })
    };
    match first.to_ascii_uppercase().as_str() {
        "INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "LOAD" => Verb::Change,
        "SELECT" | "TABLE" | "VALUES" if !has_effect() => Verb::Read,
        "SHOW" | "EXPLAIN" | "DESCRIBE" | "DESC" | "HELP" => Verb::Read,
        "CALL" => Verb::Call,
        _ => Verb::Other,
    }
}

/// The first word, without parentheses before it. For `WITH`, the first word after its tables.
fn first(tokens: &[TokenWithSpan]) -> Option<&str> {
    let is_before = |token: &&TokenWithSpan| is_space(&token.token) || token.token == Token::LParen;
    let mut rest = tokens.iter().skip_while(is_before);
    let first = word(&rest.next()?.token)?;
    if !first.eq_ignore_ascii_case("WITH") {
        return Some(first);
    }
    let mut depth = 0_u32;
    for token in rest {
        match &token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            other if depth == 0 => {
                let verb = word(other).filter(|word| {
                    is_one_of(word, &["SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE"])
                });
                if verb.is_some() {
                    return verb;
                }
            }
            _ => {}
        }
    }
    None
}
