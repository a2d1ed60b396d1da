//! The watermarks, one item each. Each event has a partition of its own, in which the sort key is the recipient.

use async_trait::async_trait;
use aws_sdk_dynamodb::Config;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::ReturnValue;
use serde::Deserialize;

use super::digests::time;
use super::{EventsTable, conditional, item, key, number};
use crate::adapters::aws::error::unavailable;
use crate::domain::digest::MAX_LEAD;
use crate::domain::event::EventId;
use crate::domain::event_announcement::ANNOUNCEMENT_RETENTION;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Claimed, LastAttempt, Unavailable, WatermarkClaim, WatermarkKey, Watermarks};

const CLAIMING: &str = "claiming a watermark";
const STORING: &str = "storing a watermark";

/// Times are in milliseconds. The item also has `claimed_until` while a worker has a claim, and `expires_at`.
#[derive(Deserialize)]
struct WatermarkRecord {
    #[serde(default)]
    told_until: Option<i64>,
    /// The worker that has the claim, or had it when its attempt ended without a known outcome.
    #[serde(default)]
    holder: Option<u64>,
}

#[async_trait]
impl Watermarks for EventsTable {
    async fn claim(&self, claim: &WatermarkClaim, now: Timestamp) -> Result<Claimed, Unavailable> {
        let update = self
            .update_watermark(&claim.key)
            .update_expression("SET holder = :holder, claimed_until = :ends_at, expires_at = :expires_at")
            .condition_expression("attribute_not_exists(claimed_until) OR claimed_until <= :now OR holder = :holder")
            .expression_attribute_values(":holder", number(claim.holder))
            .expression_attribute_values(":ends_at", number(claim.ends_at.as_millis()))
            .expression_attribute_values(":expires_at", number(expires_at(claim).as_seconds()))
            .expression_attribute_values(":now", number(now.as_millis()))
            .return_values(ReturnValue::AllOld);
        // A retry after a lost response would find its own claim, and not who had one before.
        let once = Config::builder().retry_config(RetryConfig::disabled());
        let before = match update.customize().config_override(once).send().await {
            Ok(updated) => updated.attributes.unwrap_or_default(),
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => return Ok(Claimed::Held),
            Err(error) => return Err(unavailable(CLAIMING, &error)),
        };
        let WatermarkRecord { told_until, holder } = item::read(before)?;
        Ok(Claimed::Granted {
            told_until: told_until.map(time).transpose()?,
            is_in_doubt: holder.is_some_and(|holder| holder != claim.holder),
        })
    }

    async fn advance(&self, claim: &WatermarkClaim, told_until: Timestamp) -> Result<(), Unavailable> {
        let update = self.update_claimed(claim, "SET told_until = :told_until REMOVE holder, claimed_until");
        let update = update.expression_attribute_values(":told_until", number(told_until.as_millis()));
        conditional(STORING, update.send().await).map(drop)
    }

    async fn release(
        &self,
        claim: &WatermarkClaim,
        last_attempt: LastAttempt,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        let update = match last_attempt {
            LastAttempt::Resolved | LastAttempt::NotMade => self.update_claimed(claim, "REMOVE holder, claimed_until"),
            // The claim has ended, but is not forgotten.
            LastAttempt::Unresolved => self
                .update_claimed(claim, "SET claimed_until = :now")
                .expression_attribute_values(":now", number(now.as_millis())),
        };
        conditional(STORING, update.send().await).map(drop)
    }
}

impl EventsTable {
    fn update_watermark(&self, watermark: &WatermarkKey) -> UpdateItemFluentBuilder {
        let key = key(&partition(&watermark.event), watermark.recipient.as_str());
        self.client.update_item().table_name(&self.table).set_key(Some(key))
    }

    /// An update that is made only if the worker still has its claim.
    fn update_claimed(&self, claim: &WatermarkClaim, expression: &str) -> UpdateItemFluentBuilder {
        let update = self.update_watermark(&claim.key).update_expression(expression);
        let update = update.condition_expression("holder = :holder");
        update.expression_attribute_values(":holder", number(claim.holder))
    }
}

/// When the watermark may be deleted. By then, every announcement is too old that it can be about.
fn expires_at(claim: &WatermarkClaim) -> Timestamp {
    claim.ends_at.plus(MAX_LEAD).plus(ANNOUNCEMENT_RETENTION).to_whole_second()
}

pub(super) fn partition(event: &EventId) -> String {
    format!("#watermark#{}", event.as_str())
}
