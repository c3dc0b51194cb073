//! Dockerfiles name only what is there, and build with our toolchain. (No container engine is needed to see that.)

use toml::{Table, Value};

use crate::house::House;
use crate::manifest::{at, manifests};
use crate::rule::{Finding, Rule};

pub(crate) const RULE: Rule = Rule {
    name: "images build what is there",
    fix: "A Dockerfile copies from the root of the repository or from a stage above, its `rust:` image has the version \
          in rust-toolchain.toml, and what it copies is not hidden by .dockerignore. The last stage names a USER that \
          is not root.",
    check,
};

fn check(house: &House) -> Vec<Finding> {
    let toolchain =
        house.file("rust-toolchain.toml").and_then(|text| text.parse::<Table>().ok()).unwrap_or_default();
    let channel = at(&toolchain, &["toolchain", "channel"]).and_then(Value::as_str).unwrap_or_default();
    let mut found = Vec::new();
    for (path, text) in house.ending("Dockerfile") {
        let mut image = Image::default();
        for (line, instruction) in instructions(text) {
            let says = image.read(house, channel, &instruction);
            found.extend(says.into_iter().map(|says| Finding::at(path, line, says)));
        }
        if image.user.is_empty() || image.user.starts_with("root") || image.user.starts_with('0') {
            found.push(Finding::of(path, "runs as root"));
        }
    }
    found
}

/// What was read of a Dockerfile so far.
#[derive(Default)]
struct Image {
    stages: Vec<String>,
    /// Of the stage at hand.
    user: String,
}

impl Image {
    fn read(&mut self, house: &House, channel: &str, instruction: &str) -> Vec<String> {
        let words: Vec<&str> = instruction.split_whitespace().collect();
        match words.as_slice() {
            ["FROM", rest @ ..] => self.from(channel, rest),
            ["COPY", rest @ ..] => self.copy(house, rest),
            ["USER", user, ..] => {
                self.user = (*user).to_owned();
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn from(&mut self, channel: &str, words: &[&str]) -> Vec<String> {
        // A stage made from one of ours keeps its user.
        let base = words.iter().find(|word| !word.starts_with("--")).copied().unwrap_or_default();
        if !self.stages.iter().any(|stage| stage == base) {
            self.user.clear();
        }
        if let Some(at) = words.iter().position(|word| word.eq_ignore_ascii_case("as")) {
            self.stages.extend(words.get(at + 1).map(ToString::to_string));
        }
        let rust = base.rsplit('/').next().and_then(|name| name.strip_prefix("rust:"));
        let version = rust.map(|tag| tag.split(['-', '@']).next().unwrap_or(tag));
        let other = version.filter(|version| *version != channel);
        other
            .map(|version| format!("builds with Rust {version}; rust-toolchain.toml says {channel}"))
            .into_iter()
            .collect()
    }

    fn copy(&self, house: &House, words: &[&str]) -> Vec<String> {
        if let Some(from) = words.iter().find_map(|word| word.strip_prefix("--from=")) {
            let known = self.stages.iter().any(|stage| stage == from);
            return if known {
                Vec::new()
            } else {
                vec![format!("copies from `{from}`, which is no stage above")]
            };
        }
        let files: Vec<&str> = words.iter().copied().filter(|word| !word.starts_with("--")).collect();
        let Some((_, sources)) = files.split_last() else { return Vec::new() };
        let ignored = house.file(".dockerignore").unwrap_or_default();
        let mut says = Vec::new();
        for source in sources {
            let source = source.trim_start_matches("./").trim_end_matches('/');
            if source == "." {
                says.extend(hidden_members(house, ignored));
            } else if !house.has(source) {
                says.push(format!("copies `{source}`, which is not there"));
            } else if hidden(ignored, source) {
                says.push(format!("copies `{source}`, which .dockerignore hides"));
            }
        }
        says
    }
}

/// Cargo wants every member of the workspace, also those that are not built.
fn hidden_members(house: &House, ignored: &str) -> Vec<String> {
    let members = manifests(house);
    let lost = members.iter().filter(|member| hidden(ignored, member.folder()));
    lost.map(|member| format!("copies everything, but .dockerignore hides `{}`", member.folder())).collect()
}

/// Whether a `.dockerignore` hides this path. The last line that matches wins; `*` alone matches everything.
fn hidden(ignored: &str, path: &str) -> bool {
    let lines = ignored.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.fold(false, |hidden, line| {
        let (hides, pattern) = line.strip_prefix('!').map_or((true, line), |pattern| (false, pattern));
        let pattern = pattern.trim_matches('/');
        let matches = pattern == "*" || path == pattern || path.starts_with(&format!("{pattern}/"));
        if matches { hides } else { hidden }
    })
}

/// Lines without comments, with continuations joined, and the number of the first.
fn instructions(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let part = line.trim_end_matches('\\');
        match found.last_mut().filter(|_| goes_on) {
            Some((_, whole)) => *whole = format!("{whole} {part}"),
            None => found.push((number + 1, part.to_owned())),
        }
        goes_on = line.ends_with('\\');
    }
    found
}

#[test]
fn images_build_what_is_there() {
    RULE.keep();
}

#[test]
fn an_image_that_cannot_be_built_is_found() {
    let check = |dockerfile: &str| {
        let toolchain = ("rust-toolchain.toml", "[toolchain]\nchannel = \"1.2.3\"");
        let house = [
            toolchain,
            ("x/Dockerfile", dockerfile),
            ("a/b.rs", ""),
            (".dockerignore", "*\n!a\n!c"),
            ("d.rs", ""),
            ("e/Cargo.toml", "[package]\nname = \"e\""),
        ];
        RULE.places(&house).len()
    };
    assert_eq!(
        check(
            "FROM docker.io/library/rust:1.2.3-slim AS build\nCOPY a/ \\\n  ./a\nFROM x\nCOPY --from=build /y /z\nUSER 65532"
        ),
        0
    );
    assert_eq!(check("FROM rust:1.2.4 AS build\nUSER 1"), 1, "another toolchain");
    assert_eq!(check("FROM x\nCOPY c .\nUSER 1"), 1, "a file that is not there");
    assert_eq!(check("FROM x\nCOPY d.rs .\nUSER 1"), 1, "a hidden file");
    assert_eq!(check("FROM x\nCOPY . .\nUSER 1"), 1, "a hidden member");
    assert_eq!(check("FROM x\nCOPY --from=bild /a /b\nUSER 1"), 1, "an unknown stage");
    assert_eq!(check("FROM x AS y\nUSER 1\nFROM z\nENTRYPOINT a"), 1, "the last stage runs as root");
    assert_eq!(
        check("FROM x AS y\nUSER 1\nFROM y AS z\nENTRYPOINT a"),
        0,
        "the user of the stage it is made from"
    );
}
