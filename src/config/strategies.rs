//! `--strategy`: a list with commas, or `all`, becomes strategies; those that the database cannot run are refused.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::layers::{Layers, LocatedValue};
use crate::{
    adapters::kafka::CAPACITY,
    input::{
        address::{DbKind, KafkaTarget},
        error::UsageError,
    },
    model::{report::RefusedStrategy, workload::Workload},
    strategies::{self, Entry, Need, REGISTRY},
    text::{problem::Problem, quote::quoted, values},
};

/// The strategies to run, and those of `all` that the database cannot run.
pub(crate) struct Selection {
    pub strategies: Vec<&'static Entry>,
    pub refused: Vec<RefusedStrategy>,
}

/// The strategies in the order of the command line; `all` is the order of the catalogue, without those that the database cannot
/// run. A strategy that is named and that the database cannot run is an error.
pub(crate) fn select(layers: &Layers, db: DbKind) -> Result<Selection, UsageError> {
    let lists = layers.find_all("strategy", |s| &s.strategy);
    let names: Vec<_> = lists
        .iter()
        .flat_map(|list| list.text.split(',').map(move |name| (list, name.trim())))
        .collect();
    if let Some((list, _)) = names.iter().find(|(_, name)| *name == "all") {
        return match names.len() {
            1 => Ok(all(db)),
            _ => list.parse(|_| {
                let advice = "all names every strategy, so leave out the other names";
                Err(Problem::new("\"all\" together with other names", advice))
            }),
        };
    }
    let mut strategies: Vec<&'static Entry> = Vec::new();
    for (list, name) in names {
        let entry = list.parse(|_| known_strategy(name))?;
        if strategies.contains(&entry) {
            return list.parse(|_| {
                let what = format!("strategy {} named twice", quoted(name));
                let advice = "name it once (--trials sets the number of runs)";
                Err(Problem::new(what, advice))
            });
        }
        check_database(list, entry, db)?;
        strategies.push(entry);
    }
    if strategies.is_empty() {
        return Err(UsageError::NoStrategy);
    }
    Ok(Selection {
        strategies,
        refused: Vec::new(),
    })
}

fn all(db: DbKind) -> Selection {
    let refused = REGISTRY.iter().filter_map(|entry| {
        let reason = db.refusal(entry)?;
        Some(RefusedStrategy {
            strategy: entry.name.to_owned(),
            reason: reason.to_owned(),
        })
    });
    let strategies = REGISTRY.iter().filter(|entry| db.refusal(entry).is_none());
    Selection {
        strategies: strategies.collect(),
        refused: refused.collect(),
    }
}

/// An error, with the place of `value`, where the database cannot run the strategy.
pub(crate) fn check_database(
    value: &LocatedValue<'_>,
    entry: &Entry,
    db: DbKind,
) -> Result<(), UsageError> {
    let Some(reason) = db.refusal(entry) else {
        return Ok(());
    };
    value.parse(|_| {
        let advice = format!("{reason}, so name another database with --db");
        Err(Problem::invalid(entry.name, advice))
    })
}

/// An error where a run could produce more records than the embedded Kafka keeps in memory.
pub(crate) fn check_capacity(
    layers: &Layers,
    strategies: &[&Entry],
    workload: &Workload,
    kafka: &KafkaTarget,
) -> Result<(), UsageError> {
    let records = workload.limit.min(workload.total_attempts());
    let needed = strategies.iter().any(|entry| entry.needs(Need::Kafka));
    if !needed || *kafka != KafkaTarget::Embedded || records <= CAPACITY {
        return Ok(());
    }
    match layers.find("limit", |s| &s.limit) {
        // The default limit is far below the capacity.
        None => Ok(()),
        Some(limit) => limit.parse(|text| {
            let advice = format!(
                "the embedded Kafka keeps at most {CAPACITY} records, so lower the limit, or name a cluster with --kafka"
            );
            Err(Problem::invalid(text, advice))
        }),
    }
}

/// Adds the tip `--strategy NAME` to clap's error about a strategy that was given without its flag.
pub fn suggest_strategy_flag(mut error: clap::Error) -> clap::Error {
    let commands = ["run", "compare", "explore", "serve"];
    let usage = error.get(ContextKind::Usage).map(ToString::to_string);
    let has_flag = usage.is_some_and(|usage| {
        let mut words = usage.split_whitespace();
        words.any(|word| commands.contains(&word))
    });
    if let (true, ErrorKind::UnknownArgument, Some(ContextValue::String(word))) =
        (has_flag, error.kind(), error.get(ContextKind::InvalidArg))
        && (word == "all" || strategies::find(word).is_some())
    {
        let tip = format!("a strategy has a flag: --strategy {word}");
        let tip = ContextValue::StyledStrs(vec![tip.into()]);
        error.insert(ContextKind::Suggested, tip);
    }
    error
}

/// The strategy of this name.
///
/// # Errors
///
/// The name is unknown; the advice suggests a similar name.
pub fn known_strategy(name: &str) -> Result<&'static Entry, Problem> {
    if name.is_empty() {
        return Err(Problem::new(
            "empty strategy name",
            "see coupon-bench strategies",
        ));
    }
    strategies::find(name).ok_or_else(|| {
        let names: Vec<_> = REGISTRY.iter().map(|entry| entry.name).collect();
        let advice = values::did_you_mean(name, &names);
        Problem::new(
            format!("unknown strategy {}", quoted(name)),
            format!("{advice} (see coupon-bench strategies)"),
        )
    })
}
