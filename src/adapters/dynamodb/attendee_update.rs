//! One request as one conditional update, which needs not know what is there.
//!
//! It says in DynamoDB's expressions what [`attendee::apply`](crate::domain::attendee::apply) says in Rust; the contract suite
//! holds both to the same outcome.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;

use super::{number, text};
use crate::domain::attendee::forgotten_at;
use crate::domain::contact::Contact;
use crate::domain::registration::LINK_AGAIN_AFTER;
use crate::domain::signup::{Request, Signup, SignupId, Version};
use crate::domain::timestamp::Timestamp;
use crate::formats::stored::attendee::{StoredContact, StoredStatus};

/// A request is applied only over an older one, or over none.
const NEWER: &str = "(attribute_not_exists(#signup_id) OR #requested_at < :requested_at \
                     OR (#requested_at = :requested_at AND #signup_id < :signup_id))";

/// Completes the update of one attendee.
pub fn complete(update: UpdateItemFluentBuilder, signup: &Signup, now: Timestamp) -> UpdateItemFluentBuilder {
    let mut expression = match &signup.request {
        Request::SendLink => Expression::asks_for_the_link(signup.version.requested_at),
        _ => Expression::over_an_older(&signup.version),
    };
    match &signup.request {
        Request::Join { contact } => {
            expression.begins(signup, contact.as_ref());
            if contact.is_some() {
                // On a stay that has begun, a stranger must not set a contact, not even where there is none.
                expression.conditions.push("attribute_not_exists(#owner)");
            }
        }
        Request::Enrol { contact } => expression.begins(signup, contact.as_ref()),
        Request::Cancel => expression.ends(signup, now),
        Request::Amend { registration, contact } => {
            expression.is_of_owner(registration);
            match contact {
                Some(contact) => expression.set("contact", value_of(contact)),
                None => expression.remove("contact"),
            }
        }
        Request::Leave { registration } => {
            expression.is_of_owner(registration);
            expression.ends(signup, now);
        }
        Request::Notify { registration, on } => {
            expression.is_of_owner(registration);
            match on {
                true => expression.remove("notify"),
                false => expression.set("notify", AttributeValue::Bool(false)),
            }
        }
        Request::SendLink => {}
    }
    expression.write(update)
}

/// What an update expression is made of. An attribute is `#name` in it, its value `:name`.
#[derive(Default)]
struct Expression {
    set: Vec<String>,
    remove: Vec<String>,
    conditions: Vec<&'static str>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Expression {
    fn over_an_older(version: &Version) -> Self {
        let mut expression = Self { conditions: vec![NEWER], ..Self::default() };
        expression.set("requested_at", number(version.requested_at.as_millis()));
        expression.set("signup_id", text(version.id.as_str()));
        expression
    }

    /// Of a stay with a contact, whose version stays as it is.
    fn asks_for_the_link(asked_at: Timestamp) -> Self {
        let mut expression = Self::default();
        expression.set("link_asked_at", number(asked_at.as_millis()));
        expression.values.insert(":lately".to_owned(), number(asked_at.minus(LINK_AGAIN_AFTER).as_millis()));
        for attribute in ["contact", "since"] {
            expression.name(attribute);
        }
        // No stay without them.
        expression.conditions = vec![
            "attribute_exists(#contact)",
            "#since <= :link_asked_at",
            "(attribute_not_exists(#link_asked_at) OR #link_asked_at <= :lately)",
        ];
        expression
    }

    /// Of a stay that lasts already, all but the contact stays as it is.
    fn begins(&mut self, signup: &Signup, contact: Option<&Contact>) {
        self.is_named_by(signup);
        self.set("status", text(StoredStatus::In.as_str()));
        self.set_if_absent("since", number(signup.version.requested_at.as_millis()));
        self.set_if_absent("owner", text(signup.version.id.as_str()));
        self.set_if_absent("channel", text(signup.channel.as_str()));
        if let Some(contact) = contact {
            self.set("contact", value_of(contact));
        }
        self.remove("expires_at");
    }

    fn ends(&mut self, signup: &Signup, now: Timestamp) {
        self.is_named_by(signup);
        self.set("status", text(StoredStatus::Out.as_str()));
        self.set("expires_at", number(forgotten_at(signup, now).as_seconds()));
        for of_the_stay in ["since", "owner", "channel", "contact", "notify", "link_asked_at"] {
            self.remove(of_the_stay);
        }
    }

    fn is_named_by(&mut self, signup: &Signup) {
        self.set_if_absent("display_name", text(signup.name.as_str()));
        self.set_if_absent("title", text(signup.event.title()));
    }

    fn is_of_owner(&mut self, registration: &SignupId) {
        self.conditions.push("#owner = :stay");
        self.name("owner");
        self.values.insert(":stay".to_owned(), text(registration.as_str()));
    }

    fn set(&mut self, name: &str, value: AttributeValue) {
        self.set.push(format!("#{name} = :{name}"));
        self.name(name);
        self.values.insert(format!(":{name}"), value);
    }

    fn set_if_absent(&mut self, name: &str, value: AttributeValue) {
        self.set.push(format!("#{name} = if_not_exists(#{name}, :{name})"));
        self.name(name);
        self.values.insert(format!(":{name}"), value);
    }

    fn remove(&mut self, name: &str) {
        self.remove.push(format!("#{name}"));
        self.name(name);
    }

    fn name(&mut self, name: &str) {
        self.names.insert(format!("#{name}"), name.to_owned());
    }

    fn write(self, update: UpdateItemFluentBuilder) -> UpdateItemFluentBuilder {
        let mut clauses = format!("SET {}", self.set.join(", "));
        if !self.remove.is_empty() {
            clauses.push_str(" REMOVE ");
            clauses.push_str(&self.remove.join(", "));
        }
        update
            .update_expression(clauses)
            .condition_expression(self.conditions.join(" AND "))
            .set_expression_attribute_names(Some(self.names))
            .set_expression_attribute_values(Some(self.values))
    }
}

fn value_of(contact: &Contact) -> AttributeValue {
    let contact = StoredContact::from(contact);
    serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(contact).expect("it is plain data")
}
