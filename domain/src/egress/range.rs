//! What kind of place an address is.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The kinds of places that a hosted service must tell apart before it dials for a stranger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// Anybody may have it: the internet.
    Public,
    /// This machine.
    Loopback,
    /// This wire: 169.254.0.0/16, `fe80::/10`.
    LinkLocal,
    /// Where clouds hand out the credentials of a machine.
    Metadata,
    /// Networks behind a wall: RFC 1918, shared (100.64.0.0/10), unique local (`fc00::/7`).
    Private,
    /// Not a place to dial: unspecified, multicast, broadcast, documentation, reserved.
    Reserved,
}

/// Metadata services outside link-local: Alibaba's and Azure's (which also answers DHCP and DNS).
const METADATA_V4: [Ipv4Addr; 4] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
];
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254);

impl Range {
    /// The kind of one address. An IPv6 address that wraps an IPv4 one is what it wraps.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => wrapped_v4(address).map_or_else(|| Self::of_v6(address), Self::of_v4),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        if METADATA_V4.contains(&address) {
            return Self::Metadata;
        }
        match address.octets() {
            [127, ..] => Self::Loopback,
            [169, 254, ..] => Self::LinkLocal,
            [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Self::Private,
            [0 | 224..=255, ..]
            | [192, 0, 0 | 2, _]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _] => Self::Reserved,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if address == METADATA_V6 {
            return Self::Metadata;
        }
        if address == Ipv6Addr::LOCALHOST {
            return Self::Loopback;
        }
        match address.segments() {
            [0xfe80..=0xfebf, ..] => Self::LinkLocal,
            [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Self::Private,
            // Only 2000::/3 is given out; in it Teredo (2001::/32) hides its target and 2001:db8::/32 is paper.
            [0x2001, 0 | 0x0db8, ..] => Self::Reserved,
            [0x2000..=0x3fff, ..] => Self::Public,
            _ => Self::Reserved,
        }
    }
}

/// The IPv4 address inside an IPv4-mapped, NAT64 (`64:ff9b::/96`) or 6to4 (`2002::/16`) address.
fn wrapped_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => Some(join(high, low)),
        [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

impl fmt::Display for Range {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Public => "public",
            Self::Loopback => "loopback",
            Self::LinkLocal => "link-local",
            Self::Metadata => "a cloud's metadata service",
            Self::Private => "private",
            Self::Reserved => "reserved",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_has_its_kind() {
        let table = [
            ("1.1.1.1", Range::Public),
            ("172.15.255.255", Range::Public),
            ("172.32.0.1", Range::Public),
            ("100.63.255.255", Range::Public),
            ("2606:4700::1111", Range::Public),
            ("127.0.0.1", Range::Loopback),
            ("127.255.255.254", Range::Loopback),
            ("::1", Range::Loopback),
            ("::ffff:127.0.0.1", Range::Loopback),
            ("64:ff9b::7f00:1", Range::Loopback),
            ("2002:7f00:1::", Range::Loopback),
            ("169.254.1.1", Range::LinkLocal),
            ("fe80::1", Range::LinkLocal),
            ("169.254.169.254", Range::Metadata),
            ("::ffff:169.254.169.254", Range::Metadata),
            ("64:ff9b::a9fe:a9fe", Range::Metadata),
            ("fd00:ec2::254", Range::Metadata),
            ("100.100.100.200", Range::Metadata),
            ("168.63.129.16", Range::Metadata),
            ("10.0.0.1", Range::Private),
            ("172.16.0.1", Range::Private),
            ("172.31.255.255", Range::Private),
            ("192.168.1.1", Range::Private),
            ("100.64.0.1", Range::Private),
            ("fd12::1", Range::Private),
            ("::ffff:10.0.0.1", Range::Private),
            ("0.0.0.0", Range::Reserved),
            ("::", Range::Reserved),
            ("224.0.0.1", Range::Reserved),
            ("255.255.255.255", Range::Reserved),
            ("192.0.2.1", Range::Reserved),
            ("ff02::1", Range::Reserved),
            ("2001:db8::1", Range::Reserved),
            ("2001::1", Range::Reserved),
            ("::7f00:1", Range::Reserved),
        ];
        for (address, kind) in table {
            assert_eq!(Range::of(address.parse().unwrap()), kind, "{address}");
        }
    }
}
