//! The arguments of `countmein serve` for buttons that publish over MQTT.

use std::path::PathBuf;

use url::Url;

use super::error::CliError;
use crate::adapters::mqtt::{DEFAULT_TOPICS, MqttSettings, is_topic_filter};

/// Settings of the MQTT client.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Buttons over MQTT")]
pub struct MqttArgs {
    /// MQTT broker: mqtt://HOST, or mqtts://USER:PASSWORD@HOST for TLS. Prefer the environment variable for a password
    #[arg(long, value_name = "URL", env = "COUNTMEIN_MQTT", hide_env_values = true)]
    mqtt: Option<Url>,

    /// Topics to subscribe to, instead of those of the supported buttons
    #[arg(long = "mqtt-topic", value_name = "TOPIC", env = "COUNTMEIN_MQTT_TOPICS", value_delimiter = ',', requires = "mqtt", default_values = DEFAULT_TOPICS, value_parser = parse_topic_filter)]
    topics: Vec<String>,

    /// PEM file with the CA certificate that signed the broker's certificate [default: the CAs that this machine trusts]
    #[arg(long, value_name = "FILE", env = "COUNTMEIN_MQTT_CA", requires = "mqtt")]
    mqtt_ca: Option<PathBuf>,

    /// PEM file with the client certificate
    #[arg(long, value_name = "FILE", env = "COUNTMEIN_MQTT_CERT", requires = "mqtt_key")]
    mqtt_cert: Option<PathBuf>,

    /// PEM file with the private key of the client certificate
    #[arg(long, value_name = "FILE", env = "COUNTMEIN_MQTT_KEY", requires = "mqtt_cert")]
    mqtt_key: Option<PathBuf>,
}

impl MqttArgs {
    pub fn settings(self) -> Result<Option<MqttSettings>, CliError> {
        let Some(broker) = self.mqtt else { return Ok(None) };
        let mut settings =
            MqttSettings::new(&broker, self.topics).map_err(|error| CliError::Usage(format!("--mqtt: {error}")))?;
        settings.ca_file = self.mqtt_ca;
        settings.client_certificate = self.mqtt_cert.zip(self.mqtt_key);
        if !settings.is_secure() && (settings.ca_file.is_some() || settings.client_certificate.is_some()) {
            return Err(CliError::Usage("--mqtt-ca and --mqtt-cert need TLS; use --mqtt mqtts://…".to_owned()));
        }
        Ok(Some(settings))
    }
}

fn parse_topic_filter(text: &str) -> Result<String, &'static str> {
    if is_topic_filter(text) {
        Ok(text.to_owned())
    } else {
        Err("use an MQTT topic filter: + matches one level, # at the end matches all further levels")
    }
}
