//! The function that imports CSV files from a bucket. It puts the sign-ups on the queue and the refused rows into
//! another bucket.

use anyhow::{Context as _, bail};
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

use super::required_setting;
use crate::adapters::aws::config;
use crate::adapters::metrics::emf::{Emf, Metric};
use crate::adapters::s3;
use crate::adapters::sqs::Sqs;
use crate::domain::timestamp::Timestamp;
use crate::formats::csv::{CsvError, Import, Table, rejected_rows};
use crate::formats::message;
use crate::ports::Unavailable;

/// Maximum size of a file. A file of this size fits in the function's memory.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Number of messages that are sent one after the other.
const MESSAGES_PER_CALL: usize = 100;

/// The time that is left for storing the result after the last message is sent.
const RESERVED_TIME: Duration = Duration::from_secs(10);

const MAX_CONCURRENT_CALLS: usize = 8;

/// Imports CSV files.
pub struct Importer {
    s3: Client,
    queue: Sqs,
    results_bucket: String,
    emf: Emf,
}

/// The fields that this function reads from S3's notification about created objects (S3 user guide, "Event message
/// structure").
#[derive(Debug, Deserialize)]
pub struct ObjectsCreated {
    #[serde(rename = "Records", default)]
    records: Vec<ObjectCreated>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ObjectCreated {
    event_time: String,
    s3: S3Location,
}

#[derive(Debug, Deserialize)]
struct S3Location {
    bucket: Bucket,
    object: Object,
}

#[derive(Debug, Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Object {
    /// Encoded like a form: `+` is a space, other characters are percent-encoded.
    key: String,
    #[serde(default)]
    size: u64,
    #[serde(rename = "eTag", default)]
    etag: String,
}

/// The result of one file.
#[derive(Default)]
struct ImportResult {
    sent: u64,
    refused: u64,
    /// The refused rows, as CSV.
    refused_csv: Vec<u8>,
}

impl Importer {
    pub fn from_environment() -> anyhow::Result<Self> {
        let config = config::load_for_function()?;
        Ok(Self {
            s3: s3::client(&config),
            queue: Sqs::new(&config, required_setting("COUNTMEIN_QUEUE_URL")?),
            results_bucket: required_setting("COUNTMEIN_RESULTS_BUCKET")?,
            emf: Emf::new(required_setting("COUNTMEIN_STAGE")?),
        })
    }

    /// Imports each file. A repeated notification is safe: its sign-ups have the same ids, so they change nothing.
    ///
    /// `deadline` is the time at which Lambda stops the invocation.
    ///
    /// # Errors
    /// Returns an error if an import is incomplete; Lambda then delivers the event again.
    pub async fn handle(&self, event: ObjectsCreated, deadline: SystemTime) -> anyhow::Result<()> {
        let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
        let deadline = Instant::now() + left.saturating_sub(RESERVED_TIME);
        if event.records.is_empty() {
            bail!("the event has no records; check that S3 triggers the function");
        }
        for created in event.records {
            // The console of S3 stores a folder as an empty object.
            if created.s3.object.key.ends_with('/') {
                tracing::info!("a folder was created; it contains no rows");
                continue;
            }
            let result = self.import(&created, deadline).await?;
            tracing::info!(sent = result.sent, refused = result.refused, "file imported");
            self.emf
                .write(&[Metric::count("SignupsAccepted", result.sent), Metric::count("RowsRefused", result.refused)]);
            self.store_result(&decode_key(&created.s3.object)?, result).await?;
        }
        Ok(())
    }

    async fn import(&self, created: &ObjectCreated, deadline: Instant) -> anyhow::Result<ImportResult> {
        let S3Location { bucket, object } = &created.s3;
        if object.size > MAX_FILE_BYTES {
            let reason =
                format!("the file has {} bytes; split it into files of at most {MAX_FILE_BYTES} bytes", object.size);
            return Ok(ImportResult::unreadable(&reason));
        }
        let began_at =
            Timestamp::parse_rfc3339(&created.event_time).context("the event's time is invalid")?.min(Timestamp::now());
        let identity = format!("{}/{}/{}", bucket.name, object.key, object.etag);
        let import = Import { id: Import::id_of(identity.as_bytes()), began_at };
        let get = self
            .s3
            .get_object()
            .bucket(&bucket.name)
            .key(decode_key(object)?)
            .send()
            .await
            .context("reading the file failed")?;
        let bytes = get.body.collect().await.context("reading the file failed")?.into_bytes();
        match Table::new(&*bytes) {
            Ok(table) => self.import_rows(table, &import, deadline).await,
            Err(error @ CsvError::Unreadable(_)) => Err(error.into()),
            Err(error) => Ok(ImportResult::unreadable(&error.to_string())),
        }
    }

    async fn import_rows(
        &self,
        mut table: Table<&[u8]>,
        import: &Import,
        deadline: Instant,
    ) -> anyhow::Result<ImportResult> {
        let mut result = ImportResult::default();
        rejected_rows::write_header(&mut result.refused_csv)?;
        loop {
            let mut bodies = Vec::with_capacity(MESSAGES_PER_CALL * MAX_CONCURRENT_CALLS);
            while bodies.len() < MESSAGES_PER_CALL * MAX_CONCURRENT_CALLS {
                let Some(row) = table.next_row()? else { break };
                match &row.signup {
                    Ok(person) => bodies.push(message::write(&import.signup(row.number, person.clone()))),
                    Err(error) => {
                        rejected_rows::write_row(&mut result.refused_csv, &row, &error.to_string())?;
                        result.refused += 1;
                    }
                }
            }
            if bodies.is_empty() {
                return Ok(result);
            }
            result.sent += bodies.len() as u64;
            self.send(&bodies, deadline).await?;
        }
    }

    async fn send(&self, bodies: &[String], deadline: Instant) -> Result<(), Unavailable> {
        stream::iter(bodies.chunks(MESSAGES_PER_CALL))
            .map(|batch| self.queue.send_until(batch, deadline))
            .buffer_unordered(MAX_CONCURRENT_CALLS)
            .try_collect()
            .await
    }

    /// Stores the result under the file's key with the suffix `.result.csv`.
    async fn store_result(&self, key: &str, result: ImportResult) -> anyhow::Result<()> {
        let put = self.s3.put_object().bucket(&self.results_bucket).key(format!("{key}.result.csv"));
        put.content_type("text/csv; charset=utf-8")
            .metadata("sent", result.sent.to_string())
            .metadata("refused", result.refused.to_string())
            .body(ByteStream::from(result.refused_csv))
            .send()
            .await
            .context("storing the result failed")?;
        Ok(())
    }
}

impl ImportResult {
    /// The result for a file that cannot be imported at all.
    fn unreadable(reason: &str) -> Self {
        let mut refused_csv = Vec::new();
        rejected_rows::write_file_rejected(&mut refused_csv, reason).expect("writing to a vector does not fail");
        Self { sent: 0, refused: 1, refused_csv }
    }
}

fn decode_key(object: &Object) -> anyhow::Result<String> {
    let with_spaces = object.key.replace('+', " ");
    Ok(percent_decode_str(&with_spaces).decode_utf8().context("the object's key is not UTF-8")?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_the_key_of_an_object() {
        let event = r#"{"Records": [{"eventVersion": "2.1", "eventTime": "2026-11-25T18:00:00.000Z", "s3": {
            "bucket": {"name": "b", "arn": "arn:aws:s3:::b"},
            "object": {"key": "people+of+2026/f%C3%AAte%2B1.csv", "size": 12, "eTag": "0123", "sequencer": "0A"}}}]}"#;
        let event: ObjectsCreated = serde_json::from_str(event).unwrap();
        let object = &event.records[0].s3.object;
        assert_eq!(decode_key(object).unwrap(), "people of 2026/fête+1.csv");
        assert_eq!((object.size, object.etag.as_str()), (12, "0123"));
    }
}
