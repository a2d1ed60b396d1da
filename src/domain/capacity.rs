//! The number of places of an event.

use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// The maximum number of places that an event can have.
pub const MAX_CAPACITY: u32 = 100_000;

/// The number of places of an event: 1 to [`MAX_CAPACITY`]. An attendee and each of their guests need one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Capacity(NonZeroU32);

/// A number of places is 0, or larger than [`MAX_CAPACITY`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event has 1 to {MAX_CAPACITY} places")]
pub struct InvalidCapacity;

impl Capacity {
    pub fn get(self) -> u32 {
        self.0.get()
    }
}

impl TryFrom<u32> for Capacity {
    type Error = InvalidCapacity;

    fn try_from(places: u32) -> Result<Self, InvalidCapacity> {
        NonZeroU32::new(places).filter(|places| places.get() <= MAX_CAPACITY).map(Self).ok_or(InvalidCapacity)
    }
}

impl From<Capacity> for u32 {
    fn from(capacity: Capacity) -> Self {
        capacity.get()
    }
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
