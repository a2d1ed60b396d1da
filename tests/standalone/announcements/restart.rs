//! The program is killed while it sends a digest, and started again.

use countmein::adapters::sqlite::{DATABASE, Sqlite};
use countmein::domain::digest::{Claim, Lease};
use countmein::domain::event::EventId;
use countmein::domain::event_announcement::EventAnnouncement;
use countmein::domain::timestamp::Timestamp;
use countmein::domain::viewer::View;
use countmein::ports::{Digests as _, Write};

use super::*;

/// The lease of a digest lasts longer than this after a crash.
const RESTART_PATIENCE: Duration = Duration::from_secs(5);

#[test]
fn killed_sender_does_not_delay_the_next() {
    let data = tempfile::tempdir().unwrap();
    let start = || {
        let mut command = serve(data.path());
        command.args(["--backoff-initial", "3", "--backoff-maximum", "3"]);
        Program::start(command)
    };
    let program = start();
    let path = Url::parse(&sign_up(&program, "Ana", &Value::Null)).unwrap().path().to_owned();
    let messages = |program: &Program| get(&format!("{}{path}", program.url))["messages"].as_array().unwrap().len();
    sign_up(&program, "Ben", &Value::Null);
    eventually("the first message", || (messages(&program) == 1).then_some(()));
    sign_up(&program, "Cem", &Value::Null);
    eventually("the digest", || is_pending(data.path()).then_some(()));
    program.kill();
    claim(data.path());

    let started = Instant::now();
    let program = start();
    eventually("the second message", || (messages(&program) == 2).then_some(()));

    assert!(started.elapsed() < RESTART_PATIENCE, "it took {:?}", started.elapsed());
}

fn is_pending(data: &Path) -> bool {
    let database = rusqlite::Connection::open(data.join(DATABASE)).unwrap();
    database.query_row("SELECT count(*) FROM digest WHERE due_at IS NOT NULL", (), |row| row.get::<_, u32>(0)).unwrap()
        > 0
}

/// Takes the lease of the digest when it is due, as a sender does before it is killed.
fn claim(data: &Path) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let sqlite = Sqlite::open(data).unwrap();
        let mut digest = sqlite.digest(&EventId::parse("Dance").unwrap()).await.unwrap().unwrap();
        eventually("the due time", || digest.due_at().filter(|due_at| *due_at <= Timestamp::now()));
        let now = Timestamp::now();
        let lease = Lease { holder: 1, ends_at: now.plus(Duration::from_secs(120)) };
        let Some(Claim::New(announcement)) = digest.claim(lease, now) else { panic!("the digest is due") };
        let announcement = EventAnnouncement { view: View { roster: true, count: true }, ..announcement };
        assert_eq!(sqlite.store_announcing(&digest, &announcement).await.unwrap(), Write::Stored);
    });
}
