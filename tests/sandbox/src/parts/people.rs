//! The sandbox's people: an issuer without a server, whose tokens Argosy accepts because it was given the issuer's keys.

use std::path::PathBuf;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use testbed::issuer::Offline;

use super::Plan;

/// What Argosy calls this issuer: the first word of its people's names.
pub(super) const NAME: &str = "sandbox";
/// The `iss` of its tokens.
pub(super) const ISSUER: &str = "https://people.sandbox.test";
/// The `aud` of its tokens.
pub(super) const AUDIENCE: &str = "argosy";
/// The person whose token is in `.argosy/env`, and who owns the tenant `demo`.
const PERSON: &str = "dev";

/// What Argosy calls the person.
pub(super) fn principal() -> String {
    format!("{NAME}:{PERSON}")
}

/// The person's token. The same after every start.
pub(super) fn token(plan: &Plan) -> Result<String> {
    Ok(issuer(plan)?.token_for(PERSON, AUDIENCE))
}

/// The file with the issuer's public keys.
pub(super) fn keys(plan: &Plan) -> Result<PathBuf> {
    let file = plan.folder.path().join("people.jwks.json");
    std::fs::write(&file, issuer(plan)?.keys().to_string())
        .context("write the keys of the sandbox's people")?;
    Ok(file)
}

fn issuer(plan: &Plan) -> Result<Offline> {
    let seed: [u8; 32] = Sha256::digest(plan.secrets.of("people")?).into();
    Offline::new(ISSUER, &seed)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_person_is_called_after_the_issuer() {
        assert_eq!(super::principal(), "sandbox:dev");
    }
}
