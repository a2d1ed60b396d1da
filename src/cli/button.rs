//! `countmein button`: registers, lists and removes buttons.

use clap::Subcommand;
use serde::Deserialize;
use serde_json::{Value, json};

use super::address;
use super::choice::choice;
use super::error::CliError;
use super::organiser_args::OrganiserArgs;
use crate::domain::attendee_name::AttendeeName;
use crate::domain::button::{PressAction, Serial};
use crate::domain::contact::Contact;
use crate::domain::event::Event;
use crate::formats;

const EXAMPLES: &str = "\
Examples:
  countmein button add shellybutton1-A4CF12F45A2B 'Pizza Night' Ana
  countmein button add hall:2 'Pizza Night' Ben --double cancel --contact ben@example.org
  countmein button list
  countmein button remove hall:2

By default a single press signs up, a long press cancels, and other presses do nothing.

If you do not know the serial number, press the button: the press becomes a rejected message, whose reason \
contains the number. After `button add`, `countmein rejects redrive` signs the person up with the time of that \
press.";

/// Register buttons that sign people up (needs the organiser's key)
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Register a button, or change a registered one
    Add(Box<Add>),
    /// List the buttons with their actions and secrets
    List(List),
    /// Remove a button
    Remove(Remove),
}

#[derive(Debug, clap::Args)]
struct Add {
    /// Serial number, exactly as the device sends it; append :2 for the second button of a device
    #[arg(value_parser = parse_serial)]
    serial: Serial,

    /// Event that the button signs up for
    #[arg(value_parser = address::parse_event)]
    event: Event,

    /// Name of the person whom the button signs up
    #[arg(value_parser = address::parse_name)]
    name: AttendeeName,

    /// Action of a single press
    #[arg(long, value_name = "ACTION", default_value = "sign_up", value_parser = choice::<PressAction>())]
    single: PressAction,

    /// Action of a double press
    #[arg(long, value_name = "ACTION", default_value = "nothing", value_parser = choice::<PressAction>())]
    double: PressAction,

    /// Action of a triple press
    #[arg(long, value_name = "ACTION", default_value = "nothing", value_parser = choice::<PressAction>())]
    triple: PressAction,

    /// Action of a long press
    #[arg(long, value_name = "ACTION", default_value = "cancel", value_parser = choice::<PressAction>())]
    long: PressAction,

    /// Contact for notifications: an email address, a phone number such as +14155552671, or an https webhook
    #[arg(long, value_parser = parse_contact)]
    contact: Option<Contact>,

    #[command(flatten)]
    organiser: OrganiserArgs,
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    organiser: OrganiserArgs,
}

#[derive(Debug, clap::Args)]
struct Remove {
    /// Serial number, as `button list` shows it
    #[arg(value_parser = parse_serial)]
    serial: Serial,

    #[command(flatten)]
    organiser: OrganiserArgs,
}

#[derive(Deserialize)]
struct Buttons {
    buttons: Vec<Button>,
}

#[derive(Deserialize)]
struct Button {
    serial: String,
    event: String,
    name: String,
    single: String,
    double: String,
    triple: String,
    long: String,
    secret: String,
}

fn parse_serial(text: &str) -> Result<Serial, String> {
    Serial::parse(text).map_err(|problem| format!("the serial number {problem}"))
}

fn parse_contact(text: &str) -> Result<Contact, String> {
    Contact::from_line(text).map_err(|problem| format!("the contact {problem}"))
}

impl Args {
    pub fn run(self) -> Result<(), CliError> {
        match self.command {
            Command::Add(args) => args.run(),
            Command::List(args) => args.run(),
            Command::Remove(args) => args.run(),
        }
    }

    pub fn wants_json(&self) -> bool {
        match &self.command {
            Command::Add(args) => args.organiser.server.json,
            Command::List(args) => args.organiser.server.json,
            Command::Remove(args) => args.organiser.server.json,
        }
    }
}

impl Add {
    fn run(&self) -> Result<(), CliError> {
        let body = json!({
            "serial": self.serial.as_str(),
            "event": self.event.title(),
            "name": self.name.as_str(),
            "single": self.single.as_str(),
            "double": self.double.as_str(),
            "triple": self.triple.as_str(),
            "long": self.long.as_str(),
            "contact": self.contact.as_ref().map_or(Value::Null, formats::contact::to_json),
        });
        let response = self.organiser.client()?.post(&["organiser", "buttons"], &body)?;
        self.organiser.print(&response, || {
            let Button { serial, event, name, secret, .. } = response.read()?;
            Ok(vec![
                format!("Button {serial} is registered for {name} on {event}."),
                format!("Secret, for buttons that send HTTP requests: {secret}"),
            ])
        })
    }
}

impl List {
    fn run(&self) -> Result<(), CliError> {
        let response = self.organiser.client()?.get_all(&["organiser", "buttons"], &[], "buttons")?;
        self.organiser.print(&response, || {
            let Buttons { buttons } = response.read()?;
            if buttons.is_empty() {
                return Ok(vec!["There are no registered buttons.".to_owned()]);
            }
            Ok(buttons.iter().flat_map(describe).collect())
        })
    }
}

fn describe(button: &Button) -> [String; 2] {
    let Button { serial, event, name, single, double, triple, long, secret } = button;
    [
        format!("{serial}  {name} for {event}"),
        format!("    single {single}, double {double}, triple {triple}, long {long}; secret {secret}"),
    ]
}

impl Remove {
    fn run(&self) -> Result<(), CliError> {
        let body = json!({ "serial": self.serial.as_str() });
        let response = self.organiser.client()?.post(&["organiser", "buttons", "remove"], &body)?;
        self.organiser.print(&response, || Ok(vec![format!("Button {} was removed.", self.serial)]))
    }
}
