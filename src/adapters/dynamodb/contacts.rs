//! The opt-in of each contact, and the budgets.

use std::borrow::Cow;

use async_trait::async_trait;
use aws_sdk_dynamodb::Config;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use serde::Deserialize;

use super::item::{self, Item, Unchanged};
use super::{EventsTable, conditional, key, number};
use crate::domain::contact_id::ContactId;
use crate::domain::opt_in::OptIn;
use crate::domain::timestamp::Timestamp;
use crate::formats::stored::opt_in::OptInRecord;
use crate::ports::{Budgets, Contacts, Deletion, Spending, Unavailable, Write};

/// Partition key of all opt-ins. The sort key is the contact's id.
const CONTACTS: &str = "#contact";
/// Partition key of most budgets, see [`partition`]. The sort key is the budget's name.
const BUDGETS: &str = "#budget";

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
        let mut item = record(new);
        item.extend(key(CONTACTS, contact.as_str()));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = match expected.map(record) {
            None => put.condition_expression("attribute_not_exists(event)"),
            Some(expected) => {
                let attributes = ["state", "asked_at", "scope", "registration"];
                let unchanged = Unchanged::of(attributes.map(|name| (name, expected.get(name).cloned())));
                put.condition_expression(unchanged.condition)
                    .set_expression_attribute_names(Some(unchanged.names))
                    .set_expression_attribute_values(unchanged.values)
            }
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
            .set_key(Some(key(&partition(budget), budget)))
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
            .set_key(Some(key(&partition(budget), budget)))
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
        let found = self.get("reading a budget", &partition(budget), budget).await?;
        Ok(found.item.map(item::read::<BudgetRecord>).transpose()?.map_or(0, |budget| budget.spent))
    }
}

/// Every notification is counted in a budget of its mailbox. One partition for all of them would limit how many can be sent in a
/// second.
fn partition(budget: &str) -> Cow<'static, str> {
    if budget.starts_with("digests ") { format!("{BUDGETS}#{budget}").into() } else { BUDGETS.into() }
}

/// The attributes of an opt-in.
fn record(opt_in: OptIn) -> Item {
    item::write(&OptInRecord::from(opt_in))
}

fn from_item(item: Item) -> Result<OptIn, Unavailable> {
    item::read::<OptInRecord>(item)?.parse().ok_or_else(|| item::damaged("unknown opt-in state"))
}
