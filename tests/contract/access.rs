//! Who may do what over HTTP: every operation of the API, for every role, on every backend.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{self, StatusCode};
use countmein::adapters::metrics::prometheus::PrometheusMetrics;
use countmein::app::secrets::FixedSecrets;
use countmein::domain::attendee_name::AttendeeName;
use countmein::domain::button::{Button, PressActions, Serial};
use countmein::domain::capacity::Capacity;
use countmein::domain::contact_id::ContactId;
use countmein::domain::digest::Digest;
use countmein::domain::event::Event;
use countmein::domain::event_creators::EventCreators;
use countmein::domain::event_details::{Audience, Content, EventDetails, Title};
use countmein::domain::host_link::{HostRole, LinkGenerations};
use countmein::domain::language::Language;
use countmein::domain::manage_link::ManageToken;
use countmein::domain::opt_in::ContactToken;
use countmein::domain::opt_in_link::OptInToken;
use countmein::domain::outbox_message::OutboxMessage;
use countmein::domain::registration::RegistrationKey;
use countmein::domain::seat::{Seat, SeatChange, Standing};
use countmein::domain::seats::EventSeats;
use countmein::domain::secret::Secret;
use countmein::domain::signup::{AttendeeKey, Request, Signup};
use countmein::domain::timestamp::Timestamp;
use countmein::http::client::ListEveryone;
use countmein::http::middleware::rate_limit::RateLimit;
use countmein::http::openapi;
use countmein::http::site::Site;
use countmein::http::{App, ClientLimits, router};
use countmein::notify::text::MessageTexts;
use countmein::ports::{RejectedMessage, Write};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use strum::{EnumIter, IntoEnumIterator as _};
use tower::ServiceExt as _;

use crate::backend::Backend;
use crate::people::{apply, at, email, event_id, id, key, person, unique};

/// More at a time would make requests exceed their time limit on a busy machine.
const MAX_CONCURRENT_CHECKS: usize = 32;

pub const ORGANISER_KEY: &str = "the-organisers-key-of-the-test";

/// Who sends a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter)]
enum Role {
    Nobody,
    Attendee,
    CheckIn,
    CoHost,
    Host,
    HostWhoseLinkWasRevoked,
    HostOfAnotherEvent,
    Organiser,
}

/// Who may use an operation.
#[derive(Debug, Clone, Copy)]
enum Allowed {
    /// Everyone. The links and secrets in the path are valid.
    Everyone,
    /// Everyone without a key, or with one that is valid for this event.
    EveryoneWithoutWrongKey,
    CoHosts,
    Hosts,
    Organiser,
    /// Everyone who may see the roster, which is for attendees.
    WhoSeesTheRoster,
    /// The organiser, and everyone else unless only the organiser creates events.
    EventCreators,
}

impl Allowed {
    fn includes(self, role: Role, creators: EventCreators) -> bool {
        use Role::{Attendee, CheckIn, CoHost, Host, HostOfAnotherEvent, HostWhoseLinkWasRevoked, Organiser};
        match self {
            Self::Everyone => true,
            Self::EveryoneWithoutWrongKey => !matches!(role, HostWhoseLinkWasRevoked | HostOfAnotherEvent),
            Self::CoHosts => matches!(role, CoHost | Host | Organiser),
            Self::Hosts => matches!(role, Host | Organiser),
            Self::Organiser => role == Organiser,
            Self::WhoSeesTheRoster => matches!(role, Attendee | CheckIn | CoHost | Host | Organiser),
            Self::EventCreators => role == Organiser || creators == EventCreators::Anyone,
        }
    }
}

/// An operation: who may use it, and a request that succeeds for them.
struct Operation {
    method: &'static str,
    path: &'static str,
    allowed: Allowed,
    body: Value,
}

#[rustfmt::skip]
fn operations() -> Vec<Operation> {
    use Allowed::{CoHosts, EventCreators, Everyone, EveryoneWithoutWrongKey, Hosts, Organiser, WhoSeesTheRoster};
    let role = json!({"role": "co_host"});
    let import = json!({"import": "0123456789abcdef", "began_at": 1_795_431_600_000_i64, "rows": []});
    [
        ("GET", "/", Everyone, json!(null)),
        ("POST", "/", Everyone, json!({"event": "{event}", "name": "Ben"})),
        ("GET", "/events", Organiser, json!(null)),
        ("POST", "/events", EventCreators, json!({"title": "Dinner"})),
        ("GET", "/events/{event}", EveryoneWithoutWrongKey, json!(null)),
        ("PATCH", "/events/{event}", CoHosts, json!({"place": "Hall 2"})),
        ("DELETE", "/events/{event}", Hosts, json!(null)),
        ("POST", "/events/{event}/host/{token}", Everyone, json!({"action": "close"})),
        ("GET", "/events/{event}/host/{token}/edit", Everyone, json!(null)),
        ("POST", "/events/{event}/host/{token}/edit", Everyone, json!({"action": "preview"})),
        ("GET", "/events/{event}/host/{token}/print", Everyone, json!(null)),
        ("GET", "/events/{event}/host/{token}/list.csv", Everyone, json!(null)),
        ("GET", "/events/{event}/host/{token}/delete", Everyone, json!(null)),
        ("POST", "/events/{event}/host/{token}/delete", Everyone, json!({"confirm": "{event}"})),
        ("GET", "/organiser/events/{event}/delete", Organiser, json!(null)),
        ("POST", "/organiser/events/{event}/delete", Organiser, json!({"confirm": "{event}"})),
        ("POST", "/events/{event}/cancel", CoHosts, json!({})),
        ("POST", "/events/{event}/archive", Hosts, json!({})),
        ("POST", "/events/{event}/reopen", Hosts, json!({})),
        ("POST", "/events/{event}/links", Hosts, role.clone()),
        ("POST", "/events/{event}/links/revoke", Hosts, role),
        ("GET", "/events/{event}/host/{token}", Everyone, json!(null)),
        ("POST", "/events/{event}/signups", Everyone, json!({"name": "Ben"})),
        ("POST", "/events/{event}/link", Everyone, json!({"name": "Ana", "contact": {"email": "ana@example.org"}})),
        ("GET", "/events/{event}/attendees", WhoSeesTheRoster, json!(null)),
        ("GET", "/events/{event}/attendees/{name}", WhoSeesTheRoster, json!(null)),
        ("POST", "/events/{event}/rebuild", Organiser, json!({})),
        ("DELETE", "/events/{event}/attendees/{name}", CoHosts, json!(null)),
        ("POST", "/events/{event}/attendees/{name}/promote", CoHosts, json!({"raise_capacity": true})),
        ("GET", "/events/{event}/manage/{token}", Everyone, json!(null)),
        ("POST", "/events/{event}/manage/{token}", Everyone, json!({"action": "quiet"})),
        ("GET", "/events/{event}/contact/{token}", Everyone, json!(null)),
        ("POST", "/events/{event}/contact/{token}", Everyone, json!({"action": "confirm"})),
        ("GET", "/contacts/{token}", Everyone, json!(null)),
        ("POST", "/contacts/{token}", Everyone, json!({"action": "stop"})),
        ("POST", "/organiser/signups", Organiser, json!({"event": "{event}", "name": "Ben"})),
        ("GET", "/organiser/rejects", Organiser, json!(null)),
        ("POST", "/organiser/rejects/redrive", Organiser, json!({"reason": "no reject has this reason"})),
        ("GET", "/organiser/rejects/{id}", Organiser, json!(null)),
        ("POST", "/organiser/rejects/{id}/redrive", Organiser, json!({})),
        ("POST", "/organiser/rejects/{id}/discard", Organiser, json!({})),
        ("GET", "/organiser/outbox", Organiser, json!(null)),
        ("POST", "/organiser/outbox/{id}/retry", Organiser, json!({})),
        ("POST", "/organiser/outbox/{id}/drop", Organiser, json!({})),
        ("POST", "/buttons", Everyone, json!({"event_type": "single"})),
        ("GET", "/organiser/buttons", Organiser, json!(null)),
        ("POST", "/organiser/buttons", Organiser, json!({"serial": "{serial}", "event": "{event}", "name": "Ana"})),
        ("POST", "/organiser/buttons/remove", Organiser, json!({"serial": "{serial}"})),
        ("GET", "/organiser/limits", Organiser, json!(null)),
        ("POST", "/organiser/import", Organiser, import),
        ("GET", "/organiser/export", Organiser, json!(null)),
        ("POST", "/organiser/remove", Organiser, json!({"event": "{event}", "name": "Ana"})),
        ("POST", "/organiser/person/export", Organiser, json!({"name": "Ana"})),
        ("POST", "/organiser/person/remove", Organiser, json!({"event": "{event}", "name": "Ana"})),
        ("GET", "/health", Everyone, json!(null)),
        ("GET", "/metrics", Everyone, json!(null)),
    ]
    .map(|(method, path, allowed, body)| Operation { method, path, allowed, body })
    .into()
}

fn secret(text: &str) -> Secret {
    Secret::new(text).expect("it is long enough")
}

pub fn token_secret() -> Secret {
    secret("a-token-secret-of-the-test")
}

/// The secret of the servers from which the ids of contacts are derived.
pub fn contact_secret() -> Secret {
    secret("a-contact-secret-of-the-test")
}

pub fn server(backend: &Backend, event_creators: EventCreators) -> Router {
    let metrics = Arc::new(PrometheusMetrics::new());
    let app = App {
        queue: backend.queue.clone(),
        backend: backend.ports.clone(),
        import_queue_limit: None,
        downloads: None,
        alexa: None,
        flic_key: None,
        delivery: countmein::http::Delivery { email: true, sms: true, webhooks: true },
        texts: MessageTexts::new(Language::English, 10),
        limits: None,
        token_secret: token_secret(),
        secrets: Arc::new(FixedSecrets {
            organiser_key: secret(ORGANISER_KEY),
            previous_token_secret: None,
            contact_secret: Some(contact_secret()),
        }),
        public_url: None,
        site: Site::default(),
        list_everyone: ListEveryone::Anyone,
        event_creators,
        login_limit: Arc::new(RateLimit::for_logins()),
        metrics: metrics.clone(),
        exposition: Some(metrics),
        live: None,
    };
    router(Arc::new(app), ClientLimits::default())
}

/// Limits the places of an event to one, which somebody else has, so that an attendee waits.
async fn put_on_waiting_list(backend: &Backend, event: &EventDetails, attendee: Signup) {
    let seat = |attendee: AttendeeKey, standing, number| {
        let (owner, since) = (id("ana"), at(1));
        Seat { attendee, owner, since, party: 1, standing, number }
    };
    let waiting = seat(attendee.key(), Standing::Waiting, 2);
    let mut seats = EventSeats::new(Capacity::try_from(1).expect("it is a capacity"), at(0));
    seats.count(&seat(key(event.event.as_str(), "Zoe"), Standing::Confirmed, 1));
    seats.count(&waiting);
    let digest = Digest { seats: Some(seats), ..Digest::new(event.event.clone(), "Dinner".to_owned()) };
    let change = SeatChange { old: None, new: Some(waiting) };
    assert_eq!(
        backend.seats.commit(&digest, &[change], Timestamp::now()).await.expect("the backend is there"),
        Write::Stored
    );
}

/// An event with an attendee, a reject and links.
struct Stage {
    event: EventDetails,
    attendee: String,
    reject: String,
    button: Serial,
    /// The id of a message in the outbox. `None` if the backend has none.
    message: Option<String>,
}

/// Puts the opt-in request to an attendee into the outbox, if there is one.
async fn put_message(backend: &Backend, attendee: &AttendeeKey) -> Option<String> {
    let outbox = backend.outbox.as_ref()?;
    let registration = RegistrationKey { attendee: attendee.clone(), owner: id("ana") };
    let message = OutboxMessage::OptInRequest(registration);
    outbox.put(vec![message.clone()], at(0)).await.expect("the backend is there");
    let waiting = outbox.waiting(usize::from(u16::MAX), None).await.expect("the backend is there");
    Some(waiting.into_iter().find(|waiting| waiting.message == message).expect("the message waits").id)
}

impl Stage {
    async fn new(backend: &Backend) -> Self {
        let title = unique("Dinner");
        let mut content = Content::titled(Title::parse(&title).expect("it is a title"));
        content.roster = Audience::Attendees;
        content.count = Audience::Attendees;
        let mut event = EventDetails::new(event_id(&title), content, at(0));
        event.links.revoke(HostRole::Host);
        assert_eq!(backend.events.create_event(&event, at(0)).await.expect("the backend is there"), Write::Stored);
        let request = Request::sign_up(Some(email("ana@example.org")));
        let ana = person(&title, "Ana").asks(1, "ana", request);
        let attendee = ManageToken::of(&ana).sign(&token_secret());
        let message = put_message(backend, &ana.key()).await;
        put_on_waiting_list(backend, &event, ana.clone()).await;
        apply(&*backend.roster, vec![ana]).await;
        let reject = RejectedMessage {
            id: unique("reject").replace(' ', "-"),
            latest_message: String::new(),
            count: 1,
            body: json!({"event": title, "name": "Cem"}).to_string(),
            reason: "`name` is empty".to_owned(),
            arrived_at: at(0),
            rejected_at: Timestamp::now(),
        };
        let id = reject.id.clone();
        backend.rejected.put(vec![reject]).await.expect("the backend is there");
        let button = Button {
            serial: Serial::parse(&unique("button").replace(' ', "-")).expect("it is a serial number"),
            event: Event::parse(&title).expect("it is an event"),
            attendee: AttendeeName::parse("Ana").expect("it is a name"),
            contact: None,
            actions: PressActions::default(),
        };
        let serial = button.serial.clone();
        backend.buttons.register(button).await.expect("the backend is there");
        Self { event: EventDetails { version: 1, ..event }, attendee, reject: id, button: serial, message }
    }

    fn host_token(&self, role: HostRole) -> String {
        self.event.links.sign(&self.event.event, role, &token_secret())
    }

    fn key(&self, role: Role) -> Option<String> {
        let secret = token_secret();
        Some(match role {
            Role::Nobody => return None,
            Role::Attendee => self.attendee.clone(),
            Role::CheckIn => self.host_token(HostRole::CheckIn),
            Role::CoHost => self.host_token(HostRole::CoHost),
            Role::Host => self.host_token(HostRole::Host),
            Role::HostWhoseLinkWasRevoked => {
                LinkGenerations::default().sign(&self.event.event, HostRole::Host, &secret)
            }
            Role::HostOfAnotherEvent => self.event.links.sign(&event_id("another event"), HostRole::Host, &secret),
            Role::Organiser => ORGANISER_KEY.to_owned(),
        })
    }

    /// The token in the opt-in request about Ana's registration.
    fn opt_in_token(&self) -> String {
        let ManageToken { key, signup } =
            ManageToken::verify(&self.event.event, &self.attendee, &token_secret()).expect("the token is valid");
        let contact = ContactId::of(&email("ana@example.org"), &contact_secret());
        let registration = RegistrationKey { attendee: key, owner: signup };
        OptInToken { contact, registration }.sign(&token_secret())
    }

    fn path(&self, template: &str) -> String {
        let contact = ContactId::of(&email("ana@example.org"), &token_secret());
        let token = match template.split('/').nth(3) {
            // Others may look, but not change or delete.
            Some("host") if template.ends_with("/print") || template.ends_with("/list.csv") => {
                self.host_token(HostRole::CheckIn)
            }
            Some("host") => self.host_token(HostRole::Host),
            Some("manage") => self.attendee.clone(),
            Some("contact") => self.opt_in_token(),
            _ => ContactToken::sign(&contact, &token_secret()),
        };
        let path = template
            .replace("{event}", self.event.event.as_str())
            .replace("{name}", "Ana")
            .replace("{token}", &token)
            .replace("{id}", self.message.as_ref().filter(|_| template.contains("/outbox/")).unwrap_or(&self.reject));
        match template {
            "/buttons" => {
                format!("{path}?serial={}&secret={}", self.button, self.button.secret(&token_secret()))
            }
            _ => path,
        }
    }

    fn uri(&self, operation: &Operation) -> String {
        let path = self.path(operation.path);
        match operation.method {
            "DELETE" => format!("{path}?confirm={}", self.event.event),
            _ => path,
        }
    }
}

async fn status(router: &Router, stage: &Stage, operation: &Operation, role: Role) -> StatusCode {
    let mut request = http::Request::builder()
        .method(operation.method)
        .uri(stage.uri(operation))
        .header("if-match", "*")
        .header("content-type", "application/json");
    // Each device authenticates itself with the secret in its path.
    if let Some(key) = stage.key(role).filter(|_| operation.path != "/buttons") {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let body = match &operation.body {
        Value::Null => Body::empty(),
        body => {
            let body = body.to_string().replace("{event}", stage.event.event.as_str());
            Body::from(body.replace("{serial}", stage.button.as_str()))
        }
    };
    let request = request.body(body).expect("it is a request");
    router.clone().oneshot(request).await.expect("the router cannot fail").status()
}

pub async fn every_role_may_do_what_it_should_and_nothing_else(backend: &Backend) {
    for creators in [EventCreators::Anyone, EventCreators::Organiser] {
        let router = &server(backend, creators);
        let operations = operations();
        let checks = operations.iter().flat_map(|operation| {
            Role::iter().map(move |role| async move {
                let stage = Stage::new(backend).await;
                let status = status(router, &stage, operation, role).await;
                let is_right = if operation.allowed.includes(role, creators) {
                    // Without an outbox, its operations are not found.
                    let has_outbox = backend.outbox.is_some() || !operation.path.starts_with("/organiser/outbox");
                    if has_outbox { status.is_success() } else { status == StatusCode::NOT_FOUND }
                } else {
                    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
                };
                (!is_right).then(|| format!("{} {} as {role:?}: {status}", operation.method, operation.path))
            })
        });
        let checks: Vec<_> = checks.collect();
        let wrong: Vec<Option<String>> = stream::iter(checks).buffer_unordered(MAX_CONCURRENT_CHECKS).collect().await;
        let wrong: Vec<String> = wrong.into_iter().flatten().collect();
        assert!(wrong.is_empty(), "with new events by {creators:?}:\n{}", wrong.join("\n"));
    }
}

#[test]
fn every_operation_has_an_entry() {
    let document: Value = serde_json::from_str(&openapi()).expect("the document is JSON");
    let documented: BTreeSet<(String, String)> = document["paths"]
        .as_object()
        .expect("there are paths")
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().expect("a path has operations").keys();
            methods.map(move |method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    let checked =
        operations().iter().map(|operation| (operation.method.to_owned(), operation.path.to_owned())).collect();
    assert_eq!(documented, checked);
}
