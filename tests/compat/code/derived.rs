//! What is derived from a secret and stands outside the program.

use super::{Contact, ContactId, HouseholdId, Serial, WebhookClient, WebhookSettings, contact_json, secret};
#[cfg(feature = "aws")]
use super::{Mail, Mailer, SdkConfig, Sns, SnsTopics, WebhookCaller};
use serde_json::Value;

/// The id that stands for an address wherever the address must not.
pub fn contact_id(contact: &Value, contact_secret: &str) -> String {
    id_of(&contact_json::from_json(contact).unwrap(), contact_secret).as_str().to_owned()
}

/// The secret in the settings of a device that posts presses over HTTP.
pub fn button_secret(serial: &str, token_secret: &str) -> String {
    Serial::parse(serial).unwrap().secret(&secret(token_secret))
}

/// The key with which the receiver of a webhook verifies calls.
pub fn signing_key(url: &str, webhook_secret: &str) -> String {
    let webhooks = WebhookClient::with_settings(secret(webhook_secret), &WebhookSettings::default()).unwrap();
    webhooks.signing_key(&url.parse().unwrap())
}

/// The id of an Echo's household, and of the sign-up that one of its requests asks for.
pub fn household(user_id: &str, request_id: &str, contact_secret: &str) -> (String, String) {
    let secret = secret(contact_secret);
    let user = HouseholdId::of(user_id, &secret);
    (user.as_str().to_owned(), user.signup_id(request_id, &secret).as_str().to_owned())
}

/// Creates a contact's topic on SNS and subscribes the contact to it.
#[cfg(feature = "aws")]
pub async fn subscribe(config: &SdkConfig, contact_prefix: &str, contact: &Value, contact_secret: &str) {
    let contact = contact_json::from_json(contact).unwrap();
    let id = id_of(&contact, contact_secret);
    let topics =
        SnsTopics { announcements_arn: String::new(), contact_arn_prefix: contact_prefix.to_owned(), tags: Vec::new() };
    let sns = Sns::new(config, topics);
    let asked = match contact {
        Contact::Webhook(to) => WebhookCaller::request_opt_in(&sns, &id, &to.parse().unwrap(), "").await.map(drop),
        Contact::Email(to) | Contact::Sms(to) => {
            let [mail_id, subject, body] = [const { String::new() }; 3];
            let request = Mail { id: mail_id, contact: id, to, subject, body, unsubscribe: None };
            Mailer::request_opt_in(&sns, &request).await.map(drop)
        }
    };
    asked.unwrap();
}

fn id_of(contact: &Contact, contact_secret: &str) -> ContactId {
    ContactId::of(contact, &secret(contact_secret))
}
