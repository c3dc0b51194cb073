//! The sample repository: something of every kind to deploy, in `tests/sandbox/sample/`.

use std::path::Path;

use anyhow::{Context, Result};
use testbed::git::Bare;

/// Its name on the git host.
pub const NAME: &str = "sample";

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        [$(($path, include_str!(concat!("../sample/", $path)))),*]
    };
}

const FILES: [(&str, &str); 13] = files![
    "README.md",
    "hello/configmap.yaml",
    "web/deployment.yaml",
    "web/service.yaml",
    "kustomize/base/kustomization.yaml",
    "kustomize/base/configmap.yaml",
    "kustomize/overlays/staging/kustomization.yaml",
    "kustomize/overlays/production/kustomization.yaml",
    "chart/Chart.yaml",
    "chart/values.yaml",
    "chart/templates/configmap.yaml",
    "broken/configmap.yaml",
    "broken/README.md",
];

/// Make it under the git host's folder, once: what a person pushed to it later is theirs.
pub async fn fill(git_root: &Path) -> Result<()> {
    let bare = Bare::open(git_root.join("repositories").join(format!("{NAME}.git"))).await?;
    if bare.resolve("refs/heads/main").await?.is_none() {
        bare.commit(&FILES).await.context("fill the sample repository")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_in_the_repository() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample");
        let mut folders = vec![root.clone()];
        let mut found = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        let mut listed: Vec<String> = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
        found.sort();
        listed.sort();
        assert_eq!(found, listed, "add the file to FILES in tests/sandbox/src/sample.rs");
    }
}
