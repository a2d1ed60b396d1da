//! An HTTPS endpoint in place of AWS. It gives the smallest valid answer to each call that a first event needs.

use std::io::{self, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::support::http::Message;
use crate::support::tls;

pub struct Endpoint {
    address: SocketAddr,
    roots: String,
    calls: Arc<AtomicUsize>,
}

impl Endpoint {
    pub fn start() -> Self {
        let (config, roots) = tls::for_localhost();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (config, calls) = (Arc::new(config), Arc::new(AtomicUsize::new(0)));
        let thread_calls = Arc::clone(&calls);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (config, calls) = (Arc::clone(&config), Arc::clone(&thread_calls));
                // An error is ignored, because a function that is stopped closes its connection.
                thread::spawn(move || drop(serve(connection.unwrap(), config, &calls)));
            }
        });
        Self { address, roots, calls }
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// The root certificate, in PEM, that a client must trust.
    pub fn roots(&self) -> &str {
        &self.roots
    }

    /// The number of calls so far.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

fn serve(connection: TcpStream, config: Arc<ServerConfig>, calls: &AtomicUsize) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let tls = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut stream = BufReader::new(StreamOwned::new(tls, connection));
    while let Some(request) = Message::read(&mut stream)? {
        calls.fetch_add(1, Ordering::SeqCst);
        let (status, body) = answer(&request);
        Message::answer(status, body.to_string()).write(stream.get_mut())?;
    }
    Ok(())
}

fn answer(request: &Message) -> (u16, Value) {
    let target = request.header("x-amz-target").expect("the SDK names the operation");
    let input: Value = serde_json::from_slice(&request.body).unwrap();
    match target {
        "DynamoDB_20120810.UpdateItem" | "DynamoDB_20120810.PutItem" | "DynamoDB_20120810.GetItem" => (200, json!({})),
        "DynamoDB_20120810.BatchGetItem" => (200, json!({ "Responses": {}, "UnprocessedKeys": {} })),
        "DynamoDB_20120810.Query" => (200, json!({ "Items": [], "Count": 0, "ScannedCount": 0 })),
        "AmazonSQS.SendMessage" => (200, json!({ "MessageId": "1", "MD5OfMessageBody": "1" })),
        // A secret that was never rotated has no previous version.
        "secretsmanager.GetSecretValue" if input["VersionStage"] == "AWSPREVIOUS" => {
            (400, json!({ "__type": "ResourceNotFoundException", "Message": "no such version" }))
        }
        "secretsmanager.GetSecretValue" => (200, json!({ "SecretString": "a secret of the benchmark, long enough" })),
        other => panic!("no answer to {other} is prepared"),
    }
}
