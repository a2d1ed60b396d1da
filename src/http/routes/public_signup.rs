//! Puts public sign-ups on the queue. A repeat of a request has the same effect as the first one.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::attendee_name::NameKey;
use crate::domain::client_network::ClientNetwork;
use crate::domain::invalid::InvalidField;
use crate::domain::language::Language;
use crate::domain::manage_link::{ManageToken, RegistrationState};
use crate::domain::registration_details::RegistrationEdit;
use crate::domain::signup::{Request, Signup, Version};
use crate::domain::timestamp::Timestamp;
use crate::formats;
use crate::formats::registration_details::RegistrationFields;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::routes::signups::{admitted, enqueue};
use crate::http::{App, address_proof};
use crate::ports::{IdempotentRequest, Unavailable};

/// The length of an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header). Shorter keys could be guessed, and
/// the response contains a personal link.
pub const IDEMPOTENCY_KEY_BYTES: std::ops::RangeInclusive<usize> = 16..=255;

/// The registrations that one person can begin and end with one form.
const MAX_REPEATS: usize = 20;

/// The sender of a public sign-up.
pub struct Sender<'a> {
    pub headers: &'a HeaderMap,
    pub network: Option<ClientNetwork>,
    /// The language of the page or the client. `None` if it is not known.
    pub language: Option<Language>,
}

/// What a repeat of a request has in common with the first one.
pub enum RequestKey<'a> {
    /// The header `Idempotency-Key`.
    Header(&'a [u8]),
    /// The token of a form, and the name that was typed into it. The next person may use the same form.
    Form { token: &'a str, name: NameKey },
}

/// A sign-up that is on the queue.
pub struct Accepted {
    pub signup: Signup,
    /// Whether the same form had already signed up the same name with other details. The sign-up has the id of that one, and
    /// its details were not sent.
    pub is_other_repeat: bool,
}

/// Puts a public sign-up on the queue, with a version from the server.
///
/// A repeated request with the same key sends the same message again, which changes nothing.
pub async fn enqueue_public(
    app: &App,
    sender: &Sender<'_>,
    key: Option<RequestKey<'_>>,
    parse: impl Fn(Version) -> Result<Signup, InvalidField>,
) -> Result<Accepted, Problem> {
    let mut signup = parse(Version::now())?;
    if let Request::SignUp { contact, confirmed, details } = &mut signup.request {
        details.language = details.language.or(sender.language);
        if let Some(contact) = contact {
            *confirmed = address_proof::proves_control(app, sender.headers, contact).await?;
            signup.network = sender.network;
        }
    }
    let is_form = matches!(key, Some(RequestKey::Form { .. }));
    let request = match key {
        Some(key) => Some(KeyedRequest::of(app, &key, &signup).after_ended_ones(app, &signup, is_form).await?),
        None => None,
    };
    // A request that is refused must not use up its key, nor keep its time for later. A repeat is judged by the time of the
    // first request.
    let mut signup = match admitted(app, signup.clone()).await {
        Ok(signup) => signup,
        Err(refusal) => match &request {
            Some(request) if request.is_repeat(app).await? => signup,
            _ => return Err(refusal),
        },
    };
    if let Some(request) = request {
        match request.version_of_first(app).await? {
            FirstRequest::Same(version) if version == signup.version => {}
            FirstRequest::Same(version) => signup = admitted(app, Signup { version, ..signup }).await?,
            FirstRequest::Other(version) if is_form => {
                return Ok(Accepted { signup: Signup { version, ..signup }, is_other_repeat: true });
            }
            FirstRequest::Other(_) => {
                let detail =
                    "This `Idempotency-Key` was used for another request. Please use a new key for a new request.";
                return Err(Problem::new(ProblemKind::IdempotencyKeyReused, detail));
            }
        }
    }
    enqueue(app, &signup).await?;
    Ok(Accepted { signup, is_other_repeat: false })
}

/// Returns the header `Idempotency-Key`.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<&[u8]>, Problem> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    if IDEMPOTENCY_KEY_BYTES.contains(&key.len()) {
        Ok(Some(key.as_bytes()))
    } else {
        let detail = "Invalid `Idempotency-Key`. Use 16 to 255 characters, such as a UUID.";
        Err(Problem::new(ProblemKind::MalformedRequest, detail))
    }
}

/// A request with an idempotency key.
struct KeyedRequest {
    /// A hash of the key and the event.
    key: String,
    request: IdempotentRequest,
}

impl KeyedRequest {
    fn of(app: &App, key: &RequestKey<'_>, signup: &Signup) -> Self {
        let hash = |purpose, parts: &[&[u8]]| URL_SAFE_NO_PAD.encode(app.token_secret.tag(purpose, parts));
        let event = signup.event.id().as_str().as_bytes();
        let Request::SignUp { contact, details, .. } = &signup.request else {
            unreachable!("only sign-ups have a key")
        };
        let contact =
            contact.as_ref().map_or_else(String::new, |contact| formats::contact::to_json(contact).to_string());
        // The language and `confirmed` may differ between repeats, because a browser sends what they depend on.
        let details = RegistrationFields::of(&RegistrationEdit { language: None, ..details.clone() });
        let details = match serde_json::to_string(&details).expect("the fields are plain data") {
            // As before there were details, so that a request can be repeated during a deployment.
            none if none == "{}" => String::new(),
            details => details,
        };
        let mut fingerprint = vec![signup.name.as_str().as_bytes(), contact.as_bytes()];
        fingerprint.extend(Some(details.as_bytes()).filter(|details| !details.is_empty()));
        let request = IdempotentRequest {
            fingerprint: hash("idempotency request", &fingerprint),
            id: signup.version.id.clone(),
            requested_at: signup.version.requested_at,
        };
        let key = match key {
            RequestKey::Header(key) => hash("idempotency key", &[event, key]),
            RequestKey::Form { token, name } => {
                hash("form token", &[event, token.as_bytes(), name.as_str().as_bytes()])
            }
        };
        Self { key, request }
    }

    /// A form may sign up the same name again after its registration has ended. Returns the request with another key for each
    /// registration of this form that has ended.
    async fn after_ended_ones(mut self, app: &App, signup: &Signup, is_form: bool) -> Result<Self, Unavailable> {
        if !is_form {
            return Ok(self);
        }
        for _ in 0..MAX_REPEATS {
            let Some(first) = app.backend.idempotency.recall(self.key.clone()).await? else { break };
            let token = ManageToken { key: signup.key(), signup: first.id.clone() };
            let attendee = app.backend.roster.attendee(&token.key).await?;
            let state = token.state(attendee.as_ref(), Timestamp::now());
            if matches!(state, RegistrationState::In | RegistrationState::Pending) {
                break;
            }
            let parts = [self.key.as_bytes(), first.id.as_str().as_bytes()];
            self.key = URL_SAFE_NO_PAD.encode(app.token_secret.tag("form token again", &parts));
        }
        Ok(self)
    }

    /// Whether the same request was accepted before.
    async fn is_repeat(&self, app: &App) -> Result<bool, Unavailable> {
        let first = app.backend.idempotency.recall(self.key.clone()).await?;
        Ok(first.is_some_and(|first| first.fingerprint == self.request.fingerprint))
    }

    /// Returns the version of the first request with this key, which is this request if there was none.
    async fn version_of_first(self, app: &App) -> Result<FirstRequest, Unavailable> {
        let fingerprint = self.request.fingerprint.clone();
        let first = app.backend.idempotency.remember(self.key, self.request).await?;
        let version = Version { requested_at: first.requested_at, id: first.id };
        Ok(if first.fingerprint == fingerprint { FirstRequest::Same(version) } else { FirstRequest::Other(version) })
    }
}

/// The first request with a key.
enum FirstRequest {
    /// It had the same content.
    Same(Version),
    Other(Version),
}
