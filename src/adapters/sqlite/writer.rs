//! The writer thread. It runs all waiting writes in one transaction, and returns their results after the commit.
//!
//! In this way, concurrent writes share one fsync, and a single write is committed without delay. Writes that process
//! messages go before writes that accept requests, so that no more are accepted than can be processed.

use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};

use crate::adapters::sqlite::unavailable;
use crate::ports::Unavailable;

/// Maximum accepted requests in one commit. It limits how long the first write of a group waits for the others.
const MAX_GROUP_SIZE: usize = 256;

/// Maximum writes that wait for the thread. Further calls wait until there is room.
const QUEUE_CAPACITY: usize = 1_024;

pub struct Writer {
    /// Dropping this sender ends the thread. It is `None` only during the drop of the writer.
    waiting: Option<mpsc::Sender<Waiting>>,
    /// The writes that are part of the next commit.
    first: Arc<Mutex<Vec<Box<dyn Job>>>>,
    commits: watch::Receiver<u64>,
    thread: Option<JoinHandle<()>>,
}

/// What is sent to wake the thread.
enum Waiting {
    /// There may be writes in [`Writer::first`].
    First,
    Accept(Box<dyn Job>),
}

/// A write. The trait hides the type of its result, so that writes of different types can share a queue.
trait Job: Send {
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()>;
    /// Sends the result to the caller.
    fn reply(self: Box<Self>, committed: Result<(), String>);
}

struct WriteJob<T, F> {
    doing: &'static str,
    work: F,
    result: Option<T>,
    reply_to: oneshot::Sender<Result<T, Unavailable>>,
}

impl<T, F> Job for WriteJob<T, F>
where
    T: Send,
    F: FnMut(&Connection) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.result = Some((self.work)(connection)?);
        Ok(())
    }

    fn reply(self: Box<Self>, committed: Result<(), String>) {
        let result = match (committed, self.result) {
            (Ok(()), Some(result)) => Ok(result),
            (Ok(()), None) => Err(unavailable(self.doing, "the write did not run")),
            (Err(cause), _) => Err(unavailable(self.doing, cause)),
        };
        // Sending fails if the caller has stopped waiting. The write is committed anyway.
        let _ = self.reply_to.send(result);
    }
}

impl Writer {
    /// Starts the thread.
    pub fn start(mut connection: Connection) -> Self {
        let (waiting, mut queue) = mpsc::channel(QUEUE_CAPACITY);
        let first = Arc::new(Mutex::new(Vec::new()));
        let next = Arc::clone(&first);
        let (counter, commits) = watch::channel(0);
        let thread = thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || {
                let mut received = Vec::with_capacity(MAX_GROUP_SIZE);
                while queue.blocking_recv_many(&mut received, MAX_GROUP_SIZE) > 0 {
                    let mut group = mem::take(&mut *next.lock().expect(NEVER_POISONED));
                    group.extend(received.drain(..).filter_map(|waiting| match waiting {
                        Waiting::First => None,
                        Waiting::Accept(job) => Some(job),
                    }));
                    commit(&mut connection, &mut group, &counter);
                }
            })
            .expect("the operating system can start a thread");
        Self { waiting: Some(waiting), first, commits, thread: Some(thread) }
    }

    /// Runs `work` in a transaction. The write is durable when this returns `Ok`. If another write in the same
    /// transaction fails, `work` runs twice; the first run is then rolled back.
    pub async fn write<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (job, reply) = job(doing, work);
        self.first.lock().expect(NEVER_POISONED).push(job);
        match self.waiting().try_send(Waiting::First) {
            // If the queue is full, the thread is busy, and looks for first writes before its next commit.
            Ok(()) | Err(TrySendError::Full(_)) => {}
            Err(TrySendError::Closed(_)) => return Err(stopped(doing)),
        }
        reply.await.unwrap_or_else(|_| Err(stopped(doing)))
    }

    /// Like [`Writer::write`], but for a write that accepts a request, such as a new message.
    pub async fn accept<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (job, reply) = job(doing, work);
        self.waiting().send(Waiting::Accept(job)).await.map_err(|_| stopped(doing))?;
        reply.await.unwrap_or_else(|_| Err(stopped(doing)))
    }

    /// Returns the number of commits that have stored something. It is increased after each of them, before its writes return.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.commits.clone()
    }

    fn waiting(&self) -> &mpsc::Sender<Waiting> {
        self.waiting.as_ref().expect("the sender is only dropped with the writer")
    }
}

/// A job for the thread, and the channel for its result.
fn job<T: Send + 'static>(
    doing: &'static str,
    work: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
) -> (Box<dyn Job>, oneshot::Receiver<Result<T, Unavailable>>) {
    let (reply_to, reply) = oneshot::channel();
    (Box::new(WriteJob { doing, work, result: None, reply_to }), reply)
}

const NEVER_POISONED: &str = "no thread panics while it holds the lock";

fn stopped(doing: &'static str) -> Unavailable {
    unavailable(doing, "the writer has stopped")
}

impl Drop for Writer {
    /// Waits until the thread has finished the waiting writes and has closed the connection.
    fn drop(&mut self) {
        self.waiting.take();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writer thread panicked");
        }
    }
}

/// Commits all writes in one transaction. If one of them fails, runs each write again in its own transaction, so that
/// only the failing write is lost.
fn commit(connection: &mut Connection, group: &mut Vec<Box<dyn Job>>, counter: &watch::Sender<u64>) {
    if group.len() > 1 && try_commit(connection, group, counter).is_ok() {
        for job in group.drain(..) {
            job.reply(Ok(()));
        }
        return;
    }
    for mut job in group.drain(..) {
        let committed = try_commit(connection, std::slice::from_mut(&mut job), counter);
        job.reply(committed);
    }
}

/// Runs writes in one transaction. A panic rolls back the transaction like an error, and the thread continues.
fn try_commit(
    connection: &mut Connection,
    jobs: &mut [Box<dyn Job>],
    counter: &watch::Sender<u64>,
) -> Result<(), String> {
    let changes = connection.total_changes();
    match panic::catch_unwind(AssertUnwindSafe(|| transact(connection, jobs))) {
        Ok(committed) => {
            committed.map_err(|error| error.to_string())?;
            if connection.total_changes() != changes {
                counter.send_modify(|commits| *commits += 1);
            }
            Ok(())
        }
        Err(_) => Err("the write panicked".to_owned()),
    }
}

fn transact(connection: &mut Connection, jobs: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for job in jobs {
        job.run(&transaction)?;
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::task::Poll;

    use super::*;

    fn start_writer(path: &Path) -> Writer {
        let connection = Connection::open(path).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.execute_batch("CREATE TABLE word (text TEXT UNIQUE)").unwrap();
        Writer::start(connection)
    }

    fn count(path: &Path) -> rusqlite::Result<u64> {
        Connection::open(path)?.query_row("SELECT count(*) FROM word", (), |row| row.get(0))
    }

    async fn insert(writer: &Writer, word: &'static str) -> Result<usize, Unavailable> {
        writer.write("inserting", move |db| db.execute("INSERT INTO word VALUES (?1)", [word])).await
    }

    async fn words(writer: &Writer) -> Vec<String> {
        let sql = "SELECT text FROM word ORDER BY rowid";
        let read = |db: &Connection| db.prepare(sql)?.query_map((), |row| row.get(0))?.collect();
        writer.write("reading", read).await.unwrap()
    }

    /// Keeps the writer busy until the returned sender is dropped, so that all writes that are sent meanwhile share
    /// a transaction.
    async fn busy(
        writer: &Writer,
    ) -> (impl Future<Output = Result<(), Unavailable>> + '_, std::sync::mpsc::Sender<()>) {
        let (release, released) = std::sync::mpsc::channel::<()>();
        let (started, has_started) = oneshot::channel();
        let mut started = Some(started);
        let mut busy = Box::pin(writer.write("being busy", move |_| {
            started.take().map(|started| started.send(()));
            let _ = released.recv();
            Ok(())
        }));
        tokio::select! {
            _ = &mut busy => unreachable!("the writer is not released yet"),
            started = has_started => started.unwrap(),
        }
        (busy, release)
    }

    #[tokio::test]
    async fn failed_write_does_not_affect_others() {
        let folder = tempfile::tempdir().unwrap();
        let writer = start_writer(&folder.path().join("words"));
        insert(&writer, "taken").await.unwrap();
        let (busy, release) = busy(&writer).await;

        let (busy, one, taken, other, ()) = tokio::join!(
            biased;
            busy,
            insert(&writer, "one"),
            insert(&writer, "taken"),
            insert(&writer, "other"),
            async { drop(release) },
        );

        busy.unwrap();
        assert_eq!((one.unwrap(), other.unwrap()), (1, 1));
        let failure = taken.unwrap_err().to_string();
        assert!(failure.starts_with("inserting failed: UNIQUE constraint failed"), "{failure}");
        assert_eq!(words(&writer).await, ["taken", "one", "other"], "each is written once");
    }

    #[tokio::test]
    async fn panicking_write_does_not_affect_others() {
        let folder = tempfile::tempdir().unwrap();
        let writer = start_writer(&folder.path().join("words"));
        let panicking = writer.write("panicking", |db| -> rusqlite::Result<()> {
            db.execute("INSERT INTO word VALUES ('half')", ())?;
            panic!("intended by the test");
        });
        let failure = panicking.await.unwrap_err().to_string();
        assert_eq!(failure, "panicking failed: the write panicked");
        insert(&writer, "next").await.unwrap();
        assert_eq!(words(&writer).await, ["next"]);
    }

    #[tokio::test]
    async fn concurrent_writes_share_a_commit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("words");
        let writer = start_writer(&path);
        // Each write counts the rows on another connection, which sees only committed rows.
        let committed_before = |word: &'static str| {
            let path = path.clone();
            writer.write("inserting", move |db| {
                db.execute("INSERT INTO word VALUES (?1)", [word])?;
                count(&path)
            })
        };
        let (busy, release) = busy(&writer).await;

        let (_, one, two, three, ()) = tokio::join!(
            biased;
            busy,
            committed_before("one"),
            committed_before("two"),
            committed_before("three"),
            async { drop(release) },
        );

        assert_eq!([one.unwrap(), two.unwrap(), three.unwrap()], [0, 0, 0]);
        assert_eq!(count(&path), Ok(3));
    }

    #[tokio::test]
    async fn new_messages_are_written_last() {
        let folder = tempfile::tempdir().unwrap();
        let writer = start_writer(&folder.path().join("words"));
        let accept = |word: &'static str| {
            writer.accept("accepting", move |db| db.execute("INSERT INTO word VALUES (?1)", [word]))
        };
        let (busy, release) = busy(&writer).await;

        let (_, message, processed, ()) =
            tokio::join!(biased; busy, accept("message"), insert(&writer, "processed"), async { drop(release) });

        assert_eq!((message.unwrap(), processed.unwrap()), (1, 1));
        assert_eq!(words(&writer).await, ["processed", "message"]);
    }

    #[tokio::test]
    async fn drop_finishes_waiting_writes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("words");
        let writer = start_writer(&path);
        {
            let mut write = Box::pin(insert(&writer, "last"));
            // The first poll sends the write to the thread. The caller is dropped before it gets the result.
            let _ = std::future::poll_fn(|context| Poll::Ready(write.as_mut().poll(context))).await;
        }
        drop(writer);
        assert_eq!(count(&path), Ok(1));
    }
}
