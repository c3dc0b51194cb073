//! What several tests need: a git client without configuration, and a folder for it.

use std::process::Output;
use std::time::Duration;

use testbed::{Folder, Request, git, go};

pub(crate) const SOON: Duration = Duration::from_secs(10);

/// A git client in a folder of its own. It blocks the test's thread: the parts have their own.
pub(crate) struct GitClient {
    pub(crate) folder: Folder,
    env: Vec<(String, String)>,
}

impl GitClient {
    pub(crate) fn new() -> Self {
        Self { folder: Folder::in_target("git-client").unwrap(), env: Vec::new() }
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        let mut git = git::hermetic_git();
        git.current_dir(self.folder.path()).envs(self.env.iter().cloned()).args(args);
        git.output().unwrap()
    }

    #[track_caller]
    pub(crate) fn succeeds(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "git {args:?}: {errors}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Returns what it said.
    #[track_caller]
    pub(crate) fn fails(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(!output.status.success(), "git {args:?} should have failed");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.folder.join(path)).unwrap()
    }

    /// Change a file in the clone `folder` and commit it there.
    pub(crate) fn commits(&self, folder: &str, path: &str, text: &str) {
        std::fs::write(self.folder.join(folder).join(path), text).unwrap();
        self.succeeds(&["-C", folder, "add", path]);
        let who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com"];
        let mut args = vec!["-C", folder];
        args.extend(who);
        args.extend(["commit", "--quiet", "--message", "a change"]);
        self.succeeds(&args);
    }
}

/// `http://127.0.0.1:1/x` with a user and a password in it.
pub(crate) fn with_password(url: &str, username: &str, password: &str) -> String {
    let mut url = url::Url::parse(url).unwrap();
    url.set_username(username).unwrap();
    url.set_password(Some(password)).unwrap();
    url.into()
}

pub(crate) fn last(requests: Vec<Request>) -> Request {
    requests.into_iter().next_back().expect("a request was logged")
}

/// Run the real helm with this folder as its home. An error is what it complained of.
pub(crate) fn helm(home: &Folder, args: &[&str]) -> Result<String, String> {
    let mut helm = std::process::Command::new(go::program("helm").unwrap());
    let output =
        helm.env_clear().env("HOME", home.path()).current_dir(home.path()).args(args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}
