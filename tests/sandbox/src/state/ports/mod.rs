//! The sandbox's ports: chosen once, kept, and held while it runs.

mod holder;

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use testbed::Port;

use super::{Folder, read_if_there, write_secretly};

/// What to do about a kept port that a stranger has by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Say who, and end: people and stored environments know the port.
    Complain,
    /// Choose another.
    Replace,
}

#[derive(Debug)]
pub struct Ports {
    ports: BTreeMap<String, Port>,
}

impl Ports {
    /// Those that were chosen before, and new ones for the names that have none.
    pub fn load(folder: &Folder, names: &[&str], taken: Taken) -> Result<Self> {
        let path = folder.path().join("ports.json");
        let mut kept: BTreeMap<String, u16> = match read_if_there(&path)? {
            Some(text) => serde_json::from_str(&text).context("read ports.json")?,
            None => BTreeMap::new(),
        };
        let mut ports = BTreeMap::new();
        let mut strangers = Vec::new();
        for &name in names {
            let held = match kept.get(name) {
                Some(&number) => Port::try_take(number)?.ok_or(number),
                None => Ok(Port::free()?),
            };
            match (held, taken) {
                (Ok(port), _) => {
                    ports.insert(name.to_owned(), port);
                }
                (Err(_), Taken::Replace) => {
                    ports.insert(name.to_owned(), Port::free()?);
                }
                (Err(number), Taken::Complain) => {
                    strangers.push(format!("  {number} ({name}): {}", holder::of(number)));
                }
            }
        }
        if !strangers.is_empty() {
            bail!(
                "these ports of the sandbox are taken by others:\n{}\nEnd them, or choose others for these with: \
                 make up NEW_PORTS=1 (what you stored with the old ports, like a cluster's address, must then be \
                 stored again)",
                strangers.join("\n")
            );
        }
        kept.extend(ports.iter().map(|(name, port)| (name.clone(), port.number())));
        write_secretly(&path, &serde_json::to_string_pretty(&kept)?)?;
        Ok(Self { ports })
    }

    /// By a name that [`Ports::load`] was told of.
    pub fn of(&self, name: &str) -> Result<u16> {
        self.ports.get(name).map(Port::number).with_context(|| format!("no port is called {name:?}"))
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_port_is_chosen_once_and_a_stranger_on_it_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Folder::at(folder.path()).unwrap();
        let first = Ports::load(&folder, &["backend", "redis"], Taken::Complain).unwrap();
        let number = first.of("backend").unwrap();
        drop(first);
        let again = Ports::load(&folder, &["backend", "redis"], Taken::Complain).unwrap();
        assert_eq!(again.of("backend").unwrap(), number);
        drop(again);

        let stranger = TcpListener::bind(("127.0.0.1", number)).unwrap();
        let refusal = Ports::load(&folder, &["backend", "redis"], Taken::Complain).unwrap_err().to_string();
        let us = std::process::id().to_string();
        assert!(refusal.contains(&format!("{number} (backend)")), "{refusal}");
        assert!(refusal.contains(&us), "the holder's process id {us} is missing in: {refusal}");

        let replaced = Ports::load(&folder, &["backend", "redis"], Taken::Replace).unwrap();
        assert_ne!(replaced.of("backend").unwrap(), number);
        drop(stranger);
    }
}
