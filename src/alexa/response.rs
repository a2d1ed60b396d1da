use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::request::{Attributes, Confirmation, Intent};
use super::{EVENT_TYPE, NAME};
use crate::ports::EventSummary;

/// The most that may be said, and the most that a response may take ("Request and Response JSON Reference", "Response
/// parameters").
pub const SPEECH_CHARS: usize = 8_000;
pub const RESPONSE_BYTES: usize = 24 * 1024;

/// What Alexa is answered.
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

    /// Says something and ends the session.
    pub fn end(speech: &str) -> Self {
        let body = Body { output_speech: Some(plain(speech)), should_end_session: Some(true), ..Body::default() };
        Self::new(None, body)
    }

    /// Asks something, and once more where nobody answers.
    pub fn ask(speech: &str, again: &str, attributes: Attributes) -> Self {
        let body = Body {
            output_speech: Some(plain(speech)),
            reprompt: Some(json!({ "outputSpeech": plain(again) })),
            should_end_session: Some(false),
            ..Body::default()
        };
        Self::new(Some(attributes), body)
    }

    /// Says nothing, as to the end of a session.
    pub fn nothing() -> Self {
        Self::new(None, Body::default())
    }

    /// Asks for a slot of the intent.
    pub fn elicit(slot: &str, intent: &Intent, question: &str, attributes: Attributes) -> Self {
        let mut response = Self::ask(question, question, attributes);
        let mut slots = slots_of(intent);
        slots.insert(slot.to_owned(), json!({ "name": slot, "confirmationStatus": "NONE" }));
        response.response.directives.push(json!({
            "type": "Dialog.ElicitSlot",
            "slotToElicit": slot,
            "updatedIntent": { "name": intent.name, "confirmationStatus": "NONE", "slots": slots },
        }));
        response
    }

    /// Asks whether a slot of the intent is this, which nobody said.
    pub fn confirm(slot: &str, value: &str, intent: &Intent, question: &str, mut attributes: Attributes) -> Self {
        attributes.proposed.insert(slot.to_owned(), value.to_owned());
        let mut response = Self::ask(question, question, attributes);
        let mut slots = slots_of(intent);
        slots.insert(slot.to_owned(), json!({ "name": slot, "value": value, "confirmationStatus": "NONE" }));
        response.response.directives.push(json!({
            "type": "Dialog.ConfirmSlot",
            "slotToConfirm": slot,
            "updatedIntent": { "name": intent.name, "confirmationStatus": "NONE", "slots": slots },
        }));
        response
    }

    /// Tells Alexa which events there are, so that it hears their titles; as many as there is room for.
    pub fn with_events(mut self, events: &[EventSummary]) -> Self {
        let mut bytes = 0;
        let fits = |event: &&EventSummary| {
            bytes += event.id.as_str().len() + event.title.len() + 64;
            bytes <= RESPONSE_BYTES / 2
        };
        let events: Vec<&EventSummary> = events.iter().take_while(fits).collect();
        if !events.is_empty() {
            let value = |event: &&EventSummary| json!({ "id": event.id.as_str(), "name": { "value": event.title } });
            self.response.directives.push(json!({
                "type": "Dialog.UpdateDynamicEntities",
                "updateBehavior": "REPLACE",
                "types": [{ "name": EVENT_TYPE, "values": events.iter().map(value).collect::<Vec<_>>() }],
            }));
        }
        self
    }

    /// Whether the skill could do what is asked, slot by slot; nothing is done.
    pub fn can_fulfill(intent: &Intent, is_ours: bool, understood: impl Fn(&str) -> bool) -> Self {
        let yes = |is: bool| if is { "YES" } else { "NO" };
        let named = intent.slots.iter().flat_map(BTreeMap::keys).filter(|_| is_ours);
        let slots: serde_json::Map<String, Value> = named
            .map(|slot| {
                let is = yes(understood(slot));
                (slot.clone(), json!({ "canUnderstand": is, "canFulfill": is }))
            })
            .collect();
        let mut can_fulfill = json!({ "canFulfill": yes(is_ours) });
        if !slots.is_empty() {
            can_fulfill["slots"] = Value::Object(slots);
        }
        Self::new(None, Body { can_fulfill_intent: Some(can_fulfill), ..Body::default() })
    }
}

/// Plain text: nothing in it is taken for markup.
fn plain(text: &str) -> Value {
    let text: String = text.chars().take(SPEECH_CHARS).collect();
    json!({ "type": "PlainText", "text": text })
}

/// The intent's slots as they are now.
fn slots_of(intent: &Intent) -> serde_json::Map<String, Value> {
    let slots = intent.slots.iter().flatten().map(|(name, slot)| {
        // What was confirmed stays so, or it would be asked for again.
        let is_confirmed = slot.confirmation_status == Confirmation::Confirmed;
        let status = if is_confirmed { "CONFIRMED" } else { "NONE" };
        let mut told = json!({ "name": name, "confirmationStatus": status });
        if let Some(value) = slot.text() {
            told["value"] = value.chars().take(if name == NAME { 200 } else { 400 }).collect::<String>().into();
        }
        (name.clone(), told)
    });
    slots.collect()
}
