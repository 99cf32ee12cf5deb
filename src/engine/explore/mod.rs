//! Explores every interleaving of a strategy's own code, within bounds, and finds the smallest interleaving that breaks a
//! promise.
//!
//! # Layout
//!
//! - [`sim`]: the simulated services and the ports in front of them
//! - [`memo`]: the next step of a task, learned by polling the strategy's futures
//! - [`world`]: the state of all services and tasks, and the next state; [`layout`]: the tasks
//! - [`search`]: all states; [`symmetry`]: one of the states that differ only by the users' names; [`smallest`]: the smallest
//!   schedule to a broken invariant
//! - [`invariant`]: what must be true at an end, by the same reconciliation and verdict as in a run
//! - [`trace`], [`why`], [`picture`]: a schedule as an [`Interleaving`]
//! - [`result`]: the settings and the results of an exploration
//! - [`rehearsal`]: plays witnesses again, with all tasks on one strategy
//!
//! A search is single-threaded and uses no clock and no random number: the same settings give the same result.

mod invariant;
mod layout;
mod memo;
mod picture;
mod rehearsal;
mod result;
mod search;
mod sim;
mod smallest;
mod symmetry;
mod trace;
mod why;
mod world;

use std::time::Duration;

use self::{layout::Layout, search::Search, smallest::Wanted, world::World};
use crate::{
    model::interleaving::{Interleaving, TRIES},
    ports::Patience,
    strategies::{Entry, Need, REGISTRY},
};

pub use self::{
    invariant::Invariant,
    layout::MAX_INSTANCES,
    result::{Exploration, InvariantResult, SearchSummary, Settings, Witness},
    search::{Bounds, Hit},
    sim::executor::ExploreError,
    world::RESTARTS,
};

/// Explores one strategy.
///
/// # Errors
///
/// The strategy cannot be explored.
pub fn explore(entry: &'static Entry, settings: &Settings) -> Result<Exploration, ExploreError> {
    let mut symmetric = true;
    loop {
        let mut explorer = Explorer::new(entry, settings, symmetric);
        let searched = explorer.search();
        if !(symmetric && explorer.tells_users_apart()) {
            searched?;
            return explorer.finish();
        }
        // The users are not interchangeable, so the results are invalid. The search runs again with all users distinguished.
        symmetric = false;
    }
}

/// Explores the whole catalogue with two users and at most one fault, for its documentation.
///
/// # Errors
///
/// A strategy cannot be explored.
pub fn catalogue() -> Result<Vec<Exploration>, ExploreError> {
    let settings = Settings {
        users: 2,
        limit: 1,
        attempts: 1,
        instances: 1,
        batch: 1,
        faults: 1,
        tries: TRIES,
        bounds: Bounds {
            steps: 100,
            states: 1_000_000,
        },
    };
    let found = REGISTRY.iter().map(|entry| explore(entry, &settings));
    found.collect()
}

/// Draws `count` schedules without faults from all schedules of all users. The same settings give the same schedules.
///
/// # Errors
///
/// The strategy cannot be explored.
pub fn schedules(
    entry: &'static Entry,
    settings: &Settings,
    count: u64,
) -> Result<Vec<Interleaving>, ExploreError> {
    let mut explorer = Explorer::new(entry, settings, false);
    let Some(world) = explorer.worlds.last_mut() else {
        return Ok(Vec::new());
    };
    (0..count)
        .map(|number| {
            let schedule = rehearsal::walk(world, number)?;
            picture::picture(world, None, 0, &schedule)
        })
        .collect()
}

struct Explorer {
    entry: &'static Entry,
    settings: Settings,
    symmetric: bool,
    /// One world for each number of users, from 1.
    worlds: Vec<World>,
    rounds: Vec<SearchSummary>,
    /// The results of the searches, in the order of `rounds`.
    seen: Vec<search::SearchResult>,
}

impl Explorer {
    fn new(entry: &'static Entry, settings: &Settings, symmetric: bool) -> Self {
        let layout = |users: u64| Layout {
            users: usize::try_from(users).unwrap_or(usize::MAX),
            attempts: settings.attempts as usize,
            instances: settings.instances as usize,
            limit: settings.limit,
            patience: Patience {
                tries: settings.tries,
                lock_tries: settings.tries,
                back_off: Duration::ZERO,
                ..Patience::default()
            },
            batch: settings.batch,
            consumes: entry.needs(Need::Kafka),
        };
        Self {
            entry,
            settings: *settings,
            symmetric,
            worlds: (1..=settings.users)
                .map(|users| World::new(entry, layout(users)))
                .collect(),
            rounds: Vec::new(),
            seen: Vec::new(),
        }
    }

    fn tells_users_apart(&self) -> bool {
        self.worlds.iter().any(World::tells_users_apart)
    }

    fn search(&mut self) -> Result<(), ExploreError> {
        for (users, world) in (1..).zip(&mut self.worlds) {
            rehearsal::sample(world)?;
            for faults in 0..=self.settings.faults {
                let seen = Search::run(world, faults, self.settings.bounds, self.symmetric)?;
                self.rounds.push(SearchSummary {
                    users,
                    faults,
                    schedules: seen.schedules,
                    states: seen.states,
                    longest: seen.longest,
                    hit: seen.hit,
                });
                self.seen.push(seen);
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Exploration, ExploreError> {
        let mut answers = Vec::new();
        for invariant in Invariant::ALL {
            let without_faults = self.witness(invariant, 0)?;
            let with_faults = match &without_faults {
                None => self.witness_with_faults(invariant)?,
                Some(_) => None,
            };
            answers.push(InvariantResult {
                invariant,
                without_faults,
                with_faults,
            });
        }
        let promise = self
            .worlds
            .first()
            .map_or(self.entry.promise, invariant::promise);
        Ok(Exploration {
            entry: self.entry,
            promise,
            settings: self.settings,
            rounds: self.rounds,
            answers,
        })
    }

    fn witness_with_faults(
        &mut self,
        invariant: Invariant,
    ) -> Result<Option<Witness>, ExploreError> {
        for faults in 1..=self.settings.faults {
            if let Some(witness) = self.witness(invariant, faults)? {
                return Ok(Some(witness));
            }
        }
        Ok(None)
    }

    /// A witness with the fewest users, against the promise if there is one.
    fn witness(
        &mut self,
        invariant: Invariant,
        faults: u8,
    ) -> Result<Option<Witness>, ExploreError> {
        for against_promise in [true, false] {
            let rounds = self.rounds.iter().zip(&self.seen);
            let found =
                rounds
                    .filter(|(round, _)| round.faults == faults)
                    .find_map(|(round, seen)| {
                        let first = seen.first(invariant);
                        let steps = if against_promise {
                            first.against_promise
                        } else {
                            first.broken
                        };
                        steps.map(|steps| (round.users, steps))
                    });
            if let Some((users, steps)) = found {
                let wanted = Wanted {
                    invariant,
                    against_promise,
                    steps,
                    faults,
                };
                return self.draw(users, wanted);
            }
        }
        Ok(None)
    }

    fn draw(&mut self, users: u64, wanted: Wanted) -> Result<Option<Witness>, ExploreError> {
        let index = usize::try_from(users - 1).unwrap_or(usize::MAX);
        let Some(world) = self.worlds.get_mut(index) else {
            return Ok(None);
        };
        let Some(found) = smallest::smallest(world, wanted, self.symmetric)? else {
            return Ok(None);
        };
        rehearsal::play(world, wanted.faults, &found.actions)?;
        Ok(Some(Witness {
            users,
            faults: wanted.faults,
            steps: wanted.steps,
            switches: found.switches,
            against_promise: wanted.against_promise,
            interleaving: picture::picture(
                world,
                Some(wanted.invariant),
                wanted.faults,
                &found.actions,
            )?,
        }))
    }
}

#[cfg(test)]
mod tests;
