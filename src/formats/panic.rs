//! The message of a caught panic.

use std::any::Any;

/// The panic's message; none if its payload is no text.
pub fn message(panic: &(dyn Any + Send)) -> Option<&str> {
    panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied())
}
