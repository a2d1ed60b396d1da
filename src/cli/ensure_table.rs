//! `countmein ensure-table`: creates the DynamoDB table if it does not exist.

use serde_json::json;

use super::error::CliError;
use super::output;
use super::storage::TableArgs;
use crate::adapters::aws::config;
use crate::adapters::dynamodb::EventsTable;
use crate::adapters::dynamodb::table::Ensured;

const EXAMPLES: &str = "\
Examples:
  countmein ensure-table                        the table Events of your AWS account
  countmein ensure-table --table Events-club

The new table has a stream, an index, time to live and point-in-time recovery. If the table exists, the command only \
enables time to live and point-in-time recovery. It fails if that table has a different schema. The environment \
variables AWS_REGION, AWS_PROFILE and AWS_ENDPOINT_URL select the region, the account and the endpoint.";

/// Create the DynamoDB table if it does not exist (only needed if the AWS stack is not deployed)
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    table: TableArgs,

    /// Print one JSON object on stdout; an error is a problem document (RFC 9457) on stderr
    #[arg(long)]
    pub json: bool,
}

impl Args {
    pub fn run(self) -> Result<(), CliError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| CliError::Aws(error.into()))?;
        let ensured = runtime.block_on(async {
            let config = config::load_for_machine().await?;
            EventsTable::new(&config, &self.table.table).ensure().await
        });
        let ensured = ensured.map_err(CliError::Aws)?;
        let (table, made) = (self.table.table, ensured == Ensured::Created);
        let answer = json!({"table": table, "made": made});
        output::print(self.json, &answer, || {
            Ok(vec![format!("The table {table} {}.", if made { "was created" } else { "already exists" })])
        })
    }
}
