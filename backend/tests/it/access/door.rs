//! A door that checks whoever comes.

use std::sync::Arc;
use std::time::Duration;

use backend::access::{Args, Authenticator, Caller, Denied};
use clap::Parser;
use store::Store;
use testbed::{Issuer, wait};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(super) const SOON: Duration = Duration::from_secs(15);

/// The settings as an operator gives them.
#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

/// Checks callers, and asks the issuers for their keys.
pub(super) struct Door {
    authenticator: Arc<Authenticator>,
    _tending: JoinSet<()>,
}

/// A database that is not there: tokens do not need one.
pub(super) fn no_database() -> Store {
    let args = store::Args {
        database_url: Some("postgres://nobody@127.0.0.1:1/nothing".to_owned().into()),
        direct_database_url: None,
        database_password_file: None,
        database_connections: 1,
        database_acquire_timeout: Duration::from_secs(1),
    };
    args.open("access-test").unwrap()
}

pub(super) fn settings(args: &[String]) -> Args {
    Cli::parse_from(std::iter::once("test".to_owned()).chain(args.iter().cloned())).args
}

impl Door {
    /// With this issuer, called `corp`, and these settings beside.
    pub(super) fn of(issuer: &Issuer, more: &[&str]) -> Self {
        let named = format!("corp={}", issuer.url());
        Self::with(no_database(), &[&["--issuers", &named], more].concat())
    }

    pub(super) fn with(store: Store, args: &[&str]) -> Self {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let authenticator = Arc::new(settings(&args).open(store).unwrap());
        let (tended, mut tending) = (Arc::clone(&authenticator), JoinSet::new());
        tending.spawn(async move { tended.tend(CancellationToken::new()).await.unwrap() });
        Self { authenticator, _tending: tending }
    }

    /// Who shows this token or key.
    pub(super) async fn show(&self, credential: &str) -> Result<Caller, Denied> {
        self.header(Some(&format!("Bearer {credential}"))).await
    }

    pub(super) async fn header(&self, header: Option<&str>) -> Result<Caller, Denied> {
        self.authenticator.authenticate(header).await
    }

    /// Until this token is answered so.
    pub(super) async fn until(
        &self,
        what: &str,
        token: &str,
        wanted: impl Fn(&Result<Caller, Denied>) -> bool,
    ) {
        wait::until(what, SOON, async || {
            let answer = self.show(token).await;
            if wanted(&answer) { Ok(()) } else { Err(format!("{answer:?}")) }
        })
        .await
        .unwrap();
    }
}

/// What is said to somebody who is not let in.
pub(super) fn said(answer: Result<Caller, Denied>) -> String {
    answer.expect_err("it was let in").to_string()
}
