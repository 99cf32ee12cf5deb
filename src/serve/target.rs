//! A target file for a server, so that `coupon-bench run --target` can send load to it.

use std::path::absolute;

use super::{Listen, ServeSettings};

/// The text of the target file.
pub fn target(settings: &ServeSettings) -> String {
    let entry = settings.entry;
    let socket = match &settings.listen {
        Listen::Tcp(_) => String::new(),
        Listen::Unix(path) => {
            // Absolute, so that the file can be used from any folder.
            let path = absolute(path).unwrap_or_else(|_| path.clone());
            let path = toml::Value::from(path.to_string_lossy().into_owned());
            format!("unix_socket = {path}\n")
        }
    };
    let values = [
        ("@NAME@", entry.name.to_owned()),
        ("@LIMIT@", settings.limit().to_string()),
        ("@PROMISE@", entry.promise.to_string()),
        ("@ONE_PER_USER@", entry.one_per_user.to_string()),
        ("@BASE_URL@", settings.listen.base_url()),
        ("@SOCKET@", socket),
    ];
    let fill = |text: String, (name, value): (&str, String)| text.replace(name, &value);
    values
        .into_iter()
        .fold(include_str!("target.toml").to_owned(), fill)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use toml::{Table, Value};

    use super::*;
    use crate::serve::tests::{named, settings};

    fn read(settings: &ServeSettings) -> Table {
        target(settings).parse().unwrap()
    }

    #[test]
    fn the_file_has_the_properties_of_the_strategy() {
        for (name, promise, one_per_user) in [
            ("naive", "none", false),
            ("local-lock", "single-process", false),
            ("db-optimistic", "at-most", false),
            ("redis-set-incr", "exact", true),
        ] {
            let file = read(&settings(named(name), 1));
            assert_eq!(file["title"].as_str(), Some(&*format!("{name} over HTTP")));
            assert_eq!(file["promise"].as_str(), Some(promise));
            assert_eq!(file["one_per_user"].as_bool(), Some(one_per_user));
        }
    }

    #[test]
    fn every_status_of_a_claim_has_its_rule() {
        let file = read(&settings(named("naive"), 1));
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
    fn a_socket_is_given_by_its_absolute_path() {
        let listen = Listen::Unix("a \"b\".sock".into());
        let file = read(&ServeSettings {
            listen,
            ..settings(named("naive"), 1)
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
