//! Extracts the message of a caught panic.

use std::any::Any;

/// Returns `None` if the panic's payload is not a string.
pub fn message(panic: &(dyn Any + Send)) -> Option<&str> {
    panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied())
}
