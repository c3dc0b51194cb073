//! What may be dialled under which policy.

use std::net::IpAddr;

use domain::egress::{Denied, Host, Policy, Profile, Range, Rule};
use proptest::prelude::*;

fn rules(raw: &[&str]) -> Vec<Rule> {
    raw.iter().map(|rule| rule.parse().unwrap()).collect()
}

fn policy(profile: Profile, allow: &[&str], deny: &[&str]) -> Policy {
    Policy { profile, allow: rules(allow), deny: rules(deny) }
}

fn host(raw: &str) -> Host {
    Host::parse(raw).unwrap()
}

fn resolved(policy: &Policy, name: &str, address: &str) -> Result<(), Denied> {
    policy.vet_host(&host(name))?;
    policy.vet_address(&host(name), address.parse().unwrap())
}

#[test]
fn by_default_only_the_internet_is_dialled() {
    let policy = Policy::default();
    for place in ["github.com", "1.1.1.1", "[2606:4700::1111]"] {
        assert_eq!(policy.vet_host(&host(place)), Ok(()), "{place}");
    }
    for (place, range) in [
        ("localhost", Range::Loopback),
        ("LOCALHOST.", Range::Loopback),
        ("shop.localhost", Range::Loopback),
        ("127.0.0.1", Range::Loopback),
        ("127.1", Range::Loopback),
        ("0x7f000001", Range::Loopback),
        ("2130706433", Range::Loopback),
        ("[::ffff:7f00:1]", Range::Loopback),
        ("10.0.0.7", Range::Private),
        ("169.254.169.254", Range::Metadata),
        ("metadata.google.internal", Range::Metadata),
        ("[fe80::1]", Range::LinkLocal),
        ("0.0.0.0", Range::Reserved),
    ] {
        let denied = policy.vet_host(&host(place)).unwrap_err();
        assert!(matches!(denied, Denied::Range { range: is, .. } if is == range), "{place}: {denied}");
    }
}

#[test]
fn a_public_name_that_leads_behind_the_wall_is_refused_after_dns() {
    let denied = resolved(&Policy::default(), "rebind.example.com", "10.0.0.7").unwrap_err();
    assert_eq!(
        denied.to_string(),
        "rebind.example.com (10.0.0.7) is private; the operator must allow it first"
    );
}

#[test]
fn an_allowed_name_may_lead_behind_the_wall_but_never_home() {
    let policy = policy(Profile::Public, &["git.corp.example"], &[]);
    assert_eq!(resolved(&policy, "git.corp.example", "10.0.0.7"), Ok(()));
    for address in ["127.0.0.1", "169.254.169.254", "169.254.1.1", "::1"] {
        assert!(resolved(&policy, "git.corp.example", address).is_err(), "{address}");
    }
    assert!(resolved(&policy, "other.corp.example", "10.0.0.7").is_err());
}

#[test]
fn an_allowed_network_is_allowed_however_it_is_spelled() {
    let policy = policy(Profile::Public, &["10.1.0.0/16"], &[]);
    assert_eq!(resolved(&policy, "git.corp.example", "10.1.2.3"), Ok(()));
    assert_eq!(policy.vet_host(&host("[::ffff:10.1.2.3]")), Ok(()));
    assert!(resolved(&policy, "git.corp.example", "10.2.0.1").is_err());
}

#[test]
fn deny_beats_allow() {
    let policy =
        policy(Profile::Public, &["10.1.0.0/16", "*.example.com"], &["10.1.9.0/24", "bad.example.com"]);
    assert!(matches!(resolved(&policy, "git.corp", "10.1.9.9"), Err(Denied::Listed(_))));
    assert!(matches!(policy.vet_host(&host("bad.example.com")), Err(Denied::Listed(_))));
    assert!(matches!(policy.vet_host(&host("BAD.example.com.")), Err(Denied::Listed(_))));
    assert_eq!(resolved(&policy, "good.example.com", "10.1.2.3"), Ok(()));
}

#[test]
fn listed_only_means_listed_only() {
    let policy = policy(Profile::ListedOnly, &["github.com", "1.1.1.0/24"], &[]);
    assert_eq!(resolved(&policy, "github.com", "140.82.112.3"), Ok(()));
    assert_eq!(policy.vet_host(&host("1.1.1.1")), Ok(()));
    assert!(matches!(resolved(&policy, "gitlab.com", "172.65.251.78"), Err(Denied::NotListed(_))));
    assert_eq!(resolved(&policy, "one.one.one.one", "1.1.1.1"), Ok(()));
}

#[test]
fn loopback_only_refuses_before_dns_and_cannot_be_widened() {
    let policy = policy(Profile::LoopbackOnly, &["github.com", "10.0.0.0/8"], &[]);
    for place in ["localhost", "git.localhost", "127.0.0.1", "127.0.0.53", "[::1]"] {
        assert_eq!(policy.vet_host(&host(place)), Ok(()), "{place}");
    }
    for place in ["github.com", "10.0.0.1", "1.1.1.1", "localhost.example.com", "[2606:4700::1111]"] {
        assert!(matches!(policy.vet_host(&host(place)), Err(Denied::NotLoopback(_))), "{place}");
    }
    assert!(policy.vet_address(&host("localhost"), "10.0.0.1".parse().unwrap()).is_err());
}

#[test]
fn what_the_operator_configured_is_trusted_except_in_the_sandbox() {
    assert_eq!(Policy::default().vet_operators_own(&host("10.0.0.1")), Ok(()));
    let sandbox = policy(Profile::LoopbackOnly, &[], &[]);
    assert_eq!(sandbox.vet_operators_own(&host("127.0.0.1")), Ok(()));
    assert!(sandbox.vet_operators_own(&host("cluster.example.com")).is_err());
}

#[test]
fn profiles_are_written_as_they_are_read() {
    for profile in [Profile::Public, Profile::ListedOnly, Profile::LoopbackOnly] {
        assert_eq!(profile.to_string().parse(), Ok(profile));
    }
    assert!("open".parse::<Profile>().is_err());
}

proptest! {
    #[test]
    fn loopback_only_lets_no_other_address_pass(address: IpAddr) {
        let sandbox = policy(Profile::LoopbackOnly, &[], &[]);
        let verdict = sandbox.vet_address(&host("localhost"), address);
        prop_assert_eq!(verdict.is_ok(), Range::of(address) == Range::Loopback);
    }

    #[test]
    fn wrapping_an_address_changes_nothing(address: std::net::Ipv4Addr) {
        prop_assert_eq!(Range::of(address.into()), Range::of(address.to_ipv6_mapped().into()));
    }

    #[test]
    fn what_is_denied_stays_denied_whatever_is_allowed(address: IpAddr) {
        let mut policy = Policy::default();
        policy.deny.push(Rule::Network(address.into()));
        policy.allow.push(Rule::Network(address.into()));
        let literal: Host = match address { IpAddr::V4(v4) => Host::Ipv4(v4), IpAddr::V6(v6) => Host::Ipv6(v6) };
        prop_assert!(matches!(policy.vet_host(&literal), Err(Denied::Listed(_))));
    }
}
