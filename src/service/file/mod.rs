//! A target file as typed: its tables and keys, before they are validated.
//!
//! `schema/target.schema.json` describes the same for editors. To add a key, add its field here, its validation in
//! [`super::validate`], and its line there.

mod drain;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

pub use drain::{Drain, DrainHttp, DrainKafka, DrainRabbitMq, DrainRedis};

use crate::input::raw_value::{RawValue, one_or_many};

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetFile {
    pub title: Option<RawValue>,
    pub promise: Option<RawValue>,
    pub one_per_user: Option<bool>,
    pub http: Http,
    #[serde(default)]
    pub setup: Vec<Spanned<Setup>>,
    #[serde(default)]
    pub step: Vec<Spanned<Request>>,
    pub claim: Spanned<Request>,
    #[serde(default)]
    pub outcome: Vec<Spanned<Outcome>>,
    pub confirm: Option<Spanned<Follow>>,
    pub poll: Option<Spanned<Follow>>,
    pub users: Option<Users>,
    pub ledger: Option<Spanned<Ledger>>,
    pub drain: Option<Spanned<Drain>>,
}

/// The address of the service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    pub base_url: RawValue,
    pub unix_socket: Option<RawValue>,
    pub version: Option<RawValue>,
    pub ca_file: Option<RawValue>,
    pub client_cert: Option<RawValue>,
    pub client_key: Option<RawValue>,
    #[serde(default, deserialize_with = "one_or_many")]
    pub source: Vec<RawValue>,
}

/// A request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub method: Option<RawValue>,
    pub url: RawValue,
    #[serde(default)]
    pub headers: BTreeMap<String, RawValue>,
    pub body: Option<RawValue>,
    pub json: Option<Spanned<Value>>,
    pub form: Option<Spanned<BTreeMap<String, RawValue>>>,
    #[serde(default, deserialize_with = "one_or_many")]
    pub status: Vec<RawValue>,
    #[serde(default)]
    pub capture: Captures,
}

/// The values that are captured from a response, by name.
pub type Captures = BTreeMap<String, Spanned<Capture>>;

/// The place of a value in a response: exactly one of several.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capture {
    pub json: Option<RawValue>,
    pub header: Option<RawValue>,
    pub cookie: Option<RawValue>,
    pub matches: Option<RawValue>,
    pub text: Option<bool>,
    pub secret: Option<bool>,
}

/// One part of the setup: a request, or one of sql, redis and command.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    pub method: Option<RawValue>,
    pub url: Option<RawValue>,
    #[serde(default)]
    pub headers: BTreeMap<String, RawValue>,
    pub body: Option<RawValue>,
    pub json: Option<Spanned<Value>>,
    pub form: Option<Spanned<BTreeMap<String, RawValue>>>,
    #[serde(default, deserialize_with = "one_or_many")]
    pub status: Vec<RawValue>,
    pub sql: Option<RawValue>,
    pub db: Option<RawValue>,
    #[serde(default, deserialize_with = "one_or_many")]
    pub redis: Vec<RawValue>,
    #[serde(default, deserialize_with = "one_or_many")]
    pub command: Vec<RawValue>,
    #[serde(default)]
    pub capture: Captures,
}

/// A request that follows a response without a decision, and the meanings of its own responses.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Follow {
    pub method: Option<RawValue>,
    pub url: RawValue,
    #[serde(default)]
    pub headers: BTreeMap<String, RawValue>,
    pub body: Option<RawValue>,
    pub json: Option<Spanned<Value>>,
    pub form: Option<Spanned<BTreeMap<String, RawValue>>>,
    pub every: Option<RawValue>,
    pub timeout: Option<RawValue>,
    #[serde(default)]
    pub capture: Captures,
    #[serde(default)]
    pub outcome: Vec<Spanned<Outcome>>,
}

/// The meaning of a response.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    pub is: RawValue,
    #[serde(default, deserialize_with = "one_or_many")]
    pub status: Vec<RawValue>,
    pub header: Option<Spanned<HeaderIs>>,
    pub json: Option<Spanned<JsonIs>>,
    pub body: Option<Spanned<BodyIs>>,
    pub code: Option<RawValue>,
}

/// A condition on a header.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderIs {
    pub name: RawValue,
    pub equals: Option<Value>,
    pub contains: Option<Value>,
    pub matches: Option<RawValue>,
    pub exists: Option<bool>,
}

/// A condition on the value at a JSON pointer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonIs {
    pub pointer: RawValue,
    pub equals: Option<Value>,
    pub contains: Option<Value>,
    pub matches: Option<RawValue>,
    pub exists: Option<bool>,
}

/// A condition on the body as text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyIs {
    pub equals: Option<Value>,
    pub contains: Option<Value>,
    pub matches: Option<RawValue>,
}

/// A table of users.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Users {
    pub csv: RawValue,
}

/// The source of the ledger: exactly one of several.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    pub http: Option<Spanned<LedgerHttp>>,
    pub sql: Option<RawValue>,
    pub count_sql: Option<RawValue>,
    pub db: Option<RawValue>,
    pub redis: Option<Spanned<LedgerRedis>>,
    pub user: Option<RawValue>,
    pub remaining: Option<Spanned<bool>>,
}

/// A ledger over HTTP.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerHttp {
    pub method: Option<RawValue>,
    pub url: RawValue,
    #[serde(default)]
    pub headers: BTreeMap<String, RawValue>,
    pub users: Option<RawValue>,
    pub id: Option<RawValue>,
    pub code: Option<RawValue>,
    pub count: Option<RawValue>,
    pub pages: Option<Spanned<LedgerPages>>,
    pub whole: Option<bool>,
}

/// The order of the pages of a list: exactly one of several.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerPages {
    pub page: Option<u64>,
    pub offset: Option<u64>,
    pub cursor: Option<RawValue>,
    pub link: Option<bool>,
    pub most: Option<u32>,
}

/// A ledger in Redis.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerRedis {
    pub url: RawValue,
    pub key: RawValue,
}
