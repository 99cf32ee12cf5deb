//! The signs in a response that its list is one page of several. If such a list were taken for the whole list, every coupon of the
//! other pages would be reported as lost.

use http::HeaderMap;
use serde_json::{Map, Value};

use crate::service::json_number;

/// Objects beside or around a list that describe its pages, such as `page` or `_links`. In lower case, without punctuation.
const ABOUT_PAGES: [&str; 10] = [
    "page",
    "pageinfo",
    "pagination",
    "paging",
    "paged",
    "meta",
    "metadata",
    "links",
    "cursors",
    "info",
];

/// Keys that are true if another page follows.
const MORE: [&str; 9] = [
    "hasnext",
    "hasmore",
    "hasnextpage",
    "hasmoreitems",
    "more",
    "moreavailable",
    "truncated",
    "istruncated",
    "incompleteresults",
];

/// Keys that are false if another page follows.
const LAST: [&str; 4] = ["last", "islast", "lastpage", "islastpage"];

/// Keys that have a value if another page follows.
const NEXT: [&str; 14] = [
    "next",
    "nextpage",
    "nextcursor",
    "nexttoken",
    "nextpagetoken",
    "nexturl",
    "nexturi",
    "nextlink",
    "odatanextlink",
    "nextoffset",
    "nextmarker",
    "nextkey",
    "continuationtoken",
    "lastevaluatedkey",
];

/// Keys with the number of items on all pages.
const TOTAL: [&str; 9] = [
    "total",
    "totalelements",
    "totalcount",
    "totalitems",
    "totalresults",
    "totalrecords",
    "totalrows",
    "totalhits",
    "count",
];

/// Keys with the number of pages.
const PAGES: [&str; 3] = ["totalpages", "pagecount", "pages"];

/// Keys that are true if a page comes before this one.
const BEFORE: [&str; 3] = ["hasprevious", "hasprev", "haspreviouspage"];

/// The maximum depth of nested objects about pages, as in `meta.pagination.links`.
const DEPTH: u8 = 3;

/// The signs in a response, each with the text of the response.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct PageSigns {
    /// Another page follows.
    pub more: Option<String>,
    /// No page follows.
    pub ended: bool,
    /// The number of items on all pages. The largest number, if there are several.
    pub total: Option<(i128, String)>,
    /// A page comes before this one.
    pub before: Option<String>,
}

/// Reads the signs in a response whose list is at the JSON pointer `pointer`.
pub fn signs(headers: &HeaderMap, body: &Value, pointer: &str) -> PageSigns {
    let mut signs = PageSigns::default();
    signs.read_headers(headers);
    let mut around = Some(body);
    let mut path = pointer.split('/').skip(1).peekable();
    while let (Some(Value::Object(object)), Some(step)) = (around, path.next()) {
        signs.read_object(object, DEPTH);
        around = object.get(&step.replace("~1", "/").replace("~0", "~"));
    }
    signs
}

impl PageSigns {
    /// The sign that a list of `read` items is not the whole list.
    pub fn more_than(&self, read: usize) -> Option<&str> {
        let total = self.total.as_ref();
        let total = total.filter(|(total, _)| *total > read as i128);
        self.more
            .as_deref()
            .or_else(|| total.map(|(_, said)| said.as_str()))
    }

    fn read_headers(&mut self, headers: &HeaderMap) {
        if let Some(link) = next_link(headers) {
            self.more = Some(format!("Link: <{link}>; rel=\"next\""));
        }
        let text = |name: &'static str| {
            let value = headers.get(name)?.to_str().ok()?.trim();
            (!value.is_empty()).then_some((name, value))
        };
        if let Some((name, value)) = text("x-next-page") {
            self.more.get_or_insert(format!("{name}: {value}"));
        }
        let totals = ["x-total-count", "x-total", "total-count"];
        for (name, value) in totals.into_iter().filter_map(text) {
            self.add_total(json_number::integer(value), || format!("{name}: {value}"));
        }
        // items 0-24/319
        if let Some((name, value)) = text("content-range") {
            let total = value.rsplit('/').next().and_then(json_number::integer);
            self.add_total(total, || format!("{name}: {value}"));
        }
    }

    fn read_object(&mut self, object: &Map<String, Value>, depth: u8) {
        for (key, value) in object {
            let plain: String = key
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .map(|c| c.to_ascii_lowercase())
                .collect();
            let is = |names: &[&str]| names.contains(&plain.as_str());
            let said = || format!("{}: {value}", Value::from(key.as_str()));
            match value {
                Value::Object(inner) if is(&ABOUT_PAGES) && depth > 0 => {
                    self.read_object(inner, depth - 1);
                }
                Value::Bool(true) if is(&MORE) => self.more = Some(said()),
                Value::Bool(false) if is(&LAST) => self.more = Some(said()),
                Value::Bool(false) if is(&MORE) => self.ended = true,
                Value::Bool(true) if is(&LAST) => self.ended = true,
                Value::Bool(true) if is(&BEFORE) => self.before = Some(said()),
                Value::Bool(false) if plain == "first" => self.before = Some(said()),
                Value::Number(total) if is(&TOTAL) => {
                    self.add_total(json_number::integer(&total.to_string()), said);
                }
                Value::Number(pages) if is(&PAGES) => {
                    let several = json_number::integer(&pages.to_string()).is_some_and(|it| it > 1);
                    if several {
                        self.more.get_or_insert_with(said);
                    }
                }
                value if is(&NEXT) && is_something(value) => {
                    self.more.get_or_insert_with(said);
                }
                _ => {}
            }
        }
    }

    fn add_total(&mut self, total: Option<i128>, said: impl FnOnce() -> String) {
        let known = self.total.as_ref().map_or(i128::MIN, |(total, _)| *total);
        if let Some(total) = total.filter(|total| *total > known) {
            self.total = Some((total, said()));
        }
    }
}

/// Whether a value names a next page.
pub fn is_something(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => json_number::integer(&number.to_string()) != Some(0),
        Value::Array(items) => !items.is_empty(),
        Value::Object(object) => !object.is_empty(),
    }
}

/// The target of `Link: <…>; rel="next"`.
pub fn next_link(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(http::header::LINK).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    values.flat_map(links).find_map(|(target, parameters)| {
        let is_next = |parameter: &str| {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            let mut kinds = value.trim().trim_matches('"').split_ascii_whitespace();
            name.trim().eq_ignore_ascii_case("rel")
                && kinds.any(|it| it.eq_ignore_ascii_case("next"))
        };
        parameters
            .split(';')
            .any(is_next)
            .then(|| target.to_owned())
    })
}

/// The links of one header: each target with its parameters. A target may contain a comma.
fn links(header: &str) -> impl Iterator<Item = (&str, &str)> {
    header.split('<').skip(1).filter_map(|link| {
        let (target, rest) = link.split_once('>')?;
        Some((target.trim(), rest.trim().trim_end_matches(',')))
    })
}

#[cfg(test)]
mod tests;
