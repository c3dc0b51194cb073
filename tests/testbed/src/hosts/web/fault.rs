//! The fault switch of a part: what it answers instead of what was asked for.

use axum::http::StatusCode;
use tokio::sync::watch;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    #[default]
    None,
    /// Answer this status to everything.
    Status(u16),
    /// Accept, and answer nothing until the fault changes; then what hung is answered after all.
    Hang,
}

#[derive(Debug)]
pub(crate) struct Switch(watch::Sender<Fault>);

impl Default for Switch {
    fn default() -> Self {
        Self(watch::Sender::new(Fault::None))
    }
}

impl Switch {
    pub(crate) fn set(&self, fault: Fault) {
        self.0.send_replace(fault);
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Fault> {
        self.0.subscribe()
    }
}

/// Wait as long as it hangs. An error is the status to answer with.
pub(crate) async fn pass(mut fault: watch::Receiver<Fault>) -> Result<(), StatusCode> {
    // The sender lives as long as the server that asks; without it there is nobody left to set a fault.
    let Ok(now) = fault.wait_for(|now| *now != Fault::Hang).await.map(|now| *now) else { return Ok(()) };
    match now {
        Fault::None | Fault::Hang => Ok(()),
        Fault::Status(code) => Err(StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)),
    }
}
