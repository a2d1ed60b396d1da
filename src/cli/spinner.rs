//! Shows on a terminal that a command is in progress.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Shows on a terminal that a long command is in progress.
pub fn spinner() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}").expect("the template is valid");
    let bar = ProgressBar::new_spinner().with_style(style);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
