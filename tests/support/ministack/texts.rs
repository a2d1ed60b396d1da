//! The text messages that phones received.

use super::Account;

/// The text messages to a phone, the oldest first.
pub fn texts(account: &Account, number: &str) -> Vec<String> {
    let url = format!("{}/_ministack/sns/sms-messages", account.endpoint);
    let request = ureq::get(url).query("account", &account.id).query("phoneNumber", number);
    let kept: serde_json::Value = request.call().expect("MiniStack answers").body_mut().read_json().expect("JSON");
    let messages = kept["sms_messages"][number].as_array().expect("a list of messages");
    messages.iter().map(|message| message["Message"].as_str().expect("each has a text").to_owned()).collect()
}
