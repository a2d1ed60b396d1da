//! `countmein event list`: lists events for the organiser.

use serde::Deserialize;

use super::error::CliError;
use super::organiser_args::OrganiserArgs;
use super::places::Places;

#[derive(Debug, clap::Args)]
pub struct EventList {
    /// List events that are over; the one that was over last comes first
    #[arg(long, group = "show")]
    past: bool,

    /// List archived events; the one that was over last comes first
    #[arg(long, group = "show")]
    archived: bool,

    /// List all events, sorted by id
    #[arg(long, group = "show")]
    all: bool,

    /// List only events whose title or id contains this text
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    search: String,

    #[command(flatten)]
    organiser: OrganiserArgs,
}

#[derive(Deserialize)]
struct Events {
    events: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    event: String,
    title: String,
    count: u64,
    starts_at: Option<String>,
    zone: Option<String>,
    cancelled_at: Option<String>,
    places: Option<Places>,
}

impl EventList {
    pub fn run(self) -> Result<(), CliError> {
        let (show, nothing) = match (self.past, self.archived, self.all) {
            (true, ..) => ("past", "No past events found."),
            (_, true, _) => ("archived", "No archived events found."),
            (.., true) => ("all", "No events found."),
            _ => ("upcoming", "No upcoming events found."),
        };
        let query = [("show", show), ("search", self.search.as_str())];
        let response = self.organiser.client()?.get_all(&["events"], &query, "events")?;
        self.organiser.print(&response, || {
            let events = response.read::<Events>()?.events;
            if events.is_empty() {
                return Ok(vec![nothing.to_owned()]);
            }
            Ok(events.iter().map(Listed::line).collect())
        })
    }

    pub fn wants_json(&self) -> bool {
        self.organiser.server.json
    }
}

impl Listed {
    fn line(&self) -> String {
        let Self { event, title, count, .. } = self;
        let time = match (&self.starts_at, &self.zone) {
            (Some(starts_at), Some(zone)) => format!("  {} {zone}", starts_at.replace('T', " ")),
            _ => String::new(),
        };
        let places = self.places.as_ref().map(|places| format!("  {places}")).unwrap_or_default();
        let cancelled = if self.cancelled_at.is_some() { "  cancelled" } else { "" };
        format!("{count:>6}  {title}  ({event}){time}{places}{cancelled}")
    }
}
