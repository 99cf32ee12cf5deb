//! A private PostgreSQL, with TLS, a socket in its folder, and both loopback addresses.

use std::fs;

use super::{Server, as_user, certificates, folder_of, free_port, hand_over, run};

const USER: &str = "postgres";

/// User and password are `coupon`, the database is `template1`. Its folder holds the socket, and `ca.pem`.
pub fn postgres() -> Server {
    let folder = folder_of(USER);
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::write(at("password"), "coupon").expect("a file");
    certificates(folder.path());
    hand_over(folder.path(), USER);
    let (data, password) = (at("data"), at("password"));
    run(as_user(USER, "initdb").args([
        "--no-sync",
        "--username=coupon",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--pwfile",
        &password,
        "--pgdata",
        &data,
    ]));
    let port = free_port();
    let mut server = as_user(USER, "postgres");
    server.args(["-D", &data]);
    for setting in [
        "listen_addresses=127.0.0.1,::1",
        "fsync=off",
        "ssl=on",
        &format!("port={port}"),
        &format!("unix_socket_directories={}", folder.path().display()),
        &format!("ssl_cert_file={}", at("server.pem")),
        &format!("ssl_key_file={}", at("server.key")),
    ] {
        server.args(["-c", setting]);
    }
    Server::start(server, folder, port)
}
