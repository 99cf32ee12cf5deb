//! The strategy that only answers: what is left of a claim when nothing is asked of any service, for measuring load tools and
//! this server. It gives out nothing, so its empty ledger is the truth.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    ports::{Result, UserId},
    strategies::{Decision, Entry, Promise, Strategy},
};

/// What `--strategy answer` serves. Not in the catalogue: it is no way of giving out coupons.
pub static ENTRY: Entry = Entry {
    name: "answer",
    how: "tells everybody that all coupons are gone",
    promise: Promise::None,
    one_per_user: true,
    needs: &[],
    known_failure: "",
    source: include_str!("answer.rs"),
    build: |_| Arc::new(Answer),
};

struct Answer;

#[async_trait]
impl Strategy for Answer {
    async fn claim(&self, _: UserId) -> Result<Decision> {
        Ok(Decision::SoldOut)
    }
}
