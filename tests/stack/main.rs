//! The stack of `template.yaml`, deployed to MiniStack with the functions as processes of their own.

#[expect(dead_code, reason = "other tests use more of it")]
#[path = "../ministack/mod.rs"]
mod ministack;
#[expect(dead_code, reason = "other tests use more of it")]
#[path = "../webhook/receiver.rs"]
mod receiver;
#[expect(dead_code, reason = "other tests use more of it")]
#[path = "../runtime_api/mod.rs"]
mod runtime_api;
#[path = "../ministack/texts.rs"]
mod texts;

use runtime_api::http;

mod alexa;
mod buttons;
mod import;
mod load;
mod news;
mod pipeline;
mod publishing;
mod roles;
mod support;
