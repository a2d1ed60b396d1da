//! The messages that an attendee finds on the page behind their link: what the event has announced since they signed up.

use crate::domain::attendee::Attendee;
use crate::domain::language::Language;
use crate::domain::registration::RegistrationKey;
use crate::domain::viewer::Viewer;
use crate::http::App;
use crate::http::bodies::MessageBody;
use crate::ports::{EarlierMessage, Unavailable};

/// The maximum number of messages.
const MAX_MESSAGES: usize = 20;

/// Returns the latest messages to an attendee, latest first. They contain what attendees may see now and were allowed to see
/// when the event announced it. They are in the server's language unless another one is given.
pub async fn messages_to(
    app: &App,
    attendee: &Attendee,
    language: Option<Language>,
) -> Result<Vec<MessageBody>, Unavailable> {
    let Some(registration) = attendee.registration() else { return Ok(Vec::new()) };
    let key = attendee.key();
    let chosen = language.map(|language| app.texts.in_language(language));
    let texts = chosen.as_ref().unwrap_or(&app.texts);
    let mut messages = Vec::new();
    let view = app.backend.events.stored(&key.event).await?.view(Viewer::Attendee);
    for announcement in app.backend.announcements.latest(&key, MAX_MESSAGES).await? {
        let text = announcement.to_attendee(attendee, view).map(|content| texts.announcement_line(&content));
        messages.extend(text.map(|text| MessageBody { at: announcement.at, text }));
    }
    // Their names and numbers cannot be left out any more.
    if let Some(earlier) = app.backend.earlier_messages.as_ref().filter(|_| view.roster) {
        let registration = RegistrationKey { attendee: key, owner: registration.owner.clone() };
        let earlier = earlier.earlier_messages(&registration).await?;
        messages.extend(earlier.into_iter().map(|EarlierMessage { at, text }| MessageBody { at, text }));
    }
    messages.truncate(MAX_MESSAGES);
    Ok(messages)
}
