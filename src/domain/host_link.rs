//! The links of hosts. Whoever has such a link has its role on one event, until the link is revoked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::domain::event::EventId;
use crate::domain::link_token;
use crate::domain::secret::Secret;

/// Separates these tags from other uses of the same secret. Changing it would invalidate all hosts' links.
const PURPOSE: &str = "host";
/// 128 bits, as in manage links.
const TAG_BYTES: usize = 16;

/// What the holder of a link may do on its event.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    EnumString,
    IntoStaticStr,
    VariantArray,
    strum::VariantNames,
)]
#[strum(serialize_all = "snake_case")]
pub enum HostRole {
    /// Sees who is coming, with guests.
    CheckIn,
    /// Also edits and cancels the event.
    CoHost,
    /// Also archives, reopens and deletes the event, and makes and revokes links.
    Host,
}

/// A number for each role, which is counted up to revoke the links of the role. A link is valid as long as the number of
/// its role is the same as when the link was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LinkGenerations {
    #[serde(default)]
    host: u32,
    #[serde(default)]
    co_host: u32,
    #[serde(default)]
    check_in: u32,
}

impl HostRole {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl LinkGenerations {
    /// The numbers of a new event. They are random, so that no link of a deleted event opens a later event with the same id.
    pub fn random() -> Self {
        let [host, co_host, check_in] = [random_number(), random_number(), random_number()];
        Self { host, co_host, check_in }
    }

    fn of(self, role: HostRole) -> u32 {
        match role {
            HostRole::Host => self.host,
            HostRole::CoHost => self.co_host,
            HostRole::CheckIn => self.check_in,
        }
    }

    /// Makes all links of a role invalid.
    pub fn revoke(&mut self, role: HostRole) {
        let generation = match role {
            HostRole::Host => &mut self.host,
            HostRole::CoHost => &mut self.co_host,
            HostRole::CheckIn => &mut self.check_in,
        };
        *generation = generation.saturating_add(1);
    }

    /// Returns the token of a role's current link, in base64url.
    pub fn sign(self, event: &EventId, role: HostRole, secret: &Secret) -> String {
        URL_SAFE_NO_PAD.encode(self.tag(event, role, secret))
    }

    /// Returns the role of a valid token.
    pub fn verify(self, event: &EventId, token: &str, secret: &Secret) -> Option<HostRole> {
        link_token::candidates(token).find_map(|given| {
            let is_token_of = |role: &HostRole| Secret::constant_time_eq(&self.tag(event, *role, secret), &given);
            HostRole::VARIANTS.iter().copied().find(is_token_of)
        })
    }

    fn tag(self, event: &EventId, role: HostRole, secret: &Secret) -> [u8; TAG_BYTES] {
        let parts = [event.as_str().as_bytes(), role.as_str().as_bytes(), &self.of(role).to_be_bytes()];
        *secret.tag(PURPOSE, &parts).first_chunk().expect("an HMAC-SHA-256 tag has 32 bytes")
    }
}

/// At most half of the largest number, so that links can be revoked often.
fn random_number() -> u32 {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).expect("the operating system provides random bytes");
    u32::from_ne_bytes(bytes) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str) -> EventId {
        EventId::parse(id).unwrap()
    }

    fn secret() -> Secret {
        Secret::new("correct-horse-battery").unwrap()
    }

    #[test]
    fn token_has_its_role_on_its_event() {
        let links = LinkGenerations::default();
        for role in HostRole::VARIANTS {
            let token = links.sign(&event("dance"), *role, &secret());
            assert_eq!(token.len(), 22);
            assert_eq!(links.verify(&event("dance"), &token, &secret()), Some(*role));
            assert_eq!(links.verify(&event("ball"), &token, &secret()), None);
            let other = Secret::new("another-horse-battery").unwrap();
            assert_eq!(links.verify(&event("dance"), &token, &other), None);
            for length in 0..token.len() {
                assert_eq!(links.verify(&event("dance"), &token[..length], &secret()), None);
            }
        }
    }

    #[test]
    fn new_event_has_other_links() {
        let (one, other) = (LinkGenerations::random(), LinkGenerations::random());
        let token = one.sign(&event("dance"), HostRole::Host, &secret());
        assert_eq!(one.verify(&event("dance"), &token, &secret()), Some(HostRole::Host));
        assert_eq!(other.verify(&event("dance"), &token, &secret()), None);
    }

    #[test]
    fn revoking_a_role_keeps_the_others() {
        let before = LinkGenerations::default();
        let mut after = before;
        after.revoke(HostRole::CoHost);
        for role in HostRole::VARIANTS {
            let token = before.sign(&event("dance"), *role, &secret());
            let expected = Some(*role).filter(|role| *role != HostRole::CoHost);
            assert_eq!(after.verify(&event("dance"), &token, &secret()), expected);
        }
    }
}
