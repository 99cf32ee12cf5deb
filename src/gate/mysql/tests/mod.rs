#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod borders;
mod logins;
mod statements;
mod traffic;
