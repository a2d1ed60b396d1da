//! `countmein event delete`: deletes an event for good.

use serde::Deserialize;
use serde_json::json;

use super::client::Client;
use super::error::CliError;
use super::event_target::Target;
use super::spinner::spinner;
use super::{confirmation, output};

#[derive(Debug, clap::Args)]
pub struct Delete {
    #[command(flatten)]
    pub target: Target,

    /// Skip the confirmation prompt
    #[arg(long, short)]
    yes: bool,
}

/// The event before its deletion.
#[derive(Deserialize)]
struct Shown {
    title: String,
    count: Option<u64>,
}

#[derive(Deserialize)]
struct Deleted {
    event: String,
    removed: u64,
    next: Option<String>,
}

impl Delete {
    pub fn run(&self) -> Result<(), CliError> {
        let (client, event) = self.target.client()?;
        if !self.yes {
            confirmation::confirm(&self.question(&client, event)?)?;
        }
        let (bar, mut removed, mut cursor) = (spinner(), 0, None);
        let id = loop {
            let query = [("confirm", Some(event)), ("cursor", cursor.as_deref())];
            let query: Vec<_> = query.iter().filter_map(|(name, value)| Some((*name, (*value)?))).collect();
            let page: Deleted = client.delete(&["events", event], &query)?.read()?;
            removed += page.removed;
            bar.set_message(format!("{removed} entries removed"));
            match page.next {
                Some(next) => cursor = Some(next),
                None => break page.event,
            }
        };
        bar.finish_and_clear();
        let response = json!({"event": id, "removed": removed});
        output::print(self.target.server.json, &response, || {
            Ok(vec![match removed {
                1 => format!("The event {id} is deleted, with 1 entry."),
                removed => format!("The event {id} is deleted, with {removed} entries."),
            }])
        })
    }

    /// Says what would be deleted. An event whose deletion was interrupted is no longer found, and its deletion can continue.
    ///
    /// # Errors
    /// Returns an error if there is nothing to delete. Only the page of the deletion knows that, because every event that a
    /// sign-up may begin is shown.
    fn question(&self, client: &Client, event: &str) -> Result<String, CliError> {
        client.check_page(&self.target.deletion_page(event))?;
        match client.get(&["events", event], &[]) {
            Ok(response) => {
                let Shown { title, count } = response.read()?;
                Ok(match count {
                    None | Some(0) => format!("Delete {title}?"),
                    Some(1) => format!("Delete {title} and its 1 sign-up?"),
                    Some(count) => format!("Delete {title} and its {count} sign-ups?"),
                })
            }
            Err(error) if error.is_not_found() => Ok(format!("Delete what is left of the event {event}?")),
            Err(error) => Err(error),
        }
    }
}
