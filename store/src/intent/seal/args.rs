//! Where the keys are.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::folder;
use super::key::KeyId;
use super::ring::KeyRing;
use crate::{Error, Result, Store};

/// Where the keys are that secrets are sealed with.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Sealing of secrets")]
pub struct Args {
    /// The folder with the keys that users' secrets are sealed with: `<id>.key` for each, `fingerprint.key`, and
    /// `primary`, which names the one that seals. `argosy-backend keys generate` makes them.
    ///
    /// Every backend and agent of an installation needs the same folder. Whoever loses it loses all stored credentials.
    #[arg(long, env = "ARGOSY_SEALING_KEYS", global = true, value_name = "FOLDER")]
    pub sealing_keys_dir: Option<PathBuf>,

    /// Which key seals, whatever `primary` in the folder says.
    #[arg(long, env = "ARGOSY_SEALING_PRIMARY", global = true, value_name = "ID")]
    pub sealing_primary: Option<KeyId>,
}

impl Args {
    /// The folder; fails if none is given.
    pub fn folder(&self) -> Result<&Path> {
        self.sealing_keys_dir.as_deref().ok_or_else(|| Error::Misconfigured(NO_KEYS.to_owned()))
    }

    /// The keys, if a folder is given.
    pub fn ring(&self) -> Result<Option<KeyRing>> {
        let Some(folder) = &self.sealing_keys_dir else { return Ok(None) };
        folder::read(folder, self.sealing_primary.as_ref()).map(Some)
    }

    /// The store, able to seal and to open if a folder is given.
    pub fn onto(&self, store: Store) -> Result<Store> {
        Ok(match self.ring()? {
            Some(ring) => store.with_seals(ring),
            None => store,
        })
    }

    /// The settings as they were understood; fails where [`Args::ring`] would.
    pub fn describe(&self) -> Result<Vec<(&'static str, String)>> {
        let none = || "(none)".to_owned();
        let ring = self.ring()?;
        let primary = ring.as_ref().map_or_else(none, |ring| ring.primary().to_string());
        let folder = self.sealing_keys_dir.as_ref().map_or_else(none, |folder| folder.display().to_string());
        Ok(vec![("sealing-keys-dir", folder), ("sealing-primary", primary)])
    }
}

const NO_KEYS: &str = "there are no keys to seal secrets with: give --sealing-keys-dir or ARGOSY_SEALING_KEYS, a folder \
                       that `argosy-backend keys generate` fills";

impl Store {
    /// The same store, able to seal and to open secrets.
    #[must_use]
    pub fn with_seals(self, ring: KeyRing) -> Self {
        Self { seals: Some(Arc::new(ring)), ..self }
    }

    /// The keys. Only what seals or opens asks for them.
    pub(crate) fn seals(&self) -> Result<&KeyRing> {
        self.seals.as_deref().ok_or_else(|| Error::Misconfigured(NO_KEYS.to_owned()))
    }
}
