//! The user of a claim, from the query or the body of the request.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded;

use super::problem::Problem;

/// The highest user number in a request. Requests without a user get higher numbers, so the two kinds never collide.
pub(super) const HIGHEST: u64 = 1_000_000_000;

#[derive(Deserialize)]
struct ClaimBody {
    user: u64,
}

/// The user in the query or the body. `None` if there is none.
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
    // The text has only digits, so an error means that the number is too large.
    within(text.parse().unwrap_or(u64::MAX))
}

fn from_body(body: &[u8]) -> Result<u64, Problem> {
    match serde_json::from_slice(body) {
        // serde would also accept a list of the fields.
        Ok(ClaimBody { user }) if body.trim_ascii_start().starts_with(b"{") => within(user),
        _ => Err(diagnosed(body)),
    }
}

/// Why a body has no valid user.
fn diagnosed(body: &[u8]) -> Problem {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => {
            return Problem::bad(format!(
                "the body is not JSON ({error}): send {{\"user\": 17}}"
            ));
        }
    };
    match value.get("user") {
        Some(Value::Number(large)) if is_large(&large.to_string()) => too_large(),
        Some(user) => not_whole(&shortened(&user.to_string())),
        None => Problem::bad(
            "the body has no user: send {\"user\": 17}, or no body for a new user each time",
        ),
    }
}

/// Whether a number is a whole number of more than 64 bits, as JSON parsers return it.
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
        "user is too large: it has to be a number from 1 to {HIGHEST}"
    ))
}

fn not_whole(text: &str) -> Problem {
    Problem::bad(format!(
        "user is {text}: it has to be a whole number from 1 to {HIGHEST}"
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

    fn parsed(query: Option<&str>, body: &str) -> Result<Option<u64>, String> {
        named(query, body.as_bytes()).map_err(|problem| {
            let problem = serde_json::to_value(problem).unwrap();
            problem["detail"].as_str().unwrap().to_owned()
        })
    }

    #[test]
    fn a_user_is_in_the_query_or_the_body_or_missing() {
        assert_eq!(parsed(None, ""), Ok(None));
        assert_eq!(parsed(Some(""), ""), Ok(None));
        assert_eq!(parsed(Some("attempt=2"), ""), Ok(None));
        assert_eq!(parsed(Some("attempt=2&user=17"), ""), Ok(Some(17)));
        assert_eq!(parsed(None, r#" {"user": 17, "more": [1]} "#), Ok(Some(17)));
        assert_eq!(
            parsed(Some("a=b"), r#"{"user":1000000000}"#),
            Ok(Some(HIGHEST))
        );
    }

    #[test]
    fn a_mistake_is_reported_with_a_correction() {
        for (query, body, words) in [
            (None, "user=17", "not JSON"),
            (None, "{\"user\": ", "not JSON"),
            (None, "\u{0}", "not JSON"),
            (None, "[17]", "has no user"),
            (None, "17", "has no user"),
            (None, "{}", "has no user"),
            (None, r#"{"usr": 17}"#, "has no user"),
            (
                None,
                r#"{"user": "17"}"#,
                "user is \"17\": it has to be a whole number",
            ),
            (
                None,
                r#"{"user": 17.5}"#,
                "user is 17.5: it has to be a whole number",
            ),
            (
                None,
                r#"{"user": -1}"#,
                "user is -1: it has to be a whole number",
            ),
            (
                None,
                r#"{"user": null}"#,
                "user is null: it has to be a whole number",
            ),
            (None, r#"{"user": 0}"#, "numbered from 1"),
            (None, r#"{"user": 1000000001}"#, "too large"),
            (None, r#"{"user": 99999999999999999999999}"#, "too large"),
            (
                Some("user="),
                "",
                "user is \"\": it has to be a whole number",
            ),
            (
                Some("user=+1"),
                "",
                "user is \" 1\": it has to be a whole number",
            ),
            (Some("user=0"), "", "numbered from 1"),
            (Some("user=99999999999999999999999"), "", "too large"),
            (Some("user=1&user=2"), "", "several users"),
            (Some("user=1"), r#"{"user": 1}"#, "send one of the two"),
        ] {
            let problem = parsed(query, body).unwrap_err();
            assert!(problem.contains(words), "{query:?} {body}: {problem}");
        }
    }

    #[test]
    fn a_long_text_is_shortened() {
        let long = format!("user={}", "x".repeat(3_000));
        assert!(parsed(Some(&long), "").unwrap_err().len() < 200);
    }
}
