//! The trace context in a comment of an SQL text: `/*traceparent='00-…-…-01'*/`.

use percent_encoding::percent_decode_str;

use crate::gate::event::Content;

/// The lengths of the fields of a `traceparent`: version, trace, span, flags.
const FIELDS: [usize; 4] = [2, 32, 16, 2];

/// The value of the first `traceparent` in a comment of the SQL texts, in the form of `sqlcommenter`. The value is decoded.
pub fn traceparent(content: &Content) -> Option<String> {
    let Content::Sql(statements) = content else {
        return None;
    };
    statements
        .iter()
        .find_map(|statement| in_text(&statement.text))
}

fn in_text(text: &str) -> Option<String> {
    let comments = ["/*", "--"];
    let first = comments.iter().filter_map(|begin| text.find(begin)).min()?;
    let (_, after) = text[first..].split_once("traceparent")?;
    let value = after.trim_start().strip_prefix(['=', ':'])?.trim_start();
    let of_value = |c: char| c.is_ascii_hexdigit() || c == '-' || c == '%';
    let value = value.trim_start_matches(['\'', '"', '\\']);
    let end = value.find(|c| !of_value(c)).unwrap_or(value.len());
    let value = percent_decode_str(&value[..end]).decode_utf8().ok()?;
    is_traceparent(&value).then(|| value.into_owned())
}

fn is_traceparent(value: &str) -> bool {
    let hexadecimal = |field: &str| field.bytes().all(|byte| byte.is_ascii_hexdigit());
    let fields: Vec<_> = value.split('-').collect();
    fields.len() == FIELDS.len()
        && fields
            .iter()
            .zip(FIELDS)
            .all(|(field, length)| field.len() == length && hexadecimal(field))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::event::SqlStatement;

    fn of(text: &str) -> Option<String> {
        traceparent(&Content::Sql(vec![SqlStatement {
            text: text.to_owned(),
            parameters: Vec::new(),
        }]))
    }

    #[test]
    fn a_comment_tells_the_trace_context() {
        const VALUE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let encoded = VALUE.replace('-', "%2D");
        for text in [
            format!("SELECT 1 /*traceparent='{VALUE}'*/"),
            format!("SELECT 1 /*action='x',traceparent='{encoded}',tracestate='y'*/"),
            format!("/*traceparent='{VALUE}'*/ SELECT 1"),
            format!("SELECT 1 -- traceparent={VALUE}"),
            format!("SELECT 1 /* traceparent:{VALUE} */"),
        ] {
            assert_eq!(of(&text).as_deref(), Some(VALUE), "{text}");
        }
        for text in [
            "SELECT 1",
            "SELECT 'traceparent'",
            "SELECT 1 /*traceparent='00-4bf9-01'*/",
            "SELECT 1 /*traceparent",
            "SELECT 1 /*traceparent='é'*/",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
