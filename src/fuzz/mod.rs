//! Hostile input for every parser: known texts, cut, doubled, and mixed with words of the parser's language.
//!
//! `cargo test fuzz` gives each parser some thousands of inputs, with a fixed seed. `scripts/fuzz N` gives all parsers N inputs
//! together, with a random seed; docs/fuzzing.md has the results. No input may cause a panic, and none may take longer than
//! [`MAX_TIME`].

mod corpus;
mod feeds;
mod mutate;
mod parsers;

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    process,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rand::{SeedableRng, rngs::StdRng};

use self::{
    mutate::Mutator,
    parsers::{PARSERS, Parser},
};

/// The longest time for one input.
const MAX_TIME: Duration = Duration::from_secs(20);

/// Inputs of each parser in `cargo test`.
const INPUTS: u64 = 2_000;

/// The fixed seed of `cargo test`.
const SEED: u64 = 14;

/// The results of some inputs.
#[derive(Debug, Default)]
struct Outcome {
    inputs: u64,
    slowest: Duration,
    /// Inputs that caused a panic, escaped as in Rust.
    broken: Vec<String>,
}

/// The input that is being parsed, for the thread that watches the time.
type Current = Arc<Mutex<Option<(Instant, &'static str, Vec<u8>)>>>;

/// Gives a parser this number of inputs.
fn try_inputs(parser: &Parser, inputs: u64, seed: u64, current: &Current) -> Outcome {
    let mutator = Mutator::new((parser.corpus)(), parser.words);
    let mut random = StdRng::seed_from_u64(seed);
    let mut feed = (parser.feed)();
    let mut outcome = Outcome::default();
    for _ in 0..inputs {
        let input = mutator.input(&mut random);
        let begin = Instant::now();
        *lock(current) = Some((begin, parser.name, input.clone()));
        // A panic may leave an invalid state, so the parser is created again.
        if catch_unwind(AssertUnwindSafe(|| feed(&input))).is_err() {
            outcome
                .broken
                .push(format!("{}: {}", parser.name, input.escape_ascii()));
            feed = (parser.feed)();
        }
        outcome.inputs += 1;
        outcome.slowest = outcome.slowest.max(begin.elapsed());
    }
    *lock(current) = None;
    outcome
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Aborts the process when an input takes too long: a parser that does not return cannot be stopped otherwise.
#[expect(clippy::print_stderr, reason = "the test's own output")]
fn watch(current: &Current) {
    let current = Arc::clone(current);
    thread::spawn(move || {
        loop {
            thread::sleep(Duration::from_millis(500));
            if let Some((begin, name, input)) = &*lock(&current)
                && begin.elapsed() > MAX_TIME
            {
                eprintln!(
                    "{name} takes longer than {MAX_TIME:?}: {}",
                    input.escape_ascii()
                );
                process::abort();
            }
        }
    });
}

fn check(parser: &Parser, outcome: &Outcome) {
    assert!(outcome.broken.is_empty(), "{:#?}", outcome.broken);
    assert!(
        outcome.slowest < MAX_TIME,
        "{}: {:?}",
        parser.name,
        outcome.slowest
    );
}

/// Tests the parser of this name.
fn fuzz(name: &str) {
    let parser = PARSERS.iter().find(|parser| parser.name == name);
    let parser = parser.unwrap_or_else(|| panic!("no parser {name}"));
    let current = Current::default();
    watch(&current);
    check(parser, &try_inputs(parser, INPUTS, SEED, &current));
}

macro_rules! fuzz_tests {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                fuzz(stringify!($name));
            }
        )*

        #[test]
        fn every_parser_has_a_test() {
            let names: Vec<_> = PARSERS.iter().map(|parser| parser.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
            assert_eq!(PARSERS.iter().map(|parser| parser.share).sum::<u64>(), 1000);
        }
    };
}

fuzz_tests!(flags scenario target token assertion url value report resp answers gate);

/// The number of inputs of `COUPON_BENCH_FUZZ_INPUTS`, on every processor.
#[test]
#[ignore = "takes minutes; scripts/fuzz runs it"]
#[expect(clippy::print_stderr, reason = "the test's own output")]
fn many() {
    let number = |name: &str| {
        env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let inputs = number("COUPON_BENCH_FUZZ_INPUTS").unwrap_or(100_000);
    let seed = number("COUPON_BENCH_FUZZ_SEED").unwrap_or_else(rand::random);
    let workers = thread::available_parallelism().map_or(1, usize::from) as u64;
    eprintln!("{inputs} inputs, COUPON_BENCH_FUZZ_SEED={seed}, {workers} workers");
    let (begin, mut total, mut broken) = (Instant::now(), 0, Vec::new());
    for (number, parser) in PARSERS.iter().enumerate() {
        let begin = Instant::now();
        let share = (inputs * parser.share).div_ceil(1000 * workers);
        let outcomes: Vec<_> = thread::scope(|scope| {
            let started: Vec<_> = (0..workers)
                .map(|worker| {
                    let seed = seed ^ (number as u64) << 32 ^ worker << 48;
                    scope.spawn(move || {
                        let current = Current::default();
                        watch(&current);
                        try_inputs(parser, share, seed, &current)
                    })
                })
                .collect();
            started
                .into_iter()
                .filter_map(|worker| worker.join().ok())
                .collect()
        });
        assert_eq!(
            outcomes.len() as u64,
            workers,
            "a worker panicked in {}",
            parser.name
        );
        let inputs: u64 = outcomes.iter().map(|outcome| outcome.inputs).sum();
        let slowest = outcomes.iter().map(|outcome| outcome.slowest).max();
        let panics: usize = outcomes.iter().map(|outcome| outcome.broken.len()).sum();
        eprintln!(
            "{:<10} {inputs:>9} inputs  {panics} panics  {:>7.1} s  slowest {:?}",
            parser.name,
            begin.elapsed().as_secs_f64(),
            slowest.unwrap_or_default(),
        );
        total += inputs;
        broken.extend(outcomes.into_iter().flat_map(|outcome| outcome.broken));
    }
    let seconds = begin.elapsed().as_secs_f64();
    eprintln!("{total} inputs in {seconds:.0} s, {} panics", broken.len());
    broken.truncate(20);
    assert!(broken.is_empty(), "{broken:#?}");
}
