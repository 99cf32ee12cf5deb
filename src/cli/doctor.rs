//! `coupon-bench doctor`: which services are reachable, in which version, and what is embedded.

use crate::{
    adapters::{
        ServiceInfo,
        kafka::Kafka,
        redis::Redis,
        sql::{self, Contact, Statements},
    },
    input::address::Services,
    render::{Style, document::Document},
    text::redact,
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
        database(services),
        Redis::probe(services),
        Kafka::probe(&services.kafka, services.tls_ca.as_ref()),
    );
    [
        finding("--db", services.db.to_string(), db),
        finding("--redis", services.redis.to_string(), redis),
        finding("--kafka", services.kafka.to_string(), kafka),
    ]
}

/// A pooler in between is worth knowing: it decides how statements are sent.
async fn database(services: &Services) -> Result<ServiceInfo, String> {
    let Contact {
        mut info,
        statements,
    } = sql::probe(&services.db, services.tls_ca.as_ref()).await?;
    if statements == Statements::Plain {
        info.version += " behind a pooler in transaction mode";
    }
    Ok(info)
}

fn finding(flag: &'static str, target: String, answer: Result<ServiceInfo, String>) -> Finding {
    Finding {
        flag,
        target,
        answer: answer.map_err(|problem| redact::foreign(&problem)),
    }
}

/// The findings as aligned lines.
pub fn render(findings: &[Finding], style: Style) -> String {
    let width = findings
        .iter()
        .map(|finding| finding.target.chars().count())
        .max()
        .unwrap_or(0);
    let mut document = Document::new();
    for Finding {
        flag,
        target,
        answer,
    } in findings
    {
        let (word, said) = match answer {
            Ok(info) => {
                let where_it_is = if info.embedded { " (embedded)" } else { "" };
                ("ok", format!("{} {}{where_it_is}", info.kind, info.version))
            }
            Err(problem) => ("failed", problem.clone()),
        };
        document.hanging(format!("{flag:<8} {target:<width$}  {word:<6}  "), said);
    }
    document.terminal(style)
}
