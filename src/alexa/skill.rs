use std::time::Duration;

use super::request::{Attributes, Confirmation, Envelope, Intent, Request};
use super::response::Response;
use super::speech::{Speech, capitalised};
use super::{EVENT, NAME, SIGN_UP, TAKE_OUT, WHO_IS_COMING};
use crate::domain::attendee_name::AttendeeName;
use crate::domain::channel::Channel;
use crate::domain::event::Event;
use crate::domain::household::UserId;
use crate::domain::secret::Secret;
use crate::domain::signup;
use crate::domain::signup::{AttendeeKey, Signup, Version};
use crate::domain::timestamp::Timestamp;
use crate::formats::message;
use crate::ports::{Households, Queue, Roster, Unavailable};

/// As Amazon asks of every skill ("Host a custom skill as a web service", "Checking the timestamp of the request").
const OLDEST: Duration = Duration::from_secs(150);

/// Amazon waits for 8 seconds.
const PATIENCE: Duration = Duration::from_secs(6);

/// Names that are read out; the rest are counted.
const NAMES: usize = 5;

/// Titles that Alexa is told of.
const TITLES: usize = 50;

/// What the skill works with.
pub struct Skill<'a> {
    /// Amazon's id of the skill. Without one nobody is answered.
    pub skill_id: &'a str,
    pub queue: &'a dyn Queue,
    pub roster: &'a dyn Roster,
    pub households: &'a dyn Households,
    /// Hides whose Echo it is; it must never change.
    pub user_secret: &'a Secret,
}

/// Why a request is not answered at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the request is not one of Alexa: {0}")]
    Malformed(String),
    #[error("the request is of another skill")]
    OtherSkill,
    #[error("the request is older than {} seconds, or of the future", OLDEST.as_secs())]
    TooOld,
}

/// One request, and in which words it is answered.
struct Turn<'a> {
    skill: &'a Skill<'a>,
    request: &'a Request,
    requested_at: Timestamp,
    user: UserId,
    attributes: Attributes,
    speech: Speech,
}

impl Skill<'_> {
    /// Answers a request, as JSON.
    pub async fn answer(&self, request: &[u8], now: Timestamp) -> Result<Response, Refused> {
        let envelope: Envelope = serde_json::from_slice(request).map_err(|error| {
            // Where and what, without the value: it may be what somebody said.
            Refused::Malformed(format!("line {}, column {}", error.line(), error.column()))
        })?;
        let system = &envelope.context.system;
        if self.skill_id.is_empty() || system.application.application_id != self.skill_id {
            return Err(Refused::OtherSkill);
        }
        let requested_at = Timestamp::parse_rfc3339(&envelope.request.timestamp).map_err(|_| Refused::TooOld)?;
        if now.since(requested_at) > OLDEST || requested_at.since(now) > OLDEST {
            return Err(Refused::TooOld);
        }
        let turn = Turn {
            skill: self,
            request: &envelope.request,
            requested_at: requested_at.min(now),
            user: UserId::of(&system.user.user_id, self.user_secret),
            attributes: envelope.session.and_then(|session| session.attributes).unwrap_or_default(),
            speech: Speech::in_locale(&envelope.request.locale),
        };
        let answered = match tokio::time::timeout(PATIENCE, turn.answer()).await {
            Ok(answered) => answered,
            Err(_) => Err(Unavailable { doing: "answering Alexa", cause: "it takes too long".to_owned() }),
        };
        Ok(answered.unwrap_or_else(|unavailable| {
            tracing::error!(%unavailable, "Alexa apologises");
            Response::end(&turn.speech.say("unavailable"))
        }))
    }
}

/// What somebody said for a slot.
enum Heard {
    /// No to what was proposed.
    No,
    /// Words of their own, or yes to those that were proposed.
    MessageTexts(String),
    /// Nothing yet, whatever was proposed.
    Nothing,
}

impl Turn<'_> {
    async fn answer(&self) -> Result<Response, Unavailable> {
        match (self.request.kind.as_str(), &self.request.intent) {
            ("LaunchRequest", _) => {
                let events = self.skill.roster.events(TITLES, None).await.unwrap_or_else(|unavailable| {
                    tracing::warn!(%unavailable, "Alexa is not told which events there are");
                    Vec::new()
                });
                let attributes = Attributes { open: true, ..Attributes::default() };
                let welcome = Response::ask(&self.speech.say("welcome"), &self.speech.say("help"), attributes);
                Ok(welcome.with_events(&events))
            }
            ("IntentRequest", Some(intent)) => self.intent(intent).await,
            ("CanFulfillIntentRequest", Some(intent)) => Ok(can_fulfill(intent)),
            // The end of a session, and what Alexa tells of its own mishaps.
            _ => Ok(Response::nothing()),
        }
    }

    async fn intent(&self, intent: &Intent) -> Result<Response, Unavailable> {
        match intent.name.as_str() {
            SIGN_UP => self.sign_up(intent).await,
            TAKE_OUT => self.take_out(intent).await,
            WHO_IS_COMING => self.who_is_coming(intent).await,
            "AMAZON.StopIntent" | "AMAZON.CancelIntent" | "AMAZON.NavigateHomeIntent" => {
                Ok(Response::end(&self.speech.say("goodbye")))
            }
            "AMAZON.HelpIntent" => Ok(self.question("help")),
            _ => Ok(self.question("not-understood")),
        }
    }

    async fn sign_up(&self, intent: &Intent) -> Result<Response, Unavailable> {
        let (event, name) = match self.person(intent, "sign-up-as").await? {
            Ok(person) => person,
            Err(question) => return Ok(question),
        };
        self.send(&event, &name, signup::Request::Enrol { contact: None }).await?;
        if intent.slot(NAME).confirmation_status != Confirmation::Confirmed
            && let Err(unavailable) = self.skill.households.remember(&self.user, &name).await
        {
            // They are counted in all the same.
            tracing::warn!(%unavailable, "what a household says is not remembered");
        }
        Ok(self.done(&self.speech.of_person("signed-up", &name, &event)))
    }

    /// Takes out nobody but whom the same household signed up.
    async fn take_out(&self, intent: &Intent) -> Result<Response, Unavailable> {
        let (event, name) = match self.person(intent, "take-out-as").await? {
            Ok(person) => person,
            Err(question) => return Ok(question),
        };
        let key = AttendeeKey { event: event.id().clone(), name: name.key().clone() };
        let attendee = self.skill.roster.attendee(&key).await?;
        let said = match attendee.as_ref().and_then(|attendee| attendee.registration()) {
            None => "not-on-the-list",
            Some(registration) if self.user.asked_for(&registration.owner) => {
                // Applied to this very stay, whatever happens meanwhile.
                self.send(&event, &name, signup::Request::Leave { registration: registration.owner.clone() }).await?;
                "taken-out"
            }
            Some(_) => "not-yours",
        };
        Ok(self.done(&self.speech.of_person(said, &name, &event)))
    }

    async fn who_is_coming(&self, intent: &Intent) -> Result<Response, Unavailable> {
        let event = match self.event(intent).await? {
            Ok(event) => event,
            Err(question) => return Ok(question),
        };
        let page = self.skill.roster.roster(event.id(), NAMES, None).await?;
        let names: Vec<&str> = page.attendees.iter().map(|attendee| attendee.name.as_str()).collect();
        let title = page.title.as_deref().unwrap_or(event.title());
        Ok(self.done(&self.speech.who(title, &names, page.count)))
    }

    async fn send(&self, event: &Event, name: &AttendeeName, request: signup::Request) -> Result<(), Unavailable> {
        let id = self.user.signup_id(&self.request.request_id, self.skill.user_secret);
        let signup = Signup {
            version: Version { requested_at: self.requested_at, id },
            event: event.clone(),
            name: name.clone(),
            channel: Channel::Alexa,
            request,
        };
        self.skill.queue.send(vec![message::write(&signup)]).await
    }

    /// The event and the name, or the question for what is missing of them.
    async fn person(
        &self,
        intent: &Intent,
        proposal: &str,
    ) -> Result<Result<(Event, AttendeeName), Response>, Unavailable> {
        Ok(match self.event(intent).await? {
            Ok(event) => self.name(intent, &event, proposal).await?.map(|name| (event, name)),
            Err(question) => Err(question),
        })
    }

    /// The event, or the question for it. Where there is but one, it is proposed.
    async fn event(&self, intent: &Intent) -> Result<Result<Event, Response>, Unavailable> {
        let elicit = |message| Response::elicit(EVENT, intent, &self.speech.say(message), self.attributes(intent));
        match self.heard(intent, EVENT) {
            Heard::No => Ok(Err(elicit("which-event"))),
            Heard::MessageTexts(text) => {
                let title = if intent.slot(EVENT).is_resolved() { text } else { capitalised(&text) };
                // An event's title has no apostrophes.
                Ok(Event::parse(&title.replace(['\'', '’'], "")).map_err(|_| elicit("event-not-heard")))
            }
            Heard::Nothing => {
                let events = self.skill.roster.events(2, None).await?;
                let [only] = &events[..] else { return Ok(Err(elicit("which-event"))) };
                let Ok(event) = Event::parse(&only.title) else { return Ok(Err(elicit("which-event"))) };
                let question = self.speech.of_event("this-event", &event);
                Ok(Err(Response::confirm(EVENT, event.title(), intent, &question, self.attributes(intent))))
            }
        }
    }

    /// The name, or the question for it. What the household usually says is proposed, and never taken for granted.
    async fn name(
        &self,
        intent: &Intent,
        event: &Event,
        proposal: &str,
    ) -> Result<Result<AttendeeName, Response>, Unavailable> {
        let elicit = |message| Response::elicit(NAME, intent, &self.speech.say(message), self.attributes(intent));
        match self.heard(intent, NAME) {
            Heard::No => Ok(Err(elicit("which-name"))),
            Heard::MessageTexts(text) => {
                Ok(AttendeeName::parse(&capitalised(&text)).map_err(|_| elicit("name-not-heard")))
            }
            Heard::Nothing => {
                let Some(name) = self.skill.households.usual_name(&self.user).await? else {
                    return Ok(Err(elicit("which-name")));
                };
                let question = self.speech.of_person(proposal, &name, event);
                Ok(Err(Response::confirm(NAME, name.as_str(), intent, &question, self.attributes(intent))))
            }
        }
    }

    fn heard(&self, intent: &Intent, name: &str) -> Heard {
        let slot = intent.slot(name);
        let proposed = self.attributes.proposed.get(name).map(String::as_str);
        match (slot.confirmation_status, slot.text()) {
            (Confirmation::Denied, _) => Heard::No,
            (Confirmation::Confirmed, Some(text)) => Heard::MessageTexts(text.to_owned()),
            (Confirmation::None, Some(text)) if proposed != Some(text) => Heard::MessageTexts(text.to_owned()),
            _ => Heard::Nothing,
        }
    }

    /// What the session goes on with: what was proposed and is neither confirmed nor denied yet.
    fn attributes(&self, intent: &Intent) -> Attributes {
        let mut proposed = self.attributes.proposed.clone();
        proposed.retain(|slot, _| intent.slot(slot).confirmation_status == Confirmation::None);
        Attributes { open: self.attributes.open, proposed }
    }

    fn question(&self, message: &str) -> Response {
        let attributes = Attributes { open: true, ..Attributes::default() };
        Response::ask(&self.speech.say(message), &self.speech.say("what-else"), attributes)
    }

    /// Ends the session, or asks what else there is where it began with a launch.
    fn done(&self, said: &str) -> Response {
        if !self.attributes.open {
            return Response::end(said);
        }
        let what_else = self.speech.say("what-else");
        let attributes = Attributes { open: true, ..Attributes::default() };
        Response::ask(&format!("{said} {what_else}"), &what_else, attributes)
    }
}

fn can_fulfill(intent: &Intent) -> Response {
    let is_ours = [SIGN_UP, TAKE_OUT, WHO_IS_COMING].contains(&intent.name.as_str());
    Response::can_fulfill(intent, is_ours, |slot| {
        let text = intent.slot(slot);
        match (slot, text.text()) {
            (EVENT, Some(text)) => Event::parse(text).is_ok(),
            (NAME, Some(text)) => AttendeeName::parse(text).is_ok(),
            _ => false,
        }
    })
}
