//! The opt-in of each contact, and the budgets.

use async_trait::async_trait;
use aws_sdk_dynamodb::Config;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;

use super::item::{self, Item};
use super::{EventsTable, conditional, key, number, text};
use crate::adapters::aws::error::unavailable;
use crate::domain::contact_id::ContactId;
use crate::domain::opt_in::OptIn;
use crate::domain::timestamp::Timestamp;
use crate::formats::stored::opt_in::OptInRecord;
use crate::ports::{Budgets, Contacts, Deletion, Spending, Unavailable, Write};

/// Partition key of all opt-ins. The sort key is the contact's id.
const CONTACTS: &str = "#contact";
/// Partition key of most budgets. The sort key is the budget's name.
const BUDGETS: &str = "#budget";

const STATE: &str = "state";
const ASKED_AT: &str = "asked_at";
const SCOPE: &str = "scope";
const REGISTRATION: &str = "registration";

#[derive(Deserialize)]
struct ContactRecord {
    state: String,
    /// In milliseconds. Present only in the state `asked`.
    #[serde(default)]
    asked_at: Option<i64>,
    /// Present only in the state `given`, unless the opt-in is valid for all registrations.
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    registration: Option<String>,
}

#[derive(Deserialize)]
struct BudgetRecord {
    spent: u64,
}

#[async_trait]
impl Contacts for EventsTable {
    async fn opt_in(&self, contact: &ContactId) -> Result<Option<OptIn>, Unavailable> {
        let found = self.get("reading an opt-in", CONTACTS, contact.as_str()).await?;
        found.item.map(from_item).transpose()
    }

    async fn set_opt_in(&self, contact: &ContactId, expected: Option<OptIn>, new: OptIn) -> Result<Write, Unavailable> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(to_item(contact, new)));
        let put = match expected.map(OptInRecord::from) {
            None => put.condition_expression("attribute_not_exists(event)"),
            Some(OptInRecord { state, asked_at, scope, registration }) => unchanged(
                put,
                [
                    (STATE, Some(text(&state))),
                    (ASKED_AT, asked_at.map(number)),
                    (SCOPE, scope.as_deref().map(text)),
                    (REGISTRATION, registration.as_deref().map(text)),
                ],
            ),
        };
        self.put_if("storing an opt-in", put).await
    }

    async fn delete_opt_in(&self, contact: &ContactId) -> Result<Deletion, Unavailable> {
        self.delete_item("deleting an opt-in", CONTACTS, contact.as_str()).await
    }
}

#[async_trait]
impl Budgets for EventsTable {
    /// A budget may grant less than its limit, but never more, for two reasons. DynamoDB may take days to delete an
    /// expired budget, and until then a new budget with the same name includes the old amount. And if a response is
    /// lost, the AWS client retries the call and spends twice.
    async fn spend(&self, budget: &str, limit: u64, ends_at: Timestamp) -> Result<Spending, Unavailable> {
        if limit == 0 {
            // The condition below would always grant the first unit.
            return Ok(Spending::Exhausted);
        }
        let spend = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(budget_key(budget)))
            .update_expression("ADD spent :one SET expires_at = if_not_exists(expires_at, :expires_at)")
            .condition_expression("attribute_not_exists(spent) OR spent < :limit")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":limit", number(limit))
            .expression_attribute_values(":expires_at", number(ends_at.to_whole_second().as_seconds()));
        Ok(match conditional("spending from a budget", spend.send().await)? {
            Write::Stored => Spending::Granted,
            Write::Conflict => Spending::Exhausted,
        })
    }

    async fn refund(&self, budget: &str) -> Result<(), Unavailable> {
        let refund = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(budget_key(budget)))
            .update_expression("ADD spent :minus_one")
            .condition_expression("spent > :zero")
            .expression_attribute_values(":minus_one", number(-1))
            .expression_attribute_values(":zero", number(0));
        // A retry after a lost response would take 2 back.
        let once = Config::builder().retry_config(RetryConfig::disabled());
        let refunded = refund.customize().config_override(once).send().await;
        conditional("refunding a budget", refunded).map(drop)
    }

    async fn spent(&self, budget: &str) -> Result<u64, Unavailable> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let found = get.set_key(Some(budget_key(budget))).send().await;
        let found = found.map_err(|error| unavailable("reading a budget", &error))?;
        Ok(found.item.map(item::read::<BudgetRecord>).transpose()?.map_or(0, |budget| budget.spent))
    }
}

/// Every notification is counted in a budget of its mailbox. One partition key for all of them would limit how many can be sent
/// in a second.
fn budget_key(budget: &str) -> Item {
    if budget.starts_with("digests ") { key(&format!("{BUDGETS}#{budget}"), budget) } else { key(BUDGETS, budget) }
}

/// Adds the condition that an item has these attributes with these values, and lacks those without a value. Some of the names
/// are reserved words of DynamoDB.
fn unchanged(
    mut put: PutItemFluentBuilder,
    attributes: impl IntoIterator<Item = (&'static str, Option<AttributeValue>)>,
) -> PutItemFluentBuilder {
    let mut conditions = Vec::new();
    for (name, value) in attributes {
        put = put.expression_attribute_names(format!("#{name}"), name);
        match value {
            Some(value) => {
                conditions.push(format!("#{name} = :{name}"));
                put = put.expression_attribute_values(format!(":{name}"), value);
            }
            None => conditions.push(format!("attribute_not_exists(#{name})")),
        }
    }
    put.condition_expression(conditions.join(" AND "))
}

fn to_item(contact: &ContactId, opt_in: OptIn) -> Item {
    let OptInRecord { state, asked_at, scope, registration } = opt_in.into();
    let mut item = key(CONTACTS, contact.as_str());
    item.insert(STATE.to_owned(), text(&state));
    item.extend(asked_at.map(|asked_at| (ASKED_AT.to_owned(), number(asked_at))));
    item.extend(scope.map(|scope| (SCOPE.to_owned(), text(&scope))));
    item.extend(registration.map(|registration| (REGISTRATION.to_owned(), text(&registration))));
    item
}

fn from_item(item: Item) -> Result<OptIn, Unavailable> {
    let ContactRecord { state, asked_at, scope, registration } = item::read(item)?;
    OptInRecord { state, asked_at, scope, registration }.parse().ok_or_else(|| item::damaged("unknown opt-in state"))
}
