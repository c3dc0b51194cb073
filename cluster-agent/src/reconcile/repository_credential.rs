//! A repository credential on one instance: its repository Secrets, one for each address in use.

use std::collections::BTreeSet;

use domain::engine::desired;
use domain::engine::facts::{CredentialFacts, Life};
use domain::engine::marks::{RESOURCE, SECRET_TYPE, TENANT};

use super::done::{Done, no_secret};
use crate::cluster::{Engine, Kind, Unwritten};

/// Makes the Secrets say what the credential is, and removes those of addresses that are not in use any more.
pub async fn apply(engine: &Engine, facts: &CredentialFacts) -> Done {
    match facts.life {
        Life::Deleting => return Done::overtaken(),
        Life::Active => {}
    }
    let Some(manifests) = desired::repository_secrets(facts) else {
        return no_secret("the repository credential", facts.generation);
    };
    let mut kept = BTreeSet::new();
    for manifest in &manifests {
        if let Err(error) = engine.apply(&manifest.to_value()).await {
            return Done::unwritten(error, facts.generation);
        }
        kept.insert(manifest.name().to_owned());
    }
    match remove_others(engine, facts, &kept).await {
        Ok(()) => Done::as_wanted(facts.generation),
        Err(error) => Done::unwritten(error, facts.generation),
    }
}

/// Removes all of its Secrets. Applications that read with them go on being shown, and say that they cannot read.
pub async fn take_down(engine: &Engine, facts: &CredentialFacts) -> Done {
    match facts.life {
        Life::Active => return Done::overtaken(),
        Life::Deleting => {}
    }
    match remove_others(engine, facts, &BTreeSet::new()).await {
        Ok(()) => Done::taken_down(facts.generation, true),
        Err(error) => Done::unwritten(error, facts.generation),
    }
}

async fn remove_others(
    engine: &Engine,
    facts: &CredentialFacts,
    kept: &BTreeSet<String>,
) -> Result<(), Unwritten> {
    let (tenant, credential) = (facts.tenant.to_string(), facts.credential.to_string());
    let labels = [(TENANT, tenant.as_str()), (RESOURCE, &credential), (SECRET_TYPE, "repository")];
    for (key, seen) in engine.named(Kind::Secret, &facts.seat.namespace, &labels).await? {
        if !kept.contains(&key.name) {
            engine.delete(&key, &seen).await?;
        }
    }
    Ok(())
}
