//! How the sandbox is, as lines for a person.

use std::path::Path;

use crate::state::{Engines, Folder, Report};
use crate::supervisor::{State, Status, clock};

/// `make status`.
pub fn status(folder: &Folder, report: Option<&Report>, supervised: bool) -> Vec<String> {
    let Some(report) = report else {
        let sentence = if supervised { "is being started" } else { "does not run, and never did: make up" };
        return vec![format!("argosy sandbox: {sentence}")];
    };
    if !supervised {
        let sentence = if report.ended {
            "is down. Its data is kept: `make up` goes on with it".to_owned()
        } else {
            format!(
                "is down: its supervisor (process {}) ended without being told to, and its parts with it.\n\
                 Its data is kept: `make up` resumes",
                report.supervisor
            )
        };
        let mut lines = vec![format!("argosy sandbox: {sentence}")];
        let said = testbed::process::log_end(&folder.supervisor_log());
        if !report.ended && !said.is_empty() {
            lines.push(format!("The last it said:\n{}", said.trim_end()));
        }
        return lines;
    }
    let serving = report.parts.iter().filter(|part| part.state.serves()).count();
    let all = report.parts.len();
    let sentence = if report.is_ready() {
        format!("all {all} parts are ready")
    } else {
        format!("{serving} of {all} parts are ready")
    };
    let mut lines = vec![format!("argosy sandbox: {sentence} (supervisor: process {})", report.supervisor)];
    lines.extend(table(&report.parts));
    lines.push(format!("logs: {}/<part>.log, or: make logs PART=<part>", relative(&folder.logs())));
    lines
}

fn table(parts: &[Status]) -> Vec<String> {
    let width = parts.iter().map(|part| part.name.len()).max().unwrap_or_default();
    parts.iter().map(|part| row(part, width)).collect()
}

fn row(part: &Status, width: usize) -> String {
    let port = part.port.map_or_else(String::new, |port| format!("127.0.0.1:{port}"));
    let pid = part.pid.map_or_else(String::new, |pid| format!("pid {pid}"));
    let row = format!(
        "  {:width$}  {:9}  {port:15}  {pid:11}  {}",
        part.name,
        part.state.word(),
        remark(part).join("; ")
    );
    row.trim_end().to_owned()
}

/// What a person should know besides the state.
fn remark(part: &Status) -> Vec<String> {
    let mut remarks = Vec::new();
    if part.starts > 1 {
        remarks.push(format!("started {} times", part.starts));
    }
    if let Some(trouble) = &part.trouble {
        let ago = clock::seconds().saturating_sub(trouble.at);
        let when = if part.state == State::Down { String::new() } else { format!("{ago} s ago: ") };
        remarks.push(format!("{when}{}", first_line(&trouble.text)));
    }
    if let Some(seen) = &part.seen
        && part.was_ready
    {
        remarks.push(format!("now: {}", first_line(seen)));
    }
    remarks
}

/// Enough to see what it is about; the log has the rest.
fn first_line(text: &str) -> String {
    const ENOUGH: usize = 160;
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() > ENOUGH {
        line.chars().take(ENOUGH).chain(['…']).collect()
    } else {
        line.to_owned()
    }
}

/// What runs where, and what to try: the end of `make up`.
pub fn guide(folder: &Folder, report: &Report) -> Vec<String> {
    let env = relative(&folder.env());
    let mut lines = vec![String::new()];
    lines.extend(table(&report.parts.iter().filter(|part| part.port.is_some()).cloned().collect::<Vec<_>>()));
    lines.push(String::new());
    lines.push("Try:".to_owned());
    lines.push(format!("  . {env}"));
    lines.push("  curl -fsS -H \"Authorization: Bearer $ARGOSY_TOKEN\" $ARGOSY_URL/v1/whoami".to_owned());
    match &report.engines {
        Engines::Own => {
            let kubectl = relative(&folder.programs().join("kubectl"));
            lines.push(format!(
                "  {kubectl} --kubeconfig $ARGOSY_HUB_KUBECONFIG get applications.argoproj.io -A"
            ));
            lines.push(
                "`make demo` deploys something over REST, and docs/users/rest.md goes on from there; \
                 `make status`, `make logs`, `make down` do what they say."
                    .to_owned(),
            );
        }
        Engines::Existing(kubeconfig) => {
            lines.push("  make logs PART=agent".to_owned());
            let kubeconfig = kubeconfig.display();
            lines.push(format!(
                "The engines are yours, by {kubeconfig}: nothing of Kubernetes was started here. Argosy learns of them from \
                 an operator; the key is in $ARGOSY_OPERATOR_KEY_FILE, and docs/operators/running.md says how."
            ));
        }
    }
    lines.push(
        "Argosy speaks REST, described at $ARGOSY_URL/docs. Custom resources are not there yet.".to_owned(),
    );
    lines
}

/// As a person in the current folder would write it.
fn relative(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}
