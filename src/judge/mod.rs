//! Judgements: pure functions over the model, without input or output.
//!
//! # Layout
//!
//! - [`ledger`]: what every user was told against the rows that the database holds
//! - [`verdict`]: whether a promise was kept, broken, or not put to the test
//! - [`witness`]: why an interleaving went wrong
//! - [`assertion`]: conditions of the user's own, such as `issued == 100`
//! - [`compare`]: reports against each other: correctness first, then speed, with intervals
//! - [`exit`]: exit codes

pub mod assertion;
pub mod compare;
pub mod exit;
pub mod ledger;
pub mod verdict;
pub mod witness;
