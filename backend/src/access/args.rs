//! Whose tokens are good here.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use domain::access::IssuerName;
use store::Store;
use url::{Host, Url};

use super::authenticator::Authenticator;
use super::issuer::{Issuer, KeySource, Times};
use super::token::Rules;

/// Whose tokens are good here. Without issuers only API keys are.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Tokens")]
pub struct Args {
    /// Issuers of tokens, as `name=URL`: the name is ours and stands before the subjects (`corp:alice`), the URL is the
    /// `iss` of the tokens, below which the discovery document is. Changing a name makes strangers of all its people.
    #[arg(long, env = "ARGOSY_ISSUERS", value_delimiter = ',', global = true, value_name = "NAME=URL")]
    pub issuers: Vec<Named>,

    /// Keys of issuers that cannot be asked, as `name=file` with a JWKS. Read again every few minutes.
    #[arg(long, env = "ARGOSY_ISSUER_KEYS", value_delimiter = ',', global = true, value_name = "NAME=FILE")]
    pub issuer_keys: Vec<Named>,

    /// What tokens must be meant for (`aud`); one of these is enough.
    #[arg(long, env = "ARGOSY_AUDIENCES", value_delimiter = ',', global = true, value_name = "TEXT")]
    #[arg(default_value = "argosy")]
    pub audiences: Vec<String>,

    /// The claim with the groups of a person: a list of texts.
    #[arg(long, env = "ARGOSY_GROUPS_CLAIM", default_value = "groups", global = true, value_name = "CLAIM")]
    pub groups_claim: String,

    /// Take tokens that do not say from when on they are good (`nbf`), as some issuers never do.
    #[arg(long, env = "ARGOSY_TOKENS_WITHOUT_NBF", global = true)]
    pub tokens_without_nbf: bool,

    /// How far an issuer's clock may be from ours.
    #[arg(long, env = "ARGOSY_TOKEN_LEEWAY", default_value = "30s", global = true, value_name = "DURATION")]
    #[arg(value_parser = humantime::parse_duration)]
    pub token_leeway: Duration,

    /// How often an issuer is asked for its keys, besides when a token names one that we do not know.
    #[arg(long, env = "ARGOSY_ISSUER_REFRESH", default_value = "5m", global = true, value_name = "DURATION")]
    #[arg(value_parser = humantime::parse_duration)]
    pub issuer_refresh: Duration,

    /// How often at most an issuer is asked because a token names a key that we do not know.
    #[arg(long, env = "ARGOSY_ISSUER_PAUSE", default_value = "10s", global = true, value_name = "DURATION")]
    #[arg(value_parser = humantime::parse_duration)]
    pub issuer_pause: Duration,

    /// For how long keys are good when the issuer cannot be asked; then its tokens are answered with 503.
    #[arg(
        long,
        env = "ARGOSY_ISSUER_MAX_STALE",
        default_value = "24h",
        global = true,
        value_name = "DURATION"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    pub issuer_max_stale: Duration,
}

/// `name=something`.
#[derive(Clone, Debug)]
pub struct Named {
    name: IssuerName,
    value: String,
}

impl FromStr for Named {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        let (name, value) = raw.split_once('=').ok_or("write `name=value`")?;
        Ok(Self { name: IssuerName::parse(name).map_err(|flaw| flaw.to_string())?, value: value.to_owned() })
    }
}

impl Args {
    /// What checks callers, on this database.
    pub fn open(&self, store: Store) -> Result<Authenticator> {
        let rules = Rules {
            audiences: self.audiences.clone(),
            groups_claim: self.groups_claim.clone(),
            without_nbf: self.tokens_without_nbf,
            leeway: self.token_leeway,
        };
        let times = Times {
            refresh: self.issuer_refresh,
            pause: self.issuer_pause,
            max_stale: self.issuer_max_stale,
        };
        let mut files: BTreeMap<&IssuerName, PathBuf> = BTreeMap::new();
        for Named { name, value } in &self.issuer_keys {
            ensure!(files.insert(name, value.into()).is_none(), "issuer keys of {name} are given twice");
        }
        let mut issuers: Vec<Issuer> = Vec::new();
        for Named { name, value } in &self.issuers {
            let said = issuers.iter().any(|there| there.name() == name || there.url() == value);
            ensure!(!said, "the issuer {name}, or its URL, is given twice");
            let source = match files.remove(name) {
                Some(file) => KeySource::File(file),
                None => KeySource::Discovery(discoverable(value).with_context(|| format!("issuer {name}"))?),
            };
            issuers.push(Issuer::new(name.clone(), value.clone(), source, times)?);
        }
        if let Some(name) = files.keys().next() {
            anyhow::bail!("issuer keys are given for {name}, but no such issuer");
        }
        ensure!(issuers.is_empty() || !rules.audiences.is_empty(), "tokens need an audience");
        Ok(Authenticator::new(store, issuers, rules))
    }

    /// The settings as they were understood; fails where opening would.
    pub fn describe(&self) -> Vec<(&'static str, String)> {
        let list = |named: &[Named]| {
            let all: Vec<_> = named.iter().map(|one| format!("{}={}", one.name, one.value)).collect();
            if all.is_empty() { "(none)".to_owned() } else { all.join(",") }
        };
        let time = |time: Duration| humantime::format_duration(time).to_string();
        vec![
            ("issuers", list(&self.issuers)),
            ("issuer-keys", list(&self.issuer_keys)),
            ("audiences", self.audiences.join(",")),
            ("groups-claim", self.groups_claim.clone()),
            ("tokens-without-nbf", self.tokens_without_nbf.to_string()),
            ("token-leeway", time(self.token_leeway)),
            ("issuer-refresh", time(self.issuer_refresh)),
            ("issuer-pause", time(self.issuer_pause)),
            ("issuer-max-stale", time(self.issuer_max_stale)),
        ]
    }
}

/// Keys that come in clear could be anybody's; on this machine there is nobody between.
fn discoverable(raw: &str) -> Result<Url> {
    let url = Url::parse(raw).context("its URL cannot be read")?;
    let here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    ensure!(url.scheme() == "https" || (url.scheme() == "http" && here), "its URL must begin with https://");
    ensure!(url.query().is_none() && url.fragment().is_none(), "its URL has more than a path");
    Ok(url)
}
