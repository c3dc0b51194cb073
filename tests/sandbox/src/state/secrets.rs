//! Passwords and tokens of this sandbox: made once, kept in a file that only its owner can read.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::{Folder, read_if_there, write_secretly};

#[derive(Clone, Debug, Default)]
pub struct Secrets {
    values: BTreeMap<String, String>,
}

impl Secrets {
    /// Those that were made before, and new ones for the names that have none.
    pub fn load(folder: &Folder, names: &[&str]) -> Result<Self> {
        let path = folder.path().join("secrets.json");
        let mut values: BTreeMap<String, String> = match read_if_there(&path)? {
            Some(text) => serde_json::from_str(&text).context("read secrets.json")?,
            None => BTreeMap::new(),
        };
        for &name in names {
            values.entry(name.to_owned()).or_insert_with(|| hex::encode(rand::random::<[u8; 24]>()));
        }
        write_secretly(&path, &serde_json::to_string_pretty(&values)?)?;
        Ok(Self { values })
    }

    /// By a name that [`Secrets::load`] was told of.
    pub fn of(&self, name: &str) -> Result<&str> {
        self.values.get(name).map(String::as_str).with_context(|| format!("no secret is called {name:?}"))
    }
}
