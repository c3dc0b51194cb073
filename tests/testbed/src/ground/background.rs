//! Serving from a thread of its own: what the proxy, the git host, the issuer and the other small servers run on.
//!
//! A test has its own runtime, often of one thread, and may block it (by running `git clone`, say). A part served by
//! that runtime would stand still with the test, and a part shared by tests would end with the first of them. So each
//! part has one thread and one small runtime, and both end with its handle. It never outlives the handle.

use std::future::Future;
use std::thread::JoinHandle;

use anyhow::{Context, Result};
use tokio::sync::oneshot;

#[derive(Debug)]
pub(crate) struct Background {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Run `serve` until it ends or the handle is dropped; whatever it spawned is dropped with its runtime.
    pub(crate) fn start<F>(name: &str, serve: impl FnOnce() -> F + Send + 'static) -> Result<Self>
    where
        F: Future<Output = ()>,
    {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .with_context(|| format!("make the runtime of {name}"))?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = serve() => {}
                        _ = stopped => {}
                    }
                });
            })
            .with_context(|| format!("start the thread of {name}"))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in the part was printed when it happened; panicking again in a drop would abort the test run.
            let _ = thread.join();
        }
    }
}
