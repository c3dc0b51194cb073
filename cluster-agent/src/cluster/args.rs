//! Which engine clusters there are, and where we may dial.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Result, ensure};
use domain::egress::{Policy, Profile, Rule};

use super::engine_cluster::EngineCluster;
use super::{Engine, Targets};

/// Which engine clusters there are, and where we may dial.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Engine clusters")]
pub struct Args {
    /// The clusters that host engines, as NAME=KUBECONFIG, separated by commas. A kubeconfig is read when it is
    /// first needed, and again whenever its cluster does not answer, so it may be replaced at any time.
    #[arg(
        long,
        env = "ARGOSY_ENGINE_CLUSTERS",
        value_delimiter = ',',
        global = true,
        value_name = "NAME=FILE"
    )]
    engine_clusters: Vec<EngineCluster>,

    /// Where to dial: `public` (the internet, nothing behind a wall), `listed-only` (the allow list), `loopback-only`
    /// (this machine; for the sandbox). Engine clusters are yours, so only `loopback-only` applies to them.
    #[arg(
        long,
        env = "ARGOSY_EGRESS_PROFILE",
        default_value = "public",
        global = true,
        value_name = "PROFILE"
    )]
    egress_profile: Profile,

    /// Networks (10.1.0.0/16), hosts (git.example.com) and domains (*.example.com) to allow besides.
    #[arg(long, env = "ARGOSY_EGRESS_ALLOW", value_delimiter = ',', global = true, value_name = "RULE")]
    egress_allow: Vec<Rule>,

    /// Networks, hosts and domains never to dial, whatever else is allowed.
    #[arg(long, env = "ARGOSY_EGRESS_DENY", value_delimiter = ',', global = true, value_name = "RULE")]
    egress_deny: Vec<Rule>,
}

impl Args {
    /// One hand for each cluster. Nothing is dialled yet.
    pub fn engines(&self) -> Result<Vec<Engine>> {
        let names: BTreeSet<_> = self.engine_clusters.iter().map(|cluster| &cluster.name).collect();
        ensure!(names.len() == self.engine_clusters.len(), "two engine clusters have the same name: {self}");
        let policy = self.policy();
        Ok(self.engine_clusters.iter().map(|cluster| Engine::new(cluster.clone(), policy.clone())).collect())
    }

    /// Where we may dial for tenants.
    #[must_use]
    pub fn targets(&self) -> Targets {
        Targets::new(self.policy())
    }

    /// The settings as they were understood.
    pub fn describe(&self) -> Result<Vec<(&'static str, String)>> {
        self.engines()?;
        let Policy { profile, allow, deny } = self.policy();
        let shown = |rules: Vec<Rule>| rules.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        Ok(vec![
            ("engine-clusters", self.to_string()),
            ("egress-profile", profile.to_string()),
            ("egress-allow", shown(allow)),
            ("egress-deny", shown(deny)),
        ])
    }

    /// Where we may dial.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy {
            profile: self.egress_profile,
            allow: self.egress_allow.clone(),
            deny: self.egress_deny.clone(),
        }
    }
}

/// The clusters, as they are given.
impl fmt::Display for Args {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.engine_clusters.is_empty() {
            return out.write_str("(none)");
        }
        for (number, EngineCluster { name, kubeconfig }) in self.engine_clusters.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            write!(out, "{comma}{name}={}", kubeconfig.display())?;
        }
        Ok(())
    }
}
