//! docs/users/rest.md, walked as a reader would: one shell runs its blocks, one after the other.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use testbed::git::{Owner, Site};
use testbed::{Folder, GitHost, Port, go};
use walkdir::WalkDir;

use crate::world::World;

/// Longer the walk takes only when something hangs.
const SECONDS: &str = "300";

/// A block of shell in the page.
struct Block {
    line: usize,
    text: String,
}

#[tokio::test]
async fn the_walk_of_the_docs_goes_as_they_say() {
    let page = std::fs::read_to_string(root().join("docs/users/rest.md")).unwrap();
    let blocks = blocks(&page);
    assert!(blocks.len() > 10, "the page has blocks");
    let world = World::begin().await;
    let (folder, port) = (Folder::in_target("walk-git").unwrap(), Port::free().unwrap());
    let owner = Owner { username: "ann".to_owned(), password: "anns".to_owned() };
    let site = Site { root: folder.path().to_owned(), http_port: port.number(), owner: Some(owner) };
    let git = GitHost::serve(site).unwrap();
    let repository = git.repository("sample").await.unwrap();
    repository.commit(&sample()).await.unwrap();
    world.tenant("walkers", "ann").await;
    let place = Folder::in_target("walk").unwrap();
    let kubeconfig = place.join("target.kubeconfig");
    world.target.admin().unwrap().write(&kubeconfig).unwrap();

    // What `.argosy/env` sets.
    let mut shell = shell(&place, &blocks);
    shell
        .env("ARGOSY_URL", world.programs.url())
        .env("ARGOSY_TENANT", "walkers")
        .env("ARGOSY_TOKEN", world.token("ann"))
        .env("ARGOSY_TARGET_KUBECONFIG", &kubeconfig)
        .env("ARGOSY_GIT_URL", repository.url())
        .env("ARGOSY_GIT_PUSH_URL", repository.url().replace("://", "://ann:anns@"));
    let output = tokio::task::spawn_blocking(move || shell.output()).await.unwrap().unwrap();
    passed(&place, &blocks, &output);
}

/// Runs all blocks, and notes in a file at which it is.
fn shell(place: &Folder, blocks: &[Block]) -> Command {
    let tools = place.join("bin");
    std::fs::create_dir(&tools).unwrap();
    std::os::unix::fs::symlink(go::program("kubectl").unwrap(), tools.join("kubectl")).unwrap();
    let mut script = String::from("exec 2>&1\n");
    for Block { line, text } in blocks {
        script += &format!("echo {line} >at\n{text}\n");
    }
    std::fs::write(place.join("walk.sh"), script).unwrap();
    let mut command = Command::new("timeout");
    command.args([SECONDS, "bash", "-euo", "pipefail"]).arg(place.join("walk.sh"));
    command.current_dir(place.path()).env_clear().env("HOME", place.path());
    let path = std::env::var_os("PATH").unwrap();
    let path = std::iter::once(tools).chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(path).unwrap());
    command
}

fn passed(place: &Folder, blocks: &[Block], output: &Output) {
    let at: usize = std::fs::read_to_string(place.join("at")).unwrap().trim().parse().unwrap();
    let block = blocks.iter().find(|block| block.line == at).unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "docs/users/rest.md, the block at line {at} ({}):\n{}\nWhat was said until then:\n{said}",
        output.status,
        block.text
    );
    assert_eq!(Some(at), blocks.last().map(|block| block.line), "the walk went to its end");
}

/// What stands between "```sh" and "```".
fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (line, text) in page.lines().enumerate() {
        match (&mut open, text) {
            (None, "```sh") => open = Some(Block { line: line + 1, text: String::new() }),
            (Some(_), "```") => blocks.extend(open.take()),
            (Some(block), text) => block.text += &format!("{text}\n"),
            (None, _) => {}
        }
    }
    blocks
}

/// The sandbox's sample repository: what a reader of the page has.
fn sample() -> Vec<(String, String)> {
    let folder = root().join("tests/sandbox/sample");
    let files =
        WalkDir::new(&folder).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    let file = |path: &Path| {
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        (name, std::fs::read_to_string(path).unwrap())
    };
    files.map(|entry| file(entry.path())).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
