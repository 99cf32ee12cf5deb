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

/// The state of one service.
pub struct ServiceCheck {
    /// `--db`, `--redis`, `--kafka`.
    pub flag: &'static str,
    /// The address, password masked.
    pub address: String,
    /// The kind and version of the service, or why it cannot be used.
    pub info: Result<ServiceInfo, String>,
}

/// Connects to all three services at once. Creates no objects.
pub async fn examine(services: &Services) -> [ServiceCheck; 3] {
    let (db, redis, kafka) = tokio::join!(
        database(services),
        Redis::probe(services),
        Kafka::probe(&services.kafka, services.tls_ca.as_ref()),
    );
    [
        check("--db", services.db.to_string(), db),
        check("--redis", services.redis.to_string(), redis),
        check("--kafka", services.kafka.to_string(), kafka),
    ]
}

/// The database. The version names a pooler, because a pooler decides how statements are sent.
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

fn check(flag: &'static str, address: String, info: Result<ServiceInfo, String>) -> ServiceCheck {
    ServiceCheck {
        flag,
        address,
        info: info.map_err(|problem| redact::foreign(&problem)),
    }
}

/// The checks as aligned lines.
pub fn render(checks: &[ServiceCheck], style: Style) -> String {
    let width = checks
        .iter()
        .map(|check| check.address.chars().count())
        .max()
        .unwrap_or(0);
    let mut document = Document::new();
    for check in checks {
        let (word, text) = match &check.info {
            Ok(info) => {
                let embedded = if info.embedded { " (embedded)" } else { "" };
                ("ok", format!("{} {}{embedded}", info.kind, info.version))
            }
            Err(problem) => ("failed", problem.clone()),
        };
        let ServiceCheck { flag, address, .. } = check;
        document.hanging(format!("{flag:<8} {address:<width$}  {word:<6}  "), text);
    }
    document.terminal(style)
}
