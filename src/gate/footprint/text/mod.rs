//! A statement as one line: for a diagram, and for a comparison with other statements.
//!
//! The functions never fail: a text that is no SQL is shown as it is.
//!
//! # Layout
//!
//! - `lexer`: the pieces of an SQL text
//! - `sql`, `redis`: the two lines

mod lexer;
mod redis;
mod sql;

use crate::gate::event::Content;

/// The most characters of a line in a diagram.
const LONGEST: usize = 120;

/// The statement with `?` for every value: `SELECT count(*) FROM coupon WHERE user_id = ?`, `SET lock ? NX PX ?`.
///
/// Two statements with the same shape come from the same place of a service. A list of values is one `?`.
pub fn shape(content: &Content) -> String {
    match content {
        Content::Sql(statements) => join(statements.iter().map(|one| sql::shape(&one.text))),
        Content::Redis(commands) => join(commands.iter().map(|one| redis::shape(one))),
    }
}

/// The statement for a diagram, in one line of at most 120 characters: with the values of parameters, and without comments, quotes of
/// names, long lists of columns and a `BEGIN` in front.
pub fn shown(content: &Content) -> String {
    let text = match content {
        Content::Sql(statements) => {
            let of_one = |one| sql::shown(one);
            sql::without_preparation(statements.iter().flat_map(of_one).collect())
        }
        Content::Redis(commands) => join(commands.iter().map(|one| redis::shown(one))),
    };
    shortened(&text, LONGEST)
}

fn join(texts: impl Iterator<Item = String>) -> String {
    let texts: Vec<_> = texts.filter(|text| !text.is_empty()).collect();
    texts.join("; ")
}

/// The first characters of the text, and an ellipsis if there are more.
fn shortened(text: &str, longest: usize) -> String {
    if text.chars().nth(longest).is_none() {
        return text.to_owned();
    }
    let kept: String = text.chars().take(longest.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests;
