//! A set of secret values, and the search for them in a text.
//!
//! The values are sorted, and each has the index of the longest other value that is its prefix. One binary search finds the longest
//! value at a place of a text: it is the greatest value that is not greater than the rest of the text, or a prefix of that value.
//! So a million values, such as a column of tokens, need little more than their own memory.

use std::{borrow::Cow, fmt};

use base64::{Engine, prelude::BASE64_STANDARD};
use url::Url;

use super::{
    MASK,
    names::{is_secret_header, is_secret_name},
    views::{Span, View},
};

/// The length in bytes of the shortest value that is searched for.
pub const SHORTEST: usize = 3;

/// The length of the shortest number that is searched for. Shorter numbers are statuses and counts.
pub const SHORTEST_NUMBER: usize = 4;

/// The length of the shortest distinctive value.
const DISTINCTIVE: usize = 8;

/// The most nested encodings in a foreign text: a JSON text within a JSON text within a URL.
const DEPTH: usize = 3;

/// The schemes of an `Authorization` header.
const SCHEMES: [&str; 6] = ["basic", "bearer", "digest", "token", "negotiate", "apikey"];

/// A set of secret values.
#[derive(Clone, Default)]
pub struct Secrets {
    /// The secrets, sorted by value.
    values: Vec<Secret>,
}

#[derive(Clone)]
struct Secret {
    value: Box<str>,
    /// The index of the longest other value that is a prefix of this one.
    within: Option<usize>,
    distinctive: bool,
}

impl Secrets {
    /// An empty set.
    pub const fn new() -> Self {
        Self { values: Vec::new() }
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Adds a value and the secrets within it: the password of a URL, the credentials after `Bearer` or `Basic`.
    pub fn add(&mut self, value: &str) {
        self.insert(parts(value));
    }

    /// Adds many values as they are.
    pub fn add_all<'a>(&mut self, values: impl IntoIterator<Item = &'a str>) {
        self.insert(values.into_iter().map(str::to_owned));
    }

    /// Adds the value of a header, if headers with this name hold secrets.
    pub fn add_header(&mut self, name: &str, value: &str) {
        if !is_secret_header(name) {
            return;
        }
        self.add(value);
        if name.to_ascii_lowercase().ends_with("cookie") {
            let pairs = value.split(';').filter_map(|pair| pair.split_once('='));
            // The pairs after the first one of Set-Cookie are attributes such as its path.
            let count = if name.len() > "cookie".len() {
                1
            } else {
                usize::MAX
            };
            let values = pairs.take(count).map(|(_, value)| value.trim().to_owned());
            self.insert(values);
        }
    }

    /// Adds the value of a name, if the name is that of a secret.
    pub fn add_named(&mut self, name: &str, value: &str) {
        if is_secret_name(name) {
            self.add(value);
        }
    }

    /// Adds the password of a URL, and the values of parameters with a secret name.
    pub fn add_url(&mut self, url: &Url) {
        self.insert(of_url(url));
    }

    /// Adds all values of another set.
    pub fn extend(&mut self, other: &Self) {
        self.insert(other.values.iter().map(|secret| secret.value.to_string()));
    }

    fn insert(&mut self, values: impl IntoIterator<Item = String>) {
        let before = self.values.len();
        let long_enough = values.into_iter().filter(|value| is_searched(value));
        self.values.extend(long_enough.map(Secret::new));
        if self.values.len() == before {
            return;
        }
        self.values
            .sort_by(|one, other| one.value.cmp(&other.value));
        self.values.dedup_by(|one, other| one.value == other.value);
        let mut begun: Vec<usize> = Vec::new();
        for index in 0..self.values.len() {
            while let Some(&last) = begun.last() {
                let (outer, inner) = (&self.values[index], &self.values[last]);
                if outer.value.starts_with(&*inner.value) {
                    break;
                }
                begun.pop();
            }
            self.values[index].within = begun.last().copied();
            begun.push(index);
        }
    }

    /// The text without the values, in any encoding.
    pub fn mask(&self, text: &str) -> String {
        self.masked(text, DEPTH, false).into_owned()
    }

    /// The text without the distinctive values, which resemble neither words nor numbers.
    pub fn mask_distinctive<'a>(&self, text: &'a str) -> Cow<'a, str> {
        // Depth 1: the encoding of the document itself.
        self.masked(text, 1, true)
    }

    fn masked<'a>(&self, text: &'a str, depth: usize, distinctive: bool) -> Cow<'a, str> {
        if self.is_empty() {
            return Cow::Borrowed(text);
        }
        let search = Search {
            secrets: self,
            first: self.first_bytes(),
            distinctive,
        };
        let mut found = Vec::new();
        search.within(&View::of(text), depth, &mut found);
        if found.is_empty() {
            Cow::Borrowed(text)
        } else {
            Cow::Owned(without(text, found))
        }
    }

    fn first_bytes(&self) -> [bool; 256] {
        let mut first = [false; 256];
        for secret in &self.values {
            first[usize::from(secret.value.as_bytes()[0])] = true;
        }
        first
    }
}

impl Secret {
    fn new(value: String) -> Self {
        Self {
            distinctive: is_distinctive(&value),
            within: None,
            value: value.into_boxed_str(),
        }
    }
}

fn is_searched(value: &str) -> bool {
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    let shortest = if is_number { SHORTEST_NUMBER } else { SHORTEST };
    value.len() >= shortest && !value.trim().is_empty() && !value.contains(MASK)
}

/// Whether a value resembles neither a word nor a number: it is long and has more than one kind of characters.
fn is_distinctive(value: &str) -> bool {
    let kinds: [fn(char) -> bool; 4] = [
        |c| c.is_lowercase(),
        char::is_uppercase,
        |c| c.is_ascii_digit(),
        |c| !c.is_alphanumeric(),
    ];
    let kinds = kinds.iter().filter(|kind| value.contains(**kind)).count();
    value.len() >= DISTINCTIVE && kinds > 1 && value.parse::<f64>().is_err()
}

/// A value and the secrets within it. In `Bearer …`, the scheme is no secret.
fn parts(value: &str) -> Vec<String> {
    let trimmed = value.trim();
    if let Some((scheme, credentials)) = trimmed.split_once(' ')
        && SCHEMES.contains(&&*scheme.to_ascii_lowercase())
    {
        return of_credentials(credentials.trim());
    }
    let mut parts = vec![value.to_owned(), trimmed.to_owned()];
    if let Ok(url) = Url::parse(trimmed) {
        parts.extend(of_url(&url));
    }
    parts
}

/// Credentials, and the password within `Basic` credentials.
fn of_credentials(credentials: &str) -> Vec<String> {
    let mut parts = vec![credentials.to_owned()];
    let decoded = BASE64_STANDARD.decode(credentials).ok();
    let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    if let Some((_, password)) = decoded.as_deref().and_then(|text| text.split_once(':')) {
        parts.push(password.to_owned());
    }
    parts
}

/// The password of a URL, encoded and decoded, and the values of parameters with a secret name. A value that equals the URL's user,
/// host or database is left out, because these are shown.
fn of_url(url: &Url) -> Vec<String> {
    let decoded = |text: &str| {
        let decoded = percent_encoding::percent_decode_str(text).decode_utf8();
        decoded.map_or_else(|_| text.to_owned(), Cow::into_owned)
    };
    let shown = [
        decoded(url.username()),
        url.host_str().unwrap_or_default().to_owned(),
        decoded(url.path().trim_matches('/')),
        url.scheme().to_owned(),
    ];
    let password = url.password().unwrap_or_default();
    let parameters = url
        .query_pairs()
        .filter(|(name, _)| is_secret_name(name))
        .map(|(_, value)| value.into_owned());
    let all = [password.to_owned(), decoded(password)].into_iter();
    all.chain(parameters)
        .filter(|secret| !shown.contains(secret))
        .collect()
}

/// A search for secrets.
struct Search<'a> {
    secrets: &'a Secrets,
    /// The first bytes of all values.
    first: [bool; 256],
    /// Whether the search is for distinctive values only.
    distinctive: bool,
}

impl Search<'_> {
    /// Finds values in a view and in every text decoded from it.
    fn within(&self, view: &View<'_>, depth: usize, found: &mut Vec<Span>) {
        let bytes = view.bytes();
        for (start, byte) in bytes.iter().enumerate() {
            if self.first[usize::from(*byte)]
                && let Some(length) = self.at(bytes, start)
            {
                found.push(view.span(start..start + length));
            }
        }
        if depth > 0 {
            view.decoded(&mut |inner| self.within(inner, depth - 1, found));
        }
    }

    /// The length of the longest value at `start`.
    fn at(&self, bytes: &[u8], start: usize) -> Option<usize> {
        let values = &self.secrets.values;
        let rest = &bytes[start..];
        let after = values.partition_point(|secret| secret.value.as_bytes() <= rest);
        let mut candidate = after.checked_sub(1);
        while let Some(index) = candidate {
            let secret = &values[index];
            if rest.starts_with(secret.value.as_bytes()) && self.counts(secret, bytes, start) {
                return Some(secret.value.len());
            }
            candidate = secret.within;
        }
        None
    }

    /// Whether a match counts: a value that resembles a word must be a whole word.
    fn counts(&self, secret: &Secret, bytes: &[u8], start: usize) -> bool {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
        let before = start.checked_sub(1).and_then(|at| bytes.get(at));
        let after = bytes.get(start + secret.value.len());
        secret.distinctive
            || !self.distinctive && !before.is_some_and(is_word) && !after.is_some_and(is_word)
    }
}

/// The text with a mask in place of each span.
fn without(text: &str, mut found: Vec<Span>) -> String {
    found.sort_by_key(|span| (span.start, span.end));
    let mut masked = String::with_capacity(text.len());
    let mut end = 0;
    for span in found {
        let start = text.floor_char_boundary(span.start);
        if start >= end {
            masked.push_str(&text[end..start]);
            masked.push_str(MASK);
        }
        end = end.max(text.ceil_char_boundary(span.end));
    }
    masked.push_str(&text[end..]);
    masked
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secrets", self.values.len())
    }
}
