//! The settings of the MQTT connection: broker, topics, certificates.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, fs};

use anyhow::{Context as _, bail};
use percent_encoding::percent_decode_str;
use rumqttc::{MqttOptions, TlsConfiguration, Transport};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use url::Url;

/// The topics to which the supported buttons publish by default.
pub const DEFAULT_TOPICS: [&str; 6] = [
    "iotbutton/+",
    "shellies/+/input_event/+",
    "+/events/rpc",
    // The name of a device may contain slashes.
    "zigbee2mqtt/#",
    "stat/+/RESULT",
    "+/event/+/state",
];

const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// The protocol's maximum (MQTT 3.1.1, section 2.2.3). With a smaller limit, the client would close the connection when
/// a larger message arrives, and again each time the broker redelivers that message.
const MAX_PACKET_BYTES: usize = 268_435_455;

/// The broker, the topics, and the certificates of broker and client.
#[derive(Clone)]
pub struct MqttSettings {
    broker: Broker,
    pub topics: Vec<String>,
    /// A PEM file with the certificate authority to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// PEM files with the client certificate and its private key.
    pub client_certificate: Option<(PathBuf, PathBuf)>,
}

#[derive(Clone)]
struct Broker {
    host: String,
    port: u16,
    is_secure: bool,
    /// User and password.
    login: Option<(String, String)>,
}

/// The broker's URL has another form than the one that the error text shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write the broker as mqtt://HOST or mqtts://USER:PASSWORD@HOST:PORT")]
pub struct InvalidBrokerUrl;

impl MqttSettings {
    /// `broker` is `mqtt://…` (default port 1883) or `mqtts://…` (TLS, default port 8883).
    pub fn new(broker: &Url, topics: Vec<String>) -> Result<Self, InvalidBrokerUrl> {
        let is_secure = match broker.scheme() {
            "mqtt" => false,
            "mqtts" => true,
            _ => return Err(InvalidBrokerUrl),
        };
        if !matches!(broker.path(), "" | "/") || broker.query().is_some() || broker.fragment().is_some() {
            return Err(InvalidBrokerUrl);
        }
        let host = broker.host_str().filter(|host| !host.is_empty()).ok_or(InvalidBrokerUrl)?;
        // The MQTT client expects an IPv6 address without the brackets that a URL requires.
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let decode = |text: &str| percent_decode_str(text).decode_utf8().map(Into::into).map_err(|_| InvalidBrokerUrl);
        let login = match (broker.username(), broker.password()) {
            ("", None) => None,
            (user, password) => Some((decode(user)?, decode(password.unwrap_or_default())?)),
        };
        let port = broker.port().unwrap_or(if is_secure { 8883 } else { 1883 });
        let broker = Broker { host, port, is_secure, login };
        Ok(Self { broker, topics, ca_file: None, client_certificate: None })
    }

    pub fn is_secure(&self) -> bool {
        self.broker.is_secure
    }

    pub(super) fn options(&self, client_id: String) -> anyhow::Result<MqttOptions> {
        let mut options = MqttOptions::new(client_id, &self.broker.host, self.broker.port);
        options.set_keep_alive(KEEP_ALIVE).set_clean_session(false).set_manual_acks(true);
        options.set_max_packet_size(MAX_PACKET_BYTES, MAX_PACKET_BYTES);
        if let Some((user, password)) = &self.broker.login {
            options.set_credentials(user, password);
        }
        if self.broker.is_secure {
            options.set_transport(Transport::Tls(TlsConfiguration::Rustls(Arc::new(self.tls()?))));
        }
        Ok(options)
    }

    fn tls(&self) -> anyhow::Result<ClientConfig> {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(self.roots()?);
        let Some((certificate, key)) = &self.client_certificate else { return Ok(config.with_no_client_auth()) };
        let key = PrivateKeyDer::from_pem_file(key)
            .with_context(|| format!("{} is not a PEM file with a private key", key.display()))?;
        config
            .with_client_auth_cert(read_certificates(certificate)?, key)
            .context("the client certificate and its private key do not match")
    }

    fn roots(&self) -> anyhow::Result<RootCertStore> {
        let mut roots = RootCertStore::empty();
        match &self.ca_file {
            Some(file) => {
                for certificate in read_certificates(file)? {
                    roots.add(certificate).with_context(|| {
                        format!(
                            "{} contains a certificate that cannot be used as a certificate authority",
                            file.display()
                        )
                    })?;
                }
            }
            None => {
                let _ = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        Ok(roots)
    }
}

/// Returns whether a filter matches a topic (MQTT 3.1.1, section 4.7): `+` matches one level, `#` all remaining levels.
/// The broker delivers each message of a shared subscription, `$share/GROUP/FILTER` (MQTT 5, section 4.8.2), to one
/// subscriber of the group.
pub(super) fn filter_matches(filter: &str, topic: &str) -> bool {
    let shared = filter.strip_prefix("$share/").and_then(|shared| shared.split_once('/'));
    let filter = shared.map_or(filter, |(_group, filter)| filter);
    let (mut filter, mut topic) = (filter.split('/'), topic.split('/'));
    loop {
        match (filter.next(), topic.next()) {
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(_)) => {}
            (Some(level), Some(other)) if level == other => {}
            _ => return false,
        }
    }
}

/// Returns whether a text is a valid topic filter: each wildcard is a whole level, and `#` is only the last level.
pub fn is_topic_filter(text: &str) -> bool {
    let levels: Vec<&str> = text.split('/').collect();
    let is_level = |(index, level): (usize, &&str)| match *level {
        "+" => true,
        "#" => index + 1 == levels.len(),
        level => !level.contains(['+', '#', '\0']),
    };
    !text.is_empty() && text.len() <= usize::from(u16::MAX) && levels.iter().enumerate().all(is_level)
}

fn read_certificates(file: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let pem = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>()?;
    if certificates.is_empty() {
        bail!("{} is not a PEM file with a certificate", file.display());
    }
    Ok(certificates)
}

/// Leaves out the login, which contains the password.
impl fmt::Debug for MqttSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MqttSettings({}:{})", self.broker.host, self.broker.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<MqttSettings, InvalidBrokerUrl> {
        MqttSettings::new(&Url::parse(text).unwrap(), Vec::new())
    }

    #[test]
    fn parses_broker_urls() {
        let options = |text| settings(text).unwrap().options("c".to_owned()).unwrap();
        assert_eq!(options("mqtt://broker.example").broker_address(), ("broker.example".to_owned(), 1883));
        assert_eq!(options("mqtts://broker.example/").broker_address(), ("broker.example".to_owned(), 8883));
        assert_eq!(options("mqtt://[::1]:1884").broker_address(), ("::1".to_owned(), 1884));
        let login = options("mqtt://ana:p%40ss@broker.example").credentials().unwrap();
        assert_eq!((login.username.as_str(), login.password.as_str()), ("ana", "p@ss"));
        assert!(options("mqtt://broker.example").credentials().is_none());
    }

    #[test]
    fn rejects_invalid_broker_urls() {
        for text in ["http://broker.example", "mqtt://", "mqtt:broker", "mqtt://broker.example/topic", "mqtt://b?x"] {
            assert!(settings(text).is_err(), "{text}");
        }
    }

    #[test]
    fn filters_match_topics_level_by_level() {
        for (filter, topic, expected) in [
            ("iotbutton/+", "iotbutton/A", true),
            ("iotbutton/+", "iotbutton", false),
            ("iotbutton/+", "iotbutton/A/b", false),
            ("+/events/rpc", "é/events/rpc", true),
            ("club/#", "club/a/b", true),
            ("club/#", "club", true),
            ("club/#", "other/a", false),
            ("#", "a/b", true),
            ("$share/door/club/+", "club/a", true),
            ("$share/door/club/+", "door/club/a", false),
        ] {
            assert_eq!(filter_matches(filter, topic), expected, "{filter} {topic}");
            assert!(is_topic_filter(filter));
        }
        for text in ["", "a/#/b", "a+", "a/b#", "a/\0"] {
            assert!(!is_topic_filter(text), "{text}");
        }
        assert!(DEFAULT_TOPICS.iter().all(|topic| is_topic_filter(topic)));
    }

    #[test]
    fn debug_hides_the_password() {
        assert!(!format!("{:?}", settings("mqtt://ana:secret@broker.example").unwrap()).contains("secret"));
    }
}
