//! The stack of `template.yaml`, deployed to MiniStack with the functions as processes of their own.

mod alexa;
mod buttons;
mod import;
mod load;
mod notifications;
mod pipeline;
mod publishing;
mod roles;
mod support;
mod upgrade;
