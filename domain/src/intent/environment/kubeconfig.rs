//! A kubeconfig, taken apart.
//!
//! Kubernetes clients do what a kubeconfig says: run a program, read a file, ask a proxy. From a stranger's, we take one
//! server, its CA, and one token or client certificate, and refuse what would do anything else. Entries that were not
//! chosen are not looked at, and nothing of them is kept. No mistake repeats a value.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::auth::Given;
use super::connection::Connection;
use super::server::ApiServerUrl;
use super::trust::Trust;
use crate::field::{Code, Errors, Flaw, Pointer};
use crate::intent::terms::Terms;
use crate::secret::Secret;

type Object = Map<String, Value>;

/// Which of its clusters is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The one of its current context.
    Current,
    /// The one of the context of this name.
    Context(String),
    /// The one with this server, and the first context that leads to it; the current one before others.
    Server(String),
}

/// Fields of a cluster that we must not follow.
const CLUSTER_REFUSED: &[(&str, &str)] = &[
    (
        "certificate-authority",
        "a file of yours cannot be read here; put it into `certificate-authority-data`",
    ),
    ("proxy-url", "proxies are not used; the server must be reachable itself"),
    ("tls-server-name", "the server must be known by the name it is dialled by"),
];

/// Fields of a user that we must not follow.
const USER_REFUSED: &[(&str, &str)] = &[
    ("exec", "programs are not run; put a token or a client certificate into it"),
    ("auth-provider", "auth providers are not run; put a token or a client certificate into it"),
    ("tokenFile", "a file of yours cannot be read here; put the token into `token`"),
    ("client-certificate", "a file of yours cannot be read here; put it into `client-certificate-data`"),
    ("client-key", "a file of yours cannot be read here; put it into `client-key-data`"),
    ("username", "user names and passwords are not used; put a token or a client certificate into it"),
    ("password", "user names and passwords are not used; put a token or a client certificate into it"),
    ("as", "others are not impersonated; use the credentials of the one to be"),
    ("as-uid", "others are not impersonated; use the credentials of the one to be"),
    ("as-groups", "others are not impersonated; use the credentials of the one to be"),
    ("as-user-extra", "others are not impersonated; use the credentials of the one to be"),
];

/// One entry of a list, and where it stands.
struct Entry<'a> {
    at: Pointer,
    object: &'a Object,
}

/// Takes the chosen server and its credentials out of a kubeconfig, which `errors` stands in.
pub(super) fn take_apart(
    errors: &mut Errors,
    kubeconfig: &Object,
    choice: &Choice,
    skip_verify: bool,
    terms: &Terms<'_>,
) -> Option<Connection> {
    let (cluster, user) = choose(errors, kubeconfig, choice)?;
    let (server, trust) =
        within(errors, &cluster, |errors| read_cluster(errors, cluster.object, skip_verify, terms));
    let auth = within(errors, &user, |errors| read_user(errors, user.object)?.parse(errors));
    let (auth, secret) = auth?;
    if secret.is_none() {
        errors.note_at(user.at, Flaw::required("give a token, or a client certificate with its key"));
        return None;
    }
    Some(Connection { server: server?, trust: trust?, auth, secret })
}

fn choose<'a>(
    errors: &mut Errors,
    kubeconfig: &'a Object,
    choice: &Choice,
) -> Option<(Entry<'a>, Entry<'a>)> {
    let current = kubeconfig.get("current-context").and_then(Value::as_str).filter(|name| !name.is_empty());
    let context = match choice {
        Choice::Context(name) => named(errors, kubeconfig, "contexts", name),
        Choice::Current => match current {
            Some(name) => named(errors, kubeconfig, "contexts", name),
            None => {
                errors.note("current-context", Flaw::required("name the context that is meant"));
                None
            }
        },
        Choice::Server(server) => leading_to(errors, kubeconfig, server, current),
    }?;
    let mut follow = |field: &str, list: &str| match text(context.object, field) {
        Ok(Some(name)) => named(errors, kubeconfig, list, name),
        Ok(None) => {
            errors.note_at(context.at.at(field), Flaw::required(format!("name one of the {list}")));
            None
        }
        Err(flaw) => {
            errors.note_at(context.at.at(field), flaw);
            None
        }
    };
    let (cluster, user) = (follow("cluster", "clusters"), follow("user", "users"));
    Some((cluster?, user?))
}

/// The context that leads to a server.
fn leading_to<'a>(
    errors: &mut Errors,
    kubeconfig: &'a Object,
    server: &str,
    current: Option<&str>,
) -> Option<Entry<'a>> {
    let wanted = ApiServerUrl::try_from(server.to_owned()).ok();
    let is_it = |other: &str| {
        other.eq_ignore_ascii_case(server) || wanted.as_ref().is_some_and(|wanted| wanted.is_spelled(other))
    };
    let clusters = entries(kubeconfig, "clusters")
        .filter(|(_, _, cluster)| text(cluster, "server").ok().flatten().is_some_and(is_it));
    let names: Vec<&str> = clusters.map(|(_, name, _)| name).collect();
    let mut leading: Vec<_> = entries(kubeconfig, "contexts")
        .filter(|(_, _, context)| {
            text(context, "cluster").ok().flatten().is_some_and(|name| names.contains(&name))
        })
        .collect();
    leading.sort_by_key(|(_, name, _)| Some(*name) != current);
    let Some((index, _, object)) = leading.first() else {
        let list = if names.is_empty() { "clusters" } else { "contexts" };
        errors.note(list, Flaw::new(Code::NotFound, format!("none of the {list} has this API server")));
        return None;
    };
    Some(Entry { at: place(errors, "contexts", *index), object })
}

/// The entry of a list that has this name.
fn named<'a>(errors: &mut Errors, kubeconfig: &'a Object, list: &str, name: &str) -> Option<Entry<'a>> {
    let mut found = entries(kubeconfig, list).filter(|(_, other, _)| *other == name);
    match (found.next(), found.next()) {
        (Some((index, _, object)), None) => Some(Entry { at: place(errors, list, index), object }),
        (Some(_), Some((index, _, _))) => {
            let at = errors.here().at(list).index(index).at("name");
            errors.note_at(at, Flaw::new(Code::Duplicate, "another entry has this name already"));
            None
        }
        (None, _) => {
            errors.note(
                list,
                Flaw::new(Code::NotFound, format!("none of the {list} has the name that is asked for")),
            );
            None
        }
    }
}

fn place(errors: &Errors, list: &str, index: usize) -> Pointer {
    errors.here().at(list).index(index).at(singular(list))
}

fn singular(list: &str) -> &str {
    list.strip_suffix('s').unwrap_or(list)
}

/// Index, name and contents of each entry: `clusters: [{name: …, cluster: {…}}]`. Others are not entries.
fn entries<'a>(kubeconfig: &'a Object, list: &str) -> impl Iterator<Item = (usize, &'a str, &'a Object)> {
    let inner = singular(list).to_owned();
    let all = kubeconfig.get(list).and_then(Value::as_array).into_iter().flatten().enumerate();
    all.filter_map(move |(index, entry)| {
        Some((index, entry.get("name")?.as_str()?, entry.get(&inner)?.as_object()?))
    })
}

fn within<T>(errors: &mut Errors, entry: &Entry<'_>, read: impl FnOnce(&mut Errors) -> T) -> T {
    let outer = errors.jump(entry.at.clone());
    let value = read(errors);
    errors.jump(outer);
    value
}

fn read_cluster(
    errors: &mut Errors,
    cluster: &Object,
    skip_verify: bool,
    terms: &Terms<'_>,
) -> (Option<ApiServerUrl>, Option<Trust>) {
    refuse(errors, cluster, CLUSTER_REFUSED);
    let server = match text(cluster, "server") {
        Ok(Some(server)) => ApiServerUrl::vetted(server, terms.egress),
        Ok(None) => Err(Flaw::required("give the address of the API server")),
        Err(flaw) => Err(flaw),
    };
    let server = errors.at("server", server);
    let skip = match cluster.get("insecure-skip-tls-verify") {
        None | Some(Value::Null) => false,
        Some(value) => value.as_bool().unwrap_or_else(|| {
            errors.note("insecure-skip-tls-verify", Flaw::new(Code::WrongType, "give true or false"));
            false
        }),
    };
    let ca = errors.at("certificate-authority-data", decoded(cluster, "certificate-authority-data"));
    let fields = ["certificate-authority-data", "insecure-skip-tls-verify"];
    let trust = ca.and_then(|ca| {
        let ca = ca.map(|ca| ca.expose().clone());
        Trust::parse(errors, ca, skip || skip_verify, fields, terms)
    });
    (server, trust)
}

fn read_user(errors: &mut Errors, user: &Object) -> Option<Given> {
    refuse(errors, user, USER_REFUSED);
    let token = errors.at("token", text(user, "token"));
    let certificate = errors.at("client-certificate-data", decoded(user, "client-certificate-data"));
    let key = errors.at("client-key-data", decoded(user, "client-key-data"));
    Some(Given {
        token: token?.map(|token| Secret::new(token.to_owned())),
        certificate: certificate?.map(|certificate| certificate.expose().clone()),
        key: key?,
        fields: ["token", "client-certificate-data", "client-key-data"],
    })
}

fn refuse(errors: &mut Errors, object: &Object, refused: &[(&str, &str)]) {
    for (key, why) in refused {
        if object.get(*key).is_some_and(|value| !is_nothing(value)) {
            errors.note(key, Flaw::new(Code::Unsupported, *why));
        }
    }
}

/// Tools write out what is not set.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(entries) => entries.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn text<'a>(object: &'a Object, key: &str) -> Result<Option<&'a str>, Flaw> {
    match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty()).map(String::as_str)),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(Flaw::new(Code::WrongType, "give a string"))
        }
    }
}

/// A field that is base64 of a text; a key may be such a field.
fn decoded(object: &Object, key: &str) -> Result<Option<Secret<String>>, Flaw> {
    let Some(raw) = text(object, key)? else { return Ok(None) };
    let packed = Secret::new(raw.split_ascii_whitespace().collect::<String>());
    let bytes = STANDARD.decode(packed.expose()).map_err(|_| Flaw::malformed("give base64 of a PEM text"))?;
    let text = String::from_utf8(bytes).map_err(|_| Flaw::malformed("give base64 of a PEM text"))?;
    Ok(Some(Secret::new(text)))
}
