//! HTTPS: whom the client trusts, and which HTTP is agreed on.

use std::{fs, path::PathBuf, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use super::{endpoint, listener, post, serve, text};
use crate::http::{Client, ConnectError, Options, Version};

/// A server for `localhost` whose certificate is signed by an authority that nobody knows.
struct Server {
    url: String,
    ca_file: PathBuf,
    folder: TempDir,
}

impl Server {
    async fn start(version: Version) -> Self {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap());
        let authority = authority.unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = certificate.signed_by(&key, &authority).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let ca_file = folder.path().join("ca.pem");
        fs::write(&ca_file, authority.pem()).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let mut config = config
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::from(key))
            .unwrap();
        config.alpn_protocols = vec![version.alpn().to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let (listener, address) = listener().await;
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Not if the client does not trust it.
                if let Ok(stream) = acceptor.accept(stream).await {
                    tokio::spawn(serve(stream, version));
                }
            }
        });
        Self {
            url: format!("https://localhost:{}", address.port()),
            ca_file,
            folder,
        }
    }

    async fn client(
        &self,
        ca_file: Option<PathBuf>,
        version: Version,
    ) -> Result<Client, ConnectError> {
        let options = Options {
            version,
            ca_file,
            ..Options::default()
        };
        Client::open(endpoint(&self.url).await, &options).await
    }
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_if_it_is_named() {
    for version in [Version::Http1, Version::Http2] {
        let server = Server::start(version).await;
        let client = server
            .client(Some(server.ca_file.clone()), version)
            .await
            .unwrap();
        for _ in 0..3 {
            let held = client.hold(post("yes")).await.unwrap();
            assert!(held.is_held());
            let answer = held.release().await.unwrap();
            assert!(text(&answer).ends_with(" yes"), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn others_are_not_trusted() {
    let server = Server::start(Version::Http1).await;
    let stranger = server.client(None, Version::Http1).await.err().unwrap();
    assert_eq!(
        stranger.to_string(),
        "no TLS connection with localhost: invalid peer certificate: UnknownIssuer"
    );
    let ip = server.url.replace("localhost", "127.0.0.1");
    let options = Options {
        ca_file: Some(server.ca_file.clone()),
        ..Options::default()
    };
    let other_name = Client::open(endpoint(&ip).await, &options)
        .await
        .err()
        .unwrap();
    assert!(other_name.to_string().contains("127.0.0.1"), "{other_name}");
}

#[tokio::test]
async fn a_file_without_certificates_is_refused() {
    let server = Server::start(Version::Http1).await;
    let empty = server.folder.path().join("empty.pem");
    fs::write(&empty, "").unwrap();
    for (file, reason) in [
        (empty, "there is no PEM certificate in it"),
        (server.folder.path().join("missing.pem"), "No such file"),
    ] {
        let error = server.client(Some(file.clone()), Version::Http1).await;
        let error = error.err().unwrap().to_string();
        let start = format!("cannot read certificates from {}: ", file.display());
        assert!(
            error.starts_with(&start) && error.contains(reason),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_service_without_http2_says_so_in_the_handshake() {
    let server = Server::start(Version::Http1).await;
    let error = server
        .client(Some(server.ca_file.clone()), Version::Http2)
        .await;
    assert!(matches!(
        error.err().unwrap(),
        ConnectError::Tls { .. } | ConnectError::Protocol { .. }
    ));
}
