//! The ways to connect to a database: by an address, by a socket, through a pooler, over TLS.

use serde_json::json;

use crate::{
    isolation::{psql, services_script},
    private::{self, Server, has_ipv6},
    program::{command, run},
};

/// The text on stderr and the exit code.
fn refused(args: &str) -> (Option<i32>, String) {
    let output = command(args).output().expect("the program starts");
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// Runs a strategy that uses transactions on every database of `urls`.
fn held(urls: &[String], flags: &str) {
    for url in urls {
        let ran = run(&format!(
            "-s db-pessimistic -u 100 -l 20 {flags} --db {url}"
        ));
        assert_eq!(ran.verdicts(), [json!("holds")], "{url}: {}", ran.stderr);
        assert_eq!(ran.each("/ledger/issued"), [json!(20)], "{url}");
    }
}

fn addresses(port: u16) -> Vec<String> {
    let mut hosts = vec![format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    if has_ipv6() {
        hosts.push(format!("[::1]:{port}"));
    }
    hosts
}

fn ca(server: &Server) -> String {
    format!("--tls-ca {}", server.path("ca.pem").display())
}

#[test]
fn postgres_is_reached_by_address_socket_and_tls() {
    let server = private::postgres();
    let (port, folder) = (server.port, server.path(""));
    let folder = folder.display().to_string();
    let folder = folder.trim_end_matches('/');
    let encoded = folder.replace('/', "%2F");
    let tcp: Vec<_> = addresses(port)
        .iter()
        .map(|host| format!("postgres://coupon:coupon@{host}/template1"))
        .collect();
    held(&tcp, "");
    // TLS with verification: the certificate has each of these names.
    held(&tcp, &ca(&server));
    held(
        &[
            format!(
                "postgresql:///template1?host={folder}&port={port}&user=coupon&password=coupon"
            ),
            format!("postgres://coupon:coupon@:{port}/template1?host={encoded}"),
            format!("postgres://coupon:coupon@{encoded}:{port}/template1"),
        ],
        "",
    );
    let verified = format!("{}?sslmode=verify-full", tcp[0]);
    let own = server.path("ca.pem").display().to_string();
    held(&[format!("{verified}&sslrootcert={own}")], "");
    let (exit, said) = refused(&format!("run -s naive --db {verified}"));
    assert_eq!(exit, Some(5), "{said}");
    assert!(said.contains("UnknownIssuer; name the authority"), "{said}");
}

#[test]
fn mariadb_is_reached_by_address_socket_and_tls() {
    let server = private::mariadb();
    let socket = server.path("socket").display().to_string();
    let tcp: Vec<_> = addresses(server.port)
        .iter()
        .map(|host| format!("mysql://coupon:coupon@{host}/coupon"))
        .collect();
    held(&tcp, "");
    held(&tcp, &ca(&server));
    held(
        &[format!("mysql://coupon:coupon@/coupon?socket={socket}")],
        "",
    );
    let verified = format!("{}?ssl-mode=VERIFY_IDENTITY", tcp[0]);
    let own = server.path("ca.pem").display().to_string();
    held(&[format!("{verified}&ssl-ca={own}")], "");
    let (exit, said) = refused(&format!("run -s naive --db {verified}"));
    assert_eq!(exit, Some(5), "{said}");
    assert!(said.contains("UnknownIssuer; name the authority"), "{said}");
}

#[test]
fn a_pooler_in_transaction_mode_is_detected_and_every_strategy_works_behind_it() {
    let pooler = private::pgbouncer("transaction");
    let db = format!("--db postgres://127.0.0.1:{}/coupon", pooler.port);
    let output = command(&format!("doctor {db}"))
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("behind a pooler"), "{said}");

    let strategies = "naive,db-pessimistic,db-optimistic,db-serializable,db-conditional,db-named-lock,db-skip-locked,redis-kafka";
    let ran = run(&format!(
        "-s {strategies} -u 300 -l 50 --bystander-rate 20 --assert failed==0 {db}"
    ));
    for run in ran.report["runs"].as_array().expect("runs") {
        let expected = if run["strategy"] == "naive" {
            "finding"
        } else {
            "holds"
        };
        assert_eq!(run["verdict"], expected, "{run}");
        assert_eq!(run["attempts"]["failed"], 0, "{run}");
    }
    assert_eq!(ran.exit, Some(0), "{}", ran.stderr);
    assert_eq!(
        ran.stderr
            .matches("behind a pooler in transaction mode")
            .count(),
        1,
        "{}",
        ran.stderr
    );
}

#[test]
fn statements_are_prepared_behind_a_pooler_in_session_mode() {
    let pooler = private::pgbouncer("session");
    let url = format!("postgres://127.0.0.1:{}/coupon", pooler.port);
    let ran = run(&format!(
        "-s db-pessimistic -u 100 -l 20 --db-pool 2 --db {url}"
    ));
    assert_eq!(ran.verdicts(), [json!("holds")], "{}", ran.stderr);
    assert!(!ran.stderr.contains("pooler"), "{}", ran.stderr);
    // Four sessions are not enough for the default pool of ten connections.
    let (exit, said) = refused(&format!("run -s naive -u 10 --db {url}"));
    assert_eq!(exit, Some(5), "{said}");
    let expected =
        "failed to open the pool's 10 connections (10 unless --db-pool says otherwise): no answer";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn a_parameter_that_a_pooler_refuses_is_explained() {
    let pooler = private::pgbouncer("transaction");
    let url = format!("postgres://127.0.0.1:{}/coupon", pooler.port);
    let (exit, said) = refused(&format!(
        "run -s naive --db {url}?options=-csearch_path%3Dpublic"
    ));
    assert_eq!(exit, Some(5), "{said}");
    assert!(
        said.contains("a pooler such as PgBouncer refuses it"),
        "{said}"
    );
}

#[test]
fn a_url_parameter_disables_prepared_statements() {
    let url = crate::services::postgres();
    held(&[format!("{url}?statement-cache-capacity=0")], "");
    // The session of the server belongs to the run, so its settings stay as they were.
    assert_eq!(psql("SHOW default_transaction_read_only"), "off");
}

#[test]
fn the_program_reads_the_variables_that_scripts_services_exports() {
    for (choice, kind) in [("postgres", "postgres "), ("mariadb", "mariadb ")] {
        let exported = services_script(&["env", choice]);
        let variables = exported.lines().filter_map(|line| {
            let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        });
        let output = command("doctor")
            .envs(variables)
            .output()
            .expect("the program starts");
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(said.contains(kind) && !said.contains("embedded"), "{said}");
    }
    let tests = services_script(&["env", "tests"]);
    assert!(!tests.contains("COUPON_BENCH_DB"), "{tests}");
}
