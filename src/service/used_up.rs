//! An event that has nothing to give although its ledger is empty: something of an earlier run was not reset.

use crate::strategies::Decision;

/// Which part was not reset, if the first user of an event is told this and gets no coupon.
pub fn not_reset(told: Decision) -> Option<&'static str> {
    match told {
        Decision::Issued => None,
        Decision::SoldOut => {
            Some("the service says sold out: the stock was not reset; reset it in [[setup]]")
        }
        Decision::Duplicate => Some(
            "the service says that the user has asked before: the list of those who have asked was not reset; reset it in [[setup]]",
        ),
        Decision::Accepted => Some(
            "the service has accepted the request without issuing a coupon: the stock was not reset (reset it in [[setup]]), or no \
             consumer is running",
        ),
    }
}
