//! Checks whether an IP address belongs to the public internet. With `--webhooks public`, only public addresses are
//! called.
//!
//! Anybody can enter a webhook address. A non-public address may belong to this machine or to its network, where
//! services may trust a request because it comes from this server (server-side request forgery).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A block of IP addresses: its first address, and the length of its prefix in bits.
type Block<A> = (A, u32);

/// The IPv4 blocks that are not public: IANA's special-purpose registry, multicast, and reserved for future use.
const NON_PUBLIC_V4: [Block<Ipv4Addr>; 15] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    // Carrier-grade NAT. Some clouds have their metadata service here.
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // Link-local. The metadata service at 169.254.169.254 returns a machine's credentials.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    // Azure's host services. The address is in a public block, but is reachable only inside Azure.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    // Documentation, like 198.51.100.0 and 203.0.113.0.
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    // Benchmarking of network devices.
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Multicast, reserved addresses and the broadcast address.
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// The only part of IPv6 that IANA assigns as global unicast.
const GLOBAL_UNICAST_V6: Block<Ipv6Addr> = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// The parts of [`GLOBAL_UNICAST_V6`] that are not public.
const NON_PUBLIC_V6: [Block<Ipv6Addr>; 4] = [
    // Protocol assignments: Teredo, which embeds an IPv4 address; benchmarking; ORCHID identifiers, which are not
    // routable.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    // Documentation, like 3fff::/20.
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    // 6to4, which embeds an IPv4 address.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !NON_PUBLIC_V4.iter().any(|block| is_in_v4(address, block)),
        IpAddr::V6(address) => {
            is_in_v6(address, &GLOBAL_UNICAST_V6) && !NON_PUBLIC_V6.iter().any(|block| is_in_v6(address, block))
        }
    }
}

fn is_in_v4(address: Ipv4Addr, (block, prefix): &Block<Ipv4Addr>) -> bool {
    (address.to_bits() ^ block.to_bits()) >> (Ipv4Addr::BITS - prefix) == 0
}

fn is_in_v6(address: Ipv6Addr, (block, prefix): &Block<Ipv6Addr>) -> bool {
    (address.to_bits() ^ block.to_bits()) >> (Ipv6Addr::BITS - prefix) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses_are_public() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.15",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2000::1",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2003::1",
            "2606:4700:4700::1111",
            "2a00:1450:4001:80b::200e",
            "3ffe:ffff::1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn local_addresses_are_not_public() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.0",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "168.63.129.16",
            "169.254.0.0",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.168.0.1",
            "192.168.255.255",
            "::",
            "::1",
            "fc00::",
            "fd00:ec2::254",
            "fdff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn reserved_addresses_are_not_public() {
        for address in [
            "192.0.0.0",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.0",
            "255.255.255.255",
            "100::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "3fff::1",
            "4000::1",
            "5f00::1",
            "ff02::1",
            "ff0e::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn embedded_ipv4_addresses_are_not_public() {
        for address in [
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:1.1.1.1",
            "::ffff:0:127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::1.1.1.1",
            "64:ff9b:1::a00:1",
            "2001::5ef5:79fb:0:0:f5ff:fffe",
            "2001:0:4136:e378:8000:63bf:80ff:fffe",
            "2002:7f00:1::1",
            "2002:a9fe:a9fe::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }
}
