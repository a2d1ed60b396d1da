use super::failure::Failure;
use crate::notify::{SmsHours, SmsLimits};

/// Text messages over Amazon SNS, with the AWS credentials of this machine.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Text messages")]
pub struct TextingArgs {
    /// The calling codes to which texts go, like +49,+1; without any nobody is texted. Texts cost money
    #[arg(long, value_name = "CODES", env = "COUNTMEIN_SMS_CALLING_CODES", value_delimiter = ',', value_parser = calling_code)]
    sms_calling_codes: Vec<String>,

    /// From which hour to which, where people live, texts go out; needed with --sms-calling-codes, like '8-21 Europe/Berlin'
    #[arg(long, value_name = "HOURS", env = "COUNTMEIN_SMS_HOURS")]
    sms_hours: Option<SmsHours>,

    /// Texts that go out in a day (UTC), at most; half of them at most are questions and links
    #[arg(long, value_name = "NUMBER", env = "COUNTMEIN_SMS_PER_DAY", default_value_t = 100)]
    sms_per_day: u64,
}

impl TextingArgs {
    pub fn guard(self) -> Result<Option<SmsLimits>, Failure> {
        let (calling_codes, per_day) = (self.sms_calling_codes, self.sms_per_day);
        match self.sms_hours {
            _ if calling_codes.is_empty() => Ok(None),
            Some(hours) => Ok(Some(SmsLimits { calling_codes, hours, per_day })),
            None => Err(Failure::Usage("--sms-calling-codes needs --sms-hours, like '8-21 Europe/Berlin'".to_owned())),
        }
    }
}

fn calling_code(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if SmsLimits::is_calling_code(text) { Ok(text.to_owned()) } else { Err("write calling codes like +49,+1") }
}
