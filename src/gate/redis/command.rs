//! The commands of a client: their words, and what they mean for the connection.

use std::{collections::HashMap, sync::LazyLock};

use redis_protocol::resp2::{decode::decode_range, types::RangeFrame};

use super::{WireError, frame::Border};

/// The words of a command.
pub(super) type Words = Vec<Vec<u8>>;

/// What a command means for its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Redis ignores it: an empty line.
    Empty,
    /// A statement.
    Statement,
    /// It concerns its connection alone, or waits until another connection does something: it passes, and is answered once.
    Passing,
    /// `MULTI`
    Multi,
    /// `EXEC`
    Exec,
    /// `DISCARD` or `RESET`
    Discard,
    /// It is answered by so many messages that confirm subscriptions, or by one error.
    Subscription(usize),
    /// What comes after it cannot be read.
    Refused(&'static str),
}

/// The commands that are no statements. For `EXEC`, `MULTI` and the like, see [`kind`].
static KINDS: LazyLock<HashMap<&str, Listed>> = LazyLock::new(|| {
    let lists = [
        (OF_CONNECTION, Listed::Passing),
        (WAITING, Listed::Passing),
        (MAY_WAIT, Listed::MayWait),
        (SUBSCRIPTIONS, Listed::Subscription),
    ];
    let named =
        |(names, listed): (&'static str, _)| names.split(' ').map(move |name| (name, listed));
    lists.into_iter().flat_map(named).collect()
});

/// The list that names a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listed {
    Passing,
    MayWait,
    Subscription,
}

/// Commands that concern their connection alone.
const OF_CONNECTION: &str = "AUTH HELLO SELECT CLIENT READONLY READWRITE ASKING QUIT MONITOR";

/// Commands that wait. The statements that are held must not wait for them.
const WAITING: &str = "BLPOP BRPOP BLMOVE BRPOPLPUSH BLMPOP BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF";

/// Commands that wait if they have the word `BLOCK`.
const MAY_WAIT: &str = "XREAD XREADGROUP";

/// Commands that are answered by messages.
const SUBSCRIPTIONS: &str = "SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE";

/// Takes the next command from the bytes of a client: its length, and its words. `None` if it is not complete.
pub(super) fn length(border: &mut Border, bytes: &[u8]) -> Result<Option<usize>, WireError> {
    match bytes.first() {
        None => Ok(None),
        Some(b'*') => border.find(bytes),
        // The first byte of a TLS connection.
        Some(0x16) => Err(WireError("the connection is encrypted".to_owned())),
        Some(_) => Ok(bytes
            .iter()
            .position(|byte| *byte == b'\n')
            .map(|end| end + 1)),
    }
}

/// The words of a complete command.
pub(super) fn words(bytes: &[u8]) -> Result<Words, WireError> {
    if bytes.first() != Some(&b'*') {
        return Ok(inline(bytes));
    }
    if bytes.starts_with(b"*-") {
        return Ok(Words::new());
    }
    let refused = || WireError("a command of Redis is no list of words".to_owned());
    let frame = decode_range(bytes).map_err(|_| refused())?;
    let Some((RangeFrame::Array(frames), _)) = frame else {
        return Err(refused());
    };
    let word = |frame| match frame {
        RangeFrame::BulkString((begin, end)) => Ok(bytes[begin..end].to_vec()),
        _ => Err(refused()),
    };
    frames.into_iter().map(word).collect()
}

/// The words of a line. A word in quotes may contain spaces.
fn inline(line: &[u8]) -> Words {
    let mut words = Words::new();
    let mut rest = line.trim_ascii();
    while let Some(&first) = rest.first() {
        let quoted = matches!(first, b'"' | b'\'');
        let begin = usize::from(quoted);
        let ends = |byte: &u8| {
            if quoted {
                *byte == first
            } else {
                byte.is_ascii_whitespace()
            }
        };
        let word = &rest[begin..];
        let end = word.iter().position(ends).unwrap_or(word.len());
        words.push(word[..end].to_vec());
        rest = word
            .get(end + begin..)
            .unwrap_or_default()
            .trim_ascii_start();
    }
    words
}

/// What a command means for its connection. Inside a `MULTI` block, most commands are queued instead.
pub(super) fn kind(words: &[Vec<u8>]) -> Kind {
    let Some(name) = upper(words, 0) else {
        return Kind::Empty;
    };
    let has = |word: &str| {
        let mut words = words.iter();
        words.any(|own| own.eq_ignore_ascii_case(word.as_bytes()))
    };
    match name.as_str() {
        "MULTI" if words.len() == 1 => Kind::Multi,
        "EXEC" => Kind::Exec,
        "DISCARD" | "RESET" => Kind::Discard,
        "SYNC" | "PSYNC" | "REPLCONF" => Kind::Refused("a replica reads the connection"),
        "CLIENT" if silences(words) => Kind::Refused("CLIENT REPLY leaves commands unanswered"),
        name => match KINDS.get(name) {
            Some(Listed::Subscription) => Kind::Subscription(words.len().saturating_sub(1).max(1)),
            Some(Listed::Passing) => Kind::Passing,
            Some(Listed::MayWait) if has("BLOCK") => Kind::Passing,
            _ => Kind::Statement,
        },
    }
}

fn silences(words: &[Vec<u8>]) -> bool {
    upper(words, 1).as_deref() == Some("REPLY")
        && matches!(upper(words, 2).as_deref(), Some("OFF" | "SKIP"))
}

/// The word at this position, in capital letters.
pub(super) fn upper(words: &[Vec<u8>], at: usize) -> Option<String> {
    let word = words.get(at)?;
    Some(String::from_utf8_lossy(word).to_ascii_uppercase())
}
