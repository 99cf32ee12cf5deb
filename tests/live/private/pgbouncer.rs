//! A private PgBouncer in front of the PostgreSQL of the tests.

use std::fs;

use url::Url;

use super::{Server, as_user, folder_of, free_port, hand_over};
use crate::services;

const USER: &str = "postgres";

/// Starts a pooler with fewer sessions than clients, so that clients share sessions. The database is `coupon`, without a password.
pub fn pgbouncer(pool_mode: &str) -> Server {
    let folder = folder_of(USER);
    let url = Url::parse(&services::postgres()).expect("a URL");
    let (host, port) = (url.host_str().unwrap_or_default(), free_port());
    let settings = format!(
        "[databases]\n\
         coupon = host={host} port={} dbname={} user={} password={}\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\n\
         listen_port = {port}\n\
         unix_socket_dir =\n\
         auth_type = any\n\
         pool_mode = {pool_mode}\n\
         default_pool_size = 4\n",
        url.port().unwrap_or(5432),
        url.path().trim_start_matches('/'),
        url.username(),
        url.password().unwrap_or_default(),
    );
    let file = folder.path().join("pgbouncer.ini");
    fs::write(&file, settings).expect("a file");
    hand_over(folder.path(), USER);
    let mut server = as_user(USER, "pgbouncer");
    server.arg(file);
    Server::start(server, folder, port)
}
