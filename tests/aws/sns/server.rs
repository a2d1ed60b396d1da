//! A server on this machine: it answers as it is told, and says what it was asked.

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

    /// The next request that it got or gets.
    pub fn request(&self) -> Message {
        self.requests.recv_timeout(PATIENCE).expect("the server is asked something")
    }

    /// What it got besides.
    pub fn more_requests(&self) -> Vec<Message> {
        self.requests.try_iter().collect()
    }
}

/// Until the other side is done.
fn serve(connection: &TcpStream, requests: &mpsc::Sender<Message>, answer: &dyn Fn(&Message) -> Message) {
    let mut stream = BufReader::new(connection);
    while let Ok(Some(request)) = Message::read(&mut stream) {
        let answer = answer(&request);
        // Told before it is answered, so that whoever has the answer finds the request. Nobody listens when a test is over.
        if requests.send(request).is_err() || answer.write(&mut &*connection).is_err() {
            return;
        }
    }
}

/// What a server says to a GET.
pub fn get(url: &url::Url) -> Message {
    let port = url.port().expect("it is a server on this machine");
    let stream = TcpStream::connect((url.host_str().unwrap(), port)).unwrap();
    let path = &url[url::Position::BeforePath..];
    let host = ("host".to_owned(), url.authority().to_owned());
    let request = Message { first_line: format!("GET {path} HTTP/1.1"), headers: vec![host], body: Vec::new() };
    request.write(&mut &stream).unwrap();
    Message::read(&mut BufReader::new(&stream)).unwrap().expect("the server answers")
}
