//! Logs each cause of a failed connection to the broker once, with a hint for the operator.

use std::collections::HashSet;
use std::io;

use rumqttc::{ConnectReturnCode, ConnectionError, StateError, TlsError};
use rustls::{AlertDescription, CertificateError};

/// Connections that ended soon after they had begun, after which another client of the same id is the likely cause: the broker
/// closes the older connection.
const SHORT_CONNECTIONS_OF_A_CLASH: u32 = 2;

/// The hint about a failure of which nothing is known.
const LOOK_INTO_THE_LOG: &str = "look into the broker's log";

/// The failures since a connection last held.
#[derive(Default)]
pub struct Failures {
    logged: HashSet<String>,
    short_connections: u32,
}

impl Failures {
    /// Logs a failure, unless it was logged before. `was_short` says that the connection had been accepted, and ended soon.
    pub fn log(&mut self, error: &ConnectionError, was_short: bool, client_id: &str) {
        self.short_connections += u32::from(was_short);
        let is_clash = was_short && self.is_clash();
        let hint = if is_clash {
            "another program may use the same client id, for example one with a copy of this data folder; stop it"
        } else {
            hint(error)
        };
        // The text of an error may contain the time, so it is not the same each time.
        let cause = if hint == LOOK_INTO_THE_LOG { error.to_string() } else { hint.to_owned() };
        if self.logged.insert(cause) {
            tracing::warn!(%error, hint, client.id = client_id, "MQTT connection failed; retrying");
        } else {
            tracing::debug!(%error, "MQTT connection failed again");
        }
    }

    /// Whether connections end soon after they have begun, again and again.
    pub fn is_clash(&self) -> bool {
        self.short_connections >= SHORT_CONNECTIONS_OF_A_CLASH
    }

    /// A connection held, so what fails from now on is new.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Returns a hint for the operator. The options in it are those of `countmein serve`.
fn hint(error: &ConnectionError) -> &'static str {
    if let ConnectionError::ConnectionRefused(code) = error {
        return match code {
            ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized => {
                "check the user and the password in --mqtt, and the broker's access rules"
            }
            ConnectReturnCode::BadClientId => "the broker refuses the client id; check its access rules",
            ConnectReturnCode::RefusedProtocolVersion => "the broker must support MQTT 3.1.1",
            ConnectReturnCode::ServiceUnavailable | ConnectReturnCode::Success => LOOK_INTO_THE_LOG,
        };
    }
    match (tls_error(error), io_error(error)) {
        (Some(error), _) => tls_hint(error),
        (None, Some(error)) => io_hint(error),
        (None, None) => LOOK_INTO_THE_LOG,
    }
}

fn tls_hint(error: &rustls::Error) -> &'static str {
    match error {
        rustls::Error::InvalidCertificate(problem) => match problem {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the broker's certificate has expired; renew it, or check this computer's clock"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the broker's certificate is not valid yet; check this computer's clock"
            }
            CertificateError::UnknownIssuer => {
                "the broker's certificate is from an authority that this computer does not trust; give the authority's certificate with --mqtt-ca"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the broker's certificate is for another name; write that name in --mqtt"
            }
            _ => "the broker's certificate is not valid; replace it",
        },
        rustls::Error::AlertReceived(alert) => match alert {
            AlertDescription::CertificateRequired | AlertDescription::NoCertificate => {
                "the broker wants a client certificate; give one with --mqtt-cert and --mqtt-key"
            }
            AlertDescription::CertificateExpired => "the client certificate of --mqtt-cert has expired; renew it",
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateUnknown
            | AlertDescription::DecryptError
            | AlertDescription::AccessDenied => "the broker does not accept the client certificate of --mqtt-cert",
            _ => LOOK_INTO_THE_LOG,
        },
        rustls::Error::InvalidMessage(_) => {
            "this port does not speak TLS; write mqtt:// instead of mqtts://, or another port"
        }
        _ => LOOK_INTO_THE_LOG,
    }
}

fn io_hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            "nothing listens there; start the broker, or check the host and the port in --mqtt"
        }
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => {
            "the broker closed the connection; look into its log, and write mqtts:// if the port speaks TLS"
        }
        io::ErrorKind::TimedOut | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            "check the network, and the host in --mqtt"
        }
        _ => "check the host and the port in --mqtt",
    }
}

fn io_error(error: &ConnectionError) -> Option<&io::Error> {
    match error {
        ConnectionError::Io(error)
        | ConnectionError::Tls(TlsError::Io(error))
        | ConnectionError::MqttState(StateError::Io(error) | StateError::Deserialization(rumqttc::Error::Io(error))) => {
            Some(error)
        }
        _ => None,
    }
}

fn tls_error(error: &ConnectionError) -> Option<&rustls::Error> {
    match error {
        ConnectionError::Tls(TlsError::TLS(error)) => Some(error),
        other => io_error(other)?.get_ref()?.downcast_ref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn io(kind: io::ErrorKind) -> ConnectionError {
        ConnectionError::Io(kind.into())
    }

    fn tls(error: rustls::Error) -> ConnectionError {
        ConnectionError::Tls(TlsError::Io(io::Error::new(io::ErrorKind::InvalidData, error)))
    }

    #[test]
    fn failures_come_with_a_hint() {
        for (error, expected) in [
            (io(io::ErrorKind::ConnectionRefused), "nothing listens there"),
            (io(io::ErrorKind::ConnectionReset), "mqtts://"),
            (ConnectionError::MqttState(StateError::Io(io::ErrorKind::ConnectionAborted.into())), "mqtts://"),
            (io(io::ErrorKind::TimedOut), "check the network"),
            (ConnectionError::ConnectionRefused(ConnectReturnCode::NotAuthorized), "the password"),
            (ConnectionError::ConnectionRefused(ConnectReturnCode::BadClientId), "client id"),
            (tls(rustls::Error::InvalidCertificate(CertificateError::Expired)), "has expired"),
            (tls(rustls::Error::InvalidCertificate(CertificateError::NotValidYet)), "clock"),
            (tls(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)), "--mqtt-ca"),
            (tls(rustls::Error::InvalidCertificate(CertificateError::NotValidForName)), "another name"),
            (tls(rustls::Error::AlertReceived(AlertDescription::CertificateRequired)), "--mqtt-cert"),
            (tls(rustls::Error::AlertReceived(AlertDescription::CertificateExpired)), "client certificate"),
            (tls(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)), "mqtt://"),
            (ConnectionError::NetworkTimeout, "broker's log"),
        ] {
            assert!(hint(&error).contains(expected), "{error}: {}", hint(&error));
        }
    }

    #[test]
    fn short_connections_point_to_another_client_with_the_same_id() {
        let mut failures = Failures::default();
        failures.log(&io(io::ErrorKind::ConnectionReset), false, "x");
        failures.log(&io(io::ErrorKind::ConnectionReset), true, "x");
        assert!(!failures.is_clash());
        failures.log(&io(io::ErrorKind::ConnectionReset), true, "x");
        assert!(failures.is_clash());
        failures.forget();
        assert!(!failures.is_clash());
    }
}
