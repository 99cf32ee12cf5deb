//! The certificate authority that signs the certificates of a run's services.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tokio_rustls::rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

/// PEM certificates of a private authority, read from a file. Connections with TLS to Redis, the database and Kafka trust these
/// authorities and no others.
///
/// Holds the contents too: the processes of `--instances` get them from their parent, and the file is read once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsCa {
    path: PathBuf,
    pem: String,
}

impl TlsCa {
    /// `pem` is the text of the file `path`. The error says why it holds no usable certificate.
    pub fn new(path: PathBuf, pem: String) -> Result<Self, String> {
        let authority = Self { path, pem };
        let roots = authority.roots()?;
        if roots.is_empty() {
            return Err("there is no certificate in it".to_owned());
        }
        Ok(authority)
    }

    /// The authorities, for a TLS client of our own.
    pub fn roots(&self) -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(self.pem.as_bytes()) {
            let certificate = certificate.map_err(|error| error.to_string())?;
            roots.add(certificate).map_err(|error| error.to_string())?;
        }
        Ok(roots)
    }

    /// The file, for messages and reports.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text of the file, for the TLS clients of libraries.
    pub fn pem(&self) -> &str {
        &self.pem
    }
}

impl fmt::Debug for TlsCa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TlsCa").field(&self.path).finish()
    }
}
