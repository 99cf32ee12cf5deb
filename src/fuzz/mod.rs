//! Hostile input for every parser: known texts, cut, doubled and mixed with words that mean something to the parser.
//!
//! `cargo test fuzz` gives each of them some thousands, the same ones every time. `scripts/fuzz N` gives all of them N together,
//! drawn anew; docs/fuzzing.md says what came of it. No input may panic, and none may take longer than [`LONGEST`].

mod corpus;
mod mutate;
mod targets;

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
    targets::{TARGETS, Target},
};

/// What one input may take.
const LONGEST: Duration = Duration::from_secs(20);

/// Of each target where nothing is said.
const USUAL: u64 = 2_000;

/// The seed of the inputs that are the same every time.
const SEED: u64 = 14;

/// What became of some inputs.
#[derive(Debug, Default)]
struct Outcome {
    inputs: u64,
    slowest: Duration,
    /// Inputs that panicked, as they can be written in Rust.
    broken: Vec<String>,
}

/// The input that is being read, for whoever waits for its end.
type Current = Arc<Mutex<Option<(Instant, &'static str, Vec<u8>)>>>;

/// Gives a target so many inputs.
fn try_inputs(target: &Target, inputs: u64, seed: u64, current: &Current) -> Outcome {
    let mutator = Mutator::new((target.corpus)(), target.words);
    let mut random = StdRng::seed_from_u64(seed);
    let mut feed = (target.feed)();
    let mut outcome = Outcome::default();
    for _ in 0..inputs {
        let input = mutator.input(&mut random);
        let begin = Instant::now();
        *lock(current) = Some((begin, target.name, input.clone()));
        // What a panic leaves behind is thrown away.
        if catch_unwind(AssertUnwindSafe(|| feed(&input))).is_err() {
            outcome
                .broken
                .push(format!("{}: {}", target.name, input.escape_ascii()));
            feed = (target.feed)();
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

/// Ends the process when an input takes too long: nothing else can stop a parser that does not end.
#[expect(clippy::print_stderr, reason = "the test's own output")]
fn watch(current: &Current) {
    let current = Arc::clone(current);
    thread::spawn(move || {
        loop {
            thread::sleep(Duration::from_millis(500));
            if let Some((begin, name, input)) = &*lock(&current)
                && begin.elapsed() > LONGEST
            {
                eprintln!(
                    "{name} takes longer than {LONGEST:?}: {}",
                    input.escape_ascii()
                );
                process::abort();
            }
        }
    });
}

fn must_hold(target: &Target, outcome: &Outcome) {
    assert!(outcome.broken.is_empty(), "{:#?}", outcome.broken);
    assert!(
        outcome.slowest < LONGEST,
        "{}: {:?}",
        target.name,
        outcome.slowest
    );
}

/// Some inputs for the targets of one name.
fn usual(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name);
    let target = target.unwrap_or_else(|| panic!("no target {name}"));
    let current = Current::default();
    watch(&current);
    must_hold(target, &try_inputs(target, USUAL, SEED, &current));
}

macro_rules! usual_tests {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                usual(stringify!($name));
            }
        )*

        #[test]
        fn every_target_has_a_test() {
            let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
            assert_eq!(TARGETS.iter().map(|target| target.share).sum::<u64>(), 1000);
        }
    };
}

usual_tests!(flags scenario target token assertion url value report resp answers);

/// As many inputs as `COUPON_BENCH_FUZZ_INPUTS` says, on every processor.
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
    for (number, target) in TARGETS.iter().enumerate() {
        let begin = Instant::now();
        let share = (inputs * target.share).div_ceil(1000 * workers);
        let outcomes: Vec<_> = thread::scope(|scope| {
            let started: Vec<_> = (0..workers)
                .map(|worker| {
                    let seed = seed ^ (number as u64) << 32 ^ worker << 48;
                    scope.spawn(move || {
                        let current = Current::default();
                        watch(&current);
                        try_inputs(target, share, seed, &current)
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
            target.name
        );
        let inputs: u64 = outcomes.iter().map(|outcome| outcome.inputs).sum();
        let slowest = outcomes.iter().map(|outcome| outcome.slowest).max();
        let panics: usize = outcomes.iter().map(|outcome| outcome.broken.len()).sum();
        eprintln!(
            "{:<10} {inputs:>9} inputs  {panics} panics  {:>7.1} s  slowest {:?}",
            target.name,
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
