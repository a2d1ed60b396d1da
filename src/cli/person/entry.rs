//! The entries of `countmein person export` as lines for people.

use serde_json::Value;

/// Formats an entry as a line, followed by the messages that belong to it.
pub fn lines_of(entry: &Value) -> Vec<String> {
    let text = |field: &str| entry[field].as_str().unwrap_or("-");
    let contact = || match entry["contact"].as_object().and_then(|contact| contact.values().next()?.as_str()) {
        Some(address) => format!(", {address}"),
        None => String::new(),
    };
    let (kind, what) = match text("kind") {
        "registration" => {
            let notify = if entry["notify"] == false { ", notifications off" } else { "" };
            let is_unconfirmed = entry["contact"].is_object() && entry["confirmed"] == false;
            let confirmed = if is_unconfirmed { ", not confirmed" } else { "" };
            let place =
                match (entry["place"]["state"].as_str().unwrap_or_default(), entry["place"]["position"].as_u64()) {
                    ("waiting", Some(position)) => format!(", waiting for a place as number {position}"),
                    ("waiting", None) => ", waiting for a place".to_owned(),
                    ("confirmed", _) => ", has a place".to_owned(),
                    _ => String::new(),
                };
            let (title, name, since) = (text("title"), text("name"), text("since"));
            (
                "Registration",
                format!("{title}: {name} since {since} ({}){}{confirmed}{notify}{place}", text("channel"), contact()),
            )
        }
        "cancelled_registration" => {
            ("Cancelled", format!("{}: {}, stored until {}", text("title"), text("name"), text("deleted_at")))
        }
        "button" => {
            ("Button", format!("{} signs up {} for {}{}", text("serial"), text("name"), text("event"), contact()))
        }
        "rejected_message" => ("Rejected message", format!("{}: {}", text("id"), text("reason"))),
        "household" => ("Echo", format!("a household usually says {}", text("name"))),
        "opt_in" => {
            let scope = match text("scope") {
                "all" => " for all registrations",
                "confirmed_registrations" => " for confirmed registrations",
                _ => "",
            };
            ("Opt-in", text("state").replace('_', " ") + scope)
        }
        // A newer server may list more.
        _ => ("Other", entry.to_string()),
    };
    let messages = entry["messages"].as_array().into_iter().flatten();
    let messages = messages.filter_map(|message| Some((message["at"].as_str()?, message["text"].as_str()?)));
    let messages = messages.map(|(at, text)| format!("{:18}{at}  {text}", ""));
    std::iter::once(format!("{kind:18}{what}")).chain(messages).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_has_a_line() {
        let registration = json!({
            "kind": "registration", "title": "Dance", "name": "Ana", "since": "2026-11-23T11:00:00.000Z",
            "channel": "http", "contact": {"email": "ana@example.org"}, "confirmed": false, "notify": false,
            "place": {"state": "waiting", "position": 3},
            "messages": [{"at": "2026-11-23T12:00:00.000Z", "text": "Ben joined."}],
        });
        assert_eq!(
            lines_of(&registration),
            [
                "Registration      Dance: Ana since 2026-11-23T11:00:00.000Z (http), ana@example.org, not confirmed, notifications off, waiting for a place as number 3",
                "                  2026-11-23T12:00:00.000Z  Ben joined.",
            ]
        );
        for (entry, line) in [
            (
                json!({"kind": "cancelled_registration", "title": "Tea", "name": "Ana", "deleted_at": "2026-12-23"}),
                "Cancelled         Tea: Ana, stored until 2026-12-23",
            ),
            (
                json!({"kind": "button", "serial": "b:2", "name": "Ana", "event": "Tea", "contact": null}),
                "Button            b:2 signs up Ana for Tea",
            ),
            (
                json!({"kind": "rejected_message", "id": "m1", "reason": "`name` is empty"}),
                "Rejected message  m1: `name` is empty",
            ),
            (json!({"kind": "household", "name": "Ana"}), "Echo              a household usually says Ana"),
            (json!({"kind": "opt_in", "state": "opted_out"}), "Opt-in            opted out"),
            (
                json!({"kind": "opt_in", "state": "confirmed", "scope": "all"}),
                "Opt-in            confirmed for all registrations",
            ),
            (
                json!({"kind": "opt_in", "state": "confirmed", "scope": "confirmed_registrations"}),
                "Opt-in            confirmed for confirmed registrations",
            ),
            (json!({"kind": "new"}), "Other             {\"kind\":\"new\"}"),
        ] {
            assert_eq!(lines_of(&entry), [line]);
        }
    }
}
