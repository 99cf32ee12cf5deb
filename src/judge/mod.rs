//! Judgements: pure functions of the model, without input or output.
//!
//! # Layout
//!
//! - [`ledger`]: reconciles the responses to the users with the rows of the database, and counts over-issue, lost coupons and duplicates
//! - [`verdict`]: decides whether the run kept the promise, broke it, or did not test it
//! - [`witness`]: explains the finding of a history
//! - [`assertion`]: evaluates the user's assertions, such as `issued == 100`
//! - [`compare`]: compares reports: correctness first, then speed with confidence intervals
//! - [`exit`]: the exit codes

pub mod assertion;
pub mod compare;
pub mod exit;
pub mod ledger;
pub mod verdict;
pub mod witness;
