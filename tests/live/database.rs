//! The load of a run on the database, and its effect on the bystander.

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sqlx::{Connection, Executor, Row, SqliteConnection};

use crate::{
    isolation::{files, remains},
    program::{command, read, run},
    services::backends,
};

const PHASES: [&str; 3] = ["before", "during", "after"];

fn number(run: &Value, pointer: &str) -> u64 {
    let value = run.pointer(pointer).and_then(Value::as_u64);
    value.unwrap_or_else(|| panic!("no number at {pointer} in {run}"))
}

/// The number of rows of the time series, and its length.
fn rows(run: &Value) -> (u64, Duration) {
    let series = run["database"]["rows_over_time"]["rows"]
        .as_array()
        .expect("a series");
    let interval = number(run, "/database/rows_over_time/interval_ns");
    (
        series.iter().filter_map(Value::as_u64).sum(),
        Duration::from_nanos(interval * series.len() as u64),
    )
}

#[test]
fn consumers_keep_their_rate_and_insert_in_batches() {
    for (name, flags) in backends() {
        let paced = "--consumers 2 --consumer-batch 50 --consumer-rate 1000";
        let ran = run(&format!(
            "-s redis-kafka,redis-kafka-safe -u 3000 -l 1000 {paced} {flags}"
        ));
        assert_eq!(ran.exit, Some(0), "{name}: {}", ran.report);
        for run in ran.report["runs"].as_array().expect("runs") {
            assert_eq!(number(run, "/ledger/issued"), 1000, "{name}");
            // At 1,000 per second the records queue up, so that most batches are full.
            assert!(number(run, "/database/statements") < 500, "{name}: {run}");
            let (rows, took) = rows(run);
            assert_eq!(rows, 1000, "{name}");
            // The last batch follows after the time of all batches before it.
            assert!(took > Duration::from_millis(900), "{name}: {took:?}");
        }
    }
}

#[test]
fn a_drain_with_a_consumer_rate_continues_beyond_the_timeout() {
    let ran = run("-s redis-kafka -u 500 -l 300 --consumer-rate 100 --timeout 1s");
    assert_eq!(ran.exit, Some(0), "{}", ran.report);
    assert_eq!(ran.each("/ledger/drained"), [json!(true)]);
    assert!(ran.each("/drain_ns")[0].as_u64() > Some(1_000_000_000));
}

#[test]
fn every_statement_has_a_pool_wait_and_every_row_is_in_the_time_series() {
    for (name, flags) in backends() {
        for instances in [1, 2] {
            let ran = run(&format!(
                "-s naive -u 1000 --db-pool 2 --instances {instances} {flags}"
            ));
            let run = &ran.report["runs"][0];
            let statements = number(run, "/database/statements");
            assert_eq!(
                number(run, "/database/pool_wait/count"),
                statements,
                "{name}"
            );
            assert!(number(run, "/database/pool_wait/p99_ns") > 0, "{name}");
            assert_eq!(rows(run).0, number(run, "/ledger/issued"), "{name}");
        }
    }
}

#[test]
fn a_bystander_has_orders_before_during_and_after_the_load_and_removes_its_tables() {
    for (name, flags) in backends() {
        for instances in ["", "--instances 2"] {
            let ran = run(&format!(
                "-s redis-incr,redis-kafka -u 2000 --bystander-rate 50 {instances} {flags}"
            ));
            assert_eq!(ran.exit, Some(0), "{name}: {}", ran.report);
            for run in ran.report["runs"].as_array().expect("runs") {
                for phase in PHASES {
                    let of =
                        |field: &str| number(run, &format!("/database/bystander/{phase}/{field}"));
                    // Orders are 20 ms apart, so a load of 15 ms may have none.
                    assert!(
                        phase == "during" || of("orders") > 10,
                        "{name}, {phase}: {run}"
                    );
                    assert_eq!(of("failed") + of("unanswered"), 0, "{name}, {phase}: {run}");
                    assert_eq!(of("response/count"), of("orders"), "{name}, {phase}");
                }
                // The phase of an order depends on its duration, but every order that was due is in one phase.
                let total = |field: &str| -> u64 {
                    let of =
                        |phase: &&str| number(run, &format!("/database/bystander/{phase}/{field}"));
                    PHASES.iter().map(of).sum()
                };
                let due = total("duration_ns") / 20_000_000;
                assert!(total("orders") >= due, "{name}: {run}");
                // The bystander's statements do not count as the strategy's.
                assert!(number(run, "/database/statements") <= 100, "{name}");
            }
            let id = ran.each("/run_id")[1].as_str().expect("an id").to_owned();
            assert_eq!(remains(&id), Vec::<String>::new(), "{name}");
            assert_eq!(files(&id), Vec::<String>::new(), "{name}");
        }
    }
}

#[test]
fn a_report_without_a_bystander_has_no_figures_of_one() {
    let ran = run("-s redis-incr -u 200");
    assert_eq!(ran.each("/database/bystander"), [Value::Null]);
    assert_eq!(ran.report["scenario"]["bystander_rate_per_s"], Value::Null);
}

#[test]
fn keep_keeps_and_names_the_bystanders_tables() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shop.sqlite");
    let ran = run(&format!(
        "-s redis-incr -u 200 --bystander-rate 50 --keep --db sqlite://{}",
        file.display()
    ));
    let id = ran.each("/run_id")[0].as_str().expect("an id").to_owned();
    let kept = ran.each("/kept")[0].to_string();
    for table in ["orders", "stock"] {
        let name = format!("table coupon_bench_{id}_{table}");
        assert!(kept.contains(&name), "{name} is not in {kept}");
    }
    // Ten orders to warm up, and all counted orders.
    let counted: u64 = PHASES
        .map(|phase| {
            number(
                &ran.report["runs"][0],
                &format!("/database/bystander/{phase}/orders"),
            )
        })
        .iter()
        .sum();
    let orders = on_file(&file, async |connection| {
        orders(connection).await.expect("the orders")
    });
    assert_eq!(orders, 10 + counted);
}

#[test]
fn ctrl_c_ends_the_bystander_too() {
    for (name, flags) in backends() {
        let begin = Instant::now();
        let child = command(&format!(
            "run --json - -s local-lock -u 200k -c 1 --bystander-rate 100 {flags}"
        ))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
        std::thread::sleep(Duration::from_secs(3));
        let killed = std::process::Command::new("kill")
            .args(["-INT", &child.id().to_string()])
            .status();
        assert!(killed.expect("kill").success());
        let ran = read(child.wait_with_output().expect("an end"), begin.elapsed());
        assert_eq!(ran.exit, Some(130), "{name}: {}", ran.stderr);
        assert!(ran.took < Duration::from_secs(10), "{name}: {:?}", ran.took);
        let id = ran.each("/run_id")[0].as_str().expect("an id").to_owned();
        assert_eq!(remains(&id), Vec::<String>::new(), "{name}");
        assert_eq!(files(&id), Vec::<String>::new(), "{name}");
    }
}

/// Calls `action` with a connection to a database file.
fn on_file<T>(file: &Path, work: impl AsyncFnOnce(&mut SqliteConnection) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let url = format!("sqlite://{}", file.display());
        let mut connection = SqliteConnection::connect(&url).await.expect("the file");
        work(&mut connection).await
    })
}

/// The number of rows; `None` while the table does not exist.
async fn orders(connection: &mut SqliteConnection) -> Option<u64> {
    let table = "SELECT name FROM sqlite_master WHERE name LIKE 'coupon_bench_%_orders'";
    let table = connection.fetch_optional(table).await.ok()??;
    let count = format!("SELECT count(*) FROM {}", table.get::<String, _>(0));
    let row = connection
        .fetch_one(sqlx::AssertSqlSafe(count))
        .await
        .ok()?;
    u64::try_from(row.get::<i64, _>(0)).ok()
}

#[test]
fn the_response_times_of_the_bystander_contain_the_whole_stall_of_the_database() {
    const RATE: f64 = 50.0;
    const STILL: Duration = Duration::from_millis(1500);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shop.sqlite");
    let begin = Instant::now();
    let child = command(&format!(
        "run --json - -s redis-incr -u 200 --bystander-rate {RATE} --db sqlite://{}",
        file.display()
    ))
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .expect("the program starts");
    while !file.exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    on_file(&file, async |connection| {
        // The first ten orders are to warm up.
        while orders(connection).await.is_none_or(|count| count < 12) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        connection
            .execute("BEGIN IMMEDIATE")
            .await
            .expect("the lock");
        tokio::time::sleep(STILL).await;
        connection.execute("ROLLBACK").await.expect("the end");
    });
    let ran = read(child.wait_with_output().expect("an end"), begin.elapsed());
    let felt = &ran.report["runs"][0]["database"]["bystander"];
    let total = |field: &str| -> u64 {
        let of = |phase: &&str| number(felt, &format!("/{phase}/{field}"));
        PHASES.iter().map(of).sum()
    };
    // No late order was left out, and no order delayed the next one.
    let expected = total("duration_ns") as f64 / 1e9 * RATE;
    assert!(
        total("orders") as f64 >= expected.floor(),
        "{expected}: {felt}"
    );
    assert_eq!(total("failed") + total("unanswered"), 0, "{felt}");
    let longest = PHASES
        .iter()
        .filter_map(|phase| felt[phase]["response"]["max_ns"].as_u64())
        .max();
    let almost = STILL.as_nanos() * 9 / 10;
    assert!(longest.map(u128::from) > Some(almost), "{felt}");
    // Every order during the stall waited for its end: 75 orders waited for half of the stall on average.
    let waited = |phase: &&str| {
        let of = |field: &str| felt[phase]["response"][field].as_f64().unwrap_or_default();
        of("count") * of("mean_ns") / 1e9
    };
    let waited: f64 = PHASES.iter().map(waited).sum();
    assert!(waited > 40.0, "{waited} s: {felt}");
}
