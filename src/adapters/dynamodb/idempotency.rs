//! The idempotency keys that clients sent, one item each, kept for 24 hours.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use serde::{Deserialize, Serialize};

use super::{EventsTable, IDEMPOTENCY_KEYS, item, number};
use crate::adapters::aws::error::unavailable;
use crate::domain::signup::SignupId;
use crate::domain::timestamp::Timestamp;
use crate::ports::{Idempotency, IdempotentRequest, Unavailable};

const STORING: &str = "storing an idempotency key";

/// Clients stop retrying a request long before this period ends.
const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Serialize, Deserialize)]
struct IdempotencyRecord {
    event: String,
    name: String,
    fingerprint: String,
    signup_id: String,
    /// In milliseconds.
    requested_at: i64,
    /// In seconds, as DynamoDB's time to live requires.
    expires_at: i64,
}

#[async_trait]
impl Idempotency for EventsTable {
    async fn remember(&self, key: String, candidate: IdempotentRequest) -> Result<IdempotentRequest, Unavailable> {
        let now = Timestamp::now();
        let record = IdempotencyRecord {
            event: IDEMPOTENCY_KEYS.to_owned(),
            name: key,
            fingerprint: candidate.fingerprint.clone(),
            signup_id: candidate.id.as_str().to_owned(),
            requested_at: candidate.requested_at.as_millis(),
            expires_at: now.plus(RETENTION).as_seconds(),
        };
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item::write(&record)))
            // DynamoDB may delete an expired item only days later, so the condition treats it as absent.
            .condition_expression("attribute_not_exists(event) OR expires_at <= :now")
            .expression_attribute_values(":now", number(now.as_seconds()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = put else { return Ok(candidate) };
        let Some(PutItemError::ConditionalCheckFailedException(conflict)) = error.as_service_error() else {
            return Err(unavailable(STORING, &error));
        };
        let found = conflict.item.clone().ok_or_else(|| item::damaged("DynamoDB did not return the stored item"))?;
        item::read::<IdempotencyRecord>(found)?.into_request()
    }

    async fn recall(&self, key: String) -> Result<Option<IdempotentRequest>, Unavailable> {
        let now = Timestamp::now().as_seconds();
        let found = self.get("reading an idempotency key", IDEMPOTENCY_KEYS, &key).await?.item;
        let found = found.map(item::read::<IdempotencyRecord>).transpose()?;
        found.filter(|found| found.expires_at > now).map(IdempotencyRecord::into_request).transpose()
    }
}

impl IdempotencyRecord {
    fn into_request(self) -> Result<IdempotentRequest, Unavailable> {
        Ok(IdempotentRequest {
            fingerprint: self.fingerprint,
            id: SignupId::from_stored(self.signup_id),
            requested_at: Timestamp::from_millis(self.requested_at).map_err(item::damaged)?,
        })
    }
}
