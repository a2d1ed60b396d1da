//! A local server with prepared answers that records its requests.

use std::io::BufReader;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread;

use super::PATIENCE;
use crate::support::http::Message;

pub struct Server {
    address: SocketAddr,
    requests: mpsc::Receiver<Message>,
}

impl Server {
    pub fn answering(answer: impl Fn(&Message) -> Message + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, requests) = mpsc::channel();
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (connection, sender, answer) = (connection.unwrap(), sender.clone(), Arc::clone(&answer));
                thread::spawn(move || serve(&connection, &sender, &*answer));
            }
        });
        Self { address, requests }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits for the next request.
    pub fn request(&self) -> Message {
        self.requests.recv_timeout(PATIENCE).expect("the server is asked something")
    }

    /// The other requests so far.
    pub fn more_requests(&self) -> Vec<Message> {
        self.requests.try_iter().collect()
    }
}

/// Serves one connection until the client closes it.
fn serve(connection: &TcpStream, requests: &mpsc::Sender<Message>, answer: &dyn Fn(&Message) -> Message) {
    let mut stream = BufReader::new(connection);
    while let Ok(Some(request)) = Message::read(&mut stream) {
        let answer = answer(&request);
        // Recorded before it is answered, so that a test that has the answer finds the request. After a test nobody receives.
        if requests.send(request).is_err() || answer.write(&mut &*connection).is_err() {
            return;
        }
    }
}

/// The answer of a server to a GET.
pub fn get(url: &url::Url) -> Message {
    let port = url.port().expect("it is a server on this machine");
    let stream = TcpStream::connect((url.host_str().unwrap(), port)).unwrap();
    let path = &url[url::Position::BeforePath..];
    let host = ("host".to_owned(), url.authority().to_owned());
    let request = Message { first_line: format!("GET {path} HTTP/1.1"), headers: vec![host], body: Vec::new() };
    request.write(&mut &stream).unwrap();
    Message::read(&mut BufReader::new(&stream)).unwrap().expect("the server answers")
}
