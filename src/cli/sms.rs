//! The arguments of `countmein serve` for text messages.

use super::error::CliError;
use crate::domain::countries::Countries;
use crate::notify::{SmsHours, SmsLimits};

/// Text messages over Amazon SNS, with the AWS credentials of this machine.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Text messages")]
pub struct SmsArgs {
    /// Countries whose mobile phones get text messages, such as DE,US; text messages cost money [default: none]
    #[arg(long, value_name = "CODES", env = "COUNTMEIN_SMS_COUNTRIES", default_value = "", hide_default_value = true)]
    sms_countries: Countries,

    /// Hours in which text messages may be sent, such as '8-21 Europe/Berlin'; required with --sms-countries
    #[arg(long, value_name = "HOURS", env = "COUNTMEIN_SMS_HOURS")]
    sms_hours: Option<SmsHours>,

    /// Maximum text messages per day (UTC); at most half of them are opt-in requests and personal links
    #[arg(long, value_name = "NUMBER", env = "COUNTMEIN_SMS_PER_DAY", default_value_t = 100)]
    sms_per_day: u64,
}

impl SmsArgs {
    pub fn limits(self) -> Result<Option<SmsLimits>, CliError> {
        let (countries, per_day) = (self.sms_countries, self.sms_per_day);
        match self.sms_hours {
            _ if countries.is_empty() => Ok(None),
            Some(hours) => Ok(Some(SmsLimits { countries, hours, per_day })),
            None => Err(CliError::Usage(
                "--sms-countries needs --sms-hours, such as --sms-hours '8-21 Europe/Berlin'".to_owned(),
            )),
        }
    }
}
