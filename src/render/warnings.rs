//! Warnings about the measured times, each one once.

use crate::{
    model::report::Run,
    text::format::{clean, plural},
};

/// The warnings of these runs as safe text. With several strategies, each warning begins with the name of its strategy.
pub(super) fn of<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Vec<String> {
    let mut strategies: Vec<&str> = Vec::new();
    let mut warnings: Vec<(&str, Vec<&str>)> = Vec::new();
    for run in runs {
        if !strategies.contains(&&*run.strategy) {
            strategies.push(&run.strategy);
        }
        for warning in &run.warnings {
            // Warnings of several trials differ in a figure at most, so the first one is shown.
            match warnings.iter_mut().find(|(known, _)| alike(known, warning)) {
                None => warnings.push((warning, vec![&run.strategy])),
                Some((_, whose)) if whose.contains(&&*run.strategy) => {}
                Some((_, whose)) => whose.push(&run.strategy),
            }
        }
    }
    let several = strategies.len() > 1;
    let text = |(warning, whose): (&str, Vec<&str>)| {
        if several {
            clean(&format!("{}: {warning}", names(&whose)))
        } else {
            clean(warning)
        }
    };
    warnings.into_iter().map(text).collect()
}

/// `naive`, or `naive and 3 others`.
fn names(strategies: &[&str]) -> String {
    match strategies {
        [] => String::new(),
        [name] => (*name).to_owned(),
        [name, others @ ..] => format!("{name} and {}", plural(others.len() as u64, "other")),
    }
}

/// Whether two texts differ in their digits only.
fn alike(one: &str, other: &str) -> bool {
    let words = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "");
    words(one) == words(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(strategy: &str, warnings: &[&str]) -> Run {
        let mut run = crate::render::fixtures::redis_kafka(0);
        strategy.clone_into(&mut run.strategy);
        run.warnings = warnings.iter().map(|&warning| warning.to_owned()).collect();
        run
    }

    #[test]
    fn warnings_of_one_strategy_have_no_name_and_differ_by_more_than_figures() {
        let runs = [run("naive", &["took 50 %"]), run("naive", &["took 7 %"])];
        assert_eq!(of(&runs), ["took 50 %"]);
    }

    #[test]
    fn warnings_of_several_strategies_begin_with_the_name() {
        let runs = [
            run("naive", &["slow", "late"]),
            run("redis-incr", &[]),
            run("redis-kafka", &["late"]),
        ];
        assert_eq!(of(&runs), ["naive: slow", "naive and 1 other: late"]);
    }
}
