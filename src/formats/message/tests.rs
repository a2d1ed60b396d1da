use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::json;
use strum::VariantArray as _;

use super::*;
use crate::domain::event_details::MAX_GUESTS;
use crate::domain::language::Language;
use crate::domain::registration_details::{Answer, Edit, Note, RegistrationEdit};
use crate::ports::Deferrals;

const ARRIVED: &str = "2026-11-23T12:00:00Z";

fn time_at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn delivery(body: impl ToString) -> Delivery {
    Delivery {
        message_id: "queue-17".to_owned(),
        receipt: "receipt".to_owned(),
        body: body.to_string(),
        arrived_at: time_at(ARRIVED),
        receive_count: 1,
        deferrals: Deferrals::default(),
    }
}

fn read(body: impl ToString) -> Signup {
    parse(&delivery(body)).unwrap()
}

fn error(body: impl ToString) -> String {
    parse(&delivery(body)).unwrap_err().to_string()
}

/// The smallest message with these fields added or replaced.
fn with(fields: Value) -> Value {
    let mut message = json!({"event": "Dance", "name": "Melvin"});
    message.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    message
}

fn sns(message: &str) -> Value {
    json!({
        "Type": "Notification",
        "MessageId": "sns-1",
        "TopicArn": "arn:aws:sns:eu-central-1:123456789012:signups",
        "Message": message,
        "Timestamp": "2026-11-23T11:00:00.000Z",
    })
}

fn cloud_event(data: Value) -> Value {
    let mut event = json!({
        "specversion": "1.0",
        "type": "org.example.signup",
        "source": "/door",
        "id": "event-1",
        "time": "2026-11-23T10:00:00Z",
    });
    event.as_object_mut().unwrap().extend(data.as_object().unwrap().clone());
    event
}

fn id_and_time(signup: &Signup) -> (&str, Timestamp) {
    (signup.version.id.as_str(), signup.version.requested_at)
}

#[test]
fn minimal_message_uses_delivery() {
    let signup = read(r#"{"event": "Dance", "name": "Melvin"}"#);
    let expected = Signup {
        version: Version { requested_at: time_at(ARRIVED), id: SignupId::parse("queue-17").unwrap() },
        event: Event::parse("Dance").unwrap(),
        name: AttendeeName::parse("Melvin").unwrap(),
        channel: Channel::Queue,
        network: None,
        request: Request::trusted_sign_up(None),
    };
    assert_eq!(signup, expected);
}

#[test]
fn full_message_overrides_delivery() {
    let signup = read(with(json!({
        "action": "sign_up",
        "contact": {"email": "ana@example.org"},
        "requested_at": "2026-11-23T11:30:00+01:00",
        "id": "order-17",
        "channel": "alexa",
    })));
    assert_eq!(id_and_time(&signup), ("order-17", time_at("2026-11-23T10:30:00Z")));
    assert_eq!(signup.channel, Channel::Alexa);
    assert_eq!(signup.request, Request::trusted_sign_up(Some(Contact::email("ana@example.org").unwrap())));
}

#[test]
fn accepts_milliseconds() {
    let at = time_at("2026-11-23T11:00:00Z");
    assert_eq!(read(with(json!({"requested_at": at.as_millis()}))).version.requested_at, at);
}

#[test]
fn future_time_becomes_arrival_time() {
    for claimed in
        [json!("2026-11-23T12:00:00.001Z"), json!("9998-12-31T23:59:59Z"), json!(Timestamp::LATEST.as_millis())]
    {
        assert_eq!(read(with(json!({"requested_at": claimed}))).version.requested_at, time_at(ARRIVED), "{claimed}");
    }
    assert_eq!(read(sns(r#"{"event": "Dance", "name": "Ana"}"#)).version.requested_at, time_at("2026-11-23T11:00:00Z"));
    let mut late = sns(r#"{"event": "Dance", "name": "Ana"}"#);
    late["Timestamp"] = json!("2026-11-23T13:00:00.000Z");
    assert_eq!(read(late).version.requested_at, time_at(ARRIVED));
}

#[test]
fn action_registration_and_channel_determine_request() {
    let registration = || SignupId::parse("s-1").unwrap();
    let table = [
        (json!({}), Request::trusted_sign_up(None)),
        (json!({"channel": "http"}), Request::sign_up(None)),
        (json!({"channel": "button", "action": "cancel"}), Request::Cancel),
        (json!({"stay": "s-1"}), Request::SetContact { registration: registration(), contact: None, confirmed: false }),
        (
            json!({"stay": "s-1", "channel": "http"}),
            Request::SetContact { registration: registration(), contact: None, confirmed: false },
        ),
        (
            json!({"stay": "s-1", "notify": false}),
            Request::SetNotifications { registration: registration(), on: false },
        ),
        (json!({"action": "send_link", "channel": "http"}), Request::SendLink),
        (json!({"stay": "s-1", "action": "cancel"}), Request::CancelRegistration { registration: registration() }),
        (
            json!({"stay": "s-1", "action": "cancel", "channel": "http"}),
            Request::CancelRegistration { registration: registration() },
        ),
    ];
    for (fields, request) in table {
        assert_eq!(read(with(fields.clone())).request, request, "{fields}");
    }
}

#[test]
fn null_and_unknown_fields_are_ignored() {
    let nothing = json!({"action": null, "contact": null, "requested_at": null, "id": null, "channel": null,
        "stay": null, "colour": "red", "Message": "no envelope", "data": {"event": "Other"}, "specversion": "0.3"});
    assert_eq!(read(with(nothing)), read(with(json!({}))));
}

#[test]
fn unwraps_sns_notification() {
    let signup = read(sns(r#"{"event": "Dance", "name": "Ana"}"#));
    assert_eq!((signup.name.as_str(), id_and_time(&signup)), ("Ana", ("sns-1", time_at("2026-11-23T11:00:00Z"))));
}

#[test]
fn unwraps_cloud_event_in_every_encoding() {
    let message = r#"{"event": "Dance", "name": "Ana"}"#;
    for data in [
        json!({"data": {"event": "Dance", "name": "Ana"}}),
        json!({"data": message}),
        json!({"data_base64": STANDARD.encode(message)}),
    ] {
        let event = cloud_event(data);
        for body in [event.clone(), sns(&event.to_string())] {
            let signup = read(&body);
            let id_and_time = id_and_time(&signup);
            assert_eq!(
                (signup.name.as_str(), id_and_time),
                ("Ana", ("event-1", time_at("2026-11-23T10:00:00Z"))),
                "{body}"
            );
        }
    }
}

/// A message in each envelope that others put around it, and what the error of a wrong one says.
#[test]
fn unwraps_every_envelope_or_names_it() {
    let message = json!({ "event": "Dance", "name": "Melvin" });
    let (id, at) = ("envelope-1", "2026-11-23T11:00:00Z");
    let bridge = |detail: Value| json!({ "version": "0", "id": id, "time": at, "source": "club", "detail-type": "signup", "detail": detail });
    let millis = time_at(at).as_millis().to_string();
    let record = |body: String| json!({ "eventSource": "aws:sqs", "messageId": id, "body": body, "attributes": { "SentTimestamp": millis } });
    for wrapped in [
        bridge(message.clone()),
        record(message.to_string()),
        json!({ "Records": [record(message.to_string())] }),
        record(bridge(message.clone()).to_string()),
        record(sns(&bridge(message.clone()).to_string()).to_string()),
    ] {
        let signup = read(&wrapped);
        assert_eq!((signup.event.title(), signup.name.as_str()), ("Dance", "Melvin"), "{wrapped}");
        assert_eq!(id_and_time(&signup), (id, time_at(at)), "{wrapped}");
    }
    let destination = |condition: &str, payload: Value| json!({ "version": "1.0", "requestContext": { "condition": condition }, "requestPayload": {}, "responsePayload": payload });
    assert_eq!(read(destination("Success", message.clone())).name.as_str(), "Melvin");
    assert_eq!(read(format!("\u{feff}{message}")).name.as_str(), "Melvin");
    for (wrong, says) in [
        (bridge(json!("text")), "`detail`"),
        (record("no JSON".to_owned()), "`body`"),
        (destination("RetriesExhausted", message.clone()), "a Lambda destination's record of a failure"),
        (destination("Success", Value::Null), "`responsePayload`"),
        (json!({ "Records": [] }), "no record"),
        (json!({ "Records": [record(message.to_string()), record(message.to_string())] }), "several records"),
        (json!({ "Records": [{ "eventSource": "aws:s3", "s3": {} }] }), "a record of another service"),
    ] {
        assert!(error(&wrong).contains(says), "{says}: {}", error(&wrong));
    }
    // A message of our own that has fields of an envelope is still one.
    let both = json!({ "event": "Dance", "name": "Ben", "detail-type": "x", "detail": {}, "Records": [] });
    assert_eq!(read(both).name.as_str(), "Ben");
}

/// CloudEvents allows any id that is not empty.
#[test]
fn any_id_of_an_envelope_is_an_id() {
    let with_id = |id: Value| {
        let mut event = cloud_event(json!({ "data": { "event": "Dance", "name": "Melvin" } }));
        event["id"] = id;
        read(event).version.id
    };
    assert_eq!(with_id(json!("a-1")).as_str(), "a-1");
    let ids = [json!("with space"), json!("Größe"), json!("x".repeat(500)), json!("other space")].map(with_id);
    for (index, id) in ids.iter().enumerate() {
        assert!(id.as_str().starts_with("envelope-"), "{id}");
        assert!(!ids[..index].contains(id), "different ids stay different");
    }
    assert_eq!(with_id(json!("with space")), ids[0]);
    assert_eq!(with_id(json!(17)).as_str(), "17");
}

#[test]
fn message_fields_override_envelope() {
    let own = json!({"event": "Dance", "name": "Ana", "id": "own", "requested_at": "2026-11-23T09:00:00Z"});
    for body in [sns(&own.to_string()), cloud_event(json!({"data": own})), {
        sns(&cloud_event(json!({"data": own})).to_string())
    }] {
        assert_eq!(id_and_time(&read(&body)), ("own", time_at("2026-11-23T09:00:00Z")), "{body}");
    }
}

#[test]
fn envelope_fills_only_missing_fields() {
    let partial = cloud_event(json!({"data": {"event": "Dance", "name": "Ana", "id": "own"}, "time": null}));
    assert_eq!(id_and_time(&read(sns(&partial.to_string()))), ("own", time_at("2026-11-23T11:00:00Z")));
}

#[test]
fn error_names_field_problem_and_limit() {
    let long = "x".repeat(1_100);
    let table = [
        // No JSON object.
        (Value::Null, "the message is null, not a JSON object; send one like"),
        (json!([1]), "the message is a list, not a JSON object; send one like"),
        (json!("Dance"), "the message is text, not a JSON object; send one like"),
        (json!({}), "`event` is missing; add it"),
        // Wrong types, field by field.
        (with(json!({"event": 5})), "`event` must be text, not a number"),
        (with(json!({"name": ["Ana"]})), "`name` must be text, not a list"),
        (with(json!({"action": true})), "`action` must be text, not true or false"),
        (with(json!({"channel": {}})), "`channel` must be text, not an object"),
        (with(json!({"id": 17})), "`id` must be text, not a number"),
        (with(json!({"stay": 17})), "`stay` must be text, not a number"),
        (with(json!({"requested_at": []})), "`requested_at` must be text or a number, not a list"),
        (with(json!({"contact": "ana@example.org"})), "`contact` must be an object, not text"),
        (with(json!({"contact": {"sms": 14155552671_i64}})), "`contact.sms` must be text, not a number"),
        // Right types, wrong values.
        (json!({"name": "Melvin"}), "`event` is missing; add it"),
        (json!({"event": "Dance"}), "`name` is missing; add it"),
        (with(json!({"event": "  "})), "`event` is empty; use 1 to 120 characters"),
        (with(json!({"event": "a".repeat(121)})), "`event` has 121 characters; at most 120 are allowed"),
        (with(json!({"event": long})), "`event` has 1100 bytes; at most 1024 are allowed"),
        (with(json!({"event": "🎉"})), "`event` needs at least one letter or digit; add one"),
        (with(json!({"event": "a\u{202e}b"})), "`event` contains U+202E, which cannot be shown; remove it"),
        (with(json!({"name": "  "})), "`name` is empty; use 1 to 80 characters"),
        (with(json!({"name": "x".repeat(81)})), "`name` has 81 characters; at most 80 are allowed"),
        (with(json!({"name": long})), "`name` has 1100 bytes; at most 1024 are allowed"),
        (with(json!({"name": "a\u{7}b"})), "`name` contains U+0007, which cannot be shown; remove it"),
        (with(json!({"name": "#details"})), "`name` begins with `#`, which is reserved"),
        (with(json!({"action": "join"})), "`action` must be one of `sign_up`, `cancel`, `send_link` and `change`"),
        (
            with(json!({"channel": "HTTP"})),
            "`channel` must be one of `http`, `cli`, `button`, `alexa`, `queue` and `import`",
        ),
        (with(json!({"id": ""})), "`id` must be 1 to 128 printable ASCII characters without spaces"),
        (with(json!({"id": "x".repeat(129)})), "`id` must be 1 to 128 printable ASCII characters"),
        (with(json!({"stay": "a b"})), "`stay` must be 1 to 128 printable ASCII characters"),
        (with(json!({"requested_at": "tomorrow"})), "`requested_at` is not a time; use RFC 3339"),
        (
            with(json!({"requested_at": 1_795_431_600})),
            "`requested_at` is outside the range 2000-01-01T00:00:00.000Z to 9998-12-31T23:59:59.999Z; \
             numbers are milliseconds since 1970, not seconds",
        ),
        (with(json!({"requested_at": -1})), "`requested_at` is outside the range 2000-01-01"),
        (with(json!({"requested_at": i64::MAX})), "`requested_at` is outside the range 2000-01-01"),
        (with(json!({"requested_at": u64::MAX})), "`requested_at` is not a time; use RFC 3339"),
        (with(json!({"requested_at": 1.5e12})), "`requested_at` is not a time; use RFC 3339"),
        (with(json!({"requested_at": "1999-12-31T23:59:59Z"})), "`requested_at` is outside the range 2000-01-01"),
        (with(json!({"contact": {}})), "`contact` must contain exactly one of `email`, `sms` and `webhook`"),
        (with(json!({"contact": {"fax": "1"}})), "`contact` must contain exactly one of `email`, `sms` and `webhook`"),
        (
            with(json!({"contact": {"email": "ana@example.org", "sms": "+14155552671"}})),
            "`contact` must contain exactly one of `email`, `sms` and `webhook`",
        ),
        (with(json!({"contact": {"email": "ana"}})), "`contact.email` is not an email address; write it like"),
        (with(json!({"contact": {"sms": "0170"}})), "`contact.sms` is not a phone number in international form;"),
        (with(json!({"contact": {"webhook": "http://example.org"}})), "`contact.webhook` is not an https address;"),
        (
            with(json!({"action": "cancel", "channel": "http"})),
            "`stay` is missing; to cancel over `http`, give the id of the sign-up that began the registration",
        ),
        // Envelopes without a message in them.
        (sns("hello"), "`Message` must be a JSON object, not other text"),
        (sns("[]"), "`Message` must be a JSON object, not a list"),
        (json!({"Type": "Notification", "Message": {}}), "`Message` must be text, not an object"),
        (cloud_event(json!({"data": 5})), "`data` must be a JSON object, not a number"),
        (cloud_event(json!({"data": "hello"})), "`data` must be a JSON object, not other text"),
        (
            cloud_event(json!({"data_base64": "%%"})),
            "`data_base64` must be base64 of a JSON object in UTF-8, not something else",
        ),
        (cloud_event(json!({"data_base64": "/w=="})), "`data_base64` must be base64 of a JSON object in UTF-8"),
        (cloud_event(json!({"data_base64": 5})), "`data_base64` must be text, not a number"),
    ];
    for (body, expected) in table {
        let error = error(&body);
        assert!(error.starts_with(expected), "{body}\n  error:    {error}\n  expected: {expected}");
    }
}

#[test]
fn invalid_json_error_shows_example() {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    for body in ["", " ", "{", "hello", "{'event': 'Dance'}", "\u{feff}", &deep] {
        let error = error(body);
        assert!(error.starts_with("the message is not JSON ("), "{body:?}: {error}");
        assert!(error.ends_with(r#"send an object like {"event": "Dance", "name": "Melvin"}"#), "{error}");
    }
}

#[test]
fn rejects_unusable_queue_message_id() {
    let delivery = Delivery { message_id: "a b".to_owned(), ..delivery(with(json!({}))) };
    assert_eq!(
        parse(&delivery).unwrap_err().to_string(),
        "`id` must be 1 to 128 printable ASCII characters without spaces"
    );
}

#[test]
fn error_never_repeats_contact() {
    let private = "sekret@localhost";
    for field in ["event", "name", "action", "channel", "id", "stay", "requested_at", "contact"] {
        for value in [json!(private), json!([private]), json!({"email": private}), json!({private: private})] {
            if let Err(error) = parse(&delivery(with(json!({field: value})))) {
                assert!(!error.to_string().contains("sekret"), "{field}: {error}");
                assert!(!format!("{error:?}").contains("sekret"), "{field}: {error:?}");
            }
        }
    }
    for body in [private.to_owned(), format!("{{\"contact\": {{\"email\": \"{private}\" }}"), format!("\"{private}\"")]
    {
        assert!(!error(&body).contains("sekret"), "{body}");
        assert!(!error(sns(&body)).contains("sekret"), "{body}");
    }
}

fn some_id() -> impl Strategy<Value = SignupId> {
    prop_oneof!["[!-~]{1,128}".prop_map(|text| SignupId::parse(&text).unwrap()), some_moment().prop_map(SignupId::new)]
}

fn some_moment() -> impl Strategy<Value = Timestamp> {
    (Timestamp::EARLIEST.as_millis()..=Timestamp::LATEST.as_millis())
        .prop_map(|millis| Timestamp::from_millis(millis).unwrap())
}

fn some_contact() -> impl Strategy<Value = Contact> {
    let line = prop_oneof![
        "[A-Za-z0-9.+_'-]{1,20}@[A-Za-z][A-Za-z0-9-]{0,10}\\.(org|Example|co\\.uk)",
        "\"[ -~]{0,10}\"@example\\.org",
        "\\+(1|39|41|44|49|91|972)[ -]?[0-9]{6,11}",
        "https://[A-Za-zäß]{1,10}\\.Example/[ -~é]{0,20}",
    ];
    line.prop_filter_map("invalid contact", |line| Contact::from_line(&line).ok())
}

fn some_edit() -> impl Strategy<Value = RegistrationEdit> {
    fn edit<T: Clone + std::fmt::Debug>(values: impl Strategy<Value = T> + 'static) -> impl Strategy<Value = Edit<T>> {
        prop_oneof![Just(Edit::Keep), Just(Edit::Remove), values.prop_map(Edit::Set)]
    }
    let answer = "[\\PC\\s]{1,40}".prop_filter_map("invalid answer", |text| Answer::parse(&text).ok());
    let note = "[\\PC\\s]{1,40}".prop_filter_map("invalid note", |text| Note::parse(&text).ok());
    let language = proptest::option::of(prop::sample::select(Language::VARIANTS));
    (proptest::option::of(0..=MAX_GUESTS), edit(answer), edit(note), language)
        .prop_map(|(guests, answer, note, language)| RegistrationEdit { guests, answer, note, language })
}

/// Every request that a channel can make.
fn some_request() -> impl Strategy<Value = (Channel, Request)> {
    let trusted =
        || prop::sample::select(Channel::VARIANTS.iter().copied().filter(|c| *c != Channel::Http).collect::<Vec<_>>());
    let any_channel = || prop::sample::select(Channel::VARIANTS);
    let contact = || proptest::option::of(some_contact());
    prop_oneof![
        (contact(), any::<bool>(), some_edit()).prop_map(|(contact, confirmed, details)| {
            let confirmed = confirmed && contact.is_some();
            (Channel::Http, Request::SignUp { contact, confirmed, details })
        }),
        (trusted(), contact(), some_edit())
            .prop_map(|(channel, contact, details)| (channel, Request::TrustedSignUp { contact, details })),
        (any_channel(), some_id(), some_edit())
            .prop_map(|(channel, registration, details)| (channel, Request::SetDetails { registration, details })),
        (any_channel(), some_id(), contact(), any::<bool>()).prop_map(|(channel, registration, contact, confirmed)| {
            let confirmed = confirmed && contact.is_some();
            (channel, Request::SetContact { registration, contact, confirmed })
        }),
        (any_channel(), some_id(), some_contact())
            .prop_map(|(channel, registration, contact)| (channel, Request::ConfirmContact { registration, contact })),
        trusted().prop_map(|channel| (channel, Request::Cancel)),
        (any_channel(), some_id())
            .prop_map(|(channel, registration)| (channel, Request::CancelRegistration { registration })),
        (any_channel(), some_id(), any::<bool>())
            .prop_map(|(channel, registration, on)| (channel, Request::SetNotifications { registration, on })),
        any_channel().prop_map(|channel| (channel, Request::SendLink)),
    ]
}

fn some_signup() -> impl Strategy<Value = Signup> {
    let event = "[\\PC\\s]{1,40}".prop_filter_map("invalid event", |text| Event::parse(&text).ok());
    let name = "[\\PC\\s]{1,40}".prop_filter_map("invalid name", |text| AttendeeName::parse(&text).ok());
    (some_moment(), some_id(), event, name, some_request()).prop_map(|(requested_at, id, event, name, request)| {
        let (channel, request) = request;
        Signup { version: Version { requested_at, id }, event, name, channel, network: None, request }
    })
}

/// Random JSON. It often has the fields of a message, but seldom valid values.
fn some_json() -> impl Strategy<Value = Value> {
    let field = prop::sample::select(vec![
        "event",
        "name",
        "action",
        "contact",
        "requested_at",
        "id",
        "channel",
        "stay",
        "notify",
        "confirmed",
        "email",
        "sms",
        "webhook",
        "Type",
        "Message",
        "MessageId",
        "Timestamp",
        "specversion",
        "data",
        "data_base64",
        "time",
        "other",
    ]);
    let word = prop::sample::select(vec![
        "Dance",
        "Melvin",
        "cancel",
        "sign_up",
        "http",
        "queue",
        "Notification",
        "1.0",
        "2026-11-23T11:00:00Z",
        "ana@example.org",
        "+14155552671",
        "https://example.org/",
        "{}",
        r#"{"event":"a","name":"b"}"#,
        "e30=",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        word.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 8, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            4 => prop::collection::hash_map(field.clone().prop_map(String::from), inner, 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(crate::seed::config(1_000))]

    #[test]
    fn written_message_parses_back(signup in some_signup(), delay_ms in 0..1_000_u64) {
        let arrived_at = signup.version.requested_at.plus(std::time::Duration::from_millis(delay_ms));
        let delivery = Delivery { arrived_at, ..delivery(write(&signup)) };
        prop_assert_eq!(parse(&delivery), Ok(signup));
    }

    #[test]
    fn parsing_random_text_does_not_panic(body in any::<String>()) {
        let _ = parse(&delivery(body));
    }

    #[test]
    fn parsing_random_json_does_not_panic(body in some_json()) {
        let _ = parse(&delivery(&body));
        let _ = parse(&delivery(sns(&body.to_string())));
        let _ = parse(&delivery(cloud_event(json!({"data": body}))));
    }
}
