//! `ssh` knows no proxy variables, so it is fenced by a script of the same name that comes first on `PATH`.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};

/// Write the script `ssh` into this folder, to be put first on a repo-server's `PATH`. What it refuses it writes, a
/// `HOST:PORT` a line, to `refused.log` beside itself. It never resolves a name.
pub fn ssh_shim(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    let folder = folder.canonicalize().context("find the folder of the ssh shim")?;
    let script = include_str!("ssh_shim.sh").replace("@FOLDER@", &folder.display().to_string());
    let file = folder.join("ssh");
    std::fs::write(&file, script).context("write the ssh shim")?;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755))
        .context("make the ssh shim a program")
}
