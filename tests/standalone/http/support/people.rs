//! Signing people up and looking them up.

use serde_json::{Value, json};

use super::Endpoint;

/// What a client keeps of a sign-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedUp {
    pub id: String,
    pub name: String,
    /// The manage link's path.
    pub manage: String,
}

/// One segment of a path.
fn percent_encoded(segment: &str) -> String {
    let mut url = url::Url::parse("http://localhost/").unwrap();
    url.path_segments_mut().unwrap().clear().push(segment);
    url.path()[1..].to_owned()
}

impl SignedUp {
    pub fn read(answer: &Value) -> Self {
        let text = |field: &str| answer[field].as_str().unwrap().to_owned();
        let link = url::Url::parse(&text("manage")).unwrap();
        Self { id: text("id"), name: text("name"), manage: link.path().to_owned() }
    }

    pub fn token(&self) -> &str {
        self.manage.rsplit('/').next().unwrap()
    }
}

impl Endpoint {
    /// Signs somebody up over HTTP, and waits until they are on the roster.
    pub fn sign_up(&self, event: &str, name: &str) -> SignedUp {
        self.sign_up_with(event, &json!({ "name": name }))
    }

    pub fn sign_up_with(&self, event: &str, body: &Value) -> SignedUp {
        let event = percent_encoded(event);
        let answer = self.post(&format!("/events/{event}/signups")).json(body).send().is(202);
        self.settled();
        SignedUp::read(&answer.json())
    }

    /// The owner cancels over the manage link.
    pub fn cancel(&self, signed_up: &SignedUp) {
        let answer = self.post(&signed_up.manage).json(&json!({ "action": "cancel" })).send().is(202);
        assert_eq!(answer.json()["state"], "out");
    }

    /// The state that the manage link shows.
    pub fn state(&self, manage: &str) -> String {
        self.get(manage).send().is(200).json()["state"].as_str().unwrap().to_owned()
    }

    /// The kind of contact that the manage link shows.
    pub fn contact(&self, manage: &str) -> Value {
        self.get(manage).send().is(200).json()["contact"].clone()
    }

    /// The names on an event's roster.
    pub fn who(&self, event: &str) -> Vec<String> {
        let page = self.get(&format!("/events/{event}/attendees?limit=1000")).send().is(200).json();
        let names = page["attendees"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap());
        let names: Vec<String> = names.map(str::to_owned).collect();
        assert_eq!(page["count"], json!(names.len()), "the count of {event}");
        names
    }

    /// The export, a record a row, without its header.
    pub fn exported(&self) -> Vec<Vec<String>> {
        let answer = self.get("/organiser/export").organiser().send().is(200);
        let mut reader = csv::Reader::from_reader(&*answer.body);
        reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    /// The ids of the rejects.
    pub fn rejects(&self) -> Vec<String> {
        let listed = self.get("/organiser/rejects").organiser().send().is(200).json();
        listed["rejects"].as_array().unwrap().iter().map(|reject| reject["id"].as_str().unwrap().to_owned()).collect()
    }
}
