#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

fn to(kind: GateKind, host: &str, port: u16) -> Redirect {
    Redirect {
        kind,
        host: host.to_owned(),
        port,
        gate: "127.0.0.1:4001".parse().unwrap(),
    }
}

fn value(redirect: &Redirect, value: &str) -> String {
    Patterns::of(redirect).unwrap().replace(value)
}

#[test]
fn an_address_is_replaced_in_every_spelling() {
    let postgres = to(GateKind::Postgres, "localhost", 5432);
    for (before, after) in [
        (
            "postgres://u:p@localhost:5432/db",
            "postgres://u:p@127.0.0.1:4001/db",
        ),
        (
            "LOCALHOST:5432,127.0.0.1:5432,[::1]:5432",
            "127.0.0.1:4001,127.0.0.1:4001,127.0.0.1:4001",
        ),
        (
            "jdbc:postgresql://127.0.0.1:5432/shop?ssl=false",
            "jdbc:postgresql://127.0.0.1:4001/shop?ssl=false",
        ),
        (
            "postgres://u:p@localhost/db",
            "postgres://u:p@127.0.0.1:4001/db",
        ),
        (
            "postgresql+asyncpg://u:p%40@[::1]",
            "postgresql+asyncpg://u:p%40@127.0.0.1:4001",
        ),
        (
            "postgresql://a.example,localhost/db",
            "postgresql://a.example,127.0.0.1:4001/db",
        ),
        (
            "host=localhost user=u port=5432",
            "host=127.0.0.1 user=u port=4001",
        ),
        (
            "dbname=d host='localhost'",
            "dbname=d host='127.0.0.1' port=4001",
        ),
    ] {
        assert_eq!(value(&postgres, before), after);
    }
    for same in [
        "db.localhost:5432",
        "mylocalhost:5432",
        "localhost:54321",
        "localhost:5433",
        "postgres://u:p@localhost:5433/db",
        "mysql://u:p@localhost/db",
        "redis://localhost",
        "localhost",
        "host=localhost port=5433",
        "host=localhost.example",
        "",
    ] {
        assert_eq!(value(&postgres, same), same);
    }
}

#[test]
fn a_default_port_is_known_for_each_scheme() {
    let mysql = to(GateKind::Mysql, "127.0.0.1", 3306);
    for (before, after) in [
        (
            "mysql+pymysql://u@localhost/db",
            "mysql+pymysql://u@127.0.0.1:4001/db",
        ),
        (
            "jdbc:mysql://localhost/shop",
            "jdbc:mysql://127.0.0.1:4001/shop",
        ),
        (
            "jdbc:mariadb://localhost:3306/shop",
            "jdbc:mariadb://127.0.0.1:4001/shop",
        ),
        ("u:p@tcp(localhost)/shop", "u:p@tcp(127.0.0.1:4001)/shop"),
        (
            "mysql2://u:p@localhost?pool=5",
            "mysql2://u:p@127.0.0.1:4001?pool=5",
        ),
    ] {
        assert_eq!(value(&mysql, before), after);
    }
    let redis = to(GateKind::Redis, "::1", 6379);
    assert_eq!(value(&redis, "redis://localhost"), "redis://127.0.0.1:4001");
    assert_eq!(
        value(&redis, "redis://:p@localhost/1"),
        "redis://:p@127.0.0.1:4001/1"
    );
    let elsewhere = to(GateKind::Redis, "::1", 6380);
    assert_eq!(value(&elsewhere, "redis://localhost"), "redis://localhost");
}

#[test]
fn another_machine_has_one_name() {
    let redis = to(GateKind::Redis, "cache.example", 6379);
    assert_eq!(
        value(&redis, "redis://cache.example:6379"),
        "redis://127.0.0.1:4001"
    );
    for same in [
        "redis://localhost:6379",
        "cacheXexample:6379",
        "cache.example.org:6379",
    ] {
        assert_eq!(value(&redis, same), same);
    }
}

#[test]
fn a_command_and_its_environment_are_redirected() {
    let words = [
        "app",
        "--url=jdbc:mysql://127.0.0.1:13306/shop",
        "localhost",
    ];
    let environment = [
        ("DB_HOST", "localhost"),
        ("DB_PORT", "13306"),
        ("CACHE_HOST", "localhost"),
        ("CACHE_PORT", "6379"),
        ("SERVER", "localhost"),
        ("URL", "mysql://localhost:13306"),
        ("PATH", "/bin"),
    ];
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let redirected = redirect(
        &words.map(str::to_owned),
        &environment.map(own).into(),
        &[to(GateKind::Mysql, "127.0.0.1", 13306)],
    );
    let words = ["app", "--url=jdbc:mysql://127.0.0.1:4001/shop", "localhost"];
    assert_eq!(redirected.words, words);
    assert_eq!(
        redirected.changed,
        ["DB_HOST", "DB_PORT", "URL", "argument 1"]
    );
    let variables = [
        ("COUPON_BENCH_MYSQL", "127.0.0.1:4001"),
        ("DB_HOST", "127.0.0.1"),
        ("DB_PORT", "4001"),
        ("MYSQL_HOST", "127.0.0.1"),
        ("MYSQL_PORT", "4001"),
        ("MYSQL_TCP_PORT", "4001"),
        ("URL", "mysql://127.0.0.1:4001"),
    ];
    assert_eq!(redirected.variables, variables.map(own).into());
}
