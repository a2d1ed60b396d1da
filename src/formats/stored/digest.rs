//! The stored form of a digest. Times are in milliseconds since 1970, except `expires_at`,
//! which is in seconds. Attributes without a value are not stored.
//!
//! The hashes of the digest's changes are not part of the record. They are
//! stored separately as bytes: [`change_hashes`].

use serde::{Deserialize, Serialize};

use crate::domain::backoff::Backoff;
use crate::domain::digest::{Digest, Late, Lease, PendingDigest, Sending};
use crate::domain::event::EventId;
use crate::domain::timestamp::{Timestamp, millis, seconds};

/// The stored attributes of a digest. The event's id is the key of the item and not among them.
///
/// The names of the fields are the names of the stored attributes, so they must not change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestRecord {
    title: String,
    count: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    news: Option<PendingDigest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sending: Option<Sending>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    announced_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    late: Vec<Late>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<Lease>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quiet: Option<Backoff>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    stirred_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    details_version: u64,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    over_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "seconds")]
    expires_at: Option<Timestamp>,
    version: u64,
}

impl DigestRecord {
    /// Builds the record to store as the next version of the digest.
    pub fn next(digest: &Digest) -> Self {
        Self {
            title: digest.title.clone(),
            count: digest.count,
            news: digest.pending.clone(),
            sending: digest.sending.clone(),
            announced_at: digest.announced_at,
            late: digest.late.clone(),
            lease: digest.lease,
            quiet: digest.backoff,
            stirred_at: digest.active_at,
            details_version: digest.details_version,
            over_at: digest.over_at,
            expires_at: digest.expires_at,
            version: digest.version + 1,
        }
    }

    /// Builds the digest. `seen` contains its [`change_hashes`].
    pub fn into_digest(self, event: EventId, seen: &[u8]) -> Digest {
        Digest {
            event,
            title: self.title,
            count: self.count,
            pending: self.news,
            sending: self.sending,
            announced_at: self.announced_at,
            late: self.late,
            lease: self.lease,
            backoff: self.quiet,
            active_at: self.stirred_at,
            seen: seen.as_chunks().0.iter().copied().collect(),
            details_version: self.details_version,
            over_at: self.over_at,
            expires_at: self.expires_at,
            version: self.version,
        }
    }
}

/// The hashes of the digest's changes, concatenated.
pub fn change_hashes(digest: &Digest) -> Vec<u8> {
    digest.seen.iter().flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "aws")]
    use std::collections::HashMap;
    use std::collections::VecDeque;
    use std::time::Duration;

    use super::*;
    use crate::domain::attendee_name::AttendeeName;
    use crate::domain::change::{Movement, Movements};
    use crate::domain::pending_changes::{NamedChange, PendingChanges};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(1_795_431_600_000 + second * 1_000).unwrap()
    }

    fn empty() -> Digest {
        Digest::new(EventId::parse("pizza-night").unwrap(), "Pizza Night".to_owned())
    }

    /// A digest with a value in every field.
    fn full() -> Digest {
        let change = |name: &str, movement, second| NamedChange {
            name: AttendeeName::parse(name).unwrap(),
            movement,
            requested_at: at(second),
        };
        let key = |name: &str| AttendeeName::parse(name).unwrap().key().clone();
        let joined = PendingChanges {
            opened_at: at(2),
            named: vec![change("Ana María", Movement::Joined, 1)],
            unnamed: Movements { joined: 3, left: 4 },
            unnamed_since: Some(at(0)),
        };
        let left =
            PendingChanges { named: vec![change("Strauß", Movement::Left, 5)], ..PendingChanges::opened_at(at(6)) };
        Digest {
            count: 42,
            pending: Some(PendingDigest { news: joined.clone(), due_at: at(60) }),
            sending: Some(Sending {
                news: left.clone(),
                number: 7,
                begun_at: at(10),
                told_to: Some(key("Ben")),
                missed: vec![key("Ana"), key("Bea")],
                is_resumed: true,
                next_at: at(11),
            }),
            announced_at: Some(at(10)),
            late: vec![
                Late {
                    news: joined,
                    number: 6,
                    since: at(3),
                    recipients: vec![key("Zoe")],
                    doubtful: vec![0, 1],
                    next_at: at(70),
                },
                Late {
                    news: left,
                    number: 5,
                    since: at(4),
                    recipients: vec![key("Yan")],
                    doubtful: Vec::new(),
                    next_at: at(71),
                },
            ],
            lease: Some(Lease { holder: u64::MAX, ends_at: at(120) }),
            backoff: Some(Backoff { delay: Duration::from_secs(240), ends_at: at(240) }),
            active_at: Some(at(2)),
            seen: VecDeque::from([*b"01234567", *b"89abcdef"]),
            details_version: 3,
            over_at: Some(at(7_200)),
            expires_at: Some(at(3_600)),
            version: 8,
            ..empty()
        }
    }

    #[test]
    fn stored_form_matches_golden_files() {
        let golden = [
            (empty(), include_str!("../../../tests/golden/digests/empty.json")),
            (full(), include_str!("../../../tests/golden/digests/full.json")),
        ];
        for (digest, json) in golden {
            let record = DigestRecord::next(&digest);
            assert_eq!(serde_json::to_string_pretty(&record).unwrap(), json.trim_end());
            assert_eq!(serde_json::from_str::<DigestRecord>(json).unwrap(), record);
            #[cfg(feature = "aws")]
            {
                let item: HashMap<_, _> = serde_dynamo::aws_sdk_dynamodb_1::to_item(&record).unwrap();
                assert_eq!(serde_dynamo::aws_sdk_dynamodb_1::from_item(item), Ok(record.clone()));
            }
            let read = record.into_digest(digest.event.clone(), &change_hashes(&digest));
            assert_eq!(read, Digest { version: digest.version + 1, ..digest });
        }
    }

    #[test]
    fn rejects_stored_time_out_of_range() {
        let json = include_str!("../../../tests/golden/digests/full.json");
        for time in ["1795431602000", "1795431600000", "1795435200"] {
            let out_of_range = json.replacen(time, "1795431", 1);
            let error = serde_json::from_str::<DigestRecord>(&out_of_range).unwrap_err().to_string();
            assert!(error.starts_with("is outside the range 2000-01-01"), "{time}: {error}");
        }
    }
}
