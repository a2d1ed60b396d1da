//! The one writer: takes whatever writes have queued up, runs them in one transaction, answers them after its
//! commit. So a hundred concurrent requests wait for one fsync, and one request alone waits for nobody.

use std::panic::{self, AssertUnwindSafe};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use crate::adapters::sqlite::unavailable;
use crate::ports::Unavailable;

/// Writes that may share a commit; a bound on how long the first of them waits.
const GROUP: usize = 256;

/// Writes that may wait before callers wait to hand theirs in.
const BACKLOG: usize = 1_024;

pub struct Writer {
    /// Taken at the end, which tells the thread to finish.
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

/// A write on its way through the thread, whatever its result's type.
trait Job: Send {
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()>;
    fn answer(self: Box<Self>, committed: Result<(), String>);
}

struct Write<T, F> {
    doing: &'static str,
    work: F,
    result: Option<T>,
    reply: oneshot::Sender<Result<T, Unavailable>>,
}

impl<T, F> Job for Write<T, F>
where
    T: Send,
    F: FnMut(&Connection) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.result = Some((self.work)(connection)?);
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), String>) {
        let answer = match (committed, self.result) {
            (Ok(()), Some(result)) => Ok(result),
            (Ok(()), None) => Err(unavailable(self.doing, "it was not run")),
            (Err(cause), _) => Err(unavailable(self.doing, cause)),
        };
        // Whoever asked may have gone; the write stands all the same.
        let _ = self.reply.send(answer);
    }
}

impl Writer {
    pub fn start(mut connection: Connection) -> Self {
        let (jobs, mut queue) = mpsc::channel::<Box<dyn Job>>(BACKLOG);
        let thread = thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || {
                let mut group = Vec::with_capacity(GROUP);
                while queue.blocking_recv_many(&mut group, GROUP) > 0 {
                    commit(&mut connection, &mut group);
                }
            })
            .expect("the system can start a thread");
        Self { jobs: Some(jobs), thread: Some(thread) }
    }

    /// Durable when it returns `Ok`. `work` may run twice, the first time rolled back.
    pub async fn write<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Write { doing, work, result: None, reply });
        let jobs = self.jobs.as_ref().expect("it is taken by drop alone");
        jobs.send(job).await.map_err(|_| unavailable(doing, "the writer has stopped"))?;
        answer.await.unwrap_or_else(|_| Err(unavailable(doing, "the writer has stopped")))
    }
}

impl Drop for Writer {
    /// Finishes what was handed in, and closes the file.
    fn drop(&mut self) {
        self.jobs.take();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writer thread panicked");
        }
    }
}

/// All in one transaction; if any fails, each in its own, so that one failure harms no other.
fn commit(connection: &mut Connection, group: &mut Vec<Box<dyn Job>>) {
    if group.len() > 1 && attempt(connection, group).is_ok() {
        for job in group.drain(..) {
            job.answer(Ok(()));
        }
        return;
    }
    for mut job in group.drain(..) {
        let committed = attempt(connection, std::slice::from_mut(&mut job));
        job.answer(committed);
    }
}

/// A panic is a failure like others: it rolls back, and the thread goes on for everybody else.
fn attempt(connection: &mut Connection, jobs: &mut [Box<dyn Job>]) -> Result<(), String> {
    match panic::catch_unwind(AssertUnwindSafe(|| transact(connection, jobs))) {
        Ok(committed) => committed.map_err(|error| error.to_string()),
        Err(_) => Err("the program failed at it".to_owned()),
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

    /// On a file of its own.
    fn writer_of(path: &Path) -> Writer {
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

    /// Keeps the writer busy until the returned sender is dropped, so that what comes meanwhile shares a group.
    async fn busy(
        writer: &Writer,
    ) -> (impl Future<Output = Result<(), Unavailable>> + '_, std::sync::mpsc::Sender<()>) {
        let (release, released) = std::sync::mpsc::channel::<()>();
        let (started, starts) = oneshot::channel();
        let mut started = Some(started);
        let mut busy = Box::pin(writer.write("being busy", move |_| {
            started.take().map(|started| started.send(()));
            let _ = released.recv();
            Ok(())
        }));
        tokio::select! {
            _ = &mut busy => unreachable!("nobody has released it"),
            started = starts => started.unwrap(),
        }
        (busy, release)
    }

    #[tokio::test]
    async fn a_write_that_fails_harms_no_other_of_its_group() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer_of(&folder.path().join("words"));
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
    async fn a_write_that_panics_harms_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let writer = writer_of(&folder.path().join("words"));
        let panicking = writer.write("panicking", |db| -> rusqlite::Result<()> {
            db.execute("INSERT INTO word VALUES ('half')", ())?;
            panic!("as a test");
        });
        let failure = panicking.await.unwrap_err().to_string();
        assert_eq!(failure, "panicking failed: the program failed at it");
        insert(&writer, "next").await.unwrap();
        assert_eq!(words(&writer).await, ["next"]);
    }

    #[tokio::test]
    async fn concurrent_writes_share_a_commit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("words");
        let writer = writer_of(&path);
        // Each looks from outside, where nothing shows before the commit.
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
    async fn what_was_handed_in_is_finished_before_the_file_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("words");
        let writer = writer_of(&path);
        {
            let mut write = Box::pin(insert(&writer, "last"));
            // Handed in by the first poll; the asker is gone before the answer.
            let _ = std::future::poll_fn(|context| Poll::Ready(write.as_mut().poll(context))).await;
        }
        drop(writer);
        assert_eq!(count(&path), Ok(1));
    }
}
