//! The table itself: made where no stack makes it.

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

/// A new table is there after some seconds; a minute is an outage.
const PATIENCE: Duration = Duration::from_secs(120);

/// Whether the table had to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ensured {
    Made,
    WasThere,
}

impl EventsTable {
    /// Makes the table with its index, stream, time to live and point-in-time recovery, unless it is there.
    ///
    /// # Errors
    /// A table of that name that is not of this form; whatever AWS refuses.
    pub async fn ensure(&self) -> anyhow::Result<Ensured> {
        if let Some(found) = self.describe().await? {
            is_of_our_form(&found)?;
            self.until_it_is_active().await?;
            self.look_after_itself().await?;
            return Ok(Ensured::WasThere);
        }
        self.make().await?;
        self.until_it_is_active().await?;
        self.look_after_itself().await?;
        Ok(Ensured::Made)
    }

    /// Refuses to work on a table that is not there or is another one.
    pub async fn must_be_there(&self) -> anyhow::Result<()> {
        match self.describe().await? {
            Some(found) => is_of_our_form(&found),
            None => bail!("there is no table {}; make it with `countmein ensure-table --table {0}`", self.table),
        }
    }

    async fn describe(&self) -> anyhow::Result<Option<TableDescription>> {
        match self.client.describe_table().table_name(&self.table).send().await {
            Ok(description) => Ok(description.table),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
                Ok(None)
            }
            Err(error) => Err(error).with_context(|| format!("cannot look at the table {}", self.table)),
        }
    }

    async fn make(&self) -> anyhow::Result<()> {
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
            .with_context(|| format!("cannot make the table {}", self.table))?;
        Ok(())
    }

    async fn until_it_is_active(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            let status = self.describe().await?.and_then(|table| table.table_status);
            if status == Some(TableStatus::Active) {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                bail!("the table {} is still {status:?} after {PATIENCE:?}; look at it and try again", self.table);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn look_after_itself(&self) -> anyhow::Result<()> {
        let found = self.client.describe_time_to_live().table_name(&self.table).send().await;
        let found = found.context("cannot look at the table's time to live")?.time_to_live_description;
        if found.is_none_or(|found| found.attribute_name.is_none()) {
            let live = TimeToLiveSpecification::builder().enabled(true).attribute_name("expires_at").build()?;
            let update = self.client.update_time_to_live().table_name(&self.table).time_to_live_specification(live);
            update.send().await.context("cannot set the table's time to live")?;
        }
        let recovery = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build()?;
        let update = self.client.update_continuous_backups().table_name(&self.table);
        let update = update.point_in_time_recovery_specification(recovery).send().await;
        update.context("cannot set the table's point-in-time recovery")?;
        Ok(())
    }
}

fn key(name: &str, kind: KeyType) -> anyhow::Result<KeySchemaElement> {
    Ok(KeySchemaElement::builder().attribute_name(name).key_type(kind).build()?)
}

/// Refuses what merely has the same name, before anything is written to it.
fn is_of_our_form(table: &TableDescription) -> anyhow::Result<()> {
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
        bail!("the table {name} has no stream of new and old images; turn one on, or choose another name with --table");
    }
    if !table.global_secondary_indexes().iter().any(|index| index.index_name() == Some(DUE_INDEX)) {
        bail!("the table {name} has no index `{DUE_INDEX}`; choose another name with --table");
    }
    Ok(())
}
