//! What the first words of a SQL text say about it, and where the statements of a text end.
//!
//! A full parser decides what a statement reads and writes, in another module. Here, words are enough: where they do not decide, the
//! statement counts as one that may change data.

use sqlparser::{
    dialect::PostgreSqlDialect,
    tokenizer::{Location, Token, Tokenizer},
};

/// Functions that change nothing, and words that stand before a bracket and are no functions.
const HARMLESS: &[&str] = &[
    "abs",
    "all",
    "and",
    "any",
    "as",
    "avg",
    "between",
    "bool_and",
    "bool_or",
    "by",
    "case",
    "cast",
    "ceil",
    "char",
    "coalesce",
    "concat",
    "count",
    "date_trunc",
    "distinct",
    "else",
    "every",
    "except",
    "exists",
    "extract",
    "filter",
    "floor",
    "format",
    "from",
    "greatest",
    "group",
    "having",
    "in",
    "intersect",
    "is",
    "join",
    "lateral",
    "least",
    "left",
    "length",
    "like",
    "limit",
    "lower",
    "materialized",
    "max",
    "min",
    "mod",
    "not",
    "now",
    "nullif",
    "numeric",
    "offset",
    "on",
    "or",
    "over",
    "rank",
    "replace",
    "right",
    "round",
    "row",
    "row_number",
    "select",
    "some",
    "string_agg",
    "substring",
    "sum",
    "then",
    "to_char",
    "trim",
    "union",
    "upper",
    "using",
    "values",
    "varchar",
    "when",
    "where",
    "with",
];

/// What a statement does to the transaction of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It opens a transaction.
    Opens,
    /// It ends the transaction and makes its changes visible.
    Commits,
    /// It ends the transaction and undoes its changes.
    RollsBack,
}

/// Prepared statements that a statement removes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Removed {
    /// All.
    All,
    /// The one of this name.
    One(Vec<u8>),
}

/// What the words of a statement say about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent properties of a text"
)]
pub(super) struct Words {
    /// The text contains no statement.
    pub(super) empty: bool,
    /// The statement is a query, and changes no data.
    pub(super) reads: bool,
    /// The statement has a clause that locks rows.
    pub(super) locks: bool,
    /// The statement may change more than its number of rows says, because it begins with `WITH`.
    pub(super) with: bool,
    /// What the statement does to the transaction.
    pub(super) change: Option<Change>,
    /// The prepared statements that it removes.
    pub(super) removed: Option<Removed>,
}

impl Words {
    /// The words of a single statement.
    pub(super) fn of(text: &str) -> Self {
        let text = without_comments(text);
        let words: Vec<(String, bool)> = words(text).collect();
        let word = |index: usize| words.get(index).map_or("", |(word, _)| word.as_str());
        let (first, second) = (word(0), word(1));
        let pairs = || words.windows(2).map(|pair| (&*pair[0].0, &*pair[1].0));
        let writes = pairs().any(|(before, word)| match word {
            "insert" | "delete" | "merge" | "into" => true,
            "update" => !matches!(before, "for" | "key"),
            _ => false,
        });
        let calls = words
            .iter()
            .any(|(word, bracket)| *bracket && !HARMLESS.contains(&&**word));
        let query = matches!(first, "select" | "with" | "values" | "table" | "show");
        Self {
            empty: words.is_empty(),
            reads: query && !writes && !calls,
            locks: pairs().any(|pair| matches!(pair, ("for", "update" | "no" | "share" | "key"))),
            with: first == "with",
            change: change(first, second, &words),
            removed: removed(text, first),
        }
    }
}

fn change(first: &str, second: &str, words: &[(String, bool)]) -> Option<Change> {
    // `COMMIT AND CHAIN` opens the next transaction at once, and `ROLLBACK TO` leaves the transaction open.
    let chain = words.iter().any(|(word, _)| word == "chain");
    let no = words.iter().any(|(word, _)| word == "no");
    match (first, second) {
        ("begin", _) | ("start", "transaction") => Some(Change::Opens),
        ("rollback", "to" | "prepared") | ("commit", "prepared") => None,
        _ if words.get(1..3).is_some_and(|two| two[1].0 == "to") && first == "rollback" => None,
        ("commit" | "end" | "rollback" | "abort", _) if chain && !no => Some(Change::Opens),
        ("commit" | "end", _) => Some(Change::Commits),
        ("rollback" | "abort", _) | ("prepare", "transaction") => Some(Change::RollsBack),
        _ => None,
    }
}

fn removed(text: &str, first: &str) -> Option<Removed> {
    let mut words = text.trim_end_matches([';', ' ', '\n']).split_whitespace();
    words.next();
    let second = words.next().unwrap_or_default();
    let name = match first {
        "discard" if second.eq_ignore_ascii_case("all") => return Some(Removed::All),
        "deallocate" if second.eq_ignore_ascii_case("prepare") => words.next()?,
        "deallocate" => second,
        _ => return None,
    };
    if name.eq_ignore_ascii_case("all") {
        return Some(Removed::All);
    }
    let quoted = name
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'));
    let name = quoted.map_or_else(
        || name.to_ascii_lowercase(),
        |name| name.replace("\"\"", "\""),
    );
    Some(Removed::One(name.into_bytes()))
}

/// The text without the comments, the white space and the semicolons before its first word.
fn without_comments(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(|c: char| c.is_whitespace() || c == ';');
        if let Some(rest) = text.strip_prefix("--") {
            text = rest.split_once('\n').map_or("", |(_, rest)| rest);
        } else if text.starts_with("/*") {
            text = after_comment(text);
        } else {
            return text;
        }
    }
}

/// The text after the comment with which it begins. Comments contain comments.
fn after_comment(text: &str) -> &str {
    let (mut depth, mut at) = (0_u32, 0);
    while let Some(pair) = text.as_bytes().get(at..at + 2) {
        match pair {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return text.get(at..).unwrap_or_default();
        }
    }
    ""
}

/// The words in lower case, and whether a bracket follows. Words in strings and comments count, too.
fn words(text: &str) -> impl Iterator<Item = (String, bool)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = &rest[rest.find(is_word)?..];
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        Some((
            word.to_ascii_lowercase(),
            after.trim_start().starts_with('('),
        ))
    })
}

/// The statements of a text. A text that cannot be divided is one statement.
pub(super) fn divided(text: &str) -> Vec<&str> {
    let whole = || vec![text];
    let body = text.trim_end_matches(|c: char| c.is_whitespace() || c == ';');
    // The body of a function may contain statements of its own.
    if !body.contains(';') || words(text).any(|(word, _)| word == "atomic") {
        return whole();
    }
    let dialect = PostgreSqlDialect {};
    let Ok(tokens) = Tokenizer::new(&dialect, text).tokenize_with_location() else {
        return whole();
    };
    let mut places = Places::new(text);
    let (mut statements, mut begin, mut empty) = (Vec::new(), 0, true);
    for token in tokens {
        match token.token {
            Token::SemiColon => {
                let Some(end) = places.offset(token.span.start) else {
                    return whole();
                };
                if !empty {
                    statements.push(text[begin..end].trim());
                }
                (begin, empty) = (end + 1, true);
            }
            Token::Whitespace(_) | Token::EOF => {}
            _ => empty = false,
        }
    }
    if !empty && let Some(last) = text.get(begin..) {
        statements.push(last.trim());
    }
    statements
}

/// Finds places that the tokenizer counts in lines and columns. Each place is after the one before.
struct Places<'a> {
    characters: std::str::CharIndices<'a>,
    at: Location,
}

impl<'a> Places<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            characters: text.char_indices(),
            at: Location::new(1, 1),
        }
    }

    /// The offset of a semicolon in bytes.
    fn offset(&mut self, place: Location) -> Option<usize> {
        for (offset, character) in self.characters.by_ref() {
            let here = self.at;
            if character == '\n' {
                self.at = Location::new(here.line + 1, 1);
            } else {
                self.at.column += 1;
            }
            if here == place {
                return (character == ';').then_some(offset);
            }
        }
        None
    }
}
