//! What images and compose files set is what the programs read.

use std::collections::BTreeSet;

use crate::house::House;
use crate::rule::{Finding, Rule};

pub(crate) const RULE: Rule = Rule {
    name: "deployments set what the programs read",
    fix: "A variable that no program declares (`env = \"ARGOSY_…\"` beside its clap argument) is silently without \
          effect. Look at `argosy-backend --help` for its name.",
    check,
};

fn check(house: &House) -> Vec<Finding> {
    let known: BTreeSet<&str> = house.ending(".rs").flat_map(|(_, text)| declared(text)).collect();
    let mut found = Vec::new();
    for (path, text) in house.files().filter(|(path, _)| deploys(path)) {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#'))
        {
            for name in variables(line).filter(|name| !known.contains(name)) {
                found.push(Finding::at(path, number + 1, format!("sets `{name}`, which no program reads")));
            }
        }
    }
    found
}

fn deploys(path: &str) -> bool {
    let settings = [".yml", ".yaml", "Dockerfile"].iter().any(|end| path.ends_with(end));
    settings && (path.starts_with("deploy/") || path == "docker-compose.yml")
}

/// The variables that clap arguments name.
fn declared(text: &str) -> impl Iterator<Item = &str> {
    text.split("env = \"").skip(1).filter_map(|rest| rest.split('"').next())
}

fn variables(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("ARGOSY_"))
}

#[test]
fn deployments_set_what_the_programs_read() {
    RULE.keep();
}

#[test]
fn a_setting_that_nobody_reads_is_found() {
    let files = [
        ("backend/src/settings.rs", "#[arg(long, env = \"ARGOSY_LISTEN\", x)]"),
        ("docker-compose.yml", "# ARGOSY_NOTE\nARGOSY_LISTEN: x\nARGOSY_LISTEN_ON: x"),
        ("deploy/docker/Dockerfile", "ENV ARGOSY_LISTEN=a ARGOSY_PORT=b"),
    ];
    assert_eq!(RULE.places(&files), ["deploy/docker/Dockerfile", "docker-compose.yml"]);
}
