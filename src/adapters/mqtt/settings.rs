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

/// Where the buttons that are known say what they do, by default.
pub const TOPICS: [&str; 7] = [
    "iotbutton/+",
    "shellies/+/input_event/+",
    "+/events/rpc",
    "zigbee2mqtt/+",
    "zigbee2mqtt/+/action",
    "stat/+/RESULT",
    "+/event/+/state",
];

const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// The most that MQTT knows (version 3.1.1, section 2.2.3). A smaller limit would break the connection at a larger
/// message, and again each time that the broker sends it once more.
const PACKET_BYTES: usize = 268_435_455;

/// Which broker, and how it and this program show who they are.
#[derive(Clone)]
pub struct MqttSettings {
    broker: Broker,
    pub topics: Vec<String>,
    /// PEM files: whom to trust instead of the system's authorities; this program's own certificate and its key.
    pub authority: Option<PathBuf>,
    pub identity: Option<(PathBuf, PathBuf)>,
}

#[derive(Clone)]
struct Broker {
    host: String,
    port: u16,
    is_secure: bool,
    /// User and password.
    login: Option<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write the broker as mqtt://HOST or mqtts://USER:PASSWORD@HOST:PORT")]
pub struct NotABroker;

impl MqttSettings {
    /// From `mqtt://…` (port 1883) or `mqtts://…` (TLS, port 8883).
    pub fn new(broker: &Url, topics: Vec<String>) -> Result<Self, NotABroker> {
        let is_secure = match broker.scheme() {
            "mqtt" => false,
            "mqtts" => true,
            _ => return Err(NotABroker),
        };
        if !matches!(broker.path(), "" | "/") || broker.query().is_some() || broker.fragment().is_some() {
            return Err(NotABroker);
        }
        let host = broker.host_str().filter(|host| !host.is_empty()).ok_or(NotABroker)?;
        // An IPv6 address in an URL has brackets, and nowhere else.
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let plain = |text: &str| percent_decode_str(text).decode_utf8().map(Into::into).map_err(|_| NotABroker);
        let login = match (broker.username(), broker.password()) {
            ("", None) => None,
            (user, password) => Some((plain(user)?, plain(password.unwrap_or_default())?)),
        };
        let port = broker.port().unwrap_or(if is_secure { 8883 } else { 1883 });
        let broker = Broker { host, port, is_secure, login };
        Ok(Self { broker, topics, authority: None, identity: None })
    }

    pub fn is_secure(&self) -> bool {
        self.broker.is_secure
    }

    pub(super) fn options(&self, client_id: String) -> anyhow::Result<MqttOptions> {
        let mut options = MqttOptions::new(client_id, &self.broker.host, self.broker.port);
        options.set_keep_alive(KEEP_ALIVE).set_clean_session(false).set_manual_acks(true);
        options.set_max_packet_size(PACKET_BYTES, PACKET_BYTES);
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
        let Some((certificate, key)) = &self.identity else { return Ok(config.with_no_client_auth()) };
        let key = PrivateKeyDer::from_pem_file(key)
            .with_context(|| format!("{} holds no private key in PEM", key.display()))?;
        config
            .with_client_auth_cert(certificates(certificate)?, key)
            .context("the certificate and the key do not match")
    }

    fn roots(&self) -> anyhow::Result<RootCertStore> {
        let mut roots = RootCertStore::empty();
        match &self.authority {
            Some(file) => {
                for certificate in certificates(file)? {
                    roots.add(certificate).with_context(|| format!("{} holds no authority", file.display()))?;
                }
            }
            None => {
                let _ = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        Ok(roots)
    }
}

/// Whether a filter selects a topic (MQTT 3.1.1, section 4.7): `+` is any one level, `#` all that follow.
pub(super) fn matches(filter: &str, topic: &str) -> bool {
    let (mut filter, mut topic) = (filter.split('/'), topic.split('/'));
    loop {
        match (filter.next(), topic.next()) {
            (Some("#"), _) | (None, None) => return true,
            (Some("+"), Some(_)) => {}
            (Some(one), Some(other)) if one == other => {}
            _ => return false,
        }
    }
}

/// Whether it is a filter: wildcards are whole levels, and `#` is the last.
pub fn is_filter(text: &str) -> bool {
    let levels: Vec<&str> = text.split('/').collect();
    let is_level = |(place, level): (usize, &&str)| match *level {
        "+" => true,
        "#" => place + 1 == levels.len(),
        level => !level.contains(['+', '#', '\0']),
    };
    !text.is_empty() && text.len() <= usize::from(u16::MAX) && levels.iter().enumerate().all(is_level)
}

fn certificates(file: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let pem = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>()?;
    if certificates.is_empty() {
        bail!("{} holds no certificate in PEM", file.display());
    }
    Ok(certificates)
}

/// Without the password.
impl fmt::Debug for MqttSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MqttSettings({}:{})", self.broker.host, self.broker.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<MqttSettings, NotABroker> {
        MqttSettings::new(&Url::parse(text).unwrap(), Vec::new())
    }

    #[test]
    fn a_broker_is_named_by_an_address() {
        let of = |text| settings(text).unwrap().options("c".to_owned()).unwrap();
        assert_eq!(of("mqtt://broker.example").broker_address(), ("broker.example".to_owned(), 1883));
        assert_eq!(of("mqtts://broker.example/").broker_address(), ("broker.example".to_owned(), 8883));
        assert_eq!(of("mqtt://[::1]:1884").broker_address(), ("::1".to_owned(), 1884));
        let login = of("mqtt://ana:p%40ss@broker.example").credentials().unwrap();
        assert_eq!((login.username.as_str(), login.password.as_str()), ("ana", "p@ss"));
        assert!(of("mqtt://broker.example").credentials().is_none());
    }

    #[test]
    fn what_names_no_broker_is_refused() {
        for text in ["http://broker.example", "mqtt://", "mqtt:broker", "mqtt://broker.example/topic", "mqtt://b?x"] {
            assert!(settings(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_filter_selects_topics_level_by_level() {
        for (filter, topic, is) in [
            ("iotbutton/+", "iotbutton/A", true),
            ("iotbutton/+", "iotbutton", false),
            ("iotbutton/+", "iotbutton/A/b", false),
            ("+/events/rpc", "é/events/rpc", true),
            ("club/#", "club/a/b", true),
            ("club/#", "club", true),
            ("club/#", "other/a", false),
            ("#", "a/b", true),
        ] {
            assert_eq!(matches(filter, topic), is, "{filter} {topic}");
            assert!(is_filter(filter));
        }
        for text in ["", "a/#/b", "a+", "a/b#", "a/\0"] {
            assert!(!is_filter(text), "{text}");
        }
        assert!(TOPICS.iter().all(|topic| is_filter(topic)));
    }

    #[test]
    fn no_password_shows_in_debug() {
        assert!(!format!("{:?}", settings("mqtt://ana:secret@broker.example").unwrap()).contains("secret"));
    }
}
