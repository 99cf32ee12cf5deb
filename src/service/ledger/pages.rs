//! How the pages of a list follow one another, and when there is none left. Pure.

use std::collections::HashSet;

use http::{HeaderMap, Uri};
use serde_json::Value;

use super::more::{self, Signs};
use crate::service::check;

/// How much of a list an answer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pages {
    /// How the pages follow one another; `None` where the first answer is all.
    pub order: Option<Order>,
    /// Which of the event's values stands for a page in the request; `None` where a page has a path of its own.
    pub slot: Option<usize>,
    /// The most pages that are read.
    pub most: u32,
    /// The list is complete whatever else the answer says: its `total` counts something else.
    pub whole: bool,
}

/// How pages follow one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// By number, from this one.
    Page(u64),
    /// By the number of items before them, from this one.
    Offset(u64),
    /// By what this JSON pointer points to in the page before.
    Cursor(String),
    /// By the header `Link: <…>; rel="next"` of the page before.
    Link,
}

impl Order {
    /// The placeholder that stands for a page in the request.
    pub fn placeholder(&self) -> Option<&'static str> {
        match self {
            Self::Page(_) => Some("page"),
            Self::Offset(_) => Some("offset"),
            Self::Cursor(_) => Some("cursor"),
            Self::Link => None,
        }
    }
}

/// Where a page is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// The value of the placeholder.
    Value(String),
    /// A path with its query, in place of the request's own.
    Path(String),
}

impl Place {
    /// Of a request that has no pages.
    pub const FIRST: Self = Self::Value(String::new());
}

/// One answer.
pub struct Page<'a> {
    /// Of the answer.
    pub headers: &'a HeaderMap,
    /// Of the answer.
    pub body: &'a Value,
    /// Its list.
    pub items: &'a [Value],
    /// Where it was.
    pub path: &'a Uri,
    /// What it says of the pages around it.
    pub signs: &'a Signs,
}

/// Follows the pages from the first one.
pub struct Walk<'a> {
    order: &'a Order,
    place: Place,
    read: u32,
    items: usize,
    places: HashSet<Place>,
    contents: HashSet<String>,
}

impl<'a> Walk<'a> {
    pub fn new(order: &'a Order) -> Self {
        let place = Place::Value(match order {
            Order::Page(first) | Order::Offset(first) => first.to_string(),
            Order::Cursor(_) | Order::Link => String::new(),
        });
        Self {
            order,
            places: HashSet::from([place.clone()]),
            place,
            read: 0,
            items: 0,
            contents: HashSet::new(),
        }
    }

    /// Where the next page is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Takes a page; whether another one follows. Pages that go round in a circle are an error.
    pub fn take(&mut self, page: &Page<'_>) -> Result<bool, String> {
        self.read += 1;
        self.items += page.items.len();
        if let (1, Some(said)) = (self.read, &page.signs.before) {
            return Err(format!(
                "the first page that was read is not the first: it says {said}: begin before it, as in pages = {{ page = 0 }}"
            ));
        }
        let content = Value::from(page.items).to_string();
        if !page.items.is_empty() && !self.contents.insert(content) {
            return Err(format!(
                "page {} has the same items as a page before it, so the pages would never end: is {} what the service goes by?",
                self.read,
                self.order.placeholder().map_or_else(
                    || "the Link header".to_owned(),
                    |name| format!("{{{{{name}}}}}")
                )
            ));
        }
        let Some(next) = self.after(page)? else {
            return Ok(false);
        };
        if !self.places.insert(next.clone()) {
            return Err(format!(
                "page {} leads back to a page before it, so the pages would never end",
                self.read
            ));
        }
        self.place = next;
        Ok(true)
    }

    fn after(&self, page: &Page<'_>) -> Result<Option<Place>, String> {
        if page.signs.ended {
            return Ok(None);
        }
        let next = match self.order {
            Order::Page(_) | Order::Offset(_) if page.items.is_empty() => None,
            Order::Page(first) => Some(first.saturating_add(self.read.into()).to_string()),
            Order::Offset(first) => Some(first.saturating_add(self.items as u64).to_string()),
            Order::Cursor(pointer) => cursor(page.body, pointer)?,
            Order::Link => return link(page),
        };
        Ok(next.map(Place::Value))
    }

    /// How many pages were read.
    pub fn read(&self) -> u32 {
        self.read
    }
}

/// What is at the pointer, if it leads on.
fn cursor(body: &Value, pointer: &str) -> Result<Option<String>, String> {
    match body.pointer(pointer) {
        None | Some(Value::Null | Value::Bool(false)) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(value @ (Value::String(_) | Value::Number(_))) => Ok(Some(check::text(value))),
        Some(other) => Err(format!("{other} at \"{pointer}\" is no cursor")),
    }
}

/// Its path and query alone: whatever it calls the host, load goes to the service of the file.
fn link(page: &Page<'_>) -> Result<Option<Place>, String> {
    let Some(link) = more::next_link(page.headers) else {
        return Ok(None);
    };
    let here = url::Url::parse("http://service").and_then(|base| base.join(&page.path.to_string()));
    let next = here.and_then(|here| here.join(&link));
    let next = next.map_err(|error| format!("the Link header names no page: {error}"))?;
    let query = next
        .query()
        .map_or(String::new(), |query| format!("?{query}"));
    Ok(Some(Place::Path(format!("{}{query}", next.path()))))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::*;

    /// Where a service that answers like this is asked, up to the end.
    fn places(order: &Order, answers: &[(&str, Value)]) -> Result<Vec<Place>, String> {
        let mut walk = Walk::new(order);
        let mut places = vec![walk.place().clone()];
        for (link, body) in answers {
            let mut headers = HeaderMap::new();
            if !link.is_empty() {
                headers.insert(http::header::LINK, link.parse().unwrap());
            }
            let signs = more::signs(&headers, body, "/items");
            let page = Page {
                headers: &headers,
                body,
                items: body["items"].as_array().unwrap(),
                path: &Uri::from_static("/api/coupons?size=2"),
                signs: &signs,
            };
            if !walk.take(&page)? {
                return Ok(places);
            }
            places.push(walk.place().clone());
        }
        Ok(places)
    }

    fn values(all: &[&str]) -> Vec<Place> {
        all.iter()
            .map(|it| Place::Value((*it).to_owned()))
            .collect()
    }

    #[test]
    fn pages_are_read_up_to_their_end() {
        let plain = [
            ("", json!({"items": [1, 2]})),
            ("", json!({"items": [3]})),
            ("", json!({"items": []})),
        ];
        assert_eq!(
            places(&Order::Page(0), &plain),
            Ok(values(&["0", "1", "2"]))
        );
        assert_eq!(
            places(&Order::Page(1), &plain),
            Ok(values(&["1", "2", "3"]))
        );
        assert_eq!(
            places(&Order::Offset(0), &plain),
            Ok(values(&["0", "2", "3"]))
        );
        // The service says itself which is the last.
        let last = [
            ("", json!({"items": [1], "last": false})),
            ("", json!({"items": [2], "last": true})),
        ];
        assert_eq!(places(&Order::Page(0), &last), Ok(values(&["0", "1"])));
        let cursors = [
            ("", json!({"items": [1], "next": "a/b"})),
            ("", json!({"items": [], "next": 7})),
            ("", json!({"items": [2], "next": null})),
        ];
        let order = Order::Cursor("/next".to_owned());
        assert_eq!(places(&order, &cursors), Ok(values(&["", "a/b", "7"])));
        let links = [
            ("<?page=2>; rel=next", json!({"items": [1]})),
            (
                "<http://inside:99/api/coupons?page=3>; rel=\"next\"",
                json!({"items": [2]}),
            ),
            ("<x>; rel=\"prev\"", json!({"items": [3]})),
        ];
        let followed = places(&Order::Link, &links).unwrap();
        let expected = ["/api/coupons?page=2", "/api/coupons?page=3"];
        assert_eq!(followed[1..], expected.map(|it| Place::Path(it.to_owned())));
    }

    #[test]
    fn pages_that_go_round_are_an_error() {
        let same = [
            ("", json!({"items": [1, 2]})),
            ("", json!({"items": [1, 2]})),
        ];
        let error = places(&Order::Page(0), &same).unwrap_err();
        assert_eq!(
            error,
            "page 2 has the same items as a page before it, so the pages would never end: is {{page}} what the service goes by?"
        );
        let round = [
            ("", json!({"items": [1], "next": "a"})),
            ("", json!({"items": [2], "next": "a"})),
        ];
        let error = places(&Order::Cursor("/next".to_owned()), &round).unwrap_err();
        assert!(error.starts_with("page 2 leads back"), "{error}");
        let second = [("", json!({"items": [1], "first": false}))];
        let error = places(&Order::Page(1), &second).unwrap_err();
        assert!(
            error.contains("is not the first: it says \"first\": false"),
            "{error}"
        );
    }
}
