//! `coupon-bench doctor`: which services are reachable, in which version, and what is embedded.

use std::fmt::Write;

use crate::{
    backend::{ServiceInfo, database, kafka::Kafka, redis::Redis},
    scenario::Services,
};

/// What was asked, and what it said.
pub struct Finding {
    /// `--db`, `--redis`, `--kafka`.
    pub flag: &'static str,
    /// Where it should be, password masked.
    pub target: String,
    /// What it is, or why it cannot be used.
    pub answer: Result<ServiceInfo, String>,
}

/// Asks all three services at once. Creates nothing.
pub async fn examine(services: &Services) -> [Finding; 3] {
    let (db, redis, kafka) = tokio::join!(
        database::probe(&services.db),
        Redis::probe(services),
        Kafka::probe(&services.kafka),
    );
    [
        finding("--db", services.db.to_string(), db),
        finding("--redis", services.redis.to_string(), redis),
        finding("--kafka", services.kafka.to_string(), kafka),
    ]
}

fn finding(flag: &'static str, target: String, answer: Result<ServiceInfo, String>) -> Finding {
    Finding {
        flag,
        target,
        answer,
    }
}

/// The findings as aligned lines.
pub fn render(findings: &[Finding]) -> String {
    let width = findings
        .iter()
        .map(|finding| finding.target.chars().count())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    for Finding {
        flag,
        target,
        answer,
    } in findings
    {
        let said = match answer {
            Ok(info) => {
                let where_it_is = if info.embedded { " (embedded)" } else { "" };
                format!("ok      {} {}{where_it_is}", info.kind, info.version)
            }
            Err(problem) => format!("failed  {problem}"),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{flag:<8} {target:<width$}  {said}");
    }
    text
}
