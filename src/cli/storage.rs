//! The arguments of `countmein serve` for storage on AWS.

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, ValueEnum};

use super::error::CliError;
use super::notifications::NotificationArgs;
use crate::app::settings::{AwsResources, QueueProcessing, Store};

/// The storage backend and the queue.
#[derive(Debug, clap::Args)]
pub struct StorageArgs {
    /// Storage backend: sqlite (a file in the data folder), or dynamodb (the table of a deployed AWS stack, whose
    /// functions send the notifications); dynamodb needs --queue sqs
    #[arg(long, value_enum, value_name = "WHERE", env = "COUNTMEIN_STORE", default_value = "sqlite")]
    store: StoreKind,

    /// Queue of sign-ups: sqlite (a file in the data folder), or sqs (an SQS queue); sqs needs --store dynamodb
    #[arg(long, value_enum, value_name = "WHERE", env = "COUNTMEIN_QUEUE", default_value = "sqlite")]
    queue: QueueKind,

    #[command(flatten)]
    table: TableArgs,

    /// URL of the SQS queue of sign-ups, as printed by `aws sqs get-queue-url`
    #[arg(long, value_name = "URL", env = "COUNTMEIN_QUEUE_URL")]
    queue_url: Option<String>,

    /// URL of the dead-letter queue of the SQS queue; its messages become rejected messages
    #[arg(long, value_name = "URL", env = "COUNTMEIN_DEAD_LETTER_QUEUE_URL")]
    dead_letter_queue_url: Option<String>,

    /// Name of the Secrets Manager secret that contains the organiser's key, instead of the key in the data folder
    #[arg(long, value_name = "NAME", env = "COUNTMEIN_ORGANISER_SECRET")]
    organiser_secret: Option<String>,

    /// Name of the Secrets Manager secret that signs personal links, instead of the one in the data folder
    #[arg(long, value_name = "NAME", env = "COUNTMEIN_TOKEN_SECRET")]
    token_secret: Option<String>,

    /// Name of the Secrets Manager secret that contact ids are derived from; without it, `person export` and
    /// `person remove` cannot find the opt-in of an address
    #[arg(long, value_name = "NAME", env = "COUNTMEIN_CONTACT_SECRET")]
    contact_secret: Option<String>,

    /// Do not process the queue on this server; the deployed AWS functions do it
    #[arg(long)]
    serve_only: bool,
}

/// The DynamoDB table.
#[derive(Debug, clap::Args)]
pub struct TableArgs {
    /// Name of the DynamoDB table
    #[arg(long, value_name = "NAME", env = "COUNTMEIN_TABLE", default_value = "Events")]
    pub table: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StoreKind {
    Sqlite,
    Dynamodb,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum QueueKind {
    Sqlite,
    Sqs,
}

/// The options for notifications that are also parameters of a stack, each with the name of the parameter.
const STACK_PARAMETERS: [(&str, &str); 9] = [
    ("opt_ins_per_hour", "OptInsPerHour"),
    ("backoff_initial", "BackoffInitial"),
    ("language", "Language"),
    ("backoff_maximum", "BackoffMaximum"),
    ("names_shown", "NamesShown"),
    ("sms_per_day", "SmsPerDay"),
    ("sms_countries", "SmsCountries"),
    ("sms_hours", "SmsHours"),
    ("backoff_multiplier", "BackoffMultiplier"),
];

/// Refuses the options for notifications if the storage is on AWS. The functions of the stack then send the
/// notifications, so the options would have no effect.
pub fn refuse_notification_settings(serve: &ArgMatches) -> Result<(), clap::Error> {
    if serve.get_one("store") != Some(&StoreKind::Dynamodb) {
        return Ok(());
    }
    let options = NotificationArgs::augment_args(Command::new("serve"));
    let refused: Vec<String> = options.get_arguments().filter_map(|option| refusal(option, serve)).collect();
    if refused.is_empty() {
        return Ok(());
    }
    let why = "with --store dynamodb, the functions of the deployed stack send the notifications, \
               so these settings would have no effect:";
    Err(clap::Error::raw(ErrorKind::ArgumentConflict, format!("{why}\n{}\n", refused.join("\n"))))
}

/// Returns a line that says what to do about an option. Returns `None` if the option was not given.
fn refusal(option: &Arg, serve: &ArgMatches) -> Option<String> {
    let id = option.get_id().as_str();
    let given = match serve.value_source(id)? {
        ValueSource::EnvVariable => option.get_env()?.to_string_lossy().into_owned(),
        ValueSource::CommandLine => format!("--{}", option.get_long()?),
        _ => return None,
    };
    Some(match STACK_PARAMETERS.iter().find(|(setting, _)| *setting == id) {
        Some((_, parameter)) => format!("  {given}: remove it, and set {parameter} as a parameter of the stack"),
        None => format!("  {given}: remove it; the stack has no such parameter"),
    })
}

impl StorageArgs {
    /// Returns the storage backend that the arguments select.
    pub fn store(self) -> Result<Store, CliError> {
        match (self.store, self.queue, self.queue_url) {
            (StoreKind::Sqlite, QueueKind::Sqlite, _) => Ok(Store::Sqlite),
            (StoreKind::Dynamodb, QueueKind::Sqs, Some(queue_url)) => Ok(Store::Aws(AwsResources {
                table: self.table.table,
                queue_url,
                dead_letter_queue_url: self.dead_letter_queue_url,
                organiser_secret: self.organiser_secret,
                token_secret: self.token_secret,
                contact_secret: self.contact_secret,
                queue_processing: if self.serve_only {
                    QueueProcessing::InFunctions
                } else {
                    QueueProcessing::InProcess
                },
            })),
            (StoreKind::Dynamodb, QueueKind::Sqs, None) => {
                Err(CliError::Usage("--queue sqs needs the URL of the queue; pass it with --queue-url".to_owned()))
            }
            (StoreKind::Dynamodb, QueueKind::Sqlite, _) | (StoreKind::Sqlite, QueueKind::Sqs, _) => Err(
                CliError::Usage("--store dynamodb and --queue sqs need each other; pass both or neither".to_owned()),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Vec<String> {
        let options = NotificationArgs::augment_args(Command::new("serve"));
        options.get_arguments().map(|option| option.get_id().to_string()).collect()
    }

    #[test]
    fn stack_parameters_match_template_and_options() {
        let template = include_str!("../../template.yaml");
        for (option, parameter) in STACK_PARAMETERS {
            assert!(template.contains(&format!("\n  {parameter}:\n    Description:")), "{parameter}");
            assert!(options().contains(&option.to_owned()), "{option}");
        }
    }
}
