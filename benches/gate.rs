//! How much latency a gate adds to a statement on one connection: `cargo bench --bench gate`, or `cargo bench --bench gate -- redis`.
//! `scripts/services start` starts the databases; `PAIRS` is the number of statements. The statements go directly and through the gate in
//! turn, each pair in a random order. The gates hold nothing.
#![expect(clippy::print_stdout, reason = "the benchmark prints its result")]
#![expect(
    clippy::unwrap_used,
    reason = "a failed measurement ends the benchmark"
)]

use std::{
    env,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use coupon_bench::gate::{Gate, GateControl, GateKind};
use rand::RngExt;
use sqlx::{Connection, MySqlConnection, PgConnection};
use tokio::runtime::{self, Runtime};
use url::Url;

#[path = "../tests/common/services.rs"]
#[expect(dead_code, reason = "the benchmark needs some of the addresses")]
mod services;

const WARM_UP: usize = 1_000;

/// A client of a database, which executes one statement.
trait Client {
    fn execute(&mut self);
}

fn main() {
    let pairs = env::var("PAIRS").ok().and_then(|text| text.parse().ok());
    let pairs = pairs.unwrap_or(10_000);
    let names: Vec<_> = env::args().collect();
    let none_named = !GateKind::ALL.iter().any(|kind| is_named(&names, *kind));
    println!("microseconds of a statement, {pairs} pairs\n");
    println!("                    p50                          p99");
    println!("            direct    gate   added    direct    gate   added");
    let runtime = Runtime::new().unwrap();
    for kind in GateKind::ALL {
        if !none_named && !is_named(&names, kind) {
            continue;
        }
        let measured = Measured {
            runtime: &runtime,
            kind,
            pairs,
        };
        match kind {
            GateKind::Postgres => measured.run(&services::postgres(), Postgres::connect),
            GateKind::Mysql => measured.run(&services::mysql(), Mysql::connect),
            GateKind::Redis => measured.run(&services::redis(), Redis::connect),
        }
    }
}

fn is_named(names: &[String], kind: GateKind) -> bool {
    names.iter().any(|name| name == kind.name())
}

/// A gate to measure.
struct Measured<'a> {
    runtime: &'a Runtime,
    kind: GateKind,
    pairs: usize,
}

impl Measured<'_> {
    fn run<C: Client>(&self, url: &str, connect: impl Fn(&Url) -> C) {
        let url = Url::parse(url).unwrap();
        let (control, mut events) = GateControl::new();
        let _inside = self.runtime.enter();
        tokio::spawn(async move { while events.recv().await.is_some() {} });
        let port = url.port().unwrap_or(self.kind.default_port());
        let upstream = (url.host_str().unwrap().to_owned(), port);
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let gate = Gate::open(self.kind, upstream, any_port, control).unwrap();
        let mut through = url.clone();
        through.set_port(Some(gate.address().port())).unwrap();
        let (mut direct, mut behind) = (connect(&url), connect(&through));
        let mut times = [Vec::new(), Vec::new()];
        for pair in 0..WARM_UP + self.pairs {
            let gate_first = rand::rng().random::<bool>();
            for is_gate in [gate_first, !gate_first] {
                let client: &mut dyn Client = if is_gate { &mut behind } else { &mut direct };
                let begin = Instant::now();
                client.execute();
                let took = begin.elapsed();
                if pair >= WARM_UP {
                    times[usize::from(is_gate)].push(took);
                }
            }
        }
        let [direct, behind] = times;
        show(self.kind, direct, behind);
    }
}

fn show(kind: GateKind, mut direct: Vec<Duration>, mut behind: Vec<Duration>) {
    direct.sort_unstable();
    behind.sort_unstable();
    print!("{:<9}", kind.name());
    for percentile in [50, 99] {
        let at = |times: &[Duration]| times[times.len() * percentile / 100].as_secs_f64() * 1e6;
        let (direct, behind) = (at(&direct), at(&behind));
        print!(" {direct:>8.1} {behind:>7.1} {:>7.1} ", behind - direct);
    }
    println!();
}

struct Redis(TcpStream);

impl Redis {
    fn connect(url: &Url) -> Self {
        let address = (url.host_str().unwrap(), url.port().unwrap());
        let socket = TcpStream::connect(address).unwrap();
        socket.set_nodelay(true).unwrap();
        Self(socket)
    }
}

impl Client for Redis {
    fn execute(&mut self) {
        let command = b"*2\r\n$4\r\nINCR\r\n$22\r\ncoupon_bench_gate_test\r\n";
        self.0.write_all(command).unwrap();
        let mut reply = [0; 64];
        let length = self.0.read(&mut reply).unwrap();
        assert!(reply[..length].starts_with(b":") && reply[..length].ends_with(b"\r\n"));
    }
}

/// A client of its own runtime, so that the runtime of the gate has nothing else to do.
fn own_runtime() -> Runtime {
    runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

struct Postgres(Runtime, PgConnection);

impl Postgres {
    fn connect(url: &Url) -> Self {
        let runtime = own_runtime();
        let url = format!("{url}?sslmode=disable");
        let connection = runtime.block_on(PgConnection::connect(&url)).unwrap();
        Self(runtime, connection)
    }
}

impl Client for Postgres {
    fn execute(&mut self) {
        let query = sqlx::query("SELECT relname FROM pg_class WHERE oid = $1").bind(1259_i32);
        let row = query.fetch_one(&mut self.1);
        self.0.block_on(row).unwrap();
    }
}

struct Mysql(Runtime, MySqlConnection);

impl Mysql {
    fn connect(url: &Url) -> Self {
        let runtime = own_runtime();
        let url = format!("{url}?ssl-mode=disabled");
        let connection = runtime.block_on(MySqlConnection::connect(&url)).unwrap();
        Self(runtime, connection)
    }
}

impl Client for Mysql {
    fn execute(&mut self) {
        let query = sqlx::query("SELECT * FROM information_schema.schemata WHERE schema_name = ?");
        let rows = query.bind("information_schema").fetch_all(&mut self.1);
        self.0.block_on(rows).unwrap();
    }
}
