//! The one writer: takes whatever writes have queued up, runs them in one transaction, answers them after its
//! commit. So a hundred concurrent requests wait for one fsync, and one request alone waits for nobody.

use std::thread::{self, JoinHandle};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use crate::ports::Unavailable;
use crate::standalone::sqlite::unavailable;

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
    if group.len() > 1 && transact(connection, group).is_ok() {
        for job in group.drain(..) {
            job.answer(Ok(()));
        }
        return;
    }
    for mut job in group.drain(..) {
        let committed = transact(connection, std::slice::from_mut(&mut job));
        job.answer(committed.map_err(|error| error.to_string()));
    }
}

fn transact(connection: &mut Connection, jobs: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for job in jobs {
        job.run(&transaction)?;
    }
    transaction.commit()
}
