//! What can be set, from the command line and the environment, and how it is shown.

use std::net::SocketAddr;

use anyhow::Result;
use clap::Parser;
use domain::access::PlatformRole;
use domain::egress::{Policy, Profile, Rule};
use domain::intent::Unverified;
use domain::secret::Secret;
use jiff::Timestamp;
use runtime::{admin, supervisor, telemetry};
use store::DigestKey;
use store::seal::{self, KeyId, KeyRing};
use uuid::Uuid;

use crate::{access, http};

/// The front doors of Argosy: the REST API.
///
/// It starts while the database is away, and reports ready (GET /readyz) when the database can be reached and has
/// the schema that this release needs; `argosy-migrate` brings it there. On SIGTERM it stops taking requests, lets
/// running ones end, and exits with 0. Every setting can be given as an argument or as a variable.
#[derive(Debug, Parser)]
#[command(name = "argosy-backend", version, after_long_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub settings: Settings,
}

const EXAMPLES: &str = "Examples:
  # with the password in a file and everything else by default
  argosy-backend --database-url 'postgres://argosy_backend@db/argosy?sslmode=verify-full' \\
                 --database-password-file /etc/argosy/argosy_backend.password

  # is it ready, and if not, why
  curl -s http://127.0.0.1:8080/readyz

  # more logs, without a restart
  curl -X PUT -H \"Authorization: Bearer $(cat token)\" -d info,store=debug http://127.0.0.1:8081/log-filter";

#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Serve (the default).
    Serve,
    /// Print the settings as they were understood, without secrets, and exit.
    CheckConfig,
    /// Print the contract of the REST API, and exit.
    #[command(name = "openapi")]
    OpenApi,
    /// Make a key of an operator, on the database, and print it: how a platform begins.
    CreateOperatorKey(WantedKey),
    /// The keys that secrets are sealed with.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
}

/// What a key of an operator is to be.
#[derive(Clone, Debug, clap::Args)]
pub struct WantedKey {
    /// What people call it.
    #[arg(long, default_value = "made on the database", value_name = "TEXT")]
    pub name: String,
    /// What it may: `operator` or `auditor`.
    #[arg(long, default_value = "operator", value_name = "ROLE")]
    pub role: PlatformRole,
    /// Until when it is good, as in `2027-01-31T00:00:00Z`; until it is revoked, if it is absent.
    #[arg(long, value_name = "TIME")]
    pub expires: Option<Timestamp>,
}

#[derive(Clone, Debug, clap::Subcommand)]
pub enum KeysCommand {
    /// Make a new key in the folder of keys.
    Generate {
        /// What it is called; each has a name of its own.
        #[arg(long, default_value = "first", value_name = "ID")]
        id: KeyId,
    },
    /// Say what is sealed with which key.
    Status,
    /// Seal everything anew under the primary key, while others serve.
    Rotate,
}

/// Where tenants' environments and repositories may be.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Egress")]
pub struct Egress {
    /// Where tenants may have us dial: `public` (the internet, nothing behind a wall), `listed-only` (the allow list),
    /// `loopback-only` (this machine; for the sandbox).
    #[arg(
        long,
        env = "ARGOSY_EGRESS_PROFILE",
        default_value = "public",
        global = true,
        value_name = "PROFILE"
    )]
    pub egress_profile: Profile,

    /// Networks (10.1.0.0/16), hosts (git.example.com) and domains (*.example.com) to allow besides.
    #[arg(long, env = "ARGOSY_EGRESS_ALLOW", value_delimiter = ',', global = true, value_name = "RULE")]
    pub egress_allow: Vec<Rule>,

    /// Networks, hosts and domains never to dial, whatever else is allowed.
    #[arg(long, env = "ARGOSY_EGRESS_DENY", value_delimiter = ',', global = true, value_name = "RULE")]
    pub egress_deny: Vec<Rule>,

    /// Let tenants do without the check of who a host is: `skipTlsVerify`, and ssh hosts of which no key is known.
    #[arg(long, env = "ARGOSY_ALLOW_UNVERIFIED", global = true)]
    pub allow_unverified: bool,
}

impl Egress {
    /// Where we and the engines may dial.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy {
            profile: self.egress_profile,
            allow: self.egress_allow.clone(),
            deny: self.egress_deny.clone(),
        }
    }

    /// Whether a tenant may do without the check of who a host is.
    #[must_use]
    pub fn unverified(&self) -> Unverified {
        if self.allow_unverified { Unverified::Allowed } else { Unverified::Refused }
    }

    fn describe(&self) -> Vec<(&'static str, String)> {
        let list = |rules: &[Rule]| {
            let all: Vec<String> = rules.iter().map(ToString::to_string).collect();
            if all.is_empty() { "(none)".to_owned() } else { all.join(",") }
        };
        vec![
            ("egress-profile", self.egress_profile.to_string()),
            ("egress-allow", list(&self.egress_allow)),
            ("egress-deny", list(&self.egress_deny)),
            ("allow-unverified", self.allow_unverified.to_string()),
        ]
    }
}

#[derive(Debug, clap::Args)]
pub struct Settings {
    /// Where to serve the REST API.
    #[arg(
        long,
        env = "ARGOSY_LISTEN",
        default_value = "127.0.0.1:8080",
        global = true,
        value_name = "ADDRESS"
    )]
    pub listen: SocketAddr,

    /// Where to serve metrics, health and the log filter. For the operator: keep it from users.
    #[arg(long, env = "ARGOSY_METRICS_LISTEN", default_value = "127.0.0.1:8081", global = true)]
    #[arg(value_name = "ADDRESS")]
    pub metrics_listen: SocketAddr,

    #[command(flatten)]
    pub rest: http::Args,
    #[command(flatten)]
    pub tokens: access::Args,
    #[command(flatten)]
    pub egress: Egress,
    #[command(flatten)]
    pub sealing: seal::Args,
    #[command(flatten)]
    pub database: store::Args,
    #[command(flatten)]
    pub process: supervisor::Args,
    #[command(flatten)]
    pub operator: admin::Args,
    #[command(flatten)]
    pub logs: telemetry::Args,
}

impl Settings {
    /// Every setting as it was understood. Fails where serving would.
    pub fn describe(&self) -> Result<String> {
        let Self { listen, metrics_listen, rest, tokens, egress, sealing, database, process, operator, logs } =
            self;
        let mut lines = vec![("listen", listen.to_string()), ("metrics-listen", metrics_listen.to_string())];
        lines.extend(rest.describe()?);
        lines.extend(tokens.describe());
        lines.extend(egress.describe());
        lines.extend(sealing.describe()?);
        lines.extend(database.describe()?);
        lines.extend(process.describe());
        lines.extend(operator.describe()?);
        lines.extend(logs.describe()?);
        Ok(lines.into_iter().map(|(name, value)| format!("{name} = {value}\n")).collect())
    }

    /// The key of the digests of bodies, and of page tokens. Without sealing keys it is this process's alone: then a
    /// request that is sent again to another process is not known there.
    #[must_use]
    pub fn digest_key(&self, ring: Option<&KeyRing>) -> DigestKey {
        let own = || DigestKey(Secret::new([Uuid::new_v4(), Uuid::new_v4()].map(Uuid::into_bytes).concat()));
        ring.map_or_else(own, KeyRing::digest_key)
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
