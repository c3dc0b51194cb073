//! Logs: human-readable on a terminal, JSON otherwise, with a filter that can be changed while the process runs.

use std::fmt;
use std::io::IsTerminal;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, reload};

/// How to log.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Logs")]
pub struct Args {
    /// What to log, e.g. `info` or `warn,store=debug,sqlx::query=debug`.
    ///
    /// Can be changed while the process runs: PUT /log-filter on the metrics port.
    #[arg(long, env = "ARGOSY_LOG_FILTER", default_value = "info", global = true, value_name = "FILTER")]
    pub log_filter: String,

    /// How log lines look. `auto`: for people on a terminal, JSON otherwise.
    #[arg(long, env = "ARGOSY_LOG_FORMAT", default_value = "auto", global = true, value_enum)]
    pub log_format: Format,
}

impl Args {
    /// The settings as they were understood; fails where the filter cannot be read.
    pub fn describe(&self) -> Result<Vec<(&'static str, String)>, InvalidFilter> {
        parse(&self.log_filter)?;
        let format = format!("{:?}", self.log_format).to_lowercase();
        Ok(vec![("log-filter", self.log_filter.clone()), ("log-format", format)])
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// The filter of a running process. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Filter {
    shared: Arc<Mutex<String>>,
    handle: reload::Handle<EnvFilter, Registry>,
}

/// A filter that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no log filter (like `info` or `warn,store=debug`): {1}")]
pub struct InvalidFilter(String, String);

/// Starts logging to standard error. Once a process.
pub fn start(args: &Args) -> anyhow::Result<Filter> {
    let (layer, filter) = filter(&args.log_filter)?;
    let out = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let out = match args.log_format {
        Format::Auto if std::io::stderr().is_terminal() => out.boxed(),
        Format::Human => out.with_ansi(std::io::stderr().is_terminal()).boxed(),
        Format::Auto | Format::Json => out.json().flatten_event(true).with_current_span(false).boxed(),
    };
    tracing_subscriber::registry().with(layer).with(out).try_init().context("logging was started twice")?;
    Ok(filter)
}

/// A filter layer and the hand that changes it.
pub fn filter(text: &str) -> Result<(reload::Layer<EnvFilter, Registry>, Filter), InvalidFilter> {
    let (layer, handle) = reload::Layer::new(parse(text)?);
    Ok((layer, Filter { shared: Arc::new(Mutex::new(text.to_owned())), handle }))
}

impl Filter {
    /// What is logged now.
    pub fn current(&self) -> String {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on, log this instead.
    pub fn change(&self, text: &str) -> Result<(), InvalidFilter> {
        let parsed = parse(text)?;
        let mut current = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        self.handle.reload(parsed).map_err(|error| InvalidFilter(text.to_owned(), error.to_string()))?;
        text.clone_into(&mut current);
        Ok(())
    }
}

/// Strict: a directive that is not understood is refused instead of dropped, and so is a filter of nothing.
fn parse(text: &str) -> Result<EnvFilter, InvalidFilter> {
    let invalid = |reason: String| InvalidFilter(text.to_owned(), reason);
    if text.trim().is_empty() {
        return Err(invalid("it is empty; `off` logs nothing".to_owned()));
    }
    EnvFilter::from_str(text).map_err(|error| invalid(error.to_string()))
}

impl fmt::Debug for Filter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("Filter").field(&self.current()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_cannot_be_read_is_refused_and_changes_nothing() {
        let (_layer, filter) = filter("info").unwrap();
        for text in ["", "store=loud", "a=b=c"] {
            let error = filter.change(text).unwrap_err();
            assert!(error.to_string().contains("is no log filter"), "{text}: {error}");
        }
        assert_eq!(filter.current(), "info");
    }

    #[test]
    fn a_changed_filter_is_what_is_logged() {
        let (layer, filter) = filter("warn").unwrap();
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            assert!(!tracing::enabled!(tracing::Level::DEBUG));
            filter.change("debug").unwrap();
            assert!(tracing::enabled!(tracing::Level::DEBUG));
        });
        assert_eq!(filter.current(), "debug");
    }
}
