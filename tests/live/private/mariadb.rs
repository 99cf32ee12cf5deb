//! A private MariaDB, with TLS, a socket in its folder, and both loopback addresses.

use std::fs;

use super::{Server, as_user, certificates, folder_of, free_port, hand_over, run};

const USER: &str = "mysql";

const STATEMENTS: &str = "\
CREATE DATABASE coupon;
CREATE USER 'coupon'@'localhost' IDENTIFIED BY 'coupon';
CREATE USER 'coupon'@'%' IDENTIFIED BY 'coupon';
GRANT ALL PRIVILEGES ON coupon.* TO 'coupon'@'localhost';
GRANT ALL PRIVILEGES ON coupon.* TO 'coupon'@'%';
GRANT PROCESS ON *.* TO 'coupon'@'localhost';
GRANT PROCESS ON *.* TO 'coupon'@'%';
";

/// User, password and database are `coupon`. Its folder holds `socket` and `ca.pem`.
pub fn mariadb() -> Server {
    let folder = folder_of(USER);
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::write(at("init.sql"), STATEMENTS).expect("a file");
    certificates(folder.path());
    hand_over(folder.path(), USER);
    let data = format!("--datadir={}", at("data"));
    let scratch = format!("--tmpdir={}", folder.path().display());
    run(as_user(USER, "mariadb-install-db").args([
        "--no-defaults",
        "--skip-test-db",
        &data,
        &scratch,
    ]));
    let port = free_port();
    let mut server = as_user(USER, "mariadbd");
    server.args(["--no-defaults", "--bind-address=*", &data, &scratch]);
    for (option, value) in [
        ("port", port.to_string()),
        ("socket", at("socket")),
        ("pid-file", at("pid")),
        ("init-file", at("init.sql")),
        ("ssl-cert", at("server.pem")),
        ("ssl-key", at("server.key")),
    ] {
        server.arg(format!("--{option}={value}"));
    }
    Server::start(server, folder, port)
}
