//! The question itself: which commits are these revisions now?

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use domain::egress::Policy;
use domain::intent::repository_url::{Protocol, RepositoryUrl};
use domain::intent::source::GitRevision;

use super::args::Args;
use super::hosts::Hosts;
use super::login::Login;
use super::refs::{Refs, names};
use super::unread::Unread;
use super::{http, ssh};

/// Asks repositories. One for the whole process: it keeps to the limits of each host.
#[derive(Debug)]
pub struct Git {
    http: reqwest::Client,
    policy: Policy,
    known_hosts: Option<PathBuf>,
    hosts: Hosts,
    timeout: Duration,
}

impl Git {
    /// Dials nothing yet.
    pub fn new(args: &Args, policy: &Policy) -> Result<Self> {
        Ok(Self {
            http: http::client(policy, args.git_ca_file.as_deref(), args.git_timeout)?,
            policy: policy.clone(),
            known_hosts: args.git_known_hosts.clone(),
            hosts: Hosts::new(args.git_per_host),
            timeout: args.git_timeout,
        })
    }

    /// What these revisions of a repository are now. No revisions: only whether it can be read.
    ///
    /// Ends within the timeout, counted from when the host had a place for us.
    pub async fn ask(
        &self,
        url: &RepositoryUrl,
        login: Option<Login<'_>>,
        revisions: &[GitRevision],
    ) -> Result<Refs, Unread> {
        self.policy.vet_host(url.host())?;
        let mut wanted: Vec<String> =
            revisions.iter().filter(|one| !one.is_commit()).flat_map(names).collect();
        wanted.push("HEAD".to_owned());
        wanted.sort();
        wanted.dedup();
        let _place = self.hosts.place(&format!("{}:{}", url.host(), url.port())).await;
        let asking = async {
            match url.protocol() {
                Protocol::Https | Protocol::Http => http::list(&self.http, url, login, wanted).await,
                Protocol::Ssh => {
                    let known_hosts = self.known_hosts.as_deref();
                    ssh::list(&self.policy, known_hosts, (url, login), wanted).await
                }
                Protocol::Oci => Err(Unread::NotAsked("an OCI registry")),
            }
        };
        match tokio::time::timeout(self.timeout, asking).await {
            Ok(answer) => answer,
            Err(_) => Err(Unread::unreachable("it takes too long")),
        }
    }
}
