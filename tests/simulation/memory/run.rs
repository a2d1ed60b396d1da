//! Runs futures that never wait for anything but each other.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Whether the future asked to be polled again.
#[derive(Default)]
struct Moves(AtomicBool);

impl Wake for Moves {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Polls a future to its end; none if it makes no more progress, as after a crash.
pub fn until_it_stands_still<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let moves = Arc::new(Moves::default());
    let waker = Waker::from(Arc::clone(&moves));
    loop {
        if let Poll::Ready(outcome) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(outcome);
        }
        if !moves.0.swap(false, Ordering::Relaxed) {
            return None;
        }
    }
}
