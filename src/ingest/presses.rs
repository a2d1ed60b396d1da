//! Presses of buttons as the requests that they are.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::button::{Button, Mark, Press, Serial};
use crate::domain::signup::{Signup, Version};
use crate::domain::timestamp::Timestamp;
use crate::formats::button::envelope::Envelope;
use crate::formats::button::{Decoded, decode};
use crate::ports::{Buttons, Idempotency, Remembered, Unavailable};

/// A device counts anew after a restart. So a count says that two presses are one only if they came within this time:
/// longer than a broker or a device that was cut off takes to send again, shorter than it takes to press as often again.
const SAME_PRESS: Duration = Duration::from_secs(10 * 60);

/// How often a device may count anew in a day and be told apart each time.
const RESTARTS: u32 = 16;

/// What somebody did at a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    Signup(Signup),
    /// It was no press, or one that does nothing.
    Nothing,
    /// For this reason it asks nothing that could be done.
    Never(String),
}

pub struct Presses<'a> {
    pub buttons: &'a dyn Buttons,
    pub idempotency: &'a dyn Idempotency,
}

impl Presses<'_> {
    /// What these ask, in their order, each as it arrived at the queue then.
    ///
    /// # Errors
    /// For all of them, where the buttons cannot be read; for one, where it cannot be known again.
    pub async fn read(&self, envelopes: &[(Envelope, Timestamp)]) -> Vec<Result<Asked, Unavailable>> {
        let decoded: Vec<_> = envelopes.iter().map(|(envelope, _)| decode(envelope)).collect();
        let serials = decoded.iter().filter_map(|decoded| match decoded {
            Ok(Decoded::Press(press)) => Some(press.serial.clone()),
            _ => None,
        });
        let serials: Vec<Serial> = BTreeSet::from_iter(serials).into_iter().collect();
        let buttons = match self.registered(&serials).await {
            Ok(buttons) => buttons,
            Err(unavailable) => return vec![Err(unavailable); envelopes.len()],
        };
        let mut asked = Vec::with_capacity(envelopes.len());
        for (decoded, (envelope, arrived_at)) in decoded.iter().zip(envelopes) {
            asked.push(match decoded {
                Ok(Decoded::NotAPress) => Ok(Asked::Nothing),
                Err(undecodable) => Ok(Asked::Never(undecodable.to_string())),
                Ok(Decoded::Press(press)) => match buttons.get(&press.serial) {
                    // Nobody presses in the future.
                    Some(button) => self.asked(button, press, envelope.received_at.min(*arrived_at)).await,
                    None => Ok(Asked::Never(format!(
                        "no button of the serial number {} is registered; register it with `countmein button add`, then send this again",
                        press.serial
                    ))),
                },
            });
        }
        asked
    }

    async fn registered(&self, serials: &[Serial]) -> Result<BTreeMap<Serial, Button>, Unavailable> {
        if serials.is_empty() {
            return Ok(BTreeMap::new());
        }
        let found = self.buttons.find(serials).await?;
        Ok(found.into_iter().map(|button| (button.serial.clone(), button)).collect())
    }

    async fn asked(&self, button: &Button, press: &Press, pressed_at: Timestamp) -> Result<Asked, Unavailable> {
        let version = self.version(press, pressed_at).await?;
        Ok(button.signup(press.kind, version).map_or(Asked::Nothing, Asked::Signup))
    }

    /// The same for a press that comes again: of the first time that it came.
    async fn version(&self, press: &Press, pressed_at: Timestamp) -> Result<Version, Unavailable> {
        let mut version = press.version(pressed_at);
        let Some(mark) = &press.mark else { return Ok(version) };
        for _ in 0..RESTARTS {
            let Version { requested_at, id } = version.clone();
            let candidate = Remembered { fingerprint: press.kind.as_str().to_owned(), id, requested_at };
            let first = self.idempotency.remember(version.id.as_str().to_owned(), candidate).await?;
            let apart = pressed_at.since(first.requested_at).max(first.requested_at.since(pressed_at));
            if matches!(mark, Mark::Time(_)) || apart <= SAME_PRESS {
                return Ok(Version { requested_at: first.requested_at, id: first.id });
            }
            // Another press than that one: it goes by an id of its own.
            version.id = press.id_after(&version.id, first.requested_at);
        }
        Ok(version)
    }
}
