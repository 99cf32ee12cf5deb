//! The names whose values are secrets, and the search for such names in a text.
//!
//! A text may be an invalid URL, or a sentence that contains a URL. In doubt, too much is masked rather than too little.

use std::{ops::Range, sync::LazyLock};

use regex::{Captures, Regex};
use url::Url;

use super::MASK;

/// A name that contains one of these words is the name of a secret: `sasl.password`, `X-Auth-Token`.
const STRONG: [&str; 10] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
];

/// A name that equals one of these words is the name of a secret.
const WHOLE: [&str; 9] = [
    "pass",
    "pwd",
    "pw",
    "key",
    "auth",
    "authorization",
    "sig",
    "signature",
    "jwt",
];

/// A header whose name contains one of these words holds a secret.
const HEADERS: [&str; 3] = ["authorization", "cookie", "auth"];

/// The letters and digits of a name in lower case: `sasl.password`, `SASL_PASSWORD` and `saslPassword` become the same name.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

fn is_strong(plain: &str) -> bool {
    STRONG.iter().any(|part| plain.contains(part))
}

/// Whether the value of this name in a query, a form, a JSON object or a list of settings is a secret.
pub fn is_secret_name(name: &str) -> bool {
    let name = plain(name);
    is_strong(&name) || WHOLE.contains(&&*name)
}

/// Whether a header with this name holds a secret.
pub fn is_secret_header(name: &str) -> bool {
    let name = plain(name);
    is_strong(&name) || name == "key" || HEADERS.iter().any(|part| name.contains(part))
}

/// A typed value without its secrets. The whole value may be one URL.
pub fn value(typed: &str) -> String {
    let typed = parameters(typed);
    // The text before "://" is shown only if it cannot contain a name and a password.
    let scheme = typed.split("://").next().unwrap_or_default();
    let is_scheme = !scheme.contains([':', '@']);
    let authority = if is_scheme && scheme.len() < typed.len() {
        scheme.len() + 3
    } else {
        0
    };
    match typed.rfind('@') {
        Some(at) if at >= authority => format!("{}{MASK}{}", &typed[..authority], &typed[at..]),
        // The value is no URL, and the text before the '@' may contain a name and a password.
        Some(at) => format!("{MASK}{}", &typed[at..]),
        None if authority > 0 => without_port(&typed, authority),
        None => typed,
    }
}

/// The secrets in a typed value, which may be an invalid URL: the text between the first colon of the user and the last `@`, and the
/// values of parameters with a secret name.
pub fn secrets_in(typed: &str) -> Vec<&str> {
    let mut secrets = Vec::new();
    if let Some((before, _)) = typed.rsplit_once('@') {
        let user = before.split_once("://").map_or(before, |(_, user)| user);
        secrets.push(user.split_once(':').map_or(user, |(_, password)| password));
    }
    let mut done = 0;
    while let Some(value) = next_parameter(typed, done) {
        secrets.push(typed[value.clone()].trim_matches(['"', '\'']));
        done = value.end;
    }
    secrets
}

/// A message of a service or a library, without the secrets that its names show.
pub fn text(message: &str) -> String {
    let mut shown = message.to_owned();
    // Most errors have none of these characters, and an error can occur a million times.
    if shown.contains('=') {
        shown = parameters(&shown);
    }
    if shown.contains('"') {
        shown = fields(&shown);
    }
    if shown.contains([':', '=']) {
        shown = headers(&shown);
    }
    if shown.contains("://") {
        shown = users(&shown);
    }
    shown
}

/// Masks the password, or a token without a user, before the host of every URL.
fn users(text: &str) -> String {
    static USER: Pattern = LazyLock::new(|| {
        Regex::new(r#"(?i)([a-z][a-z0-9+.-]*://)([^\s/?#"'<>@:]*)(?::([^\s"'<>]*))?@"#).ok()
    });
    replaced(&USER, text, |found| {
        let (scheme, name) = (&found[1], &found[2]);
        match found.get(3).map(|password| password.as_str()) {
            // A host and its port, followed by a path with an '@'.
            Some(rest) if is_port(rest) => found[0].to_owned(),
            Some(_) => format!("{scheme}{name}:{MASK}@"),
            None if name.is_empty() || shows_user(scheme.trim_end_matches("://")) => {
                found[0].to_owned()
            }
            None => format!("{scheme}{MASK}@"),
        }
    })
}

fn is_port(rest: &str) -> bool {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    (1..=5).contains(&digits) && rest[digits..].starts_with('/')
}

/// Whether a name without a password is a user in this scheme. In other schemes it may be a token.
fn shows_user(scheme: &str) -> bool {
    matches!(scheme, "postgres" | "postgresql" | "mysql" | "mariadb")
}

/// A valid URL without its secrets. A user without a password is shown, except in a scheme in which it may be a token.
pub fn url(url: &Url) -> String {
    let mut shown = url.clone();
    // These calls fail only for a URL that cannot have a user.
    if shown.password().is_some() {
        let _ = shown.set_password(Some(MASK));
    } else if !shown.username().is_empty() && !shows_user(url.scheme()) {
        let _ = shown.set_username(MASK);
    }
    if url.query_pairs().any(|(name, _)| is_secret_name(&name)) {
        let pairs = url.query_pairs().map(|(name, value)| {
            let is_secret = is_secret_name(&name);
            let value = if is_secret { MASK.into() } else { value };
            (name, value)
        });
        shown.query_pairs_mut().clear().extend_pairs(pairs);
    }
    shown.into()
}

/// Masks the values of parameters with a secret name. A parameter begins at the start, or after one of `?&,;` or white space.
fn parameters(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut done = 0;
    while let Some(value) = next_parameter(text, done) {
        shown.push_str(&text[done..value.start]);
        shown.push_str(match &text[value.clone()] {
            kept if kept.is_empty() || is_placeholder(kept) => kept,
            _ => MASK,
        });
        done = value.end;
    }
    shown.push_str(&text[done..]);
    shown
}

/// Whether a value is a placeholder such as `{{users.token}}`, which is no secret itself.
fn is_placeholder(value: &str) -> bool {
    let inner = value
        .strip_prefix("{{")
        .and_then(|rest| rest.strip_suffix("}}"));
    inner.is_some_and(|inner| !inner.contains(['{', '}']))
}

/// The value of the next parameter with a secret name, from `from` on.
fn next_parameter(text: &str, from: usize) -> Option<Range<usize>> {
    let mut searched = from;
    while let Some(equals) = text[searched..].find('=').map(|at| searched + at) {
        searched = equals + 1;
        let before = text[from..equals].trim_end_matches(is_of_name);
        let (start, name) = (from + before.len(), &text[from + before.len()..equals]);
        let separator = text[..start].chars().next_back();
        let can_begin = separator.is_none_or(|c| is_separator(c) || "?\"'({[".contains(c));
        if can_begin && is_secret_name(name) {
            return Some(searched..searched + value_length(&text[searched..], separator));
        }
    }
    None
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-".contains(c)
}

fn is_separator(c: char) -> bool {
    "?&,;".contains(c) || c.is_whitespace()
}

/// The length of the value at the start of `rest`. It ends at its closing quote, or at the separator before the next parameter. A
/// separator that no parameter follows may belong to the value.
fn value_length(rest: &str, separator: Option<char>) -> usize {
    if let Some(quote @ ('"' | '\'')) = rest.chars().next()
        && let Some(end) = rest[1..].find(quote)
    {
        return end + 2;
    }
    let ends = |(at, c): (usize, char)| match (c, separator) {
        (c, _) if c.is_whitespace() => true,
        ('&' | ',' | ';', None) | ('&', Some('?' | '&')) | (',' | ';', Some(',' | ';')) => {
            begins_parameter(&rest[at + 1..])
        }
        ('"' | '\'' | ')' | '}', Some('"' | '\'' | '(' | '{')) => true,
        _ => false,
    };
    let end = rest.char_indices().find(|found| ends(*found));
    end.map_or(rest.len(), |(at, _)| at)
}

fn begins_parameter(rest: &str) -> bool {
    let name = rest.trim_start();
    let end = name.find(|c| !is_of_name(c) && c != ' ').unwrap_or(0);
    end > 0 && name[end..].starts_with('=')
}

/// A regular expression of this file; `None` if it is invalid, which a test would find.
type Pattern = LazyLock<Option<Regex>>;

fn replaced(pattern: &Pattern, text: &str, by: impl Fn(&Captures<'_>) -> String) -> String {
    match &**pattern {
        Some(pattern) => pattern
            .replace_all(text, |found: &Captures<'_>| by(found))
            .into_owned(),
        None => text.to_owned(),
    }
}

/// Masks the credentials of headers: `Authorization: Bearer …` keeps its scheme.
fn headers(text: &str) -> String {
    static HEADER: Pattern = LazyLock::new(|| {
        let names = "authorization|proxy-authorization|cookie|set-cookie|x-api-key|x-auth-token";
        let schemes = "basic|bearer|digest|token|negotiate|apikey";
        Regex::new(&format!(
            r#"(?im)\b((?:{names})"?\s*[:=]\s*"?(?:(?:{schemes})\s+)?)[^\r\n"]+"#
        ))
        .ok()
    });
    replaced(&HEADER, text, |found| format!("{}{MASK}", &found[1]))
}

/// Masks the strings of JSON objects under secret names, also in a JSON text within a string.
fn fields(text: &str) -> String {
    static FIELD: Pattern =
        LazyLock::new(|| Regex::new(r#"("([A-Za-z0-9_.-]+)"\s*:\s*")((?:[^"\\]|\\.)*)"#).ok());
    static ESCAPED: Pattern =
        LazyLock::new(|| Regex::new(r#"(\\+"([A-Za-z0-9_.-]+)\\+"\s*:\s*\\+")([^"\\]*)"#).ok());
    let hidden = |found: &Captures<'_>| {
        let is_secret = is_strong(&plain(&found[2])) && !found[3].is_empty();
        let value = if is_secret { MASK } else { &found[3] };
        format!("{}{value}", &found[1])
    };
    replaced(&ESCAPED, &replaced(&FIELD, text, hidden), hidden)
}

/// Masks a port that is no number, as in `postgres://user:secret`, where the host is missing.
fn without_port(value: &str, authority: usize) -> String {
    let end = value[authority..]
        .find('/')
        .map_or(value.len(), |at| authority + at);
    let host = &value[authority..end];
    match host.find(':') {
        Some(colon) if !host.starts_with('[') && !value[authority..].split(',').all(has_port) => {
            format!("{}{MASK}{}", &value[..=authority + colon], &value[end..])
        }
        _ => value.to_owned(),
    }
}

/// Whether an item of a list of servers, with or without a scheme, has a number as its port or has no port.
fn has_port(server: &str) -> bool {
    let server = server.trim();
    let server = server.split_once("://").map_or(server, |(_, rest)| rest);
    let server = server.split('/').next().unwrap_or_default();
    server
        .split_once(':')
        .is_none_or(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
}
