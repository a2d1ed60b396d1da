//! The template, the functions and the program on AWS, with MiniStack in AWS's place.

#[expect(dead_code, reason = "other test binaries use more of it")]
#[path = "../support/mod.rs"]
mod support;

mod adapters;
mod functions;
mod remote;
mod sns;
mod stack;
mod template;
mod texting;
