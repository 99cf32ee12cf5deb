//! Which strategies are meant by a comma list or `all`, and which of them the database can run.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::layers::{Found, Layers};
use crate::{
    adapters::kafka::CAPACITY,
    input::address::{DbKind, KafkaTarget},
    model::{report::RefusedStrategy, workload::Workload},
    strategies::{self, Entry, Need, REGISTRY},
};
use crate::{
    input::error::UsageError,
    text::{problem::Problem, quote::quoted, values},
};

/// What is run, and what is not because the database cannot.
pub(crate) struct Chosen {
    pub strategies: Vec<&'static Entry>,
    pub refused: Vec<RefusedStrategy>,
}

/// In the order asked for; `all` is the order of the catalogue, without those that the database cannot run. Naming one of
/// those is an error.
pub(crate) fn chosen(layers: &Layers, db: DbKind) -> Result<Chosen, UsageError> {
    let found = layers.find_all("strategy", |s| &s.strategy);
    let names: Vec<_> = found
        .iter()
        .flat_map(|item| item.text.split(',').map(move |name| (item, name.trim())))
        .collect();
    if let Some((item, _)) = names.iter().find(|(_, name)| *name == "all") {
        return match names.len() {
            1 => Ok(all(db)),
            _ => item.parse(|_| {
                let advice = "it already names every strategy, so leave the others out";
                Err(Problem::new("\"all\" beside other names", advice))
            }),
        };
    }
    let mut strategies: Vec<&'static Entry> = Vec::new();
    for (item, name) in names {
        let entry = item.parse(|_| known_strategy(name))?;
        if strategies.contains(&entry) {
            return item.parse(|_| {
                let what = format!("strategy {} named twice", quoted(name));
                let advice = "name it once (--trials runs it more often)";
                Err(Problem::new(what, advice))
            });
        }
        refuse(item, entry, db)?;
        strategies.push(entry);
    }
    if strategies.is_empty() {
        return Err(UsageError::NoStrategy);
    }
    Ok(Chosen {
        strategies,
        refused: Vec::new(),
    })
}

fn all(db: DbKind) -> Chosen {
    let refused: Vec<_> = REGISTRY
        .iter()
        .filter_map(|entry| {
            let reason = db.refusal(entry)?;
            Some(RefusedStrategy {
                strategy: entry.name.to_owned(),
                reason: reason.to_owned(),
            })
        })
        .collect();
    let strategies = REGISTRY.iter().filter(|entry| db.refusal(entry).is_none());
    Chosen {
        strategies: strategies.collect(),
        refused,
    }
}

pub(crate) fn refuse(item: &Found<'_>, entry: &Entry, db: DbKind) -> Result<(), UsageError> {
    let Some(reason) = db.refusal(entry) else {
        return Ok(());
    };
    item.parse(|_| {
        let advice = format!("{reason}, so name another database with --db");
        Err(Problem::invalid(entry.name, advice))
    })
}

/// The embedded Kafka forgets what exceeds its memory, so a run that could produce more is refused.
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
        // The default is far below.
        None => Ok(()),
        Some(item) => item.parse(|text| {
            let what = format!("invalid value {}", quoted(text));
            let advice = format!(
                "the embedded Kafka can only be trusted to keep {CAPACITY} records, so lower it, or name a real \
                 cluster with --kafka"
            );
            Err(Problem::new(what, advice))
        }),
    }
}

/// Tells whoever names a strategy and nothing else which flag that is for.
pub fn with_its_flag(mut error: clap::Error) -> clap::Error {
    let commands = ["run", "compare", "explore", "serve"];
    let usage = error.get(ContextKind::Usage).map(ToString::to_string);
    let takes_one = usage.is_some_and(|usage| {
        let mut words = usage.split_whitespace();
        words.any(|word| commands.contains(&word))
    });
    if let (true, ErrorKind::UnknownArgument, Some(ContextValue::String(word))) =
        (takes_one, error.kind(), error.get(ContextKind::InvalidArg))
        && (word == "all" || strategies::find(word).is_some())
    {
        let tip = format!("a strategy has a flag: --strategy {word}");
        let tip = ContextValue::StyledStrs(vec![tip.into()]);
        error.insert(ContextKind::Suggested, tip);
    }
    error
}

/// A strategy by its name, or what may have been meant.
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
