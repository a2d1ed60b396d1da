use clap::ValueEnum;

use super::failure::Failure;
use crate::app::settings::{Pipeline, Remote, Store};

/// Which home the program works on.
#[derive(Debug, clap::Args)]
pub struct RemoteArgs {
    /// Where attendees are kept: in the data folder, or in a DynamoDB table; the latter needs --queue sqs
    #[arg(long, value_enum, value_name = "WHERE", env = "COUNTMEIN_STORE", default_value = "sqlite")]
    store: StoreKind,

    /// Where sign-ups wait: in the data folder, or on an SQS queue; the latter needs --store dynamodb
    #[arg(long, value_enum, value_name = "WHERE", env = "COUNTMEIN_QUEUE", default_value = "sqlite")]
    queue: QueueKind,

    #[command(flatten)]
    table: TableArgs,

    /// The queue of sign-ups, as `aws sqs get-queue-url` says it
    #[arg(long, value_name = "URL", env = "COUNTMEIN_QUEUE_URL")]
    queue_url: Option<String>,

    /// The dead-letter queue of that queue, to bring its messages among the rejects
    #[arg(long, value_name = "URL", env = "COUNTMEIN_DEAD_LETTER_QUEUE_URL")]
    dead_letter_queue_url: Option<String>,

    /// The secret in Secrets Manager that is the organiser's key, instead of the key in the data folder
    #[arg(long, value_name = "NAME", env = "COUNTMEIN_ORGANISER_SECRET")]
    organiser_secret: Option<String>,

    /// The secret in Secrets Manager that signs manage links, instead of the one in the data folder
    #[arg(long, value_name = "NAME", env = "COUNTMEIN_TOKEN_SECRET")]
    token_secret: Option<String>,

    /// Leave the queue and the table's stream to the functions of a deployed stack
    #[arg(long)]
    serve_only: bool,
}

/// The table on DynamoDB.
#[derive(Debug, clap::Args)]
pub struct TableArgs {
    /// The DynamoDB table
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

impl RemoteArgs {
    /// The home that the arguments name.
    pub fn store(self) -> Result<Store, Failure> {
        match (self.store, self.queue, self.queue_url) {
            (StoreKind::Sqlite, QueueKind::Sqlite, _) => Ok(Store::Sqlite),
            (StoreKind::Dynamodb, QueueKind::Sqs, Some(queue_url)) => Ok(Store::Remote(Remote {
                table: self.table.table,
                queue_url,
                dead_letter_queue_url: self.dead_letter_queue_url,
                organiser_secret: self.organiser_secret,
                token_secret: self.token_secret,
                pipeline: if self.serve_only { Pipeline::InFunctions } else { Pipeline::Here },
            })),
            (StoreKind::Dynamodb, QueueKind::Sqs, None) => {
                Err(Failure::Usage("--queue sqs needs the queue's address; give it with --queue-url".to_owned()))
            }
            (StoreKind::Dynamodb, QueueKind::Sqlite, _) | (StoreKind::Sqlite, QueueKind::Sqs, _) => {
                Err(Failure::Usage(
                    "a table on AWS goes with a queue on AWS; give both --store dynamodb and --queue sqs, or neither"
                        .to_owned(),
                ))
            }
        }
    }
}
