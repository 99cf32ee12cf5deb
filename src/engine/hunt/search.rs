//! The orders of the statements that are still to be played, smallest first.
//!
//! Two orders are equivalent if they differ only in statements that commute. The search plays one order of each class (partial-order
//! reduction). After each schedule, it takes every pair of statements that do not commute and could have been made the other way round,
//! and adds the schedule in which they are. If the reversal of every such pair is covered, every class is covered: see Abdulla, Aronis,
//! Jonsson, Sagonas, "Optimal dynamic partial order reduction", POPL 2014. The order of the search is free, so it plays the schedules with
//! the fewest switches between the requests first. The first schedule that breaks the promise is then a small one.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashSet},
};

use crate::{
    gate::{GateKind, footprint::Footprint},
    model::hunt::Contender,
};

/// What a step does to the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The service.
    pub kind: GateKind,
    /// What the step reads and writes, with the changes of its transaction if it ends one.
    pub footprint: Footprint,
}

impl Effect {
    /// Whether the order of two steps cannot matter.
    pub fn commutes(&self, other: &Self) -> bool {
        self.kind != other.kind
            || (self.footprint.commutes(&other.footprint) && !self.may_lock_the_same(other))
    }

    /// Two writes to different tables of a database may lock the same row: an insert locks the row to which a foreign key refers.
    fn may_lock_the_same(&self, other: &Self) -> bool {
        self.kind != GateKind::Redis
            && !self.footprint.writes.is_empty()
            && !other.footprint.writes.is_empty()
    }
}

/// A step of a schedule that was played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchStep {
    /// The request of the step.
    pub contender: Contender,
    /// What the step does to the data.
    pub effect: Effect,
    /// The number of steps of the schedule that had been made when this step became possible.
    pub ready: usize,
}

impl SearchStep {
    /// Whether the order of two steps can matter.
    fn depends_on(&self, other: &Self) -> bool {
        self.contender != other.contender && !self.effect.commutes(&other.effect)
    }
}

/// The search over the schedules of one case.
#[derive(Debug)]
pub struct Search {
    /// The beginnings of schedules that are to be played: by the number of switches, then by length.
    open: BTreeMap<(usize, usize, Reverse<u64>), Vec<SearchStep>>,
    /// The moves of all beginnings that are or were in `open`.
    known: HashSet<Vec<Contender>>,
    /// The schedules that were played.
    played: Vec<Vec<SearchStep>>,
    added: u64,
}

impl Default for Search {
    /// A search that has played nothing. Its first schedule is one request after the other.
    fn default() -> Self {
        let mut search = Self {
            open: BTreeMap::new(),
            known: HashSet::new(),
            played: Vec::new(),
            added: 0,
        };
        search.add(Vec::new());
        search
    }
}

impl Search {
    /// The beginning of the next schedule. The schedule goes on with the request of the last move as long as possible. `None` if every
    /// class of orders was played.
    pub fn pop(&mut self) -> Option<Vec<Contender>> {
        while let Some((_, beginning)) = self.open.pop_first() {
            if !self.is_covered(&beginning) {
                return Some(moves(&beginning));
            }
        }
        None
    }

    /// Adds a schedule that was played, and the schedules that reverse its races.
    pub fn take(&mut self, schedule: Vec<SearchStep>) {
        for at in 0..schedule.len() {
            for before in 0..at {
                if let Some(beginning) = reversal(&schedule, before, at) {
                    self.add(beginning);
                }
            }
        }
        self.played.push(schedule);
    }

    /// The number of known beginnings that are not played and not covered.
    pub fn left(&mut self) -> u64 {
        let mut open = std::mem::take(&mut self.open);
        open.retain(|_, beginning| !self.is_covered(beginning));
        self.open = open;
        self.open.len() as u64
    }

    fn add(&mut self, beginning: Vec<SearchStep>) {
        let moves = moves(&beginning);
        let key = (switches(&moves), moves.len(), Reverse(self.added));
        if self.known.insert(moves) {
            self.added += 1;
            self.open.insert(key, beginning);
        }
    }

    fn is_covered(&self, beginning: &[SearchStep]) -> bool {
        self.played
            .iter()
            .any(|schedule| begins_with(schedule, beginning))
    }
}

/// The beginning of a schedule in which step `at` comes before step `before` of the other request. `None` if the two steps commute, or
/// if step `at` is only possible after step `before`.
fn reversal(schedule: &[SearchStep], before: usize, at: usize) -> Option<Vec<SearchStep>> {
    if !schedule[before].depends_on(&schedule[at]) {
        return None;
    }
    let (mut beginning, mut others) = (schedule[..before].to_vec(), Vec::new());
    // The number of steps that had been made when the request could make its next step, unless it waited.
    let mut ready = before;
    for (index, step) in schedule.iter().enumerate().take(at + 1).skip(before) {
        if step.contender != schedule[at].contender {
            others.push(step);
            continue;
        }
        // A step that was not possible right after the request's own last step waited for a step of the other request.
        let waited = step.ready > ready;
        let depends = index != at && others.iter().any(|other| other.depends_on(step));
        if waited || depends {
            return None;
        }
        ready = index + 1;
        beginning.push(step.clone());
    }
    Some(beginning)
}

fn moves(steps: &[SearchStep]) -> Vec<Contender> {
    steps.iter().map(|step| step.contender).collect()
}

/// How often the moves change from one request to the other.
pub fn switches(moves: &[Contender]) -> usize {
    moves.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

/// Whether a schedule that is equivalent to `schedule` begins with `beginning`.
fn begins_with(schedule: &[SearchStep], beginning: &[SearchStep]) -> bool {
    let mut wanted = [0, 0];
    for step in beginning {
        wanted[step.contender.index()] += 1;
    }
    let mut taken = [0, 0];
    let mut inside = Vec::new();
    let mut outside: Vec<&SearchStep> = Vec::new();
    for step in schedule {
        let index = step.contender.index();
        if taken[index] == wanted[index] {
            outside.push(step);
            continue;
        }
        if outside.iter().any(|before| before.depends_on(step)) {
            return false;
        }
        inside.push((index, taken[index], step));
        taken[index] += 1;
    }
    taken == wanted && same_order(&inside, beginning)
}

/// Whether dependent steps of `inside` have the order that they have in `beginning`. Each step of `inside` has the index of its request
/// and its number in the request.
fn same_order(inside: &[(usize, usize, &SearchStep)], beginning: &[SearchStep]) -> bool {
    let mut places = [Vec::new(), Vec::new()];
    for (place, step) in beginning.iter().enumerate() {
        places[step.contender.index()].push(place);
    }
    inside
        .iter()
        .enumerate()
        .all(|(at, (index, number, step))| {
            let place = places[*index][*number];
            inside[..at].iter().all(|(other, other_number, before)| {
                !before.depends_on(step) || places[*other][*other_number] < place
            })
        })
}

#[cfg(test)]
mod tests;
