//! The contents of a ledger.

use std::ops::RangeInclusive;

use crate::text::format::plural;

/// A coupon in a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The user, in the spelling of the ledger.
    pub user: String,
    /// The code that redeems the coupon, if the ledger has it.
    pub code: Option<String>,
}

impl From<String> for Row {
    fn from(user: String) -> Self {
        Self { user, code: None }
    }
}

/// The contents of a ledger as they were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerContents {
    /// Every coupon with its user.
    Users(Vec<Row>),
    /// The number of issued coupons.
    Count(u64),
    /// The remaining stock.
    Stock(Stock),
}

impl LedgerContents {
    /// The number of issued coupons. For a stock below zero, the smallest possible number.
    pub fn coupons(&self) -> u64 {
        match self {
            Self::Users(rows) => rows.len() as u64,
            Self::Count(count) => *count,
            Self::Stock(stock) => *stock.issued().start(),
        }
    }

    /// Why a run cannot begin: coupons that exist before the first claim would be counted as coupons of the run. `None` if the
    /// ledger is empty.
    pub fn not_empty(&self, limit: u64) -> Option<String> {
        const ADVICE: &str = "reset the event in a [[setup]] request, or restrict the ledger to this event (with {{run}})";
        match self {
            _ if self.coupons() == 0 => None,
            Self::Count(count) if *count == limit => Some(format!(
                "the ledger holds exactly the limit of {limit} before the first claim: is this remaining stock? Then write \
                 remaining = true in [ledger]; otherwise {ADVICE}"
            )),
            Self::Stock(stock) => Some(format!(
                "the stock holds {} of {limit} before the first claim: set it to {{{{limit}}}} in a [[setup]] request",
                stock.left
            )),
            Self::Count(_) | Self::Users(_) => Some(format!(
                "the ledger holds {} before the first claim: {ADVICE}",
                plural(self.coupons(), "coupon")
            )),
        }
    }
}

/// A stock that counts down from the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stock {
    /// The number of coupons at the start.
    pub limit: u64,
    /// The number of coupons left. Below zero if the service keeps counting.
    pub left: i64,
}

impl Stock {
    /// # Errors
    /// `left` is more than the limit, so it is not the stock of this event.
    pub fn new(limit: u64, left: i128) -> Result<Self, String> {
        if left > i128::from(limit) {
            return Err(format!(
                "the stock holds {left}, which is more than the limit of {limit}: set the stock to {{{{limit}}}} in [[setup]], or \
                 run with --limit {left}"
            ));
        }
        let left = i64::try_from(left).map_err(|_| format!("{left} is not a stock"))?;
        Ok(Self { limit, left })
    }

    /// The smallest and the largest possible number of issued coupons. They differ for a stock below zero: some services count
    /// refusals as well, others have issued too many coupons. The decisions that users received tell which.
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
    fn issued_coupons_are_the_limit_without_the_stock() {
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
        let full = |found: LedgerContents| found.not_empty(100).unwrap_or_default();
        assert_eq!(
            full(LedgerContents::Stock(Stock::new(100, 100).unwrap())),
            ""
        );
        assert!(
            full(LedgerContents::Stock(Stock::new(100, 30).unwrap()))
                .starts_with("the stock holds 30 of 100 before the first claim")
        );
        assert!(
            full(LedgerContents::Count(100))
                .contains("is this remaining stock? Then write remaining = true")
        );
        assert!(
            full(LedgerContents::Count(7))
                .starts_with("the ledger holds 7 coupons before the first claim: reset")
        );
        assert_eq!(
            LedgerContents::Stock(Stock {
                limit: 100,
                left: -3
            })
            .coupons(),
            100
        );
    }
}
