//! How much to do at a time, and how often to look by oneself.

use std::time::Duration;

/// How much to do at a time, and how often to look by oneself.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Work")]
pub struct Args {
    /// What operators see this agent as. Replicas may share a name.
    #[arg(
        long,
        env = "ARGOSY_AGENT_NAME",
        default_value = "argosy-agent",
        global = true,
        value_name = "NAME"
    )]
    #[arg(value_parser = name)]
    pub agent_name: String,

    /// How many operations to work on at a time, on each engine cluster.
    #[arg(long, env = "ARGOSY_AGENT_SLOTS", default_value_t = 32, global = true, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub agent_slots: u32,

    /// How often to look for work that nobody rang for. It is varied by a fifth, so that agents do not look together.
    #[arg(long, env = "ARGOSY_POLL_INTERVAL", default_value = "5s", global = true, value_name = "DURATION")]
    #[arg(value_parser = interval)]
    pub poll_interval: Duration,

    /// How long one attempt may take. What takes longer is tried again.
    #[arg(
        long,
        env = "ARGOSY_ATTEMPT_TIMEOUT",
        default_value = "1m",
        global = true,
        value_name = "DURATION"
    )]
    #[arg(value_parser = interval)]
    pub attempt_timeout: Duration,
}

impl Args {
    /// The settings as they were understood.
    #[must_use]
    pub fn describe(&self) -> Vec<(&'static str, String)> {
        let shown = |duration: Duration| humantime::format_duration(duration).to_string();
        vec![
            ("agent-name", self.agent_name.clone()),
            ("agent-slots", self.agent_slots.to_string()),
            ("poll-interval", shown(self.poll_interval)),
            ("attempt-timeout", shown(self.attempt_timeout)),
        ]
    }

    /// The next poll interval, varied.
    pub(super) fn poll(&self) -> Duration {
        self.poll_interval.mul_f64(rand::random_range(0.8..=1.2))
    }
}

fn name(raw: &str) -> Result<String, String> {
    let fits = !raw.is_empty() && raw.len() <= 253 && !raw.chars().any(char::is_control);
    if fits {
        Ok(raw.to_owned())
    } else {
        Err("a name has 1 to 253 bytes and no control characters".to_owned())
    }
}

fn interval(raw: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(raw).map_err(|error| error.to_string())?;
    let sensible = Duration::from_millis(10)..=Duration::from_hours(1);
    if sensible.contains(&duration) { Ok(duration) } else { Err("it must be between 10ms and 1h".to_owned()) }
}
