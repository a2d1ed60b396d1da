//! Buttons: what they send, over MQTT or HTTP.

pub mod envelope;
