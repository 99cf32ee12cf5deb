//! The services of a run while they are opened: all of them, or none.

use super::{
    Backend, OpenError,
    kafka::Kafka,
    redis::Redis,
    run_registry::{RunEnd, RunRegistration},
    sql::Database,
};

/// The results of opening the services.
pub(super) struct Parts {
    pub database: Result<Database, OpenError>,
    pub redis: Result<Option<Redis>, OpenError>,
    pub kafka: Result<Option<Kafka>, OpenError>,
    pub registration: Option<RunRegistration>,
}

impl Parts {
    pub async fn all_or_nothing(self) -> Result<Backend, OpenError> {
        match self {
            Self {
                database: Ok(database),
                redis: Ok(redis),
                kafka: Ok(kafka),
                registration,
            } => Ok(Backend {
                database,
                redis,
                kafka,
                registration,
            }),
            Self {
                database,
                redis,
                kafka,
                registration,
            } => {
                let (mut errors, mut left) = (Vec::new(), Vec::new());
                match database {
                    Ok(database) => left.extend(database.remove().await.err()),
                    Err(error) => errors.push(error),
                }
                match redis {
                    Ok(Some(redis)) => left.extend(redis.close(false).await.err()),
                    Ok(None) => {}
                    Err(error) => errors.push(error),
                }
                match kafka {
                    Ok(Some(kafka)) => left.extend(kafka.close(false).await.err()),
                    Ok(None) => {}
                    Err(error) => errors.push(error),
                }
                if let Some(registration) = registration.filter(|_| left.is_empty()) {
                    registration.end(RunEnd::Removed);
                }
                Err(errors.swap_remove(0).and(&left))
            }
        }
    }
}
