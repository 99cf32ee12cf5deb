//! The exit codes, which are a contract.

/// Completed; every promise and assertion held.
pub const OK: u8 = 0;
/// An error nobody thought of.
pub const UNEXPECTED: u8 = 1;
/// Usage, scenario or input error.
pub const USAGE: u8 = 2;
/// A promise or an assertion was violated.
pub const VIOLATED: u8 = 3;
/// The runs prove nothing: nothing overlapped, an assertion could not be observed, a service died in the middle.
pub const INCONCLUSIVE: u8 = 4;
/// A service could not be reached before the load.
pub const SERVICE: u8 = 5;
/// Ctrl-C.
pub const INTERRUPTED: u8 = 130;
