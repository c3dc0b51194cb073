//! A bare repository in a folder, written with git's plumbing: no work tree, one process a commit.
//!
//! The git host makes and fills its repositories with it; the sandbox fills its sample repository with it before any
//! server runs.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::AsyncWriteExt;
use tokio::sync::Mutex;

/// Fixed, so that the same history has the same hashes everywhere.
const COMMITTER: &str = "Argosy Testbed <testbed@argosy.invalid> 1700000000 +0000";

pub const MAIN: &str = "main";

/// What makes a folder a bare repository. Written by hand, because `git init` would cost a process for each of a
/// thousand repositories. Nothing may run in the background afterwards (`gc.auto`, `receive.autogc`).
const CONFIG: &str = "[core]
\trepositoryformatversion = 0
\tbare = true
\tfsync = none
[gc]
\tauto = 0
[receive]
\tautogc = false
[http]
\treceivepack = true
[uploadpack]
\tallowFilter = true
\tallowReachableSHA1InWant = true
";

/// `git` without any configuration but the repository's own: not the machine's, not the user's, no prompts.
pub fn hermetic_git() -> std::process::Command {
    let mut git = std::process::Command::new("git");
    git.env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", "/nonexistent")
        .env("LANG", "C.UTF-8")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0");
    git
}

enum Change<'a> {
    Write(&'a str, &'a [u8]),
    Remove(&'a str),
}

#[derive(Clone, Debug)]
pub struct Bare {
    path: PathBuf,
    /// One writer at a time: a commit reads the branch and then moves it.
    writing: Arc<Mutex<()>>,
}

impl Bare {
    /// The repository in this folder, made if it is not there.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        if !path.join("HEAD").exists() {
            for folder in ["objects/info", "objects/pack", "refs/heads", "refs/tags"] {
                let folder = path.join(folder);
                tokio::fs::create_dir_all(&folder)
                    .await
                    .with_context(|| format!("make {}", folder.display()))?;
            }
            tokio::fs::write(path.join("config"), CONFIG).await.context("write a repository's config")?;
            // Last, because it is what makes it a repository.
            tokio::fs::write(path.join("HEAD"), format!("ref: refs/heads/{MAIN}\n"))
                .await
                .context("write a repository's HEAD")?;
        }
        Ok(Self { path, writing: Arc::default() })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Commit these files on `main`, beside what is there; returns the commit's hash.
    pub async fn commit<P: AsRef<str>, C: AsRef<[u8]>>(&self, files: &[(P, C)]) -> Result<String> {
        self.commit_on(MAIN, files).await
    }

    /// On another branch, which begins at `main` when it is new.
    pub async fn commit_on<P: AsRef<str>, C: AsRef<[u8]>>(
        &self,
        branch: &str,
        files: &[(P, C)],
    ) -> Result<String> {
        let changes: Vec<_> =
            files.iter().map(|(path, text)| Change::Write(path.as_ref(), text.as_ref())).collect();
        self.apply(branch, "change files", &changes).await
    }

    /// Remove files or whole folders from `main`.
    pub async fn remove(&self, paths: &[&str]) -> Result<String> {
        let changes: Vec<_> = paths.iter().map(|path| Change::Remove(path)).collect();
        self.apply(MAIN, "remove files", &changes).await
    }

    /// Put (or move) a tag to this commit.
    pub async fn tag(&self, name: &str, commit: &str) -> Result<()> {
        self.git(&["update-ref", &format!("refs/tags/{name}"), commit]).await.map(|_| ())
    }

    /// The hash of a branch, a tag or a shortened hash; `None` if there is no such thing.
    pub async fn resolve(&self, revision: &str) -> Result<Option<String>> {
        let name = format!("{revision}^{{commit}}");
        let output = tokio::process::Command::from(hermetic_git())
            .arg("-C")
            .arg(&self.path)
            .args(["rev-parse", "--quiet", "--verify", "--end-of-options", &name])
            .output()
            .await
            .context("run git (Debian package git)")?;
        let sha = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok((output.status.success() && !sha.is_empty()).then_some(sha))
    }

    /// A file as a revision has it.
    pub async fn read(&self, revision: &str, path: &str) -> Result<String> {
        self.git(&["cat-file", "blob", &format!("{revision}:{path}")]).await
    }

    async fn apply(&self, branch: &str, message: &str, changes: &[Change<'_>]) -> Result<String> {
        let _one_at_a_time = self.writing.lock().await;
        let parent = match self.resolve(&format!("refs/heads/{branch}")).await? {
            None => self.resolve(&format!("refs/heads/{MAIN}")).await?,
            found => found,
        };
        let stream = fast_import(branch, parent.as_deref(), message, changes)?;
        let mut import = tokio::process::Command::from(hermetic_git())
            .arg("-C")
            .arg(&self.path)
            .args(["fast-import", "--quiet", "--date-format=raw"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("run git fast-import (Debian package git)")?;
        let mut stdin = import.stdin.take().context("speak to git fast-import")?;
        // If it ends early, its own error is the one to show.
        let _ = stdin.write_all(&stream).await;
        drop(stdin);
        let output = import.wait_with_output().await.context("wait for git fast-import")?;
        ensure!(
            output.status.success(),
            "git fast-import: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    async fn git(&self, args: &[&str]) -> Result<String> {
        let output = tokio::process::Command::from(hermetic_git())
            .arg("-C")
            .arg(&self.path)
            .args(args)
            .kill_on_drop(true)
            .output()
            .await
            .context("run git (Debian package git)")?;
        if !output.status.success() {
            bail!("git {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// The commit as a fast-import stream, which prints the commit's hash at its end.
fn fast_import(branch: &str, parent: Option<&str>, message: &str, changes: &[Change<'_>]) -> Result<Vec<u8>> {
    let mut stream = format!(
        "commit refs/heads/{branch}\nmark :1\ncommitter {COMMITTER}\ndata {}\n{message}\n",
        message.len()
    )
    .into_bytes();
    if let Some(parent) = parent {
        stream.extend(format!("from {parent}\n").bytes());
    }
    for change in changes {
        let (Change::Write(path, _) | Change::Remove(path)) = change;
        ensure!(!path.is_empty() && !path.contains(['\n', '"']), "not a path for a commit: {path:?}");
        match change {
            Change::Write(path, text) => {
                stream.extend(format!("M 100644 inline {path}\ndata {}\n", text.len()).bytes());
                stream.extend_from_slice(text);
                stream.push(b'\n');
            }
            Change::Remove(path) => stream.extend(format!("D {path}\n").bytes()),
        }
    }
    stream.extend(b"\nget-mark :1\ndone\n");
    Ok(stream)
}
