//! For each household with an Echo, the attendee name that it usually signs up; one item per household.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::item::{self, Item, NAME};
use super::{EventsTable, MAX_QUERY_ITEMS, key, text};
use crate::adapters::aws::error::unavailable;
use crate::domain::attendee_name::{AttendeeName, NameKey};
use crate::domain::household::HouseholdId;
use crate::ports::{Households, Unavailable};

/// Partition key of all households. The sort key, in the attribute `name`, is the hash of the Amazon user id.
const HOUSEHOLDS: &str = "#household";

const READING: &str = "reading a household's usual name";

#[derive(Serialize, Deserialize)]
struct HouseholdRecord {
    display_name: String,
    /// The folded name.
    attendee_key: String,
}

#[async_trait]
impl Households for EventsTable {
    async fn usual_name(&self, user: &HouseholdId) -> Result<Option<AttendeeName>, Unavailable> {
        let found = self.get(READING, HOUSEHOLDS, user.as_str()).await?;
        let record = found.item.map(item::read::<HouseholdRecord>).transpose()?;
        Ok(record.map(|record| AttendeeName::from_stored(record.display_name, record.attendee_key)))
    }

    async fn remember(&self, user: &HouseholdId, name: &AttendeeName) -> Result<(), Unavailable> {
        let attendee_key = name.key().as_str().to_owned();
        let mut item = item::write(&HouseholdRecord { display_name: name.to_string(), attendee_key });
        item.extend(key(HOUSEHOLDS, user.as_str()));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put.send().await.map_err(|error| unavailable("storing a household's usual name", &error))?;
        Ok(())
    }

    async fn with_usual_name(
        &self,
        name: &NameKey,
        limit: usize,
        after: Option<&HouseholdId>,
    ) -> Result<Vec<(HouseholdId, AttendeeName)>, Unavailable> {
        let query = self
            .client
            .query()
            .consistent_read(true)
            .filter_expression("attendee_key IN (:attendee_key, :refolded)")
            .expression_attribute_values(":attendee_key", text(name.as_str()))
            .expression_attribute_values(":refolded", text(name.refolded().as_str()));
        let read = |mut item: Item| {
            let user = item.remove(NAME).and_then(|value| value.as_s().ok().cloned()).unwrap_or_default();
            let HouseholdRecord { display_name, attendee_key } = item::read(item)?;
            Ok(Some((HouseholdId::from_stored(user), AttendeeName::from_stored(display_name, attendee_key))))
        };
        self.query_partition(READING, query, (HOUSEHOLDS, after.map(HouseholdId::as_str)), limit, read).await
    }
}

impl EventsTable {
    /// Deletes this usual name from every household that has it. Returns the number of these households.
    pub(super) async fn delete_usual_name(&self, name: &NameKey) -> Result<u64, Unavailable> {
        let (mut deleted, mut after) = (0, None);
        loop {
            let page = self.with_usual_name(name, MAX_QUERY_ITEMS, after.as_ref()).await?;
            let Some((last, _)) = page.last() else { return Ok(deleted) };
            after = Some(last.clone());
            for (user, _) in &page {
                deleted +=
                    self.delete_item("deleting a household's usual name", HOUSEHOLDS, user.as_str()).await?.count();
            }
        }
    }
}
