//! Tables of people from a bucket onto the queue, and what was refused into another bucket.

use anyhow::{Context as _, bail};
use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::setting;
use crate::adapters::aws::config;
use crate::adapters::metrics::emf::{Emf, Unit};
use crate::adapters::sqs::Sqs;
use crate::domain::timestamp::Timestamp;
use crate::formats::csv::{Import, NotATable, Table, refused};
use crate::formats::message;
use crate::ports::{Queue as _, Unavailable};

/// The largest table, in bytes: some million rows, and what fits the function's memory beside them.
const TABLE_BYTES: u64 = 64 * 1024 * 1024;

/// Messages put on the queue by one call of the port, and such calls at once.
const PART: usize = 100;
const AT_ONCE: usize = 8;

/// Reads tables and puts their people on the queue.
pub struct Importer {
    s3: Client,
    queue: Sqs,
    /// The bucket of what was refused.
    results: String,
    emf: Emf,
}

/// S3's notification of objects that were made, as far as it is needed (S3 user guide, "Event message structure").
#[derive(Debug, Deserialize)]
pub struct ObjectsMade {
    #[serde(rename = "Records", default)]
    records: Vec<ObjectMade>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ObjectMade {
    event_time: String,
    s3: Place,
}

#[derive(Debug, Deserialize)]
struct Place {
    bucket: Bucket,
    object: Object,
}

#[derive(Debug, Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Object {
    /// As in a form: `+` is a space, the rest in percent.
    key: String,
    #[serde(default)]
    size: u64,
    #[serde(rename = "eTag", default)]
    etag: String,
}

/// What a table came to.
#[derive(Default)]
struct Outcome {
    sent: u64,
    refused: u64,
    /// The rows that were refused, as a table.
    result: Vec<u8>,
}

impl Importer {
    pub fn from_environment() -> anyhow::Result<Self> {
        let config = config::of_function()?;
        // What AWS itself finds under virtual hosts, an endpoint of one's own finds under its path.
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(config.endpoint_url().is_some()).build();
        Ok(Self {
            s3: Client::from_conf(s3),
            queue: Sqs::new(&config, setting("COUNTMEIN_QUEUE_URL")?),
            results: setting("COUNTMEIN_RESULTS_BUCKET")?,
            emf: Emf::new(setting("COUNTMEIN_STAGE")?),
        })
    }

    /// Imports each object. One that is told of again asks for the same again, which changes nothing.
    ///
    /// # Errors
    /// Where not all of it could be done: it is to be told of again.
    pub async fn handle(&self, event: ObjectsMade) -> anyhow::Result<()> {
        if event.records.is_empty() {
            bail!("the event tells of no object; it is not one of S3");
        }
        for made in event.records {
            let outcome = self.import(&made).await?;
            tracing::info!(sent = outcome.sent, refused = outcome.refused, "a table was imported");
            #[expect(clippy::cast_precision_loss, reason = "a metric is a double; nobody counts to 2^53")]
            self.emf.write(&[
                ("SignupsAccepted", Unit::Count, outcome.sent as f64),
                ("RowsRefused", Unit::Count, outcome.refused as f64),
            ]);
            self.store(&key_of(&made.s3.object)?, outcome).await?;
        }
        Ok(())
    }

    async fn import(&self, made: &ObjectMade) -> anyhow::Result<Outcome> {
        let Place { bucket, object } = &made.s3;
        if object.size > TABLE_BYTES {
            let reason = format!("the table has {} bytes; at most {TABLE_BYTES} are allowed: split it", object.size);
            return Ok(Outcome::unreadable(&reason));
        }
        let began_at = Timestamp::parse_rfc3339(&made.event_time).context("the event's time")?.min(Timestamp::now());
        let identity = format!("{}/{}/{}", bucket.name, object.key, object.etag);
        let import = Import { id: Import::id_of(identity.as_bytes()), began_at };
        let get =
            self.s3.get_object().bucket(&bucket.name).key(key_of(object)?).send().await.context("reading the table")?;
        let bytes = get.body.collect().await.context("reading the table")?.into_bytes();
        match Table::new(&*bytes) {
            Ok(table) => self.rows(table, &import).await,
            Err(error @ NotATable::Unreadable(_)) => Err(error.into()),
            Err(error) => Ok(Outcome::unreadable(&error.to_string())),
        }
    }

    async fn rows(&self, mut table: Table<&[u8]>, import: &Import) -> anyhow::Result<Outcome> {
        let mut outcome = Outcome::default();
        refused::write_header(&mut outcome.result)?;
        loop {
            let mut bodies = Vec::with_capacity(PART * AT_ONCE);
            while bodies.len() < PART * AT_ONCE {
                let Some(row) = table.next_row()? else { break };
                match &row.person {
                    Ok(person) => bodies.push(message::write(&import.signup(row.number, person.clone()))),
                    Err(problem) => {
                        refused::write_row(&mut outcome.result, &row, &problem.to_string())?;
                        outcome.refused += 1;
                    }
                }
            }
            if bodies.is_empty() {
                return Ok(outcome);
            }
            outcome.sent += bodies.len() as u64;
            self.send(bodies).await?;
        }
    }

    async fn send(&self, bodies: Vec<String>) -> Result<(), Unavailable> {
        let parts: Vec<Vec<String>> = bodies.chunks(PART).map(<[String]>::to_vec).collect();
        stream::iter(parts).map(|part| self.queue.send(part)).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Under the table's own key, with `.result.csv` behind.
    async fn store(&self, key: &str, outcome: Outcome) -> anyhow::Result<()> {
        let put = self.s3.put_object().bucket(&self.results).key(format!("{key}.result.csv"));
        put.content_type("text/csv; charset=utf-8")
            .metadata("sent", outcome.sent.to_string())
            .metadata("refused", outcome.refused.to_string())
            .body(ByteStream::from(outcome.result))
            .send()
            .await
            .context("storing the result")?;
        Ok(())
    }
}

impl Outcome {
    /// Of what is no table at all.
    fn unreadable(reason: &str) -> Self {
        let mut result = Vec::new();
        refused::write_table_refused(&mut result, reason).expect("a vector takes every write");
        Self { sent: 0, refused: 1, result }
    }
}

fn key_of(object: &Object) -> anyhow::Result<String> {
    let spaced = object.key.replace('+', " ");
    Ok(percent_decode_str(&spaced).decode_utf8().context("the object's key")?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_with_its_key_in_the_form_of_forms() {
        let event = r#"{"Records": [{"eventVersion": "2.1", "eventTime": "2026-11-25T18:00:00.000Z", "s3": {
            "bucket": {"name": "b", "arn": "arn:aws:s3:::b"},
            "object": {"key": "people+of+2026/f%C3%AAte%2B1.csv", "size": 12, "eTag": "0123", "sequencer": "0A"}}}]}"#;
        let event: ObjectsMade = serde_json::from_str(event).unwrap();
        let object = &event.records[0].s3.object;
        assert_eq!(key_of(object).unwrap(), "people of 2026/fête+1.csv");
        assert_eq!((object.size, object.etag.as_str()), (12, "0123"));
    }
}
