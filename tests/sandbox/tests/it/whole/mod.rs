//! All of the sandbox, as `make up` starts it, in a folder of its own beside any developer's.
//!
//! One long story instead of many tests: a start costs ten seconds and all of the machine.

mod deployments;
mod story;

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use sandbox::state::{Folder, Report};
use sandbox::supervisor::Status;
use testbed::cluster::{Facts, Kind, Objects};
use testbed::wait;

/// A sandbox that ends with its test.
struct Whole {
    folder: Folder,
    _removed_last: testbed::Folder,
}

impl Whole {
    fn new() -> Self {
        let place = testbed::Folder::in_target("sandbox").unwrap();
        Self { folder: Folder::at(&place.join("state")).unwrap(), _removed_last: place }
    }

    /// As a person says it.
    fn say(&self, words: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_argosy-sandbox"))
            .arg("--state")
            .arg(self.folder.path())
            .args(words)
            .output()
            .unwrap()
    }

    /// It must succeed; what it printed.
    fn succeed(&self, words: &[&str]) -> String {
        let output = self.say(words);
        let (out, errors) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{words:?}: {}\n{out}{errors}", output.status);
        out
    }

    fn report(&self) -> Report {
        self.folder.report().unwrap().expect("a sandbox that was started has a report")
    }

    fn part(&self, name: &str) -> Status {
        self.report().parts.into_iter().find(|part| part.name == name).unwrap()
    }

    async fn all_ready(&self, limit: Duration, what: &str) {
        wait::until(what, limit, async || {
            let report = self.report();
            let waiting: Vec<_> = report.parts.iter().filter(|part| !part.state.serves()).collect();
            if report.is_ready() { Ok(()) } else { Err(format!("{waiting:#?}")) }
        })
        .await
        .unwrap();
    }

    /// A value of `.argosy/env`, as a shell reads it.
    fn env(&self, name: &str) -> String {
        let script = format!(". {} && printf %s \"${name}\"", self.folder.env().display());
        let output = Command::new("sh").env_clear().args(["-c", &script]).output().unwrap();
        let value = text(&output.stdout);
        assert!(!value.is_empty(), "{name} is not in env");
        value
    }

    /// Act on a cluster as its administrator.
    async fn objects(&self, cluster: &str) -> Objects {
        Objects::new(self.facts(cluster).admin().unwrap().client().await.unwrap())
    }

    fn facts(&self, cluster: &str) -> Facts {
        let port = self.part(&format!("{cluster}-apiserver")).port.unwrap();
        Facts { name: cluster.to_owned(), kind: Kind::Full, port, folder: self.folder.part(cluster) }
    }

    async fn nothing_is_left(&self) {
        wait::until("no process to be left", Duration::from_secs(5), async || {
            let left = processes_of(self.folder.path());
            if left.is_empty() { Ok(()) } else { Err(left.join("\n")) }
        })
        .await
        .unwrap();
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        // Also after a panic: nobody else would end it.
        self.say(&["down"]);
        if !std::thread::panicking() {
            self.say(&["reset", "--force"]);
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Those that work in the folder, or were told of it.
fn processes_of(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let command = text(&command).replace('\0', " ");
        let works_there =
            std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder));
        if pid != std::process::id() && (works_there || command.contains(&folder.display().to_string())) {
            found.push(format!("{pid}: {command}"));
        }
    }
    found
}
