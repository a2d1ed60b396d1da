//! What a panic said.

use std::any::Any;

/// The panic's message; none if it carries something else.
pub fn message(panic: &(dyn Any + Send)) -> Option<&str> {
    panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied())
}
