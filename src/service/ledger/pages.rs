//! The order of the pages of a list, and the end of the list. Pure.

use std::collections::HashSet;

use http::{HeaderMap, Uri};
use serde_json::Value;

use super::page_signs::{self, PageSigns};
use crate::service::matcher;

/// How a list is divided into pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pages {
    /// The order of the pages. `None` if the first response is the whole list.
    pub order: Option<Order>,
    /// The index of the event's value that selects a page in the request. `None` if each page has its own path.
    pub slot: Option<usize>,
    /// The maximum number of pages to read.
    pub most: u32,
    /// The list is complete in spite of other signs: for example, its `total` counts something else.
    pub whole: bool,
}

/// The order of pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// By page number, from this number.
    Page(u64),
    /// By the number of items before the page, from this number.
    Offset(u64),
    /// By the value at this JSON pointer in the page before.
    Cursor(String),
    /// By the header `Link: <…>; rel="next"` of the page before.
    Link,
}

impl Order {
    /// The placeholder that selects a page in the request.
    pub fn placeholder(&self) -> Option<&'static str> {
        match self {
            Self::Page(_) => Some("page"),
            Self::Offset(_) => Some("offset"),
            Self::Cursor(_) => Some("cursor"),
            Self::Link => None,
        }
    }
}

/// The place of a page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// The value of the placeholder.
    Value(String),
    /// A path and query that replace those of the request.
    Path(String),
}

impl Place {
    /// The place for a request without pages.
    pub const FIRST: Self = Self::Value(String::new());
}

/// One response.
pub struct Page<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body.
    pub body: &'a Value,
    /// The items of its list.
    pub items: &'a [Value],
    /// The path of its request.
    pub path: &'a Uri,
    /// Its signs of other pages.
    pub signs: &'a PageSigns,
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

    /// The place of the next page.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Adds a page. Returns whether another page follows.
    ///
    /// # Errors
    /// The page is not the first, or repeats an earlier page.
    pub fn take(&mut self, page: &Page<'_>) -> Result<bool, String> {
        self.read += 1;
        self.items += page.items.len();
        if let (1, Some(said)) = (self.read, &page.signs.before) {
            return Err(format!(
                "the first page that was read is not the first: it has {said}: begin earlier, as in pages = {{ page = 0 }}"
            ));
        }
        let content = Value::from(page.items).to_string();
        if !page.items.is_empty() && !self.contents.insert(content) {
            return Err(format!(
                "page {} has the same items as a page before it, so the pages would never end: does the service use {}?",
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

    /// The number of pages that were read.
    pub fn read(&self) -> u32 {
        self.read
    }
}

/// The value at the pointer. `None` if it is the end of the list.
fn cursor(body: &Value, pointer: &str) -> Result<Option<String>, String> {
    match body.pointer(pointer) {
        None | Some(Value::Null | Value::Bool(false)) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(value @ (Value::String(_) | Value::Number(_))) => Ok(Some(matcher::text(value))),
        Some(other) => Err(format!("{other} at \"{pointer}\" is not a cursor")),
    }
}

/// The path and query of the link. Its host is ignored: requests go only to the service of the target file.
fn link(page: &Page<'_>) -> Result<Option<Place>, String> {
    let Some(link) = page_signs::next_link(page.headers) else {
        return Ok(None);
    };
    let here = url::Url::parse("http://service").and_then(|base| base.join(&page.path.to_string()));
    let next = here.and_then(|here| here.join(&link));
    let next = next.map_err(|error| format!("the Link header has an invalid URL: {error}"))?;
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

    /// The places that are read from a service with these responses.
    fn places(order: &Order, answers: &[(&str, Value)]) -> Result<Vec<Place>, String> {
        let mut walk = Walk::new(order);
        let mut places = vec![walk.place().clone()];
        for (link, body) in answers {
            let mut headers = HeaderMap::new();
            if !link.is_empty() {
                headers.insert(http::header::LINK, link.parse().unwrap());
            }
            let signs = page_signs::signs(&headers, body, "/items");
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
        // The service reports which page is the last.
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
    fn pages_that_repeat_are_an_error() {
        let same = [
            ("", json!({"items": [1, 2]})),
            ("", json!({"items": [1, 2]})),
        ];
        let error = places(&Order::Page(0), &same).unwrap_err();
        assert_eq!(
            error,
            "page 2 has the same items as a page before it, so the pages would never end: does the service use {{page}}?"
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
            error.contains("is not the first: it has \"first\": false"),
            "{error}"
        );
    }
}
