//! Waits until it is decided whether a sign-up has a place.

use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;
use url::Url;

use super::address;
use super::client::Client;
use super::error::CliError;
use super::places::Place;

/// Time between two requests.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The place that was decided, and what the server said about it.
pub struct Decided {
    /// `None` if the number of places is not limited.
    pub place: Option<Place>,
    /// The field of the response; null if the number of places is not limited.
    pub json: serde_json::Value,
}

#[derive(Deserialize)]
struct Registration {
    state: String,
    #[serde(default)]
    place: Option<Place>,
}

/// How long it takes at most to find out whether a sign-up is on the list.
const MAX_WAIT_FOR_LIST: Duration = Duration::from_secs(3);

/// Whether the name of a new sign-up belongs to an earlier one, which the new personal link cannot change. It asks for a few
/// seconds until the sign-up is processed. If it is not processed by then, the name counts as free.
pub fn is_name_taken(client: &Client, manage: &[&str]) -> bool {
    let began = Instant::now();
    loop {
        let state = client.get(manage, &[]).and_then(|response| response.read::<Registration>());
        match state {
            Ok(Registration { state, .. }) if state == "pending" && began.elapsed() < MAX_WAIT_FOR_LIST => {
                thread::sleep(POLL_INTERVAL);
            }
            Ok(Registration { state, .. }) => return state == "not_yours",
            Err(_) => return false,
        }
    }
}

/// Asks with the personal link until the place is decided, for this long at most.
///
/// # Errors
/// Returns [`CliError::PlaceNotDecided`] after that time.
pub fn wait_for_place(link: &str, name: &str, limit: Duration) -> Result<Decided, CliError> {
    let link: Url = address::parse_web_url(link)
        .map_err(|problem| CliError::Usage(format!("the server gave an invalid personal link: {problem}")))?;
    let client = Client::new(&link);
    let began = Instant::now();
    loop {
        let response = client.get(&[], &[])?;
        let Registration { state, place } = response.read()?;
        // Before the sign-up is processed, the state is `pending`.
        let is_decided = state == "in" && place.as_ref().is_none_or(|place| !place.is_pending());
        if is_decided {
            return Ok(Decided { place, json: response.value["place"].clone() });
        }
        let left = limit.saturating_sub(began.elapsed());
        if left.is_zero() {
            return Err(CliError::PlaceNotDecided { name: name.to_owned(), seconds: limit.as_secs() });
        }
        thread::sleep(POLL_INTERVAL.min(left));
    }
}
