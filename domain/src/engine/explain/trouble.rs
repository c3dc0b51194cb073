//! What an engine's error message is about.
//!
//! Argo CD, Git, Helm and Go have no codes, only words. The words here are those of their sources; a message that has none
//! of them is shown as it is.

use super::{Code, Explanation};

/// What an error message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The repository is not there.
    RepositoryNotFound,
    /// Somebody wants to know who asks, or does not like who does.
    Authentication(Side),
    /// The token may not.
    Permission,
    /// The repository's host is not who it should be.
    HostUnknown,
    /// Nobody answers.
    Unreachable(Side),
    /// No such branch, tag, commit or version.
    RevisionNotFound,
    /// No such folder.
    PathNotFound,
    /// The source does not become manifests.
    Manifest,
    /// A part of the engine is not there.
    Engine,
    /// The engine has not seen the project or the cluster Secret that was written before.
    Settling,
    /// Something else.
    Other,
}

/// Who did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Where manifests come from.
    Repository,
    /// Where they go.
    Environment,
}

/// What follows a write of ours that one part of the engine has seen and another has not. All words are in small letters.
const SETTLING: [&str; 4] = [
    "there are no clusters with this name",
    "application referencing project",
    "is not permitted in project",
    "do not match any of the allowed destinations",
];
/// What is said where the cluster is asked, and not the repository.
const OF_THE_ENVIRONMENT: [&str; 6] = [
    "failed to load live state",
    "failed to get cluster info",
    "error synchronizing cache state",
    "error getting k8s server version",
    "error getting cluster",
    "failed to get api group resources",
];
/// How messages got where they were found, in this order; as they are written.
const WAYS: [&str; 4] = [
    "Failed to load target state: ",
    "Failed to load live state: ",
    "failed to generate manifest for source 1 of 1: ",
    "Manifest generation error (cached): ",
];
/// How one part of the engine misses another.
const ENGINE: [&str; 4] =
    ["transport: error while dialing", "connection error: desc", "argocd-repo-server", "redis:"];
/// How tools are cited that turn sources into manifests. What they say may be about a host.
const TOOLS: [&str; 4] = [
    "` failed exit status",
    "` failed signal",
    "error building helm chart dependencies",
    "helm dependency build",
];
const DENIED: [&str; 9] = [
    "authentication required",
    "authentication failed",
    "authorization failed",
    "invalid credentials",
    "unable to authenticate",
    "could not read username",
    "the server has asked for the client to provide credentials",
    "unauthorized",
    "403 forbidden",
];
const FORBIDDEN: [&str; 2] = ["is forbidden: user", "cannot impersonate"];
const SILENT: [&str; 14] = [
    "connection refused",
    "connection reset",
    "no such host",
    "no route to host",
    "network is unreachable",
    "i/o timeout",
    "context deadline exceeded",
    "client.timeout exceeded",
    "tls handshake timeout",
    "server misbehaving",
    "unexpected eof",
    ": eof",
    "503 service unavailable",
    "status code: 5",
];
/// How git says that a repository has no such commit.
const NO_COMMIT: [&str; 3] = ["not our ref", "unadvertised object", "reference is not a tree"];
/// What is surely said of a source. The first that is in a message decides.
const OF_THE_SOURCE: [(Trouble, &[&str]); 5] = [
    (
        Trouble::RevisionNotFound,
        &[
            "to a commit sha",
            "couldn't find remote ref",
            "invalid revision",
            "version matching constraint not found",
            "no version for constraints",
            "cannot get digest for revision",
            "failed to resolve revision",
            "reference not found",
        ],
    ),
    (
        Trouble::PathNotFound,
        &["app path does not exist", "app path is not a directory", "not found in index"],
    ),
    (Trouble::HostUnknown, &["knownhosts:", "host key verification failed", "x509:"]),
    (
        Trouble::RepositoryNotFound,
        &["repository not found", "repository does not exist", "remote repository is empty", "404 not found"],
    ),
    (
        Trouble::Manifest,
        &[
            "failed to unmarshal",
            "error converting yaml",
            "failed to evaluate jsonnet",
            "chart.yaml",
            "out-of-bounds symlinks",
            "json: cannot unmarshal",
            "invalid manifest file",
            "is missing",
            "no such file or directory",
            "exceeded max combined manifest file size",
        ],
    ),
];

impl Trouble {
    /// What a message is about.
    #[must_use]
    pub fn of(message: &str) -> Self {
        let message = message.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
        if says(&SETTLING) {
            return Self::Settling;
        }
        if says(&OF_THE_ENVIRONMENT) {
            return Self::of_environment(says);
        }
        if says(&ENGINE) {
            return Self::Engine;
        }
        // Hosts hide what one may not see: a refusal counts for more than "not found".
        let host = [
            (Self::Authentication(Side::Repository), &DENIED[..]),
            (Self::Unreachable(Side::Repository), &SILENT),
        ];
        let of_host = host.into_iter().find(|(_, words)| says(words)).map(|(trouble, _)| trouble);
        if says(&TOOLS) {
            let tool = if says(&NO_COMMIT) { Self::RevisionNotFound } else { Self::Manifest };
            return of_host.unwrap_or(tool);
        }
        if says(&FORBIDDEN) {
            return Self::Permission;
        }
        let refused = of_host.filter(|trouble| *trouble == Self::Authentication(Side::Repository));
        let of_source = OF_THE_SOURCE.iter().find(|(_, words)| says(words)).map(|(trouble, _)| *trouble);
        refused.or(of_source).or(of_host).unwrap_or(Self::Other)
    }

    fn of_environment(says: impl Fn(&[&str]) -> bool) -> Self {
        if says(&FORBIDDEN) {
            return Self::Permission;
        }
        if says(&DENIED) {
            return Self::Authentication(Side::Environment);
        }
        Self::Unreachable(Side::Environment)
    }

    /// The sentence for it, with the message it was found in.
    pub(super) fn explained(self, message: &str) -> Explanation {
        let (code, what) = match self {
            Self::RepositoryNotFound => (
                Code::RepositoryNotFound,
                "The repository was not found. Check its address, or give a repository credential if it is private",
            ),
            Self::Authentication(Side::Repository) => (
                Code::RepositoryAuthentication,
                "The repository wants to know who asks, or refused the credential. Give or rotate a repository credential for it",
            ),
            Self::Authentication(Side::Environment) => (
                Code::EnvironmentAuthentication,
                "The environment's API server refused the credential. Rotate it with PUT on the environment",
            ),
            Self::Permission => (
                Code::EnvironmentPermission,
                "The environment's credential may not do what is needed. Grant it there, or give another one",
            ),
            Self::HostUnknown => (
                Code::RepositoryHostUnknown,
                "The repository's host could not be verified. Ask the operator to make its key or certificate known",
            ),
            Self::Unreachable(Side::Repository) => {
                (Code::RepositoryUnreachable, "The repository does not answer. It is tried again by itself")
            }
            Self::Unreachable(Side::Environment) => (
                Code::EnvironmentUnreachable,
                "The environment's API server does not answer. It is tried again by itself",
            ),
            Self::RevisionNotFound => (
                Code::RevisionNotFound,
                "The revision was not found in the repository. Check the branch, tag, commit or version",
            ),
            Self::PathNotFound => (
                Code::PathNotFound,
                "The folder or chart was not found in the source at this revision. Check its path or name",
            ),
            Self::Manifest => {
                (Code::ManifestError, "The source could not be turned into manifests. Mend it there")
            }
            Self::Engine => {
                (Code::EngineFault, "A part of the engine does not answer. It is tried again by itself")
            }
            Self::Settling => (
                Code::EngineFault,
                "The engine has not taken in yet what this deployment needs. It looks again by itself",
            ),
            Self::Other => (Code::ComparisonError, "The source could not be compared with what runs"),
        };
        Explanation::new(code, format!("{what}: {}", essence(message)))
    }
}

/// A message without how it got here.
fn essence(message: &str) -> &str {
    WAYS.iter().fold(message.trim(), |rest, way| rest.strip_prefix(way).unwrap_or(rest))
}
