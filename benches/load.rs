//! What this program costs by itself: dispatching claims, recording them, judging them. No service is involved.

use std::{future::ready, hint::black_box, sync::Arc, time::Duration};

use async_trait::async_trait;
use coupon_bench::{
    engine::load::{self, Load, Pacing, Recorder, Schedule},
    judge::{
        ledger::{self, Rules},
        verdict::{self, Circumstances, LimitFrom, PromiseTerms},
    },
    model::{
        outcome::{Attempt, Outcome},
        verdict::Completion,
    },
    ports::{Result, UserId},
    strategies::{Decision, Promise, Strategy},
};
use divan::{Bencher, counter::ItemsCount};
use tokio::{runtime::Runtime, sync::watch};

const CLAIMS: u64 = 100_000;
const JUDGED: u64 = 1_000_000;
const TIMEOUT: Duration = Duration::from_secs(30);

fn main() {
    divan::main();
}

/// A strategy that has the answer at once: what remains is the engine.
struct AtOnce;

#[async_trait]
impl Strategy for AtOnce {
    async fn claim(&self, _: UserId) -> Result<Decision> {
        Ok(Decision::SoldOut)
    }
}

fn recorder(pacing: Pacing) -> Recorder {
    let users = (1..=CLAIMS).map(UserId).collect();
    Recorder::new(Schedule { users, pacing }, TIMEOUT)
}

fn dispatch(bencher: Bencher<'_, '_>, pacing: &Pacing) {
    let runtime = Runtime::new().expect("a runtime");
    let (_never, stop) = watch::channel(false);
    bencher
        .counter(ItemsCount::new(CLAIMS))
        .with_inputs(|| Load {
            strategy: Arc::new(AtOnce),
            recorder: Arc::new(recorder(pacing.clone())),
            patience: TIMEOUT,
        })
        .bench_local_values(|load| runtime.block_on(load::run(load, ready(()), stop.clone())));
}

#[divan::bench(sample_count = 20)]
fn dispatch_burst(bencher: Bencher<'_, '_>) {
    dispatch(bencher, &Pacing::AtOnce);
}

#[divan::bench(sample_count = 20, args = [50, 1000])]
fn dispatch_closed_loop(bencher: Bencher<'_, '_>, in_flight: usize) {
    dispatch(bencher, &Pacing::InFlight(in_flight));
}

#[divan::bench(sample_count = 20)]
fn record(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(CLAIMS))
        .with_inputs(|| recorder(Pacing::AtOnce))
        .bench_local_refs(|recorder| {
            recorder.release();
            for index in 0..recorder.total() {
                recorder.start(index);
                recorder.finish(index, &Ok(Decision::SoldOut));
            }
        });
}

/// Of a million users, the first `issued` are told yes and have their row.
#[divan::bench(sample_count = 5, args = [100, JUDGED])]
fn reconcile_and_judge(bencher: Bencher<'_, '_>, issued: u64) {
    let attempts: Vec<_> = (1..=JUDGED).map(|user| attempt(user, issued)).collect();
    let rows: Vec<_> = (1..=issued).map(UserId).collect();
    let rules = Rules {
        limit: issued,
        one_per_user: true,
    };
    let claim = PromiseTerms {
        promise: Promise::Exact,
        one_per_user: true,
        limit: issued,
        limit_from: LimitFrom::Subject,
    };
    let circumstances = Circumstances {
        asked: JUDGED,
        made: JUDGED,
        peak_in_flight: JUDGED,
        completion: Completion::Proven,
        ..Circumstances::default()
    };
    bencher.counter(ItemsCount::new(JUDGED)).bench_local(|| {
        let found = ledger::reconcile(black_box(&attempts), black_box(&rows), rules);
        verdict::judge(claim, Some(&found.into()), &circumstances)
    });
}

fn attempt(user: u64, issued: u64) -> Attempt {
    Attempt {
        user: UserId(user),
        outcome: if user <= issued {
            Outcome::Issued
        } else {
            Outcome::SoldOut
        },
        intended: Duration::ZERO,
        start: Duration::ZERO,
        answered: None,
        end: Some(Duration::from_micros(user)),
    }
}
