//! An answer, and assertions on it.

use serde_json::Value;
use ureq::http::HeaderMap;

#[derive(Debug)]
pub struct Answer {
    /// The request, for whoever reads a failure.
    what: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn new(what: String, status: u16, headers: HeaderMap, body: Vec<u8>) -> Self {
        Self { what, status, headers, body }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// What a page shows: its text without tags.
    pub fn words(&self) -> String {
        let text = self.text();
        let pieces = text.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, rest)| rest));
        let words: String = pieces.collect();
        words.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.what, String::from_utf8_lossy(&self.body));
        self
    }

    /// A redirect to a page: its path.
    #[track_caller]
    pub fn leads_to(self) -> String {
        let answer = self.is(303);
        let path = answer.header("location").to_owned();
        assert!(path.starts_with('/') && !path.starts_with("//"), "{path}");
        path
    }

    /// A problem in the form of RFC 9457, of the expected kind: its detail.
    #[track_caller]
    pub fn refuses(self, status: u16, kind: &str) -> String {
        let answer = self.is(status);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{}", answer.what);
        let problem = answer.json();
        assert_eq!(problem["type"], format!("urn:countmein:problem:{kind}"), "{}: {problem}", answer.what);
        assert_eq!(problem["status"], status, "{problem}");
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()), "{problem}");
        let detail = problem["detail"].as_str().unwrap_or_default().to_owned();
        assert!(detail.len() > 10, "it does not say what to do: {problem}");
        detail
    }

    /// A field's problem: its detail, which names the field.
    #[track_caller]
    pub fn refuses_field(self, field: &str) -> String {
        assert_eq!(self.json()["field"], field, "{self:?}");
        let detail = self.refuses(422, "invalid-field");
        assert!(detail.starts_with(&format!("`{field}` ")), "{detail}");
        detail
    }
}
