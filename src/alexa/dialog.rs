//! Reads the event and the name from the slots of an intent, or asks the user for them.

use super::handler::RequestHandler;
use super::request::{Attributes, Confirmation, Intent};
use super::response::Response;
use super::speech::capitalize;
use super::{EVENT_SLOT, NAME_SLOT};
use crate::domain::attendee_name::AttendeeName;
use crate::domain::event::Event;
use crate::ports::{Unavailable, listed_events};

/// The value of a slot, or a response that asks the user for it.
pub enum SlotOutcome<T> {
    Value(T),
    Question(Response),
}

/// The user's input for a slot.
enum SlotInput {
    /// The user rejected the proposed value.
    Denied,
    /// The user said this value, or confirmed it when the skill proposed it.
    Text(String),
    /// The user has not said a value, or has not yet answered the skill's proposal.
    Missing,
}

impl RequestHandler<'_> {
    /// Reads the event and the name. `proposal` is the id of the question that proposes a name.
    pub async fn event_and_name(
        &self,
        intent: &Intent,
        proposal: &str,
    ) -> Result<SlotOutcome<(Event, AttendeeName)>, Unavailable> {
        let event = match self.event(intent).await? {
            SlotOutcome::Value(event) => event,
            SlotOutcome::Question(question) => return Ok(SlotOutcome::Question(question)),
        };
        Ok(match self.name(intent, &event, proposal).await? {
            SlotOutcome::Value(name) => SlotOutcome::Value((event, name)),
            SlotOutcome::Question(question) => SlotOutcome::Question(question),
        })
    }

    /// Reads the event. If the user said none and there is exactly one event, proposes that one.
    pub async fn event(&self, intent: &Intent) -> Result<SlotOutcome<Event>, Unavailable> {
        let elicit = |message| self.elicit(EVENT_SLOT, intent, message);
        Ok(match self.input(intent, EVENT_SLOT) {
            SlotInput::Denied => elicit("which-event"),
            SlotInput::Text(text) => {
                let title = if intent.slot(EVENT_SLOT).is_resolved() { text } else { capitalize(&text) };
                match Event::parse(&title) {
                    Ok(event) => SlotOutcome::Value(event),
                    Err(_) => elicit("event-not-heard"),
                }
            }
            SlotInput::Missing => {
                let events = listed_events(self.skill.roster, 2).await?;
                let [only] = &events[..] else { return Ok(elicit("which-event")) };
                let Ok(event) = Event::parse(only.spelling()) else { return Ok(elicit("which-event")) };
                let question = self.speech.event_message("this-event", &event);
                self.confirm(EVENT_SLOT, event.title(), intent, &question)
            }
        })
    }

    /// Reads the name. If the user said none, proposes the household's usual name.
    async fn name(
        &self,
        intent: &Intent,
        event: &Event,
        proposal: &str,
    ) -> Result<SlotOutcome<AttendeeName>, Unavailable> {
        let elicit = |message| self.elicit(NAME_SLOT, intent, message);
        Ok(match self.input(intent, NAME_SLOT) {
            SlotInput::Denied => elicit("which-name"),
            SlotInput::Text(text) => match AttendeeName::parse(&capitalize(&text)) {
                Ok(name) => SlotOutcome::Value(name),
                Err(_) => elicit("name-not-heard"),
            },
            SlotInput::Missing => {
                let Some(name) = self.skill.households.usual_name(&self.user).await? else {
                    return Ok(elicit("which-name"));
                };
                let question = self.speech.attendee_message(proposal, &name, event);
                self.confirm(NAME_SLOT, name.as_str(), intent, &question)
            }
        })
    }

    fn elicit<T>(&self, slot: &str, intent: &Intent, message: &str) -> SlotOutcome<T> {
        let question = self.speech.message(message);
        SlotOutcome::Question(self.ask_again(slot, self.attributes(intent), |attributes| {
            Response::elicit(slot, intent, &question, attributes)
        }))
    }

    fn confirm<T>(&self, slot: &str, value: &str, intent: &Intent, question: &str) -> SlotOutcome<T> {
        SlotOutcome::Question(self.ask_again(slot, self.attributes(intent), |attributes| {
            Response::confirm(slot, value, intent, question, attributes)
        }))
    }

    fn input(&self, intent: &Intent, slot_name: &str) -> SlotInput {
        let slot = intent.slot(slot_name);
        let proposed = self.attributes.proposed.get(slot_name).map(String::as_str);
        match (slot.confirmation_status, slot.text()) {
            (Confirmation::Denied, _) => SlotInput::Denied,
            (Confirmation::Confirmed, Some(text)) => SlotInput::Text(text),
            (Confirmation::None, Some(text)) if proposed != Some(text.as_str()) => SlotInput::Text(text),
            _ => SlotInput::Missing,
        }
    }

    /// The session attributes for the response. They contain the proposals
    /// that the user has not confirmed or denied yet.
    fn attributes(&self, intent: &Intent) -> Attributes {
        let mut proposed = self.attributes.proposed.clone();
        proposed.retain(|slot, _| intent.slot(slot).confirmation_status == Confirmation::None);
        // After a rejected proposal, the skill asks an open question. It has not asked that before.
        let mut asked = self.attributes.asked.clone();
        asked.retain(|slot, _| intent.slot(slot).confirmation_status != Confirmation::Denied);
        Attributes { keep_open: self.attributes.keep_open, proposed, asked }
    }
}
