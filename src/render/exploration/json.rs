//! The result of an exploration as JSON: `schema/explore.schema.json` describes it.

use serde::Serialize;

use crate::{
    engine::explore::{Exploration, Hit, Invariant, Witness},
    model::interleaving::Interleaving,
    render::json::indented,
    strategies::Promise,
};

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    tool: Tool,
    explorations: Vec<One<'a>>,
    exit_code: u8,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are the document's")]
struct One<'a> {
    strategy: &'static str,
    promise: Promise,
    one_per_user: bool,
    settings: SettingsJson,
    exhaustive: bool,
    violated: bool,
    searches: Vec<RoundJson>,
    invariants: Vec<AnswerJson<'a>>,
}

#[derive(Serialize)]
struct SettingsJson {
    users: u64,
    limit: u64,
    attempts: u32,
    instances: u32,
    consumer_batch: u8,
    faults: u8,
    tries: u32,
    steps: usize,
    states: u64,
}

#[derive(Serialize)]
struct RoundJson {
    users: u64,
    faults: u8,
    /// A number as text: it may be larger than the numbers that a reader of JSON keeps exact.
    schedules: String,
    states: u64,
    longest: usize,
    hit: Option<Hit>,
}

#[derive(Serialize)]
struct AnswerJson<'a> {
    invariant: Invariant,
    holds: Option<bool>,
    witness: Option<WitnessJson<'a>>,
}

#[derive(Serialize)]
struct WitnessJson<'a> {
    users: u64,
    faults: u8,
    steps: usize,
    switches: usize,
    against_promise: bool,
    interleaving: &'a Interleaving,
}

/// One document for all explorations.
///
/// # Errors
///
/// If a value cannot be written as JSON.
pub fn render(found: &[Exploration], exit_code: u8) -> Result<String, serde_json::Error> {
    let document = Document {
        schema_version: 1,
        tool: Tool {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
        },
        explorations: found.iter().map(one).collect(),
        exit_code,
    };
    indented(&document)
}

fn one(exploration: &Exploration) -> One<'_> {
    let settings = &exploration.settings;
    let exhaustive = exploration.is_exhaustive();
    let searches = exploration.rounds.iter().map(|round| RoundJson {
        users: round.users,
        faults: round.faults,
        schedules: round.schedules.to_string(),
        states: round.states,
        longest: round.longest,
        hit: round.hit,
    });
    let invariants = exploration.answers.iter().map(|answer| {
        let witness = answer
            .without_faults
            .as_ref()
            .or(answer.with_faults.as_ref());
        AnswerJson {
            invariant: answer.invariant,
            holds: match witness {
                Some(_) => Some(false),
                None => exhaustive.then_some(true),
            },
            witness: witness.map(witness_json),
        }
    });
    One {
        strategy: exploration.entry.name,
        promise: exploration.promise,
        one_per_user: exploration.entry.one_per_user,
        settings: SettingsJson {
            users: settings.users,
            limit: settings.limit,
            attempts: settings.attempts,
            instances: settings.instances,
            consumer_batch: settings.batch,
            faults: settings.faults,
            tries: settings.tries,
            steps: settings.bounds.steps,
            states: settings.bounds.states,
        },
        exhaustive,
        violated: exploration.is_violated(),
        searches: searches.collect(),
        invariants: invariants.collect(),
    }
}

fn witness_json(witness: &Witness) -> WitnessJson<'_> {
    WitnessJson {
        users: witness.users,
        faults: witness.faults,
        steps: witness.steps,
        switches: witness.switches,
        against_promise: witness.against_promise,
        interleaving: &witness.interleaving,
    }
}
