//! Damaged records of one event with few places affect no other event, and nobody loses a place or overtakes.

use std::time::Duration;

use countmein::adapters::sqlite::Sqlite;
use countmein::domain::attendee_name::{AttendeeName, NameKey};
use countmein::domain::backoff::BackoffPolicy;
use countmein::domain::capacity::Capacity;
use countmein::domain::channel::Channel;
use countmein::domain::event::{Event, EventId};
use countmein::domain::event_details::{Content, EventDetails, Title};
use countmein::domain::secret::Secret;
use countmein::domain::signup::{Request, Signup, Version};
use countmein::domain::timestamp::Timestamp;
use countmein::fanout::{DigestUpdate, EventPorts, take_in};
use countmein::ports::{
    AttendeeSignups, ChangeFeed as _, Digests as _, Events as _, Position, Roster as _, Seats as _, Write,
};
use rusqlite::Connection;
use tempfile::TempDir;

struct Server {
    sqlite: Sqlite,
    position: Position,
    folder: TempDir,
}

impl Server {
    /// A server with an event that has this number of places.
    async fn new(title: &str, places: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sqlite = Sqlite::open(folder.path()).unwrap();
        let content = Content {
            capacity: Some(Capacity::try_from(places).unwrap()),
            ..Content::titled(Title::parse(title).unwrap())
        };
        let details = EventDetails::new(EventId::parse(title).unwrap(), content, Timestamp::EARLIEST);
        assert_eq!(sqlite.create_event(&details, Timestamp::now()).await.unwrap(), Write::Stored);
        Self { sqlite, position: Position::Start, folder }
    }

    async fn request(&self, event: &str, name: &str, request: Request) {
        let signup = Signup {
            version: Version::now(),
            event: Event::parse(event).unwrap(),
            name: AttendeeName::parse(name).unwrap(),
            channel: Channel::Queue,
            network: None,
            request,
        };
        let batch = AttendeeSignups { key: signup.key(), signups: vec![signup] };
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        assert!(self.sqlite.apply(vec![batch], Timestamp::now(), deadline).await[0].is_ok());
    }

    async fn sign_up(&self, event: &str, name: &str) {
        self.request(event, name, Request::trusted_sign_up(None)).await;
    }

    async fn take_in(&mut self) -> DigestUpdate {
        let page = self.sqlite.changes(&self.position, 1_000).await.unwrap();
        if let Some((last, _)) = page.last() {
            self.position = last.clone();
        }
        let changes = page.into_iter().map(|(_, change)| change).collect();
        let secret = Secret::new("a secret of this test").unwrap();
        let ports = EventPorts::of(&self.sqlite, &secret);
        take_in(changes, ports, &BackoffPolicy::default(), Timestamp::now()).await.unwrap().1
    }

    fn damage(&self, sql: &str) {
        let db = Connection::open(self.folder.path().join("countmein.sqlite")).unwrap();
        assert_eq!(db.execute(sql, ()).unwrap(), 1);
    }

    fn confirmed(&self, event: &str) -> Vec<String> {
        let db = Connection::open(self.folder.path().join("countmein.sqlite")).unwrap();
        let sql = "SELECT name FROM seat WHERE event = ?1 AND standing = 'confirmed' ORDER BY number";
        let mut statement = db.prepare(sql).unwrap();
        statement.query_map([event], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    async fn rebuild(&self, event: &str) {
        let mut digest = self.sqlite.digest(&EventId::parse(event).unwrap()).await.unwrap().unwrap();
        digest.rebuild_requested_at = Some(Timestamp::now());
        assert_eq!(self.sqlite.store(&digest).await.unwrap(), Write::Stored);
    }
}

#[tokio::test]
async fn damaged_seat_delays_no_other_event_and_is_replaced() {
    let mut server = Server::new("dinner", 2).await;
    for name in ["ana", "ben"] {
        server.sign_up("dinner", name).await;
    }
    server.take_in().await;
    server.damage("UPDATE seat SET party = 300 WHERE name = 'ben'");
    server.request("dinner", "ben", Request::Cancel).await;
    server.sign_up("dinner", "cleo").await;
    server.sign_up("party", "zoe").await;
    assert_eq!(server.take_in().await.parked, 1, "the operator is told");
    let count = async |server: &Server, event| {
        server.sqlite.digest(&EventId::parse(event).unwrap()).await.unwrap().unwrap().count
    };
    assert_eq!(count(&server, "party").await, 1);
    let names = [NameKey::of("ben").unwrap(), NameKey::of("cleo").unwrap()];
    let parties = server.sqlite.parties(&EventId::parse("dinner").unwrap(), &names).await.unwrap();
    assert_eq!(parties.len(), 1);
    server.rebuild("dinner").await;
    server.sign_up("dinner", "dora").await;
    assert_eq!(server.take_in().await.parked, 0);
    assert_eq!(server.confirmed("dinner"), ["ana", "cleo"]);
    assert_eq!(count(&server, "dinner").await, 3);
}

#[tokio::test]
async fn damaged_attendee_keeps_a_place_and_blocks_nobody() {
    let mut server = Server::new("dinner", 2).await;
    for name in ["ana", "ben", "cleo", "dora"] {
        server.sign_up("dinner", name).await;
    }
    server.take_in().await;
    for name in ["ana", "cleo"] {
        server.damage(&format!("UPDATE attendee SET channel = 'bogus' WHERE name = '{name}'"));
    }
    server.request("dinner", "ben", Request::Cancel).await;
    server.take_in().await;
    server.sign_up("dinner", "emil").await;
    server.take_in().await;
    assert_eq!(server.confirmed("dinner"), ["ana", "dora"], "nobody overtakes");
    server.rebuild("dinner").await;
    server.sign_up("dinner", "finn").await;
    server.take_in().await;
    assert_eq!(server.confirmed("dinner"), ["ana", "dora"]);
}
