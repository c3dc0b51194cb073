//! What can be set about the REST door.

use std::time::Duration;

use anyhow::{Result, anyhow};

use super::shield::Origins;

/// Limits of the REST door, and who may knock from a web page.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "REST")]
pub struct Args {
    /// Origins of web pages that may ask, as `https://console.example.com`. None: no page may.
    #[arg(long, env = "ARGOSY_CORS_ORIGINS", value_delimiter = ',', global = true, value_name = "ORIGIN")]
    pub cors_origins: Vec<String>,

    /// How long a request may take, besides what its client asks to wait for.
    #[arg(
        long,
        env = "ARGOSY_REQUEST_DEADLINE",
        default_value = "30s",
        global = true,
        value_name = "DURATION"
    )]
    #[arg(value_parser = humantime::parse_duration)]
    pub request_deadline: Duration,

    /// How many requests are worked on at once; more are answered with 503.
    #[arg(long, env = "ARGOSY_REQUESTS_AT_ONCE", default_value_t = 512, global = true, value_name = "N")]
    pub requests_at_once: usize,

    /// How many clients may wait at once for an operation to end, or for events.
    #[arg(long, env = "ARGOSY_WAITS_AT_ONCE", default_value_t = 20_000, global = true, value_name = "N")]
    pub waits_at_once: usize,

    /// How many requests a minute one principal may make in all. 0: as many as it likes, and as its tenants allow.
    #[arg(long, env = "ARGOSY_REQUEST_RATE", default_value_t = 6_000, global = true, value_name = "N")]
    pub request_rate: u32,

    /// Count no requests at all, whatever tenants allow. For tests.
    #[arg(long, env = "ARGOSY_RATE_LIMITS_OFF", global = true)]
    pub rate_limits_off: bool,
}

impl Args {
    /// The origins, as they were understood.
    pub fn origins(&self) -> Result<Origins> {
        Origins::parse(&self.cors_origins).map_err(|error| anyhow!("--cors-origins: {error}"))
    }

    /// The settings as they were understood; fails where serving would.
    pub fn describe(&self) -> Result<Vec<(&'static str, String)>> {
        self.origins()?;
        let origins =
            if self.cors_origins.is_empty() { "(none)".to_owned() } else { self.cors_origins.join(",") };
        Ok(vec![
            ("cors-origins", origins),
            ("request-deadline", humantime::format_duration(self.request_deadline).to_string()),
            ("requests-at-once", self.requests_at_once.to_string()),
            ("waits-at-once", self.waits_at_once.to_string()),
            ("request-rate", self.request_rate.to_string()),
            ("rate-limits-off", self.rate_limits_off.to_string()),
        ])
    }
}
