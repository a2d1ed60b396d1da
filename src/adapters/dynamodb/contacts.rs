//! The opt-in of each contact, and the budgets.

use async_trait::async_trait;
use aws_sdk_dynamodb::Config;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use serde::Deserialize;

use super::item::{self, Item};
use super::{EventsTable, conditional, key, number, text};
use crate::domain::contact_id::ContactId;
use crate::domain::opt_in::{OptIn, Scope};
use crate::domain::timestamp::Timestamp;
use crate::ports::{Budgets, Contacts, Deletion, Spending, Unavailable, Write};

/// Partition key of all opt-ins. The sort key is the contact's id.
const CONTACTS: &str = "#contact";
/// Partition key of all budgets. The sort key is the budget's name.
const BUDGETS: &str = "#budget";

const STATE: &str = "state";
const ASKED_AT: &str = "asked_at";
const SCOPE: &str = "scope";

/// The stored scope of an opt-in that is valid for confirmed registrations only.
const SCOPE_CONFIRMED: &str = "confirmed";

#[derive(Deserialize)]
struct ContactRecord {
    state: String,
    /// In milliseconds. Present only in the state `asked`.
    #[serde(default)]
    asked_at: Option<i64>,
    /// Present only in the state `given`, unless the opt-in is valid for all registrations.
    #[serde(default)]
    scope: Option<String>,
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
        let put = match expected.map(attributes) {
            None => put.condition_expression("attribute_not_exists(event)"),
            Some((state, asked_at, scope)) => {
                // `state` and `scope` are reserved words of DynamoDB.
                let put = put
                    .expression_attribute_names("#state", STATE)
                    .expression_attribute_names("#scope", SCOPE)
                    .expression_attribute_values(":state", text(state));
                match (asked_at, scope) {
                    (None, None) => put.condition_expression("#state = :state AND attribute_not_exists(#scope)"),
                    (Some(asked_at), _) => put
                        .condition_expression(
                            "#state = :state AND asked_at = :asked_at AND attribute_not_exists(#scope)",
                        )
                        .expression_attribute_values(":asked_at", number(asked_at)),
                    (None, Some(scope)) => put
                        .condition_expression("#state = :state AND #scope = :scope")
                        .expression_attribute_values(":scope", text(scope)),
                }
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
            .set_key(Some(key(BUDGETS, budget)))
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
            .set_key(Some(key(BUDGETS, budget)))
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
        let found = self.get("reading a budget", BUDGETS, budget).await?;
        Ok(found.item.map(item::read::<BudgetRecord>).transpose()?.map_or(0, |budget| budget.spent))
    }
}

/// The stored names of the states differ from the variants for compatibility.
///
/// Functions of a version without scopes may still run during a deployment. They read every `given` as an opt-in for all
/// registrations, which is what it means to them.
fn attributes(opt_in: OptIn) -> (&'static str, Option<i64>, Option<&'static str>) {
    match opt_in {
        OptIn::Pending { at } => ("asked", Some(at.as_millis()), None),
        OptIn::Confirmed(Scope::All) => ("given", None, None),
        OptIn::Confirmed(Scope::ConfirmedRegistrations) => ("given", None, Some(SCOPE_CONFIRMED)),
        OptIn::OptedOut => ("refused", None, None),
    }
}

fn to_item(contact: &ContactId, opt_in: OptIn) -> Item {
    let (state, asked_at, scope) = attributes(opt_in);
    let mut item = key(CONTACTS, contact.as_str());
    item.insert(STATE.to_owned(), text(state));
    item.extend(asked_at.map(|asked_at| (ASKED_AT.to_owned(), number(asked_at))));
    item.extend(scope.map(|scope| (SCOPE.to_owned(), text(scope))));
    item
}

fn from_item(item: Item) -> Result<OptIn, Unavailable> {
    let ContactRecord { state, asked_at, scope } = item::read(item)?;
    match (state.as_str(), asked_at, scope.as_deref()) {
        ("asked", Some(at), None) => Ok(OptIn::Pending { at: Timestamp::from_millis(at).map_err(item::damaged)? }),
        ("given", None, None) => Ok(OptIn::Confirmed(Scope::All)),
        ("given", None, Some(SCOPE_CONFIRMED)) => Ok(OptIn::Confirmed(Scope::ConfirmedRegistrations)),
        ("refused", None, None) => Ok(OptIn::OptedOut),
        _ => Err(item::damaged("unknown opt-in state")),
    }
}
