//! Wrappers around ports that are ports themselves: what they see, the strategy does not notice.
//!
//! [`metered`] counts what a strategy does to the database and notes when each coupon is durable. No concrete backend is
//! named here.

pub mod metered;
