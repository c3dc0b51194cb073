//! `up`: start the supervisor in the background unless it runs, and follow it until all is ready.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::down;
use crate::state::ports::Taken;
use crate::state::{Engines, Folder, Report};
use crate::supervisor::{State, Status};
use crate::{say, show};

/// Between two looks at the supervisor's report.
const PAUSE: Duration = Duration::from_millis(100);
/// No part may need longer than this to get ready, or to take the next step towards it.
const PATIENCE: Duration = Duration::from_secs(90);
/// Without news, what is waited for is said this often.
const TELL_AGAIN: Duration = Duration::from_secs(10);

pub async fn run(folder: &Folder, engines: &Engines, taken: Taken) -> Result<()> {
    if folder.is_supervised()? {
        return join(folder, engines).await;
    }
    folder.make()?;
    let begun = Instant::now();
    say::line(&format!("argosy sandbox: starting, state in {}", folder.path().display()));
    let mut supervisor = Some(start(folder, engines, taken)?);
    if let Err(error) = follow(folder, supervisor.as_mut()).await {
        // What does not come up is not left half up.
        down::stop(folder).await?;
        return Err(error);
    }
    say::line(&format!("argosy sandbox: ready after {:.1} s", begun.elapsed().as_secs_f64()));
    show_all(folder)
}

/// It runs, or comes up, already.
async fn join(folder: &Folder, engines: &Engines) -> Result<()> {
    let report = folder.report()?;
    if let Some(report) = &report
        && report.engines != *engines
    {
        bail!("runs already, with other engines. To change that: make down, then this again");
    }
    if report.is_some_and(|report| report.is_ready()) {
        say::line("argosy sandbox: runs already; nothing to do. (For what you built since: make down up)");
    } else {
        say::line("argosy sandbox: runs already, and is not ready yet; waiting for it");
        follow(folder, None).await?;
    }
    show_all(folder)
}

fn start(folder: &Folder, engines: &Engines, taken: Taken) -> Result<Child> {
    let log = folder.supervisor_log();
    let log = OpenOptions::new().create(true).append(true).open(&log).context("open the supervisor's log")?;
    // Its end must be this supervisor's, not one of an earlier run.
    log.set_len(0).context("empty the supervisor's log")?;
    let mut command = Command::new(std::env::current_exe().context("find our own program")?);
    command.arg("--state").arg(folder.path()).arg("supervise");
    if taken == Taken::Replace {
        command.arg("--new-ports");
    }
    if let Engines::Existing(kubeconfig) = engines {
        command.arg("--engines=existing").arg("--kubeconfig").arg(kubeconfig);
    }
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).current_dir("/");
    command.spawn().context("start the supervisor")
}

/// Say what happens until all is ready.
async fn follow(folder: &Folder, mut supervisor: Option<&mut Child>) -> Result<()> {
    let mut seen: BTreeMap<String, State> = BTreeMap::new();
    let (mut news, mut told) = (Instant::now(), Instant::now());
    loop {
        if let Some(child) = supervisor.as_mut()
            && let Some(exit) = child.try_wait()?
        {
            if !folder.is_supervised()? {
                bail!(
                    "the supervisor ended ({exit}):\n{}",
                    testbed::process::log_end(&folder.supervisor_log())
                );
            }
            // Another `make up` was a little faster: follow its supervisor.
            supervisor = None;
        }
        // Not the report of an earlier supervisor.
        let ours = supervisor.as_ref().map(|child| child.id());
        let report = folder.report()?.filter(|report| ours.is_none_or(|pid| report.supervisor == pid));
        let parts = report.as_ref().map(|report| report.parts.as_slice()).unwrap_or_default();
        if tell_news(parts, &mut seen) {
            (news, told) = (Instant::now(), Instant::now());
        }
        if report.as_ref().is_some_and(Report::is_ready) {
            return Ok(());
        }
        if let Some(culprit) = report.as_ref().and_then(Report::hopeless) {
            bail!("{}", explain(culprit));
        }
        let waited_for = parts.iter().find(|part| !part.state.serves() && part.state != State::Waiting);
        if news.elapsed() > PATIENCE {
            bail!("nothing moved for {PATIENCE:?}. {}", waited_for.map(explain).unwrap_or_default());
        }
        if told.elapsed() > TELL_AGAIN {
            told = Instant::now();
            let seen = waited_for.map_or("the supervisor", |part| part.seen.as_deref().unwrap_or(&part.name));
            say::line(&format!("  … still waiting: {seen}"));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// One line for each part that got ready or fell down. True when there was one.
fn tell_news(parts: &[Status], seen: &mut BTreeMap<String, State>) -> bool {
    let all = parts.len();
    // Of those told of so far: many may get ready between two looks.
    let mut ready = seen.values().filter(|state| state.serves()).count();
    let mut news = false;
    for part in parts {
        if seen.insert(part.name.clone(), part.state) == Some(part.state) {
            continue;
        }
        news = true;
        let trouble =
            part.trouble.as_ref().map_or("", |trouble| trouble.text.lines().next().unwrap_or_default());
        match part.state {
            State::Ready | State::Done => {
                ready += 1;
                say::line(&format!("  [{ready}/{all}] {} {}", part.name, part.state.word()));
            }
            State::Down => say::line(&format!("  {} is down, and is started again: {trouble}", part.name)),
            State::Waiting | State::Starting | State::Unready | State::Stopped => {}
        }
    }
    news
}

fn explain(part: &Status) -> String {
    let trouble = part.trouble.as_ref().map(|trouble| trouble.text.clone()).or_else(|| part.seen.clone());
    let log = part.log.as_ref().map_or_else(String::new, |log| {
        format!("\nThe end of its log {}:\n{}", log.display(), testbed::process::log_end(log))
    });
    format!("{} does not get ready: {}{log}", part.name, trouble.unwrap_or_default())
}

fn show_all(folder: &Folder) -> Result<()> {
    let report = folder.report()?.context("a sandbox that runs has a report")?;
    for line in show::guide(folder, &report) {
        say::line(&line);
    }
    Ok(())
}
