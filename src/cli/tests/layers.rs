//! Flag over file over environment.

use super::*;

#[test]
fn a_flag_can_switch_off_a_rate_of_the_file() {
    let (_file, path) = file("strategy = 'naive'\nconsumer_rate = 500\nbystander_rate = '0.5/s'");
    let rates = |flags: &[&str]| {
        let args = [&["--scenario", path.as_str()], flags].concat();
        let scenario = resolved(&args).unwrap().scenario;
        (scenario.services.consumer_rate, scenario.bystander_rate)
    };
    assert_eq!(rates(&[]), (Rate::new(500.0), Rate::new(0.5)));
    let switched_off = ["--consumer-rate", "unlimited", "--bystander-rate", "off"];
    assert_eq!(rates(&switched_off), (None, None));
}

#[test]
fn a_flag_wins_over_the_file_and_the_file_over_the_environment() {
    let variables = [
        ("COUPON_BENCH_DB", "sqlite://env.db"),
        ("COUPON_BENCH_KAFKA", "env:1"),
    ];
    let (_file, path) = file(
        "strategy = 'naive'\nlimit = 7\ndb = 'sqlite://file.db'\nkeep = true\nassert = 'lost == 0'",
    );
    let only_env = with_env(&["-s", "naive"], &variables).unwrap().scenario;
    assert_eq!(only_env.services.db.to_string(), "sqlite://env.db");
    let with_file = with_env(&["--scenario", &path], &variables)
        .unwrap()
        .scenario;
    assert_eq!(with_file.services.db.to_string(), "sqlite://file.db");
    assert_eq!(with_file.services.kafka.to_string(), "env:1");
    assert_eq!((with_file.workload.limit, with_file.keep), (7, true));
    let flags = [
        "--scenario",
        &path,
        "--db",
        "sqlite",
        "-l",
        "8",
        "--keep=off",
        "--assert",
        "issued == 8",
        "-s",
        "all",
    ];
    let with_flags = with_env(&flags, &variables).unwrap().scenario;
    assert_eq!(with_flags.services.db, DbTarget::PrivateSqlite);
    assert_eq!((with_flags.workload.limit, with_flags.keep), (8, false));
    assert_eq!(with_flags.assertions.len(), 1);
    assert!(with_flags.subjects.len() > 1);
}

#[test]
fn a_private_authority_is_read_before_the_run() {
    let key = rcgen::KeyPair::generate().unwrap();
    let authority = rcgen::CertificateParams::default().self_signed(&key);
    let (_pem, path) = file(&authority.unwrap().pem());
    let of = |scenario: Scenario| scenario.services.tls_ca.unwrap().path().to_owned();
    let flag = resolved(&["-s", "naive", "--tls-ca", &path])
        .unwrap()
        .scenario;
    assert_eq!(of(flag), Path::new(&path));
    let variable = [("COUPON_BENCH_TLS_CA", &*path)];
    let variable = with_env(&["-s", "naive"], &variable).unwrap().scenario;
    assert_eq!(of(variable), Path::new(&path));
    // Relative to the scenario file, which is in the same folder.
    let name = Path::new(&path).file_name().unwrap().to_str().unwrap();
    let (_scenario, scenario) = file(&format!("strategy = 'naive'\ntls_ca = '{name}'"));
    let key = resolved(&["--scenario", &scenario]).unwrap().scenario;
    assert_eq!(of(key), Path::new(&path));

    let (_text, text) = file("no certificate");
    let error_text = |path: &str| {
        resolved(&["-s", "naive", "--tls-ca", path])
            .unwrap_err()
            .to_string()
    };
    assert!(error_text(&text).contains("in --tls-ca: the file has no certificate"));
    assert!(
        error_text("/nowhere/ca.pem").contains("No such file"),
        "{}",
        error_text("/nowhere/ca.pem")
    );
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let scenario = with_env(&["-s", "naive"], &[("COUPON_BENCH_DB", "")])
        .unwrap()
        .scenario;
    assert_eq!(scenario.services.db, DbTarget::PrivateSqlite);
}
