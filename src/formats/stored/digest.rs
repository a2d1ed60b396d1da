//! A digest as it is stored: plain data of which both homes make their item and row. Times are in milliseconds but for
//! one. Absent attributes are left out.
//!
//! The marks of what was taken in are stored beside it, as bytes: [`marks`].

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::attendee_name::{AttendeeName, NameKey};
use crate::domain::backoff::Quiet;
use crate::domain::change::{Movement, Movements};
use crate::domain::digest::{Digest, Late, Lease, Mark, Sending, Waiting};
use crate::domain::event::EventId;
use crate::domain::invalid::FieldProblem;
use crate::domain::pending_changes::{NamedChange, News};
use crate::domain::timestamp::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestRecord {
    pub title: String,
    pub count: u64,
    #[serde(flatten)]
    at_work: AtWork,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stirred_at: Option<i64>,
    /// In seconds, as DynamoDB's time to live wants it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    pub version: u64,
}

/// What is to be sent, and how far that has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct AtWork {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    news: Option<WaitingRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sending: Option<SendingRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    late: Vec<LateRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<LeaseRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quiet: Option<QuietRecord>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct NewsRecord {
    opened_at: i64,
    named: Vec<NamedRecord>,
    joined: u64,
    left: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unnamed_since: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct NamedRecord {
    name: String,
    display_name: String,
    movement: Movement,
    requested_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct WaitingRecord {
    #[serde(flatten)]
    news: NewsRecord,
    due_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct SendingRecord {
    #[serde(flatten)]
    news: NewsRecord,
    number: u64,
    begun_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told_to: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    missed: Vec<String>,
    #[serde(default)]
    is_resumed: bool,
    next_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct LateRecord {
    #[serde(flatten)]
    news: NewsRecord,
    number: u64,
    since: i64,
    recipients: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    doubtful: Vec<usize>,
    next_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct LeaseRecord {
    holder: u64,
    ends_at: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct QuietRecord {
    lasts_seconds: u64,
    ends_at: i64,
}

impl DigestRecord {
    /// The record of the digest's next version.
    pub fn next(digest: &Digest) -> Self {
        Self {
            title: digest.title.clone(),
            count: digest.count,
            at_work: AtWork {
                news: digest.waiting.as_ref().map(WaitingRecord::from),
                sending: digest.sending.as_ref().map(SendingRecord::from),
                late: digest.late.iter().map(LateRecord::from).collect(),
                lease: digest
                    .lease
                    .map(|lease| LeaseRecord { holder: lease.holder, ends_at: lease.ends_at.as_millis() }),
                quiet: digest.quiet.map(|quiet| QuietRecord {
                    lasts_seconds: quiet.lasts.as_secs(),
                    ends_at: quiet.ends_at.as_millis(),
                }),
            },
            stirred_at: digest.stirred_at.map(Timestamp::as_millis),
            expires_at: digest.expires_at.map(Timestamp::as_seconds),
            version: digest.version + 1,
        }
    }

    /// The digest again, with its marks; the problem is a time that no version of this program wrote.
    pub fn read(self, event: EventId, seen: &[u8]) -> Result<Digest, FieldProblem> {
        let work = self.at_work;
        let quiet = |quiet: QuietRecord| {
            Ok(Quiet { lasts: Duration::from_secs(quiet.lasts_seconds), ends_at: time(quiet.ends_at)? })
        };
        Ok(Digest {
            event,
            title: self.title,
            count: self.count,
            waiting: work.news.map(Waiting::try_from).transpose()?,
            sending: work.sending.map(Sending::try_from).transpose()?,
            late: work.late.into_iter().map(Late::try_from).collect::<Result<_, _>>()?,
            lease: work
                .lease
                .map(|lease| Ok(Lease { holder: lease.holder, ends_at: time(lease.ends_at)? }))
                .transpose()?,
            quiet: work.quiet.map(quiet).transpose()?,
            stirred_at: self.stirred_at.map(time).transpose()?,
            seen: marks_from(seen),
            expires_at: self.expires_at.map(|seconds| time(seconds.saturating_mul(1_000))).transpose()?,
            version: self.version,
        })
    }
}

/// The marks, one after the other.
pub fn marks(digest: &Digest) -> Vec<u8> {
    digest.seen.iter().flatten().copied().collect()
}

fn marks_from(bytes: &[u8]) -> VecDeque<Mark> {
    bytes.as_chunks().0.iter().copied().collect()
}

fn time(millis: i64) -> Result<Timestamp, FieldProblem> {
    Timestamp::from_millis(millis)
}

fn names(keys: &[NameKey]) -> Vec<String> {
    keys.iter().map(|key| key.as_str().to_owned()).collect()
}

fn keys(names: Vec<String>) -> Vec<NameKey> {
    names.into_iter().map(NameKey::from_stored).collect()
}

impl From<&News> for NewsRecord {
    fn from(news: &News) -> Self {
        let named = news.named.iter().map(|change| NamedRecord {
            name: change.name.key().as_str().to_owned(),
            display_name: change.name.as_str().to_owned(),
            movement: change.movement,
            requested_at: change.requested_at.as_millis(),
        });
        Self {
            opened_at: news.opened_at.as_millis(),
            named: named.collect(),
            joined: news.unnamed.joined,
            left: news.unnamed.left,
            unnamed_since: news.unnamed_since.map(Timestamp::as_millis),
        }
    }
}

impl TryFrom<NewsRecord> for News {
    type Error = FieldProblem;

    fn try_from(record: NewsRecord) -> Result<Self, FieldProblem> {
        let named = record.named.into_iter().map(|change| {
            Ok(NamedChange {
                name: AttendeeName::from_stored(change.display_name, change.name),
                movement: change.movement,
                requested_at: time(change.requested_at)?,
            })
        });
        Ok(Self {
            opened_at: time(record.opened_at)?,
            named: named.collect::<Result<_, _>>()?,
            unnamed: Movements { joined: record.joined, left: record.left },
            unnamed_since: record.unnamed_since.map(time).transpose()?,
        })
    }
}

impl From<&Waiting> for WaitingRecord {
    fn from(waiting: &Waiting) -> Self {
        Self { news: (&waiting.news).into(), due_at: waiting.due_at.as_millis() }
    }
}

impl TryFrom<WaitingRecord> for Waiting {
    type Error = FieldProblem;

    fn try_from(record: WaitingRecord) -> Result<Self, FieldProblem> {
        Ok(Self { news: record.news.try_into()?, due_at: time(record.due_at)? })
    }
}

impl From<&Sending> for SendingRecord {
    fn from(sending: &Sending) -> Self {
        Self {
            news: (&sending.news).into(),
            number: sending.number,
            begun_at: sending.begun_at.as_millis(),
            told_to: sending.told_to.as_ref().map(|name| name.as_str().to_owned()),
            missed: names(&sending.missed),
            is_resumed: sending.is_resumed,
            next_at: sending.next_at.as_millis(),
        }
    }
}

impl TryFrom<SendingRecord> for Sending {
    type Error = FieldProblem;

    fn try_from(record: SendingRecord) -> Result<Self, FieldProblem> {
        Ok(Self {
            news: record.news.try_into()?,
            number: record.number,
            begun_at: time(record.begun_at)?,
            told_to: record.told_to.map(NameKey::from_stored),
            missed: keys(record.missed),
            is_resumed: record.is_resumed,
            next_at: time(record.next_at)?,
        })
    }
}

impl From<&Late> for LateRecord {
    fn from(late: &Late) -> Self {
        Self {
            news: (&late.news).into(),
            number: late.number,
            since: late.since.as_millis(),
            recipients: names(&late.recipients),
            doubtful: late.doubtful.clone(),
            next_at: late.next_at.as_millis(),
        }
    }
}

impl TryFrom<LateRecord> for Late {
    type Error = FieldProblem;

    fn try_from(record: LateRecord) -> Result<Self, FieldProblem> {
        Ok(Self {
            news: record.news.try_into()?,
            number: record.number,
            since: time(record.since)?,
            recipients: keys(record.recipients),
            doubtful: record.doubtful,
            next_at: time(record.next_at)?,
        })
    }
}
