//! The Go programs: a real Kubernetes, a real Argo CD, and the tools they call.
//!
//! `argosy-testbed build` builds them once into the cache, under a name that is a hash of what they are built from.
//! Everybody else only asks [`program`] where one lies.

mod build;
mod modules;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

pub use build::build;
use modules::MODULES;

/// Where a program lies, if it is built.
pub fn program(name: &str) -> Result<PathBuf> {
    let Some(module) =
        MODULES.iter().find(|module| module.programs.iter().any(|program| program.name == name))
    else {
        bail!("the testbed has no Go program {name:?}; add it to tests/testbed/src/go/modules.rs");
    };
    let path = module.home()?.join(name);
    if !path.exists() {
        bail!(
            "{name} is not built as it is now in tests/testbed/go/{}: run `make build` (the first time takes some 15 minutes)",
            module.folder
        );
    }
    Ok(path)
}

/// The folder with all programs of the tools module, for a `PATH`.
pub fn tools() -> Result<PathBuf> {
    folder_of("helm")
}

/// A custom resource definition of Argo CD, as its module ships it.
pub fn argocd_crd(name: &str) -> Result<String> {
    let file = folder_of("argocd")?.join("crds").join(format!("{name}-crd.yaml"));
    std::fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))
}

/// The folder a program lies in, with the others of its module.
pub(crate) fn folder_of(name: &str) -> Result<PathBuf> {
    Ok(program(name)?.parent().context("a program lies in a folder")?.to_owned())
}
