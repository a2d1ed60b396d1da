//! A request as a well-behaved client sends it.

use serde_json::Value;
use ureq::http;

use super::{Answer, Endpoint, KEY};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

#[must_use]
pub struct Request<'a> {
    server: &'a Endpoint,
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl<'a> Request<'a> {
    pub fn new(server: &'a Endpoint, method: &'static str, path: &str) -> Self {
        Self { server, method, path: path.to_owned(), headers: Vec::new(), body: None }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self.header("Content-Type", content_type)
    }

    pub fn json(self, value: &Value) -> Self {
        self.body("application/json", value.to_string())
    }

    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.body("application/x-www-form-urlencoded", body)
    }

    /// As a person's browser asks.
    pub fn browser(self) -> Self {
        self.header("Accept", BROWSER)
    }

    /// With the organiser's key.
    pub fn organiser(self) -> Self {
        self.bearer(KEY)
    }

    /// With the token of a link, or no token.
    pub fn bearer(self, token: &str) -> Self {
        if token.is_empty() { self } else { self.header("Authorization", &format!("Bearer {token}")) }
    }

    pub fn send(self) -> Answer {
        let uri = format!("http://{}{}", self.server.address, self.path);
        let mut request = http::Request::builder().method(self.method).uri(uri);
        // As a program asks. A test that says what it accepts is a browser, or about this header.
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("accept")) {
            request = request.header("Accept", "application/json");
        }
        // The test client cannot read the compressed answer to HEAD, which has no body.
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("accept-encoding")) {
            request = request.header("Accept-Encoding", "identity");
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let what = format!("{} {}", self.method, self.path);
        let answer = match (self.body, self.method) {
            (None, "GET" | "HEAD") => self.server.agent.run(request.body(()).unwrap()),
            (body, _) => self.server.agent.run(request.body(body.unwrap_or_default()).unwrap()),
        };
        let (parts, mut body) = answer.unwrap_or_else(|error| panic!("{what}: {error}")).into_parts();
        let body = body.read_to_vec().unwrap_or_else(|error| panic!("the body of {what}: {error}"));
        Answer::new(what, parts.status.as_u16(), parts.headers, body)
    }
}
