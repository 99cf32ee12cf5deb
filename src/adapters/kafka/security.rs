//! TLS to Kafka: `ssl://` before a broker, as in Kafka's own settings, and the authority of `--tls-ca`.

use rdkafka::ClientConfig;

use crate::input::address::TlsCa;

/// The prefix of a broker with TLS.
const TLS: &str = "ssl://";

/// Sets the addresses of the brokers and the security protocol.
pub fn connect(config: &mut ClientConfig, brokers: &str, ca: Option<&TlsCa>) {
    config.set("bootstrap.servers", brokers.replace(TLS, ""));
    if !brokers.contains(TLS) {
        return;
    }
    config.set("security.protocol", "ssl");
    if let Some(ca) = ca {
        config.set("ssl.ca.pem", ca.pem());
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn settings(brokers: &str, ca: Option<&TlsCa>) -> [Option<String>; 3] {
        let mut config = ClientConfig::new();
        connect(&mut config, brokers, ca);
        let names = ["bootstrap.servers", "security.protocol", "ssl.ca.pem"];
        names.map(|name| config.get(name).map(str::to_owned))
    }

    #[test]
    fn brokers_with_tls_are_verified_by_the_authority() {
        let key = rcgen::KeyPair::generate().unwrap();
        let authority = rcgen::CertificateParams::default().self_signed(&key);
        let ca = TlsCa::new("ca.pem".into(), authority.unwrap().pem()).unwrap();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            settings("ssl://a:1,ssl://b:2", Some(&ca)),
            [some("a:1,b:2"), some("ssl"), some(ca.pem())]
        );
        assert_eq!(
            settings("ssl://a:1", None),
            [some("a:1"), some("ssl"), None]
        );
        assert_eq!(
            settings("a:1,b:2", Some(&ca)),
            [some("a:1,b:2"), None, None]
        );
    }
}
