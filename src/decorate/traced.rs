//! Writes down who did which step when.
