//! What a shell needs to know about this sandbox.

use anyhow::Result;

use super::argosy::{self, ROLES};
use super::{Plan, clusters, git, introduce, people};
use crate::state::Engines;

/// By name.
pub(super) fn variables(plan: &Plan) -> Result<Vec<(&'static str, String)>> {
    let local = |name: &str| -> Result<String> { Ok(format!("http://127.0.0.1:{}", plan.ports.of(name)?)) };
    let mut env = vec![
        ("ARGOSY_URL", local("backend")?),
        ("ARGOSY_TENANT", introduce::TENANT.to_owned()),
        ("ARGOSY_TOKEN", people::token(plan)?),
        ("ARGOSY_OPERATOR_KEY_FILE", introduce::key_file(plan).display().to_string()),
        ("ARGOSY_OPERATOR_TOKEN", plan.secrets.of("operator")?.to_owned()),
        ("ARGOSY_DATABASE_URL", argosy::database_url(plan, ROLES[0].0, ROLES[0].1)?),
        (
            "ARGOSY_METRICS_URLS",
            format!("{}/metrics,{}/metrics", local("backend-metrics")?, local("agent-metrics")?),
        ),
    ];
    match &plan.engines {
        Engines::Own => {
            let kubeconfig = |name| -> Result<String> {
                Ok(clusters::site(plan, name)?.kubeconfig().display().to_string())
            };
            let git = git::addresses(plan)?;
            env.extend([
                ("ARGOSY_HUB_KUBECONFIG", kubeconfig("hub")?),
                ("ARGOSY_TARGET_KUBECONFIG", kubeconfig("target")?),
                ("ARGOSY_GIT_URL", git.read),
                ("ARGOSY_GIT_PUSH_URL", git.push),
            ]);
        }
        Engines::Existing(kubeconfig) => {
            env.push(("ARGOSY_HUB_KUBECONFIG", kubeconfig.display().to_string()));
        }
    }
    Ok(env)
}
