//! What a reply says.

use std::{collections::HashMap, sync::LazyLock};

use super::{
    WireAnswer, command,
    command::Words,
    frame::{Body, Border, Head},
};
use crate::text::{clean, format::shorten};

/// The most characters of a string.
const STRING: usize = 40;

/// The most characters of an error.
const ERROR: usize = 80;

/// The most elements of an array.
const ELEMENTS: u64 = 4;

/// How deep arrays in arrays are shown.
const DEPTH: usize = 3;

/// Which reply of a statement says that it changed nothing. A command that only reads is known by its footprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unchanged {
    /// None: a script may have written before it failed.
    Never,
    /// An error.
    Error,
    /// An error or nil.
    Nil,
    /// An error, nil or 0.
    Zero,
}

/// Commands that changed nothing if the reply is 0: the number of things that they changed.
const COUNT_CHANGES: &str = "SADD SREM SMOVE SETNX MSETNX HSETNX HDEL DEL UNLINK EXPIRE PEXPIRE EXPIREAT PEXPIREAT PERSIST RENAMENX \
     COPY MOVE LREM LPUSHX RPUSHX ZREM ZREMRANGEBYRANK ZREMRANGEBYSCORE ZREMRANGEBYLEX PFADD XACK XDEL XTRIM";

/// Commands that changed nothing if the reply is nil: what they took or wrote.
const TELL_CHANGES: &str = "EXEC LPOP RPOP SPOP GETDEL LMOVE RPOPLPUSH LMPOP ZMPOP";

/// Commands that may have changed something before they failed.
const SCRIPTS: &str = "EVAL EVALSHA FCALL";

static LISTED: LazyLock<HashMap<&str, Unchanged>> = LazyLock::new(|| {
    let lists = [
        (COUNT_CHANGES, Unchanged::Zero),
        (TELL_CHANGES, Unchanged::Nil),
        (SCRIPTS, Unchanged::Never),
    ];
    let named = |(names, unchanged): (&'static str, _)| {
        let names = names.split_ascii_whitespace();
        names.map(move |name| (name, unchanged))
    };
    lists.into_iter().flat_map(named).collect()
});

impl Unchanged {
    /// Of a command.
    pub(super) fn of(words: &Words) -> Self {
        let Some(name) = command::upper(words, 0) else {
            return Self::Error;
        };
        let has = |word: &str| {
            let mut words = words.iter().skip(3);
            words.any(|own| own.eq_ignore_ascii_case(word.as_bytes()))
        };
        match LISTED.get(name.as_str()) {
            Some(unchanged) => *unchanged,
            None if name == "SET" && !has("GET") => Self::Nil,
            None => Self::Error,
        }
    }

    fn by(self, text: &str, is_error: bool) -> bool {
        match self {
            Self::Never => false,
            Self::Error => is_error,
            Self::Nil => is_error || text == NIL,
            Self::Zero => is_error || text == NIL || text == "0",
        }
    }
}

const NIL: &str = "nil";

/// The answer that a frame is.
pub(super) fn answer(frame: &[u8], unchanged: Unchanged) -> WireAnswer {
    let text = Text::of(frame);
    let is_error = text.is_error;
    WireAnswer {
        changed_nothing: unchanged.by(&text.shown, is_error),
        text: Some(text.shown),
        is_error,
        in_transaction: false,
    }
}

/// Whether a frame is an error.
pub(super) fn is_error(frame: &[u8]) -> bool {
    matches!(frame.first(), Some(b'-' | b'!'))
}

/// A frame as text, and what comes after it.
struct Text<'a> {
    shown: String,
    is_error: bool,
    rest: &'a [u8],
}

impl<'a> Text<'a> {
    fn of(frame: &'a [u8]) -> Self {
        Self::read(frame, 0).unwrap_or_else(|| Self::plain("…".to_owned(), &[]))
    }

    fn plain(text: String, rest: &'a [u8]) -> Self {
        Self {
            shown: text,
            is_error: false,
            rest,
        }
    }

    fn error(message: &[u8], rest: &'a [u8]) -> Self {
        Self {
            shown: format!("ERROR {}", shorten(&string(message), ERROR)),
            is_error: true,
            rest,
        }
    }

    /// `None` if the frame is too deep.
    fn read(bytes: &'a [u8], depth: usize) -> Option<Self> {
        let head = Head::of(bytes)?;
        let rest = bytes.get(head.length..)?;
        match head.body().ok()? {
            Body::None => Some(match (head.kind, head.line) {
                (b'-', message) => Self::error(message, rest),
                (b'_', _) | (b'$' | b'*', b"-1") => Self::plain(NIL.to_owned(), rest),
                (b'#', b"t") => Self::plain("true".to_owned(), rest),
                (b'#', _) => Self::plain("false".to_owned(), rest),
                (_, line) => Self::plain(shorten(&string(line), STRING), rest),
            }),
            Body::Bytes(length) => {
                let (bytes, rest) = (rest.get(..length)?, rest.get(length + 2..)?);
                Some(match head.kind {
                    b'!' => Self::error(bytes, rest),
                    // The format, as in `txt:`.
                    b'=' => Self::plain(blob(bytes.get(4..)?), rest),
                    _ => Self::plain(blob(bytes), rest),
                })
            }
            Body::Frames(_) if depth == DEPTH => None,
            Body::Frames(count) if head.kind == b'%' => Self::list(
                rest,
                count / 2,
                &|bytes| Self::pair(bytes, depth + 1),
                ["{", "}"],
            ),
            Body::Frames(count) => Self::list(
                rest,
                count,
                &|bytes| Self::read(bytes, depth + 1),
                ["[", "]"],
            ),
            Body::Attributes(count) => Self::read(skip(rest, count)?, depth),
        }
    }

    fn list(
        mut rest: &'a [u8],
        count: u64,
        read: &dyn Fn(&'a [u8]) -> Option<Self>,
        [begin, end]: [&str; 2],
    ) -> Option<Self> {
        let mut texts = Vec::new();
        for _ in 0..count.min(ELEMENTS) {
            let element = read(rest)?;
            texts.push(element.shown);
            rest = element.rest;
        }
        if count > ELEMENTS {
            texts.push("…".to_owned());
            let each = if begin == "{" { 2 } else { 1 };
            rest = skip(rest, (count - ELEMENTS) * each)?;
        }
        Some(Self::plain(
            format!("{begin}{}{end}", texts.join(", ")),
            rest,
        ))
    }

    fn pair(bytes: &'a [u8], depth: usize) -> Option<Self> {
        let key = Self::read(bytes, depth)?;
        let value = Self::read(key.rest, depth)?;
        Some(Self::plain(
            format!("{}: {}", key.shown, value.shown),
            value.rest,
        ))
    }
}

/// The bytes after so many frames.
fn skip(mut bytes: &[u8], count: u64) -> Option<&[u8]> {
    for _ in 0..count {
        let length = Border::default().find(bytes).ok()??;
        bytes = &bytes[length..];
    }
    Some(bytes)
}

fn string(bytes: &[u8]) -> String {
    // A character has at most four bytes.
    let begin = &bytes[..bytes.len().min(4 * ERROR)];
    clean(&String::from_utf8_lossy(begin))
}

fn blob(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        "\"\"".to_owned()
    } else {
        shorten(&string(bytes), STRING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(frame: &str) -> String {
        Text::of(frame.as_bytes()).shown
    }

    fn command(line: &str) -> Words {
        line.split(' ')
            .map(|word| word.as_bytes().to_vec())
            .collect()
    }

    #[test]
    fn a_reply_is_shown_in_a_few_words() {
        for (frame, shown) in [
            (":3\r\n", "3"),
            ("$-1\r\n", "nil"),
            ("*-1\r\n", "nil"),
            ("_\r\n", "nil"),
            ("+OK\r\n", "OK"),
            ("$5\r\nhello\r\n", "hello"),
            ("$0\r\n\r\n", "\"\""),
            ("$3\r\na\r\n\r\n", "a"),
            ("*2\r\n$1\r\na\r\n:1\r\n", "[a, 1]"),
            ("*0\r\n", "[]"),
            ("~1\r\n*1\r\n$-1\r\n", "[[nil]]"),
            (
                "*6\r\n:1\r\n:2\r\n:3\r\n:4\r\n:5\r\n:6\r\n",
                "[1, 2, 3, 4, …]",
            ),
            (
                "*2\r\n*5\r\n:1\r\n:2\r\n:3\r\n:4\r\n:5\r\n+x\r\n",
                "[[1, 2, 3, 4, …], x]",
            ),
            ("%2\r\n+a\r\n:1\r\n:7\r\n#t\r\n", "{a: 1, 7: true}"),
            ("=7\r\ntxt:abc\r\n", "abc"),
            (",1.5\r\n", "1.5"),
            ("-WRONGTYPE Operation\r\n", "ERROR WRONGTYPE Operation"),
            ("!5\r\nERR x\r\n", "ERROR ERR x"),
            ("|1\r\n+ttl\r\n:3\r\n:9\r\n", "9"),
            ("*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", "…"),
        ] {
            assert_eq!(text(frame), shown, "{frame:?}");
        }
        let long = format!("$50\r\n{}\r\n", "é".repeat(25));
        assert_eq!(text(&long), "é".repeat(25));
        let long = format!("$50\r\n{}\r\n", "e".repeat(50));
        assert_eq!(text(&long), format!("{}…", "e".repeat(40)));
    }

    #[test]
    fn a_reply_tells_that_nothing_was_changed() {
        for (line, frame, nothing) in [
            ("SADD s a", ":0\r\n", true),
            ("SADD s a", ":1\r\n", false),
            ("sadd s a", "-WRONGTYPE x\r\n", true),
            ("SET k v NX", "$-1\r\n", true),
            ("SET k v NX", "_\r\n", true),
            ("SET k v NX GET", "$-1\r\n", false),
            ("SET k v", "+OK\r\n", false),
            ("SET GET 0", "$-1\r\n", true),
            ("ZADD z 1 a", ":0\r\n", false),
            ("HSET h f v", ":0\r\n", false),
            ("DECR k", ":0\r\n", false),
            ("LPOP l", "$-1\r\n", true),
            ("EXEC", "*-1\r\n", true),
            ("EXEC", "*1\r\n:0\r\n", false),
            ("EVAL x 0", "$-1\r\n", false),
            ("EVAL x 0", "-ERR x\r\n", false),
        ] {
            let unchanged = Unchanged::of(&command(line));
            let answer = answer(frame.as_bytes(), unchanged);
            assert_eq!(answer.changed_nothing, nothing, "{line} {frame:?}");
        }
    }
}
