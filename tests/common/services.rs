//! The addresses of the real services. The defaults are those of `scripts/services`.

use std::env;

fn url(variable: &str, default: &str) -> String {
    env::var(variable).unwrap_or_else(|_| default.to_owned())
}

pub fn redis() -> String {
    url("COUPON_BENCH_TEST_REDIS", "redis://127.0.0.1:16379")
}

pub fn postgres() -> String {
    url(
        "COUPON_BENCH_TEST_POSTGRES",
        "postgres://coupon:coupon@127.0.0.1:15432/coupon",
    )
}

pub fn mysql() -> String {
    url(
        "COUPON_BENCH_TEST_MYSQL",
        "mysql://coupon:coupon@127.0.0.1:13306/coupon",
    )
}

pub fn kafka() -> String {
    url("COUPON_BENCH_TEST_KAFKA", "127.0.0.1:19092")
}

/// The management API of RabbitMQ, which only one test needs: `scripts/services start rabbitmq`.
pub fn rabbitmq() -> String {
    url(
        "COUPON_BENCH_TEST_RABBITMQ",
        "http://guest:guest@127.0.0.1:15680",
    )
}

/// Every combination of services for a strategy: its name and its flags.
pub fn backends() -> [(&'static str, String); 3] {
    let real = format!("--redis {} --kafka {}", redis(), kafka());
    [
        ("embedded", String::new()),
        ("postgres", format!("--db {} {real}", postgres())),
        ("mysql", format!("--db {} {real}", mysql())),
    ]
}
