//! An engine's words, made fit for users: without the names of our objects, its own folders and how its parts speak to each
//! other; and never without end.

use serde_json::Value;

use crate::ids::EnvironmentId;

/// Bytes of one message.
pub(super) const LONGEST: usize = 2048;

/// Objects of ours that messages name, and what users call them. What is not of this deployment is somebody else's.
const NAMES: [(&str, &str); 4] = [
    ("gitopsdepl-", "another deployment"),
    ("managed-env-", "the environment"),
    ("app-project-", "the tenant"),
    ("repo-cred-", "the repository credential"),
];
const UUID: usize = 36;
/// What is behind this in an address is ours, see [`EnvironmentId::engine_server`].
const MARK: &str = "?managedEnvironment=";
/// Where a repo-server keeps its clones: a folder, and in it one for each.
const CLONES: &str = "/_argocd-repo/";

/// A message about the `Application` of this name.
pub(in crate::engine) fn plain(message: &str, application: &str) -> String {
    let mut text = message.trim().to_owned();
    if !application.is_empty() {
        text = text.replace(application, "this deployment");
    }
    for (name, words) in NAMES {
        text = without_ids(&text, name, words);
    }
    text = without_ids(&text, MARK, "");
    text = without_codes(&text);
    text = without_clones(&text);
    shortened(&text, LONGEST)
}

/// Without what a database cannot keep. A tenant's own cluster or template decides what is in an engine's words; one NUL
/// there must not stop the reports of everybody else.
#[must_use]
pub fn without_nul(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(mended(text)),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nul).collect()),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(key, value)| (mended(key), without_nul(value))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

fn mended(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// At most so many bytes, and an ellipsis if that is not all.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let ellipsis = '…';
    let end = text.floor_char_boundary(most - ellipsis.len_utf8());
    format!("{}{ellipsis}", &text[..end])
}

/// The environment whose cluster Secret has this name.
pub(super) fn environment(name: &str) -> Option<EnvironmentId> {
    name.strip_prefix("managed-env-")?.parse().ok()
}

fn without_ids(text: &str, name: &str, words: &str) -> String {
    let mut rest = text;
    let mut plain = String::with_capacity(text.len());
    while let Some(start) = rest.find(name) {
        let (before, after) = (&rest[..start], &rest[start + name.len()..]);
        plain.push_str(before);
        match after.get(..UUID).filter(|id| uuid::Uuid::try_parse(id).is_ok()) {
            Some(_) => {
                plain.push_str(words);
                rest = &after[UUID..];
            }
            None => {
                plain.push_str(name);
                rest = after;
            }
        }
    }
    plain + rest
}

/// `rpc error: code = Unknown desc = `
fn without_codes(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::with_capacity(text.len());
    while let Some(start) = rest.find("rpc error: code = ") {
        plain.push_str(&rest[..start]);
        let error = &rest[start..];
        rest = error.split_once(" desc = ").map_or("", |(_, after)| after);
        if rest.is_empty() {
            plain.push_str(error);
        }
    }
    plain + rest
}

/// `/tmp/_argocd-repo/<uuid>/apps/shop` is `apps/shop`.
fn without_clones(text: &str) -> String {
    let begins = |letter: char| letter.is_whitespace() || "\"'`(=:,".contains(letter);
    let mut rest = text;
    let mut plain = String::with_capacity(text.len());
    while let Some(found) = rest.find(CLONES) {
        let start = rest[..found].rfind(begins).map_or(0, |before| before + 1);
        plain.push_str(&rest[..start]);
        let inside = &rest[found + CLONES.len()..];
        let end = inside.find(begins).unwrap_or(inside.len());
        let path = inside[..end].split_once('/').map_or(".", |(_, path)| path);
        plain.push_str(path);
        rest = &inside[end..];
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "018f2b5e-7c1d-7a4e-9b3a-5d0c1e2f3a4b";
    const OTHER: &str = "6a1f0f0e-43a4-4c43-9df0-3a0c3f3d8f11";

    fn said(message: &str) -> String {
        plain(message, &format!("gitopsdepl-{ID}"))
    }

    #[test]
    fn a_message_names_none_of_our_objects() {
        assert_eq!(
            said(&format!("ConfigMap/x is part of applications gitopsdepl-{ID} and gitopsdepl-{OTHER}")),
            "ConfigMap/x is part of applications this deployment and another deployment"
        );
        assert_eq!(
            said(&format!("there are no clusters with this name: managed-env-{OTHER}")),
            "there are no clusters with this name: the environment"
        );
        assert_eq!(
            said(&format!("Get \"https://k8s:6443?managedEnvironment={OTHER}\": EOF")),
            "Get \"https://k8s:6443\": EOF"
        );
        assert_eq!(said("managed-env-production is a name"), "managed-env-production is a name");
    }

    #[test]
    fn a_message_says_nothing_of_how_an_engine_is_built() {
        assert_eq!(
            said(
                "Failed: rpc error: code = Unknown desc = failed to list refs: rpc error: code = Internal desc = EOF"
            ),
            "Failed: failed to list refs: EOF"
        );
        let clone = format!("`kustomize build /tmp/_argocd-repo/{OTHER}/apps/shop` failed exit status 1");
        assert_eq!(said(&clone), "`kustomize build apps/shop` failed exit status 1");
        let root = format!("open /var/tmp/x/_argocd-repo/{OTHER}: no such file");
        assert_eq!(said(&root), "open .: no such file");
    }

    #[test]
    fn a_message_ends() {
        let long = said(&"ä".repeat(100_000));
        assert!(long.len() <= LONGEST && long.ends_with('…'), "{}", long.len());
        assert_eq!(said("short"), "short");
    }

    #[test]
    fn a_nul_goes_and_all_else_stays() {
        let said = json!({"a\0": ["b\0c", 1, null, true], "d": {"e": "line\nline"}});
        let mended = json!({"a\u{fffd}": ["b\u{fffd}c", 1, null, true], "d": {"e": "line\nline"}});
        assert_eq!(without_nul(said), mended);
    }
}
