//! Runs the program on real services, which `scripts/test` starts. If a service is missing, its tests fail.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/services.rs"]
mod services;

mod addresses;
mod alarms;
mod ceiling;
mod clean;
mod connections;
mod contract;
mod database;
mod docs;
mod drains;
mod errors;
mod faults;
mod gates;
mod hunt;
mod instances;
mod isolation;
mod ledgers;
mod private;
mod program;
mod recipes;
mod redis;
mod redis_server;
mod replay;
mod scenarios;
mod secrets;
mod serve;
mod setups;
mod targets;
mod verdicts;
