//! The program is killed while it sends a digest, and started again.

use countmein::adapters::sqlite::{DATABASE, Sqlite};
use countmein::domain::backoff::BackoffPolicy;
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
        let Some(Claim::New(announcement)) = digest.claim(lease, &BackoffPolicy::default(), now) else {
            panic!("the digest is due")
        };
        let announcement = EventAnnouncement { view: View { roster: true, count: true }, ..announcement };
        assert_eq!(sqlite.store_announcing(&digest, &announcement).await.unwrap(), Write::Stored);
    });
}

#[test]
fn restored_backup_sends_nothing_twice() {
    let mail = MailServer::start(&[]);
    let data = tempfile::tempdir().unwrap();
    let database = data.path().join(DATABASE);
    let program = mailing(data.path(), &mail, &[]);
    enrol(&program, &mail, "Ana", "ana@mail.example");
    sign_up(&program, "Ben", &Value::Null);
    assert!(header(&mail.next(), "Subject").contains("Ben"));
    let backup = data.path().join("countmein.sqlite.restore");
    let connection = rusqlite::Connection::open(&database).unwrap();
    let is_sent = || {
        let sql = "SELECT count(*) FROM watermark WHERE told_until IS NOT NULL AND holder IS NULL";
        connection.query_row(sql, (), |row| row.get::<_, u32>(0)).unwrap() == 1
    };
    eventually("the watermark", || is_sent().then_some(()));
    connection.execute("VACUUM INTO ?1", [backup.to_str().unwrap()]).unwrap();
    assert!(program.terminate().0);
    // As if the backup had been made while the message was in the outbox.
    let copy = rusqlite::Connection::open(&backup).unwrap();
    let sql = "INSERT OR REPLACE INTO outbox (kind, event, name, owner, first_at, due_at, announced_at, names)
               SELECT 'digest', event, 'ana', '', at, at, at, '[\"ana\"]' FROM announcement";
    assert!(copy.execute(sql, ()).unwrap() > 0);
    drop((copy, connection));

    let program = mailing(data.path(), &mail, &[]);
    sign_up(&program, "Cem", &Value::Null);
    let subject = header(&mail.next(), "Subject").to_owned();
    assert!(subject.contains("Cem") && !subject.contains("Ben"), "{subject}");
    assert!(program.terminate().0);
    assert_eq!(mail.stop(), Vec::<Value>::new());
}
