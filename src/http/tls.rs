//! Whom to trust, and which protocol to agree on.

use std::{path::Path, sync::Arc};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::ring,
        pki_types::{CertificateDer, ServerName, pem::PemObject},
    },
};

use super::{ConnectError, Version};

/// The authorities that browsers trust, or those in a file and no others.
pub fn connector(ca_file: Option<&Path>, version: Version) -> Result<TlsConnector, ConnectError> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(file) => read(file, &mut roots).map_err(|reason| ConnectError::Authorities {
            file: file.to_owned(),
            reason,
        })?,
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    #[expect(clippy::expect_used, reason = "the provider's own versions")]
    let config = config
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3");
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![version.alpn().to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

fn read(file: &Path, roots: &mut RootCertStore) -> Result<(), String> {
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| error.to_string())?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() {
        return Err("there is no PEM certificate in it".to_owned());
    }
    Ok(())
}

/// The handshake; the certificate has to be `host`'s.
pub async fn greet(
    connector: &TlsConnector,
    host: &str,
    stream: TcpStream,
) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(host.to_owned()).map_err(std::io::Error::other)?;
    connector.connect(name, stream).await
}
