//! The tables that runs have left in a database.

use super::{connect::in_time, error::words, link::Link, texts::sql};
use crate::{
    adapters::remains::{Kind, Object},
    input::address::{DbKind, DbTarget, Services},
};

/// The names of all tables that could be those of a run.
fn names(kind: DbKind) -> &'static str {
    match kind {
        DbKind::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'coupon_bench%' ORDER BY name"
        }
        DbKind::Postgres => {
            "SELECT CAST(tablename AS text) FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename LIKE 'coupon_bench%' ORDER BY 1"
        }
        DbKind::Mysql => {
            "SELECT CAST(table_name AS CHAR(64)) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE 'coupon_bench%' ORDER BY 1"
        }
    }
}

/// The way to the database that is named; none to a private file, and none to a file that does not exist.
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
        let names = connection.texts(sql(names(services.db.kind()).to_owned()));
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
