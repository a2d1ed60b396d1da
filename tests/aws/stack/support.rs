//! A stack of its own for each test, with what anybody can do to one: call its API, send to its queue, read
//! its table, run the AWS command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use aws_config::SdkConfig;
use countmein::adapters::dynamodb::EventsTable;
use countmein::adapters::sqs::Sqs;
use countmein::domain::event::EventId;
use countmein::ports::{Depth, Queue as _, RejectedMessage, RejectedMessages as _, Roster as _};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::ministack::texts::texts;
use crate::support::ministack::{Account, REGION, SECRET_KEY};

const STACK: &str = "countmein-staging";

/// How long anything of a stack may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

const FUNCTIONS: [(&str, &str); 6] = [
    ("alexa", env!("CARGO_BIN_EXE_alexa")),
    ("api", env!("CARGO_BIN_EXE_api")),
    ("deliver", env!("CARGO_BIN_EXE_deliver")),
    ("import", env!("CARGO_BIN_EXE_import")),
    ("ingest", env!("CARGO_BIN_EXE_ingest")),
    ("fanout", env!("CARGO_BIN_EXE_fanout")),
];

pub struct Stack {
    pub account: Account,
    pub config: SdkConfig,
    pub table: EventsTable,
    pub queue: Sqs,
    dead_letters: Sqs,
    outputs: Value,
    runtime: Runtime,
}

impl Stack {
    /// On the server that permits every call.
    pub fn deploy() -> Self {
        Self::deploy_to("COUNTMEIN_MINISTACK", &[])
    }

    /// On the server that a variable of `tests/with-ministack` names, with parameters of the template set.
    pub fn deploy_to(server: &str, parameters: &[&str]) -> Self {
        Self::deploy_version(&Version::this(), Account::on(server), parameters)
    }

    /// Deploys a version of the program in an account.
    pub fn deploy_version(version: &Version, account: Account, parameters: &[&str]) -> Self {
        let bucket = format!("packages-{}", account.id);
        aws(&account, &["s3", "mb", &format!("s3://{bucket}")]);
        deploy(&account, version, &bucket, parameters);
        let described = aws(&account, &["cloudformation", "describe-stacks", "--stack-name", STACK]);
        let outputs = described["Stacks"][0]["Outputs"].as_array().expect("the stack has outputs");
        let outputs = outputs
            .iter()
            .map(|output| (output["OutputKey"].as_str().unwrap().to_owned(), output["OutputValue"].clone()))
            .collect();
        let config = account.config();
        let mut stack = Self {
            table: EventsTable::new(&config, ""),
            queue: Sqs::new(&config, ""),
            dead_letters: Sqs::new(&config, ""),
            account,
            config,
            outputs,
            runtime: tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap(),
        };
        stack.table = EventsTable::new(&stack.config, stack.output("TableName"));
        stack.queue = Sqs::new(&stack.config, stack.output("QueueUrl"));
        stack.dead_letters = Sqs::new(&stack.config, stack.output("DeadLettersUrl"));
        stack
    }

    /// Deploys another version over this one.
    pub fn upgrade(&self, version: &Version) {
        deploy(&self.account, version, &format!("packages-{}", self.account.id), &[]);
    }

    /// An output of the stack.
    pub fn output(&self, name: &str) -> &str {
        self.outputs[name].as_str().unwrap_or_else(|| panic!("no output {name}"))
    }

    /// The AWS command line's answer.
    pub fn aws(&self, arguments: &[&str]) -> Value {
        aws(&self.account, arguments)
    }

    pub fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Puts a message on the queue as any publisher does.
    pub fn publish(&self, body: &str) {
        self.aws(&["sqs", "send-message", "--queue-url", self.output("QueueUrl"), "--message-body", body]);
    }

    pub fn get(&self, path: &str) -> (u16, Value) {
        self.answer(
            ureq::get(self.url(path))
                .header("Accept", "application/json")
                .header("Authorization", self.authorization()),
        )
    }

    pub fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = ureq::post(self.url(path)).header("Authorization", self.authorization());
        let request = request.config().http_status_as_error(false).build();
        let mut response = request.send_json(body).expect("the API answers");
        (response.status().as_u16(), response.body_mut().read_json().expect("with JSON"))
    }

    fn answer(&self, request: ureq::RequestBuilder<ureq::typestate::WithoutBody>) -> (u16, Value) {
        let request = request.config().http_status_as_error(false).build();
        let mut response = request.call().expect("the API answers");
        (response.status().as_u16(), response.body_mut().read_json().expect("with JSON"))
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}/_aws/execute-api/{}/$default{path}", self.account.endpoint, self.output("ApiId"))
    }

    /// MiniStack finds the account's API by this header.
    pub fn authorization(&self) -> String {
        format!("AWS4-HMAC-SHA256 Credential={}/20260101/{REGION}/execute-api/aws4_request", self.account.id)
    }

    /// The display names on the roster, in order.
    pub fn who_is_in(&self, event: &str) -> Vec<String> {
        let roster = self.wait(self.table.roster(&EventId::parse(event).unwrap(), 10_000, None)).unwrap();
        roster.attendees.iter().map(|attendee| attendee.name.to_string()).collect()
    }

    /// The number of attendees, as the event state counts them.
    pub fn count(&self, event: &str) -> u64 {
        self.wait(self.table.roster(&EventId::parse(event).unwrap(), 1, None)).unwrap().count
    }

    pub fn rejects(&self) -> Vec<RejectedMessage> {
        self.wait(self.table.list(10_000, None)).unwrap()
    }

    /// Messages on the queue and among the dead letters.
    pub fn messages(&self) -> (Depth, Depth) {
        (self.wait(self.queue.depth()).unwrap(), self.wait(self.dead_letters.depth()).unwrap())
    }

    /// The number of messages in the outbox and its dead-letter queue, including those that are delayed.
    pub fn messages_to_send(&self) -> u64 {
        let depth = |url| self.wait(Sqs::new(&self.config, self.output(url)).depth()).unwrap().messages;
        depth("OutboxUrl") + depth("OutboxDeadLettersUrl")
    }

    /// The text messages to a phone, the oldest first.
    pub fn texts(&self, number: &str) -> Vec<String> {
        texts(&self.account, number)
    }

    /// A queue that is subscribed to the announcements topic.
    pub fn listen(&self) -> Sqs {
        let queue = self.aws(&["sqs", "create-queue", "--queue-name", "listener"]);
        let url = queue["QueueUrl"].as_str().expect("a queue has a URL");
        let topic = self.output("AnnouncementsTopicArn");
        let arn = format!("arn:aws:sqs:{REGION}:{}:listener", self.account.id);
        let subscribe =
            ["sns", "subscribe", "--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint", &arn];
        self.aws(&[&subscribe[..], &["--attributes", "RawMessageDelivery=true"]].concat());
        Sqs::new(&self.config, url)
    }

    /// Receives and deletes all messages of a queue.
    pub fn take_from(&self, queue: &Sqs) -> Vec<Value> {
        let messages = self.wait(queue.receive(10)).unwrap();
        self.wait(queue.ack(messages.iter().map(|message| message.receipt.clone()).collect())).unwrap();
        messages.iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect()
    }
}

/// Waits until the condition holds; panics with what it waited for and the last value after too long.
pub fn eventually<T: std::fmt::Debug>(what: &str, look: impl Fn() -> T, holds: impl Fn(&T) -> bool) -> T {
    let deadline = Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(50);
    loop {
        let seen = look();
        if holds(&seen) {
            return seen;
        }
        assert!(Instant::now() < deadline, "{what}: {seen:?}");
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_secs(2));
    }
}

/// A version of the program: its template, and the executables of its functions.
pub struct Version {
    template: PathBuf,
    functions: Vec<(&'static str, PathBuf)>,
}

impl Version {
    /// The version under test.
    pub fn this() -> Self {
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("template.yaml");
        Self { template, functions: FUNCTIONS.map(|(name, executable)| (name, executable.into())).to_vec() }
    }

    /// The version in a checkout, with executables that were built in the folder `built`. It may lack functions of today.
    pub fn earlier(checkout: &Path, built: &Path) -> Self {
        let functions = FUNCTIONS.map(|(name, _)| (name, built.join(name))).to_vec();
        let functions = functions.into_iter().filter(|(_, executable)| executable.exists()).collect();
        Self { template: checkout.join("template.yaml"), functions }
    }
}

fn deploy(account: &Account, version: &Version, bucket: &str, parameters: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let template = package(account, version, &folder, bucket);
    let template = template.to_str().unwrap();
    let mut deploy = vec!["cloudformation", "deploy", "--stack-name", STACK, "--template-file", template];
    deploy.extend(["--s3-bucket", bucket, "--capabilities", "CAPABILITY_IAM"]);
    deploy.extend(["--parameter-overrides", "Stage=staging", "LogLevel=debug"]);
    deploy.extend(parameters);
    aws(account, &deploy);
}

/// The template with the functions of a version, in a bucket of the account.
fn package(account: &Account, version: &Version, folder: &TempDir, bucket: &str) -> PathBuf {
    let mut template = fs::read_to_string(&version.template).unwrap();
    for (name, executable) in &version.functions {
        let code = zipped(name, executable);
        let binary = format!("      BuildProperties: {{ Binary: {name} }}\n    Properties:\n");
        assert!(template.contains(&binary), "the template has no function of the binary {name}");
        template = template.replace(&binary, &format!("{binary}      CodeUri: {}\n", code.display()));
    }
    let plain = folder.path().join("template.yaml");
    fs::write(&plain, template).unwrap();
    let packaged = folder.path().join("packaged.yaml");
    let mut package = vec!["cloudformation", "package", "--s3-bucket", bucket];
    package.extend(["--template-file", plain.to_str().unwrap(), "--output-template-file", packaged.to_str().unwrap()]);
    aws(account, &package);
    packaged
}

/// A function's package, made once for all tests.
fn zipped(name: &str, executable: &Path) -> PathBuf {
    let built = fs::metadata(executable).unwrap().modified().unwrap();
    let built = built.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let package = folder.join(format!("{name}-{built}.zip"));
    if !package.exists() {
        let making = tempfile::tempdir_in(folder).unwrap();
        let (program, zip) = (making.path().join("bootstrap"), making.path().join("package.zip"));
        // Debug symbols would have to be packed, sent and unpacked for each test.
        run(Command::new("strip").arg(executable).arg("-o").arg(&program));
        run(Command::new("python3").args(["-m", "zipfile", "-c"]).arg(&zip).arg(&program));
        // Concurrent tests make the same package.
        fs::rename(zip, &package).unwrap();
    }
    package
}

/// The answer of the AWS command line.
fn aws(account: &Account, arguments: &[&str]) -> Value {
    let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/aws"));
    command.args(["--endpoint-url", &account.endpoint, "--output", "json"]).args(arguments);
    command.envs([
        // For commands that call more than one service.
        ("AWS_ENDPOINT_URL", account.endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", &account.id),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("AWS_DEFAULT_REGION", REGION),
        ("AWS_CONFIG_FILE", "/dev/null"),
    ]);
    serde_json::from_slice(&run(command.env_remove("AWS_SESSION_TOKEN"))).unwrap_or(Value::Null)
}

fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
