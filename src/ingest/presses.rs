//! Turns button presses into sign-ups.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, timeout_at};

use crate::domain::button::{Button, DeduplicationKey, GESTURE_WINDOW, Press, Serial};
use crate::domain::signup::{Signup, Version};
use crate::domain::timestamp::Timestamp;
use crate::formats::button::message::ButtonMessage;
use crate::formats::button::{DecodeError, Decoded, decode};
use crate::ports::{Buttons, Idempotency, IdempotentRequest, Unavailable};

/// Two presses with the same count are one press if they arrive within this time. A device restarts its counter after a
/// reboot, so the time must be shorter than a person needs to reach the same count again. It must be longer than a
/// broker or a device needs to reconnect and send again.
const SAME_PRESS_WINDOW: Duration = Duration::from_secs(10 * 60);

/// Counter restarts per day up to which presses of one device with the same count still get different ids.
const MAX_RESTARTS: u32 = 16;

/// Presses whose idempotency keys are stored at the same time.
const MAX_CONCURRENT_PRESSES: usize = 64;

/// What a press asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResolvedPress {
    Signup(Box<Signup>),
    /// The message was no press, or its button does nothing on this kind of press.
    NoAction,
    /// The press can never become a sign-up, for this reason.
    Rejected(String),
}

/// Looks up the buttons of presses and builds their sign-ups.
pub struct PressResolver<'a> {
    pub buttons: &'a dyn Buttons,
    pub idempotency: &'a dyn Idempotency,
    /// Presses that are not resolved by then fail.
    pub deadline: Instant,
}

impl PressResolver<'_> {
    /// Resolves messages of buttons, each given with the time at which the queue took it. The results have the same
    /// order.
    ///
    /// # Errors
    /// Every press fails if the buttons cannot be read. A single press fails if its idempotency key cannot be stored.
    pub async fn resolve(&self, messages: &[(ButtonMessage, Timestamp)]) -> Vec<Result<ResolvedPress, Unavailable>> {
        let decoded: Vec<_> = messages.iter().map(|(envelope, _)| decode(envelope)).collect();
        let serials = decoded.iter().filter_map(|decoded| match decoded {
            Ok(Decoded::Press(Press { serial, .. }) | Decoded::NotUnderstood { serial, .. }) => Some(serial.clone()),
            _ => None,
        });
        let serials: Vec<Serial> = BTreeSet::from_iter(serials).into_iter().collect();
        let buttons = match self.find_buttons(&serials).await {
            Ok(buttons) => buttons,
            Err(unavailable) => return vec![Err(unavailable); messages.len()],
        };
        // A press cannot be later than its arrival at the queue.
        let pressed_at = messages.iter().map(|(envelope, arrived_at)| envelope.received_at.min(*arrived_at));
        let presses: Vec<(Result<Decoded, DecodeError>, Timestamp)> = decoded.into_iter().zip(pressed_at).collect();
        stream::iter(presses)
            .map(|(decoded, pressed_at)| self.resolve_decoded(decoded, &buttons, pressed_at))
            .buffered(MAX_CONCURRENT_PRESSES)
            .collect()
            .await
    }

    async fn resolve_decoded(
        &self,
        decoded: Result<Decoded, DecodeError>,
        buttons: &BTreeMap<Serial, Button>,
        pressed_at: Timestamp,
    ) -> Result<ResolvedPress, Unavailable> {
        let press = match decoded {
            Ok(Decoded::Press(press)) => press,
            Ok(Decoded::NotAPress) => return Ok(ResolvedPress::NoAction),
            // A device that is no button, such as a lamp, may send anything.
            Ok(Decoded::NotUnderstood { serial, .. }) if !buttons.contains_key(&serial) => {
                return Ok(ResolvedPress::NoAction);
            }
            Ok(Decoded::NotUnderstood { serial, action }) => {
                return Ok(ResolvedPress::Rejected(format!(
                    "the action `{action}` of the button {serial} is not understood; docs/buttons.md lists the known ones"
                )));
            }
            Err(undecodable) => return Ok(ResolvedPress::Rejected(undecodable.to_string())),
        };
        let Some(button) = buttons.get(&press.serial) else {
            return Ok(ResolvedPress::Rejected(format!(
                "no button with the serial number {} is registered; register it, then send this message again",
                press.serial
            )));
        };
        timeout_at(self.deadline, self.resolve_press(button, &press, pressed_at))
            .await
            .unwrap_or_else(|_| Err(Unavailable::timed_out("resolving a press")))
    }

    async fn find_buttons(&self, serials: &[Serial]) -> Result<BTreeMap<Serial, Button>, Unavailable> {
        if serials.is_empty() {
            return Ok(BTreeMap::new());
        }
        let found = timeout_at(self.deadline, self.buttons.find(serials)).await;
        let found = found.unwrap_or_else(|_| Err(Unavailable::timed_out("reading the buttons")))?;
        Ok(found.into_iter().map(|button| (button.serial.clone(), button)).collect())
    }

    async fn resolve_press(
        &self,
        button: &Button,
        press: &Press,
        pressed_at: Timestamp,
    ) -> Result<ResolvedPress, Unavailable> {
        let version = self.version(press, pressed_at).await?;
        Ok(button
            .signup(press.kind, version)
            .map_or(ResolvedPress::NoAction, |signup| ResolvedPress::Signup(Box::new(signup))))
    }

    /// Returns the version of a press. A press that is delivered again gets the version of its first delivery.
    async fn version(&self, press: &Press, pressed_at: Timestamp) -> Result<Version, Unavailable> {
        let mut version = press.version(pressed_at);
        let Some(key) = &press.deduplication_key else { return Ok(version) };
        if *key == DeduplicationKey::Gesture {
            return self.version_of_gesture(press, pressed_at).await;
        }
        for _ in 0..MAX_RESTARTS {
            let first = self.remember(press, &version).await?;
            let distance = pressed_at.since(first.requested_at).max(first.requested_at.since(pressed_at));
            if matches!(key, DeduplicationKey::Time(_)) || distance <= SAME_PRESS_WINDOW {
                return Ok(Version { requested_at: first.requested_at, id: first.id });
            }
            // The device restarted and reached the same count again. This is another press and needs another id.
            version.id = press.id_after(&version.id, first.requested_at);
        }
        Ok(version)
    }

    /// Returns the version of the first message about this press. It may belong to the time window before.
    async fn version_of_gesture(&self, press: &Press, pressed_at: Timestamp) -> Result<Version, Unavailable> {
        let before = press.version(pressed_at.minus(GESTURE_WINDOW));
        let earlier = self.idempotency.recall(before.id.as_str().to_owned()).await?;
        if let Some(first) = earlier.filter(|first| pressed_at.since(first.requested_at) <= GESTURE_WINDOW) {
            return Ok(Version { requested_at: first.requested_at, id: first.id });
        }
        let first = self.remember(press, &press.version(pressed_at)).await?;
        Ok(Version { requested_at: first.requested_at, id: first.id })
    }

    /// Stores the version under its id, unless one is stored there. Returns the stored one.
    async fn remember(&self, press: &Press, version: &Version) -> Result<IdempotentRequest, Unavailable> {
        let Version { requested_at, id } = version.clone();
        let candidate = IdempotentRequest { fingerprint: press.kind.as_str().to_owned(), id, requested_at };
        self.idempotency.remember(version.id.as_str().to_owned(), candidate).await
    }
}
