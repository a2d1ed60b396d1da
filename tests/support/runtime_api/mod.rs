//! A function's binary run as Lambda runs it, with this as its Runtime API: it hands out events, takes the answers,
//! and can kill the process at any moment.

pub mod events;
pub mod proxy;

use std::io::{BufRead as _, BufReader, Read};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::http::Message;

/// Longer than any invocation takes on a busy machine; never waited for in full unless something is wrong.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What Lambda gives an invocation; the functions' timeout in the template.
const TIMEOUT: Duration = Duration::from_secs(20);

const API: &str = "/2018-06-01/runtime/";

/// The outcome of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Response(Value),
    /// The invocation failed, with this as the reason.
    Error(Value),
    /// The process ended.
    Died,
}

impl Answer {
    #[track_caller]
    pub fn response(self) -> Value {
        match self {
            Self::Response(response) => response,
            other => panic!("the function gave no response but {other:?}"),
        }
    }
}

/// A process of a function, until it is dropped.
pub struct Function {
    process: Child,
    started: Instant,
    asked: Arc<OnceLock<Instant>>,
    events: mpsc::Sender<Invocation>,
    answers: mpsc::Receiver<(Answer, Instant)>,
    lines: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
}

struct Invocation {
    request_id: String,
    event: Vec<u8>,
}

impl Function {
    /// Starts the executable with what Lambda sets in its environment, and `environment`, which wins.
    pub fn start(executable: &Path, environment: &[(String, String)]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let name = executable.file_stem().unwrap().to_str().unwrap();
        let mut command = Command::new(executable);
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr().unwrap().to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}"))
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "2026/11/24/[$LATEST]0123456789abcdef0123456789abcdef")
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_SESSION_TOKEN", "test")
            .env("_HANDLER", "bootstrap")
            .env("LAMBDA_TASK_ROOT", "/var/task")
            .env("TZ", ":UTC")
            .envs(environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());

        let asked = Arc::new(OnceLock::new());
        let (events, invocations) = mpsc::channel();
        let (answering, answers) = mpsc::channel();
        let api = Arc::new(Api {
            asked: Arc::clone(&asked),
            invocations: Mutex::new(invocations),
            answers: answering.clone(),
        });
        thread::spawn(move || {
            for connection in listener.incoming() {
                let api = Arc::clone(&api);
                thread::spawn(move || api.serve(connection.unwrap()));
            }
        });

        let started = Instant::now();
        let mut process = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", executable.display()));
        let lines = Arc::new(Mutex::new(Vec::new()));
        let errors = collect(process.stderr.take().unwrap(), &lines, || {});
        let output = collect(process.stdout.take().unwrap(), &lines, move || {
            // The receiver may be gone already.
            let _ = answering.send((Answer::Died, Instant::now()));
        });
        Self { process, started, asked, events, answers, lines, readers: vec![errors, output] }
    }

    /// Hands out the event and waits for the answer.
    pub fn invoke(&self, event: &Value) -> Answer {
        self.hand_out(event);
        self.answer().0
    }

    /// Hands out an event.
    pub fn hand_out(&self, event: &Value) {
        static INVOCATIONS: AtomicU64 = AtomicU64::new(1);
        let request_id = format!("8476a536-e9f4-11e8-9739-{:012x}", INVOCATIONS.fetch_add(1, Ordering::Relaxed));
        let event = serde_json::to_vec(event).unwrap();
        self.events.send(Invocation { request_id, event }).expect("the Runtime API is there");
    }

    /// The next answer, and how long after the start of the process it came.
    pub fn answer(&self) -> (Answer, Duration) {
        let (answer, at) = self.answers.recv_timeout(PATIENCE).expect("the function answers or ends");
        (answer, at - self.started)
    }

    /// How long after its start the process first asked for an event.
    pub fn first_asked(&self) -> Duration {
        *self.asked.get().expect("it has asked") - self.started
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Kills the process with `kill -9` and returns what it had printed.
    pub fn kill(mut self) -> Vec<String> {
        self.end();
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        std::mem::take(&mut self.lines.lock().unwrap())
    }

    fn end(&mut self) {
        // The process may have ended by itself.
        let _ = self.process.kill();
        self.process.wait().unwrap();
    }
}

impl Drop for Function {
    /// Leaves nothing running after a failed test, and prints the function's output.
    fn drop(&mut self) {
        self.end();
        if thread::panicking() {
            self.readers.drain(..).for_each(|reader| drop(reader.join()));
            self.lines.lock().unwrap().iter().for_each(|line| eprintln!("{line}"));
        }
    }
}

fn collect(
    stream: impl Read + Send + 'static,
    lines: &Arc<Mutex<Vec<String>>>,
    at_its_end: impl FnOnce() + Send + 'static,
) -> JoinHandle<()> {
    let lines = Arc::clone(lines);
    thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            lines.lock().unwrap().push(line.unwrap());
        }
        at_its_end();
    })
}

/// The Runtime API of one process.
struct Api {
    asked: Arc<OnceLock<Instant>>,
    invocations: Mutex<mpsc::Receiver<Invocation>>,
    answers: mpsc::Sender<(Answer, Instant)>,
}

impl Api {
    /// Serves until the function or the test is gone.
    fn serve(&self, connection: TcpStream) {
        connection.set_nodelay(true).unwrap();
        let mut requests = BufReader::new(connection.try_clone().unwrap());
        while let Ok(Some(request)) = Message::read(&mut requests) {
            let Some(reply) = self.reply(&request) else { return };
            if reply.write(&mut &connection).is_err() {
                return;
            }
        }
    }

    fn reply(&self, request: &Message) -> Option<Message> {
        let call = request.path().strip_prefix(API).unwrap_or_else(|| panic!("no such API: {}", request.path()));
        if call == "invocation/next" {
            self.asked.get_or_init(Instant::now);
            let Invocation { request_id, event } = self.invocations.lock().unwrap().recv().ok()?;
            let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + TIMEOUT;
            let reply = Message::answer(200, event)
                .with("content-type", "application/json")
                .with("lambda-runtime-aws-request-id", request_id)
                .with("lambda-runtime-deadline-ms", deadline.as_millis())
                .with("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:function")
                .with(
                    "lambda-runtime-trace-id",
                    "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1",
                );
            return Some(reply);
        }
        let at = Instant::now();
        let body = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
        let answer = if call.ends_with("/response") { Answer::Response(body) } else { Answer::Error(body) };
        self.answers.send((answer, at)).ok()?;
        Some(Message::answer(202, r#"{"status":"OK"}"#).with("content-type", "application/json"))
    }
}
