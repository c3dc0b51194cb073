//! An engine's own messages, as real ones say them, each understood for what it is.

use domain::engine::explain::Code;
use serde_json::json;

use super::{said, well};

/// What is said of an error that keeps the engine from comparing.
#[track_caller]
fn error(sort: &str, message: &str, code: Code) {
    let status = json!({"sync": {"status": "Unknown"}, "health": {"status": "Healthy"}, "conditions": [
        {"type": "SharedResourceWarning", "message": "never mind"}, {"type": sort, "message": message}]});
    let (found, sentence) = said(status, json!({}));
    assert_eq!(found, code, "{sentence}");
    let last = message.rsplit("desc = ").flat_map(|part| part.rsplit(": ")).next().unwrap();
    assert!(sentence.ends_with(last), "{sentence}");
}

/// How Argo CD begins when a source is in the way, and when a cluster is.
const TARGET: &str = "Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = Unknown desc = ";
const LIVE: &str = "Failed to load live state: failed to get cluster info for \"https://127.0.0.1:6443\": error synchronizing cache state : ";

/// Messages of real engines, and what they are about.
const COMPARISON: &[(&str, &str, Code)] = &[
    (TARGET, "failed to list refs: authentication required: Unauthorized", Code::RepositoryAuthentication),
    (
        TARGET,
        "failed to list refs: authentication required: Repository not found.",
        Code::RepositoryAuthentication,
    ),
    (TARGET, "failed to list refs: authorization failed", Code::RepositoryAuthentication),
    (
        TARGET,
        "failed to list refs: ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey], no supported methods remain",
        Code::RepositoryAuthentication,
    ),
    (
        TARGET,
        "failed to list refs: ssh: handshake failed: knownhosts: key is unknown",
        Code::RepositoryHostUnknown,
    ),
    (
        TARGET,
        "failed to list refs: Get \"https://h/x/info/refs\": tls: failed to verify certificate: x509: certificate signed by unknown authority",
        Code::RepositoryHostUnknown,
    ),
    (TARGET, "failed to list refs: repository not found", Code::RepositoryNotFound),
    (
        TARGET,
        "failed to list refs: dial tcp: lookup git.example.com: no such host",
        Code::RepositoryUnreachable,
    ),
    (
        TARGET,
        "failed to list refs: Get \"http://127.0.0.1:1/x/info/refs?service=git-upload-pack\": dial tcp 127.0.0.1:1: connect: connection refused",
        Code::RepositoryUnreachable,
    ),
    (
        TARGET,
        "failed to list refs: unexpected client error: unexpected requesting \"http://127.0.0.1:1/x/info/refs?service=git-upload-pack\" status code: 503",
        Code::RepositoryUnreachable,
    ),
    (TARGET, "unable to resolve 'nope' to a commit SHA", Code::RevisionNotFound),
    (
        TARGET,
        "failed to initialize repository resources: Failed to checkout revision 0123456789012345678901234567890123456789: `git fetch origin 0123456789012345678901234567890123456789 --tags --force --prune` failed exit status 128: fatal: remote error: upload-pack: not our ref 0123456789012345678901234567890123456789",
        Code::RevisionNotFound,
    ),
    (TARGET, "invalid revision: version matching constraint not found in 3 tags", Code::RevisionNotFound),
    (TARGET, "apps/nope: app path does not exist", Code::PathNotFound),
    (TARGET, "chart 'nope' not found in index", Code::PathNotFound),
    (TARGET, "failed to get index: 401 Unauthorized", Code::RepositoryAuthentication),
    (TARGET, "failed to get index: 404 Not Found", Code::RepositoryNotFound),
    (
        TARGET,
        "Failed to unmarshal \"map.yaml\": failed to unmarshal manifest: error converting YAML to JSON: yaml: line 3",
        Code::ManifestError,
    ),
    (
        TARGET,
        "Manifest generation error (cached): `kustomize build /tmp/x` failed exit status 1: Error: accumulating resources",
        Code::ManifestError,
    ),
    (
        TARGET,
        "`helm template . --name-template shop` failed exit status 1: Error: open values.yaml: no such file or directory",
        Code::ManifestError,
    ),
    (
        TARGET,
        "`helm dependency build` failed exit status 1: Error: dial tcp: lookup charts.example.com: no such host",
        Code::RepositoryUnreachable,
    ),
    (
        "",
        "Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp 127.0.0.1:8081: connect: connection refused\"",
        Code::EngineFault,
    ),
    (
        LIVE,
        "failed to get server version: Get \"https://127.0.0.1:6443/version?timeout=32s\": dial tcp 127.0.0.1:6443: connect: connection refused",
        Code::EnvironmentUnreachable,
    ),
    (LIVE, "the server has asked for the client to provide credentials", Code::EnvironmentAuthentication),
    (
        LIVE,
        "failed to list resources: secrets is forbidden: User \"system:serviceaccount:a:b\" cannot list resource",
        Code::EnvironmentPermission,
    ),
    ("", "something new", Code::ComparisonError),
];
const SPECIFICATION: &[(&str, Code)] = &[
    (
        "Application referencing project app-project-11111111-1111-4111-8111-111111111111 which does not exist",
        Code::EngineFault,
    ),
    (
        "error getting cluster by name \"managed-env-1\": there are no clusters with this name: managed-env-1",
        Code::EngineFault,
    ),
    ("Namespace for web apps/v1, Kind=Deployment is missing.", Code::ManifestError),
    (
        "spec.source.repoURL and either source.path, source.chart, or source.ref are required",
        Code::InvalidSpec,
    ),
];

#[test]
fn messages_of_real_engines_are_understood() {
    for (start, message, code) in COMPARISON {
        error("ComparisonError", &format!("{start}{message}"), *code);
    }
    for (message, code) in SPECIFICATION {
        let mut status = well();
        status["conditions"] = json!([{"type": "InvalidSpecError", "message": message}]);
        let (found, sentence) = said(status, json!({}));
        assert_eq!(found, *code, "{sentence}");
        assert!(!sentence.contains("11111111"), "{sentence}");
    }
}

#[test]
fn a_message_is_cited_without_how_it_got_here() {
    let mut status = well();
    status["conditions"] =
        json!([{"type": "ComparisonError", "message": format!("{TARGET}nope: app path does not exist\n")}]);
    let (_, sentence) = said(status, json!({}));
    let expected = "The folder or chart was not found in the source at this revision. Check its path or name: \
                    nope: app path does not exist";
    assert_eq!(sentence, expected);
}
