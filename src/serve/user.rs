//! Who claims: what a request says of it.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded;

use super::problem::Problem;

/// The highest number that a request may name. Users without a number get those above it, so the two never meet.
pub(super) const HIGHEST: u64 = 1_000_000_000;

#[derive(Deserialize)]
struct Claim {
    user: u64,
}

/// The user that a query or a body names; `None` where neither says anything.
pub(super) fn named(query: Option<&str>, body: &[u8]) -> Result<Option<u64>, Problem> {
    let in_query = query.map(from_query).transpose()?.flatten();
    match (in_query, body) {
        (user, []) => Ok(user),
        (None, body) => from_body(body).map(Some),
        (Some(_), _) => Err(Problem::bad(
            "there is a user in the query and a body: send one of the two",
        )),
    }
}

fn from_query(query: &str) -> Result<Option<u64>, Problem> {
    let mut users =
        form_urlencoded::parse(query.as_bytes()).filter_map(|(key, value)| match &*key {
            "user" => Some(value),
            _ => None,
        });
    match (users.next(), users.next()) {
        (None, _) => Ok(None),
        (Some(text), None) => number(&text).map(Some),
        (Some(_), Some(_)) => Err(Problem::bad(
            "there are several users in the query: name one, as in /claim?user=17",
        )),
    }
}

fn number(text: &str) -> Result<u64, Problem> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(not_whole(&format!("{:?}", shortened(text))));
    }
    // Only digits: what does not fit is too large.
    within(text.parse().unwrap_or(u64::MAX))
}

fn from_body(body: &[u8]) -> Result<u64, Problem> {
    match serde_json::from_slice(body) {
        // A list of the members would do for serde as well.
        Ok(Claim { user }) if body.trim_ascii_start().starts_with(b"{") => within(user),
        _ => Err(diagnosed(body)),
    }
}

/// Why a body names no user.
fn diagnosed(body: &[u8]) -> Problem {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => {
            return Problem::bad(format!(
                "the body is no JSON ({error}): send {{\"user\": 17}}"
            ));
        }
    };
    match value.get("user") {
        Some(Value::Number(large)) if is_large(&large.to_string()) => too_large(),
        Some(user) => not_whole(&shortened(&user.to_string())),
        None => Problem::bad(
            "the body names no user: send {\"user\": 17}, or no body at all for a new user each time",
        ),
    }
}

/// A whole number beyond 64 bits, as JSON readers give it back.
fn is_large(number: &str) -> bool {
    number.parse::<f64>().is_ok_and(|number| number >= 1e18)
}

fn within(user: u64) -> Result<u64, Problem> {
    match user {
        0 => Err(Problem::bad("user is 0: users are numbered from 1")),
        1..=HIGHEST => Ok(user),
        _ => Err(too_large()),
    }
}

fn too_large() -> Problem {
    Problem::bad(format!(
        "user is too large: it is a number from 1 to {HIGHEST}"
    ))
}

fn not_whole(said: &str) -> Problem {
    Problem::bad(format!(
        "user is {said}: it is a whole number from 1 to {HIGHEST}"
    ))
}

fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn said(query: Option<&str>, body: &str) -> Result<Option<u64>, String> {
        named(query, body.as_bytes()).map_err(|problem| {
            let problem = serde_json::to_value(problem).unwrap();
            problem["detail"].as_str().unwrap().to_owned()
        })
    }

    #[test]
    fn a_user_is_in_the_query_or_in_the_body_or_nowhere() {
        assert_eq!(said(None, ""), Ok(None));
        assert_eq!(said(Some(""), ""), Ok(None));
        assert_eq!(said(Some("attempt=2"), ""), Ok(None));
        assert_eq!(said(Some("attempt=2&user=17"), ""), Ok(Some(17)));
        assert_eq!(said(None, r#" {"user": 17, "more": [1]} "#), Ok(Some(17)));
        assert_eq!(
            said(Some("a=b"), r#"{"user":1000000000}"#),
            Ok(Some(HIGHEST))
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_do() {
        for (query, body, words) in [
            (None, "user=17", "no JSON"),
            (None, "{\"user\": ", "no JSON"),
            (None, "\u{0}", "no JSON"),
            (None, "[17]", "names no user"),
            (None, "17", "names no user"),
            (None, "{}", "names no user"),
            (None, r#"{"usr": 17}"#, "names no user"),
            (
                None,
                r#"{"user": "17"}"#,
                "user is \"17\": it is a whole number",
            ),
            (
                None,
                r#"{"user": 17.5}"#,
                "user is 17.5: it is a whole number",
            ),
            (None, r#"{"user": -1}"#, "user is -1: it is a whole number"),
            (
                None,
                r#"{"user": null}"#,
                "user is null: it is a whole number",
            ),
            (None, r#"{"user": 0}"#, "numbered from 1"),
            (None, r#"{"user": 1000000001}"#, "too large"),
            (None, r#"{"user": 99999999999999999999999}"#, "too large"),
            (Some("user="), "", "user is \"\": it is a whole number"),
            (Some("user=+1"), "", "user is \" 1\": it is a whole number"),
            (Some("user=0"), "", "numbered from 1"),
            (Some("user=99999999999999999999999"), "", "too large"),
            (Some("user=1&user=2"), "", "several users"),
            (Some("user=1"), r#"{"user": 1}"#, "send one of the two"),
        ] {
            let problem = said(query, body).unwrap_err();
            assert!(problem.contains(words), "{query:?} {body}: {problem}");
        }
    }

    #[test]
    fn a_long_text_is_not_repeated_whole() {
        let long = format!("user={}", "x".repeat(3_000));
        assert!(said(Some(&long), "").unwrap_err().len() < 200);
    }
}
