//! Gates in front of real services.

mod mysql;
