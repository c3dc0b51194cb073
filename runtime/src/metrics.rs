//! The metrics registry: filled in `main`, then sealed and served.

use std::sync::Arc;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

/// What program this is. Shown as the metric `<prefix>_build_info`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Build {
    /// The name of the program.
    pub program: String,
    /// Its version.
    pub version: String,
    /// The commit it was built from, or `unknown`.
    pub commit: String,
}

impl Build {
    /// The build of the program that is being compiled; `ARGOSY_COMMIT` is set by the image build.
    pub fn new(program: &str, version: &str, commit: Option<&str>) -> Self {
        Self {
            program: program.to_owned(),
            version: version.to_owned(),
            commit: commit.unwrap_or("unknown").to_owned(),
        }
    }
}

/// An empty registry whose metrics all begin with `prefix`, with the build in it.
pub fn registry(prefix: &str, build: Build) -> Registry {
    let mut registry = Registry::with_prefix(prefix);
    registry.register("build", "What was built", Info::new(build));
    registry
}

/// A registry to which nothing is added any more.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Registry>);

impl Metrics {
    /// Seals a registry.
    pub fn seal(registry: Registry) -> Self {
        Self(Arc::new(registry))
    }

    /// All metrics in the `OpenMetrics` text format.
    pub fn render(&self) -> String {
        let mut out = String::new();
        match text::encode(&mut out, &self.0) {
            Ok(()) => out,
            // Writing to a string fails only when a collector says so; then an empty page is the honest answer.
            Err(std::fmt::Error) => "# EOF\n".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_is_among_the_metrics() {
        let metrics = Metrics::seal(registry("argosy", Build::new("argosy-test", "1.2.3", None)));
        assert!(
            metrics
                .render()
                .contains(r#"argosy_build_info{program="argosy-test",version="1.2.3",commit="unknown"} 1"#),
            "{}",
            metrics.render()
        );
    }
}
