//! The stored form of a digest. Times are in milliseconds since 1970, except `expires_at`,
//! which is in seconds. Attributes without a value are not stored.
//!
//! The hashes of the digest's changes are not part of the record. They are
//! stored separately as bytes: [`change_hashes`].

use serde::{Deserialize, Serialize};

use crate::domain::attendee_name::NameKey;
use crate::domain::backoff::Backoff;
use crate::domain::change::Movements;
use crate::domain::digest::{Digest, Expansion, Lease, Owed, PendingDigest};
use crate::domain::event::EventId;
use crate::domain::pending_changes::{MAX_NAMED_CHANGES, PendingChanges};
use crate::domain::seats::EventSeats;
use crate::domain::timestamp::{Timestamp, millis, seconds};

/// The stored attributes of a digest. The event's id is the key of the item and not among them.
///
/// The names of the fields are the names of the stored attributes, so they must not change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestRecord {
    pub title: String,
    pub count: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    news: Option<PendingDigest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sending: Option<ExpansionRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    announced_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<OwedRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<Lease>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quiet: Option<Backoff>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    stirred_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    details_version: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<EventSeats>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    rebuild_requested_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "millis")]
    over_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "seconds")]
    expires_at: Option<Timestamp>,
    version: u64,
}

/// An announcement that is being put into the outbox. Earlier versions sent it from here, and functions of such a version
/// may still run. They find no changes in it, so they send nothing, and do not touch it while the lease lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpansionRecord {
    /// The changes that an earlier version was announcing.
    #[serde(flatten)]
    pub news: PendingChanges,
    /// The time of the announcement in milliseconds. Versions that did not store announcements counted them instead.
    pub number: u64,
    #[serde(with = "millis")]
    begun_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_to: Option<NameKey>,
    /// Recipients whom an earlier version could not tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missed: Vec<NameKey>,
    #[serde(with = "millis")]
    next_at: Timestamp,
}

/// Recipients whom an earlier version could not tell. The form is the one of that version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwedRecord {
    #[serde(flatten)]
    pub news: PendingChanges,
    pub number: u64,
    #[serde(with = "millis")]
    since: Timestamp,
    pub recipients: Vec<NameKey>,
    #[serde(with = "millis")]
    next_at: Timestamp,
}

impl ExpansionRecord {
    fn of(expansion: &Expansion, earlier_news: Option<&PendingChanges>) -> Self {
        let Expansion { announced_at, begun_at, after } = expansion.clone();
        Self {
            news: earlier_news.cloned().unwrap_or_else(|| PendingChanges::opened_at(begun_at)),
            number: u64::try_from(announced_at.as_millis()).expect("a timestamp is later than 1970"),
            begun_at,
            told_to: after,
            missed: Vec::new(),
            next_at: begun_at,
        }
    }
}

impl OwedRecord {
    fn of(Owed { since, names }: &Owed, earlier_news: Option<&PendingChanges>) -> Self {
        let (since, recipients) = (*since, names.clone());
        let news = earlier_news.cloned().unwrap_or_else(|| PendingChanges::opened_at(since));
        Self { news, number: 0, since, recipients, next_at: since }
    }
}

impl DigestRecord {
    /// Builds the record to store as the next version of the digest.
    pub fn next(digest: &Digest) -> Self {
        let earlier_news = digest.earlier_news.as_ref();
        Self {
            title: digest.title.clone(),
            count: digest.count,
            news: digest.pending.clone(),
            sending: digest.expansion.as_ref().map(|expansion| ExpansionRecord::of(expansion, earlier_news)),
            announced_at: digest.announced_at,
            late: digest.owed.iter().map(|owed| OwedRecord::of(owed, earlier_news)).collect(),
            lease: digest.lease,
            quiet: digest.backoff,
            stirred_at: digest.active_at,
            details_version: digest.details_version,
            seats: digest.seats.clone(),
            rebuild_requested_at: digest.rebuild_requested_at,
            over_at: digest.over_at,
            expires_at: digest.expires_at,
            version: digest.version + 1,
        }
    }

    /// Builds the digest. `seen` contains its [`change_hashes`].
    pub fn into_digest(self, event: EventId, seen: &[u8]) -> Digest {
        let earlier_news = self.earlier_news();
        let expansion = self.sending.as_ref().map(|sending| {
            let number = i64::try_from(sending.number).ok().and_then(|millis| Timestamp::from_millis(millis).ok());
            let announced_at = number.filter(|_| self.announced_at.is_some()).unwrap_or(sending.begun_at);
            Expansion { announced_at, begun_at: sending.begun_at, after: sending.told_to.clone() }
        });
        let late = self.late.into_iter().map(|late| Owed { since: late.since, names: late.recipients });
        let missed = self.sending.into_iter().zip(&expansion).filter(|(sending, _)| !sending.missed.is_empty());
        let missed = missed.map(|(sending, expansion)| Owed { since: expansion.announced_at, names: sending.missed });
        let owed = late.chain(missed).collect();
        Digest {
            event,
            title: self.title,
            count: self.count,
            pending: self.news,
            expansion,
            announced_at: self.announced_at,
            owed,
            earlier_news,
            lease: self.lease,
            backoff: self.quiet,
            active_at: self.stirred_at,
            seen: seen.as_chunks().0.iter().copied().collect(),
            details_version: self.details_version,
            seats: self.seats,
            rebuild_requested_at: self.rebuild_requested_at,
            over_at: self.over_at,
            expires_at: self.expires_at,
            version: self.version,
        }
    }

    /// Returns what a version that did not store announcements was announcing. Only these versions stored no time of the
    /// last one.
    fn earlier_news(&self) -> Option<PendingChanges> {
        if self.announced_at.is_some() {
            return None;
        }
        let late = self.late.iter().map(|late| &late.news);
        let mut all: Vec<&PendingChanges> = Vec::new();
        for news in late.chain(self.sending.as_ref().map(|sending| &sending.news)) {
            // Once they were read, they are stored with each group.
            if !all.contains(&news) {
                all.push(news);
            }
        }
        // What failed recipients have missed contains what was announced since. So the largest number is that of all.
        let most = |number: fn(&Movements) -> u64| all.iter().map(|news| number(&news.unnamed)).max();
        let unnamed = Movements { joined: most(|unnamed| unnamed.joined)?, left: most(|unnamed| unnamed.left)? };
        let mut named = all.into_iter().cloned();
        let first = named.next()?;
        let merged = named.fold(first, |mut merged, later| {
            merged.add_all(later, MAX_NAMED_CHANGES);
            merged
        });
        let merged = PendingChanges { unnamed, ..merged };
        Some(merged).filter(|merged| !(merged.named.is_empty() && merged.unnamed.is_empty()))
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
    use crate::domain::change::Movement;
    use crate::domain::contact_id::ContactId;
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
            mailbox: Some(ContactId::from_stored("mailbox-of-ana".to_owned())).filter(|_| name == "Ana María"),
        };
        let key = |name: &str| AttendeeName::parse(name).unwrap().key().clone();
        let joined = PendingChanges {
            opened_at: at(2),
            named: vec![change("Ana María", Movement::Joined, 1)],
            unnamed: Movements { joined: 3, left: 4 },
            unnamed_since: Some(at(0)),
        };
        Digest {
            count: 42,
            pending: Some(PendingDigest { news: joined, due_at: at(60) }),
            expansion: Some(Expansion { announced_at: at(11), begun_at: at(10), after: Some(key("Ben")) }),
            announced_at: Some(at(11)),
            owed: vec![Owed { since: at(3), names: vec![key("Zoe"), key("Yan")] }],
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

    /// A digest as the last version stored it that did not store announcements, and as the last one that sent digests without
    /// an outbox.
    #[test]
    fn unfinished_announcements_of_earlier_versions_are_read() {
        let read = |json: &str| {
            serde_json::from_str::<DigestRecord>(json).unwrap().into_digest(EventId::parse("pizza-night").unwrap(), &[])
        };
        let key = |name: &str| AttendeeName::parse(name).unwrap().key().clone();
        let json = include_str!("../../../tests/golden/digests/with-announcement.json");
        let digest = read(json);
        let expansion = Expansion { announced_at: at(12), begun_at: at(10), after: Some(key("Ben")) };
        assert_eq!(digest.expansion, Some(expansion.clone()));
        let owed =
            |since, names: &[&str]| Owed { since: at(since), names: names.iter().map(|name| key(name)).collect() };
        let late = [owed(3, &["Zoe"]), owed(4, &["Yan"])];
        assert_eq!(digest.owed, [&late[..], &[owed(12, &["Ana", "Bea"])]].concat());
        assert_eq!(digest.earlier_news, None);

        let digest = read(include_str!("../../../tests/golden/digests/without-announcement.json"));
        assert_eq!(digest.expansion, Some(Expansion { announced_at: at(10), ..expansion }));
        assert_eq!(digest.owed, [&late[..], &[owed(10, &["Ana", "Bea"])]].concat());
        let news = digest.earlier_news.clone().unwrap();
        let names: Vec<&str> = news.named.iter().map(|change| change.name.as_str()).collect();
        assert_eq!(names, ["Ana María", "Strauß"]);
        let stored_again = DigestRecord::next(&digest).into_digest(digest.event.clone(), &[]);
        assert_eq!(stored_again.owed, digest.owed);
        assert_eq!(stored_again.earlier_news, digest.earlier_news);
        assert_eq!((news.unnamed.joined, news.unnamed.left), (3, 4));
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
