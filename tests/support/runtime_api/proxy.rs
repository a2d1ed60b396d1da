//! A proxy between a function and its AWS endpoint: it sees every call, and may answer or hold one.

use std::io::BufReader;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;

use serde_json::{Value, json};

use super::PATIENCE;
use crate::support::http::Message;

/// A call of the AWS SDK, in one of its JSON protocols.
#[derive(Debug, Clone)]
pub struct Call {
    /// Counted from 1 since the last [`Proxy::judge`].
    pub number: usize,
    /// As in `DynamoDB_20120810.UpdateItem`.
    pub target: String,
    pub body: Value,
    /// Once the endpoint has given one: the status and the body.
    pub answer: Option<(u16, Value)>,
}

impl Call {
    /// As in `UpdateItem`.
    pub fn operation(&self) -> &str {
        self.target.rsplit('.').next().unwrap_or_default()
    }

    /// Whether the endpoint carried the call out.
    pub fn was_done(&self) -> bool {
        matches!(self.answer, Some((200, _)))
    }
}

/// What the proxy does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Forward,
    /// Never reaches the endpoint; is answered with this status and error code.
    Fail(u16, &'static str),
    /// Never reaches the endpoint; is answered as if SQS had taken none of its entries, for this reason.
    FailEntries(&'static str),
    /// Never reaches the endpoint and is never answered. Other calls are not affected.
    Ignore,
    /// Never reaches the endpoint, nor does any later call, until the next [`Proxy::judge`].
    HoldBefore,
    /// Reaches the endpoint, but its answer never comes back; later calls are held as above.
    HoldAfter,
}

type Judge = Box<dyn Fn(&Call) -> Verdict + Send>;

pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    endpoint: SocketAddr,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    judge: Judge,
    calls: Vec<Call>,
    is_holding: bool,
    /// The number of calls of [`Proxy::judge`]. Calls from before the last one are no longer answered.
    time: u64,
}

impl Proxy {
    /// Starts a proxy to the endpoint at this address, which speaks plain HTTP.
    pub fn before(endpoint: SocketAddr) -> Self {
        let state = State { judge: Box::new(|_| Verdict::Forward), calls: Vec::new(), is_holding: false, time: 0 };
        let shared = Arc::new(Shared { endpoint, state: Mutex::new(state), changed: Condvar::new() });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let shared = Arc::clone(&serving);
                thread::spawn(move || shared.serve(&connection.unwrap()));
            }
        });
        Self { address, shared }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Forgets the calls so far, drops those that are held, and decides about each later call.
    pub fn judge(&self, judge: impl Fn(&Call) -> Verdict + Send + 'static) {
        let mut state = self.shared.state();
        state.judge = Box::new(judge);
        state.calls.clear();
        state.is_holding = false;
        state.time += 1;
        self.shared.changed.notify_all();
    }

    /// As [`Proxy::judge`], with all calls forwarded.
    pub fn forward_all(&self) {
        self.judge(|_| Verdict::Forward);
    }

    /// Waits until a call is held.
    pub fn until_it_holds(&self) {
        let waited = self.shared.changed.wait_timeout_while(self.shared.state(), PATIENCE, |state| !state.is_holding);
        assert!(waited.unwrap().0.is_holding, "no call came that is to be held");
    }

    /// Whether a call is held.
    pub fn is_holding(&self) -> bool {
        self.shared.state().is_holding
    }

    /// The calls since the last [`Proxy::judge`], in order.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.state().calls.clone()
    }
}

/// The action of a call in the older query protocol, whose form begins with it.
fn action(request: &Message) -> Option<&str> {
    str::from_utf8(&request.body).ok()?.strip_prefix("Action=")?.split('&').next()
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Serves until the function is gone or a call is held.
    fn serve(&self, connection: &TcpStream) {
        connection.set_nodelay(true).unwrap();
        let mut requests = BufReader::new(connection.try_clone().unwrap());
        while let Ok(Some(request)) = Message::read(&mut requests) {
            let Some(answer) = self.answer(&request) else { return };
            if answer.write(&mut &*connection).is_err() {
                return;
            }
        }
    }

    /// The answer for the function, if it gets one.
    fn answer(&self, request: &Message) -> Option<Message> {
        let mut state = self.state();
        let (time, index) = (state.time, state.calls.len());
        let call = Call {
            number: index + 1,
            target: request.header("x-amz-target").or(action(request)).unwrap_or_else(|| request.path()).to_owned(),
            body: serde_json::from_slice(&request.body).unwrap_or(Value::Null),
            answer: None,
        };
        let verdict = if state.is_holding { Verdict::HoldBefore } else { (state.judge)(&call) };
        state.calls.push(call);
        match verdict {
            Verdict::Fail(status, code) => {
                let body = json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "prepared answer" });
                let answer = Message::answer(status, body.to_string());
                return Some(answer.with("content-type", "application/x-amz-json-1.0"));
            }
            Verdict::FailEntries(code) => {
                let call = state.calls.last().expect("it was pushed");
                let failed = call.body["Entries"].as_array().expect("a batch call").iter();
                let failed: Vec<Value> =
                    failed.map(|entry| json!({ "Id": entry["Id"], "Code": code, "SenderFault": false })).collect();
                let answer = Message::answer(200, json!({ "Successful": [], "Failed": failed }).to_string());
                return Some(answer.with("content-type", "application/x-amz-json-1.0"));
            }
            Verdict::HoldBefore => {
                self.hold(state);
                return None;
            }
            Verdict::Ignore => {
                let time = state.time;
                drop(self.changed.wait_while(state, |state| state.time == time).unwrap());
                return None;
            }
            Verdict::Forward | Verdict::HoldAfter => drop(state),
        }

        let answer = self.forward(request);
        let mut state = self.state();
        if state.time != time {
            return None;
        }
        let status = answer.first_line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
        state.calls[index].answer = Some((status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null)));
        if verdict == Verdict::HoldAfter {
            self.hold(state);
            return None;
        }
        Some(answer)
    }

    /// Waits until the next [`Proxy::judge`].
    fn hold(&self, mut state: MutexGuard<'_, State>) {
        let time = state.time;
        state.is_holding = true;
        self.changed.notify_all();
        drop(self.changed.wait_while(state, |state| state.time == time).unwrap());
    }

    fn forward(&self, request: &Message) -> Message {
        let endpoint = TcpStream::connect(self.endpoint).unwrap();
        endpoint.set_nodelay(true).unwrap();
        request.write(&mut &endpoint).unwrap();
        Message::read(&mut BufReader::new(&endpoint)).unwrap().expect("the endpoint answers")
    }
}
