//! How repositories are asked.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

/// How repositories are asked.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Repositories")]
pub struct Args {
    /// How often each repository in use is asked for its revisions. Engines do not ask by themselves.
    #[arg(long, env = "ARGOSY_GIT_POLL", default_value = "3m", global = true, value_name = "DURATION")]
    #[arg(value_parser = humantime::parse_duration)]
    pub git_poll: Duration,

    /// How many questions one host gets at a time.
    #[arg(long, env = "ARGOSY_GIT_PER_HOST", default_value_t = 4, global = true, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=256))]
    pub git_per_host: u16,

    /// How long a host may take to answer.
    #[arg(long, env = "ARGOSY_GIT_TIMEOUT", default_value = "15s", global = true, value_name = "DURATION")]
    #[arg(value_parser = humantime::parse_duration)]
    pub git_timeout: Duration,

    /// Certificates (PEM) to trust besides those of the system. Give engines the same.
    #[arg(long, env = "ARGOSY_GIT_CA_FILE", global = true, value_name = "FILE")]
    pub git_ca_file: Option<PathBuf>,

    /// Keys of ssh hosts, as in OpenSSH's `known_hosts`. Give engines the same. Without it no host is known.
    #[arg(long, env = "ARGOSY_GIT_KNOWN_HOSTS", global = true, value_name = "FILE")]
    pub git_known_hosts: Option<PathBuf>,
}

impl Args {
    /// The settings as they were understood.
    pub fn describe(&self) -> Result<Vec<(&'static str, String)>> {
        let Self { git_poll, git_per_host, git_timeout, git_ca_file, git_known_hosts } = self;
        let file = |file: &Option<PathBuf>| {
            file.as_ref().map_or_else(|| "(none)".to_owned(), |file| file.display().to_string())
        };
        Ok(vec![
            ("git-poll", humantime::format_duration(*git_poll).to_string()),
            ("git-per-host", git_per_host.to_string()),
            ("git-timeout", humantime::format_duration(*git_timeout).to_string()),
            ("git-ca-file", file(git_ca_file)),
            ("git-known-hosts", file(git_known_hosts)),
        ])
    }
}
