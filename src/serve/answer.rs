//! A strategy that answers "sold out" without using any service, for measurements of load tools and of this server. It issues no
//! coupon, so its empty ledger is correct.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    ports::{Result, UserId},
    strategies::{Decision, Entry, Promise, Strategy},
};

/// The entry of `--strategy answer`. It is not in the catalogue, because it issues no coupons.
pub static ENTRY: Entry = Entry {
    name: "answer",
    how: "answers every claim with sold out",
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
