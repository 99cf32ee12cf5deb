//! Where a login is found.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::input::services;

#[test]
fn a_database_is_found_by_its_host_and_port() {
    let is_behind = |url: &str, driver, host, port| {
        let db = services::db(url).unwrap();
        super::is_behind(&db, driver, host, port)
    };
    let url = "postgres://u:p@127.0.0.1:5433/db";
    assert!(is_behind(url, Driver::Postgres, "localhost", 5433));
    assert!(!is_behind(url, Driver::Postgres, "localhost", 5432));
    assert!(!is_behind(url, Driver::Mysql, "127.0.0.1", 5433));
    assert!(!is_behind(url, Driver::Postgres, "db.example", 5433));
    assert!(is_behind(
        "mysql://u@DB.example/x",
        Driver::Mysql,
        "db.example",
        3306
    ));
    assert!(is_behind(
        "postgres://u@[::1]/x",
        Driver::Postgres,
        "::1",
        5432
    ));
    assert!(!is_behind(
        "sqlite://x",
        Driver::Postgres,
        "localhost",
        5432
    ));
}
