//! The arguments of `countmein serve` for text messages.

use super::error::CliError;
use crate::notify::{SmsHours, SmsLimits};

/// Text messages over Amazon SNS, with the AWS credentials of this machine.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Text messages")]
pub struct SmsArgs {
    /// Calling codes that text messages may be sent to, such as +49,+1; text messages cost money [default: none]
    #[arg(long, value_name = "CODES", env = "COUNTMEIN_SMS_CALLING_CODES", value_delimiter = ',', value_parser = parse_calling_code)]
    sms_calling_codes: Vec<String>,

    /// Hours in which text messages may be sent, such as '8-21 Europe/Berlin'; required with --sms-calling-codes
    #[arg(long, value_name = "HOURS", env = "COUNTMEIN_SMS_HOURS")]
    sms_hours: Option<SmsHours>,

    /// Maximum text messages per day (UTC); at most half of them are opt-in requests and personal links
    #[arg(long, value_name = "NUMBER", env = "COUNTMEIN_SMS_PER_DAY", default_value_t = 100)]
    sms_per_day: u64,
}

impl SmsArgs {
    pub fn limits(self) -> Result<Option<SmsLimits>, CliError> {
        let (calling_codes, per_day) = (self.sms_calling_codes, self.sms_per_day);
        match self.sms_hours {
            _ if calling_codes.is_empty() => Ok(None),
            Some(hours) => Ok(Some(SmsLimits { calling_codes, hours, per_day })),
            None => Err(CliError::Usage(
                "--sms-calling-codes needs --sms-hours, such as --sms-hours '8-21 Europe/Berlin'".to_owned(),
            )),
        }
    }
}

fn parse_calling_code(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if SmsLimits::is_calling_code(text) { Ok(text.to_owned()) } else { Err("use calling codes such as +49,+1") }
}
