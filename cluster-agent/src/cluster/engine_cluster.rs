//! One entry of the list of engine clusters, parsed.

use std::path::PathBuf;
use std::str::FromStr;

/// A cluster that hosts engines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineCluster {
    pub(super) name: String,
    pub(super) kubeconfig: PathBuf,
}

impl FromStr for EngineCluster {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        let (name, kubeconfig) = raw.split_once('=').ok_or("it must be NAME=KUBECONFIG")?;
        let label = !name.is_empty()
            && name.len() <= 63
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !name.starts_with('-')
            && !name.ends_with('-');
        if !label {
            return Err(format!("the name `{name}` must be of lower-case letters, digits and inner hyphens"));
        }
        if kubeconfig.is_empty() {
            return Err(format!("{name} has no kubeconfig"));
        }
        Ok(Self { name: name.to_owned(), kubeconfig: kubeconfig.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_cluster_is_a_name_and_a_kubeconfig() {
        let cluster: EngineCluster = "hub=/etc/hub.kubeconfig".parse().unwrap();
        assert_eq!(
            (cluster.name.as_str(), cluster.kubeconfig.to_str()),
            ("hub", Some("/etc/hub.kubeconfig"))
        );
        for raw in ["", "hub", "hub=", "=/x", "Hub=/x", "-hub=/x", "hub-=/x", "a b=/x"] {
            assert!(raw.parse::<EngineCluster>().is_err(), "{raw}");
        }
    }
}
