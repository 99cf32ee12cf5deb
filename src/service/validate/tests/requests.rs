//! Steps, captures, the kinds of setup, confirmation and poll: valid files, and mistakes with their lines.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::read;
use crate::service::setup::Action;

const GOOD: &str = r#"[http]
base_url = "http://127.0.0.1:8080"
[[setup]]
url = "/events"
json = { limit = "{{limit}}" }
capture = { event = { json = "/id" } }
[[setup]]
sql = "DELETE FROM coupon WHERE event = {{setup.event}}"
db = "postgres://app@127.0.0.1/shop"
[[setup]]
url = "redis://127.0.0.1:6379"
redis = ["DEL stock:{{setup.event}}", "SET stock:{{setup.event}} {{limit}}"]
[[setup]]
command = ["./reset.sh", "{{limit}}"]
capture = { out = { text = true } }
[[step]]
url = "/login"
json = { name = "user{{user}}" }
capture = { token = { json = "/token" }, id = { json = "/id", secret = false } }
[claim]
url = "/events/{{setup.event}}/claims"
headers = { Authorization = "Bearer {{step.token}}" }
capture = { ticket = { json = "/ticket" } }
[[outcome]]
is = "reserved"
status = 201
[[outcome]]
is = "waiting"
status = 202
[confirm]
url = "/confirm/{{claim.ticket}}"
[[confirm.outcome]]
is = "issued"
status = 200
[poll]
url = "/tickets/{{claim.ticket}}"
every = "50ms"
timeout = "2s"
[[poll.outcome]]
is = "waiting"
status = 202
[ledger]
http = { url = "/events/{{setup.event}}/coupons", users = "/users" }
user = "{{step.id}}"
"#;

fn wrong(what: &str, into: &str) -> String {
    assert!(GOOD.contains(what), "{what}");
    read(&GOOD.replacen(what, into, 1)).err().unwrap()
}

#[test]
fn all_tables_of_requests_are_read() {
    let target = read(GOOD).unwrap();
    let names: Vec<_> = target
        .setup
        .iter()
        .map(crate::service::Setup::name)
        .collect();
    assert_eq!(
        names,
        [
            "POST /events",
            "sql on postgres",
            "commands for redis",
            "command ./reset.sh"
        ]
    );
    let Action::Command(command) = &target.setup[3].action else {
        panic!("no command");
    };
    assert_eq!(command.words.len(), 2);
    let names = |names: &[crate::service::template::Name]| {
        let names = names.iter();
        names
            .map(|name| (name.placeholder.clone(), name.secret))
            .collect::<Vec<_>>()
    };
    let expect = |expected: &[(&str, bool)]| {
        let expected = expected.iter();
        expected
            .map(|(name, secret)| ((*name).to_owned(), *secret))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(&target.prepared),
        expect(&[("setup.event", false), ("setup.out", false)])
    );
    assert_eq!(
        names(&target.captured),
        expect(&[
            ("step.id", false),
            ("step.token", true),
            ("claim.ticket", true)
        ])
    );
    let poll = target.poll.unwrap();
    assert_eq!(
        (poll.every.as_millis(), poll.timeout.as_millis()),
        (50, 2000)
    );
    assert_eq!(poll.follow.request.method, "GET");
    assert_eq!(target.confirm.unwrap().request.method, "POST");
}

#[test]
fn a_placeholder_without_a_capture_is_reported_with_its_line() {
    for (what, into, expected) in [
        (
            "event = {{setup.event}}",
            "event = {{setup.evnt}}",
            "unknown placeholder \"setup.evnt\" in shop.toml:8 (setup[2].sql): did you mean \"setup.event\"?",
        ),
        // Captured later than it is used.
        (
            "url = \"/events\"",
            "url = \"/events/{{setup.out}}\"",
            "unknown placeholder \"setup.out\" in shop.toml:4 (setup[1].url): no [[setup]] before it captures such a value",
        ),
        (
            "{{step.token}}",
            "{{step.csrf}}",
            "unknown placeholder \"step.csrf\" in shop.toml:22 (claim.headers.Authorization): no [[step]] before it captures such a value",
        ),
        (
            "url = \"/events/{{setup.event}}/claims\"",
            "url = \"/events/{{claim.ticket}}/claims\"",
            "unknown placeholder \"claim.ticket\" in shop.toml:21 (claim.url): only [confirm] and [poll] can use values of the answer to a claim, and no capture has that name",
        ),
        (
            "user = \"{{step.id}}\"",
            "user = \"{{claim.ticket}}\"",
            "unknown placeholder \"claim.ticket\" in shop.toml:44 (ledger.user): only [confirm] and [poll] can use values of the answer to a claim, and no capture has that name",
        ),
        (
            "event = { json = \"/id\" }",
            "\"e v\" = { json = \"/id\" }",
            "name \"e v\" of a capture in shop.toml:6 (setup[1].capture.e v): use letters, digits, - and _",
        ),
        (
            "out = { text = true }",
            "out = { text = true, json = \"/a\" }",
            "capture from no place, or from several in shop.toml:15 (setup[4].capture.out): name one: json = \"/id\", header = \"X-Token\", cookie = \"SESSION\", matches = 'value=\"([^\"]+)\"', or text = true",
        ),
    ] {
        assert_eq!(wrong(what, into), expected);
    }
}

#[test]
fn a_setup_has_exactly_one_action() {
    for (what, into, expected) in [
        (
            "db = \"postgres://app@127.0.0.1/shop\"",
            "",
            "sql without a database in shop.toml:8 (setup[2].sql): name it: db = \"postgres://HOST/NAME\"",
        ),
        (
            "url = \"redis://127.0.0.1:6379\"",
            "",
            "commands without a Redis server in shop.toml:12 (setup[3].redis[1]): name it: url = \"redis://HOST:PORT\"",
        ),
        (
            "command = [\"./reset.sh\", \"{{limit}}\"]",
            "status = 200",
            "setup that does nothing, or several things in shop.toml:13 (setup[4]): name one of url (a request), sql, redis and command",
        ),
        (
            "command = [\"./reset.sh\", \"{{limit}}\"]",
            "command = [\"./reset.sh\"]\nstatus = 200",
            "key of a request in shop.toml:15 (setup[4].status): only a setup with a url has such a key",
        ),
        (
            "\"{{limit}}\"]",
            "\"{{user}}\"]",
            "placeholder \"user\" in shop.toml:14 (setup[4].command[2]): only a request of a user, and `user` in [ledger], can contain it",
        ),
        (
            "SET stock",
            "SET 'stock",
            "quote without an end in \"SET 'stock:{{setup.event}} {{limit}}\" in shop.toml:12 (setup[3].redis[2]): close it",
        ),
        (
            "[[step]]",
            "[step]",
            "wrong type in shop.toml:16 (step): invalid type: map, expected a sequence: write [[step]]",
        ),
        (
            "user{{user}}",
            "user{{attempt}}",
            "placeholder of an attempt in a step in shop.toml:16 (step[1]): steps are made once for each user, before the first attempt",
        ),
    ] {
        assert_eq!(wrong(what, into), expected);
    }
}

#[test]
fn waiting_requires_a_poll_and_reserved_a_confirmation() {
    let (before, rest) = GOOD.split_once("[confirm]").unwrap();
    let (confirm, rest) = rest.split_once("[poll]").unwrap();
    let (poll, rest) = rest.split_once("[ledger]").unwrap();
    let error = |text: String| read(&text).err().unwrap();
    assert_eq!(
        error(format!("{before}[poll]{poll}[ledger]{rest}")),
        "no answer means issued in shop.toml:20 (claim): add an [[outcome]] with is = \"issued\" (or \"accepted\", if the answers do not decide)"
    );
    assert_eq!(
        error(format!("{before}[confirm]{confirm}[ledger]{rest}")),
        "\"waiting\" without a [poll] in shop.toml:24 (outcome[1]): add the table: the next request, and the meanings of its answers"
    );
    for (what, into, expected) in [
        (
            "is = \"reserved\"",
            "is = \"issued\"",
            "[confirm] that no [[outcome]] leads to in shop.toml:30 (confirm): add an [[outcome]] with is = \"reserved\", or remove the table",
        ),
        (
            "[[confirm.outcome]]\nis = \"issued\"",
            "[[confirm.outcome]]\nis = \"reserved\"",
            "\"reserved\" after a confirmation in shop.toml:30 (confirm): a confirmation is sent once: its answer decides, or means \"waiting\"",
        ),
        (
            "every = \"50ms\"",
            "every = \"2s\"",
            "timeout that is not longer than every in shop.toml:35 (poll): there would be no second poll: give it more time",
        ),
        (
            "url = \"/confirm/",
            "every = \"1s\"\nurl = \"/confirm/",
            "time of a confirmation in shop.toml:31 (confirm.every): it is sent once and immediately: only [poll] repeats a request",
        ),
        (
            "[[confirm.outcome]]\nis = \"issued\"\nstatus = 200",
            "",
            "no [[outcome]] for the answers in shop.toml:30 (confirm): add [[confirm.outcome]] or [[poll.outcome]]",
        ),
    ] {
        assert_eq!(wrong(what, into), expected);
    }
}

#[test]
fn a_user_can_be_identified_by_a_cookie_of_a_step() {
    let (head, tail) = GOOD.split_once("[claim]").unwrap();
    let tail = tail.replace(
        "headers = { Authorization = \"Bearer {{step.token}}\" }",
        "",
    );
    assert!(read(&format!("{head}[claim]{tail}")).is_ok());
}
