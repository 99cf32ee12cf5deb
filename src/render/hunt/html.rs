//! The result of a hunt or of a replay as one HTML file without scripts, fonts or requests.

use std::io;

use askama::Template;

use super::{
    ReplayCommand, cases, facts, picture,
    replay::{self, Replay},
    words,
};
use crate::{
    engine::hunt::{HuntResult, HuntWitness, Played},
    render::{
        Tone,
        document::html::{HtmlTable, class},
        head::Fact,
        html::{
            STYLE, policy,
            witness::{Witness, witness_figure},
        },
    },
    text::{format::clean, printable},
};

/// The values of the template, which escapes all of them but the style.
#[derive(Template)]
#[template(path = "hunt.html")]
struct Page {
    policy: String,
    style: &'static str,
    title: String,
    tone: &'static str,
    word: String,
    sentence: String,
    /// The lines above the last one.
    lines: Vec<String>,
    cases: HtmlTable,
    orders: Vec<Order>,
    notes: Vec<String>,
    facts: Vec<Fact>,
}

/// The picture of an order, and what to do about it.
struct Order {
    witness: Witness,
    advice: String,
    token: String,
    command: String,
    deviations: Vec<String>,
}

/// The result of a search.
///
/// # Errors
///
/// If the template cannot be filled.
pub fn search(result: &HuntResult, command: &ReplayCommand) -> io::Result<String> {
    let mut lines = words::conclusions(result);
    let last = lines.pop();
    let (tone, word, sentence) = last.map_or((Tone::Warn, "", String::new()), |last| {
        (last.tone, last.word, last.rest)
    });
    let order = |witness: &HuntWitness| Order {
        witness: witness_figure(&picture(&witness.interleaving)),
        advice: clean(&witness.advice),
        token: witness.token.to_string(),
        command: command.line(&witness.token),
        deviations: Vec::new(),
    };
    written(&Page {
        policy: policy(),
        style: STYLE,
        title: clean(&result.target),
        tone: class(tone),
        word: word.to_owned(),
        sentence: sentence.trim_start_matches([':', ' ']).to_owned(),
        lines: lines.iter().map(words::Conclusion::text).collect(),
        cases: (&cases(result)).into(),
        orders: result.witnesses().map(order).collect(),
        notes: result.notes.iter().map(|note| clean(note)).collect(),
        facts: facts(result),
    })
}

/// The result of a replay.
///
/// # Errors
///
/// If the template cannot be filled.
pub fn replay(replay: &Replay<'_>) -> io::Result<String> {
    let (tone, text) = replay::conclusion(replay);
    let verdict = replay.verdict().name();
    let order = |shown: &Played| Order {
        witness: witness_figure(&picture(&shown.interleaving)),
        advice: clean(&shown.advice),
        token: replay.token.to_string(),
        command: String::new(),
        deviations: shown.deviations.iter().map(|it| clean(it)).collect(),
    };
    let sentence = text
        .trim_start_matches(verdict)
        .trim_start_matches([':', ' ']);
    written(&Page {
        policy: policy(),
        style: STYLE,
        title: clean(replay.target),
        tone: class(tone),
        word: verdict.to_owned(),
        sentence: sentence.to_owned(),
        lines: Vec::new(),
        cases: HtmlTable::default(),
        orders: replay.shown().map(order).into_iter().collect(),
        notes: Vec::new(),
        facts: vec![
            ("schedule", replay.token.to_string()),
            ("trials", replay.played.len().to_string()),
            ("alike", replay.alike().to_string()),
        ],
    })
}

fn written(page: &Page) -> io::Result<String> {
    let html = page.render().map_err(io::Error::other)?;
    Ok(printable(&html).into_owned())
}
