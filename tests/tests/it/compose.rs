//! `docker-compose.yml`, as far as it can be judged without a container engine: the compose specification's own parser
//! accepts it, and it keeps what it promises about ports, users of secrets and health.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The file as its parser understands it, with every default filled in.
fn compose() -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the work tree");
    let parser = testbed::go::program("compose-check").expect("the compose parser is built");
    let output = Command::new(&parser)
        .args(["-format", "json", "docker-compose.yml"])
        .current_dir(root)
        .output()
        .expect("the compose parser starts");
    assert!(
        output.status.success(),
        "the compose specification's parser refuses docker-compose.yml; fix what it names:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    serde_json::from_slice(&output.stdout).expect("the parser answers JSON")
}

fn services(compose: &Value) -> impl Iterator<Item = (&String, &Value)> {
    compose["services"].as_object().expect("there are services").iter()
}

#[test]
fn compose_publishes_on_loopback_only() {
    for (name, service) in services(&compose()) {
        for port in service["ports"].as_array().into_iter().flatten() {
            assert_eq!(
                port["host_ip"], "127.0.0.1",
                "{name} is published to the network: write 127.0.0.1: before the port"
            );
        }
    }
}

#[test]
fn compose_waits_for_what_is_really_ready() {
    let compose = compose();
    for name in ["backend", "agent"] {
        let check = compose["services"][name]["healthcheck"]["test"].to_string();
        assert!(check.contains("/readyz"), "{name}: the health check must ask /readyz, not {check}");
    }
    for (name, service) in services(&compose) {
        for (other, how) in service["depends_on"].as_object().into_iter().flatten() {
            assert_ne!(
                how["condition"], "service_started",
                "{name} must wait until {other} is healthy or has ended well"
            );
        }
    }
}

#[test]
fn compose_gives_secrets_by_file_only() {
    for (name, service) in services(&compose()) {
        for (variable, value) in service["environment"].as_object().into_iter().flatten() {
            let value = value.as_str().unwrap_or_default();
            let secret = ["PASSWORD", "TOKEN", "KEY"].iter().any(|word| variable.contains(word));
            assert!(
                !secret || value.starts_with("/run/secrets/"),
                "{name}: {variable} must name a file under /run/secrets"
            );
            let in_url = value.split_once("://").and_then(|(_, rest)| rest.split_once('@'));
            assert!(
                in_url.is_none_or(|(user, _)| !user.contains(':')),
                "{name}: {variable} has a password in its URL"
            );
        }
    }
}

#[test]
fn compose_shares_no_role_between_programs() {
    let compose = compose();
    let role = |name: &str| compose["services"][name]["secrets"][0]["source"].as_str().map(str::to_owned);
    assert_eq!(role("backend").as_deref(), Some("argosy_backend.password"));
    assert_eq!(role("agent").as_deref(), Some("argosy_agent.password"));
}
