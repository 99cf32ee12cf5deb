//! The search over small programs whose orders can be enumerated.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::gate::footprint::Objects;

/// A statement of a small program: the table, and whether the statement writes it.
type Access = (u8, bool);

fn effect((table, writes): Access) -> Effect {
    let objects = Objects::Some(BTreeSet::from([table.to_string()]));
    let (reads, writes) = if writes {
        (Objects::default(), objects)
    } else {
        (objects, Objects::default())
    };
    Effect {
        kind: GateKind::Redis,
        footprint: Footprint { reads, writes },
    }
}

/// Plays a schedule: follows `beginning`, then goes on with the last request as long as possible.
fn play(programs: &[Vec<Access>; 2], beginning: &[Contender]) -> Vec<SearchStep> {
    let mut done = [0, 0];
    let mut last_of = [0, 0];
    let mut steps: Vec<SearchStep> = Vec::new();
    let mut beginning = beginning.iter().copied();
    let mut last = Contender::A;
    while done[0] < programs[0].len() || done[1] < programs[1].len() {
        let wanted = beginning.next().unwrap_or(last);
        let open =
            |contender: Contender| done[contender.index()] < programs[contender.index()].len();
        let contender = if open(wanted) { wanted } else { wanted.other() };
        let index = contender.index();
        steps.push(SearchStep {
            contender,
            effect: effect(programs[index][done[index]]),
            ready: last_of[index],
        });
        done[index] += 1;
        last_of[index] = steps.len();
        last = contender;
    }
    steps
}

/// What distinguishes classes of orders: for each pair of dependent steps, which came first.
fn class(steps: &[SearchStep]) -> BTreeSet<(usize, usize, bool)> {
    let mut numbers = [0, 0];
    let numbered: Vec<_> = steps
        .iter()
        .map(|step| {
            let number = &mut numbers[step.contender.index()];
            *number += 1;
            (*number - 1, step)
        })
        .collect();
    let mut pairs = BTreeSet::new();
    for (at, (number, step)) in numbered.iter().enumerate() {
        for (other, before) in &numbered[..at] {
            if before.depends_on(step) {
                pairs.insert(match before.contender {
                    Contender::A => (*other, *number, true),
                    Contender::B => (*number, *other, false),
                });
            }
        }
    }
    pairs
}

/// All orders of two programs.
fn orders(lengths: [usize; 2]) -> Vec<Vec<Contender>> {
    let [a, b] = lengths;
    if a + b == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (left, contender) in [(a, Contender::A), (b, Contender::B)] {
        if left == 0 {
            continue;
        }
        let mut rest = lengths;
        rest[contender.index()] -= 1;
        for mut order in orders(rest) {
            order.insert(0, contender);
            all.push(order);
        }
    }
    all
}

fn search(programs: &[Vec<Access>; 2]) -> Vec<Vec<SearchStep>> {
    let mut search = Search::default();
    while let Some(beginning) = search.pop() {
        search.take(play(programs, &beginning));
    }
    search.played
}

#[test]
fn programs_on_different_tables_have_one_order() {
    let programs = [vec![(1, true), (2, false)], vec![(3, true), (4, true)]];
    assert_eq!(search(&programs).len(), 1);
}

#[test]
fn readers_have_one_order() {
    let programs = [vec![(1, false); 3], vec![(1, false); 3]];
    assert_eq!(search(&programs).len(), 1);
}

#[test]
fn count_then_insert_has_four_orders() {
    // Read and write of each request: A before B, B before A, both reads before both writes in two orders of the writes.
    let programs = [vec![(1, false), (1, true)], vec![(1, false), (1, true)]];
    let played = search(&programs);
    let classes: BTreeSet<_> = played.iter().map(|steps| class(steps)).collect();
    assert_eq!((played.len(), classes.len()), (4, 4));
}

#[test]
fn the_first_schedules_have_the_fewest_switches() {
    let programs = [vec![(1, false), (1, true)], vec![(1, false), (1, true)]];
    let first: Vec<_> = search(&programs)
        .iter()
        .take(2)
        .map(|steps| super::switches(&moves(steps)))
        .collect();
    assert_eq!(first, [1, 2]);
}

#[test]
fn a_step_that_waited_is_not_made_before_the_step_that_ended_the_wait() {
    use Contender::{A, B};
    let step = |contender, ready| SearchStep {
        contender,
        effect: effect((1, true)),
        ready,
    };
    // B waited from the begin for A's second step.
    let schedule = vec![step(A, 0), step(A, 1), step(B, 2)];
    assert_eq!(reversal(&schedule, 0, 2), None);
    assert_eq!(reversal(&schedule, 1, 2), None);
    let schedule = vec![step(A, 0), step(A, 1), step(B, 0)];
    assert_eq!(
        moves(&reversal(&schedule, 1, 2).unwrap_or_default()),
        [A, B]
    );
}

fn program() -> impl Strategy<Value = Vec<Access>> {
    proptest::collection::vec((0..3_u8, any::<bool>()), 0..5)
}

proptest! {
    #[test]
    fn one_order_of_every_class_is_played(a in program(), b in program()) {
        let programs = [a, b];
        let played = search(&programs);
        let found: BTreeSet<_> = played.iter().map(|steps| class(steps)).collect();
        let all: BTreeSet<_> = orders([programs[0].len(), programs[1].len()])
            .iter()
            .map(|order| class(&play(&programs, order)))
            .collect();
        prop_assert_eq!(&found, &all);
        prop_assert_eq!(played.len(), all.len(), "a class was played twice");
    }
}
