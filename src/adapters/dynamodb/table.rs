//! Creates the table where no deployed stack creates it, and checks that a table has the expected schema.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    PointInTimeRecoverySpecification, Projection, ProjectionType, ScalarAttributeType, StreamSpecification,
    StreamViewType, TableDescription, TableStatus, TimeToLiveSpecification,
};

use super::EventsTable;
use super::digests::{DUE_AT, DUE_INDEX, WAITING};
use super::item::{EVENT, NAME};

/// How long to wait for a new table to become active. Usually this takes some seconds.
const ACTIVATION_TIMEOUT: Duration = Duration::from_secs(120);

const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The result of [`EventsTable::ensure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ensured {
    Created,
    AlreadyExists,
}

impl EventsTable {
    /// Creates the table with its index and stream unless it exists. Turns on time to live and point-in-time recovery
    /// in both cases.
    ///
    /// # Errors
    /// Returns an error if a table with this name has another schema, or if a call to AWS fails.
    pub async fn ensure(&self) -> anyhow::Result<Ensured> {
        if let Some(found) = self.describe().await? {
            check_schema(&found)?;
            self.wait_until_active().await?;
            self.enable_expiry_and_recovery().await?;
            return Ok(Ensured::AlreadyExists);
        }
        self.create().await?;
        self.wait_until_active().await?;
        self.enable_expiry_and_recovery().await?;
        Ok(Ensured::Created)
    }

    /// Returns an error unless the table exists and has the expected schema.
    pub async fn verify_schema(&self) -> anyhow::Result<()> {
        match self.describe().await? {
            Some(found) => check_schema(&found),
            None => {
                bail!("the table {} does not exist; create it with `countmein ensure-table --table {0}`", self.table)
            }
        }
    }

    /// Returns the approximate number of items, which DynamoDB updates every six hours.
    pub async fn item_count(&self) -> anyhow::Result<u64> {
        let count = self.describe().await?.and_then(|table| table.item_count).unwrap_or(0);
        Ok(u64::try_from(count).unwrap_or(0))
    }

    async fn describe(&self) -> anyhow::Result<Option<TableDescription>> {
        match self.client.describe_table().table_name(&self.table).send().await {
            Ok(description) => Ok(description.table),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
                Ok(None)
            }
            Err(error) => Err(error).with_context(|| format!("cannot read the settings of the table {}", self.table)),
        }
    }

    async fn create(&self) -> anyhow::Result<()> {
        let attribute =
            |name: &str, kind| AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build();
        let due = GlobalSecondaryIndex::builder()
            .index_name(DUE_INDEX)
            .key_schema(key(WAITING, KeyType::Hash)?)
            .key_schema(key(DUE_AT, KeyType::Range)?)
            .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
            .build()?;
        let stream =
            StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewAndOldImages);
        self.client
            .create_table()
            .table_name(&self.table)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(attribute(EVENT, ScalarAttributeType::S)?)
            .attribute_definitions(attribute(NAME, ScalarAttributeType::S)?)
            .attribute_definitions(attribute(WAITING, ScalarAttributeType::S)?)
            .attribute_definitions(attribute(DUE_AT, ScalarAttributeType::N)?)
            .key_schema(key(EVENT, KeyType::Hash)?)
            .key_schema(key(NAME, KeyType::Range)?)
            .global_secondary_indexes(due)
            .stream_specification(stream.build()?)
            .send()
            .await
            .with_context(|| format!("cannot create the table {}", self.table))?;
        Ok(())
    }

    async fn wait_until_active(&self) -> anyhow::Result<()> {
        let started = Instant::now();
        loop {
            let status = self.describe().await?.and_then(|table| table.table_status);
            if status == Some(TableStatus::Active) {
                return Ok(());
            }
            if started.elapsed() > ACTIVATION_TIMEOUT {
                bail!(
                    "the table {} is not active after {ACTIVATION_TIMEOUT:?} (status {status:?}); check its status in \
                     the AWS console and try again",
                    self.table
                );
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    async fn enable_expiry_and_recovery(&self) -> anyhow::Result<()> {
        let found = self.client.describe_time_to_live().table_name(&self.table).send().await;
        let found = found.context("cannot read the table's time to live settings")?.time_to_live_description;
        if found.is_none_or(|found| found.attribute_name.is_none()) {
            let time_to_live = TimeToLiveSpecification::builder().enabled(true).attribute_name("expires_at").build()?;
            let update =
                self.client.update_time_to_live().table_name(&self.table).time_to_live_specification(time_to_live);
            update.send().await.context("cannot turn on the table's time to live")?;
        }
        let recovery = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build()?;
        let update = self.client.update_continuous_backups().table_name(&self.table);
        let update = update.point_in_time_recovery_specification(recovery).send().await;
        update.context("cannot turn on the table's point-in-time recovery")?;
        Ok(())
    }
}

fn key(name: &str, kind: KeyType) -> anyhow::Result<KeySchemaElement> {
    Ok(KeySchemaElement::builder().attribute_name(name).key_type(kind).build()?)
}

/// Returns an error if a table has another schema, so that nothing is written to a table of another program.
fn check_schema(table: &TableDescription) -> anyhow::Result<()> {
    let keys: Vec<&str> = table.key_schema().iter().map(KeySchemaElement::attribute_name).collect();
    let name = table.table_name().unwrap_or_default();
    if keys != [EVENT, NAME] {
        bail!(
            "the table {name} has the keys {}, not {EVENT} and {NAME}; choose another name with --table",
            keys.join(", ")
        );
    }
    let stream = table.stream_specification().and_then(StreamSpecification::stream_view_type);
    if stream != Some(&StreamViewType::NewAndOldImages) {
        bail!(
            "the table {name} has no stream of new and old images; turn on such a stream, or choose another name with \
             --table"
        );
    }
    if !table.global_secondary_indexes().iter().any(|index| index.index_name() == Some(DUE_INDEX)) {
        bail!("the table {name} has no index `{DUE_INDEX}`; choose another name with --table");
    }
    Ok(())
}
