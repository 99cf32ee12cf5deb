//! Errors of services about a wrong password, and the arguments of the run's processes, contain no secret.

use std::{fs, process::Stdio, time::Duration};

use crate::{
    program::command,
    services::{mysql, postgres, redis},
};

/// The password as typed (percent-encoded) and as sent.
const TYPED: &str = "wr0ng-S3cret%2Fwith%40all";
const SENT: &str = "wr0ng-S3cret/with@all";

fn with_password(url: &str) -> String {
    let mut url = url::Url::parse(url).expect("a URL");
    if url.username().is_empty() {
        url.set_username("nobody").expect("a user");
    }
    url.set_password(Some("PASSWORD")).expect("a password");
    url.to_string().replace("PASSWORD", TYPED)
}

#[test]
fn no_output_contains_a_wrong_password() {
    let folder = tempfile::tempdir().expect("a folder");
    for (flag, url) in [
        ("--db", postgres()),
        ("--db", mysql()),
        ("--redis", redis()),
    ] {
        let url = with_password(&url);
        for args in [
            format!(
                "run -vvv -s redis-incr -u 10 {flag} {url} --json report.json --html report.html"
            ),
            format!("doctor -vvv {flag} {url}"),
            format!("clean -vvv {flag} {url}"),
            format!("ceiling -vvv -n 10 {flag} {url}"),
        ] {
            let output = command(&args)
                .current_dir(folder.path())
                .output()
                .expect("the program starts");
            assert_eq!(output.status.code(), Some(5), "{args}: {output:?}");
            let mut told = format!("{output:?}");
            for entry in fs::read_dir(folder.path()).expect("a folder").flatten() {
                told.push_str(&fs::read_to_string(entry.path()).expect("a text"));
            }
            for secret in [TYPED, SENT, "wr0ng"] {
                assert!(!told.contains(secret), "{args}: {told}");
            }
        }
    }
}

/// Every user of the machine can list processes with their arguments.
#[test]
fn the_arguments_of_instances_contain_no_url() {
    let mut child = command(&format!(
        "run -q -s naive -u 4000 --rate 1000 --instances 2 --db {}",
        postgres()
    ))
    .stdout(Stdio::null())
    .spawn()
    .expect("the program starts");
    let parent = child.id().to_string();
    let mut arguments = Vec::new();
    for _ in 0..100 {
        arguments = children(&parent);
        if arguments.len() == 2 {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    assert_eq!(arguments, ["instance\0", "instance\0"]);
}

/// The arguments of every child of a process.
fn children(parent: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    let of_parent = processes.filter(|process| {
        let stat = fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        // The state and the parent follow the name, which is in parentheses.
        let after = stat.rsplit_once(") ").map_or("", |(_, after)| after);
        after.split(' ').nth(1) == Some(parent)
    });
    of_parent
        .filter_map(|process| fs::read_to_string(process.path().join("cmdline")).ok())
        .filter_map(|line| Some(line.split_once('\0')?.1.to_owned()))
        .collect()
}
