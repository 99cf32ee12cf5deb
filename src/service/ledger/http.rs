//! A ledger that is read from the service over HTTP.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

use super::{
    Find, List, Order, Pages, Raw, Row,
    page_signs::{self, PageSigns},
    pages::{Page, Place, Walk},
};
use crate::{
    adapters::http::Client,
    service::{
        AttemptValues, EventValues, RequestTemplate, json_number, matcher, request::unmeasured,
    },
    text::format::plural,
};

/// A request, and the place of the coupons in its response.
pub struct HttpLedger {
    pub client: Client,
    pub request: RequestTemplate,
    pub find: Find,
    pub pages: Pages,
    pub event: EventValues,
}

impl HttpLedger {
    pub async fn read(&self) -> Result<Raw, String> {
        match (&self.find, &self.pages.order) {
            (Find::Count { pointer }, _) => {
                let answer = self.ask(&Place::FIRST).await?;
                self.named(count(answer.body(), pointer))
            }
            (Find::Users(list), None) => {
                let answer = self.ask(&Place::FIRST).await?;
                self.named(self.only(&answer, list)).map(Raw::Rows)
            }
            (Find::Users(list), Some(order)) => self.all(list, order).await.map(Raw::Rows),
        }
    }

    async fn ask(&self, place: &Place) -> Result<Response<Value>, String> {
        let failed = |why: String| format!("{}: {why}", self.request.name);
        let request = self.request(place).map_err(failed)?;
        unmeasured::send_for_json(&self.client, request)
            .await
            .map_err(failed)
    }

    /// The request for a page.
    fn request(&self, place: &Place) -> Result<Request<Bytes>, String> {
        let mut event = self.event.clone();
        if let (Some(slot), Place::Value(value)) = (self.pages.slot, place) {
            event.setup.set(slot, value.clone());
        }
        let mut request = self.request.build(&event, AttemptValues::NONE)?;
        if let Place::Path(path) = place {
            let path = path.parse();
            *request.uri_mut() =
                path.map_err(|error| format!("the path of the next page is invalid: {error}"))?;
        }
        Ok(request)
    }

    fn named<T>(&self, result: Result<T, String>) -> Result<T, String> {
        result.map_err(|problem| format!("{}: {problem}", self.request.name))
    }

    /// The rows of a response that has to be the whole list.
    fn only(&self, answer: &Response<Value>, list: &List) -> Result<Vec<Row>, String> {
        let items = list.items(answer.body())?;
        let signs = page_signs::signs(answer.headers(), answer.body(), &list.pointer);
        match signs.more_than(items.len()) {
            Some(said) if !self.pages.whole => Err(format!(
                "the ledger is paged: the answer has {}, and it has the sign {said}: declare how its pages follow one another, as in \
                 pages = {{ page = 0 }} with {{{{page}}}} in the url, or write whole = true if no coupon is missing",
                plural(items.len() as u64, "coupon"),
            )),
            _ => list.rows(items),
        }
    }

    /// The rows of all pages.
    async fn all(&self, list: &List, order: &Order) -> Result<Vec<Row>, String> {
        let mut walk = Walk::new(order);
        let mut rows = Vec::new();
        loop {
            let answer = self.ask(walk.place()).await?;
            let (signs, follows) = self.named(self.page(&answer, list, &mut walk, &mut rows))?;
            if !follows {
                return self.named(self.complete(rows, &signs));
            }
            if walk.read() >= self.pages.most {
                return self.named(Err(format!(
                    "the ledger has more than {}: raise most in pages, or ask for larger pages",
                    plural(self.pages.most.into(), "page")
                )));
            }
        }
    }

    fn page(
        &self,
        answer: &Response<Value>,
        list: &List,
        walk: &mut Walk<'_>,
        rows: &mut Vec<Row>,
    ) -> Result<(PageSigns, bool), String> {
        let items = list.items(answer.body())?;
        rows.extend(list.rows(items)?);
        let signs = page_signs::signs(answer.headers(), answer.body(), &list.pointer);
        let path = self.request(walk.place())?.uri().clone();
        let follows = walk.take(&Page {
            headers: answer.headers(),
            body: answer.body(),
            items,
            path: &path,
            signs: &signs,
        })?;
        Ok((signs, follows))
    }

    /// The rows. An error if the service reports more coupons than its pages have.
    fn complete(&self, rows: Vec<Row>, signs: &PageSigns) -> Result<Vec<Row>, String> {
        match &signs.total {
            Some((total, said)) if *total > rows.len() as i128 && !self.pages.whole => {
                Err(format!(
                    "its pages hold {}, and the last one says {said}: are the first page and the order of the pages right? Write \
                     whole = true if no coupon is missing",
                    plural(rows.len() as u64, "coupon")
                ))
            }
            _ => Ok(rows),
        }
    }
}

fn at<'a>(body: &'a Value, pointer: &str) -> Result<&'a Value, String> {
    let value = body.pointer(pointer);
    value.ok_or_else(|| format!("the answer has nothing at \"{pointer}\""))
}

fn count(body: &Value, pointer: &str) -> Result<Raw, String> {
    let value = at(body, pointer)?;
    let count = value
        .as_number()
        .and_then(|count| json_number::integer(&count.to_string()));
    count
        .map(Raw::Number)
        .ok_or_else(|| format!("{value} at \"{pointer}\" is not a count"))
}

impl List {
    fn items<'a>(&self, body: &'a Value) -> Result<&'a [Value], String> {
        let (pointer, value) = (&self.pointer, at(body, &self.pointer)?);
        let items = value.as_array().map(Vec::as_slice);
        items.ok_or_else(|| {
            let advice = if value.is_number() {
                "; use count for a number"
            } else {
                ""
            };
            format!("what is at \"{pointer}\" is not a list{advice}")
        })
    }

    fn rows(&self, items: &[Value]) -> Result<Vec<Row>, String> {
        items.iter().map(|item| self.row(item)).collect()
    }

    fn row(&self, item: &Value) -> Result<Row, String> {
        let id = self.id.as_deref();
        let user = id.map_or(Some(item), |id| item.pointer(id));
        let user = user
            .and_then(plain)
            .ok_or_else(|| without_user(&self.pointer, id, item))?;
        let code = self.code.as_deref().and_then(|code| item.pointer(code));
        Ok(Row {
            user,
            code: code.and_then(plain),
        })
    }
}

/// The text of a string or a number.
fn plain(value: &Value) -> Option<String> {
    let is_plain = value.is_string() || value.is_number();
    is_plain.then(|| matcher::text(value))
}

fn without_user(pointer: &str, id: Option<&str>, item: &Value) -> String {
    let advice = match id {
        None => "give the place of the user in the item, as in id = \"/userId\"".to_owned(),
        Some(id) => format!("it has no user at id = \"{id}\""),
    };
    format!("an item of \"{pointer}\" has no user: {item}: {advice}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn list(pointer: &str, id: Option<&str>) -> List {
        List {
            pointer: pointer.to_owned(),
            id: id.map(str::to_owned),
            code: Some("/code".to_owned()),
        }
    }

    fn rows(body: &Value, pointer: &str, id: Option<&str>) -> Result<Vec<Row>, String> {
        let list = list(pointer, id);
        list.items(body).and_then(|items| list.rows(items))
    }

    fn users(body: &Value, pointer: &str, id: Option<&str>) -> Result<Vec<String>, String> {
        let rows = rows(body, pointer, id)?;
        Ok(rows.into_iter().map(|row| row.user).collect())
    }

    #[test]
    fn users_and_counts_are_found_by_their_pointers() {
        let body = json!({"n": 2, "ids": [1, "b"], "rows": [{"user": {"id": 7}, "code": "A-1"}], "bad": [null]});
        let named = |names: &[&str]| Ok(names.iter().map(|it| (*it).to_owned()).collect());
        assert_eq!(users(&body, "/ids", None), named(&["1", "b"]));
        assert_eq!(users(&body, "/rows", Some("/user/id")), named(&["7"]));
        let coded = rows(&body, "/rows", Some("/user/id"));
        assert_eq!(
            coded.ok().and_then(|rows| rows[0].code.clone()).as_deref(),
            Some("A-1")
        );
        assert_eq!(
            users(&body, "/n", None),
            Err("what is at \"/n\" is not a list; use count for a number".to_owned())
        );
        assert_eq!(
            users(&body, "/x", None),
            Err("the answer has nothing at \"/x\"".to_owned())
        );
        for (pointer, id, advice) in [
            (
                "/bad",
                None,
                "null: give the place of the user in the item, as in id = \"/userId\"",
            ),
            ("/rows", Some("/id"), "it has no user at id = \"/id\""),
        ] {
            let error = users(&body, pointer, id).err().unwrap_or_default();
            assert!(error.ends_with(advice), "{error}");
        }
        assert_eq!(count(&body, "/n"), Ok(Raw::Number(2)));
        assert_eq!(
            count(&body, "/ids"),
            Err("[1,\"b\"] at \"/ids\" is not a count".to_owned())
        );
    }

    #[test]
    fn numbers_of_a_ledger_keep_all_their_digits() {
        let text = r#"{"ids": [123456789012345678901234567890, 9007199254740993, 1e3, 1.10], "n": 1e2, "half": 1.5}"#;
        let body: Value = serde_json::from_str(text).unwrap_or_default();
        let expected = [
            "123456789012345678901234567890",
            "9007199254740993",
            "1000",
            "1.10",
        ];
        assert_eq!(
            users(&body, "/ids", None),
            Ok(expected.map(str::to_owned).to_vec())
        );
        assert_eq!(count(&body, "/n"), Ok(Raw::Number(100)));
        assert!(count(&body, "/half").is_err());
    }
}
