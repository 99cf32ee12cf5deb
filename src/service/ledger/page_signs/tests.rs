#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use http::{HeaderName, HeaderValue};
use serde_json::json;

use super::*;

fn headers(all: &[(&'static str, &str)]) -> HeaderMap {
    let all = all.iter().map(|(name, value)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        )
    });
    all.collect()
}

#[test]
fn signs_of_more_pages_are_recognized() {
    for (pointer, body) in [
        ("/content", json!({"content": [1], "last": false})),
        ("/content", json!({"content": [1], "totalElements": 130})),
        (
            "/content",
            json!({"content": [1], "page": {"totalPages": 2, "number": 0}}),
        ),
        (
            "/content",
            json!({"content": [1], "page": {"total_elements": 2}}),
        ),
        (
            "/results",
            json!({"results": [1], "count": 2, "next": null}),
        ),
        (
            "/results",
            json!({"results": [1], "next": "http://x/?page=2"}),
        ),
        ("/data", json!({"data": [1], "has_more": true})),
        (
            "/data",
            json!({"data": [1], "meta": {"pagination": {"total": 30}}}),
        ),
        (
            "/data",
            json!({"data": [1], "links": {"next": "/x?page=2"}}),
        ),
        (
            "/Items",
            json!({"Items": [1], "LastEvaluatedKey": {"id": 7}}),
        ),
        (
            "/value",
            json!({"value": [1], "@odata.nextLink": "http://x"}),
        ),
        ("/items", json!({"items": [1], "nextPageToken": "abc"})),
        (
            "/_embedded/rows",
            json!({"_embedded": {"rows": [1]}, "_links": {"next": {"href": "/x"}}}),
        ),
        (
            "/data/all/edges",
            json!({"data": {"all": {"edges": [1], "pageInfo": {"hasNextPage": true}}}}),
        ),
    ] {
        let signs = signs(&HeaderMap::new(), &body, pointer);
        assert!(signs.more_than(1).is_some(), "{body}");
        assert!(!signs.ended, "{body}");
    }
    for header in [
        (
            "link",
            "</x?page=1>; rel=\"prev\", </x?a=1,2>; rel=\"next\"",
        ),
        ("link", "<http://x/?page=2>; title=\"a\"; REL=next"),
        ("x-total-count", "2"),
        ("content-range", "items 0-0/2"),
        ("x-next-page", "2"),
    ] {
        let signs = signs(&headers(&[header]), &json!([1]), "");
        assert!(signs.more_than(1).is_some(), "{header:?}");
    }
}

#[test]
fn a_whole_list_has_no_sign_of_more_pages() {
    for (pointer, body) in [
        (
            "/content",
            json!({"content": [1], "last": true, "totalElements": 1}),
        ),
        (
            "/results",
            json!({"results": [1], "count": 1, "next": null, "previous": null}),
        ),
        (
            "/users",
            json!({"users": [1], "issued": 1, "pending": 0, "limit": 100}),
        ),
        (
            "/data",
            json!({"data": [1], "links": {"last": "/x?page=1", "next": ""}}),
        ),
        (
            "/data",
            json!({"data": [1], "total": "many", "event": {"total": 100}}),
        ),
        ("", json!([1])),
    ] {
        let signs = signs(&HeaderMap::new(), &body, pointer);
        assert_eq!(signs.more_than(1), None, "{body}");
    }
    let last = headers(&[
        ("link", "</x?page=1>; rel=\"first\""),
        ("x-total-count", "1"),
        ("x-next-page", ""),
        ("content-range", "items 0-0/*"),
    ]);
    assert_eq!(signs(&last, &json!([1]), "").more_than(1), None);
}

#[test]
fn a_page_that_is_not_the_first_is_recognized() {
    for body in [
        json!({"content": [], "first": false}),
        json!({"content": [], "page": {"hasPrevious": true}}),
    ] {
        assert!(signs(&HeaderMap::new(), &body, "/content").before.is_some());
    }
    let link = headers(&[("link", "<http://x/a?p=2>; rel=\"last next\"")]);
    assert_eq!(next_link(&link).unwrap(), "http://x/a?p=2");
}
