//! How the parts of template.yaml agree with each other, with the code and with the documents. cfn-lint checks that the
//! template is valid.

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
mod text_messages;
