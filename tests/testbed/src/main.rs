//! `argosy-testbed`: what the testbed needs as a program of its own.

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Builds and holds the real parts that Argosy's tests and sandbox run on.
#[derive(Debug, Parser)]
#[command(name = "argosy-testbed", version)]
struct Args {
    #[command(subcommand)]
    wish: Wish,
}

#[derive(Debug, Subcommand)]
enum Wish {
    /// Build the Go programs (Kubernetes, Argo CD, their tools) into the cache, if they are not there.
    Build,
    /// Hold the shared parts of a test run. Started by the first test that asks; ends when nobody uses it.
    Keep(testbed::keeper::Args),
    /// End the keeper now, and fail if any process of the testbed is left.
    Sweep,
}

fn main() -> Result<()> {
    match Args::parse().wish {
        Wish::Build => testbed::go::build(&mut |line| say(line)),
        Wish::Keep(args) => testbed::keeper::keep(args),
        Wish::Sweep => testbed::keeper::sweep(&mut |line| say(line)),
    }
}

#[expect(clippy::print_stderr, reason = "a build speaks to whoever waits for it")]
fn say(line: &str) {
    eprintln!("{line}");
}
