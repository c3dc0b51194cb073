//! From what a body says to what it means.

use super::RepositoryCredentialSpec;
use super::auth::{CredentialSecret, Login, basic, bearer, github_app, ssh_key};
use super::body::RawRepositoryCredential;
use super::coverage::Coverage;
use crate::field::{Code, Errors, FieldError, Flaw};
use crate::intent::terms::Terms;
use crate::text::labels;

/// What a body says: what is shown, and apart from it what is not.
#[expect(missing_debug_implementations, reason = "it has secrets in it")]
pub struct RepositoryCredential {
    /// What is shown.
    pub spec: RepositoryCredentialSpec,
    /// None: the body gave none. Whether the stored one may stay, [`crate::secret::settle`] says.
    pub secret: Option<CredentialSecret>,
}

/// Reads a credential with all that it leaves out, or says all that is wrong with it.
pub fn parse(
    raw: RawRepositoryCredential,
    terms: &Terms<'_>,
) -> Result<RepositoryCredential, Vec<FieldError>> {
    let mut errors = Errors::new();
    let credential = read(&mut errors, raw, terms);
    errors.finish(credential)
}

fn read(
    errors: &mut Errors,
    raw: RawRepositoryCredential,
    terms: &Terms<'_>,
) -> Option<RepositoryCredential> {
    let coverage = Coverage::parse(errors, raw.repository, raw.prefix, terms);
    let labels = labels(errors, "labels", raw.labels);
    let ways = [
        raw.basic.map(|raw| ("basic", errors.inside("basic", |errors| basic(errors, raw)))),
        raw.bearer.map(|raw| ("bearer", errors.inside("bearer", |errors| bearer(errors, raw)))),
        raw.ssh_key.map(|raw| ("sshKey", errors.inside("sshKey", |errors| ssh_key(errors, raw, terms)))),
        raw.github_app
            .map(|raw| ("githubApp", errors.inside("githubApp", |errors| github_app(errors, raw, terms)))),
    ];
    let (auth, secret) = one_of(errors, ways, coverage.as_ref())?;
    Some(RepositoryCredential {
        spec: RepositoryCredentialSpec { coverage: coverage?, auth, labels: labels? },
        secret,
    })
}

fn one_of(
    errors: &mut Errors,
    ways: [Option<(&'static str, Option<Login>)>; 4],
    coverage: Option<&Coverage>,
) -> Option<Login> {
    let choice = "give exactly one of `basic`, `bearer`, `sshKey` and `githubApp`";
    let mut given = ways.into_iter().flatten();
    let Some((field, login)) = given.next() else {
        errors.note_here(Flaw::required(choice));
        return None;
    };
    for (other, _) in given {
        errors.note(other, Flaw::new(Code::Conflict, choice));
    }
    let (auth, secret) = login?;
    if coverage.is_some_and(|coverage| !auth.goes_with(coverage.place().0)) {
        let detail = "one cannot log in so at such an address: `sshKey` goes with `ssh://` and `git@host:`, `basic` with \
                      all others, `bearer` and `githubApp` with `https://`";
        errors.note(field, Flaw::new(Code::Conflict, detail));
    }
    Some((auth, secret))
}
