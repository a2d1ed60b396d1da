//! The program as a process of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Program {
    process: Child,
    /// Where it serves, without a slash at the end.
    pub url: String,
    log: Arc<Mutex<String>>,
}

/// `countmein serve` on a free port, without the caller's environment.
pub fn serve(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countmein"));
    command.env_clear().args(["serve", "--listen", "127.0.0.1:0", "--rate-limit", "0", "--data"]).arg(data);
    command
}

impl Program {
    /// Returns once the program serves.
    pub fn start(mut command: Command) -> Self {
        let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let said = Arc::clone(&log);
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map(move |line| {
            let line = line.unwrap();
            *said.lock().unwrap() += &format!("{line}\n");
            line
        });
        let url = lines.find_map(|line| {
            let line: Value = serde_json::from_str(&line).ok()?;
            Some(line["message"].as_str()?.strip_prefix("serving ")?.trim_end_matches('/').to_owned())
        });
        // Read on, or the program would block on a full pipe.
        thread::spawn(move || lines.for_each(drop));
        let url = url.unwrap_or_else(|| panic!("it does not serve; it says:\n{}", log.lock().unwrap()));
        Self { process, url, log }
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Stops it as systemd and Docker do; returns whether it succeeded, and how long it took.
    pub fn terminate(mut self) -> (bool, Duration) {
        let began = Instant::now();
        let process = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &process]).status().unwrap().success());
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return (status.success(), began.elapsed());
            }
            assert!(began.elapsed() < PATIENCE, "it never ends");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Program {
    /// Leaves nothing running after a failed test.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
