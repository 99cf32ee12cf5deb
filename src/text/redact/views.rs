//! A text with one encoding decoded, and the place of every byte in the original text.

use std::{borrow::Cow, ops::Range};

/// A place in the original text.
pub type Span = Range<usize>;

/// The shortest base64 text that can hold a value.
const MIN_BASE64: usize = 6;

/// The longest base64 text that is decoded. Histograms and pictures are longer.
const MAX_BASE64: usize = 16 * 1024;

/// A text, or a text decoded from it.
pub struct View<'a> {
    bytes: Cow<'a, [u8]>,
    /// The place of every byte in the original; `None` if the view is the original.
    places: Option<Vec<(u32, u32)>>,
}

/// Decodes one escape at the start of a text. Returns the decoded bytes and the length of the escape.
type Step = fn(&[u8]) -> Option<(Escaped, usize)>;

/// The bytes of one character.
struct Escaped {
    bytes: [u8; 4],
    length: usize,
}

/// The encodings with escapes, each with the first bytes of its escapes. In a form, `+` is a space.
const STEPS: [(&[u8], Step); 5] = [
    (b"%", percent),
    (b"%+", form),
    (b"\\", backslash),
    (b"&", entity),
    (b"\"'", doubled),
];

impl<'a> View<'a> {
    /// The view of the original text.
    pub fn of(text: &'a str) -> Self {
        Self {
            bytes: Cow::Borrowed(text.as_bytes()),
            places: None,
        }
    }

    /// The decoded bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The place in the original of a range of the view, which has at least one byte.
    pub fn span(&self, range: Range<usize>) -> Span {
        match &self.places {
            None => range,
            Some(places) => places[range.start].0 as usize..places[range.end - 1].1 as usize,
        }
    }

    /// Calls `look` with every view in which one encoding is decoded, if the text contains that encoding.
    pub fn decoded(&self, look: &mut dyn FnMut(&View<'_>)) {
        for (starts, step) in STEPS {
            let is_escape =
                |at: usize| starts.contains(&self.bytes[at]) && step(&self.bytes[at..]).is_some();
            if let Some(first) = (0..self.bytes.len()).find(|at| is_escape(*at)) {
                look(&self.rewritten(starts, step, first));
            }
        }
        self.base64(look);
    }

    /// The view with the escapes of one encoding decoded. The first escape is at `first`.
    fn rewritten(&self, starts: &[u8], step: Step, first: usize) -> View<'static> {
        let source = self.bytes();
        let mut bytes = source[..first].to_vec();
        let mut places: Vec<_> = (0..first).map(|at| self.place(at..at + 1)).collect();
        let mut at = first;
        while at < source.len() {
            let escape = starts
                .contains(&source[at])
                .then(|| step(&source[at..]))
                .flatten();
            let (escaped, length) = escape.unwrap_or((Escaped::one(source[at]), 1));
            let place = self.place(at..at + length);
            for byte in &escaped.bytes[..escaped.length] {
                bytes.push(*byte);
                places.push(place);
            }
            at += length;
        }
        View {
            bytes: Cow::Owned(bytes),
            places: Some(places),
        }
    }

    fn place(&self, range: Range<usize>) -> (u32, u32) {
        let span = self.span(range);
        let short = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        (short(span.start), short(span.end))
    }

    /// Decodes every run of base64 characters from each of four offsets, because the base64 text may begin within the run.
    fn base64(&self, look: &mut dyn FnMut(&View<'_>)) {
        let source = self.bytes();
        let mut start = 0;
        while start < source.len() {
            let length = source[start..]
                .iter()
                .position(|byte| sextet(*byte).is_none())
                .unwrap_or(source.len() - start);
            if (MIN_BASE64..=MAX_BASE64).contains(&length) {
                for offset in 0..4 {
                    look(&self.base64_decoded(start + offset..start + length));
                }
            }
            start += length + 1;
        }
    }

    fn base64_decoded(&self, run: Range<usize>) -> View<'static> {
        let values: Vec<u8> = self.bytes[run.clone()]
            .iter()
            .filter_map(|byte| sextet(*byte))
            .collect();
        let count = values.len() * 6 / 8;
        let (mut bytes, mut places) = (Vec::with_capacity(count), Vec::with_capacity(count));
        for index in 0..count {
            let (first, bit) = (index * 8 / 6, index * 8 % 6);
            let next = values.get(first + 1).copied().unwrap_or_default();
            let pair = u16::from(values[first]) << 6 | u16::from(next);
            // The pair has twelve bits, and the byte begins at `bit`.
            bytes.push((pair >> (4 - bit)).to_le_bytes()[0]);
            places.push(self.place(run.start + first..run.start + first + 2));
        }
        View {
            bytes: Cow::Owned(bytes),
            places: Some(places),
        }
    }
}

impl Escaped {
    fn one(byte: u8) -> Self {
        Self {
            bytes: [byte, 0, 0, 0],
            length: 1,
        }
    }

    fn character(character: char) -> Self {
        let mut bytes = [0; 4];
        let length = character.encode_utf8(&mut bytes).len();
        Self { bytes, length }
    }
}

/// The value of a character in base64, in either alphabet.
fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn percent(rest: &[u8]) -> Option<(Escaped, usize)> {
    let digits = rest.strip_prefix(b"%")?.get(..2)?;
    let byte = u8::try_from(hex(digits)?).ok()?;
    Some((Escaped::one(byte), 3))
}

fn form(rest: &[u8]) -> Option<(Escaped, usize)> {
    match rest {
        [b'+', ..] => Some((Escaped::one(b' '), 1)),
        _ => percent(rest),
    }
}

/// A backslash escape of JSON, Rust, Markdown and most other formats.
fn backslash(rest: &[u8]) -> Option<(Escaped, usize)> {
    let (kind, after) = rest.strip_prefix(b"\\")?.split_first()?;
    let read = match kind {
        b'n' => (Escaped::one(b'\n'), 2),
        b'r' => (Escaped::one(b'\r'), 2),
        b't' => (Escaped::one(b'\t'), 2),
        b'b' => (Escaped::one(8), 2),
        b'f' => (Escaped::one(12), 2),
        b'0' => (Escaped::one(0), 2),
        b'x' => (Escaped::one(u8::try_from(hex(after.get(..2)?)?).ok()?), 4),
        b'u' => unicode(after)?,
        kind if kind.is_ascii_alphanumeric() => return None,
        kind => (Escaped::one(*kind), 2),
    };
    Some(read)
}

/// The text after `\u`: four digits, a surrogate pair, or digits in braces.
fn unicode(after: &[u8]) -> Option<(Escaped, usize)> {
    if let Some(braced) = after.strip_prefix(b"{") {
        let end = braced.iter().take(8).position(|byte| *byte == b'}')?;
        let character = char::from_u32(hex(&braced[..end])?)?;
        return Some((Escaped::character(character), end + 4));
    }
    let unit = hex(after.get(..4)?)?;
    if let Some(character) = char::from_u32(unit) {
        return Some((Escaped::character(character), 6));
    }
    let second = after.get(4..)?.strip_prefix(b"\\u")?;
    let low = hex(second.get(..4)?)?;
    let units = [u16::try_from(unit).ok()?, u16::try_from(low).ok()?];
    let character = char::decode_utf16(units).next()?.ok()?;
    Some((Escaped::character(character), 12))
}

/// An entity of HTML and XML.
fn entity(rest: &[u8]) -> Option<(Escaped, usize)> {
    let after = rest.strip_prefix(b"&")?;
    let end = after.iter().take(10).position(|byte| *byte == b';')?;
    let character = match &after[..end] {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        b"nbsp" => '\u{a0}',
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(hex(digits)?)?,
        [b'#', digits @ ..] => char::from_u32(std::str::from_utf8(digits).ok()?.parse().ok()?)?,
        _ => return None,
    };
    Some((Escaped::character(character), end + 2))
}

/// A doubled quote of CSV and SQL.
fn doubled(rest: &[u8]) -> Option<(Escaped, usize)> {
    match rest {
        [b'"', b'"', ..] | [b'\'', b'\'', ..] => Some((Escaped::one(rest[0]), 2)),
        _ => None,
    }
}
