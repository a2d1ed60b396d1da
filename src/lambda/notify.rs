//! How a stage tells people: over SNS, as the template's settings say.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use aws_config::SdkConfig;
use url::Url;

use super::{optional_setting, parsed_setting, setting};
use crate::adapters::dynamodb::EventsTable;
use crate::adapters::metrics::emf::Emf;
use crate::adapters::secrets_manager as secrets;
use crate::adapters::sns::{Phones, Sns, Topics};
use crate::notify::links::Links;
use crate::notify::text::{MessageTexts, NAMES_SHOWN};
use crate::notify::{Limits, NotificationSender, OptInsInFlight, SmsLimits};

/// What the template sets where its parameters are left alone.
const CONFIRMATIONS_AN_HOUR: u64 = 100;

/// With the secrets read that links and addresses need.
pub async fn sender(config: &SdkConfig, table: &EventsTable, emf: &Emf) -> anyhow::Result<NotificationSender> {
    // One after the other, over one connection: another one's handshake takes a function longer than a second answer.
    let token_secret = secrets::current(config, &setting("COUNTMEIN_TOKEN_SECRET")?).await?;
    let contact_secret = secrets::current(config, &setting("COUNTMEIN_CONTACT_SECRET")?).await?;
    let sns = Arc::new(Sns::new(
        config,
        Topics {
            announcements: setting("COUNTMEIN_ANNOUNCEMENTS_TOPIC")?,
            contact_prefix: setting("COUNTMEIN_CONTACT_TOPICS")?,
            tags: [("project", "countmein".to_owned()), ("stage", setting("COUNTMEIN_STAGE")?)]
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
        },
    ));
    let table = Arc::new(table.clone());
    Ok(NotificationSender {
        texts: MessageTexts::new(
            parsed_setting("COUNTMEIN_LANGUAGE")?.unwrap_or_default(),
            parsed_setting("COUNTMEIN_NAMES_SHOWN")?.unwrap_or(NAMES_SHOWN),
        ),
        links: Links { public_url: public_url(&setting("COUNTMEIN_PUBLIC_URL")?)?, token_secret },
        contact_secret,
        contacts: table.clone(),
        budgets: table,
        limits: limits()?,
        opt_ins_in_flight: OptInsInFlight::default(),
        metrics: Arc::new(emf.clone()),
        inbox: None,
        mailer: Some(sns.clone()),
        webhook_caller: Some(sns.clone()),
        sms_sender: Some(Arc::new(Phones::new(config))),
        broadcaster: Some(sns),
    })
}

pub fn limits() -> anyhow::Result<Limits> {
    let opt_ins_per_hour = parsed_setting("COUNTMEIN_OPT_INS_PER_HOUR")?.unwrap_or(CONFIRMATIONS_AN_HOUR);
    Ok(Limits { opt_ins_per_hour, sms: sms_guard()? })
}

/// None where no calling code is listed: nobody is texted then.
fn sms_guard() -> anyhow::Result<Option<SmsLimits>> {
    let Some(codes) = optional_setting("COUNTMEIN_SMS_CALLING_CODES") else { return Ok(None) };
    let calling_codes: Vec<String> = codes.split(',').map(|code| code.trim().to_owned()).collect();
    if let Some(code) = calling_codes.iter().find(|code| !SmsLimits::is_calling_code(code)) {
        bail!("COUNTMEIN_SMS_CALLING_CODES has {code}; write calling codes like +1,+49");
    }
    Ok(Some(SmsLimits {
        calling_codes,
        hours: parsed_setting("COUNTMEIN_SMS_HOURS")?.context("COUNTMEIN_SMS_HOURS is not set")?,
        per_day: parsed_setting("COUNTMEIN_SMS_PER_DAY")?.context("COUNTMEIN_SMS_PER_DAY is not set")?,
    }))
}

pub fn public_url(text: &str) -> anyhow::Result<Url> {
    Url::parse(text).with_context(|| format!("COUNTMEIN_PUBLIC_URL is {text}; use one like https://signup.example.org"))
}
