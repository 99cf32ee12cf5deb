use proptest::prelude::*;

use super::*;

fn shown<T: ToString>(target: Result<T, Problem>) -> String {
    match target {
        Ok(target) => target.to_string(),
        Err(problem) => format!("{}: {}", problem.what, problem.advice),
    }
}

#[test]
fn databases() {
    for (text, shown_as) in [
        ("sqlite", "sqlite"),
        ("sqlite:coupons.db", "sqlite://coupons.db"),
        ("sqlite://coupons.db", "sqlite://coupons.db"),
        ("sqlite:///var/coupons.db", "sqlite:///var/coupons.db"),
        (
            "postgres://u:secret@h:5432/db",
            "postgres://u:***@h:5432/db",
        ),
        ("postgresql://h/db", "postgres://h/db"),
        ("PostgreSQL://h/db", "postgres://h/db"),
        ("mysql://u@h/db", "mysql://u@h/db"),
        ("mariadb://u@h/db", "mysql://u@h/db"),
        ("postgres://[::1]:5432/db", "postgres://[::1]:5432/db"),
    ] {
        assert_eq!(shown(db(text)), shown_as);
    }
    assert!(matches!(db("sqlite://sqlite"), Ok(DbTarget::Sqlite(_))));
}

#[test]
fn what_is_no_database() {
    for (text, begins) in [
        ("", "invalid value \"\""),
        ("coupons.db", "invalid value \"coupons.db\": use sqlite, "),
        ("sqlite://", "no file in \"sqlite://\""),
        ("sqlite::memory:", "in-memory database"),
        ("sqlite://a.db?mode=ro", "invalid file name"),
        (
            "redis://h",
            "wrong scheme of \"redis://h\": redis:// belongs to --redis",
        ),
        ("oracle://h", "unknown scheme of \"oracle://h\""),
        ("localhost:5432", "no scheme in \"localhost:5432\""),
        ("postgres://", "no host in \"postgres://\""),
        ("postgres:///db", "no host in"),
        ("postgres:h/db", "no host in"),
        (
            "postgres://u:secret@/db",
            "invalid URL \"postgres://***@/db\": empty host",
        ),
        (
            "postgres://u:secret@h:99999/db",
            "invalid URL \"postgres://***@h:99999/db\": invalid port",
        ),
        ("postgres://h:0/db", "port 0"),
        ("mysql://h", "no database in"),
        ("user:secret@h/db", "unknown scheme of \"***@h/db\""),
    ] {
        let error = shown(db(text));
        assert!(error.starts_with(begins), "{text}: {error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn redis_servers() {
    assert_eq!(redis("embedded"), Ok(RedisTarget::Embedded));
    for text in [
        "redis://h",
        "rediss://h:6380/2",
        "redis://:pw@h:6379?protocol=resp3",
    ] {
        assert!(redis(text).is_ok(), "{text}");
    }
    for (text, begins) in [
        (
            "localhost:6379",
            "no scheme in \"localhost:6379\": use embedded, redis://HOST:PORT",
        ),
        ("localhost", "invalid value"),
        (
            "unix:///run/redis.sock",
            "Unix socket \"unix:///run/redis.sock\": sockets are not",
        ),
        ("redis+unix:///run/redis.sock", "Unix socket"),
        (
            "postgres://u:secret@h/db",
            "wrong scheme of \"postgres://***@h/db\"",
        ),
        ("redis://h/zero", "invalid database number"),
        ("redis://", "no host"),
        ("http://h", "unknown scheme"),
    ] {
        let error = shown(redis(text));
        assert!(error.starts_with(begins), "{text}: {error}");
    }
}

#[test]
fn broker_lists() {
    assert_eq!(shown(kafka("embedded")), "embedded");
    assert_eq!(
        shown(kafka("a:9092, b.c:1 ,[::1]:65535")),
        "a:9092,b.c:1,[::1]:65535"
    );
    for (text, why) in [
        ("", "name is missing"),
        ("a:9092,", "name is missing"),
        ("a", "port is missing"),
        ("a:", "1 to 65535"),
        ("a:0", "1 to 65535"),
        ("a:65536", "1 to 65535"),
        ("a:+1", "1 to 65535"),
        (":9092", "no host name"),
        ("a b:9092", "no host name"),
        ("::1:9092", "needs brackets"),
        ("kafka://a:9092", "no scheme"),
        ("u:secret@a:9092", "password cannot be given"),
    ] {
        let error = shown(kafka(text));
        assert!(
            error.starts_with("invalid broker") && error.contains(why),
            "{text}: {error}"
        );
        assert!(!error.contains("secret"), "{error}");
    }
}

proptest! {
    #[test]
    fn nothing_panics(text in any::<String>()) {
        let _ = (shown(db(&text)), shown(redis(&text)), shown(kafka(&text)));
    }

    #[test]
    fn no_password_is_told(
        scheme in "postgres|postgresql|mysql|mariadb|redis|rediss|sqlite|http|",
        slashes in "(:|:/|://)",
        rest in "[a-z@:/?#\\[\\] %]{0,12}",
    ) {
        for before in ["", "h", "h:1"] {
            let text = format!("{scheme}{slashes}u:sEcReT@{before}{rest}");
            // A file's name is shown as it is: a URL of sqlite has no password.
            let db = if scheme == "sqlite" { String::new() } else { shown(db(&text)) };
            for told in [db, shown(redis(&text)), shown(kafka(&text))] {
                prop_assert!(!told.to_lowercase().contains("secret"), "{}", told);
            }
        }
    }
}
