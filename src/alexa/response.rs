//! Builds the response to Alexa.

use serde::Serialize;
use serde_json::{Value, json};

use super::request::{Attributes, Confirmation, Intent};
use super::{EVENT_SLOT_TYPE, NAME_SLOT};
use crate::ports::EventSummary;

/// Amazon's limits on the speech and on the whole response ("Request and Response JSON Reference", "Response
/// parameters").
pub const MAX_SPEECH_CHARS: usize = 8_000;
pub const MAX_RESPONSE_BYTES: usize = 24 * 1024;

/// Estimated bytes of JSON around the id and the title of a dynamic entity, rounded up.
const ENTITY_OVERHEAD_BYTES: usize = 64;

/// Longer slot values are cut before they are sent back, to limit the size of the response. Valid names and titles are
/// shorter than these limits.
const MAX_NAME_SLOT_CHARS: usize = 200;
const MAX_SLOT_CHARS: usize = 400;

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_attributes: Option<Attributes>,
    response: Body,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    output_speech: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reprompt: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    directives: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    should_end_session: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    can_fulfill_intent: Option<Value>,
}

impl Response {
    fn new(attributes: Option<Attributes>, response: Body) -> Self {
        Self { version: "1.0", session_attributes: attributes, response }
    }

    /// Speaks a text and ends the session.
    pub fn end(speech: &str) -> Self {
        let body = Body { output_speech: Some(plain_text(speech)), should_end_session: Some(true), ..Body::default() };
        Self::new(None, body)
    }

    /// Speaks a text and waits for an answer. Alexa speaks `reprompt` if the user does not answer.
    pub fn ask(speech: &str, reprompt: &str, attributes: Attributes) -> Self {
        let body = Body {
            output_speech: Some(plain_text(speech)),
            reprompt: Some(json!({ "outputSpeech": plain_text(reprompt) })),
            should_end_session: Some(false),
            ..Body::default()
        };
        Self::new(Some(attributes), body)
    }

    /// Speaks nothing. Amazon does not allow speech in the response to the end of a session.
    pub fn empty() -> Self {
        Self::new(None, Body::default())
    }

    /// Asks for the value of a slot.
    pub fn elicit(slot: &str, intent: &Intent, question: &str, attributes: Attributes) -> Self {
        let mut response = Self::ask(question, question, attributes);
        let mut slots = slots_to_json(intent);
        slots.insert(slot.to_owned(), json!({ "name": slot, "confirmationStatus": "NONE" }));
        response.response.directives.push(json!({
            "type": "Dialog.ElicitSlot",
            "slotToElicit": slot,
            "updatedIntent": { "name": intent.name, "confirmationStatus": "NONE", "slots": slots },
        }));
        response
    }

    /// Proposes a value for a slot and asks the user to confirm it.
    pub fn confirm(slot: &str, value: &str, intent: &Intent, question: &str, mut attributes: Attributes) -> Self {
        attributes.proposed.insert(slot.to_owned(), value.to_owned());
        let mut response = Self::ask(question, question, attributes);
        let mut slots = slots_to_json(intent);
        slots.insert(slot.to_owned(), json!({ "name": slot, "value": value, "confirmationStatus": "NONE" }));
        response.response.directives.push(json!({
            "type": "Dialog.ConfirmSlot",
            "slotToConfirm": slot,
            "updatedIntent": { "name": intent.name, "confirmationStatus": "NONE", "slots": slots },
        }));
        response
    }

    /// Adds the titles of events, so that Alexa recognizes them. Titles that would take
    /// up more than half of the maximum response size are omitted.
    pub fn with_events(mut self, events: &[EventSummary]) -> Self {
        let mut bytes = 0;
        let fits = |event: &&EventSummary| {
            bytes += event.id.as_str().len() + event.title.len() + ENTITY_OVERHEAD_BYTES;
            bytes <= MAX_RESPONSE_BYTES / 2
        };
        let events: Vec<&EventSummary> = events.iter().take_while(fits).collect();
        if !events.is_empty() {
            let entity =
                |event: &&EventSummary| json!({ "id": event.id.as_str(), "name": { "value": event.spelling() } });
            self.response.directives.push(json!({
                "type": "Dialog.UpdateDynamicEntities",
                "updateBehavior": "REPLACE",
                "types": [{ "name": EVENT_SLOT_TYPE, "values": events.iter().map(entity).collect::<Vec<_>>() }],
            }));
        }
        self
    }

    /// Reports whether the skill supports the intent, and which of its slots
    /// have valid values. Does not execute the intent.
    pub fn can_fulfill(intent: &Intent, is_supported: bool, is_understood: impl Fn(&str) -> bool) -> Self {
        let yes_or_no = |answer: bool| if answer { "YES" } else { "NO" };
        let slot_names = intent.slots.keys().filter(|_| is_supported);
        let slots: serde_json::Map<String, Value> = slot_names
            .map(|name| {
                let answer = yes_or_no(is_understood(name));
                (name.clone(), json!({ "canUnderstand": answer, "canFulfill": answer }))
            })
            .collect();
        let mut can_fulfill = json!({ "canFulfill": yes_or_no(is_supported) });
        if !slots.is_empty() {
            can_fulfill["slots"] = Value::Object(slots);
        }
        Self::new(None, Body { can_fulfill_intent: Some(can_fulfill), ..Body::default() })
    }
}

/// Builds speech as plain text, so that Alexa does not interpret names and titles as markup (SSML).
fn plain_text(text: &str) -> Value {
    let text: String = text.chars().take(MAX_SPEECH_CHARS).collect();
    json!({ "type": "PlainText", "text": text })
}

/// The intent's slots with their current values.
fn slots_to_json(intent: &Intent) -> serde_json::Map<String, Value> {
    let slots = intent.slots.keys().map(|name| {
        let slot = intent.slot(name);
        // A confirmed slot stays confirmed, so that the user is not asked again.
        let is_confirmed = slot.confirmation_status == Confirmation::Confirmed;
        let status = if is_confirmed { "CONFIRMED" } else { "NONE" };
        let mut json = json!({ "name": name, "confirmationStatus": status });
        if let Some(value) = slot.text() {
            let max_chars = if name == NAME_SLOT { MAX_NAME_SLOT_CHARS } else { MAX_SLOT_CHARS };
            json["value"] = value.chars().take(max_chars).collect::<String>().into();
        }
        (name.clone(), json)
    });
    slots.collect()
}
