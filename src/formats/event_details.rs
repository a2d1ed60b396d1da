//! The details of an event as JSON: in the API, in imports and exports, and in stored records.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::domain::capacity::{Capacity, MAX_CAPACITY};
use crate::domain::event_details::{Content, Description, MAX_GUESTS, Place, Question, SignupPeriod, Title};
use crate::domain::invalid::{FieldProblem, InvalidField, choice};
use crate::domain::public_text::check_no_link;
use crate::domain::schedule::{Schedule, Zone};
use crate::domain::timestamp::Timestamp;
use crate::formats::fields;

/// Parses the details of a new event. A field that is absent or `null` has its default value. Unknown fields are ignored.
///
/// # Errors
/// Returns the first invalid field. A title with a link is invalid.
pub fn from_json(fields: &Map<String, Value>) -> Result<Content, InvalidField> {
    let content = parse(fields)?;
    check_title(&content)?;
    Ok(content)
}

fn check_title(content: &Content) -> Result<(), InvalidField> {
    check_no_link(content.title.as_str()).map_err(|problem| problem.in_field("title"))
}

fn parse(fields: &Map<String, Value>) -> Result<Content, InvalidField> {
    let zone = fields::optional_parsed(fields, "zone", Zone::parse)?;
    Ok(Content {
        title: fields::parsed(fields, "title", Title::parse)?,
        description: optional(fields, "description", Description::parse)?,
        schedule: schedule(fields, zone.as_ref())?,
        place: optional(fields, "place", Place::parse)?,
        capacity: capacity(fields)?,
        guests_per_signup: guests(fields)?,
        signups: signup_period(fields, zone.as_ref())?,
        question: optional(fields, "question", Question::parse)?,
        roster: fields::optional_parsed(fields, "roster_visible_to", choice)?.unwrap_or_default(),
        count: fields::optional_parsed(fields, "count_visible_to", choice)?.unwrap_or_default(),
    })
}

/// The details of an event in JSON. A field without a value is `null`.
#[derive(Serialize, ToSchema)]
pub struct DetailsFields {
    /// 1 to 120 characters, without a link.
    #[schema(example = "Omar's dinner")]
    pub title: String,
    /// At most 2,000 characters; may contain line breaks.
    pub description: Option<String>,
    /// The local time in `zone`.
    #[schema(example = "2026-12-03T19:00")]
    pub starts_at: Option<String>,
    #[schema(example = "2026-12-03T23:00")]
    pub ends_at: Option<String>,
    /// A time zone of the IANA database.
    #[schema(example = "Europe/Berlin")]
    pub zone: Option<String>,
    /// At most 200 characters.
    #[schema(example = "Moorweg 3")]
    pub place: Option<String>,
    /// The number of places: 1 to 100,000. Null if it is not limited. An attendee and each guest need one place.
    #[schema(example = 40)]
    pub capacity: Option<u32>,
    /// The number of guests whom one sign-up may bring: 0 to 50.
    pub guests_per_signup: u8,
    /// In RFC 3339; a request may also contain a local time in `zone`.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub signups_open_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub signups_close_at: Option<Timestamp>,
    /// A question that people may answer when they sign up; at most 200 characters.
    #[schema(example = "Do you eat meat?")]
    pub question: Option<String>,
    /// Who sees the names: `everyone`, `attendees` or `hosts`.
    #[schema(example = "everyone")]
    pub roster_visible_to: &'static str,
    /// Who sees the number of attendees: `everyone`, `attendees` or `hosts`.
    #[schema(example = "everyone")]
    pub count_visible_to: &'static str,
}

impl DetailsFields {
    pub fn of(content: &Content) -> Self {
        let schedule = content.schedule.as_ref();
        Self {
            title: content.title.to_string(),
            description: content.description.as_ref().map(|description| description.as_str().to_owned()),
            starts_at: schedule.map(|schedule| schedule.start().to_string()),
            ends_at: schedule.and_then(Schedule::end).map(|end| end.to_string()),
            zone: schedule.map(|schedule| schedule.zone().name().to_owned()),
            place: content.place.as_ref().map(Place::to_string),
            capacity: content.capacity.map(Capacity::get),
            guests_per_signup: content.guests_per_signup,
            signups_open_at: content.signups.opens_at,
            signups_close_at: content.signups.closes_at,
            question: content.question.as_ref().map(Question::to_string),
            roster_visible_to: content.roster.as_str(),
            count_visible_to: content.count.as_str(),
        }
    }
}

/// Writes all fields. [`from_json`] returns the same content for them.
pub fn to_json(content: &Content) -> Map<String, Value> {
    let value = serde_json::to_value(DetailsFields::of(content)).expect("the fields are plain data");
    let Value::Object(fields) = value else { unreachable!("a struct is written as an object") };
    fields
}

/// Replaces the fields that `patch` contains (RFC 7396): `null` removes a field's value.
///
/// # Errors
/// Returns the first field that is invalid afterwards. A title that stays the same may contain a link.
pub fn patched(content: &Content, patch: &Map<String, Value>) -> Result<Content, InvalidField> {
    let mut fields = to_json(content);
    fields.extend(patch.iter().map(|(name, value)| (name.clone(), value.clone())));
    let patched = parse(&fields)?;
    if patched.title != content.title {
        check_title(&patched)?;
    }
    Ok(patched)
}

/// Parses an optional text. A blank text, which a form sends for an empty input, counts as absent.
fn optional<T>(
    object: &Map<String, Value>,
    field: &'static str,
    parse: impl Fn(&str) -> Result<T, FieldProblem>,
) -> Result<Option<T>, InvalidField> {
    let text = fields::optional_text(object, field)?.filter(|text| !text.trim().is_empty());
    text.map(parse).transpose().map_err(|problem| problem.in_field(field))
}

fn schedule(fields: &Map<String, Value>, zone: Option<&Zone>) -> Result<Option<Schedule>, InvalidField> {
    let Some(start) = optional(fields, "starts_at", |text| Ok(text.to_owned()))? else {
        // An end without a start says nothing about an event.
        return match optional(fields, "ends_at", |text| Ok(text.to_owned()))? {
            Some(_) => Err(FieldProblem::Missing.in_field("starts_at")),
            None => Ok(None),
        };
    };
    let zone = zone.ok_or_else(|| FieldProblem::Missing.in_field("zone"))?;
    let start = zone.parse_local(&start).map_err(|problem| problem.in_field("starts_at"))?;
    let end = optional(fields, "ends_at", |text| zone.parse_local(text))?;
    Schedule::new(zone.clone(), start, end).map(Some).map_err(|problem| problem.in_field("ends_at"))
}

fn guests(fields: &Map<String, Value>) -> Result<u8, InvalidField> {
    guest_count(fields, "guests_per_signup", MAX_GUESTS)
}

/// Parses a number of guests. It is 0 if the field is absent.
pub fn guest_count(fields: &Map<String, Value>, field: &'static str, most: u8) -> Result<u8, InvalidField> {
    let count = number(fields, field, 0, most.into())?;
    Ok(count.map_or(0, |count| u8::try_from(count).expect("it is at most `most`")))
}

fn capacity(fields: &Map<String, Value>) -> Result<Option<Capacity>, InvalidField> {
    let places = number(fields, "capacity", 1, MAX_CAPACITY)?;
    Ok(places.map(|places| Capacity::try_from(places).expect("it is in the range of a capacity")))
}

/// Parses a whole number, which a form sends as text. Returns `None` if the field is absent or empty.
fn number(
    fields: &Map<String, Value>,
    field: &'static str,
    least: u32,
    most: u32,
) -> Result<Option<u32>, InvalidField> {
    let found = match fields::optional(fields, field) {
        None => return Ok(None),
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(_) => None,
    };
    let found = found.and_then(|number| u32::try_from(number).ok());
    match found.filter(|number| (least..=most).contains(number)) {
        Some(number) => Ok(Some(number)),
        None => Err(FieldProblem::NotInRange { least: least.into(), most: most.into() }.in_field(field)),
    }
}

fn signup_period(fields: &Map<String, Value>, zone: Option<&Zone>) -> Result<SignupPeriod, InvalidField> {
    let opens_at = optional(fields, "signups_open_at", |text| instant(text, zone))?;
    let closes_at = optional(fields, "signups_close_at", |text| instant(text, zone))?;
    if opens_at.zip(closes_at).is_some_and(|(opens_at, closes_at)| closes_at <= opens_at) {
        return Err(FieldProblem::EndsBeforeStart.in_field("signups_close_at"));
    }
    Ok(SignupPeriod { opens_at, closes_at })
}

/// Parses a moment: RFC 3339, or a local time in the event's zone.
fn instant(text: &str, zone: Option<&Zone>) -> Result<Timestamp, FieldProblem> {
    match zone.map(|zone| (zone, zone.parse_local(text))) {
        Some((zone, Ok(local))) => Ok(zone.instant(local)),
        _ => Timestamp::parse_rfc3339(text),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::event_details::Audience;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn dinner() -> Map<String, Value> {
        object(json!({
            "title": "Omar's dinner",
            "description": "Bring a chair.\n\nAnd a coat.",
            "starts_at": "2026-12-03T19:00",
            "ends_at": "2026-12-03T23:00",
            "zone": "Europe/Berlin",
            "place": "Moorweg 3",
            "capacity": 40,
            "guests_per_signup": 2,
            "signups_open_at": "2026-11-01T00:00:00.000Z",
            "signups_close_at": "2026-12-02T11:00:00.000Z",
            "question": "Do you eat meat?",
            "roster_visible_to": "attendees",
            "count_visible_to": "hosts",
        }))
    }

    #[test]
    fn written_details_are_read_back() {
        let content = from_json(&dinner()).unwrap();
        assert_eq!(to_json(&content), dinner());
        let titled = |title: &str| object(json!({"title": title}));
        assert_eq!(from_json(&titled("Win at evil.com")), Err(FieldProblem::Link.in_field("title")));
        assert_eq!(patched(&content, &titled("Win at evil.com")), Err(FieldProblem::Link.in_field("title")));
        let imported = Content { title: Title::parse("jug.ru meetup").unwrap(), ..content.clone() };
        assert_eq!(patched(&imported, &object(json!({}))), Ok(imported.clone()), "its title stays the same");
        let plain = from_json(&object(json!({"title": "Dance"}))).unwrap();
        assert_eq!(plain, Content::titled(Title::parse("Dance").unwrap()));
        assert_eq!(from_json(&to_json(&plain)).unwrap(), plain);
    }

    #[test]
    fn empty_inputs_of_a_form_are_absent() {
        let fields = [
            "description",
            "starts_at",
            "ends_at",
            "place",
            "capacity",
            "guests_per_signup",
            "signups_open_at",
            "question",
        ];
        let mut form = object(json!({"title": "Dance", "guests_per_signup": ""}));
        form.extend(fields.map(|field| (field.to_owned(), json!(""))));
        assert_eq!(from_json(&form).unwrap(), Content::titled(Title::parse("Dance").unwrap()));
    }

    #[test]
    fn local_closing_time_is_in_the_zone() {
        let mut fields = dinner();
        fields.insert("signups_close_at".to_owned(), json!("2026-12-02T12:00"));
        assert_eq!(to_json(&from_json(&fields).unwrap()), dinner());
    }

    #[test]
    fn patch_changes_its_fields_only() {
        let content = from_json(&dinner()).unwrap();
        let changed =
            patched(&content, &object(json!({"place": "Hall 2", "question": null, "roster_visible_to": null})))
                .unwrap();
        assert_eq!(changed.place.as_ref().unwrap().as_str(), "Hall 2");
        assert_eq!((changed.question.clone(), changed.roster), (None, Audience::Everyone));
        assert_eq!(
            Content { place: content.place.clone(), question: content.question.clone(), ..changed }.title,
            content.title
        );
    }

    #[test]
    fn error_names_the_invalid_field() {
        let problem = |change: Value| {
            let invalid = patched(&from_json(&dinner()).unwrap(), &object(change)).unwrap_err();
            (invalid.field, invalid.problem)
        };
        assert_eq!(problem(json!({"title": null})), ("title", FieldProblem::Missing));
        assert_eq!(problem(json!({"zone": null})), ("zone", FieldProblem::Missing));
        assert_eq!(problem(json!({"zone": "Berlin"})), ("zone", FieldProblem::NotAZone));
        assert_eq!(problem(json!({"starts_at": null})), ("starts_at", FieldProblem::Missing));
        assert_eq!(problem(json!({"starts_at": "tomorrow"})), ("starts_at", FieldProblem::NotALocalTime));
        assert_eq!(problem(json!({"ends_at": "2026-12-03T18:59"})), ("ends_at", FieldProblem::EndsBeforeStart));
        assert_eq!(problem(json!({"signups_close_at": "soon"})), ("signups_close_at", FieldProblem::NotATime));
        let before_opening = json!({"signups_close_at": "2026-10-01T00:00:00Z"});
        assert_eq!(problem(before_opening), ("signups_close_at", FieldProblem::EndsBeforeStart));
        for guests in [json!(51), json!(-1), json!(1.5), json!("many"), json!(true)] {
            let expected = FieldProblem::NotInRange { least: 0, most: 50 };
            assert_eq!(problem(json!({"guests_per_signup": guests})), ("guests_per_signup", expected));
        }
        assert!(matches!(
            problem(json!({"roster_visible_to": "friends"})),
            ("roster_visible_to", FieldProblem::NotAChoice { .. })
        ));
    }
}
