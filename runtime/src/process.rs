//! The life of a process around its `main`: logs, a tokio runtime, an exit code, a last word.

use std::io::Write;
use std::process::ExitCode;

use crate::telemetry::{self, Filter};

/// Runs a program to its end. What went wrong is its last log line, and its exit code is 1.
pub fn run<F>(logs: &telemetry::Args, main: impl FnOnce(Filter) -> F) -> ExitCode
where
    F: Future<Output = anyhow::Result<()>>,
{
    let filter = match telemetry::start(logs) {
        Ok(filter) => filter,
        Err(error) => return refuse(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&error.into()),
    };
    let ended = runtime.block_on(main(filter));
    // Tasks have been ended in order by the supervisor; what still blocks a thread is not waited for.
    runtime.shutdown_background();
    match ended {
        Ok(()) => {
            tracing::info!("stopped");
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!("stopped: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Prints what was asked for on standard output, instead of running.
pub fn answer(text: anyhow::Result<String>) -> ExitCode {
    match text {
        Ok(text) => {
            // Whoever closed our output does not want to know.
            let _said = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => refuse(&error),
    }
}

/// The same for an answer that takes a while.
pub fn answer_soon(text: impl Future<Output = anyhow::Result<String>>) -> ExitCode {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => answer(runtime.block_on(text)),
        Err(error) => refuse(&error.into()),
    }
}

/// Says on standard error why we do not run: logs are not there yet.
fn refuse(error: &anyhow::Error) -> ExitCode {
    // Nobody can be told that standard error is closed.
    let _told = writeln!(std::io::stderr(), "error: {error:#}");
    ExitCode::FAILURE
}
