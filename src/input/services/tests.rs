use proptest::prelude::*;

use super::*;
use crate::input::address::SentinelUrl;

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
        ("mysql://u@[::1]:3306/db", "mysql://u@[::1]:3306/db"),
        // As in psql, a parameter wins over the part before the parameters.
        ("postgres:///db?host=/run/pg", "postgres://%2Frun%2Fpg/db"),
        (
            "postgresql:///db?host=%2Frun%2Fpg",
            "postgres://%2Frun%2Fpg/db",
        ),
        (
            "postgres://%2Frun%2Fpg:5433/db",
            "postgres://%2Frun%2Fpg:5433/db",
        ),
        (
            "postgres://u:secret@:5433/db?host=/run/pg",
            "postgres://u:***@%2Frun%2Fpg:5433/db",
        ),
        (
            "postgres://ignored/old?host=::1&port=5433&user=me%40x&password=secret&dbname=new%2Fer&sslmode=require",
            "postgres://me%40x:***@[::1]:5433/new%2Fer?sslmode=require",
        ),
        (
            "postgres:///db?hostaddr=127.0.0.1",
            "postgres://127.0.0.1/db",
        ),
        (
            "postgres://h/db?options=-csearch_path%3Dshop&application_name=a",
            "postgres://h/db?options=-csearch_path%3Dshop&application_name=a",
        ),
        (
            "postgres://h/db?options[search_path]=shop",
            "postgres://h/db?options[search_path]=shop",
        ),
        (
            "mysql://u:secret@/db?socket=/run/mysqld.sock",
            "mysql://u:***@localhost/db?socket=/run/mysqld.sock",
        ),
        (
            "mysql:///db?socket=%2Frun%2Fm.sock",
            "mysql://localhost/db?socket=%2Frun%2Fm.sock",
        ),
    ] {
        assert_eq!(shown(db(text)), shown_as);
    }
    assert!(matches!(db("sqlite://sqlite"), Ok(DbTarget::Sqlite(_))));
}

#[test]
fn invalid_addresses_of_databases() {
    for (text, begins) in [
        ("", "invalid value \"\""),
        ("coupons.db", "invalid value \"coupons.db\": use sqlite, "),
        ("sqlite://", "no file in \"sqlite://\""),
        ("sqlite::memory:", "in-memory database"),
        (
            "sqlite://a.db?mode=ro",
            "unknown URL parameter \"mode\": write sqlite://FILE",
        ),
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
            "no host in \"postgres://***@/db\": write postgres://HOST:PORT/NAME, or",
        ),
        (
            "postgres://u:secret@h:99999/db",
            "invalid URL \"postgres://***@h:99999/db\": invalid port",
        ),
        ("postgres://h:0/db", "port 0"),
        ("mysql://h", "no database in"),
        (
            "mysql:///db",
            "no host in \"mysql:///db\": write mysql://HOST:PORT/NAME, or",
        ),
        ("mysql:///?socket=/s", "no database in"),
        ("postgres:///db?host=", "no host in"),
        ("postgres://a,b/db", "several hosts in"),
        ("postgres:///db?host=a,b", "several hosts in"),
        (
            "postgres://h/db?port=0",
            "invalid value of the URL's parameter port",
        ),
        (
            "postgres://h/db?sslmode=on",
            "invalid value of the URL's parameter sslmode: the value is one of",
        ),
        ("postgres://u:sec#ret@h/db", "invalid URL"),
        ("postgres://h/db#part", "'#' in"),
        ("user:secret@h/db", "unknown scheme of \"***@h/db\""),
    ] {
        let error = shown(db(text));
        assert!(error.starts_with(begins), "{text}: {error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn an_unknown_parameter_is_named_with_advice() {
    let schema = "write options=-csearch_path%3DNAME";
    for (url, name, advice) in [
        ("postgres://h/db", "currentSchema", schema),
        ("postgres://h/db", "search_path", schema),
        ("postgres://h/db", "schema", schema),
        ("postgres://h/db", "pass", "write password=…"),
        ("postgres://h/db", "useSSL", "write sslmode=require"),
        ("postgres://h/db", "ssl", "write sslmode=require"),
        ("postgres://h/db", "SSLMode", "did you mean \"sslmode\"?"),
        ("postgres://h/db", "slmode", "did you mean \"sslmode\"?"),
        (
            "postgres://h/db",
            "connect_timeout",
            "leave it out, and see --timeout",
        ),
        (
            "postgres://h/db",
            "channel_binding",
            "leave it out; the parameters are sslmode, ",
        ),
        ("postgres://h/db", "options[a", "did you mean \"options\"?"),
        ("mysql://h/db", "useSSL", "write ssl-mode=REQUIRED"),
        ("mysql://h/db", "pass", "write SCHEME://USER:PASSWORD@HOST"),
        ("mysql://h/db", "unix_socket", "write socket=FILE"),
        ("mysql://h/db", "serverTimezone", "write timezone=…"),
        (
            "mysql://h/db",
            "allowPublicKeyRetrieval",
            "leave it out; the parameters are ssl-mode, ",
        ),
        ("sqlite://file.db", "cache", "write sqlite://FILE"),
        ("sqlite:file.db", "_journal", "leave it out"),
        ("redis://h", "db", "write redis://HOST:PORT/NUMBER"),
        ("redis://h", "timeout", "leave it out, and see --timeout"),
        ("rediss://h", "ssl_cert_reqs", "write rediss://HOST:PORT"),
        ("rediss://h", "prtocol", "did you mean \"protocol\"?"),
    ] {
        let text = format!("{url}?{name}=seCret");
        let error = if url.starts_with("redis") {
            shown(redis(&text))
        } else {
            shown(db(&text))
        };
        let expected = format!("unknown URL parameter \"{name}\": {advice}");
        assert!(error.starts_with(&expected), "{text}: {error}");
        assert!(!error.contains("seCret"), "{error}");
    }
}

#[test]
fn the_text_of_an_address_parses_to_the_same_address() {
    // The processes of --instances get the URL from their parent.
    for text in [
        "postgres://u:p%2540%25@:5433/d%2Fb?host=/run/pg&sslmode=disable",
        "postgres:///db?host=::1&user=a%25b&password=%25%40%2F%3A",
        "mysql://u:p%40@/db?socket=/run/m.sock",
        "mariadb://[::1]/db",
    ] {
        let Ok(first) = db(text) else {
            panic!("{text}")
        };
        let DbTarget::Server(_, url) = &first else {
            panic!("{text}")
        };
        assert_eq!(db(url.with_password()), Ok(first.clone()), "{text}");
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
        ("redis+cluster://h:1", "unknown scheme"),
        ("redis+sentinel://h:1", "no master in"),
        ("redis+sentinel://u:secret@h:x/m", "invalid host in"),
        ("redis+sentinel:///m", "invalid host in"),
        ("redis+sentinel://h/m/x", "invalid database number in"),
        (
            "redis+sentinel://h/m?password=secret",
            "unknown parameter \"password\" in",
        ),
        (
            "unix:///run/redis.sock",
            "Unix socket \"unix:///run/redis.sock\": Unix sockets are not",
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
fn sentinels() {
    let text = "redis+sentinel://u:sec%40ret@a:1,[::1],c/my-master/2?sentinel_password=secret";
    let Ok(RedisTarget::Sentinel(url)) = redis(text) else {
        unreachable!("{text} is valid")
    };
    let host = |name: &str, port| (name.to_owned(), port);
    assert_eq!(
        url.hosts,
        [host("a", 1), host("::1", 26_379), host("c", 26_379)]
    );
    assert_eq!(
        (&*url.master, url.database, url.tls),
        ("my-master", 2, false)
    );
    assert_eq!(
        url.login,
        Some((Some("u".to_owned()), "sec@ret".to_owned()))
    );
    assert_eq!(url.sentinel_login, Some((None, "secret".to_owned())));
    assert_eq!(
        url.to_string(),
        "redis+sentinel://u:***@a:1,::1:26379,c:26379/my-master/2"
    );
    assert!(redis(url.with_password()) == Ok(RedisTarget::Sentinel(url.clone())));
    assert!(matches!(
        redis("rediss-sentinel://h/m"),
        Ok(RedisTarget::Sentinel(SentinelUrl { tls: true, .. }))
    ));
}

#[test]
fn broker_lists() {
    assert_eq!(shown(kafka("embedded")), "embedded");
    assert_eq!(
        shown(kafka("a:9092, b.c:1 ,[::1]:65535")),
        "a:9092,b.c:1,[::1]:65535"
    );
    for (text, why) in [
        ("", "the name of the broker is missing"),
        ("a:9092,", "the name of the broker is missing"),
        ("a", "port is missing"),
        ("a:", "1 to 65535"),
        ("a:0", "1 to 65535"),
        ("a:65536", "1 to 65535"),
        ("a:+1", "1 to 65535"),
        (":9092", "the host name is not valid"),
        ("a b:9092", "the host name is not valid"),
        ("::1:9092", "needs brackets"),
        ("kafka://a:9092", "has no scheme"),
        ("a:1,kafka://a:9092", "has no scheme"),
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
    fn no_password_is_shown(
        scheme in "postgres|postgresql|mysql|mariadb|redis|rediss|sqlite|http|",
        slashes in "(:|:/|://)",
        rest in "[a-z@:/?#\\[\\] %]{0,12}",
    ) {
        for before in ["", "h", "h:1"] {
            let text = format!("{scheme}{slashes}u:sEcReT@{before}{rest}");
            // A file's name is shown as it is: a URL of sqlite has no password.
            let db = if scheme == "sqlite" { String::new() } else { shown(db(&text)) };
            for shown in [db, shown(redis(&text)), shown(kafka(&text))] {
                prop_assert!(!shown.to_lowercase().contains("secret"), "{}", shown);
            }
        }
    }
}

#[test]
fn brokers_with_tls() {
    let mixed = shown(kafka("ssl://a:1,b:2"));
    assert!(mixed.starts_with("brokers with and without TLS"), "{mixed}");
    let all = shown(kafka("SSL://a:1, ssl://b:2"));
    if cfg!(feature = "kafka-tls") {
        assert_eq!(all, "ssl://a:1,ssl://b:2");
    } else {
        assert!(all.ends_with("build it with --features kafka-tls"), "{all}");
    }
}

#[test]
fn an_address_of_redis_reaches_the_resolver_without_brackets() {
    let Ok(RedisTarget::Url(url)) = redis("redis://u:p@[::1]:6379/1") else {
        panic!("no URL")
    };
    let client = ::redis::Client::open(url.with_password()).map(|client| {
        let address = client.get_connection_info().addr().clone();
        matches!(address, ::redis::ConnectionAddr::Tcp(host, 6379) if host == "::1")
    });
    assert!(matches!(client, Ok(true)), "{client:?}");
}
