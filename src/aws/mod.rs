//! The AWS home's adapters. The only place that names AWS types.

pub mod sqs_event;
