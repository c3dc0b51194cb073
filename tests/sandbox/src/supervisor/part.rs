//! What a part is, as data: the supervisor knows nothing else about it.

use std::future::Future;
use std::sync::Arc;

use anyhow::Result;
use futures::FutureExt;
use futures::future::BoxFuture;
use testbed::Launch;

/// Something that can be done again and again.
pub type Again<T> = Arc<dyn Fn() -> BoxFuture<'static, Result<T>> + Send + Sync>;

/// One thing the sandbox runs.
#[derive(Clone)]
pub struct Part {
    pub name: &'static str,
    /// What must be ready before this starts for the first time. Later each is kept alive by itself: everything here
    /// reconnects.
    pub after: Vec<&'static str>,
    pub port: Option<u16>,
    pub work: Work,
}

#[derive(Clone)]
pub enum Work {
    /// A process that must always run: prepared, started, and ready when `probe` says so.
    Keep { launch: Again<Launch>, probe: Again<()> },
    /// Something to do once a start of the sandbox, tried until it succeeds.
    Once(Again<()>),
}

impl Part {
    pub fn keep<L, P>(
        name: &'static str,
        launch: impl Fn() -> L + Send + Sync + 'static,
        probe: impl Fn() -> P + Send + Sync + 'static,
    ) -> Self
    where
        L: Future<Output = Result<Launch>> + Send + 'static,
        P: Future<Output = Result<()>> + Send + 'static,
    {
        let work = Work::Keep {
            launch: Arc::new(move || launch().boxed()),
            probe: Arc::new(move || probe().boxed()),
        };
        Self { name, after: Vec::new(), port: None, work }
    }

    pub fn once<F>(name: &'static str, run: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        Self { name, after: Vec::new(), port: None, work: Work::Once(Arc::new(move || run().boxed())) }
    }

    #[must_use]
    pub fn after(mut self, names: &[&'static str]) -> Self {
        self.after.extend(names);
        self
    }

    #[must_use]
    pub fn at(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }
}

impl std::fmt::Debug for Work {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Keep { .. } => "Keep",
            Self::Once(_) => "Once",
        })
    }
}

impl std::fmt::Debug for Part {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Part").field("name", &self.name).field("after", &self.after).finish_non_exhaustive()
    }
}
