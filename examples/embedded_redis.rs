//! Runs the embedded server until Ctrl-C: `cargo run --example embedded_redis -- --port 6399`.
#![expect(
    clippy::print_stdout,
    reason = "an example tells the user where to connect"
)]

use std::{error::Error, net::Ipv4Addr};

use coupon_bench::adapters::redis::embedded::EmbeddedRedis;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let port: u16 = match args.as_slice() {
        [] => 6399,
        [flag, port] if flag == "--port" => port.parse()?,
        _ => return Err("usage: embedded_redis [--port PORT]".into()),
    };
    let server = EmbeddedRedis::start_on((Ipv4Addr::LOCALHOST, port).into())?;
    println!("{} (Ctrl-C ends it)", server.url());
    tokio::signal::ctrl_c().await?;
    Ok(())
}
