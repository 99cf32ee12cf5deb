//! A target file for a server, with which `coupon-bench run --target` fires at it.

use std::path::absolute;

use super::{Listen, Plan};

/// The file's text.
pub fn target(plan: &Plan) -> String {
    let entry = plan.entry;
    let name = entry.name;
    let promise = entry.promise;
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
        r#"# What coupon-bench serve --strategy {name} answers, for coupon-bench run --target FILE.
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

# The first that matches says what the user was told. What matches none is unclassified; here that is an answer that leaves
# open whether there is a coupon.
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
