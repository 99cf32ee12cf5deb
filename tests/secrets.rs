//! No output contains a secret of a URL, a header, a variable or a table of users, with any error.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fmt::Write as _,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
};

use base64::{Engine, prelude::BASE64_STANDARD};

/// Secrets with characters that URLs, JSON, HTML, Markdown or CSV escape.
const SECRETS: [&str; 3] = [
    "hunter2-S3cret",
    "pä$s/w&rd\"<1>'x_y*",
    "T0k3n+with=all#of%them:@?",
];

const OUTPUTS: [(&str, &str); 6] = [
    ("--json", "report.json"),
    ("--junit", "report.xml"),
    ("--markdown", "report.md"),
    ("--html", "report.html"),
    ("--attempts-csv", "attempts.csv"),
    ("--hgrm", "hgrm"),
];

fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// Every encoding of a secret that the tests search for.
fn spellings(secret: &str) -> Vec<String> {
    let html = secret
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let mut spellings = vec![
        secret.to_owned(),
        percent(secret),
        percent(secret).to_lowercase(),
        form,
        json(secret),
        json(&json(secret)),
        format!("{secret:?}"),
        html.replace('"', "&quot;").replace('\'', "&#39;"),
        html.replace('"', "&#34;").replace('\'', "&#x27;"),
        html,
        secret.replace('"', "\"\""),
    ];
    for bytes in 0..3 {
        let whole = [vec![b':'; bytes], secret.as_bytes().to_vec()].concat();
        let encoded = BASE64_STANDARD.encode(&whole);
        spellings.push(encoded[(bytes * 8).div_ceil(6)..whole.len() * 8 / 6].to_owned());
    }
    spellings
}

/// All outputs of one run of the program.
fn written(folder: &Path, args: &[&str], env: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_coupon-bench"));
    command.args(args).current_dir(folder).stdin(Stdio::null());
    for name in [
        "COUPON_BENCH_DB",
        "COUPON_BENCH_REDIS",
        "COUPON_BENCH_KAFKA",
    ] {
        command.env_remove(name);
    }
    command.env("GITHUB_STEP_SUMMARY", folder.join("summary.md"));
    command.env("RUST_LOG", "trace").envs(env.iter().copied());
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut all = vec![
        ("stdout".to_owned(), text(&output.stdout)),
        ("stderr".to_owned(), text(&output.stderr)),
    ];
    let names = OUTPUTS.iter().map(|(_, name)| *name).chain(["summary.md"]);
    for name in names {
        let path = folder.join(name);
        if let Ok(bytes) = fs::read(&path) {
            all.push((name.to_owned(), text(&bytes)));
            fs::remove_file(path).unwrap();
        }
    }
    all
}

fn assert_hidden(secret: &str, place: &str, all: &[(String, String)]) {
    for (output, text) in all {
        for spelling in spellings(secret) {
            assert!(
                !text.contains(&spelling),
                "{place}: {secret:?} as {spelling:?} in {output}:\n{text}"
            );
        }
    }
}

/// A run with every output and the most detailed log.
fn run<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["run", "-vvv", "-u", "20", "-l", "5", "--timeout", "300ms"];
    for (flag, file) in OUTPUTS {
        args.extend([flag, file]);
    }
    args.extend(more);
    args
}

/// Addresses that are unreachable or invalid: the flag, the variable and the URL.
fn urls(secret: &str) -> Vec<(&'static str, &'static str, String)> {
    let encoded = percent(secret);
    vec![
        (
            "--db",
            "COUPON_BENCH_DB",
            format!("postgres://u:{encoded}@127.0.0.1:1/x"),
        ),
        (
            "--db",
            "COUPON_BENCH_DB",
            format!("postgres://u:{secret}@127.0.0.1:port/x"),
        ),
        (
            "--db",
            "COUPON_BENCH_DB",
            format!("postgres://u@127.0.0.1:1/x?password={encoded}"),
        ),
        (
            "--db",
            "COUPON_BENCH_DB",
            format!("mysql://u:{encoded}@127.0.0.1:1/x"),
        ),
        (
            "--db",
            "COUPON_BENCH_DB",
            format!("mysql://u:{encoded}@127.0.0.1:1"),
        ),
        (
            "--db",
            "COUPON_BENCH_DB",
            format!("mysql://127.0.0.1:1/x?pass={encoded}"),
        ),
        (
            "--redis",
            "COUPON_BENCH_REDIS",
            format!("redis://:{encoded}@127.0.0.1:1"),
        ),
        (
            "--redis",
            "COUPON_BENCH_REDIS",
            format!("redis://{encoded}@127.0.0.1:1"),
        ),
        (
            "--redis",
            "COUPON_BENCH_REDIS",
            format!("127.0.0.1:1,password={encoded},ssl=true"),
        ),
        (
            "--redis",
            "COUPON_BENCH_REDIS",
            format!("rediss://u:{encoded}@127.0.0.1:1/x"),
        ),
        (
            "--kafka",
            "COUPON_BENCH_KAFKA",
            format!("127.0.0.1:1,sasl.password={encoded}"),
        ),
        (
            "--kafka",
            "COUPON_BENCH_KAFKA",
            format!("kafka://u:{encoded}@127.0.0.1:1"),
        ),
    ]
}

#[test]
fn no_output_contains_a_secret_of_a_url() {
    let folder = tempfile::tempdir().unwrap();
    for secret in SECRETS {
        for (flag, variable, url) in urls(secret) {
            let by_flag = run(&["-s", "redis-kafka", flag, &url]);
            assert_hidden(secret, &url, &written(folder.path(), &by_flag, &[]));
            let by_variable = run(&["-s", "redis-kafka"]);
            let all = written(folder.path(), &by_variable, &[(variable, &url)]);
            assert_hidden(secret, &url, &all);
            let key = &flag[2..];
            let file = format!(
                "strategy = \"redis-kafka\"\n{key} = {}\n",
                serde_json::Value::from(url.as_str())
            );
            fs::write(folder.path().join("scenario.toml"), file).unwrap();
            let by_file = run(&["--scenario", "scenario.toml"]);
            assert_hidden(secret, &url, &written(folder.path(), &by_file, &[]));
        }
        for args in [
            vec!["doctor", "-vvv", "--json", "postgres://u:{}@h/x"],
            vec!["run", "postgres://u:{}@h/x"],
            vec!["run", "--token={}"],
            vec!["compare", "postgres://u:{}@h/x"],
            vec![
                "run",
                "-s",
                "naive",
                "--json",
                "nowhere/postgres://u:{}@h/x",
            ],
        ] {
            let args: Vec<_> = args.iter().map(|arg| arg.replace("{}", secret)).collect();
            let args: Vec<_> = args.iter().map(String::as_str).collect();
            assert_hidden(secret, &args.join(" "), &written(folder.path(), &args, &[]));
        }
    }
}

/// A service that returns every request in a header and in the body of an error.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    address
}

fn answer(stream: TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            if line == "\r\n" {
                break;
            }
            head.push_str(&line);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let said = format!("{head}{}", String::from_utf8_lossy(&body));
        let body =
            serde_json::json!({ "you": said, "base64": BASE64_STANDARD.encode(&said) }).to_string();
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let answer = format!(
            "HTTP/1.1 500 No\r\nContent-Length: {}\r\nX-Path: {path}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).ok()?;
    }
}

/// The claims of target files, each with the secret at one place.
fn claims(secret: &str) -> Vec<String> {
    let quoted = serde_json::Value::from(secret);
    let header = secret.replace(|c: char| !c.is_ascii() || c == ';', "x");
    let basic = BASE64_STANDARD.encode(format!("user:{secret}"));
    let encoded = percent(secret);
    let bearer = serde_json::Value::from(format!("Bearer {header}"));
    let cookie = serde_json::Value::from(format!("theme=dark; session={header}"));
    let header = serde_json::Value::from(header);
    vec![
        format!("url = \"/claim\"\nheaders = {{ Authorization = {bearer} }}"),
        format!("url = \"/claim\"\nheaders = {{ Authorization = \"Basic {basic}\" }}"),
        format!("url = \"/claim\"\nheaders = {{ X-Api-Key = {header} }}"),
        format!("url = \"/claim\"\nheaders = {{ Cookie = {cookie} }}"),
        format!("url = \"/claim?key={encoded}\""),
        format!("url = \"/claim\"\njson = {{ auth = {{ password = {quoted} }} }}"),
        format!("url = \"/claim\"\nform = {{ client_secret = {quoted} }}"),
        "url = \"/claim?k={{env.KEY}}\"\nbody = \"{{env.KEY}}\"".to_owned(),
        "url = \"/claim\"\njson = { a = \"{{env.KEY}}\" }".to_owned(),
        "url = \"/claim?t={{users.token}}\"\nbody = \"{{users.token}}\"".to_owned(),
        format!("url = \"/claim\"\nheaders = {bearer}"),
    ]
}

#[test]
fn no_output_contains_a_secret_of_a_target_that_the_service_returns() {
    let folder = tempfile::tempdir().unwrap();
    let address = echo();
    for secret in SECRETS {
        let mut users = csv::Writer::from_path(folder.path().join("users.csv")).unwrap();
        users.write_record(["id", "token"]).unwrap();
        for user in 1..=20 {
            users
                .write_record([&format!("user-{user}"), secret])
                .unwrap();
        }
        users.flush().unwrap();
        for claim in claims(secret) {
            let head =
                format!("[http]\nbase_url = \"http://{address}\"\n[users]\ncsv = \"users.csv\"\n");
            let rules = "[[outcome]]\nis = \"issued\"\nstatus = 200\n";
            let file = format!("{head}[claim]\n{claim}\n{rules}");
            fs::write(folder.path().join("shop.toml"), &file).unwrap();
            let env = [("KEY", secret)];
            let header = secret.replace(|c: char| !c.is_ascii() || c == ';', "x");
            for args in [
                run(&["--target", "shop.toml"]),
                vec!["target", "check", "shop.toml", "-vvv"],
            ] {
                let all = written(folder.path(), &args, &env);
                assert_hidden(secret, &claim, &all);
                assert_hidden(&header, &claim, &all);
            }
        }
    }
}
