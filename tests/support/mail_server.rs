//! A mail server as a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct MailServer {
    process: Child,
    mails: Receiver<Value>,
    pub port: u16,
}

impl MailServer {
    pub fn start(options: &[&str]) -> Self {
        let mut process = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.venv/bin/python"))
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/mail_server.py"))
            .args(options)
            // The server ends when this process does.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (sender, mails) = mpsc::channel();
        thread::spawn(move || {
            for line in lines {
                let _ = sender.send(serde_json::from_str(&line.unwrap()).unwrap());
            }
        });
        let mut server = Self { process, mails, port: 0 };
        server.port = u16::try_from(server.next()["port"].as_u64().unwrap()).unwrap();
        server
    }

    /// Waits for the next mail.
    pub fn next(&self) -> Value {
        self.mails.recv_timeout(PATIENCE).unwrap()
    }

    /// Stops the server, and returns the mails that were not read yet.
    pub fn stop(mut self) -> Vec<Value> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.mails.iter().collect()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
