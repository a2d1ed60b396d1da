//! The functions' own executables under a Runtime API like Lambda's, with MiniStack behind a proxy that sees each of
//! their calls.

#[path = "../ministack/mod.rs"]
mod ministack;
#[expect(dead_code, reason = "the benchmark uses more of it")]
#[path = "../runtime_api/mod.rs"]
mod runtime_api;
#[path = "../ministack/stream.rs"]
mod stream;
#[path = "../ministack/texts.rs"]
mod texts;

mod api;
mod crash;
mod deploy;
mod fanout;
mod ingest;
mod logs;
mod world;
