//! One run of five strategies, told in every way there is: each way tells the same numbers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde_json::Value;

const STRATEGIES: [&str; 5] = [
    "naive",
    "redis-incr",
    "redis-set-incr",
    "db-conditional",
    "redis-kafka",
];

/// Of a strategy.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    issued: u64,
    over_issued: u64,
    verdict: String,
}

type Numbers = BTreeMap<String, Told>;

/// Runs them all once; what stdout said.
fn run(folder: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coupon-bench"));
    command.args(["run", "--users", "400", "--no-progress", "--strategy"]);
    command.arg(STRATEGIES.join(","));
    for (flag, file) in [
        ("--json", "report.json"),
        ("--junit", "report.xml"),
        ("--markdown", "report.md"),
        ("--html", "report.html"),
        ("--attempts-csv", "attempts.csv"),
        ("--hgrm", "hgrm"),
    ] {
        command.arg(flag).arg(folder.join(file));
    }
    for name in ["DB", "REDIS", "KAFKA"] {
        command.env_remove(format!("COUPON_BENCH_{name}"));
    }
    command.env("GITHUB_STEP_SUMMARY", folder.join("summary.md"));
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).unwrap()
}

fn number(text: &str) -> u64 {
    text.replace(',', "").parse().unwrap()
}

fn in_json(report: &Value) -> Numbers {
    let runs = report["runs"].as_array().unwrap().iter();
    let told = runs.map(|run| {
        let told = Told {
            issued: run["ledger"]["issued"].as_u64().unwrap(),
            over_issued: run["ledger"]["over_issued"].as_u64().unwrap(),
            verdict: run["verdict"].as_str().unwrap().to_owned(),
        };
        (run["strategy"].as_str().unwrap().to_owned(), told)
    });
    told.collect()
}

fn in_junit(xml: &str) -> Numbers {
    let report = quick_junit::Report::deserialize_from_str(xml).unwrap();
    let told = report.test_suites.iter().map(|suite| {
        let of = |name: &str| {
            let mut all = suite.properties.iter();
            let found = all.find(|property| property.name.as_str() == name);
            found.unwrap().value.as_str().to_owned()
        };
        let told = Told {
            issued: number(&of("issued")),
            over_issued: number(&of("over_issued")),
            verdict: of("verdict"),
        };
        (suite.name.as_str().to_owned(), told)
    });
    told.collect()
}

/// Of the first table: its head, and rows with a sign before the strategy's name.
fn in_table(head: &[String], rows: &[Vec<String>]) -> Numbers {
    let told = rows.iter().map(|row| {
        let of = |name: &str| {
            let place = head.iter().position(|column| column == name);
            row[place.unwrap()].clone()
        };
        let told = Told {
            issued: number(&of("issued")),
            over_issued: number(&of("over-issued")),
            verdict: of("verdict"),
        };
        let (_, name) = row[0].split_once(' ').unwrap();
        (name.to_owned(), told)
    });
    told.collect()
}

fn in_markdown(markdown: &str) -> Numbers {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut cell = None;
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::TableHead | Tag::TableRow) => rows.push(Vec::new()),
            Event::Start(Tag::TableCell) => cell = Some(String::new()),
            Event::Text(text) => {
                if let Some(cell) = &mut cell {
                    cell.push_str(&text);
                }
            }
            Event::End(TagEnd::TableCell) => rows.last_mut().unwrap().extend(cell.take()),
            Event::End(TagEnd::Table) => break,
            _ => {}
        }
    }
    in_table(&rows[0], &rows[1..])
}

fn in_html(html: &str) -> Numbers {
    let table = html.split("<table>").nth(1).unwrap();
    let table = table.split("</table>").next().unwrap();
    let cells = |row: &str| {
        let cells = row.split("</t").filter_map(|cell| cell.rsplit_once('>'));
        let texts = cells.map(|(_, text)| text.to_owned());
        texts.filter(|text| !text.is_empty()).collect::<Vec<_>>()
    };
    let rows: Vec<_> = table.split("<tr>").skip(1).map(cells).collect();
    in_table(&rows[0], &rows[1..])
}

/// Strategy, promise, issued, over-issued, lost, duplicate users, verdict.
fn in_terminal(text: &str) -> Numbers {
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<_> = line.strip_prefix("  ")?.split_whitespace().collect();
        let name = cells.first().filter(|name| STRATEGIES.contains(name))?;
        let told = Told {
            issued: number(cells[2]),
            over_issued: number(cells[3]),
            verdict: cells[6].to_owned(),
        };
        Some(((*name).to_owned(), told))
    });
    // Further tables have other columns.
    rows.take(STRATEGIES.len()).collect()
}

/// Attempts by strategy: all, and those that were told "issued".
fn in_csv(path: &Path) -> BTreeMap<String, (u64, u64)> {
    let mut counts = BTreeMap::new();
    for record in csv::Reader::from_path(path).unwrap().records() {
        let record = record.unwrap();
        let (all, issued) = counts.entry(record[0].to_owned()).or_insert((0, 0));
        *all += 1;
        assert_eq!(&record[1], "1", "trials are counted from 1");
        let is_issued = &record[3] == "issued";
        *issued += u64::from(is_issued);
        // Every user got an answer, and every row was read.
        let (start, end) = (number(&record[5]), number(&record[6]));
        assert!(number(&record[4]) <= start && start <= end, "{record:?}");
        assert_eq!(record[7].is_empty(), !is_issued, "{record:?}");
    }
    counts
}

/// The count in the foot of a percentile distribution.
fn in_hgrm(path: &Path) -> u64 {
    let text = fs::read_to_string(path).unwrap();
    let (_, count) = text.split_once("Total count    = ").unwrap();
    number(count.split(']').next().unwrap().trim())
}

#[test]
fn every_output_tells_the_same_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let stdout = run(folder);
    let report: Value = serde_json::from_str(&read("report.json")).unwrap();
    let numbers = in_json(&report);
    assert_eq!(numbers.len(), STRATEGIES.len());
    assert!(numbers["naive"].over_issued > 0, "{numbers:?}");

    assert_eq!(in_junit(&read("report.xml")), numbers);
    assert_eq!(numbers["naive"].verdict, "finding");
    assert_eq!(in_markdown(&read("report.md")), numbers);
    assert_eq!(in_html(&read("report.html")), numbers);
    assert_eq!(in_terminal(&stdout), numbers);
    assert_eq!(read("summary.md"), read("report.md"));

    let counts = in_csv(&folder.join("attempts.csv"));
    for run in report["runs"].as_array().unwrap() {
        let name = run["strategy"].as_str().unwrap();
        let attempts = |outcome: &str| run["attempts"][outcome].as_u64().unwrap();
        assert_eq!(
            counts[name],
            (attempts("total"), attempts("issued")),
            "{name}"
        );
        let hgrm = |outcome| in_hgrm(&folder.join(format!("hgrm/{name}.{outcome}.hgrm")));
        assert_eq!(hgrm("all"), attempts("total"), "{name}");
        assert_eq!(hgrm("issued"), attempts("issued"), "{name}");
    }
}

#[test]
fn where_nothing_was_run_no_file_is_left_and_none_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old.json");
    fs::write(&old, "old").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_coupon-bench"));
    command.args(["run", "-s", "naive", "--no-progress"]);
    command.args(["--db", "postgres://127.0.0.1:1/shop"]);
    command.arg("--json").arg(&old);
    for flag in ["--junit", "--markdown", "--html", "--attempts-csv"] {
        command.arg(flag).arg(folder.path().join(&flag[2..]));
    }
    command.env_remove("GITHUB_STEP_SUMMARY");
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    let left = fs::read_dir(folder.path()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["old.json"]);
    assert_eq!(fs::read_to_string(&old).unwrap(), "old");
}

/// The program with these arguments, in a folder of its own.
fn program(folder: &Path, args: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coupon-bench"));
    command
        .args(args.split_whitespace())
        .current_dir(folder)
        .stdin(Stdio::null());
    for name in [
        "COUPON_BENCH_DB",
        "COUPON_BENCH_REDIS",
        "COUPON_BENCH_KAFKA",
        "GITHUB_STEP_SUMMARY",
    ] {
        command.env_remove(name);
    }
    command
}

fn texts(output: &std::process::Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn an_output_that_cannot_be_written_hides_no_verdict_and_no_other_output() {
    let folder = tempfile::tempdir().unwrap();
    // One place for each, as two outputs may not go to the same.
    let full = ["json", "junit", "markdown", "attempts-csv"];
    for name in full {
        std::os::unix::fs::symlink("/dev/full", folder.path().join(name)).unwrap();
    }
    for (assertion, code) in [("issued > 0", 1), ("issued < 0", 3)] {
        let mut command = program(
            folder.path(),
            "run -s redis-incr -u 200 --no-progress --html report.html --hgrm hgrm",
        );
        for name in full {
            command.arg(format!("--{name}")).arg(name);
        }
        let output = command.args(["--assert", assertion]).output().unwrap();
        let (stdout, stderr) = texts(&output);
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(stdout.contains("holds"), "{stdout}");
        for name in full {
            let named = format!("error: failed to write {name} (--{name}): No space left");
            assert!(stderr.contains(&named), "{name}: {stderr}");
        }
        assert!(folder.path().join("report.html").exists());
        assert!(folder.path().join("hgrm/redis-incr.all.hgrm").exists());
    }
}

#[test]
fn the_documents_of_other_commands_hide_no_verdict_either() {
    let folder = tempfile::tempdir().unwrap();
    for (command, shown) in [
        (
            "explore -s naive --json /dev/full --markdown found.md",
            "naive",
        ),
        (
            "replay naive:u2:l1:ABBA --json /dev/full --markdown found.md",
            "naive",
        ),
        ("ceiling --only incr -n 200 --json /dev/full", "200"),
    ] {
        let output = program(folder.path(), command).output().unwrap();
        let (stdout, stderr) = texts(&output);
        assert_eq!(output.status.code(), Some(1), "{command}: {stderr}");
        assert!(stdout.contains(shown), "{command}: {stdout}");
        assert!(stderr.contains("/dev/full (--json)"), "{command}: {stderr}");
        if command.contains("found.md") {
            fs::remove_file(folder.path().join("found.md")).unwrap();
        }
    }
}

#[test]
fn a_reader_of_stdout_who_leaves_changes_nothing_and_a_full_disk_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for command in [
        "strategies",
        "explore -s naive",
        "run -s naive -u 200 --no-progress",
        "completions bash",
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = program(folder.path(), command)
            .stdout(writer)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{command}: {output:?}");
        assert_eq!(texts(&output).1, "", "{command}");

        let full = fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let output = program(folder.path(), command)
            .stdout(full)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{command}: {output:?}");
        let stderr = texts(&output).1;
        assert!(
            stderr.contains("failed to write to stdout: No space left"),
            "{stderr}"
        );
    }
}

/// A limit on the size of files stands for a disk that fills up in the middle.
#[test]
fn a_report_that_does_not_fit_leaves_the_last_one_and_no_other_file() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("report.json");
    fs::write(&old, "old").unwrap();
    let program = env!("CARGO_BIN_EXE_coupon-bench");
    let script =
        format!("trap '' XFSZ; ulimit -f 0; exec {program} explore -s naive --json report.json");
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let (stdout, stderr) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stdout.contains("naive"), "{stdout}");
    assert!(
        stderr.contains("report.json (--json): File too large"),
        "{stderr}"
    );
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(fs::read_to_string(&old).unwrap(), "old");
}
