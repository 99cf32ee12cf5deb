//! The certificate authority of a run's services.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tokio_rustls::rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

/// PEM certificates of a private authority, read from a file. Connections with TLS to Redis, the database and Kafka trust only this
/// authority.
///
/// The contents are kept with the path, so that the file is read once and the processes of `--instances` get the same contents.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsCa {
    path: PathBuf,
    pem: String,
}

impl TlsCa {
    /// The authority of the file `path` with the text `pem`.
    ///
    /// # Errors
    ///
    /// Why the text has no usable certificate.
    pub fn new(path: PathBuf, pem: String) -> Result<Self, String> {
        let authority = Self { path, pem };
        let roots = authority.roots()?;
        if roots.is_empty() {
            return Err("the file has no certificate".to_owned());
        }
        Ok(authority)
    }

    /// The certificates as the roots of a TLS client.
    ///
    /// # Errors
    ///
    /// A certificate cannot be parsed.
    pub fn roots(&self) -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(self.pem.as_bytes()) {
            let certificate = certificate.map_err(|error| error.to_string())?;
            roots.add(certificate).map_err(|error| error.to_string())?;
        }
        Ok(roots)
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text of the file.
    pub fn pem(&self) -> &str {
        &self.pem
    }
}

impl fmt::Debug for TlsCa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TlsCa").field(&self.path).finish()
    }
}
