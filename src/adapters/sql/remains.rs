//! The tables that runs have left in a database.

use sqlx::SqlSafeStr;

use super::{connect::in_time, dialect, error::words, link::Link, texts::sql};
use crate::{
    adapters::remains::{Kind, Object},
    input::address::{DbTarget, Services},
};

/// The connection settings of the database of `services`; `None` for a private file and for a file that does not exist.
fn link(services: &Services) -> Result<Option<Link>, String> {
    match &services.db {
        DbTarget::PrivateSqlite => Ok(None),
        DbTarget::Sqlite(path) if !path.exists() => Ok(None),
        target => Link::to(target, services.tls_ca.as_ref())
            .map(Some)
            .map_err(|error| words(&error)),
    }
}

/// The tables of runs in the database that is named.
pub async fn tables(services: &Services) -> Result<Vec<Object>, String> {
    let Some(link) = link(services)? else {
        return Ok(Vec::new());
    };
    let names = in_time(async {
        let mut connection = link.connect().await?;
        let names = connection.texts(dialect(services.db.kind()).tables_of_runs.into_sql_str());
        let names = names.await?;
        connection.close().await;
        Ok(names)
    });
    let names = names.await?.into_iter().filter_map(|(name, _)| name);
    Ok(names
        .filter_map(|name| Object::of(Kind::Table, &name))
        .collect())
}

/// Drops tables of runs.
pub async fn drop_tables(services: &Services, tables: &[Object]) -> Result<(), String> {
    let Some(link) = link(services)?.filter(|_| !tables.is_empty()) else {
        return Ok(());
    };
    in_time(async {
        let mut connection = link.connect().await?;
        for table in tables {
            // A name that was recognized is made of letters, digits and underscores.
            let text = format!("DROP TABLE IF EXISTS {}", table.name);
            connection.run(sql(text)).await?;
        }
        connection.close().await;
        Ok(())
    })
    .await
}
