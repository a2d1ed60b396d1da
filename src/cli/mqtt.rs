use std::path::PathBuf;

use url::Url;

use super::failure::Failure;
use crate::adapters::mqtt::{MqttSettings, TOPICS, is_filter};

/// Buttons that an MQTT broker hears.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Buttons over MQTT")]
pub struct MqttArgs {
    /// The broker: mqtt://HOST, or mqtts://USER:PASSWORD@HOST over TLS; with a password better in the environment
    #[arg(long, value_name = "URL", env = "COUNTMEIN_MQTT", hide_env_values = true)]
    mqtt: Option<Url>,

    /// A topic to listen on, and further ones; instead of those of the buttons that are known
    #[arg(long = "mqtt-topic", value_name = "TOPIC", env = "COUNTMEIN_MQTT_TOPICS", value_delimiter = ',', requires = "mqtt", default_values = TOPICS, value_parser = filter)]
    topics: Vec<String>,

    /// The authority that signed the broker's certificate, as a PEM file [default: those that this machine trusts]
    #[arg(long, value_name = "FILE", env = "COUNTMEIN_MQTT_CA", requires = "mqtt")]
    mqtt_ca: Option<PathBuf>,

    /// The certificate by which the broker knows this program, as a PEM file
    #[arg(long, value_name = "FILE", env = "COUNTMEIN_MQTT_CERT", requires = "mqtt_key")]
    mqtt_cert: Option<PathBuf>,

    /// The key of that certificate, as a PEM file
    #[arg(long, value_name = "FILE", env = "COUNTMEIN_MQTT_KEY", requires = "mqtt_cert")]
    mqtt_key: Option<PathBuf>,
}

impl MqttArgs {
    pub fn settings(self) -> Result<Option<MqttSettings>, Failure> {
        let Some(broker) = self.mqtt else { return Ok(None) };
        let mut settings =
            MqttSettings::new(&broker, self.topics).map_err(|error| Failure::Usage(format!("--mqtt: {error}")))?;
        settings.authority = self.mqtt_ca;
        settings.identity = self.mqtt_cert.zip(self.mqtt_key);
        if !settings.is_secure() && (settings.authority.is_some() || settings.identity.is_some()) {
            return Err(Failure::Usage("certificates are for TLS; write --mqtt mqtts://…".to_owned()));
        }
        Ok(Some(settings))
    }
}

fn filter(text: &str) -> Result<String, &'static str> {
    if is_filter(text) {
        Ok(text.to_owned())
    } else {
        Err("write a topic; + is any one level, # at the end all that follow")
    }
}
