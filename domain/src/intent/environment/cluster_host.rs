//! Host names that mean something else on an engine than they mean to a tenant.

use url::Host;

use crate::field::Flaw;

/// Refuses what a resolver in the *engine's* cluster would take for a service of that cluster.
pub(super) fn refuse_cluster_names(host: &Host) -> Result<(), Flaw> {
    let Host::Domain(name) = host else { return Ok(()) };
    let labels: Vec<&str> = name.split('.').collect();
    let inside = match labels.as_slice() {
        ["localhost"] | [.., "localhost"] => false,
        // A search path makes a service of it.
        [_] => true,
        ["kubernetes", "default", ..] | [.., "svc"] | [.., "cluster", "local"] => true,
        // `argocd-redis.argocd.svc.` and the name of the cluster, whatever that is.
        [_, _, "svc", ..] => true,
        _ => false,
    };
    if inside {
        return Err(Flaw::forbidden(
            "this is the name of a service inside a cluster, and would reach the platform's own; give the address that is \
             reached from outside",
        ));
    }
    Ok(())
}
