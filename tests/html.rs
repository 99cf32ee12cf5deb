//! The page in a real browser, headless: it says nothing to the console, asks for nothing, fits a phone and has a dark side.
//!
//! Needs Chromium, as `chromium` or where `COUPON_BENCH_TEST_CHROMIUM` says; `scripts/test` installs it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    env, fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use coupon_bench::{
    model::report::Report,
    render::{
        Format,
        fixtures::{self, hunts},
        html::Html,
        hunt, interleaving,
    },
};
use serde_json::Value;
use tempfile::TempDir;

/// Of a phone, in pixels.
const PHONE: u32 = 375;

/// A browser whose profile is its own, and which asks for nothing by itself.
const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--enable-logging=stderr",
    // What it asks for all the same does not get off the machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    // The page that measures looks into the one that is measured.
    "--allow-file-access-from-files",
];

/// A folder with pages, and the browser's profile.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn put(&self, name: &str, html: &str) {
        fs::write(self.path().join(name), html).unwrap();
    }

    /// What the page becomes, and what is said on the way.
    fn open(&self, name: &str, flags: &[&str]) -> Output {
        let program = env::var("COUPON_BENCH_TEST_CHROMIUM");
        let program = program.unwrap_or_else(|_| "chromium".to_owned());
        let output = Command::new(&program)
            .args(FLAGS)
            .args(flags)
            .arg(format!("--user-data-dir={}/profile", self.path().display()))
            .arg("--dump-dom")
            .arg(format!("file://{}/{name}", self.path().display()))
            .stdin(Stdio::null())
            .output();
        let output = output.unwrap_or_else(|error| {
            panic!("cannot start {program} ({error}): install Chromium, or say where it is in COUPON_BENCH_TEST_CHROMIUM")
        });
        assert!(output.status.success(), "{output:?}");
        output
    }

    /// What the browser said of the page.
    fn console(&self, name: &str) -> Vec<String> {
        let said = String::from_utf8(self.open(name, &[]).stderr).unwrap();
        let lines = said.lines().filter(|line| line.contains("CONSOLE"));
        lines.map(str::to_owned).collect()
    }

    /// What the page asked the network for; the browser's own requests come from no origin.
    fn requests(&self, name: &str) -> Vec<String> {
        let log = self.path().join("net.json");
        self.open(name, &[&format!("--log-net-log={}", log.display())]);
        let log: Value = serde_json::from_slice(&fs::read(log).unwrap()).unwrap();
        let events = log["events"].as_array().unwrap();
        let of_pages = events.iter().map(|event| &event["params"]).filter(|it| {
            it["initiator"]
                .as_str()
                .is_some_and(|origin| origin != "not an origin")
        });
        let addresses = of_pages.filter_map(|request| request["url"].as_str());
        addresses.map(str::to_owned).collect()
    }

    /// What the expression is within the page, `it` being its window, at a phone's width.
    fn on_a_phone(&self, name: &str, expression: &str, flags: &[&str]) -> String {
        let frame = format!(
            "<!DOCTYPE html><iframe src=\"{name}\" width=\"{PHONE}\" height=\"800\" style=\"border:0\"></iframe>\
             <p id=\"answer\"></p><script>onload = () => {{ const it = frames[0]; \
             document.getElementById('answer').textContent = {expression}; }}</script>"
        );
        self.put("frame.html", &frame);
        let dom = String::from_utf8(self.open("frame.html", flags).stdout).unwrap();
        let answer = dom.split("<p id=\"answer\">").nth(1).unwrap();
        answer.split("</p>").next().unwrap().to_owned()
    }
}

/// Every part of the page, with names that would like to be more than names.
fn crowded() -> Report {
    let mut report = fixtures::comparison();
    let name = "<script>alert(1)</script> \"' 🎟 a_name_that_is_longer_than_any_line_on_a_phone_could_ever_be_and_has_no_space\n";
    report.scenario.title = Some(name.to_owned());
    report.runs[0].warnings = vec![name.to_owned()];
    report.runs[0].failures = fixtures::violated().runs.remove(0).failures;
    report.runs[0].failures[0].message = name.repeat(5);
    report.assertions = fixtures::failed_assertions().assertions;
    name.clone_into(&mut report.assertions[0].expression);
    name.clone_into(&mut report.environment.cpu);
    let mut witness = interleaving::example();
    name.clone_into(&mut witness.title);
    name.clone_into(&mut witness.steps[0].name);
    report.runs[0].witness = Some(witness);
    report
}

/// The page of a hunt, with names that would like to be more than names.
fn hunted() -> String {
    let mut found = hunts::found();
    let name = crowded().scenario.title.unwrap();
    found.notes = vec![name.clone()];
    found.target = name;
    hunt::html(&found, &hunts::command()).unwrap()
}

fn desk(reports: &[(&str, Report)]) -> Desk {
    let desk = Desk::new();
    for (name, report) in reports {
        desk.put(name, &Html.render(report).unwrap());
    }
    desk
}

#[test]
fn the_page_says_nothing_and_asks_for_nothing() {
    let desk = desk(&[("page.html", crowded())]);
    assert_eq!(desk.console("page.html"), Vec::<String>::new());
    assert_eq!(desk.requests("page.html"), Vec::<String>::new());
    desk.put("hunt.html", &hunted());
    assert_eq!(desk.console("hunt.html"), Vec::<String>::new());
    assert_eq!(desk.requests("hunt.html"), Vec::<String>::new());

    // Something would be noticed.
    let page = fs::read_to_string(desk.path().join("page.html")).unwrap();
    desk.put(
        "broken.html",
        &page.replace("<main>", "<main><script>1</script>"),
    );
    assert!(!desk.console("broken.html").is_empty());
    desk.put("curious.html", "<img src=\"http://127.0.0.1:9/x.png\">");
    assert_eq!(desk.requests("curious.html")[0], "http://127.0.0.1:9/x.png");
}

#[test]
fn the_page_fits_a_phone() {
    let desk = desk(&[("page.html", crowded()), ("one.html", fixtures::violated())]);
    desk.put("hunt.html", &hunted());
    desk.put("wide.html", "<div style=\"width:900px\">wide</div>");
    let width = "it.document.documentElement.scrollWidth";
    for (name, fits) in [
        ("page.html", true),
        ("one.html", true),
        ("hunt.html", true),
        ("wide.html", false),
    ] {
        let width: u32 = desk.on_a_phone(name, width, &[]).parse().unwrap();
        assert_eq!(width <= PHONE, fits, "{name}: {width}");
    }
    // The picture within the page is one that the policy lets in and the browser can draw.
    let drawn = "it.document.querySelector('img').naturalWidth > 100";
    assert_eq!(desk.on_a_phone("page.html", drawn, &[]), "true");
    // One drawing of each figure is shown, the narrow one.
    let shown = "[...it.document.querySelectorAll('figure > div')].filter(d => d.offsetHeight).map(d => d.className)\
                 .every(name => name == 'narrow')";
    assert_eq!(desk.on_a_phone("page.html", shown, &[]), "true");
}

#[test]
fn the_page_has_a_dark_side() {
    let desk = desk(&[("page.html", crowded())]);
    let colors = "[['body', 'backgroundColor'], ['.narrow text', 'fill'], ['.narrow polyline[stroke=\"#CF222E\"]', 'stroke']]\
                  .map(([name, property]) => it.getComputedStyle(it.document.querySelector(name))[property])";
    let seen = |scheme: &str| {
        let flag = format!("--blink-settings=preferredColorScheme={scheme}");
        desk.on_a_phone("page.html", colors, &[&flag])
    };
    let (dark, light) = (seen("0"), seen("1"));
    assert_eq!(
        light,
        "rgb(255, 255, 255),rgb(87, 96, 106),rgb(207, 34, 46)"
    );
    assert_eq!(dark, "rgb(13, 17, 23),rgb(145, 152, 161),rgb(255, 107, 97)");
}
