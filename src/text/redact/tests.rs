#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{ffi::OsString, fmt::Write as _, path::Path};

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{Secrets, foreign, names, output, remember, text, value};
use crate::{
    input::{services, toml_file::TomlFile},
    service::Target,
};

const CASES: usize = 10_000;

const CHARACTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/@?#&=+% \"'\\<>;,.-_~!$*()[]{}|^`éß€🎟";

/// A random secret that no text contains by chance.
fn secret(random: &mut StdRng) -> String {
    let characters: Vec<char> = CHARACTERS.chars().collect();
    let length = random.random_range(9..40);
    let mut secret = String::from("Q7");
    for _ in 0..length {
        secret.push(characters[random.random_range(0..characters.len())]);
    }
    // White space at an end is not typed.
    secret + "zK4"
}

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

fn form(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn ascii_json(text: &str) -> String {
    json(text).chars().fold(String::new(), |mut escaped, c| {
        if c.is_ascii() && c != '/' {
            escaped.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
        escaped
    })
}

fn debug(text: &str) -> String {
    let quoted = format!("{text:?}");
    quoted[1..quoted.len() - 1].to_owned()
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

fn numeric_html(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, c| {
        let _ = if c.is_ascii_alphanumeric() {
            write!(escaped, "{c}")
        } else {
            write!(escaped, "&#x{:X};", u32::from(c))
        };
        escaped
    })
}

fn csv(text: &str) -> String {
    text.replace('"', "\"\"")
}

const ENCODINGS: [fn(&str) -> String; 8] = [
    percent,
    form,
    json,
    ascii_json,
    debug,
    html,
    numeric_html,
    csv,
];

/// The base64 text of `text` after `bytes` other bytes, without the characters that depend on neighbouring bytes.
fn base64_behind(text: &str, bytes: usize) -> [String; 2] {
    let whole = [vec![b':'; bytes], text.as_bytes().to_vec()].concat();
    let (start, end) = ((bytes * 8).div_ceil(6), whole.len() * 8 / 6);
    let cut = |encoded: String| encoded[start..end].to_owned();
    [
        cut(BASE64_STANDARD.encode(&whole)),
        cut(BASE64_URL_SAFE_NO_PAD.encode(&whole)),
    ]
}

/// Every encoding of a secret that the tests search for.
fn spellings(secret: &str) -> Vec<String> {
    let mut spellings = vec![secret.to_owned()];
    for encode in ENCODINGS {
        spellings.push(encode(secret));
        spellings.push(encode(&encode(secret)));
    }
    for bytes in 0..3 {
        spellings.extend(base64_behind(secret, bytes));
    }
    spellings
}

fn assert_hidden(secret: &str, shown: &str, place: &str) {
    for spelling in spellings(secret) {
        assert!(
            !shown.contains(&spelling),
            "{place}: {secret:?} as {spelling:?} in {shown}"
        );
    }
}

/// A random encoding, or one encoding within another, as in an answer of a service.
fn encoded(secret: &str, random: &mut StdRng) -> String {
    let pick = |random: &mut StdRng| ENCODINGS[random.random_range(0..ENCODINGS.len())];
    match random.random_range(0..5) {
        0 => secret.to_owned(),
        1 => pick(random)(secret),
        2 => pick(random)(&pick(random)(secret)),
        3 => BASE64_STANDARD.encode(format!(
            "{}:{secret}",
            "u".repeat(random.random_range(0..9))
        )),
        _ => BASE64_URL_SAFE_NO_PAD.encode(format!("{secret}:x")),
    }
}

#[test]
fn a_known_secret_is_hidden_in_every_encoding() {
    let mut random = StdRng::seed_from_u64(1);
    for case in 0..CASES {
        let secret = secret(&mut random);
        let mut known = Secrets::default();
        known.add(&secret);
        known.add("some-0ther value");
        let spelled = encoded(&secret, &mut random);
        let said = format!("{{\"error\": \"é {spelled}\", \"id\": 17}}");
        let masked = known.mask(&said);
        assert_hidden(&secret, &masked, &format!("case {case}"));
        assert!(masked.starts_with("{\"error\": \"é "), "{masked}");
        assert!(masked.ends_with("\", \"id\": 17}"), "{said}\n{masked}");
    }
}

/// A value of a flag, an environment variable or a scenario file. Half of these values are invalid.
fn typed(secret: &str, kind: usize) -> String {
    let encoded = percent(secret);
    match kind {
        0 => format!("postgres://u:{encoded}@127.0.0.1:1/x"),
        1 => format!("mysql://u:{encoded}@127.0.0.1:1/x"),
        2 => format!("redis://:{encoded}@127.0.0.1:1"),
        3 => format!("redis://{encoded}@127.0.0.1:1"),
        4 => format!("postgres://u@h/x?sslmode=disable&password={encoded}"),
        5 => format!("mysql://h/x?sslpassword={encoded}&pass={encoded}"),
        6 => format!("postgres://u:{secret}@127.0.0.1:port/x"),
        7 => format!("postgres:u:{secret}@h/x"),
        8 => format!("mysql://u:{encoded}@h"),
        9 => format!("rediss://u:{secret}@h:6379/zero"),
        10 => format!("127.0.0.1:6379,password={secret},ssl=true"),
        11 => format!("Server=h;Database=x;Uid=u;Pwd={secret};Pooling=true"),
        12 => format!("127.0.0.1:9092,sasl.password={secret}"),
        13 => format!("kafka://u:{secret}@h:9092"),
        14 => format!(
            "host=h user=u password='{}' dbname=x",
            secret.replace('\'', "")
        ),
        15 => format!("postgres://u:{encoded}@h/x?token={encoded}&key={encoded}&api_key={encoded}"),
        _ => format!("http://u:{secret}@h/x"),
    }
}

#[test]
fn no_error_and_no_setting_contains_a_typed_secret() {
    let mut random = StdRng::seed_from_u64(2);
    for case in 0..CASES {
        let kind = case % 17;
        let mut secret = secret(&mut random);
        if kind >= 10 {
            // In a list of settings, white space and quotes end a value.
            secret = secret.replace([' ', '\'', '"', ';', ',', '&', '='], "x");
        }
        let typed = typed(&secret, kind);
        let results = [
            services::db(&typed).map(|db| format!("{db} {db:?}")),
            services::redis(&typed).map(|redis| format!("{redis} {redis:?}")),
            services::kafka(&typed).map(|kafka| format!("{kafka} {kafka:?}")),
        ];
        for result in results {
            let shown = result.unwrap_or_else(|problem| format!("{problem:?} {}", problem.what));
            assert_hidden(&secret, &shown, &typed);
        }
        assert_hidden(&secret, &value(&typed), &typed);
    }
}

/// A target file with the secret in one place.
fn target_file(secret: &str, kind: usize) -> String {
    let quoted = serde_json::Value::from(secret);
    let (url, rest) = match kind {
        0 => (
            "/claim".to_owned(),
            format!("headers = {{ Authorization = {quoted} }}"),
        ),
        1 => {
            let bearer = serde_json::Value::from(format!("Bearer {secret}"));
            (
                "/claim".to_owned(),
                format!("headers = {{ Authorization = {bearer} }}"),
            )
        }
        2 => {
            let basic = BASE64_STANDARD.encode(format!("user:{secret}"));
            (
                "/claim".to_owned(),
                format!("headers = {{ authorization = \"Basic {basic}\" }}"),
            )
        }
        3 => (
            "/claim".to_owned(),
            format!("headers = {{ X-Api-Key = {quoted} }}"),
        ),
        4 => {
            let cookie = serde_json::Value::from(format!("theme=dark; session={secret}"));
            (
                "/claim".to_owned(),
                format!("headers = {{ Cookie = {cookie} }}"),
            )
        }
        5 => (
            format!("/claim?user={{{{user}}}}&key={}", percent(secret)),
            String::new(),
        ),
        6 => (
            "/claim".to_owned(),
            format!("json = {{ user = 1, auth = {{ password = {quoted} }} }}"),
        ),
        7 => (
            "/claim".to_owned(),
            format!("form = {{ user = \"1\", client_secret = {quoted} }}"),
        ),
        _ => (
            "/claim".to_owned(),
            "headers = { Authorization = \"Bearer {{env.KEY}}\" }".to_owned(),
        ),
    };
    format!(
        "[http]\nbase_url = \"http://127.0.0.1:1\"\n[claim]\nurl = \"{url}\"\n{rest}\n[[outcome]]\nis = \"issued\"\nstatus = 200\n"
    )
}

#[test]
fn no_shown_answer_contains_a_secret_of_the_target_file() {
    let mut random = StdRng::seed_from_u64(3);
    for case in 0..CASES {
        let kind = case % 9;
        let mut secret = secret(&mut random).replace("{{", "((");
        if kind < 5 {
            // A header is ASCII, and a cookie has no semicolon.
            secret = secret.replace(|c: char| !c.is_ascii() || c == ';', "x");
        }
        let env = |name: &str| (name == "KEY").then(|| OsString::from(&secret));
        let file = TomlFile::of(Path::new("shop.toml"), target_file(&secret, kind));
        let target = Target::validate(&file, &env).unwrap();
        assert_hidden(&secret, &format!("{:?}", target.secrets), "debug");
        assert_hidden(&secret, &target.claim.name, "the name of the claim");
        let answer = format!("no such user: {}!", encoded(&secret, &mut random));
        assert_hidden(
            &secret,
            &target.secrets.mask(&answer),
            &format!("{case} {answer}"),
        );
    }
}

#[test]
fn possible_passwords_in_invalid_urls_and_lists_are_masked() {
    for (typed, masked) in [
        ("postgres://u:secret@h/db", "postgres://***@h/db"),
        ("postgres://u:se@cr/et@h/db", "postgres://***@h/db"),
        ("postgres:u:secret@h/db", "***@h/db"),
        ("u:secret@postgres://h", "***@postgres://h"),
        ("postgres:u:secret@://***@", "***@"),
        ("postgres://u:secret", "postgres://u:***"),
        ("postgres://u:secret/db", "postgres://u:***/db"),
        ("redis://[::1]:6379/0", "redis://[::1]:6379/0"),
        ("redis://h:6379/0", "redis://h:6379/0"),
        ("ssl://a:1, ssl://b:2", "ssl://a:1, ssl://b:2"),
        ("postgres://u:sec,ret", "postgres://u:***"),
        (
            "postgres://h/db?a=b&Password=se@cret&x=1",
            "postgres://h/db?a=b&Password=***&x=1",
        ),
        (
            "host=h password=secret dbname=x",
            "host=h password=*** dbname=x",
        ),
        (
            "h:6379,password=se,cret,ssl=true",
            "h:6379,password=***,ssl=true",
        ),
        (
            "Server=h;Pwd=secret;Pooling=on",
            "Server=h;Pwd=***;Pooling=on",
        ),
        ("h:9092?sasl.password=secret", "h:9092?sasl.password=***"),
        (
            "/claim?token={{users.token}}",
            "/claim?token={{users.token}}",
        ),
        ("--password=secret", "--password=***"),
        ("keyspace=shop", "keyspace=shop"),
        ("plain", "plain"),
    ] {
        assert_eq!(value(typed), masked);
    }
}

#[test]
fn secrets_of_urls_headers_and_fields_in_messages_are_masked() {
    for (said, masked) in [
        (
            "cannot reach postgres://u:p/w@h:5432/x, nor redis://tok3n@h:1",
            "cannot reach postgres://u:***@h:5432/x, nor redis://***@h:1",
        ),
        ("GET http://h:80/users/a@b.c", "GET http://h:80/users/a@b.c"),
        ("authorization: Bearer abc.def", "authorization: Bearer ***"),
        ("Authorization: abc", "Authorization: ***"),
        ("set-cookie: session=abc; Path=/", "set-cookie: ***"),
        (
            r#"{"user":"u","access_token":"a\"bc","n":1}"#,
            r#"{"user":"u","access_token":"***","n":1}"#,
        ),
        (
            r#"{"log":"{\"password\":\"abc\"}"}"#,
            r#"{"log":"{\"password\":\"***\"}"}"#,
        ),
        (r#"{"key":"SOLD_OUT"}"#, r#"{"key":"SOLD_OUT"}"#),
        (
            "connection refused (os error 111)",
            "connection refused (os error 111)",
        ),
    ] {
        assert_eq!(text(said), masked);
    }
}

#[test]
fn a_valid_url_shows_its_user_host_and_path() {
    for (url, shown) in [
        ("postgres://u:secret@h/x", "postgres://u:***@h/x"),
        ("postgres://u@h/x", "postgres://u@h/x"),
        ("redis://secret@h/0", "redis://***@h/0"),
        (
            "mysql://h/x?sslpassword=a&ssl-mode=required&PWD=b",
            "mysql://h/x?sslpassword=***&ssl-mode=required&PWD=***",
        ),
    ] {
        assert_eq!(names::url(&url::Url::parse(url).unwrap()), shown);
    }
}

/// A weak password masks no status and no word of the program.
#[test]
fn short_and_common_values_mask_only_whole_words() {
    let mut known = Secrets::default();
    for poor in ["a", "1", "12", "200", "issued", "10000"] {
        known.add(poor);
    }
    let text = "HTTP 200: a claim of user 17 in coupon_issued_1, 100001 left";
    assert_eq!(known.mask(text), text);
    assert_eq!(
        known.mask("said \"issued\" to 10000"),
        "said \"***\" to ***"
    );
    let document = r#"{"issued": 10000}"#;
    assert_eq!(known.mask_distinctive(document), document);
}

#[test]
fn the_longest_value_is_masked_first_and_a_password_without_its_url() {
    let mut secrets = Secrets::default();
    secrets.add("key");
    secrets.add("key-of-mine");
    secrets.add("postgres://me:hunter2@db/shop");
    secrets.add("");
    assert_eq!(
        secrets.mask("key-of-mine, a key, hunter2@db, monkey"),
        "***, a ***, ***@db, monkey"
    );
}

#[test]
fn overlapping_values_and_prefixes_are_all_masked() {
    let mut secrets = Secrets::default();
    secrets.add_all(["abCd.1234", "1234.efGh", "abCd.1234.efGh.5678", "abCd"]);
    assert_eq!(secrets.mask("<abCd.1234.efGh>"), "<***>");
    assert_eq!(secrets.mask("<abCd.1234.efGh.5678> abCd"), "<***> ***");
}

#[test]
fn a_password_that_equals_the_user_of_its_url_is_not_searched_for() {
    let mut secrets = Secrets::default();
    secrets.add_url(&url::Url::parse("postgres://coupon:coupon@h/coupon").unwrap());
    let said = "password authentication failed for user \"coupon\"";
    assert_eq!(secrets.mask(said), said);
}

#[test]
fn no_output_contains_a_secret_that_the_process_knows() {
    remember("Learned-Only-Here-42");
    assert_eq!(output("a Learned-Only-Here-42 b"), "a *** b");
    assert_eq!(foreign("a Learned%2DOnly-Here%2D42 b"), "a *** b");
}

#[test]
fn a_search_for_a_million_values_is_fast() {
    let values: Vec<String> = (0..200_000).map(|n| format!("token-{n:06}-x")).collect();
    let mut secrets = Secrets::default();
    secrets.add_all(values.iter().map(String::as_str));
    for number in (0..200_000).step_by(1000) {
        let said = format!("no user has token-{number:06}-x");
        assert_eq!(secrets.mask(&said), "no user has ***");
    }
}
