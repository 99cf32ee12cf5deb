//! Tests of the known results of the catalogue, of the simulated services, and of deliberate bugs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bugs;
mod catalogue;
mod database;
mod trouble;

use super::{Bounds, Settings};

fn settings(users: u64, limit: u64) -> Settings {
    Settings {
        users,
        limit,
        attempts: 1,
        instances: 1,
        batch: 1,
        faults: 0,
        tries: 3,
        bounds: Bounds {
            steps: 100,
            states: 500_000,
        },
    }
}
