//! What a body or a kubeconfig says about how to reach a cluster.

use super::auth::{AuthKind, EnvironmentSecret};
use super::server::ApiServerUrl;
use super::trust::Trust;

/// Where an environment is, by what it is known and what we show it.
pub(super) struct Connection {
    pub(super) server: ApiServerUrl,
    pub(super) trust: Trust,
    pub(super) auth: AuthKind,
    pub(super) secret: Option<EnvironmentSecret>,
}
