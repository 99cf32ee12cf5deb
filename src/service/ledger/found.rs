//! What was read from a ledger.

use std::ops::RangeInclusive;

use crate::text::format::plural;

/// A coupon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its user, as the ledger spells users.
    pub user: String,
    /// What it is redeemed with, where the ledger tells.
    pub code: Option<String>,
}

impl From<String> for Row {
    fn from(user: String) -> Self {
        Self { user, code: None }
    }
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Every coupon.
    Users(Vec<Row>),
    /// How many coupons there are.
    Count(u64),
    /// How many are left.
    Stock(Stock),
}

impl Found {
    /// Coupons.
    pub fn coupons(&self) -> u64 {
        match self {
            Self::Users(rows) => rows.len() as u64,
            Self::Count(count) => *count,
            Self::Stock(stock) => *stock.issued().start(),
        }
    }

    /// Why a run cannot begin: coupons that are out before anybody has asked would be mistaken for some of the run.
    pub fn not_empty(&self, limit: u64) -> Option<String> {
        const ADVICE: &str = "reset the event in a [[setup]] request, or let the ledger look at this event alone (with {{run}})";
        match self {
            _ if self.coupons() == 0 => None,
            Self::Count(count) if *count == limit => Some(format!(
                "the ledger holds exactly the limit of {limit} before anybody has asked: is this remaining stock? Then say \
                 remaining = true in [ledger]; otherwise {ADVICE}"
            )),
            Self::Stock(stock) => Some(format!(
                "the stock holds {} of {limit} before anybody has asked: set it to {{{{limit}}}} in a [[setup]] request",
                stock.left
            )),
            Self::Count(_) | Self::Users(_) => Some(format!(
                "the ledger holds {} before anybody has asked: {ADVICE}",
                plural(self.coupons(), "coupon")
            )),
        }
    }
}

/// Coupons that count down from the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stock {
    /// Coupons at the start.
    pub limit: u64,
    /// Those left; below zero where the service counts on.
    pub left: i64,
}

impl Stock {
    /// `left` as it was read. More than the limit is no stock of this event.
    pub fn new(limit: u64, left: i128) -> Result<Self, String> {
        if left > i128::from(limit) {
            return Err(format!(
                "the stock holds {left}, which is more than the limit of {limit}: set the stock to {{{{limit}}}} in [[setup]], or \
                 run with --limit {left}"
            ));
        }
        let left = i64::try_from(left).map_err(|_| format!("{left} is no stock"))?;
        Ok(Self { limit, left })
    }

    /// How many coupons are out. A stock below zero leaves it open: some services count refusals as well, others have issued too
    /// many. What users were told decides between the two.
    pub fn issued(&self) -> RangeInclusive<u64> {
        match u64::try_from(self.left) {
            Ok(left) => {
                let issued = self.limit.saturating_sub(left);
                issued..=issued
            }
            Err(_) => self.limit..=self.limit.saturating_add(self.left.unsigned_abs()),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn what_is_not_left_has_been_issued() {
        let issued = |left| Stock::new(100, left).unwrap().issued();
        assert_eq!(issued(100), 0..=0);
        assert_eq!(issued(30), 70..=70);
        assert_eq!(issued(0), 100..=100);
        assert_eq!(issued(-3), 100..=103);
        let error = Stock::new(100, 200).unwrap_err();
        assert!(
            error.starts_with("the stock holds 200, which is more than the limit of 100"),
            "{error}"
        );
        let full = |found: Found| found.not_empty(100).unwrap_or_default();
        assert_eq!(full(Found::Stock(Stock::new(100, 100).unwrap())), "");
        assert!(
            full(Found::Stock(Stock::new(100, 30).unwrap()))
                .starts_with("the stock holds 30 of 100 before anybody has asked")
        );
        assert!(
            full(Found::Count(100)).contains("is this remaining stock? Then say remaining = true")
        );
        assert!(
            full(Found::Count(7))
                .starts_with("the ledger holds 7 coupons before anybody has asked: reset")
        );
        assert_eq!(
            Found::Stock(Stock {
                limit: 100,
                left: -3
            })
            .coupons(),
            100
        );
    }
}
