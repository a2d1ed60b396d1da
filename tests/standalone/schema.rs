//! The published contract of a sign-up message: `docs/signup.schema.json` and the golden messages.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use countmein::domain::contact::Contact;
use countmein::domain::signup::{Request, Signup, SignupId};
use countmein::domain::timestamp::Timestamp;
use countmein::formats::message;
use countmein::ports::{Deferrals, Delivery};
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::seed;

fn published() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/signup.schema.json")
}

fn validator() -> Validator {
    let schema = serde_json::to_value(message::schema()).unwrap();
    jsonschema::validator_for(&schema).expect("the schema is one")
}

fn parsed(body: &Value) -> Result<Signup, message::Malformed> {
    message::parse(&Delivery {
        message_id: "queue-17".to_owned(),
        receipt: "receipt".to_owned(),
        body: body.to_string(),
        arrived_at: Timestamp::parse_rfc3339("2026-11-23T12:00:00Z").unwrap(),
        receive_count: 1,
        deferrals: Deferrals::default(),
    })
}

fn with(fields: Value) -> Value {
    let mut message = json!({"event": "Dance", "name": "Melvin"});
    message.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    message
}

#[test]
fn published_schema_matches_the_code() {
    let generated = serde_json::to_string_pretty(&message::schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(published(), generated).unwrap();
        return;
    }
    let found = std::fs::read_to_string(published()).unwrap_or_default();
    assert!(
        found == generated,
        "docs/signup.schema.json is not what the code says; \
         write it anew with `UPDATE_EXPECTED=1 cargo nextest run --test standalone schema` and look at the difference"
    );
}

#[test]
fn schema_and_examples_are_valid() {
    let schema = serde_json::to_value(message::schema()).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    for example in schema["examples"].as_array().expect("the schema has examples") {
        assert!(validator().is_valid(example) && parsed(example).is_ok(), "{example}");
    }
}

#[test]
fn schema_and_parser_agree_on_cases() {
    let accepted = [
        json!({}),
        json!({"action": "cancel"}),
        json!({"action": null, "contact": null, "requested_at": null, "id": null, "channel": null, "stay": null}),
        json!({"contact": {"email": "ana@example.org"}}),
        json!({"contact": {"email": null, "sms": "+14155552671", "webhook": null}}),
        json!({"contact": {"webhook": "https://example.org/", "fax": null}}),
        json!({"requested_at": "2026-11-23T11:00:00Z", "id": "urn:order:17/5", "channel": "button"}),
        json!({"requested_at": 1_795_431_600_000_i64, "stay": "s-1", "notify": false}),
        json!({"action": "send_link", "notify": null}),
        json!({"colour": "red"}),
        json!({"event": format!("Dance{}", " ".repeat(3_000)), "name": format!("{}Ana", " ".repeat(3_000))}),
    ];
    let refused = [
        json!({"event": null}),
        json!({"name": null}),
        json!({"event": 5}),
        json!({"name": ["Ana"]}),
        json!({"event": ""}),
        json!({"name": ""}),
        json!({"action": "join"}),
        json!({"action": 5}),
        json!({"channel": "HTTP"}),
        json!({"id": ""}),
        json!({"id": "a b"}),
        json!({"id": "é"}),
        json!({"id": "x".repeat(129)}),
        json!({"id": 17}),
        json!({"stay": "a\n"}),
        json!({"stay": {}}),
        json!({"notify": "no"}),
        json!({"notify": 0}),
        json!({"requested_at": true}),
        json!({"requested_at": 1.5}),
        json!({"requested_at": 1_795_431_600}),
        json!({"requested_at": -1}),
        json!({"requested_at": i64::MAX}),
        json!({"requested_at": []}),
        json!({"contact": "ana@example.org"}),
        json!({"contact": {}}),
        json!({"contact": {"email": null}}),
        json!({"contact": {"email": 5}}),
        json!({"contact": {"fax": "1"}}),
        json!({"contact": {"email": "ana@example.org", "sms": "+14155552671"}}),
        json!({"contact": {"email": "ana@example.org", "fax": "1"}}),
    ];
    let validator = validator();
    for fields in accepted {
        let body = with(fields);
        assert!(validator.is_valid(&body), "the schema refuses {body}");
        assert!(parsed(&body).is_ok(), "the parser refuses {body}");
    }
    let without_a_field = [json!({}), json!({"event": "Dance"}), json!({"name": "Melvin"}), json!([]), json!("Dance")];
    for body in refused.into_iter().map(with).chain(without_a_field) {
        assert!(!validator.is_valid(&body), "the schema accepts {body}");
        assert!(parsed(&body).is_err(), "the parser accepts {body}");
    }
}

/// A golden message and its meaning: event, name, request, channel, id, time.
const GOLDEN: [(&str, [&str; 6]); 10] = [
    ("smallest", ["dance", "Melvin", "enrol", "queue", "queue-17", "2026-11-23T12:00:00.000Z"]),
    (
        "everything",
        ["pizza-night", "Ana María", "enrol email Ana@example.org", "import", "order-17", "2026-11-23T10:30:00.000Z"],
    ),
    ("cancel", ["pizza-night", "ana maría", "cancel", "queue", "queue-17", "2026-11-23T10:35:00.000Z"]),
    (
        "public",
        ["dance", "Melvin", "join webhook https://example.org/hook", "http", "queue-17", "2026-11-23T12:00:00.000Z"],
    ),
    (
        "amend",
        [
            "dance",
            "Melvin",
            "amend 019ab0d5-8f80-7000-8000-000000000001 sms +14155552671",
            "http",
            "queue-17",
            "2026-11-23T12:00:00.000Z",
        ],
    ),
    (
        "leave",
        [
            "dance",
            "Melvin",
            "leave 019ab0d5-8f80-7000-8000-000000000001",
            "http",
            "queue-17",
            "2026-11-23T12:00:00.000Z",
        ],
    ),
    ("sns", ["dance", "Melvin", "enrol", "queue", "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "2026-11-23T11:50:06.131Z"]),
    ("cloud-event", ["dance", "Melvin", "enrol", "queue", "A234-1234-1234", "2026-11-23T11:31:00.000Z"]),
    ("cloud-event-base64", ["dance", "Melvin", "enrol", "queue", "A234-1234-1235", "2026-11-23T11:32:00.000Z"]),
    ("cloud-event-in-sns", ["dance", "Melvin", "enrol", "queue", "A234-1234-1236", "2026-11-23T11:51:00.000Z"]),
];

fn golden(name: &str) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/messages").join(name).with_extension("json");
    serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap()
}

fn in_words(request: &Request) -> String {
    let (verb, registration, contact) = match request {
        Request::SignUp { contact, .. } => ("join", None, contact.as_ref()),
        Request::TrustedSignUp { contact, .. } => ("enrol", None, contact.as_ref()),
        Request::SetDetails { registration, .. } => ("set details", Some(registration), None),
        Request::SetContact { registration, contact, .. } => ("amend", Some(registration), contact.as_ref()),
        Request::ConfirmContact { registration, contact } => ("confirm", Some(registration), Some(contact)),
        Request::Cancel => ("cancel", None, None),
        Request::CancelRegistration { registration } => ("leave", Some(registration), None),
        Request::SetNotifications { registration, on: true } => ("notify", Some(registration), None),
        Request::SetNotifications { registration, on: false } => ("notify not", Some(registration), None),
        Request::SendLink => ("send link", None, None),
    };
    let words =
        [Some(verb), registration.map(SignupId::as_str), contact.map(Contact::kind), contact.map(Contact::address)];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

#[test]
fn golden_messages_keep_their_meaning() {
    for (name, expected) in GOLDEN {
        let signup = parsed(&golden(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = [
            signup.event.id().as_str(),
            signup.name.as_str(),
            &in_words(&signup.request),
            signup.channel.as_str(),
            signup.version.id.as_str(),
            &signup.version.requested_at.to_string(),
        ];
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn every_golden_message_is_tested() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/messages");
    let stem = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()
    };
    let files: BTreeSet<String> = std::fs::read_dir(folder).unwrap().map(stem).collect();
    assert_eq!(files, GOLDEN.iter().map(|(name, _)| (*name).to_owned()).collect());
}

#[test]
fn plain_golden_messages_match_the_schema() {
    for name in ["smallest", "everything", "cancel", "public", "amend", "leave"] {
        let errors: Vec<String> = validator().iter_errors(&golden(name)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
}

/// A field's value: often one that is right, sometimes one that is right elsewhere, sometimes anything.
fn some_value() -> impl Strategy<Value = Value> {
    let text = prop::sample::select(vec![
        "Dance",
        "",
        " ",
        "sign_up",
        "cancel",
        "send_link",
        "http",
        "queue",
        "order-17",
        "a b",
        "ana@example.org",
        "+14155552671",
        "https://example.org/",
        "2026-11-23T11:00:00Z",
        "2026-11-23 11:00:00Z",
        "2026-11-23T11:00:00+01:00[Europe/Paris]",
    ]);
    let contact =
        (some_address(), some_address(), some_address(), any::<bool>()).prop_map(|(email, sms, hook, fax)| {
            let fields = [("email", email), ("sms", sms), ("webhook", hook), ("fax", fax.then_some(Value::Null))];
            Value::Object(fields.into_iter().filter_map(|(kind, value)| Some((kind.to_owned(), value?))).collect())
        });
    prop_oneof![
        6 => text.prop_map(Value::from),
        4 => contact,
        2 => (946_684_700_000..253_402_300_800_000_i64).prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<String>().prop_map(Value::from),
        1 => "[\\s]{0,1500}[a-z]{1,5}".prop_map(Value::from),
    ]
}

fn some_address() -> impl Strategy<Value = Option<Value>> {
    let address = prop::sample::select(vec!["ana@example.org", "+14155552671", "https://example.org/", "?"]);
    prop_oneof![
        2 => Just(None),
        1 => Just(Some(Value::Null)),
        2 => address.prop_map(|address| Some(Value::from(address))),
        1 => any::<u8>().prop_map(|number| Some(Value::from(number))),
    ]
}

proptest! {
    #![proptest_config(seed::config(3_000))]

    #[test]
    fn accepted_messages_match_the_schema(
        fields in prop::collection::btree_map(
            prop::sample::select(vec![
                "event", "name", "action", "contact", "requested_at", "id", "channel", "stay", "notify", "other",
            ]),
            some_value(),
            0..3,
        )
    ) {
        thread_local!(static VALIDATOR: Validator = validator());
        let body = with(serde_json::to_value(fields).unwrap());
        if parsed(&body).is_ok() {
            prop_assert!(VALIDATOR.with(|validator| validator.is_valid(&body)), "the schema refuses {}", body);
        }
    }
}
