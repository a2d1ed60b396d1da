//! A local receiver of webhooks: it records its requests and gives prepared answers.

use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tracing::subscriber::{NoSubscriber, with_default};
use url::Url;

use super::http::Message;
use super::tls;

pub struct Receiver {
    base: String,
    roots: Vec<u8>,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    connections: Mutex<usize>,
    requests: Mutex<Vec<Message>>,
}

type Answer = dyn Fn(&Message, &mut dyn Write) -> io::Result<()> + Send + Sync;

impl Receiver {
    /// Answers each request alike.
    pub fn answering(answer: Message) -> Self {
        Self::writing(move |_, mut stream| answer.write(&mut stream))
    }

    /// Answers with whatever the closure writes.
    pub fn writing(answer: impl Fn(&Message, &mut dyn Write) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self::start(None, Arc::new(answer))
    }

    /// Over TLS, for the name `localhost` alone.
    pub fn over_tls(answer: Message) -> Self {
        Self::over_tls_with(move |_| answer.clone())
    }

    /// As [`Receiver::over_tls`], with an answer to each request.
    pub fn over_tls_with(answer: impl Fn(&Message) -> Message + Send + Sync + 'static) -> Self {
        let (config, roots) = tls::for_localhost();
        let answer = move |request: &Message, mut stream: &mut dyn Write| answer(request).write(&mut stream);
        let receiver = Self::start(Some(Arc::new(config)), Arc::new(answer));
        Self { roots: roots.into_bytes(), ..receiver }
    }

    fn start(tls: Option<Arc<ServerConfig>>, answer: Arc<Answer>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let seen = Arc::new(Seen::default());
        let kept = Arc::clone(&seen);
        thread::spawn(move || {
            for connection in listener.incoming() {
                *kept.connections.lock().unwrap() += 1;
                let (tls, answer, kept) = (tls.clone(), Arc::clone(&answer), Arc::clone(&kept));
                // A caller may break the connection off. TLS logs of this side are no logs of the program.
                let talk = move || drop(serve(connection.unwrap(), tls, &kept, &*answer));
                thread::spawn(|| with_default(NoSubscriber::new(), talk));
            }
        });
        Self { base: format!("{scheme}://localhost:{}", address.port()), roots: Vec::new(), seen }
    }

    pub fn url(&self, path: &str) -> Url {
        format!("{}{path}", self.base).parse().unwrap()
    }

    /// By another name than `localhost`.
    pub fn url_at(&self, host: &str, path: &str) -> Url {
        self.url(path).as_str().replace("localhost", host).parse().unwrap()
    }

    /// The certificates that a caller must trust.
    pub fn roots(&self) -> Vec<u8> {
        self.roots.clone()
    }

    pub fn connections(&self) -> usize {
        *self.seen.connections.lock().unwrap()
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Message> {
        self.seen.requests.lock().unwrap().clone()
    }

    pub fn only_request(&self) -> Message {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.remove(0)
    }
}

fn serve(connection: TcpStream, tls: Option<Arc<ServerConfig>>, seen: &Seen, answer: &Answer) -> io::Result<()> {
    connection.set_nodelay(true)?;
    match tls {
        None => talk(connection, seen, answer),
        Some(config) => {
            let tls = ServerConnection::new(config).map_err(io::Error::other)?;
            talk(StreamOwned::new(tls, connection), seen, answer)
        }
    }
}

fn talk(stream: impl Read + Write, seen: &Seen, answer: &Answer) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = Message::read(&mut stream)? {
        seen.requests.lock().unwrap().push(request.clone());
        answer(&request, stream.get_mut())?;
    }
    Ok(())
}
