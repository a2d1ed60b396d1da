use std::time::Duration;

use url::Url;

use super::choice::choice;
use super::failure::Failure;
use crate::app::settings::{MailSettings, NotificationSettings, WebhookPolicy};
use crate::domain::backoff::Noise;
use crate::notify::Limits;
use crate::notify::text::{Language, NAMES_SHOWN};

/// How people hear of each other.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Who hears of whom")]
pub struct NotificationArgs {
    /// The mail server: smtp://USER:PASSWORD@HOST:587 (STARTTLS) or smtps://…:465; without it nobody gets mail
    #[arg(long, value_name = "URL", env = "COUNTMEIN_SMTP_URL", hide_env_values = true, requires = "mail_from")]
    smtp_url: Option<Url>,

    /// Whom mail comes from, as in 'Count Me In <signup@example.org>'
    #[arg(long, value_name = "MAILBOX", env = "COUNTMEIN_MAIL_FROM", requires = "smtp_url")]
    mail_from: Option<String>,

    /// Which webhooks are called: none (off), those on the public internet, or also those of this network (any)
    #[arg(long, value_name = "WHICH", env = "COUNTMEIN_WEBHOOKS", default_value = "public", value_parser = choice::<WebhookPolicy>())]
    webhooks: WebhookPolicy,

    /// Owners of addresses who are asked in an hour whether they want messages, at most
    #[arg(long, value_name = "NUMBER", env = "COUNTMEIN_OPT_INS_PER_HOUR", default_value_t = 100)]
    opt_ins_per_hour: u64,

    /// The language of messages
    #[arg(long, value_name = "LANGUAGE", env = "COUNTMEIN_LANGUAGE", default_value = "en", value_parser = choice::<Language>())]
    language: Language,

    /// Names that a message shows; the others are counted
    #[arg(long, value_name = "NUMBER", env = "COUNTMEIN_NAMES_SHOWN", default_value_t = NAMES_SHOWN)]
    names_shown: usize,

    /// Seconds for which an event is quiet after its first message; each further one makes it longer
    #[arg(long, value_name = "SECONDS", env = "COUNTMEIN_BACKOFF_INITIAL", default_value_t = Noise::default().first_wait.as_secs())]
    backoff_initial: u64,

    /// How many times longer
    #[arg(long, value_name = "NUMBER", env = "COUNTMEIN_BACKOFF_MULTIPLIER", default_value_t = Noise::default().factor, value_parser = clap::value_parser!(u32).range(1..))]
    backoff_multiplier: u32,

    /// Seconds for which an event is quiet at most, and without a change until the next one is a first one again
    #[arg(long, value_name = "SECONDS", env = "COUNTMEIN_BACKOFF_MAXIMUM", default_value_t = Noise::default().longest_wait.as_secs())]
    backoff_maximum: u64,

    #[cfg(feature = "aws")]
    #[command(flatten)]
    texting: super::texting::TextingArgs,
}

impl NotificationArgs {
    pub fn settings(self) -> Result<NotificationSettings, Failure> {
        if self.backoff_maximum < self.backoff_initial {
            return Err(Failure::Usage("--backoff-maximum must not be less than --backoff-initial".to_owned()));
        }
        let mail = self.smtp_url.zip(self.mail_from).map(|(server, from)| MailSettings { server, from });
        Ok(NotificationSettings {
            noise: Noise {
                first_wait: Duration::from_secs(self.backoff_initial),
                factor: self.backoff_multiplier,
                longest_wait: Duration::from_secs(self.backoff_maximum),
            },
            language: self.language,
            names_shown: self.names_shown,
            mail,
            webhooks: self.webhooks,
            limits: Limits {
                opt_ins_per_hour: self.opt_ins_per_hour,
                #[cfg(feature = "aws")]
                sms: self.texting.guard()?,
                #[cfg(not(feature = "aws"))]
                sms: None,
            },
        })
    }
}
