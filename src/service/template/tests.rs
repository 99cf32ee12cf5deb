#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ffi::OsString;

use super::*;

fn names<'a>(user: Option<&'a [String]>, secrets: &'a mut Secrets) -> Names<'a> {
    Names {
        env: &|name| (name == "KEY").then(|| OsString::from("a\"b c")),
        user,
        setup: captured_of("setup.event"),
        captured: captured_of("step.token"),
        secrets,
    }
}

/// One captured value.
fn captured_of(placeholder: &str) -> &'static [Name] {
    let name = Name {
        placeholder: placeholder.to_owned(),
        secret: true,
    };
    Box::leak(Box::new([name]))
}

fn columns() -> [String; 2] {
    ["id".to_owned(), "token".to_owned()]
}

fn parse(text: &str, escape: Escape) -> Result<(Template, Secrets), Problem> {
    parse_with(text, escape, Some(&columns()))
}

fn parse_with(
    text: &str,
    escape: Escape,
    user: Option<&[String]>,
) -> Result<(Template, Secrets), Problem> {
    let mut secrets = Secrets::default();
    let template = Template::parse(text, escape, &mut names(user, &mut secrets));
    template.map(|template| (template, secrets))
}

fn json(value: &serde_json::Value) -> Result<Template, Problem> {
    let (columns, mut secrets) = (columns(), Secrets::default());
    Template::json(value, &mut names(Some(&columns), &mut secrets))
}

fn event() -> EventValues {
    EventValues {
        run: "7f3a".to_owned(),
        limit: 100,
        seed: 9,
        setup: Values::all(captured_of("setup.event"), "42"),
    }
}

fn fill(template: &Template, event: &EventValues, user: u64) -> String {
    let columns = csv::StringRecord::from(vec!["u-1", "x/\"y"]);
    let captured = Values::all(captured_of("step.token"), "t\"1");
    let who = AttemptValues {
        user: UserId(user),
        attempt: 2,
        columns: Some(&columns),
        captured: Some(&captured),
    };
    template.fill(event, who)
}

fn filled(text: &str, escape: Escape) -> String {
    fill(&parse(text, escape).unwrap().0, &event(), 17)
}

#[test]
fn every_placeholder_has_its_value() {
    let text = "{{user}} {{ attempt }} {{run}} {{limit}} {{seed}} {{users.id}} {{env.KEY}}";
    assert_eq!(filled(text, Escape::None), "17 2 7f3a 100 9 u-1 a\"b c");
    let text = "{{setup.event}} {{step.token}}";
    assert_eq!(filled(text, Escape::None), "42 t\"1");
}

#[test]
fn values_are_escaped_and_the_text_around_them_is_not() {
    for (escape, expected) in [
        (Escape::None, "/\"x/\"y\""),
        (Escape::Json, "/\"x/\\\"y\""),
        (Escape::Percent, "/\"x%2F%22y\""),
        (Escape::Form, "%2F%22x%2F%22y%22"),
    ] {
        assert_eq!(filled("/\"{{users.token}}\"", escape), expected);
    }
}

#[test]
fn an_unknown_placeholder_is_reported_with_similar_names() {
    for (text, expected) in [
        ("{{usr}}", "did you mean \"user\"?"),
        ("{{users.tokn}}", "did you mean \"users.token\"?"),
        ("{{env.NONE}}", "the environment has no NONE, so set it"),
        ("{{step.tokn}}", "did you mean \"step.token\"?"),
        ("{{user", "a placeholder is written as {{user}}"),
        (
            "{{x}}",
            "use one of user, attempt, run, limit, seed, uuid, users.id, users.token, setup.event, step.token, or env.NAME",
        ),
    ] {
        assert_eq!(parse(text, Escape::None).unwrap_err().advice, expected);
    }
}

#[test]
fn a_request_of_the_event_has_no_placeholders_of_a_user() {
    assert!(parse_with("/reset?limit={{limit}}", Escape::Percent, None).is_ok());
    for text in [
        "{{user}}",
        "{{attempt}}",
        "{{users.id}}",
        "{{uuid}}",
        "{{step.token}}",
    ] {
        assert!(parse_with(text, Escape::None, None).is_err(), "{text}");
    }
}

#[test]
fn an_environment_variable_is_a_secret_in_every_escaping() {
    let (template, secrets) = parse("key={{env.KEY}}", Escape::Percent).unwrap();
    let text = template.fill(&event(), AttemptValues::NONE);
    assert_eq!(text, "key=a%22b%20c");
    assert_eq!(secrets.mask(&text), "key=***");
    assert_eq!(secrets.mask("it was a\"b c"), "it was ***");
}

#[test]
fn numbers_can_be_padded_and_summed() {
    for (text, expected) in [
        ("{{user:08}}", "00000017"),
        ("{{user+1000}}", "1017"),
        ("{{ user - 20 : 04 }}", "-003"),
        ("{{user+18446744073709551615}}", ""),
        ("{{limit+1:03}}/{{attempt:02}}", "101/02"),
    ] {
        match parse(text, Escape::None) {
            Ok((template, _)) => assert_eq!(fill(&template, &event(), 17), expected, "{text}"),
            Err(_) => assert_eq!(expected, "", "{text}"),
        }
    }
    let largest = parse("{{user+9000000000000000000}}", Escape::None)
        .unwrap()
        .0;
    assert_eq!(
        fill(&largest, &event(), u64::MAX),
        "27446744073709551615",
        "no sum overflows"
    );
}

#[test]
fn a_uuid_is_the_same_for_the_same_seed_and_user() {
    let uuid = |text: &str, seed, user| {
        let event = EventValues { seed, ..event() };
        let text = fill(&parse(text, Escape::None).unwrap().0, &event, user);
        uuid::Uuid::parse_str(&text).unwrap()
    };
    let first = uuid("{{uuid}}", 9, 1);
    assert_eq!(first, uuid("{{user:uuid}}", 9, 1));
    assert_eq!(first.get_version_num(), 4);
    let others = [
        uuid("{{uuid}}", 9, 2),
        uuid("{{uuid}}", 8, 1),
        uuid("{{attempt:uuid}}", 9, 1),
        uuid("{{attempt:uuid}}", 9, 2),
    ];
    for (index, other) in others.iter().enumerate() {
        assert_ne!(first, *other, "{index}");
        assert!(!others[..index].contains(other), "{index}");
    }
}

#[test]
fn a_placeholder_that_is_a_whole_json_value_has_a_type() {
    let value = serde_json::json!({
        "limit": "{{limit}}", "text": "{{limit:string}}", "part": "{{limit}} coupons", "padded": "{{user:08}}",
        "next": ["{{ user+1 }}", true, null, 1.5], "run": "{{run}}", "token": "{{step.token}}",
        "event": "{{setup.event:number}}", "id": "{{users.id}}", "{{user}}": "a\"b",
    });
    let template = json(&value).unwrap();
    let text = fill(&template, &event(), 17);
    let sent: serde_json::Value = serde_json::from_str(&text).unwrap();
    let expected = serde_json::json!({
        "limit": 100, "text": "100", "part": "100 coupons", "padded": "00000017",
        "next": [18, true, null, 1.5], "run": "7f3a", "token": "t\"1",
        "event": 42, "id": "u-1", "17": "a\"b",
    });
    assert_eq!(sent, expected);
}

#[test]
fn a_value_that_is_not_a_number_is_not_sent_as_a_number() {
    let template = json(&serde_json::json!({"id": "{{setup.event:number}}"})).unwrap();
    let with = |value: &str| EventValues {
        setup: Values::all(captured_of("setup.event"), value),
        ..event()
    };
    assert_eq!(template.check(&with("-1.5e3"), AttemptValues::NONE), Ok(()));
    assert_eq!(
        template.check(&with("abc"), AttemptValues::NONE),
        Err("\"abc\" has to be sent as a number, and is not a number".to_owned())
    );
    let none = EventValues {
        setup: Values::new(captured_of("setup.event").into()),
        ..event()
    };
    assert_eq!(
        template.check(&none, AttemptValues::NONE),
        Err("no answer has given a value for {{setup.event}}".to_owned())
    );
}

#[test]
fn a_format_that_does_not_apply_is_an_error() {
    for (text, expected) in [
        (
            "{{user:8}}",
            "write a width such as 08, uuid (for user and attempt), number or string after the colon",
        ),
        (
            "{{run+1}}",
            "only user, attempt, limit and seed are numbers that something can be added to",
        ),
        (
            "{{users.id:08}}",
            "only user, attempt, limit and seed can be padded with zeros",
        ),
        ("{{limit:uuid}}", "only user and attempt can be UUIDs"),
        ("{{run:number}}", "a run's id is not a number"),
        ("{{setup.events}}", "did you mean \"setup.event\"?"),
        (
            "{{setup.x}}",
            "no [[setup]] before it captures such a value",
        ),
        (
            "{{claim.ticket}}",
            "only [confirm] and [poll] can use values of the answer to a claim, and no capture has that name",
        ),
        ("{{usr+1}}", "did you mean \"user\"?"),
    ] {
        assert_eq!(
            parse(text, Escape::None).unwrap_err().advice,
            expected,
            "{text}"
        );
    }
}

#[test]
fn captured_secrets_are_masked_in_every_spelling() {
    let text = "a token-1/2 b token-1%2F2 c 17";
    let mut secrets = Secrets::default();
    secrets.add_all(["token-1/2", "17"]);
    // A short value is not masked: it occurs in too many other texts.
    assert_eq!(secrets.mask(text), "a *** b *** c 17");
}
