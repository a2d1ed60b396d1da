//! What template.yaml promises: limits that hang together, what each function may do, what an operator hears of.
//! Whether the template is valid at all, cfn-lint says.

mod alarms;
mod buttons;
mod data;
mod functions;
mod http_api;
mod names;
mod queue;
mod roles;
mod stream;
mod support;
