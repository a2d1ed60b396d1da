//! `countmein upgrade-table`: moves the attendees in a DynamoDB table that an earlier version stored under other keys, and
//! enters its events in the calendar.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::error::CliError;
use super::output;
use super::spinner::spinner;
use super::storage::TableArgs;
use crate::adapters::aws::config;
use crate::adapters::dynamodb::EventsTable;
use crate::adapters::dynamodb::rekeying::Rekeyed;
use crate::domain::rekeying::RekeyingPlan;
use crate::domain::signup::AttendeeKey;
use crate::domain::timestamp::Timestamp;

const EXAMPLES: &str = "\
Examples:
  countmein upgrade-table                        the table Events of your AWS account
  countmein upgrade-table --table Events-club --json

Deploy the functions of this version first, and wait until those of the version before have ended. The command reads the \
whole table, and writes only the attendees whose names have another key in this version, and when each event is over. \
The functions may work on the table meanwhile. After an interruption, run the command again. The environment variables \
AWS_REGION, AWS_PROFILE and AWS_ENDPOINT_URL select the region, the account and the endpoint.";

/// Upgrade a DynamoDB table that an earlier version wrote
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    table: TableArgs,

    /// Print one JSON object on stdout; an error is a problem document (RFC 9457) on stderr
    #[arg(long)]
    pub json: bool,
}

/// The result of an upgrade.
struct Upgrade {
    items: u64,
    rekeyed: u64,
    /// The attendees who keep their keys, because another attendee of the event has the same key now.
    kept_apart: Vec<AttendeeKey>,
    /// The number of events that were entered in the calendar.
    entered: u64,
}

impl Args {
    pub fn run(self) -> Result<(), CliError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| CliError::Aws(error.into()))?;
        let upgrade = runtime.block_on(upgrade(&self.table.table)).map_err(CliError::Aws)?;
        let Upgrade { items, rekeyed, kept_apart, entered } = upgrade;
        let apart: Vec<_> = kept_apart
            .iter()
            .map(|AttendeeKey { event, name }| json!({"event": event.as_str(), "key": name.as_str()}))
            .collect();
        let answer = json!({"table": self.table.table, "items": items, "rekeyed": rekeyed, "kept_apart": apart,
            "entered_in_calendar": entered});
        output::print(self.json, &answer, || {
            let mut lines = vec![
                format!("Items read: {items}. Attendees moved to their new keys: {rekeyed}."),
                format!("Events entered in the calendar: {entered}."),
            ];
            if !kept_apart.is_empty() {
                lines.push(format!(
                    "Attendees who keep their keys, because another attendee of the event has the same name now: {}.",
                    kept_apart.len()
                ));
                lines.extend(kept_apart.iter().map(|key| format!("  {}  {}", key.event, key.name.as_str())));
            }
            Ok(lines)
        })
    }
}

async fn upgrade(table: &str) -> anyhow::Result<Upgrade> {
    let config = config::load_for_machine().await?;
    let table = EventsTable::new(&config, table);
    table.verify_schema().await?;
    let bar = progress_bar(table.item_count().await?, "items read");
    let mut items = 0;
    let earlier_keys = table.attendees_with_earlier_key(|count| {
        items += count;
        bar.inc(count);
    });
    let plan = RekeyingPlan::of(earlier_keys.await?);
    bar.finish_and_clear();
    let mut upgrade = Upgrade { items, rekeyed: 0, kept_apart: plan.apart, entered: 0 };
    let bar = progress_bar(u64::try_from(plan.moves.len())?, "attendees");
    let rekey = table.rekey(plan.moves, |rekeying, rekeyed| {
        bar.inc(1);
        match rekeyed {
            Rekeyed::Moved => upgrade.rekeyed += 1,
            Rekeyed::KeptApart => upgrade.kept_apart.push(rekeying.earlier_key()),
            Rekeyed::Gone => {}
        }
    });
    rekey.await?;
    bar.finish_and_clear();
    upgrade.kept_apart.sort();
    let (bar, mut events) = (spinner(), 0_u64);
    let enter = table.enter_events(Timestamp::now(), |entered| {
        events += 1;
        bar.set_message(format!("{events} events"));
        upgrade.entered += u64::from(entered);
    });
    enter.await?;
    bar.finish_and_clear();
    Ok(upgrade)
}

/// A progress bar on stderr, hidden if stderr is not a terminal.
fn progress_bar(length: u64, unit: &'static str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = format!("{{bar:40}} {{pos}} of {{len}} {unit}, {{eta}} left");
    ProgressBar::new(length).with_style(ProgressStyle::with_template(&style).expect("the template is valid"))
}
