//! The arguments of `countmein serve` for notifications.

use std::time::Duration;

use url::Url;

use super::choice::choice;
use super::error::CliError;
use crate::app::settings::{MailSettings, NotificationSettings, WebhookPolicy};
use crate::domain::backoff::BackoffPolicy;
use crate::domain::language::Language;
use crate::notify::Limits;
use crate::notify::text::DEFAULT_NAMES_SHOWN;

/// Settings of the notifications.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Notifications")]
pub struct NotificationArgs {
    /// SMTP server: smtp://USER:PASSWORD@HOST:587 (STARTTLS) or smtps://…:465 [default: none, no email is sent]
    #[arg(long, value_name = "URL", env = "COUNTMEIN_SMTP_URL", hide_env_values = true, requires = "mail_from")]
    smtp_url: Option<Url>,

    /// Sender of emails, such as 'Count Me In <signup@example.org>'
    #[arg(long, value_name = "MAILBOX", env = "COUNTMEIN_MAIL_FROM", requires = "smtp_url")]
    mail_from: Option<String>,

    /// Webhook addresses that may be called. off: none; public: only those on the public internet; any: also those on
    /// this network and this machine
    #[arg(long, value_name = "WHICH", env = "COUNTMEIN_WEBHOOKS", default_value = "public", value_parser = choice::<WebhookPolicy>())]
    webhooks: WebhookPolicy,

    /// Maximum opt-in requests per hour
    #[arg(long, value_name = "NUMBER", env = "COUNTMEIN_OPT_INS_PER_HOUR", default_value_t = 300)]
    opt_ins_per_hour: u64,

    /// Language of notifications
    #[arg(long, value_name = "LANGUAGE", env = "COUNTMEIN_LANGUAGE", default_value = "en", value_parser = choice::<Language>())]
    language: Language,

    /// Maximum names in a notification; the others are shown as a number
    #[arg(long, value_name = "NUMBER", env = "COUNTMEIN_NAMES_SHOWN", default_value_t = DEFAULT_NAMES_SHOWN)]
    names_shown: usize,

    /// Initial backoff in seconds: minimum time between the first two notifications of an event
    #[arg(long, value_name = "SECONDS", env = "COUNTMEIN_BACKOFF_INITIAL", default_value_t = BackoffPolicy::default().initial.as_secs())]
    backoff_initial: u64,

    /// Backoff multiplier: after each notification of an event, the minimum time to its next one is multiplied by this
    #[arg(long, value_name = "NUMBER", env = "COUNTMEIN_BACKOFF_MULTIPLIER", default_value_t = BackoffPolicy::default().multiplier, value_parser = clap::value_parser!(u32).range(1..))]
    backoff_multiplier: u32,

    /// Maximum backoff in seconds. An event without changes for that long starts again with the initial backoff
    #[arg(long, value_name = "SECONDS", env = "COUNTMEIN_BACKOFF_MAXIMUM", default_value_t = BackoffPolicy::default().maximum.as_secs())]
    backoff_maximum: u64,

    #[cfg(feature = "aws")]
    #[command(flatten)]
    sms: super::sms::SmsArgs,
}

impl NotificationArgs {
    pub fn settings(self) -> Result<NotificationSettings, CliError> {
        if self.backoff_maximum < self.backoff_initial {
            return Err(CliError::Usage(
                "--backoff-maximum is less than --backoff-initial; increase it or reduce --backoff-initial".to_owned(),
            ));
        }
        let mail = self.smtp_url.zip(self.mail_from).map(|(server, from)| MailSettings { server, from });
        Ok(NotificationSettings {
            backoff: BackoffPolicy {
                initial: Duration::from_secs(self.backoff_initial),
                multiplier: self.backoff_multiplier,
                maximum: Duration::from_secs(self.backoff_maximum),
            },
            language: self.language,
            names_shown: self.names_shown,
            mail,
            webhooks: self.webhooks,
            limits: Limits {
                opt_ins_per_hour: self.opt_ins_per_hour,
                #[cfg(feature = "aws")]
                sms: self.sms.limits()?,
                #[cfg(not(feature = "aws"))]
                sms: None,
            },
        })
    }
}
