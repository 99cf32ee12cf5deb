//! HTTPS: whom the client trusts, and which HTTP is agreed on.

use std::{fs, path::PathBuf, sync::Arc};

use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
        server::WebPkiClientVerifier,
    },
};

use super::{NO_BODY, endpoint, listener, post, serve, text};
use crate::adapters::http::{Client, ConnectError, Identity, Options, Version};

/// A server for `localhost` whose certificate is signed by an unknown authority.
struct Server {
    url: String,
    ca_file: PathBuf,
    folder: TempDir,
    acceptor: TlsAcceptor,
}

/// Whom the server answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clients {
    Any,
    /// Those with a certificate of the authority.
    Known,
}

type Authority = CertifiedIssuer<'static, KeyPair>;

impl Server {
    async fn start(version: Version) -> Self {
        Self::start_for(Clients::Any, version).await
    }

    async fn start_for(clients: Clients, version: Version) -> Self {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap());
        let authority = authority.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let ca_file = folder.path().join("ca.pem");
        fs::write(&ca_file, authority.pem()).unwrap();
        for name in ["client", "other"] {
            let (certificate, key) = signed(&authority, name);
            fs::write(folder.path().join(format!("{name}.pem")), certificate.pem()).unwrap();
            fs::write(
                folder.path().join(format!("{name}.key")),
                key.serialize_pem(),
            )
            .unwrap();
        }
        let acceptor = TlsAcceptor::from(Arc::new(config(&authority, clients, version)));
        let (listener, address) = listener().await;
        let accepts = acceptor.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Not if one of the two does not trust the other.
                if let Ok(stream) = accepts.accept(stream).await {
                    tokio::spawn(serve(stream, version));
                }
            }
        });
        Self {
            url: format!("https://localhost:{}", address.port()),
            ca_file,
            folder,
            acceptor,
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

    /// With a certificate and a key of these names.
    async fn client_as(
        &self,
        certificate: &str,
        key: &str,
        version: Version,
    ) -> Result<Client, ConnectError> {
        let options = Options {
            version,
            ca_file: Some(self.ca_file.clone()),
            identity: Some(Identity {
                certificate: self.folder.path().join(certificate),
                key: self.folder.path().join(key),
            }),
            ..Options::default()
        };
        Client::open(endpoint(&self.url).await, &options).await
    }
}

fn signed(authority: &Authority, name: &str) -> (Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([name.to_owned()]).unwrap();
    (certificate.signed_by(&key, authority).unwrap(), key)
}

fn config(authority: &Authority, clients: Clients, version: Version) -> ServerConfig {
    let provider = Arc::new(ring::default_provider());
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = match clients {
        Clients::Any => config.with_no_client_auth(),
        Clients::Known => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            config.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let (certificate, key) = signed(authority, "localhost");
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let mut config = config
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::from(key))
        .unwrap();
    config.alpn_protocols = vec![version.alpn().to_vec()];
    config
}

#[tokio::test]
async fn a_service_that_demands_a_certificate_is_shown_one() {
    for version in [Version::Http1, Version::Http2] {
        let server = Server::start_for(Clients::Known, version).await;
        let client = server.client_as("client.pem", "client.key", version).await;
        let answer = client.unwrap().send(post("yes")).await.unwrap();
        assert!(text(&answer).ends_with(" yes"), "{answer:?}");

        // With TLS 1.3, the service refuses a client without one after the handshake.
        let stranger = server.client(Some(server.ca_file.clone()), version).await;
        if let Ok(stranger) = stranger {
            stranger.send(post("no")).await.unwrap_err();
        }
    }
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_named() {
    let server = Server::start_for(Clients::Known, Version::Http1).await;
    fs::write(server.folder.path().join("empty.pem"), "").unwrap();
    for (certificate, key, wrong, reason) in [
        ("missing.pem", "client.key", "missing.pem", "No such file"),
        (
            "empty.pem",
            "client.key",
            "empty.pem",
            "there is no PEM certificate in it",
        ),
        ("client.pem", "missing.key", "missing.key", "no private key"),
        ("client.pem", "client.pem", "client.pem", "no private key"),
        (
            "client.pem",
            "other.key",
            "client.pem",
            "it does not go with the key",
        ),
    ] {
        let refused = server.client_as(certificate, key, Version::Http1).await;
        let error = refused.err().unwrap().to_string();
        let file = server.folder.path().join(wrong);
        let start = format!("cannot use the client certificate {}: ", file.display());
        assert!(
            error.starts_with(&start) && error.contains(reason),
            "{error}"
        );
    }
}

#[tokio::test]
async fn no_request_leaves_after_the_end_of_a_tls_connection() {
    let folder = Server::start(Version::Http1).await;
    let (listener, address) = listener().await;
    let acceptor = folder.acceptor.clone();
    let url = format!("https://localhost:{}", address.port());
    let options = Options {
        ca_file: Some(folder.ca_file.clone()),
        ..Options::default()
    };
    let endpoint = endpoint(&url).await;
    let accept = async || {
        acceptor
            .accept(listener.accept().await.unwrap().0)
            .await
            .unwrap()
    };
    let (client, mut idle) = futures::join!(Client::open(endpoint, &options), accept());
    let client = client.unwrap();
    for opened_again in 1..4 {
        // The end comes as a message of TLS, in front of that of TCP.
        idle.shutdown().await.unwrap();
        drop(idle);
        let service = async {
            let mut server = accept().await;
            let mut request = [0; 1024];
            let read = server.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(b"POST "));
            server.write_all(NO_BODY).await.unwrap();
            server.flush().await.unwrap();
            server
        };
        let (answer, server) = futures::join!(client.send(post("yes")), service);
        answer.unwrap();
        assert_eq!(client.tally().opened_again, opened_again);
        idle = server;
    }
    assert_eq!(client.tally().closed_under, 0);
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
