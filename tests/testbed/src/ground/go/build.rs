//! Building the Go programs: one builder at a time, progress on the way, and nothing half-made when killed.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::fs::FlockOperation;

use super::modules::{MODULES, Module, Program};
use crate::cache;

const BETWEEN_REPORTS: Duration = Duration::from_secs(10);

/// Build what is not built yet. `report` gets one line at a time.
pub fn build(report: &mut dyn FnMut(&str)) -> Result<()> {
    for module in MODULES {
        if module.home()?.exists() {
            continue;
        }
        let lock = File::create(cache::folder()?.join(format!("go-{}.lock", module.folder)))?;
        if rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            report(&format!("{}: another build is under way; waiting for it", module.folder));
            rustix::fs::flock(&lock, FlockOperation::LockExclusive).context("wait for the other build")?;
        }
        if module.home()?.exists() {
            continue; // the other one built it
        }
        module
            .build(report)
            .with_context(|| format!("build the Go module tests/testbed/go/{}", module.folder))?;
    }
    Ok(())
}

impl Module {
    /// Into a folder beside the final one, which appears by a rename when everything is there.
    fn build(&self, report: &mut dyn FnMut(&str)) -> Result<()> {
        let home = self.home()?;
        let making = home.with_file_name(format!(".making-{}", self.folder));
        let _ = std::fs::remove_dir_all(&making); // left by a build that was killed; we hold the lock
        std::fs::create_dir_all(&making).with_context(|| format!("make {}", making.display()))?;
        report(&format!(
            "{}: building {} from {} (the first build of everything takes some 15 minutes on two cores)",
            self.folder,
            self.programs.iter().map(|program| program.name).collect::<Vec<_>>().join(", "),
            self.source().display(),
        ));
        for program in self.programs {
            self.compile(program, &making, report)?;
        }
        self.copy_files(&making)?;
        std::fs::rename(&making, &home).with_context(|| format!("move the result to {}", home.display()))?;
        report(&format!("{}: built into {}", self.folder, home.display()));
        Ok(())
    }

    fn compile(&self, program: &Program, into: &Path, report: &mut dyn FnMut(&str)) -> Result<()> {
        let packages = self.go(&["list", "-deps", program.package])?.lines().count();
        let settings: String = self.versions.iter().map(|version| format!(" -X {version}")).collect();
        let child = self
            .command(&["build", "-v", "-trimpath", "-pgo=off", "-p", "2"])
            .arg("-ldflags")
            .arg(format!("-s -w{settings}"))
            .arg("-o")
            .arg(into.join(program.name))
            .arg(program.package)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("start go build")?;
        follow(child, program.name, packages, report)
    }

    fn copy_files(&self, into: &Path) -> Result<()> {
        for (dependency, folder, name) in self.files {
            let root = self.go(&["list", "-m", "-f", "{{.Dir}}", dependency])?;
            let (from, to) = (Path::new(root.trim()).join(folder), into.join(name));
            std::fs::create_dir_all(&to)?;
            for entry in std::fs::read_dir(&from).with_context(|| format!("read {}", from.display()))? {
                let entry = entry?;
                // Read and write rather than copy: the module cache is read-only, and so would the copies be.
                std::fs::write(to.join(entry.file_name()), std::fs::read(entry.path())?)?;
            }
        }
        Ok(())
    }

    fn go(&self, args: &[&str]) -> Result<String> {
        let output = self.command(args).stderr(Stdio::piped()).output().context("run go")?;
        ensure!(
            output.status.success(),
            "go {}: {}",
            args.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn command(&self, args: &[&str]) -> Command {
        // With us dies the compiler: nobody wants two of them at work after a Ctrl-C.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", "--", "go"]).args(args).current_dir(self.source());
        command
            .env("CGO_ENABLED", "0")
            .env("GOTOOLCHAIN", "local")
            .env("GOFLAGS", "-mod=readonly -buildvcs=false");
        command
    }
}

/// Count the packages that `go build -v` names, and say so every ten seconds. Anything else it says is an error.
fn follow(mut child: Child, name: &str, packages: usize, report: &mut dyn FnMut(&str)) -> Result<()> {
    let started = Instant::now();
    let errors = BufReader::new(child.stderr.take().context("go build has a stderr")?);
    let (lines, inbox) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        errors.lines().map_while(Result::ok).take_while(|line| lines.send(line.clone()).is_ok()).count()
    });
    let (mut compiled, mut complaints, mut reported) = (0_usize, Vec::new(), Instant::now());
    loop {
        match inbox.recv_timeout(BETWEEN_REPORTS) {
            Ok(line) if line.starts_with('#') || line.contains(char::is_whitespace) => complaints.push(line),
            Ok(_) => compiled += 1,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if reported.elapsed() >= BETWEEN_REPORTS {
            reported = Instant::now();
            let seconds = started.elapsed().as_secs();
            report(&format!("  {name}: {compiled} of at most {packages} packages compiled, {seconds} s"));
        }
    }
    let _ = reader.join();
    if !child.wait().context("wait for go build")?.success() {
        bail!("go build of {name} failed:\n{}", complaints.join("\n"));
    }
    report(&format!("  {name}: done in {} s", started.elapsed().as_secs()));
    Ok(())
}
