//! Validates requests: method, path, headers and body.

use std::collections::BTreeMap;

use http::{HeaderName, Method, header::CONTENT_TYPE};
use serde_json::Value;
use toml::Spanned;

use super::{Scope, Validator, wrong};
use crate::{
    input::{error::UsageError, raw_value::RawValue},
    ports::UserId,
    service::{
        AttemptValues, RequestTemplate, Template, file,
        template::{Escape, EventValues, Values},
    },
    text::{problem::Problem, quote::quoted, redact},
};

impl Validator<'_> {
    /// A request. `usual` is its method unless the file gives another.
    pub(super) fn request(
        &mut self,
        typed: &Parts<'_>,
        usual: &'static str,
        scope: Scope,
    ) -> Result<RequestTemplate, UsageError> {
        let bodies = [
            typed.body.and_then(|typed| typed.span.clone()),
            typed.json.map(Spanned::span),
            typed.form.map(Spanned::span),
        ];
        if let Some(span) = bodies.into_iter().flatten().nth(1) {
            let problem = Problem::new("second body", "name one of body, json and form");
            return Err(self.file.wrong_at(span.start, problem));
        }
        let mut request = self.head(&typed.head, usual, scope)?;
        if let Some(body) = typed.body {
            self.note_body(&body.text);
            request.body = Some(self.template(body, Escape::None, scope)?);
        }
        if let Some(json) = typed.json {
            self.note_json("", json.get_ref());
            request.body = Some(self.json(json, scope)?);
            content_type(&mut request, "application/json");
        }
        if let Some(form) = typed.form {
            request.body = Some(self.form(form.get_ref(), scope)?);
            content_type(&mut request, "application/x-www-form-urlencoded");
        }
        self.check(typed.head.url, &request)?;
        Ok(request)
    }

    /// A request without a body.
    pub(super) fn question(&mut self, head: &Head<'_>) -> Result<RequestTemplate, UsageError> {
        let request = self.head(head, "GET", Scope::Event)?;
        self.check(head.url, &request)?;
        Ok(request)
    }

    fn head(
        &mut self,
        typed: &Head<'_>,
        usual: &'static str,
        scope: Scope,
    ) -> Result<RequestTemplate, UsageError> {
        let method = typed.method.map_or(Ok(usual.to_owned()), |typed| {
            self.parse(typed, |text| Ok(text.to_ascii_uppercase()))
        })?;
        let parsed = Method::from_bytes(method.as_bytes()).map_err(|_| {
            let problem = Problem::invalid(&method, "a method is a word such as GET or POST");
            typed.method.map_or_else(
                || self.file.wrong_at(0, problem.clone()),
                |typed| wrong(self.file, typed, problem.clone()),
            )
        })?;
        self.parse(typed.url, path)?;
        if let Some((_, query)) = typed.url.text.split_once('?') {
            self.note_pairs(query);
        }
        let prefix = Template::text(&self.prefix);
        let path = self.template(typed.url, Escape::Percent, scope)?;
        let headers = typed.headers.iter().map(|(name, value)| {
            let parsed = HeaderName::try_from(name.as_str()).map_err(|_| {
                let what = format!("header {}", quoted(name));
                wrong(
                    self.file,
                    value,
                    Problem::new(what, "a name is made of letters, digits and dashes"),
                )
            })?;
            if is_literal(&value.text) {
                self.secrets.add_header(name, &value.text);
            }
            Ok((parsed, self.template(value, Escape::None, scope)?))
        });
        let headers = headers.collect::<Result<Vec<_>, UsageError>>()?;
        Ok(RequestTemplate {
            name: redact::text(&format!("{method} {}{}", self.prefix, typed.url.text)),
            method: parsed,
            path: prefix.then(path),
            headers,
            body: None,
        })
    }

    fn json(&mut self, json: &Spanned<Value>, scope: Scope) -> Result<Template, UsageError> {
        let file = self.file;
        let template = Template::json(json.get_ref(), &mut self.names(scope));
        template.map_err(|problem| file.wrong_at(json.span().start, problem))
    }

    fn form(
        &mut self,
        form: &BTreeMap<String, RawValue>,
        scope: Scope,
    ) -> Result<Template, UsageError> {
        let mut whole = Template::text("");
        for (index, (name, value)) in form.iter().enumerate() {
            let and = if index == 0 { "" } else { "&" };
            self.note(name, &value.text);
            let name = Template::text(&format!("{and}{}=", Escape::Percent.of(name)));
            let value = self.template(value, Escape::Form, scope)?;
            whole = whole.then(name).then(value);
        }
        Ok(whole)
    }

    /// Remembers a literal value under the name of a secret.
    fn note(&mut self, name: &str, value: &str) {
        if is_literal(value) {
            self.secrets.add_named(name, value);
        }
    }

    /// The same for the pairs of a query or a form.
    fn note_pairs(&mut self, pairs: &str) {
        for (name, value) in pairs.split('&').filter_map(|pair| pair.split_once('=')) {
            self.note(name, value);
        }
        for (name, value) in url::form_urlencoded::parse(pairs.as_bytes()) {
            self.note(&name, &value);
        }
    }

    /// The same for the strings of a JSON value that stands under a name.
    fn note_json(&mut self, name: &str, value: &Value) {
        match value {
            Value::String(text) => self.note(name, text),
            Value::Array(items) => items.iter().for_each(|item| self.note_json(name, item)),
            Value::Object(fields) => {
                fields
                    .iter()
                    .for_each(|(name, value)| self.note_json(name, value));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// The same for a body that may be either.
    fn note_body(&mut self, body: &str) {
        match serde_json::from_str(body) {
            Ok(value) => self.note_json("", &value),
            Err(_) => self.note_pairs(body),
        }
    }

    /// Checks that the request can be built, with example values.
    fn check(&self, url: &RawValue, request: &RequestTemplate) -> Result<(), UsageError> {
        let event = EventValues {
            run: "run".to_owned(),
            limit: 1,
            seed: 1,
            setup: Values::all(&self.prepared, "1"),
        };
        let captured = Values::all(&self.captured, "1");
        let columns = csv::StringRecord::from(vec!["1"; self.columns.len()]);
        let who = AttemptValues {
            user: UserId(1),
            attempt: 1,
            columns: Some(&columns),
            captured: Some(&captured),
        };
        let built = request.build(&event, who);
        built.map(drop).map_err(|reason| {
            let what = format!("request {} cannot be sent", quoted(&request.name));
            wrong(
                self.file,
                url,
                Problem::new(what, self.secrets.mask(&reason)),
            )
        })
    }
}

/// A request as typed.
pub(super) struct Parts<'a> {
    pub head: Head<'a>,
    pub body: Option<&'a RawValue>,
    pub json: Option<&'a Spanned<Value>>,
    pub form: Option<&'a Spanned<BTreeMap<String, RawValue>>>,
}

impl file::Request {
    pub(super) fn parts(&self) -> Parts<'_> {
        Parts {
            head: Head {
                method: self.method.as_ref(),
                url: &self.url,
                headers: &self.headers,
            },
            body: self.body.as_ref(),
            json: self.json.as_ref(),
            form: self.form.as_ref(),
        }
    }
}

impl file::Follow {
    pub(super) fn parts(&self) -> Parts<'_> {
        Parts {
            head: Head {
                method: self.method.as_ref(),
                url: &self.url,
                headers: &self.headers,
            },
            body: self.body.as_ref(),
            json: self.json.as_ref(),
            form: self.form.as_ref(),
        }
    }
}

impl file::Setup {
    pub(super) fn parts<'a>(&'a self, url: &'a RawValue) -> Parts<'a> {
        Parts {
            head: Head {
                method: self.method.as_ref(),
                url,
                headers: &self.headers,
            },
            body: self.body.as_ref(),
            json: self.json.as_ref(),
            form: self.form.as_ref(),
        }
    }
}

/// The part that every request has.
pub(super) struct Head<'a> {
    pub method: Option<&'a RawValue>,
    pub url: &'a RawValue,
    pub headers: &'a BTreeMap<String, RawValue>,
}

fn path(text: &str) -> Result<(), Problem> {
    if text.contains("://") {
        let advice = "write the path alone, as in /claim: the host is that of base_url";
        return Err(Problem::invalid(text, advice));
    }
    if !text.starts_with('/') {
        return Err(Problem::invalid(text, "a path begins with /"));
    }
    Ok(())
}

/// Whether the text has no placeholders, so that it is sent unchanged.
fn is_literal(text: &str) -> bool {
    !text.contains("{{")
}

/// Adds the content type unless the file gives one.
fn content_type(request: &mut RequestTemplate, usual: &'static str) {
    let named = request
        .headers
        .iter()
        .any(|(name, _)| *name == CONTENT_TYPE);
    if !named {
        request.headers.push((CONTENT_TYPE, Template::text(usual)));
    }
}
