//! The embedded Redis: a command without a connection, and a command over TCP with the client of a run.

use std::time::Duration;

use bytes::Bytes;
use coupon_bench::{
    adapters::{
        Role,
        redis::{Redis, embedded::Keyspace},
    },
    config::{ServiceArgs, doctor_services},
    input::address::Services,
    ports::UserId,
};
use divan::{Bencher, counter::ItemsCount};
use futures::{StreamExt, stream};
use tokio::runtime::Runtime;

const COMMANDS: usize = 10_000;
const NOW: Duration = Duration::from_secs(1_700_000_000);

fn main() {
    divan::main();
}

fn words(text: &str) -> Vec<Bytes> {
    let words = text.split(' ');
    words
        .map(|word| Bytes::copy_from_slice(word.as_bytes()))
        .collect()
}

#[divan::bench(sample_size = 1000)]
fn keyspace_incr(bencher: Bencher<'_, '_>) {
    let (mut keyspace, command) = (Keyspace::default(), words("INCR coupon_count"));
    bencher.bench_local(|| keyspace.execute(&command, NOW));
}

#[divan::bench(sample_size = 1000)]
fn keyspace_sadd(bencher: Bencher<'_, '_>) {
    let mut keyspace = Keyspace::default();
    let mut user = 0;
    bencher
        .with_inputs(|| {
            user += 1;
            words(&format!("SADD applied_user {user}"))
        })
        .bench_local_refs(|command| keyspace.execute(command, NOW));
}

/// The embedded Redis with this number of connections.
fn services(connections: u32) -> Services {
    let defaults = doctor_services(&ServiceArgs::default(), &|_| None).expect("defaults are sound");
    Services {
        redis_connections: connections,
        ..defaults
    }
}

/// Ten thousand requests with this number in flight and this number of connections.
#[divan::bench(sample_count = 10, args = [(1, 1), (50, 50), (1, 1000)])]
fn over_tcp_in_flight(bencher: Bencher<'_, '_>, (connections, in_flight): (u32, usize)) {
    let runtime = Runtime::new().expect("a runtime");
    let services = services(connections);
    let opened = Redis::open(&services, "bench", Role::Guest, Duration::from_secs(30));
    let redis = runtime.block_on(opened).expect("the embedded Redis starts");
    let cache = redis.cache();
    bencher.counter(ItemsCount::new(COMMANDS)).bench_local(|| {
        let requests = stream::iter(1..=COMMANDS as u64)
            .map(|user| cache.sadd("applied_user", UserId(user)))
            .buffer_unordered(in_flight)
            .for_each(|answer| async move {
                answer.expect("an answer");
            });
        runtime.block_on(requests);
    });
}
