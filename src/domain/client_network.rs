//! The network of a client that gave a contact over HTTP.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::domain::secret::Secret;

/// Separates these hashes from other uses of the same secret.
const PURPOSE: &str = "client network";

/// The prefix of an IPv4 network: what a household or an office has, or a part of what a mobile network shares out.
const IPV4_PREFIX_BITS: u32 = 24;

/// The prefix of an IPv6 network: what a provider gives one customer (RFC 6177).
const IPV6_PREFIX_BITS: u32 = 56;

/// The network of a client: 16 bits of a keyed hash. About 250 IPv4 networks share each value, so it does not tell who the
/// client is. It suffices for a limit on what one network causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientNetwork(u16);

impl ClientNetwork {
    pub fn of(address: IpAddr, secret: &Secret) -> Self {
        let tag = match address.to_canonical() {
            IpAddr::V4(address) => {
                let mask = u32::MAX << (u32::BITS - IPV4_PREFIX_BITS);
                secret.tag(PURPOSE, &[&Ipv4Addr::from_bits(address.to_bits() & mask).octets()])
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX << (u128::BITS - IPV6_PREFIX_BITS);
                secret.tag(PURPOSE, &[&Ipv6Addr::from_bits(address.to_bits() & mask).octets()])
            }
        };
        Self(u16::from_be_bytes(*tag.first_chunk().expect("a tag has 32 bytes")))
    }

    /// Creates a network from a value of [`ClientNetwork::as_u16`].
    pub fn from_stored(value: u16) -> Self {
        Self(value)
    }

    pub fn as_u16(self) -> u16 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_of_one_network_have_one_value() {
        let secret = Secret::new("correct-horse-battery").unwrap();
        let of = |address: &str| ClientNetwork::of(address.parse().unwrap(), &secret);
        let other_secret = Secret::new("other-horse-battery").unwrap();
        assert_eq!(of("192.0.2.1"), of("192.0.2.254"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.3.1"));
        assert_eq!(of("2001:db8:0:ff::1"), of("2001:db8::1"));
        assert_ne!(of("2001:db8:0:100::1"), of("2001:db8::1"));
        assert_ne!(of("192.0.2.1"), ClientNetwork::of("192.0.2.1".parse().unwrap(), &other_secret));
    }
}
