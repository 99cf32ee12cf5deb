//! The parser of expressions: its errors, its names, and properties of all expressions.

use proptest::prelude::*;

use super::*;
use crate::strategies::REGISTRY;

fn error(expression: &str) -> String {
    Assertion::parse(expression).unwrap_err().to_string()
}

#[test]
fn errors_point_at_the_mistake() {
    for (expression, expected) in [
        (
            "",
            "an operator is missing: METRIC OP VALUE, such as issued == 100\n  \n  ^",
        ),
        (
            "issued",
            "an operator is missing: METRIC OP VALUE, such as issued == 100\n  issued\n        ^",
        ),
        (
            "isued == 100",
            "unknown metric \"isued\": did you mean \"issued\"?\n  isued == 100\n  ^^^^^",
        ),
        (
            "p99.9 < 1s",
            "unknown metric \"p99.9\": did you mean \"p999\"?\n  p99.9 < 1s\n  ^^^^^",
        ),
        (
            "naive.isued.p99 < 1s",
            "unknown metric \"isued.p99\": did you mean \"issued.p99\"?\n  naive.isued.p99 < 1s\n        ^^^^^^^^^",
        ),
        (
            "redis-kafak.issued == 1",
            "unknown strategy \"redis-kafak\": did you mean \"redis-kafka\"?\n  redis-kafak.issued == 1\n  ^^^^^^^^^^^",
        ),
        (
            "naive == 1",
            "a metric is missing, such as naive.issued\n  naive == 1\n       ^",
        ),
        (
            "naive. == 1",
            "a metric is missing, such as naive.issued\n  naive. == 1\n        ^",
        ),
        (
            " == 1",
            "a metric is missing, such as issued or p99\n   == 1\n   ^",
        ),
        (
            "issued = 1",
            "unknown operator \"=\": use ==\n  issued = 1\n         ^",
        ),
        (
            "issued => 1",
            "unknown operator \"=>\": use >=\n  issued => 1\n         ^^",
        ),
        (
            "verdict < holds",
            "verdict has no order: use == or !=\n  verdict < holds\n          ^",
        ),
        (
            "issued ==",
            "a value is missing: issued is a count, such as 100\n  issued ==\n           ^",
        ),
        (
            "verdict == hold",
            "invalid value \"hold\" (verdict is a verdict): did you mean \"holds\"?\n  verdict == hold\n             ^^^^",
        ),
    ] {
        assert_eq!(error(expression), expected);
    }
    let told = error("indeterminate.p99 < 1s");
    assert!(told.contains("no response time"), "{told}");
    assert!(error("zzzzzzzzzzz == 1").contains("some are issued, "));
}

#[test]
fn units_are_checked_by_the_parser() {
    for (expression, why) in [
        (
            "p99 < 200",
            "(p99 is a duration): a duration needs a number and a unit",
        ),
        (
            "issued == 100ms",
            "(issued is a count): a count is a whole number",
        ),
        ("issued == 100 200", "a count is a whole number"),
        (
            "throughput > 5000",
            "(throughput is a rate): a rate is a number per second",
        ),
        ("p99 < 5000/s", "(p99 is a duration)"),
        (
            "verdict == 100",
            "(verdict is a verdict): it is one of holds, finding, violated, inconclusive",
        ),
        ("issued == holds", "(issued is a count)"),
        ("p99 < -1ms", "(p99 is a duration)"),
    ] {
        let told = error(expression);
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn the_caret_counts_characters_and_the_message_stays_in_its_lines() {
    let told = error("é\n\u{1b}[31m == 1");
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines[1..], ["  é  [31m == 1", "  ^^^^^^^"]);
}

#[test]
fn names_are_unique() {
    let names: Vec<_> = Metric::all().map(|metric| metric.name).collect();
    let unique: std::collections::HashSet<_> = names.iter().collect();
    assert_eq!(unique.len(), names.len());
    assert!(
        REGISTRY
            .iter()
            .all(|entry| !names.iter().any(|name| name == entry.name))
    );
}

fn any_expression() -> impl Strategy<Value = String> {
    let strategies: Vec<_> = std::iter::once(String::new())
        .chain(REGISTRY.iter().map(|entry| format!("{}.", entry.name)))
        .collect();
    let metrics: Vec<_> = Metric::all().collect();
    (
        proptest::sample::select(strategies),
        proptest::sample::select(metrics),
        proptest::sample::select(Operator::ALL.to_vec()),
        any::<u32>(),
        " {0,2}",
    )
        .prop_map(|(strategy, metric, (operator, _), number, space)| {
            let (operator, value) = match metric.kind {
                value::MetricKind::Count => (operator, number.to_string()),
                value::MetricKind::Duration => (operator, format!("{number}us")),
                value::MetricKind::Rate => (operator, format!("{number}/s")),
                value::MetricKind::Verdict => ("!=", "holds".to_owned()),
            };
            format!(
                "{space}{strategy}{}{space}{operator}{space}{value}{space}",
                metric.name
            )
        })
}

proptest! {
    #[test]
    fn a_displayed_assertion_can_be_parsed(expression in any_expression()) {
        let assertion = Assertion::parse(&expression).unwrap();
        prop_assert_eq!(assertion.to_string(), expression);
        prop_assert_eq!(&Assertion::parse(&assertion.to_string()).unwrap(), &assertion);
        let _ = assertion.check(&run("naive", 0));
    }

    #[test]
    fn an_operator_and_its_opposite_never_agree(expression in any_expression()) {
        let run = run("naive", 0);
        for (one, other) in [("==", "!="), ("<=", ">"), (">=", "<")] {
            if !expression.contains(one) {
                continue;
            }
            let Ok(opposite) = Assertion::parse(&expression.replace(one, other)) else { continue };
            let first = Assertion::parse(&expression).unwrap().check(&run);
            prop_assert_eq!(first.ok != opposite.check(&run).ok, !first.observed.is_null());
        }
    }

    #[test]
    fn nothing_panics(expression in any::<String>()) {
        let _ = Assertion::parse(&expression).map_err(|error| error.to_string());
    }

    #[test]
    fn nothing_panics_on_text_like_an_expression(expression in "[a-z.é_-]{0,20}[ =!<>]{0,4}[0-9a-zé./ ]{0,8}") {
        if let Err(error) = Assertion::parse(&expression) {
            prop_assert_eq!(error.to_string().lines().count(), 3);
        }
    }
}

#[test]
fn a_target_is_named_by_its_title_or_by_its_file() {
    for (expression, name) in [
        ("\"My shop\".issued == 100", "My shop"),
        (" \"a.b == \\\"c\\\"\".issued.p99 < 1s", "a.b == \"c\""),
        ("shop.issued == 100", "shop"),
        ("shop.issued.p99 < 1s", "shop"),
        ("\"naive\".issued == 100", "naive"),
    ] {
        let assertion = Assertion::parse(expression).unwrap();
        assert_eq!(assertion.subject(), Some(name), "{expression}");
    }
    for expression in [
        "issued.p99 < 1s",
        "told.issued == 1",
        "sold_out.p99 < 1s",
        "issued == 1",
    ] {
        let assertion = Assertion::parse(expression).unwrap();
        assert_eq!(assertion.subject(), None, "{expression}");
    }
    for expression in [
        "\"My shop.issued == 100",
        "\"My shop\" == 100",
        "\"My shop\".isued == 100",
    ] {
        assert!(Assertion::parse(expression).is_err(), "{expression}");
    }
}
