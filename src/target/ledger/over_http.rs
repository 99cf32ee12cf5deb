//! A ledger that the service itself tells over HTTP.

use serde_json::Value;

use super::{Find, Found};
use crate::{
    http::Client,
    target::{Event, RequestTemplate, check, stage},
};

/// A question, and where its answer has the coupons.
pub struct Answer {
    client: Client,
    request: RequestTemplate,
    find: Find,
    event: Event,
}

impl Answer {
    pub fn new(client: &Client, request: &RequestTemplate, find: &Find, event: &Event) -> Self {
        Self {
            client: client.clone(),
            request: request.clone(),
            find: find.clone(),
            event: event.clone(),
        }
    }

    pub async fn read(&self) -> Result<Found, String> {
        let body = stage::json(&self.client, &self.request, &self.event).await?;
        found(&self.find, &body).map_err(|problem| format!("{}: {problem}", self.request.name))
    }
}

/// What an answer holds, where it is said to.
fn found(find: &Find, body: &Value) -> Result<Found, String> {
    let at = |pointer: &str| {
        let value = body.pointer(pointer);
        value.ok_or_else(|| format!("the answer has nothing at \"{pointer}\""))
    };
    match find {
        Find::Count { pointer } => {
            let value = at(pointer)?;
            let count = value.as_u64();
            count
                .map(Found::Count)
                .ok_or_else(|| format!("{value} at \"{pointer}\" is no count"))
        }
        Find::Users { pointer, id } => {
            let items = at(pointer)?.as_array();
            let items = items.ok_or_else(|| {
                let number = at(pointer).is_ok_and(Value::is_u64);
                let advice = if number {
                    "; a number is named by count"
                } else {
                    ""
                };
                format!("what is at \"{pointer}\" is no list{advice}")
            })?;
            let user = |item: &Value| {
                let value = id.as_deref().map_or(Some(item), |id| item.pointer(id));
                match value {
                    Some(value @ (Value::String(_) | Value::Number(_))) => Ok(check::text(value)),
                    _ => Err(nobody(pointer, id.as_deref(), item)),
                }
            };
            items
                .iter()
                .map(user)
                .collect::<Result<_, _>>()
                .map(Found::Users)
        }
    }
}

fn nobody(pointer: &str, id: Option<&str>, item: &Value) -> String {
    let advice = match id {
        None => "say with id where in it the user is, as in id = \"/userId\"".to_owned(),
        Some(id) => format!("it has no user at id = \"{id}\""),
    };
    format!("an item of \"{pointer}\" names no user: {item}: {advice}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn users_and_counts_are_where_the_pointer_says() {
        let body = json!({"n": 2, "ids": [1, "b"], "rows": [{"user": {"id": 7}}], "bad": [null]});
        let users = |pointer: &str, id: Option<&str>| {
            let (pointer, id) = (pointer.to_owned(), id.map(str::to_owned));
            found(&Find::Users { pointer, id }, &body)
        };
        let named = |names: &[&str]| {
            Ok(Found::Users(
                names.iter().map(|it| (*it).to_owned()).collect(),
            ))
        };
        assert_eq!(users("/ids", None), named(&["1", "b"]));
        assert_eq!(users("/rows", Some("/user/id")), named(&["7"]));
        assert_eq!(
            users("/n", None),
            Err("what is at \"/n\" is no list; a number is named by count".to_owned())
        );
        assert_eq!(
            users("/x", None),
            Err("the answer has nothing at \"/x\"".to_owned())
        );
        for (pointer, id, advice) in [
            (
                "/bad",
                None,
                "null: say with id where in it the user is, as in id = \"/userId\"",
            ),
            ("/rows", Some("/id"), "it has no user at id = \"/id\""),
        ] {
            let error = users(pointer, id).err().unwrap_or_default();
            assert!(error.ends_with(advice), "{error}");
        }
        let count = |pointer: &str| {
            found(
                &Find::Count {
                    pointer: pointer.to_owned(),
                },
                &body,
            )
        };
        assert_eq!(count("/n"), Ok(Found::Count(2)));
        assert_eq!(
            count("/ids"),
            Err("[1,\"b\"] at \"/ids\" is no count".to_owned())
        );
    }
}
