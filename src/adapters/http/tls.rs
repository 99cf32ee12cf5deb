//! TLS: the trusted authorities, the client certificate, and the protocol (ALPN).

use std::{path::Path, sync::Arc};

use tokio::net::TcpStream;
use tokio_rustls::{
    TlsConnector,
    client::TlsStream,
    rustls::{
        ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier,
        client::WantsClientCert,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    },
};

use super::{ConnectError, Identity, Options};

/// Trusts the authorities that browsers trust, or those in a file and no others.
pub fn connector(options: &Options) -> Result<TlsConnector, ConnectError> {
    let config = trusting(options.ca_file.as_deref())?;
    let mut config = match &options.identity {
        None => config.with_no_client_auth(),
        Some(identity) => authenticated(config, identity)?,
    };
    config.alpn_protocols = vec![options.version.alpn().to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

fn trusting(
    ca_file: Option<&Path>,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, ConnectError> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(file) => read(file, &mut roots).map_err(|reason| ConnectError::Authorities {
            file: file.to_owned(),
            reason,
        })?,
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }
    Ok(versions().with_root_certificates(roots))
}

fn versions() -> ConfigBuilder<ClientConfig, WantsVerifier> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    #[expect(clippy::expect_used, reason = "the provider's own versions")]
    config
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3")
}

/// Adds a client certificate for services that demand one.
fn authenticated(
    config: ConfigBuilder<ClientConfig, WantsClientCert>,
    identity: &Identity,
) -> Result<ClientConfig, ConnectError> {
    let wrong = |file: &Path, reason: String| ConnectError::Identity {
        file: file.to_owned(),
        reason,
    };
    let Identity { certificate, key } = identity;
    let chain = certificates(certificate).map_err(|reason| wrong(certificate, reason))?;
    let secret = PrivateKeyDer::from_pem_file(key);
    let secret = secret.map_err(|error| wrong(key, format!("no private key: {error}")))?;
    let config = config.with_client_auth_cert(chain, secret);
    config.map_err(|error| {
        let reason = format!("it does not go with the key {}: {error}", key.display());
        wrong(certificate, reason)
    })
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| error.to_string())?;
    let certificates = certificates.collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| error.to_string())?;
    if certificates.is_empty() {
        return Err("there is no PEM certificate in it".to_owned());
    }
    Ok(certificates)
}

fn read(file: &Path, roots: &mut RootCertStore) -> Result<(), String> {
    for certificate in certificates(file)? {
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Performs the handshake. The certificate must be valid for `host`.
pub async fn greet(
    connector: &TlsConnector,
    host: &str,
    stream: TcpStream,
) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(host.to_owned()).map_err(std::io::Error::other)?;
    connector.connect(name, stream).await
}
