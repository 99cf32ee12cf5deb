#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use insta::assert_snapshot;
use serde_json::Value;

use super::{
    html, json, markdown,
    replay::{self, Replay},
    terminal,
};
use crate::{
    engine::hunt::{HuntResult, Played},
    model::verdict::Verdict,
    render::{Style, fixtures::hunts},
    text::is_unsafe,
};

fn on_a_terminal(result: &HuntResult) -> String {
    terminal(result, &hunts::command(), Style::PLAIN)
}

#[test]
fn found_on_a_terminal() {
    assert_snapshot!(on_a_terminal(&hunts::found()));
}

#[test]
fn exhausted_on_a_terminal() {
    assert_snapshot!(on_a_terminal(&hunts::exhausted()));
}

#[test]
fn bounded_on_a_terminal() {
    assert_snapshot!(on_a_terminal(&hunts::bounded()));
}

#[test]
fn not_controllable_on_a_terminal() {
    assert_snapshot!(on_a_terminal(&hunts::not_controllable()));
}

#[test]
fn failed_on_a_terminal() {
    assert_snapshot!(on_a_terminal(&hunts::failed()));
}

#[test]
fn serial_on_a_terminal() {
    assert_snapshot!(on_a_terminal(&hunts::serial()));
}

#[test]
fn found_as_markdown() {
    assert_snapshot!(markdown(&hunts::found(), &hunts::command()));
}

#[test]
fn exhausted_as_markdown() {
    assert_snapshot!(markdown(&hunts::exhausted(), &hunts::command()));
}

#[test]
fn only_an_exhausted_case_is_said_to_hold() {
    for result in [
        hunts::bounded(),
        hunts::not_controllable(),
        hunts::failed(),
        hunts::found(),
    ] {
        let text = on_a_terminal(&result);
        for line in text.lines().filter(|line| line.contains("holds")) {
            assert!(line.ends_with("holds: exhausted"), "{text}");
        }
        let page = html(&result, &hunts::command()).unwrap();
        assert!(!page.contains("<span class=\"word\">holds"), "{page}");
    }
    let nothing = HuntResult {
        cases: Vec::new(),
        ..hunts::exhausted()
    };
    assert!(on_a_terminal(&nothing).contains("inconclusive: no case was searched"));
}

fn replayed(verdicts: &[Verdict], shown: fn(&Replay<'_>) -> String) -> String {
    let played: Vec<Played> = verdicts.iter().map(|it| hunts::played(*it)).collect();
    let token = hunts::token();
    shown(&Replay {
        target: "Coupons at noon",
        token: &token,
        played: &played,
    })
}

fn lines(replay: &Replay<'_>) -> String {
    replay::terminal(replay, Style::PLAIN)
}

#[test]
fn a_replay_on_a_terminal() {
    assert_snapshot!(replayed(&[Verdict::Violated; 100], lines));
}

#[test]
fn a_replay_of_a_mended_service_on_a_terminal() {
    assert_snapshot!(replayed(&[Verdict::Holds], lines));
}

#[test]
fn a_replay_as_markdown() {
    assert_snapshot!(replayed(&[Verdict::Inconclusive], replay::markdown));
}

#[test]
fn the_worst_trial_decides() {
    let text = replayed(&[Verdict::Violated, Verdict::Holds, Verdict::Holds], lines);
    assert!(
        text.contains("violated in 1 of 3 trials: over-issue 1"),
        "{text}"
    );
    assert!(text.contains("3, 2 of them like the last one"), "{text}");
    let page = replayed(&[Verdict::Violated, Verdict::Holds], |replay| {
        replay::html(replay).unwrap()
    });
    assert!(
        page.contains("<span class=\"word\">violated</span> in 1 of 2 trials"),
        "{page}"
    );
}

#[test]
fn text_of_the_service_cannot_break_out_of_an_output() {
    let hostile = "<script>`|\u{1b}[2J\u{202e}\n# x";
    let mut result = hunts::found();
    hostile.clone_into(&mut result.target);
    result.notes = vec![hostile.to_owned()];
    result.background[0].0 = hostile.to_owned();
    let witness = result.cases[0].witness.as_mut().unwrap();
    hostile.clone_into(&mut witness.advice);
    let picture = &mut witness.interleaving;
    for text in [&mut picture.title, &mut picture.ledger, &mut picture.why] {
        hostile.clone_into(text);
    }
    hostile.clone_into(&mut picture.steps[0].name);
    picture.steps[0].saw = Some(hostile.to_owned());
    let texts = [
        on_a_terminal(&result),
        markdown(&result, &hunts::command()),
        html(&result, &hunts::command()).unwrap(),
        json(&result, 3).unwrap(),
    ];
    for text in &texts {
        let found = text.chars().find(|c| is_unsafe(*c) && *c != '\n');
        assert_eq!(found, None, "{text:?}");
    }
    let [_, markdown, page, document] = texts;
    assert!(!page.contains("<script>"), "{page}");
    assert!(!markdown.contains("\n# x"), "{markdown}");
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["target"], hostile);
}
