//! The program on a table and a queue of AWS, in an account of MiniStack of its own.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use tokio::runtime::Runtime;

use super::ministack::{self, Account, REGION, SECRET_KEY};
use super::program;

/// How long a message that was received stays invisible.
const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(30);

pub struct Cloud {
    pub account: Account,
    pub runtime: Runtime,
    pub queue: String,
    pub dead_letters: String,
}

impl Cloud {
    pub fn new() -> Self {
        let account = Account::new();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let (queue, dead_letters) = runtime.block_on(ministack::queues(&account.config(), VISIBILITY_TIMEOUT));
        Self { account, runtime, queue, dead_letters }
    }

    /// Points a program at AWS with the usual variables.
    fn configure(&self, command: &mut Command) {
        command.envs([
            ("AWS_ENDPOINT_URL", self.account.endpoint.as_str()),
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", &self.account.id),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ]);
    }

    pub fn ensure_table(&self, more: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countmein"));
        command.env_clear().args(["ensure-table", "--table", "Club"]).args(more);
        self.configure(&mut command);
        command.output().unwrap()
    }

    /// `countmein serve` on the table and the queue.
    pub fn serve(&self, data: &Path, organiser_key: &str) -> Command {
        let mut command = program::serve(data);
        command.args(["--store", "dynamodb", "--queue", "sqs", "--table", "Club", "--queue-url", &self.queue]);
        command.args(["--dead-letter-queue-url", &self.dead_letters, "--organiser-key", organiser_key]);
        self.configure(&mut command);
        command
    }
}
