//! The exit codes. They are a contract.

/// The command completed, and every promise and assertion held.
pub const OK: u8 = 0;
/// An unexpected error.
pub const UNEXPECTED: u8 = 1;
/// An error in the flags, the scenario or the input.
pub const USAGE: u8 = 2;
/// A run broke a promise or an assertion.
pub const VIOLATED: u8 = 3;
/// The runs prove nothing: no attempts overlapped, an assertion had no value to observe, or a service failed during the load.
pub const INCONCLUSIVE: u8 = 4;
/// A service could not be reached before the load.
pub const SERVICE: u8 = 5;
/// Ctrl-C ended the command.
pub const INTERRUPTED: u8 = 130;
