//! The pieces of an SQL text of PostgreSQL or MySQL, without comments. Every text has pieces.

/// A piece of an SQL text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// White space, or a comment.
    Space,
    /// A keyword or a name without quotes.
    Word(&'a str),
    /// A name in quotes, without the quotes.
    Name(&'a str),
    /// A string, with its quotes.
    Text(&'a str),
    /// A number.
    Number(&'a str),
    /// A parameter: `$1` has the index 0, `?` has none.
    Parameter(Option<usize>),
    /// Another character.
    Symbol(char),
}

/// The pieces of a text.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut lexer = Lexer {
        has_backticks: text.contains('`'),
        pieces: Vec::new(),
        after_values: false,
    };
    let mut rest = text;
    while !rest.is_empty() {
        let length = lexer.take(rest);
        rest = rest.get(length..).unwrap_or_default();
    }
    lexer.pieces
}

struct Lexer<'a> {
    /// Then the text is MySQL's, and double quotes enclose strings.
    has_backticks: bool,
    /// The place is after the word `VALUES`.
    after_values: bool,
    pieces: Vec<Piece<'a>>,
}

impl<'a> Lexer<'a> {
    /// Takes the next piece. Returns its length in bytes, at least 1.
    fn take(&mut self, rest: &'a str) -> usize {
        let first = rest.chars().next().unwrap_or_default();
        let (piece, length) = match first {
            _ if first.is_whitespace() => (Piece::Space, span(rest, char::is_whitespace)),
            '-' if rest.starts_with("--") => (Piece::Space, until(rest, "\n")),
            '/' if rest.starts_with("/*") => (Piece::Space, 2 + until(&rest[2..], "*/")),
            '\'' => text(rest, 0),
            'E' | 'e' | 'N' | 'n' | 'X' | 'x' | 'B' | 'b' if rest[1..].starts_with('\'') => {
                text(rest, 1)
            }
            '"' => self.double_quoted(rest),
            '`' => name(rest, '`'),
            '$' => dollar(rest),
            '?' => (Piece::Parameter(None), 1),
            '0'..='9' => {
                let length = span(rest, |c| c.is_ascii_alphanumeric() || c == '.');
                (Piece::Number(&rest[..length]), length)
            }
            _ if is_of_word(first) => {
                let length = span(rest, is_of_word);
                (Piece::Word(&rest[..length]), length)
            }
            other => (Piece::Symbol(other), other.len_utf8()),
        };
        self.push(piece);
        length.max(1)
    }

    fn push(&mut self, piece: Piece<'a>) {
        if let Piece::Word(word) = piece {
            let word = word.to_ascii_uppercase();
            match word.as_str() {
                "VALUES" | "VALUE" => self.after_values = true,
                "ON" | "RETURNING" | "SET" | "SELECT" => self.after_values = false,
                _ => {}
            }
        }
        if piece != Piece::Space || self.pieces.last() != Some(&Piece::Space) {
            self.pieces.push(piece);
        }
    }

    /// Double quotes enclose a name in PostgreSQL and a string in MySQL.
    fn double_quoted(&self, rest: &'a str) -> (Piece<'a>, usize) {
        let (piece, length) = name(rest, '"');
        let mut before = self.pieces.iter().rev();
        let before = before.find(|piece| **piece != Piece::Space);
        let compared = matches!(before, Some(Piece::Symbol('=' | '<' | '>')));
        let is_qualified = rest[length..].starts_with('.') || before == Some(&Piece::Symbol('.'));
        if self.has_backticks || ((compared || self.after_values) && !is_qualified) {
            (Piece::Text(&rest[..length]), length)
        } else {
            (piece, length)
        }
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '@'
}

/// The length of the first characters that satisfy a condition, in bytes.
fn span(rest: &str, of_span: impl Fn(char) -> bool) -> usize {
    rest.find(|c| !of_span(c)).unwrap_or(rest.len())
}

/// The length until the end of a mark, or of the text.
fn until(rest: &str, mark: &str) -> usize {
    rest.find(mark).map_or(rest.len(), |at| at + mark.len())
}

/// A string whose quote is at `quote`. A backslash escapes the character after it: clients use it, and plain strings rarely end with
/// one.
fn text(rest: &str, quote: usize) -> (Piece<'_>, usize) {
    let length = quoted(rest, quote, '\'', true);
    (Piece::Text(&rest[..length]), length)
}

fn name(rest: &str, quote: char) -> (Piece<'_>, usize) {
    let length = quoted(rest, 0, quote, false);
    let inner = rest[1..length].strip_suffix(quote);
    (Piece::Name(inner.unwrap_or(&rest[1..length])), length)
}

/// The length of a quoted piece, with its quotes. A doubled quote belongs to it.
fn quoted(rest: &str, begin: usize, quote: char, has_escapes: bool) -> usize {
    let mut letters = rest[begin + 1..].char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        if letter == '\\' && has_escapes {
            letters.next();
        } else if letter == quote {
            match letters.peek() {
                Some((_, next)) if *next == quote => drop(letters.next()),
                _ => return begin + 1 + at + 1,
            }
        }
    }
    rest.len()
}

/// `$1`, or a string between `$tag$` and `$tag$`.
fn dollar(rest: &str) -> (Piece<'_>, usize) {
    let digits = span(&rest[1..], |c| c.is_ascii_digit());
    if digits > 0 {
        let number = rest[1..=digits].parse::<usize>().ok();
        let index = number.and_then(|number| number.checked_sub(1));
        return (Piece::Parameter(index), 1 + digits);
    }
    let tag = 1 + span(&rest[1..], |c| c.is_alphanumeric() || c == '_');
    if !rest[tag..].starts_with('$') {
        return (Piece::Symbol('$'), 1);
    }
    let tag = &rest[..=tag];
    let length = tag.len() + until(&rest[tag.len()..], tag);
    (Piece::Text(&rest[..length]), length)
}
