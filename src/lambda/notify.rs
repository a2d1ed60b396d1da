//! The sender of notifications over SNS, with the template's settings.

use std::sync::Arc;

use anyhow::Context as _;
use aws_config::SdkConfig;
use url::Url;

use super::{parsed_setting, required_setting};
use crate::adapters::dynamodb::EventsTable;
use crate::adapters::metrics::emf::Emf;
use crate::adapters::secrets_manager as secrets;
use crate::adapters::sns::{Sns, SnsSms, SnsTopics};
use crate::domain::countries::Countries;
use crate::notify::links::Links;
use crate::notify::text::{DEFAULT_NAMES_SHOWN, MessageTexts};
use crate::notify::{Limits, NotificationSender, OptInsInFlight, SmsLimits};

/// Used if the setting is absent; the same as the default of the template's parameter `OptInsPerHour`.
const DEFAULT_OPT_INS_PER_HOUR: u64 = 300;

/// Creates the sender. Reads the secrets for links and contact ids.
pub async fn notification_sender(
    config: &SdkConfig,
    table: &EventsTable,
    emf: &Emf,
    limits: Limits,
) -> anyhow::Result<NotificationSender> {
    // The secrets are read one after the other over one connection. Reading both at once would need a second TLS
    // handshake, which takes longer than a second request.
    let token_secret = secrets::read_current(config, &required_setting("COUNTMEIN_TOKEN_SECRET")?).await?;
    let contact_secret = secrets::read_current(config, &required_setting("COUNTMEIN_CONTACT_SECRET")?).await?;
    let sns = Arc::new(Sns::new(
        config,
        SnsTopics {
            announcements_arn: required_setting("COUNTMEIN_ANNOUNCEMENTS_TOPIC")?,
            contact_arn_prefix: required_setting("COUNTMEIN_CONTACT_TOPICS")?,
            tags: [("project", "countmein".to_owned()), ("stage", required_setting("COUNTMEIN_STAGE")?)]
                .map(|(key, value)| (key.to_owned(), value))
                .into(),
        },
    ));
    let table = Arc::new(table.clone());
    Ok(NotificationSender {
        texts: message_texts()?,
        links: Links { public_url: parse_public_url(&required_setting("COUNTMEIN_PUBLIC_URL")?)?, token_secret },
        contact_secret,
        contacts: table.clone(),
        budgets: table,
        limits,
        opt_ins_in_flight: OptInsInFlight::default(),
        metrics: Arc::new(emf.clone()),
        mailer: Some(sns.clone()),
        webhook_caller: Some(sns.clone()),
        sms_sender: Some(Arc::new(SnsSms::new(config))),
        broadcaster: Some(sns),
    })
}

pub fn message_texts() -> anyhow::Result<MessageTexts> {
    let names_shown = parsed_setting("COUNTMEIN_NAMES_SHOWN")?.unwrap_or(DEFAULT_NAMES_SHOWN);
    Ok(MessageTexts::new(parsed_setting("COUNTMEIN_LANGUAGE")?.unwrap_or_default(), names_shown))
}

pub fn limits() -> anyhow::Result<Limits> {
    let opt_ins_per_hour = parsed_setting("COUNTMEIN_OPT_INS_PER_HOUR")?.unwrap_or(DEFAULT_OPT_INS_PER_HOUR);
    Ok(Limits { opt_ins_per_hour, sms: sms_limits()? })
}

/// Returns `None` if no country is listed, so that no text messages are sent.
fn sms_limits() -> anyhow::Result<Option<SmsLimits>> {
    let countries: Countries = parsed_setting("COUNTMEIN_SMS_COUNTRIES")?.unwrap_or_default();
    if countries.is_empty() {
        return Ok(None);
    }
    Ok(Some(SmsLimits {
        countries,
        hours: parsed_setting("COUNTMEIN_SMS_HOURS")?.context("COUNTMEIN_SMS_HOURS is not set")?,
        per_day: parsed_setting("COUNTMEIN_SMS_PER_DAY")?.context("COUNTMEIN_SMS_PER_DAY is not set")?,
    }))
}

pub fn parse_public_url(text: &str) -> anyhow::Result<Url> {
    Url::parse(text).with_context(|| format!("COUNTMEIN_PUBLIC_URL is {text}; use one like https://signup.example.org"))
}
