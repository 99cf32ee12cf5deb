//! `clean` lists and removes the objects of killed runs. Objects of live runs and objects with a similar name stay.

use std::{
    process::{Child, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    isolation::{mariadb, psql, redis_cli, remains, services_script, tool},
    program::command,
    redis_server::PrivateRedis,
    services::{kafka, mysql, postgres, redis},
};

fn flags(db: &str) -> String {
    format!("--db {db} --redis {} --kafka {}", redis(), kafka())
}

/// Starts a long run and waits for its objects. Returns the process and the run's id in the registry.
fn long_run(flags: &str) -> (Child, String) {
    let mut child = command(&format!(
        "run -q -s redis-kafka -u 6k -l 1000 --rate 50 {flags}"
    ))
    .stdout(Stdio::null())
    .stderr(Stdio::null())
    .spawn()
    .expect("the program starts");
    let Some(id) = begun(child.id()) else {
        child.kill().expect("killed");
        child.wait().expect("an end");
        panic!("the run does not begin");
    };
    (child, id)
}

/// Waits for the objects of a process's run and returns the run's id; `None` after 30 s.
fn begun(process: u32) -> Option<String> {
    let limit = Instant::now() + Duration::from_secs(30);
    while Instant::now() < limit {
        if let Some(id) = registered(process)
            && !redis_cli(&["--scan", "--pattern", &format!("*{id}*coupon_count")]).is_empty()
        {
            return Some(id);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    None
}

/// The id of the run of a process.
fn registered(process: u32) -> Option<String> {
    let folder = std::env::temp_dir().join("coupon_bench_runs");
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    let records = entries.filter_map(|entry| std::fs::read(entry.path()).ok());
    records
        .filter_map(|bytes| serde_json::from_slice::<Value>(&bytes).ok())
        .find(|record| record["process"].as_u64() == Some(process.into()))
        .and_then(|record| Some(record["run_id"].as_str()?.to_owned()))
}

fn clean(args: &str) -> (Output, Value) {
    let output = command(&format!("clean --json - {args}"))
        .output()
        .expect("the program starts");
    let found = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
    });
    (output, found)
}

/// The lines about a run.
fn of<'a>(found: &'a Value, id: &str) -> Option<&'a Value> {
    let runs = found["runs"].as_array().expect("runs");
    runs.iter().find(|run| run["run_id"] == id)
}

/// Cleans until no object of a run is left. A Kafka cluster counts the members of a killed run as alive until their session ends.
fn clean_until_removed(flags: &str, id: &str) -> Value {
    let limit = Instant::now() + Duration::from_secs(90);
    loop {
        let (_, found) = clean(&format!("--yes {flags}"));
        if of(&found, id).expect("it is listed")["removed"] == true {
            return found;
        }
        assert!(Instant::now() < limit, "{found}");
        assert_eq!(remains(id), [format!("coupon_bench.{id}")], "{found}");
        std::thread::sleep(Duration::from_secs(3));
    }
}

fn kill(mut child: Child) {
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
}

#[test]
fn clean_removes_the_objects_of_a_killed_run_and_no_others() {
    let foreign = "coupon_bench_history_coupon";
    psql(&format!("CREATE TABLE IF NOT EXISTS {foreign} (id int)"));
    redis_cli(&["SET", "coupon_bench:config:coupon_count", "1"]);
    for (name, db) in [("postgres", postgres()), ("mysql", mysql())] {
        let flags = flags(&db);
        let (killed, killed_id) = long_run(&flags);
        let (living, living_id) = long_run(&flags);
        kill(killed);

        let (listed, found) = clean(&flags);
        assert_eq!(listed.status.code(), Some(0), "{name}: {listed:?}");
        let run = of(&found, &killed_id).expect("it is listed");
        assert_eq!(run["state"], "ended", "{name}: {run}");
        assert!(run["age_s"].as_u64() < Some(120), "{name}: {run}");
        let kinds = run["objects"].as_array().expect("objects").iter();
        let kinds: Vec<_> = kinds
            .map(|object| object["kind"].as_str().unwrap_or(""))
            .collect();
        for kind in ["table", "redis_key", "kafka_topic"] {
            assert!(kinds.contains(&kind), "{name}: {kind} in {run}");
        }
        assert_eq!(of(&found, &living_id).expect("listed")["state"], "alive");
        assert!(!remains(&killed_id).is_empty(), "{name}");

        let before = remains(&living_id);
        let found = clean_until_removed(&flags, &killed_id);
        assert_eq!(of(&found, &living_id).expect("listed")["removed"], false);
        assert_eq!(remains(&killed_id), Vec::<String>::new(), "{name}");
        assert_eq!(remains(&living_id), before, "{name}");
        let (_, found) = clean(&flags);
        assert_eq!(of(&found, &killed_id), None, "{name}");

        tool("kill", &["-INT", &living.id().to_string()]);
        let ended = living.wait_with_output().expect("an end");
        assert_eq!(ended.status.code(), Some(130), "{name}");
        assert_eq!(remains(&living_id), Vec::<String>::new(), "{name}");
    }
    assert_eq!(psql(&format!("SELECT count(*) FROM {foreign}")), "0");
    assert_eq!(redis_cli(&["GET", "coupon_bench:config:coupon_count"]), "1");
    psql(&format!("DROP TABLE {foreign}"));
    redis_cli(&["DEL", "coupon_bench:config:coupon_count"]);
}

#[test]
fn objects_of_another_machine_are_removed_by_age() {
    // One run is two hours old, the other as old as this test.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.expect("a time after 1970").as_secs();
    let (old, new) = (
        format!("{:08x}{:08x}", now - 7200, std::process::id()),
        format!("{now:08x}{:08x}", std::process::id()),
    );
    for id in [&old, &new] {
        mariadb(&format!("CREATE TABLE coupon_bench_{id}_coupon (id int)"));
        redis_cli(&["SET", &format!("coupon_bench:{id}:coupon_count"), "1"]);
        services_script(&[
            "kafka-topics",
            "--create",
            "--topic",
            &format!("coupon_bench.{id}.coupon_create"),
        ]);
    }
    let flags = flags(&mysql());
    let (_, found) = clean(&format!("--yes {flags}"));
    for id in [&old, &new] {
        let run = of(&found, id).expect("it is listed");
        assert_eq!(
            (&run["state"], &run["removed"]),
            (&"unknown".into(), &false.into())
        );
        assert_eq!(remains(id).len(), 3);
    }
    let (_, found) = clean(&format!("--yes --older-than 1h {flags}"));
    assert_eq!(of(&found, &old).expect("listed")["removed"], true);
    assert_eq!(remains(&old), Vec::<String>::new());
    assert_eq!(remains(&new).len(), 3);
    mariadb(&format!("DROP TABLE coupon_bench_{new}_coupon"));
    redis_cli(&["DEL", &format!("coupon_bench:{new}:coupon_count")]);
    let topic = format!("coupon_bench.{new}.coupon_create");
    services_script(&["kafka-topics", "--delete", "--topic", &topic]);
}

#[test]
fn a_second_ctrl_c_names_the_remaining_objects_and_how_to_remove_them() {
    // The service is frozen, so that the run cannot end between the signals.
    let frozen = PrivateRedis::start();
    let redis = format!("redis://127.0.0.1:{}", frozen.port);
    let flags = format!("--db {} --redis {redis} --kafka {}", postgres(), kafka());
    let child = command(&format!(
        "run -q -s redis-kafka -u 6k -l 1000 --rate 50 {flags}"
    ))
    .stdout(Stdio::null())
    .stderr(Stdio::piped())
    .spawn()
    .expect("the program starts");
    let process = child.id();
    let limit = Instant::now() + Duration::from_secs(30);
    let id = loop {
        match registered(process) {
            Some(id) if remains(&id).iter().any(|name| name.contains("_event")) => break id,
            _ => assert!(Instant::now() < limit, "the run does not begin"),
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    std::thread::sleep(Duration::from_secs(1));
    frozen.signal("-STOP");
    for _ in 0..2 {
        tool("kill", &["-INT", &process.to_string()]);
        std::thread::sleep(Duration::from_millis(300));
    }
    let ended = child.wait_with_output().expect("an end");
    frozen.signal("-CONT");
    let stderr = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(130), "{stderr}");
    for named in [
        format!("left behind by run {id}: table coupon_bench_{id}_coupon"),
        format!("kafka topic coupon_bench.{id}.coupon_create"),
        "remove them with: coupon-bench clean --yes --db 'postgres://".to_owned(),
    ] {
        assert!(stderr.contains(&named), "{named}: {stderr}");
    }
    assert!(!remains(&id).is_empty());
    clean_until_removed(&flags, &id);
    assert_eq!(remains(&id), Vec::<String>::new());
}

#[test]
fn clean_removes_private_databases_of_killed_runs_and_kept_objects_only_with_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let command = |args: &str| {
        let mut command = command(args);
        command.env("TMPDIR", folder.path()).stdout(Stdio::piped());
        command
    };
    let folders = || -> Vec<String> {
        let entries = std::fs::read_dir(folder.path())
            .expect("a folder")
            .flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name != "coupon_bench_runs").collect()
    };
    let clean = |args: &str| -> Value {
        let output = command(&format!("clean --json - {args}"))
            .output()
            .expect("an end");
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let child = command("run -q -s naive -u 2m -c 1 -l 1000000")
        .spawn()
        .expect("it starts");
    let limit = Instant::now() + Duration::from_secs(30);
    while folders().is_empty() {
        assert!(Instant::now() < limit, "the run does not begin");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(clean("--yes")["runs"][0]["state"], "alive");
    kill(child);
    assert_eq!(clean("")["runs"][0]["state"], "ended");
    assert_eq!(folders().len(), 1);
    assert_eq!(clean("--yes")["runs"][0]["removed"], true);
    assert_eq!(folders(), Vec::<String>::new());
    assert_eq!(clean("")["runs"].as_array().map(Vec::len), Some(0));

    let kept = command("run -q -s naive -u 200 --keep")
        .output()
        .expect("an end");
    assert_eq!(kept.status.code(), Some(0), "{kept:?}");
    let found = clean("--yes");
    let run = &found["runs"][0];
    assert_eq!(
        (&run["state"], &run["removed"]),
        (&"kept".into(), &false.into())
    );
    assert_eq!(folders().len(), 1);
    assert_eq!(clean("--yes --kept")["runs"][0]["removed"], true);
    assert_eq!(folders(), Vec::<String>::new());
}

#[test]
fn clean_names_an_unreachable_service_and_searches_the_others() {
    let flags = format!("--db {} --redis redis://u:secret@127.0.0.1:1", postgres());
    let (output, found) = clean(&flags);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{stderr}");
    assert!(
        stderr.contains("(--redis)") && !stderr.contains("secret"),
        "{stderr}"
    );
    assert_eq!(
        found["problems"].as_array().map(Vec::len),
        Some(1),
        "{found}"
    );
}
