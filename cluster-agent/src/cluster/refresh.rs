//! Asking a controller to look at an Application again.

use domain::engine::marks;
use serde_json::{Value, json};

use super::engine::{Engine, Key, Unwritten};

/// The controller writes into Applications all the time, and each write of ours is for one version.
const TRIES: usize = 5;

/// How closely it is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// At the source as it is now.
    Normal,
    /// And at what was rendered of it, without what is remembered.
    Hard,
}

/// What became of a request to look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// It is written. The controller takes it away when it looked.
    Asked,
    /// An earlier one is there still. Whether that look comes late enough cannot be told: ask again when it is gone.
    Pending,
}

impl Look {
    const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Hard => "hard",
        }
    }
}

impl Engine {
    /// Asks the controller to look at an Application again. One that is asked for already, maybe harder, is left as it is.
    pub async fn look_again(&self, application: &Key) -> Result<Refresh, Unwritten> {
        self.ask_to_look(application, Look::Normal).await
    }

    /// The same, as closely as this. What was asked for before is never made less.
    pub async fn ask_to_look(&self, application: &Key, look: Look) -> Result<Refresh, Unwritten> {
        let patch = json!({"metadata": {"annotations": {marks::REFRESH: look.name()}}});
        for _ in 0..TRIES {
            let live = self.get(application).await?.ok_or(Unwritten::Absent)?;
            match (refresh_of(&live.object), look) {
                (None, _) => {}
                (Some("hard"), _) | (Some(_), Look::Normal) => return Ok(Refresh::Pending),
                (Some(_), Look::Hard) => {}
            }
            match self.merge_patch(application, &live.bound(patch.clone())).await {
                Ok(_) => return Ok(Refresh::Asked),
                Err(Unwritten::Contested) => {}
                Err(other) => return Err(other),
            }
        }
        Err(Unwritten::Contested)
    }
}

fn refresh_of(live: &Value) -> Option<&str> {
    live.get("metadata")?.get("annotations")?.get(marks::REFRESH)?.as_str()
}
