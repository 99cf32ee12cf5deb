//! Wrappers around ports that are ports themselves: what they see, the strategy does not notice.
//!
//! [`metered`] counts what a strategy does to the database and notes when each coupon is durable; [`stepped`] shows every call to a
//! hook, of which there are two: [`gated`] lets calls through one by one, [`traced`] writes them down. No concrete
//! backend is named here.

pub mod gated;
pub mod metered;
pub mod observation;
pub mod stepped;
pub mod traced;
