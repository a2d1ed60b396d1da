//! The HTTP client of the commands.

use std::io::{self, Read};
use std::thread;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use ureq::http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, IF_MATCH, LOCATION, RETRY_AFTER};
use ureq::http::{HeaderValue, Method, Request, Response, StatusCode};
use ureq::{Agent, Body, Timeout};
use url::Url;

use super::address::{is_loopback, request_url};
use super::error::{self, CliError};
use crate::domain::secret::Secret;

/// Time limit for each step of a request: name lookup, connecting, the response head, and each read or write.
const STEP_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a command waits for a server that limits requests.
const MAX_WAIT_FOR_LIMIT: Duration = Duration::from_secs(60);

const JSON: &str = "application/json";

/// A client of one server, or of one manage link.
pub struct Client {
    agent: Agent,
    base: Url,
    authorization: Option<HeaderValue>,
}

/// A request to a server.
struct Call<'a> {
    method: Method,
    path: &'a [&'a str],
    query: &'a [(&'a str, &'a str)],
    /// The media type of the answer.
    accept: &'a str,
    body: Option<&'a Value>,
    /// The `ETag` of what is edited.
    version: Option<&'a str>,
}

impl<'a> Call<'a> {
    /// A request for JSON without a body.
    fn new(method: Method, path: &'a [&'a str]) -> Self {
        Self { method, path, query: &[], accept: JSON, body: None, version: None }
    }
}

/// The JSON object in the response to a successful request.
pub struct JsonResponse {
    server: String,
    pub value: Value,
}

impl Client {
    pub fn new(base: &Url) -> Self {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("countmein/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(STEP_TIMEOUT))
            .timeout_connect(Some(STEP_TIMEOUT))
            .timeout_recv_response(Some(STEP_TIMEOUT))
            .timeout_per_read(Some(STEP_TIMEOUT))
            .timeout_per_write(Some(STEP_TIMEOUT));
        if is_loopback(base) {
            // A proxy would connect to the loopback address of its own machine.
            config = config.proxy(None);
        }
        Self { agent: config.build().into(), base: base.clone(), authorization: None }
    }

    /// Sends the organiser's key with every request.
    ///
    /// # Errors
    /// Returns an error if the key would be sent unencrypted over a network.
    pub fn with_key(mut self, key: &Secret) -> Result<Self, CliError> {
        if self.base.scheme() != "https" && !is_loopback(&self.base) {
            return Err(CliError::Usage(format!(
                "refusing to send the organiser's key unencrypted to {}; use an https address, or run this command on \
                 the server's machine",
                self.server()
            )));
        }
        let mut header = HeaderValue::from_bytes(&[b"Bearer ", key.as_bytes()].concat()).map_err(|_| {
            CliError::Usage("the organiser's key contains characters that are not allowed in an HTTP header".into())
        })?;
        header.set_sensitive(true);
        self.authorization = Some(header);
        Ok(self)
    }

    pub fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<JsonResponse, CliError> {
        self.read_json(self.send(&Call { query, ..Call::new(Method::GET, path) })?)
    }

    pub fn post(&self, path: &[&str], body: &Value) -> Result<JsonResponse, CliError> {
        self.read_json(self.send(&Call { body: Some(body), ..Call::new(Method::POST, path) })?)
    }

    /// Sends an edit of what has the `ETag` `version`.
    pub fn patch(&self, path: &[&str], body: &Value, version: &str) -> Result<JsonResponse, CliError> {
        self.read_json(self.send(&Call {
            body: Some(body),
            version: Some(version),
            ..Call::new(Method::PATCH, path)
        })?)
    }

    /// Sends a POST request without a body.
    pub fn post_empty(&self, path: &[&str]) -> Result<JsonResponse, CliError> {
        self.read_json(self.send(&Call::new(Method::POST, path))?)
    }

    pub fn delete(&self, path: &[&str], query: &[(&str, &str)]) -> Result<JsonResponse, CliError> {
        self.read_json(self.send(&Call { query, ..Call::new(Method::DELETE, path) })?)
    }

    /// Reads all pages of a list. Returns the first page with the items of all pages under `list`, and without `next`.
    pub fn get_all(&self, path: &[&str], query: &[(&str, &str)], list: &str) -> Result<JsonResponse, CliError> {
        let mut all = self.get(path, query)?;
        let mut next = all.value["next"].take();
        while let Some(cursor) = next.as_str().map(str::to_owned) {
            let mut page = self.get(path, &[query, &[("cursor", &cursor)]].concat())?;
            next = page.value["next"].take();
            let (Value::Array(items), Value::Array(more)) = (&mut all.value[list], &mut page.value[list]) else {
                return Err(self.not_count_me_in());
            };
            // A server that repeats a cursor would keep this loop running forever.
            if next.as_str() == Some(&cursor) {
                return Err(self.not_count_me_in());
            }
            items.append(more);
        }
        if let Some(fields) = all.value.as_object_mut() {
            fields.remove("next");
        }
        Ok(all)
    }

    /// Reads a page, which it ignores. Accepts JSON, so that the reason of a refusal can be read.
    pub fn check_page(&self, path: &[&str]) -> Result<(), CliError> {
        self.check_status(self.send(&Call::new(Method::GET, path))?).map(drop)
    }

    /// Sends a GET request and returns the body as a stream.
    pub fn get_stream(&self, path: &[&str], query: &[(&str, &str)], media_type: &str) -> Result<impl Read, CliError> {
        let response = self.send(&Call { query, accept: media_type, ..Call::new(Method::GET, path) })?;
        let response = self.check_status(self.follow_to_download(response)?)?;
        if response.body().mime_type() != Some(media_type) {
            return Err(self.not_count_me_in());
        }
        Ok(response.into_body().into_reader())
    }

    /// If the response redirects to a file elsewhere, returns that file. The organiser's key is not sent there.
    fn follow_to_download(&self, response: Response<Body>) -> Result<Response<Body>, CliError> {
        let address = response.headers().get(LOCATION).and_then(|address| address.to_str().ok());
        match address {
            Some(address) if response.status() == StatusCode::SEE_OTHER => {
                self.agent.get(address).call().map_err(|error| self.transport_error(&error, false))
            }
            _ => Ok(response),
        }
    }

    /// The error for a body that ended early.
    pub fn incomplete_response(&self, cause: &io::Error) -> CliError {
        CliError::IncompleteResponse { server: self.server(), cause: cause.to_string(), advice: "try again" }
    }

    /// Sends a request. A server that limits requests has not looked at the one that it refuses, so it is sent again after the
    /// time that the server asks for.
    fn send(&self, call: &Call<'_>) -> Result<Response<Body>, CliError> {
        let mut waited = Duration::ZERO;
        loop {
            let response = self.send_once(call)?;
            let wait = retry_after(&response).min(MAX_WAIT_FOR_LIMIT.saturating_sub(waited));
            if response.status() != StatusCode::TOO_MANY_REQUESTS || wait.is_zero() {
                return Ok(response);
            }
            thread::sleep(wait);
            waited += wait;
        }
    }

    fn send_once(&self, call: &Call<'_>) -> Result<Response<Body>, CliError> {
        let is_change = call.method != Method::GET;
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(request_url(&self.base, call.path, call.query)?.as_str())
            .header(ACCEPT, call.accept);
        if let Some(version) = call.version {
            request = request.header(IF_MATCH, version);
        }
        if let Some(key) = &self.authorization {
            request = request.header(AUTHORIZATION, key);
        }
        let sent = if let Some(body) = call.body {
            request.header(CONTENT_TYPE, JSON).body(body.to_string()).map(|request| self.agent.run(request))
        } else if is_change {
            request.body(String::new()).map(|request| self.agent.run(request))
        } else {
            request.body(()).map(|request| self.agent.run(request))
        };
        sent.unwrap_or_else(|error| Err(error.into())).map_err(|error| self.transport_error(&error, is_change))
    }

    fn read_json(&self, response: Response<Body>) -> Result<JsonResponse, CliError> {
        let mut response = self.check_status(response)?;
        let text = response.body_mut().read_to_string().map_err(|error| self.incomplete_response(&error.into_io()))?;
        // A response with status 204 has no body.
        let value = if text.is_empty() { Ok(json!({})) } else { serde_json::from_str(&text) };
        match value {
            Ok(value @ Value::Object(_)) => Ok(JsonResponse { server: self.server(), value }),
            _ => Err(self.not_count_me_in()),
        }
    }

    fn check_status(&self, mut response: Response<Body>) -> Result<Response<Body>, CliError> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let problem = response.body_mut().read_json().ok().filter(error::is_problem);
        Err(CliError::Refused(problem.unwrap_or_else(|| {
            let server = self.server();
            let detail = match response.headers().get(LOCATION).and_then(|location| location.to_str().ok()) {
                Some(target) if status.is_redirection() => {
                    format!("{server} redirects to {target}; pass that server's address with --url")
                }
                _ => format!("{server} responded with {status}; check that it is a Count Me In server"),
            };
            let title = status.canonical_reason().unwrap_or("Refused");
            json!({"type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail})
        })))
    }

    fn transport_error(&self, error: &ureq::Error, is_change: bool) -> CliError {
        let server = self.server();
        let cause = match error {
            ureq::Error::Io(error) => error.to_string(),
            other => other.to_string(),
        };
        if !may_have_arrived(error) {
            let advice = if is_loopback(&self.base) {
                "start a server with `countmein serve`, or choose another with --url"
            } else {
                "check the address and the network"
            };
            CliError::Unreachable { server, cause, advice }
        } else if is_change {
            CliError::IncompleteResponse {
                server,
                cause,
                advice: "the request may have succeeded, so check before you try again",
            }
        } else {
            CliError::IncompleteResponse { server, cause, advice: "try again" }
        }
    }

    fn not_count_me_in(&self) -> CliError {
        CliError::NotCountMeIn { server: self.server() }
    }

    /// The address without the path, because the path of a manage link is a secret.
    fn server(&self) -> String {
        self.base.origin().ascii_serialization()
    }
}

impl JsonResponse {
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, CliError> {
        T::deserialize(&self.value).map_err(|_| CliError::NotCountMeIn { server: self.server.clone() })
    }
}

/// The time after which a server that limits requests takes the next one (RFC 9110, section 10.2.3): 1 s if it does not say.
fn retry_after(response: &Response<Body>) -> Duration {
    let seconds = response.headers().get(RETRY_AFTER).and_then(|seconds| seconds.to_str().ok()?.trim().parse().ok());
    Duration::from_secs(seconds.unwrap_or(1).max(1))
}

/// Whether the request may have reached the server. It may have if the connection failed after it was established.
fn may_have_arrived(error: &ureq::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut, UnexpectedEof};
    match error {
        ureq::Error::Io(error) => {
            matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | TimedOut | UnexpectedEof)
        }
        ureq::Error::Timeout(step) => !matches!(step, Timeout::Resolve | Timeout::Connect),
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_to_send_key_unencrypted() {
        let key = Secret::new("0123456789abcdef").unwrap();
        for base in ["http://127.0.0.1:8100", "http://localhost", "https://example.org"] {
            assert!(Client::new(&Url::parse(base).unwrap()).with_key(&key).is_ok(), "{base}");
        }
        for base in ["http://example.org", "http://0.0.0.0:8100"] {
            let refused = Client::new(&Url::parse(base).unwrap()).with_key(&key);
            assert!(matches!(refused, Err(CliError::Usage(_))), "{base}");
        }
    }

    #[test]
    fn distinguishes_unsent_requests() {
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
