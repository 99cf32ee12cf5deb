//! A target file for a server, with which `coupon-bench run --target` fires at it.

use std::path::absolute;

use super::{Listen, Plan};

/// The file's text.
pub fn target(plan: &Plan) -> String {
    let entry = plan.entry;
    let name = entry.name;
    let (limit, promise) = (plan.limit(), entry.promise);
    let one_per_user = entry.one_per_user;
    let base_url = plan.listen.base_url();
    let socket = match &plan.listen {
        Listen::Tcp(_) => String::new(),
        Listen::Unix(path) => {
            // Wherever the file is read.
            let path = absolute(path).unwrap_or_else(|_| path.clone());
            let path = toml::Value::from(path.to_string_lossy().into_owned());
            format!("unix_socket = {path}\n")
        }
    };
    format!(
        r#"# What coupon-bench serve --strategy {name} --limit {limit} answers, for coupon-bench run --target FILE --limit {limit}.
title = "{name} over HTTP"
promise = "{promise}"
one_per_user = {one_per_user}

[http]
base_url = "{base_url}"
{socket}
# A fresh event before every run.
[[setup]]
method = "POST"
url = "/reset"

[claim]
method = "POST"
url = "/claim"
body = '{{"user": {{{{user}}}}}}'
headers = {{ Content-Type = "application/json" }}

# The first that matches says what the user was told.
[[outcome]]
is = "issued"
status = 201

[[outcome]]
is = "sold_out"
status = 410

[[outcome]]
is = "duplicate"
status = 409

[[outcome]]
is = "failed"
status = 503

# It is open whether there is a coupon.
[[outcome]]
is = "indeterminate"
status = 500

[[outcome]]
is = "indeterminate"
status = 504

# What is really there: a JSON pointer to the users of the rows.
[ledger]
http = {{ url = "/ledger", users = "/users" }}

# When nothing is under way any more.
[drain]
http = {{ url = "/ledger", pointer = "/drained", equals = true }}
timeout = "30s"
"#
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use toml::{Table, Value};

    use super::*;
    use crate::serve::tests::{named, plan};

    fn read(plan: &Plan) -> Table {
        target(plan).parse().unwrap()
    }

    #[test]
    fn it_is_the_strategys_own() {
        for (name, promise, one_per_user) in [
            ("naive", "none", false),
            ("local-lock", "single-process", false),
            ("db-optimistic", "at-most", false),
            ("redis-set-incr", "exact", true),
        ] {
            let file = read(&plan(named(name), 1));
            assert_eq!(file["title"].as_str(), Some(&*format!("{name} over HTTP")));
            assert_eq!(file["promise"].as_str(), Some(promise));
            assert_eq!(file["one_per_user"].as_bool(), Some(one_per_user));
        }
    }

    #[test]
    fn every_answer_to_a_claim_has_its_rule() {
        let file = read(&plan(named("naive"), 1));
        let rules = file["outcome"].as_array().unwrap();
        let rules = rules.iter().map(|rule| {
            let status = rule["status"].as_integer().unwrap();
            (status, rule["is"].as_str().unwrap())
        });
        let expected = [
            (201, "issued"),
            (410, "sold_out"),
            (409, "duplicate"),
            (503, "failed"),
            (500, "indeterminate"),
            (504, "indeterminate"),
        ];
        assert_eq!(rules.collect::<Vec<_>>(), expected);
        assert_eq!(
            file["claim"]["body"].as_str(),
            Some(r#"{"user": {{user}}}"#)
        );
    }

    #[test]
    fn a_socket_is_named_by_its_whole_path() {
        let listen = Listen::Unix("a \"b\".sock".into());
        let file = read(&Plan {
            listen,
            ..plan(named("naive"), 1)
        });
        let Value::String(socket) = &file["http"]["unix_socket"] else {
            panic!("no socket: {file}");
        };
        assert!(
            socket.starts_with('/') && socket.ends_with("/a \"b\".sock"),
            "{socket}"
        );
        assert_eq!(file["http"]["base_url"].as_str(), Some("http://localhost"));
    }
}
