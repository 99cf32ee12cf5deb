//! `--tls-ca`: reads the certificates of a private authority, so that a file without any is an error before the run.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use super::layers::{Found, Layers};
use crate::input::address::TlsCa;
use crate::{
    input::error::{Place, UsageError},
    text::{problem::Problem, quote::quoted},
};

/// More than every public authority of the world together.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// The authority that the settings name, if there is one.
pub(crate) fn tls_ca(layers: &Layers) -> Result<Option<TlsCa>, UsageError> {
    let Some(found) = layers.find("tls_ca", |s| &s.services.tls_ca) else {
        return Ok(None);
    };
    let path = path(&found);
    found.parse(|text| read(path, text)).map(Some)
}

/// A path in a scenario file is relative to that file.
fn path(found: &Found<'_>) -> PathBuf {
    match &found.place {
        Place::Key { file, .. } => file.parent().unwrap_or(Path::new("")).join(found.text),
        _ => PathBuf::from(found.text),
    }
}

fn read(path: PathBuf, typed: &str) -> Result<TlsCa, Problem> {
    let invalid = |why: String| {
        let advice = format!("{why}; name a PEM file with the certificate of your authority");
        Problem::new(
            format!("invalid certificate file {}", quoted(typed)),
            advice,
        )
    };
    let mut pem = String::new();
    File::open(&path)
        .and_then(|file| file.take(MAX_BYTES).read_to_string(&mut pem))
        .map_err(|error| invalid(error.to_string()))?;
    TlsCa::new(path, pem).map_err(invalid)
}
