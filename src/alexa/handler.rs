//! Answers one valid request from Alexa.

use std::sync::Arc;

use super::dialog::SlotOutcome;
use super::place::wait_for_place;
use super::request::{Attributes, Confirmation, Intent, Request};
use super::response::Response;
use super::skill::Skill;
use super::speech::Speech;
use super::{CANCEL_INTENT, EVENT_SLOT, NAME_SLOT, SIGN_UP_INTENT, WHO_IS_COMING_INTENT};
use crate::domain::attendee_name::AttendeeName;
use crate::domain::channel::Channel;
use crate::domain::event::Event;
use crate::domain::event_details::EventDetails;
use crate::domain::household::HouseholdId;
use crate::domain::place::Place;
use crate::domain::signup;
use crate::domain::signup::{AttendeeKey, Signup, Version};
use crate::domain::text;
use crate::domain::timestamp::Timestamp;
use crate::domain::viewer::Viewer;
use crate::formats::message;
use crate::ports::{ReadError, StoredDetails, Unavailable, listed_events, places_of};

/// Names that the skill reads out. The remaining attendees are only counted.
const MAX_NAMES_SPOKEN: usize = 5;

/// Names that are read to find some to speak, because those who wait for a place are not spoken.
const MAX_NAMES_READ: usize = 50;

/// Event titles that are sent to Alexa when the skill is launched.
const MAX_EVENT_TITLES: usize = 50;

/// How often the skill asks the same.
const MAX_ASKED: u8 = 2;

/// The length of a text from Alexa in the log, in characters.
const MAX_LOGGED_CHARS: usize = 300;

/// An event as the skill sees it.
enum FoundEvent {
    WithDetails(Arc<EventDetails>),
    /// The event began with a sign-up, or may begin with one.
    WithoutDetails,
    /// It is being deleted, or was just now.
    Deleted,
}

impl FoundEvent {
    fn details(&self) -> Option<&EventDetails> {
        match self {
            Self::WithDetails(details) => Some(details),
            Self::WithoutDetails | Self::Deleted => None,
        }
    }
}

/// One request, with the data that is needed to answer it.
pub struct RequestHandler<'a> {
    pub skill: &'a Skill<'a>,
    pub request: &'a Request,
    pub requested_at: Timestamp,
    pub user: HouseholdId,
    pub attributes: Attributes,
    pub speech: Speech,
}

impl RequestHandler<'_> {
    pub async fn answer(&self) -> Result<Response, Unavailable> {
        match (self.request.kind.as_str(), &self.request.intent) {
            ("LaunchRequest", _) => Ok(self.launch().await),
            ("IntentRequest", Some(intent)) => self.answer_intent(intent).await,
            ("CanFulfillIntentRequest", Some(intent)) => Ok(can_fulfill(intent)),
            // `SessionEndedRequest`, and Alexa's error reports. They get no speech in response.
            _ => {
                self.log_error();
                Ok(Response::empty())
            }
        }
    }

    /// Writes an error that Alexa reports to the log, so that the operator learns why a conversation broke off.
    fn log_error(&self) {
        let Request { kind, reason, error, cause, .. } = self.request;
        let Some(error) = error else { return };
        let printable = |text| text::printable(text, MAX_LOGGED_CHARS);
        tracing::error!(
            request.kind = printable(kind),
            error.kind = printable(&error.kind),
            error.message = printable(&error.message),
            reason = printable(reason),
            cause.request = printable(&cause.request_id),
            "Alexa reports an error of the skill"
        );
    }

    async fn launch(&self) -> Response {
        let events = listed_events(self.skill.roster, MAX_EVENT_TITLES).await.unwrap_or_else(|unavailable| {
            tracing::warn!(%unavailable, "reading the event titles for Alexa failed; launching without them");
            Vec::new()
        });
        let attributes = Attributes { keep_open: true, ..Attributes::default() };
        let welcome = Response::ask(&self.speech.message("welcome"), &self.speech.message("help"), attributes);
        welcome.with_events(&events)
    }

    async fn answer_intent(&self, intent: &Intent) -> Result<Response, Unavailable> {
        match intent.name.as_str() {
            SIGN_UP_INTENT => self.sign_up(intent).await,
            CANCEL_INTENT => self.cancel(intent).await,
            WHO_IS_COMING_INTENT => self.say_who_is_coming(intent).await,
            "AMAZON.StopIntent" | "AMAZON.CancelIntent" | "AMAZON.NavigateHomeIntent" => {
                Ok(Response::end(&self.speech.message("goodbye")))
            }
            "AMAZON.HelpIntent" => Ok(self.ask("help")),
            _ => Ok(self.ask_again("not-understood", self.attributes.clone(), |attributes| {
                let (question, what_else) = (self.speech.message("not-understood"), self.speech.message("what-else"));
                Response::ask(&question, &what_else, Attributes { keep_open: true, ..attributes })
            })),
        }
    }

    async fn sign_up(&self, intent: &Intent) -> Result<Response, Unavailable> {
        let (event, name) = match self.event_and_name(intent, "sign-up-as").await? {
            SlotOutcome::Value(event_and_name) => event_and_name,
            SlotOutcome::Question(question) => return Ok(question),
        };
        let found = self.find(&event).await?;
        let is_open = match &found {
            FoundEvent::WithDetails(details) => details.check_open(self.requested_at).is_ok(),
            FoundEvent::WithoutDetails => true,
            FoundEvent::Deleted => false,
        };
        if !is_open {
            return Ok(self.finish(&self.speech.event_message("signups-closed", &event)));
        }
        let version = self.send(&event, &name, signup::Request::trusted_sign_up(None)).await?;
        if intent.slot(NAME_SLOT).confirmation_status != Confirmation::Confirmed
            && let Err(unavailable) = self.skill.households.remember(&self.user, &name).await
        {
            // The sign-up itself succeeded, so this is not an error for the user.
            tracing::warn!(%unavailable, "storing the household's usual name failed");
        }
        let key = AttendeeKey { event: event.id().clone(), name: name.lookup_key().into_owned() };
        let place = wait_for_place(self.skill, found.details(), &key, &version).await?;
        Ok(self.finish(&self.speech.signed_up(&name, &event, place)))
    }

    /// Cancels a registration. Only the household that made the registration may cancel it.
    async fn cancel(&self, intent: &Intent) -> Result<Response, Unavailable> {
        let (event, name) = match self.event_and_name(intent, "take-out-as").await? {
            SlotOutcome::Value(event_and_name) => event_and_name,
            SlotOutcome::Question(question) => return Ok(question),
        };
        let key = AttendeeKey { event: event.id().clone(), name: name.lookup_key().into_owned() };
        let stored = self.skill.events.stored(event.id()).await?;
        let attendee = self.skill.roster.attendee(&key).await?.filter(|_| !stored.is_void(self.requested_at));
        let message = match attendee.as_ref().and_then(|attendee| attendee.registration()) {
            None => "not-on-the-list",
            Some(registration) if self.user.requested(&registration.owner) => {
                // The request contains the registration's id, so that it cannot cancel a newer registration.
                let request = signup::Request::CancelRegistration { registration: registration.owner.clone() };
                self.send(&event, &name, request).await?;
                "taken-out"
            }
            Some(_) => "not-yours",
        };
        Ok(self.finish(&self.speech.attendee_message(message, &name, &event)))
    }

    async fn say_who_is_coming(&self, intent: &Intent) -> Result<Response, Unavailable> {
        let event = match self.event(intent).await? {
            SlotOutcome::Value(event) => event,
            SlotOutcome::Question(question) => return Ok(question),
        };
        let found = self.find(&event).await?;
        if matches!(found, FoundEvent::Deleted) {
            return Ok(self.finish(&self.speech.roster(event.title(), &[], 0)));
        }
        if !Viewer::Public.view(found.details()).roster {
            return Ok(self.finish(&self.speech.event_message("roster-hidden", &event)));
        }
        let page = self.skill.roster.roster(event.id(), MAX_NAMES_READ, None).await?;
        let places = places_of(self.skill.seats, found.details(), &page.attendees, page.seats).await?;
        let has_place = |place: &Option<Place>| matches!(place, None | Some(Place::Confirmed { .. }));
        let names = page.attendees.iter().zip(&places).filter(|(_, place)| has_place(place));
        let names: Vec<&str> = names.map(|(attendee, _)| attendee.name.as_str()).take(MAX_NAMES_SPOKEN).collect();
        let title = page.title.as_deref().unwrap_or(event.title());
        let waiting = page.seats.map_or(0, |seats| seats.waiting);
        let who = self.speech.roster(title, &names, page.count.saturating_sub(waiting));
        Ok(self.finish(&match waiting {
            0 => who,
            waiting => format!("{who} {}", self.speech.waiting(waiting)),
        }))
    }

    async fn find(&self, event: &Event) -> Result<FoundEvent, Unavailable> {
        Ok(match self.skill.events.stored(event.id()).await? {
            StoredDetails::Some(details) => FoundEvent::WithDetails(details),
            StoredDetails::None => FoundEvent::WithoutDetails,
            StoredDetails::Deleted(deleted) if deleted.covers(self.requested_at) => FoundEvent::Deleted,
            StoredDetails::Deleted(_) => FoundEvent::WithoutDetails,
            StoredDetails::Damaged(cause) => return Err(ReadError::Damaged(cause).into()),
        })
    }

    /// Puts a request on the queue, and returns its version.
    async fn send(&self, event: &Event, name: &AttendeeName, request: signup::Request) -> Result<Version, Unavailable> {
        let Request { request_id, timestamp, .. } = self.request;
        let request_key = if request_id.is_empty() { timestamp } else { request_id };
        let id = self.user.signup_id(request_key, self.skill.user_secret);
        let signup = Signup {
            version: Version { requested_at: self.requested_at, id },
            event: event.clone(),
            name: name.clone(),
            channel: Channel::Alexa,
            network: None,
            request,
        };
        self.skill.queue.send(vec![message::write(&signup)]).await?;
        Ok(signup.version)
    }

    /// Asks something, and counts it under `key`. If that was asked twice in vain, says what else the user can do and ends the
    /// session.
    pub fn ask_again(
        &self,
        key: &str,
        mut attributes: Attributes,
        question: impl FnOnce(Attributes) -> Response,
    ) -> Response {
        let asked = attributes.asked.entry(key.to_owned()).or_default();
        if *asked >= MAX_ASKED {
            return Response::end(&self.speech.message("give-up"));
        }
        *asked += 1;
        question(attributes)
    }

    fn ask(&self, message: &str) -> Response {
        let attributes = Attributes { keep_open: true, ..Attributes::default() };
        Response::ask(&self.speech.message(message), &self.speech.message("what-else"), attributes)
    }

    /// Ends the session or, if the user launched the skill without a request, asks what else to do.
    fn finish(&self, speech: &str) -> Response {
        if !self.attributes.keep_open {
            return Response::end(speech);
        }
        let what_else = self.speech.message("what-else");
        let attributes = Attributes { keep_open: true, ..Attributes::default() };
        Response::ask(&format!("{speech} {what_else}"), &what_else, attributes)
    }
}

fn can_fulfill(intent: &Intent) -> Response {
    let is_supported = [SIGN_UP_INTENT, CANCEL_INTENT, WHO_IS_COMING_INTENT].contains(&intent.name.as_str());
    Response::can_fulfill(intent, is_supported, |slot_name| {
        let slot = intent.slot(slot_name);
        match (slot_name, slot.text()) {
            (EVENT_SLOT, Some(text)) => Event::parse(&text).is_ok(),
            (NAME_SLOT, Some(text)) => AttendeeName::parse(&text).is_ok(),
            _ => false,
        }
    })
}
