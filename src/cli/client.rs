//! Requests to a server, and what comes back.

use std::io::{self, Read};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use ureq::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION};
use ureq::http::{HeaderValue, Method, Request, Response};
use ureq::{Agent, Body, Timeout};
use url::Url;

use super::address::{below, is_loopback};
use super::failure::{self, Failure};
use crate::domain::secret::Secret;

/// How long each step may take: to connect, to be answered, and between two parts of an answer.
const PATIENCE: Duration = Duration::from_secs(10);

const JSON: &str = "application/json";

/// One server, or one address of it.
pub struct Client {
    agent: Agent,
    base: Url,
    authorization: Option<HeaderValue>,
}

/// What the server said when it did what it was asked.
pub struct Answer {
    server: String,
    pub value: Value,
}

impl Client {
    pub fn new(base: &Url) -> Self {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("countmein/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(PATIENCE))
            .timeout_connect(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            .timeout_per_read(Some(PATIENCE))
            .timeout_per_write(Some(PATIENCE));
        if is_loopback(base) {
            // A proxy's loopback is another machine.
            config = config.proxy(None);
        }
        Self { agent: config.build().into(), base: base.clone(), authorization: None }
    }

    /// Sends the organiser's key with every request.
    ///
    /// # Errors
    /// Where others on the way could read it.
    pub fn with_key(mut self, key: &Secret) -> Result<Self, Failure> {
        if self.base.scheme() != "https" && !is_loopback(&self.base) {
            return Err(Failure::Usage(format!(
                "the organiser's key would travel to {} for everyone on the way to read; use an https address, \
                 or run this on the server's own machine",
                self.server()
            )));
        }
        let mut header = HeaderValue::from_bytes(&[b"Bearer ", key.as_bytes()].concat())
            .map_err(|_| Failure::Usage("the organiser's key holds characters that cannot be sent".into()))?;
        header.set_sensitive(true);
        self.authorization = Some(header);
        Ok(self)
    }

    pub fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, Failure> {
        self.answer(self.send(Method::GET, path, query, JSON, None)?)
    }

    pub fn post(&self, path: &[&str], body: &Value) -> Result<Answer, Failure> {
        self.answer(self.send(Method::POST, path, &[], JSON, Some(body))?)
    }

    /// Posts nothing, to where being asked is enough.
    pub fn post_empty(&self, path: &[&str]) -> Result<Answer, Failure> {
        self.answer(self.send(Method::POST, path, &[], JSON, None)?)
    }

    /// All of a list that comes in pages: the first page, with everybody's items under `list` and without `next`.
    pub fn get_all(&self, path: &[&str], list: &str) -> Result<Answer, Failure> {
        let mut whole = self.get(path, &[])?;
        let mut next = whole.value["next"].take();
        while let Some(cursor) = next.as_str().map(str::to_owned) {
            let mut page = self.get(path, &[("cursor", &cursor)])?;
            next = page.value["next"].take();
            let (Value::Array(items), Value::Array(more)) = (&mut whole.value[list], &mut page.value[list]) else {
                return Err(self.strange());
            };
            // A server that goes round in circles would never let us end.
            if next.as_str() == Some(&cursor) {
                return Err(self.strange());
            }
            items.append(more);
        }
        if let Some(fields) = whole.value.as_object_mut() {
            fields.remove("next");
        }
        Ok(whole)
    }

    /// Something of a media type, to be read as it comes.
    pub fn get_stream(&self, path: &[&str], query: &[(&str, &str)], media_type: &str) -> Result<impl Read, Failure> {
        let response = self.accepted(self.send(Method::GET, path, query, media_type, None)?)?;
        if response.body().mime_type() != Some(media_type) {
            return Err(self.strange());
        }
        Ok(response.into_body().into_reader())
    }

    /// For an answer that ended before its end.
    pub fn broken_off(&self, cause: &io::Error) -> Failure {
        Failure::BrokenOff { server: self.server(), cause: cause.to_string(), advice: "try again" }
    }

    fn send(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        accept: &str,
        body: Option<&Value>,
    ) -> Result<Response<Body>, Failure> {
        let changes = method == Method::POST;
        let mut request =
            Request::builder().method(method).uri(below(&self.base, path, query)?.as_str()).header(ACCEPT, accept);
        if let Some(key) = &self.authorization {
            request = request.header(AUTHORIZATION, key);
        }
        let sent = if let Some(body) = body {
            request.header(CONTENT_TYPE, JSON).body(body.to_string()).map(|request| self.agent.run(request))
        } else if changes {
            request.body(String::new()).map(|request| self.agent.run(request))
        } else {
            request.body(()).map(|request| self.agent.run(request))
        };
        sent.unwrap_or_else(|error| Err(error.into())).map_err(|error| self.unanswered(&error, changes))
    }

    fn answer(&self, response: Response<Body>) -> Result<Answer, Failure> {
        let mut response = self.accepted(response)?;
        let text = response.body_mut().read_to_string().map_err(|error| self.broken_off(&error.into_io()))?;
        // As `204` answers.
        let value = if text.is_empty() { Ok(json!({})) } else { serde_json::from_str(&text) };
        match value {
            Ok(value @ Value::Object(_)) => Ok(Answer { server: self.server(), value }),
            _ => Err(self.strange()),
        }
    }

    fn accepted(&self, mut response: Response<Body>) -> Result<Response<Body>, Failure> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let problem = response.body_mut().read_json().ok().filter(failure::is_problem);
        Err(Failure::Refused(problem.unwrap_or_else(|| {
            let server = self.server();
            let detail = match response.headers().get(LOCATION).and_then(|location| location.to_str().ok()) {
                Some(elsewhere) if status.is_redirection() => {
                    format!("{server} sends us on to {elsewhere}; give that server's address with --url")
                }
                _ => format!("{server} answers with {status}; check that it is a Count Me In server"),
            };
            let title = status.canonical_reason().unwrap_or("Refused");
            json!({"type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail})
        })))
    }

    fn unanswered(&self, error: &ureq::Error, changes: bool) -> Failure {
        let server = self.server();
        let cause = match error {
            ureq::Error::Io(error) => error.to_string(),
            other => other.to_string(),
        };
        if !may_have_arrived(error) {
            let advice = if is_loopback(&self.base) {
                "start one with `countmein serve`, or name another with --url"
            } else {
                "check the address and the network"
            };
            Failure::Unreachable { server, cause, advice }
        } else if changes {
            Failure::BrokenOff { server, cause, advice: "it may have done it all the same: look before you try again" }
        } else {
            Failure::BrokenOff { server, cause, advice: "try again" }
        }
    }

    fn strange(&self) -> Failure {
        Failure::Strange { server: self.server() }
    }

    /// Without the path, which in a manage link is a secret.
    fn server(&self) -> String {
        self.base.origin().ascii_serialization()
    }
}

impl Answer {
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        T::deserialize(&self.value).map_err(|_| Failure::Strange { server: self.server.clone() })
    }
}

/// Whether the request may have reached the server: the connection was there, and then something went wrong.
fn may_have_arrived(error: &ureq::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut, UnexpectedEof};
    match error {
        ureq::Error::Io(error) => {
            matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | TimedOut | UnexpectedEof)
        }
        ureq::Error::Timeout(at) => !matches!(at, Timeout::Resolve | Timeout::Connect),
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_does_not_travel_in_the_open() {
        let key = Secret::new("0123456789abcdef").unwrap();
        for base in ["http://127.0.0.1:8100", "http://localhost", "https://example.org"] {
            assert!(Client::new(&Url::parse(base).unwrap()).with_key(&key).is_ok(), "{base}");
        }
        for base in ["http://example.org", "http://0.0.0.0:8100"] {
            let refused = Client::new(&Url::parse(base).unwrap()).with_key(&key);
            assert!(matches!(refused, Err(Failure::Usage(_))), "{base}");
        }
    }

    #[test]
    fn a_request_that_was_never_sent_is_told_from_one_that_may_have_arrived() {
        let io = |kind: io::ErrorKind| ureq::Error::Io(kind.into());
        let no_such_name = ureq::Error::Io(io::Error::other("failed to lookup address information"));
        for error in [no_such_name, io(io::ErrorKind::ConnectionRefused), ureq::Error::Timeout(Timeout::Connect)] {
            assert!(!may_have_arrived(&error), "{error}");
        }
        for error in [io(io::ErrorKind::ConnectionReset), ureq::Error::Timeout(Timeout::RecvResponse)] {
            assert!(may_have_arrived(&error), "{error}");
        }
    }
}
