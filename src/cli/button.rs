use clap::Subcommand;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access::Access;
use super::address;
use super::choice::choice;
use super::failure::Failure;
use crate::domain::attendee_name::AttendeeName;
use crate::domain::button::{PressAction, Serial};
use crate::domain::contact::Contact;
use crate::domain::event::Event;
use crate::formats;

const EXAMPLES: &str = "\
Examples:
  countmein button add shellybutton1-A4CF12F45A2B 'Pizza Night' Ana
  countmein button add hall:2 'Pizza Night' Ben --double cancel --long nothing --contact ben@example.org
  countmein button list
  countmein button remove hall:2

A single press signs up, a long one cancels, others do nothing, unless you say otherwise. The serial number stands in the
reason of the reject that a press of an unknown button becomes; after `button add`, `countmein rejects redrive` signs the
person up with the time of that press.";

/// Look after the buttons by which people sign up (with the organiser's key)
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Register one, or change what it does
    Add(Box<Add>),
    /// List them, with what they do and their secrets
    List(List),
    /// Remove one
    Remove(Remove),
}

#[derive(Debug, clap::Args)]
struct Add {
    /// The serial number, letter by letter as the device says it; of a device's second button with :2 behind
    #[arg(value_parser = serial)]
    serial: Serial,

    /// What it signs up for
    #[arg(value_parser = address::event)]
    event: Event,

    /// Who signs up by it
    #[arg(value_parser = address::name)]
    name: AttendeeName,

    /// What a single press does
    #[arg(long, value_name = "ACTION", default_value = "sign_up", value_parser = choice::<PressAction>())]
    single: PressAction,

    /// What a double press does
    #[arg(long, value_name = "ACTION", default_value = "nothing", value_parser = choice::<PressAction>())]
    double: PressAction,

    /// What a triple press does
    #[arg(long, value_name = "ACTION", default_value = "nothing", value_parser = choice::<PressAction>())]
    triple: PressAction,

    /// What a long press does
    #[arg(long, value_name = "ACTION", default_value = "cancel", value_parser = choice::<PressAction>())]
    long: PressAction,

    /// Where the person wants to hear of others: an email address, a phone number like +14155552671, or an https webhook
    #[arg(long, value_parser = contact)]
    contact: Option<Contact>,

    #[command(flatten)]
    access: Access,
}

#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    access: Access,
}

#[derive(Debug, clap::Args)]
struct Remove {
    /// Its serial number, as the list shows it
    #[arg(value_parser = serial)]
    serial: Serial,

    #[command(flatten)]
    access: Access,
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

fn serial(text: &str) -> Result<Serial, String> {
    Serial::parse(text).map_err(|problem| format!("the serial number {problem}"))
}

fn contact(text: &str) -> Result<Contact, String> {
    Contact::from_line(text).map_err(|problem| format!("the contact {problem}"))
}

impl Args {
    pub fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Add(args) => args.run(),
            Command::List(args) => args.run(),
            Command::Remove(args) => args.run(),
        }
    }

    pub fn wants_json(&self) -> bool {
        match &self.command {
            Command::Add(args) => args.access.server.json,
            Command::List(args) => args.access.server.json,
            Command::Remove(args) => args.access.server.json,
        }
    }
}

impl Add {
    fn run(&self) -> Result<(), Failure> {
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
        let answer = self.access.client()?.post(&["organiser", "buttons"], &body)?;
        self.access.print(&answer, || {
            let Button { serial, event, name, secret, .. } = answer.read()?;
            Ok(vec![
                format!("The button {serial} is {name}'s for {event}."),
                format!("Its secret, should it post over HTTP: {secret}"),
            ])
        })
    }
}

impl List {
    fn run(&self) -> Result<(), Failure> {
        let answer = self.access.client()?.get_all(&["organiser", "buttons"], "buttons")?;
        self.access.print(&answer, || {
            let Buttons { buttons } = answer.read()?;
            if buttons.is_empty() {
                return Ok(vec!["No button is registered.".to_owned()]);
            }
            Ok(buttons.iter().flat_map(lines).collect())
        })
    }
}

fn lines(button: &Button) -> [String; 2] {
    let Button { serial, event, name, single, double, triple, long, secret } = button;
    [
        format!("{serial}  {name} for {event}"),
        format!("    single {single}, double {double}, triple {triple}, long {long}; secret {secret}"),
    ]
}

impl Remove {
    fn run(&self) -> Result<(), Failure> {
        let body = json!({ "serial": self.serial.as_str() });
        let answer = self.access.client()?.post(&["organiser", "buttons", "remove"], &body)?;
        self.access.print(&answer, || Ok(vec![format!("The button {} is gone.", self.serial)]))
    }
}
