//! What pages say when something is wrong: in people's words, and with a way back.

use maud::html;

use crate::domain::event_details::SignupRefusal;
use crate::domain::invalid::FieldProblem;
use crate::domain::schedule::Zone;
use crate::http::locale::Locale;
use crate::http::pages::moments::moment;
use crate::http::pages::{Page, layout};
use crate::http::problem::{Cause, Problem, ProblemKind};

/// The page to which a page about a problem leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Back {
    Home,
    Event(String),
    Host(String),
    Organiser,
}

impl Back {
    /// Returns the way back from the path of a request.
    pub fn from_path(path: &str) -> Self {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        if let ["events", event, "host", token, _, ..] = parts[..] {
            return Self::Host(format!("/events/{event}/host/{token}"));
        }
        let mut segments = parts.into_iter();
        match (segments.next(), segments.next()) {
            (Some("organiser"), Some(_)) => Self::Organiser,
            (Some("events"), Some(event)) if !event.is_empty() && segments.next().is_some() => {
                Self::Event(format!("/events/{event}"))
            }
            _ => Self::Home,
        }
    }
}

/// The page about a problem.
pub fn problem(locale: Locale, problem: &Problem, back: &Back) -> Page {
    let (title, _) = texts(problem.kind);
    let (path, label) = match back {
        _ if problem.kind == ProblemKind::OrganiserKeyNeeded => ("/organiser", "back-log-in"),
        Back::Host(path) => (path.as_str(), "back-host"),
        Back::Home => ("/", "back-home"),
        Back::Event(_) if is_about_missing_event(problem) => ("/", "back-home"),
        Back::Event(path) => (path.as_str(), "back-event"),
        Back::Organiser => ("/organiser", "back-organiser"),
    };
    let title = locale.text(title);
    let main = html! {
        h1 { (title) }
        p.notice.bad { (problem_text(locale, problem)) }
        p { a href=(path) { (locale.text(label)) } }
    };
    layout(locale, &title, main)
}

/// Whether there may be no page of the event to lead back to.
fn is_about_missing_event(problem: &Problem) -> bool {
    matches!(
        problem.cause.as_deref(),
        Some(
            Cause::Message("error-no-event" | "error-host-link")
                | Cause::Refused(SignupRefusal::NoSuchEvent | SignupRefusal::Deleted, _)
        )
    )
}

/// Says what is wrong and what to do.
pub fn problem_text(locale: Locale, problem: &Problem) -> String {
    match problem.cause.as_deref() {
        Some(Cause::Message(id)) => locale.text(id),
        Some(Cause::Refused(refusal, zone)) => refusal_text(locale, refusal, zone.as_ref()),
        Some(Cause::Field(_)) => field_text(locale, problem),
        Some(Cause::NoPlace { .. }) | None => locale.text(texts(problem.kind).1),
    }
}

/// Says what is wrong with the field of a problem.
pub fn field_text(locale: Locale, problem: &Problem) -> String {
    match problem.cause.as_deref() {
        Some(Cause::Field(field)) => field_problem_text(locale, field),
        _ => problem_text(locale, problem),
    }
}

fn field_problem_text(locale: Locale, problem: &FieldProblem) -> String {
    let limit = |limit: usize| locale.format("field-too-long", &[("limit", limit.into())]);
    match problem {
        FieldProblem::Missing | FieldProblem::Empty { .. } => locale.text("field-missing"),
        FieldProblem::TooLong { limit: chars, .. } => limit(*chars),
        FieldProblem::TooManyBytes { .. } => locale.text("field-too-many-bytes"),
        FieldProblem::TooManyMarks { .. } | FieldProblem::Invisible { .. } => locale.text("field-characters"),
        FieldProblem::NoLetterOrDigit => locale.text("field-no-letters"),
        FieldProblem::BeginsWithHash => locale.text("field-hash"),
        FieldProblem::Link => locale.text("field-link"),
        FieldProblem::NotAnEmail | FieldProblem::NotAContact | FieldProblem::NotAWebhook => locale.text("field-email"),
        FieldProblem::NotAPhone => locale.text("field-phone"),
        FieldProblem::NotOneContact => locale.text("field-one-contact"),
        FieldProblem::NotATime | FieldProblem::NotALocalTime | FieldProblem::TimeOutOfRange { .. } => {
            locale.text("field-time")
        }
        FieldProblem::NotAZone => locale.text("field-zone"),
        FieldProblem::EndsBeforeStart => locale.text("field-end"),
        FieldProblem::InThePast => locale.text("field-past"),
        FieldProblem::NotInRange { least, most } => {
            locale.format("field-range", &[("least", (*least).into()), ("most", (*most).into())])
        }
        FieldProblem::NotAChoice { .. } => locale.text("field-choice"),
        FieldProblem::WrongType { .. }
        | FieldProblem::TooMany { .. }
        | FieldProblem::NotAnId { .. }
        | FieldProblem::MissingRegistration => locale.text("field-other"),
    }
}

/// Says why nobody can sign up. Times are shown in the event's zone, or in UTC if it has none.
pub fn refusal_text(locale: Locale, refusal: &SignupRefusal, zone: Option<&Zone>) -> String {
    let at = |id: &str, at| locale.format(id, &[("when", moment(locale, at, zone).into())]);
    match refusal {
        SignupRefusal::Cancelled => locale.text("refused-cancelled"),
        SignupRefusal::Over => locale.text("refused-over"),
        SignupRefusal::Archived => locale.text("refused-archived"),
        SignupRefusal::NotOpenYet(opens_at) => at("refused-not-open-yet", *opens_at),
        SignupRefusal::Closed(closed_at) => at("refused-closed", *closed_at),
        SignupRefusal::NoSuchEvent => locale.text("error-no-event"),
        SignupRefusal::Deleted => locale.text("refused-deleted"),
        SignupRefusal::Title(problem) => field_problem_text(locale, problem),
        SignupRefusal::TooManyGuests { limit } => locale.format("refused-guests", &[("limit", (*limit).into())]),
    }
}

/// The messages with the title of a kind, and with what to do.
fn texts(kind: ProblemKind) -> (&'static str, &'static str) {
    match kind {
        ProblemKind::MalformedRequest | ProblemKind::UnsupportedMediaType | ProblemKind::MethodNotAllowed => {
            ("error-malformed-title", "error-malformed")
        }
        ProblemKind::OrganiserKeyNeeded => ("error-organiser-title", "error-organiser"),
        ProblemKind::HostLinkNeeded | ProblemKind::WrongButtonSecret | ProblemKind::Forbidden => {
            ("error-forbidden-title", "error-forbidden")
        }
        ProblemKind::NotFound => ("error-not-found-title", "error-not-found"),
        ProblemKind::TooSlow => ("error-too-slow-title", "error-too-slow"),
        ProblemKind::Conflict
        | ProblemKind::NoPlace
        | ProblemKind::Outdated
        | ProblemKind::VersionNeeded
        | ProblemKind::ConfirmationNeeded
        | ProblemKind::IdempotencyKeyReused => ("error-conflict-title", "error-conflict"),
        ProblemKind::TooLarge => ("error-too-large-title", "error-too-large"),
        ProblemKind::InvalidField => ("error-field-title", "form-check"),
        ProblemKind::TooManyRequests => ("error-too-many-title", "error-too-many"),
        ProblemKind::Unavailable => ("error-unavailable-title", "error-unavailable"),
        ProblemKind::Internal => ("error-internal-title", "error-internal"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn way_back_is_the_page_above() {
        let event = Back::Event("/events/pizza%20night".to_owned());
        assert_eq!(Back::from_path("/events/pizza%20night/signups"), event);
        for (path, back) in [
            ("/events/dance", Back::Home),
            ("/events", Back::Home),
            ("/", Back::Home),
            ("/organiser", Back::Home),
            ("/organiser/buttons", Back::Organiser),
            ("//evil.example/x", Back::Home),
        ] {
            assert_eq!(Back::from_path(path), back, "{path}");
        }
    }
}
