//! What to run, before anything runs: so that a test can start it once and the sandbox can keep it alive.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

/// How a process is told to end: by us, and by the kernel when whoever started it dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// SIGTERM, the usual way.
    Terminate,
    /// SIGINT: PostgreSQL's "fast" shutdown, which also removes its shared memory.
    Interrupt,
    /// SIGKILL, for what keeps nothing and would take its time.
    Kill,
}

/// A program with everything it needs. The environment is only what is listed here: a developer's proxies, git
/// configuration or KUBECONFIG must not decide how a test ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Launch {
    pub(super) name: String,
    pub(super) program: PathBuf,
    pub(super) args: Vec<String>,
    pub(super) env: BTreeMap<String, String>,
    pub(super) dir: PathBuf,
    pub(super) user: Option<String>,
    pub(super) ending: Ending,
}

impl Launch {
    /// `dir` is the working directory, the home, and where the log `<name>.log` lies.
    pub fn new(name: impl Into<String>, program: impl Into<PathBuf>, dir: impl Into<PathBuf>) -> Self {
        let dir = dir.into();
        let env = BTreeMap::from([
            ("HOME".to_owned(), dir.display().to_string()),
            ("LANG".to_owned(), "C.UTF-8".to_owned()),
            ("PATH".to_owned(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
        ]);
        Self {
            name: name.into(),
            program: program.into(),
            args: Vec::new(),
            env,
            dir,
            user: None,
            ending: Ending::Terminate,
        }
    }

    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    #[must_use]
    pub fn args<A: Into<String>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Put a folder before the others on `PATH`.
    #[must_use]
    pub fn path_first(mut self, folder: &Path) -> Self {
        let rest = self.env.get("PATH").cloned().unwrap_or_default();
        self.env.insert("PATH".to_owned(), format!("{}:{rest}", folder.display()));
        self
    }

    /// Run as this user when we are root; as ourselves otherwise.
    #[must_use]
    pub fn as_user_when_root(mut self, user: &str) -> Self {
        self.user = rustix::process::geteuid().is_root().then(|| user.to_owned());
        self
    }

    #[must_use]
    pub fn ending(mut self, ending: Ending) -> Self {
        self.ending = ending;
        self
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    pub fn log(&self) -> PathBuf {
        self.dir.join(format!("{}.log", self.name))
    }

    /// The command as it is run: under `setpriv`, so that the kernel ends the process when its starter dies, however
    /// that happens. (`setpriv` sets the signal after it dropped privileges, and executes the program in its place.)
    pub(super) fn command(&self) -> Command {
        let signal = match self.ending {
            Ending::Terminate => "TERM",
            Ending::Interrupt => "INT",
            Ending::Kill => "KILL",
        };
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", signal]);
        if let Some(user) = &self.user {
            command.args(["--reuid", user, "--regid", user, "--init-groups"]);
        }
        command.arg("--").arg(&self.program).args(self.args.iter().map(OsStr::new));
        command.env_clear().envs(&self.env).current_dir(&self.dir);
        command
    }
}
