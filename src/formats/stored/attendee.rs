//! The stored form of an attendee: the attributes of its item in the DynamoDB table `Events`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::domain::attendee::{Attendee, Status};
use crate::domain::attendee_name::AttendeeName;
use crate::domain::channel::Channel;
use crate::domain::client_network::ClientNetwork;
use crate::domain::contact::Contact;
use crate::domain::event::EventId;
use crate::domain::registration::Registration;
use crate::domain::registration_details::{Answer, Note, RegistrationDetails};
use crate::domain::signup::{SignupId, Version};
use crate::domain::timestamp::Timestamp;

/// The attribute of a DynamoDB item that is about to move to this key. Readers of the table's stream ignore its deletion.
pub const REKEYED_TO: &str = "rekeyed_to";

/// The attribute of a DynamoDB item that moved from this key. Readers of the table's stream ignore its creation.
pub const REKEYED_FROM: &str = "rekeyed_from";

/// The stored attributes of an attendee. The table's stream contains the same attributes in the old and new images of a
/// change. Attributes without a value are not stored. Times are in milliseconds since 1970, except `expires_at`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttendeeRecord {
    pub event: String,
    /// The folded name.
    pub name: String,
    pub display_name: String,
    pub status: StoredStatus,
    pub requested_at: i64,
    pub signup_id: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<StoredContact>,
    /// Whether the owner of the contact has confirmed the registration. The value is only stored if it is true.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub confirmed: bool,
    /// The network of the client that gave the contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<u16>,
    /// Whether the attendee gets notifications. The value is only stored if it is false.
    #[serde(default = "default_true", skip_serializing_if = "is_true")]
    pub notify: bool,
    /// The value is only stored if it is not 0.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub guests: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_asked_at: Option<i64>,
    /// The time in seconds since 1970, as DynamoDB's time to live requires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

fn default_true() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls this function with a reference")]
fn is_true(value: &bool) -> bool {
    *value
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum StoredStatus {
    In,
    Out,
}

impl StoredStatus {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A contact, stored as `{"email": …}`, `{"sms": …}` or `{"webhook": …}`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoredContact(BTreeMap<String, String>);

/// A stored attribute has a value that no version of this program writes. The field is the name of the attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored item is damaged: `{0}` is missing or invalid")]
pub struct Damaged(pub &'static str);

impl From<&Attendee> for AttendeeRecord {
    fn from(attendee: &Attendee) -> Self {
        let registration = attendee.registration();
        let details = registration.map(|registration| &registration.details);
        Self {
            event: attendee.event.as_str().to_owned(),
            name: attendee.name.key().as_str().to_owned(),
            display_name: attendee.name.as_str().to_owned(),
            status: if registration.is_some() { StoredStatus::In } else { StoredStatus::Out },
            requested_at: attendee.newest.requested_at.as_millis(),
            signup_id: attendee.newest.id.as_str().to_owned(),
            title: attendee.title.clone(),
            since: registration.map(|registration| registration.since.as_millis()),
            owner: registration.map(|registration| registration.owner.as_str().to_owned()),
            channel: registration.map(|registration| registration.channel),
            contact: registration.and_then(|registration| registration.contact.as_ref()).map(StoredContact::from),
            confirmed: registration.is_some_and(|registration| registration.confirmed),
            network: registration.and_then(|registration| registration.network).map(ClientNetwork::as_u16),
            notify: registration.is_none_or(|registration| registration.notify),
            guests: details.map_or(0, |details| details.guests),
            answer: details.and_then(|details| details.answer.as_ref()).map(ToString::to_string),
            note: details.and_then(|details| details.note.as_ref()).map(|note| note.as_str().to_owned()),
            language: details.and_then(|details| details.language).map(|language| language.as_str().to_owned()),
            link_asked_at: registration
                .and_then(|registration| registration.link_requested_at)
                .map(Timestamp::as_millis),
            expires_at: match attendee.status {
                Status::In(_) => None,
                Status::Out { expires_at } => Some(expires_at.as_seconds()),
            },
        }
    }
}

impl TryFrom<AttendeeRecord> for Attendee {
    type Error = Damaged;

    fn try_from(record: AttendeeRecord) -> Result<Self, Damaged> {
        let time = |name, millis| Timestamp::from_millis(millis).map_err(|_| Damaged(name));
        let status = match record.status {
            StoredStatus::In => Status::In(Registration {
                since: time("since", record.since.ok_or(Damaged("since"))?)?,
                owner: SignupId::from_stored(record.owner.ok_or(Damaged("owner"))?),
                channel: record.channel.ok_or(Damaged("channel"))?,
                confirmed: record.contact.is_some() && record.confirmed,
                contact: record.contact.map(Contact::try_from).transpose()?,
                network: record.network.map(ClientNetwork::from_stored),
                notify: record.notify,
                details: RegistrationDetails {
                    guests: record.guests,
                    answer: record
                        .answer
                        .map(|text| Answer::parse(&text))
                        .transpose()
                        .map_err(|_| Damaged("answer"))?,
                    note: record.note.map(|text| Note::parse(&text)).transpose().map_err(|_| Damaged("note"))?,
                    language: record.language.and_then(|code| code.parse().ok()),
                },
                link_requested_at: record.link_asked_at.map(|millis| time("link_asked_at", millis)).transpose()?,
            }),
            StoredStatus::Out => {
                let seconds = record.expires_at.ok_or(Damaged("expires_at"))?;
                Status::Out { expires_at: time("expires_at", seconds.saturating_mul(1_000))? }
            }
        };
        Ok(Self {
            event: EventId::from_stored(record.event),
            title: record.title,
            name: AttendeeName::from_stored(record.display_name, record.name),
            newest: Version {
                requested_at: time("requested_at", record.requested_at)?,
                id: SignupId::from_stored(record.signup_id),
            },
            status,
        })
    }
}

impl StoredContact {
    pub fn new(kind: String, address: String) -> Self {
        Self(BTreeMap::from([(kind, address)]))
    }

    /// Returns the kind (`email`, `sms` or `webhook`) and the address.
    pub fn parts(&self) -> Option<(&str, &str)> {
        self.0.iter().next().map(|(kind, address)| (kind.as_str(), address.as_str()))
    }
}

impl From<&Contact> for StoredContact {
    fn from(contact: &Contact) -> Self {
        Self::new(contact.kind().to_owned(), contact.address().to_owned())
    }
}

impl TryFrom<StoredContact> for Contact {
    type Error = Damaged;

    fn try_from(stored: StoredContact) -> Result<Self, Damaged> {
        let mut parts = stored.0.into_iter();
        let (Some((kind, address)), None) = (parts.next(), parts.next()) else { return Err(Damaged("contact")) };
        Self::from_stored(&kind, address).ok_or(Damaged("contact"))
    }
}

/// Hides the address, like [`Contact`]'s `Debug`.
impl std::fmt::Debug for StoredContact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoredContact({}, …)", self.parts().map_or("none", |(kind, _)| kind))
    }
}
