//! The AWS home: the adapters, and the wiring of the functions. The only place that names AWS types.
//!
//! * [`config`]: how to reach AWS, said once and shared by every client. [`failure`]: what an error of theirs means to us.
//! * [`events_table`]: the table `Events` on DynamoDB: roster, rejects, idempotency, digests, contacts, buttons,
//!   households.
//! * [`sqs`]: the Signups queue. [`sns`]: the ways to people. [`secrets`]: the stage's secrets.
//! * [`sqs_event`], [`stream_event`]: what Lambda hands to a function, as the domain's types and back.
//! * [`function`]: what each function reads at its start and does with an event. [`telemetry`]: its log and metrics.
//! * `home` (with the feature `standalone`): the program on the table and the queue of a deployed stack.

pub mod config;
pub mod events_table;
pub mod failure;
pub mod function;
#[cfg(feature = "standalone")]
pub mod home;
pub mod secrets;
pub mod sns;
pub mod sqs;
pub mod sqs_event;
pub mod stream_event;
pub mod telemetry;
