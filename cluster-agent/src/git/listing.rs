//! Reading a list of refs, in both ways in which Git writes one.
//!
//! Old servers advertise every ref as soon as they are dialled (version 0, and 1 that only says so first). Newer ones say
//! what they can do, and are then asked for the few refs of interest (version 2).

use super::packet::{Packet, Packets, line};
use super::refs::{Commit, Refs, Resolved};
use super::unread::Unread;

/// More refs than anybody asks for at once.
const MOST: usize = 20_000;

/// Reads what a server says first.
#[derive(Debug)]
pub(super) struct Greeting {
    packets: Packets,
    wanted: Vec<String>,
    refs: Refs,
    version: Option<Version>,
    object_format: Option<String>,
    /// Over HTTP a line that names the service, and a flush, may go before.
    preamble: Preamble,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    /// 0, and 1.
    Old,
    Two,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Preamble {
    Expected,
    Flush,
    Over,
}

/// What the greeting came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Greeted {
    /// All refs of interest.
    Refs(Refs),
    /// It can be asked. This is the question.
    Ask(String),
}

impl Greeting {
    /// Over HTTP.
    pub(super) fn after_preamble(wanted: Vec<String>) -> Self {
        Self::new(wanted, Preamble::Expected)
    }

    /// Over ssh.
    pub(super) fn bare(wanted: Vec<String>) -> Self {
        Self::new(wanted, Preamble::Over)
    }

    fn new(wanted: Vec<String>, preamble: Preamble) -> Self {
        Self {
            packets: Packets::default(),
            wanted,
            refs: Refs::default(),
            version: None,
            object_format: None,
            preamble,
        }
    }

    /// More came. Answers when it was the last.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<Option<Greeted>, Unread> {
        self.packets.push(bytes);
        while let Some(packet) = self.packets.next()? {
            match (packet, self.preamble) {
                (Packet::Line(said), Preamble::Expected) if said.starts_with(b"# service=") => {
                    self.preamble = Preamble::Flush;
                }
                (Packet::Flush, Preamble::Flush) => self.preamble = Preamble::Over,
                // Git's own server leaves it out of version 2, others do not.
                (Packet::Line(said), Preamble::Expected | Preamble::Over) => {
                    self.preamble = Preamble::Over;
                    self.line(&said)?;
                }
                (Packet::Flush, Preamble::Over) => return Ok(Some(self.end())),
                (Packet::Line(_), Preamble::Flush)
                | (Packet::Flush, Preamble::Expected)
                | (Packet::Delimiter, Preamble::Expected | Preamble::Flush | Preamble::Over) => {
                    return Err(Unread::odd("what answers there is not Git"));
                }
            }
        }
        Ok(None)
    }

    fn line(&mut self, said: &[u8]) -> Result<(), Unread> {
        let text = said.split(|byte| *byte == 0).next().unwrap_or_default();
        let text = String::from_utf8_lossy(text);
        if text.starts_with("ERR ") {
            return Err(Unread::NotFound);
        }
        match (self.version, text.as_ref()) {
            (None, "version 2") => self.version = Some(Version::Two),
            (None, "version 1") => self.version = Some(Version::Old),
            (None | Some(Version::Old), _) => {
                self.version = Some(Version::Old);
                advertised(&mut self.refs, &text, &self.wanted)?;
            }
            (Some(Version::Two), capability) => {
                if let Some(format) = capability.strip_prefix("object-format=") {
                    self.object_format = Some(format.to_owned());
                }
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Greeted {
        match self.version {
            // Nothing at all is what an empty repository says.
            None | Some(Version::Old) => Greeted::Refs(std::mem::take(&mut self.refs)),
            Some(Version::Two) => Greeted::Ask(self.question()),
        }
    }

    fn question(&self) -> String {
        let mut asked = line("command=ls-refs");
        if let Some(format) =
            self.object_format.as_ref().filter(|format| ["sha1", "sha256"].contains(&&***format))
        {
            asked += &line(&format!("object-format={format}"));
        }
        asked += "0001";
        asked += &line("peel");
        for name in &self.wanted {
            asked += &line(&format!("ref-prefix {name}"));
        }
        asked + "0000"
    }
}

/// Reads the answer to the question.
#[derive(Debug)]
pub(super) struct Answer {
    packets: Packets,
    wanted: Vec<String>,
    refs: Refs,
}

impl Answer {
    pub(super) fn to(wanted: Vec<String>) -> Self {
        Self { packets: Packets::default(), wanted, refs: Refs::default() }
    }

    /// More came. Answers when it was the last.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<Option<Refs>, Unread> {
        self.packets.push(bytes);
        while let Some(packet) = self.packets.next()? {
            match packet {
                Packet::Line(said) => self.line(&String::from_utf8_lossy(&said))?,
                Packet::Flush => return Ok(Some(std::mem::take(&mut self.refs))),
                Packet::Delimiter => return Err(Unread::odd("what answers there is not Git")),
            }
        }
        Ok(None)
    }

    /// `<id> <name>[ <attribute>]…`
    fn line(&mut self, said: &str) -> Result<(), Unread> {
        if said.starts_with("ERR ") {
            return Err(Unread::NotFound);
        }
        let mut words = said.split(' ');
        let (id, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        // `unborn`: HEAD of an empty repository.
        if id == "unborn" || !self.wanted.iter().any(|wanted| wanted == name) {
            return Ok(());
        }
        let named = Commit::parse(id).ok_or_else(|| Unread::odd("what answers there is not Git"))?;
        let peeled = words.find_map(|word| word.strip_prefix("peeled:")).and_then(Commit::parse);
        keep(&mut self.refs, name, Resolved { named, commit: peeled.unwrap_or(named) })
    }
}

/// `<id> <name>`, and for an annotated tag a second line `<commit> <name>^{}`.
fn advertised(refs: &mut Refs, text: &str, wanted: &[String]) -> Result<(), Unread> {
    if text.starts_with("shallow ") {
        return Ok(());
    }
    let parsed = text.split_once(' ').and_then(|(id, name)| Some((Commit::parse(id)?, name)));
    let (commit, name) = parsed.ok_or_else(|| Unread::odd("what answers there is not Git"))?;
    if let Some(tag) = name.strip_suffix("^{}") {
        refs.peel(tag, commit);
    } else if wanted.iter().any(|wanted| wanted == name) {
        keep(refs, name, Resolved { named: commit, commit })?;
    }
    Ok(())
}

fn keep(refs: &mut Refs, name: &str, resolved: Resolved) -> Result<(), Unread> {
    if refs.len() >= MOST {
        return Err(Unread::odd("it has too many refs"));
    }
    refs.insert(name, resolved);
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::intent::source::GitRevision;

    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn wanted() -> Vec<String> {
        ["HEAD", "refs/heads/main", "refs/tags/v1"].map(str::to_owned).to_vec()
    }

    fn resolved(refs: &Refs, revision: &str) -> Option<String> {
        let revision = GitRevision::parse(revision).unwrap();
        refs.resolve(&revision).map(|found| format!("{}={}", found.named, found.commit))
    }

    #[test]
    fn an_old_server_advertises_everything_and_only_what_is_wanted_is_kept() {
        let said = format!(
            "{}0000{}{}{}{}{}0000",
            line("# service=git-upload-pack"),
            line(&format!("{A} HEAD\0multi_ack symref=HEAD:refs/heads/main")),
            line(&format!("{A} refs/heads/main")),
            line(&format!("{B} refs/pull/1/head")),
            line(&format!("{B} refs/tags/v1")),
            line(&format!("{A} refs/tags/v1^{{}}")),
        );
        let Some(Greeted::Refs(refs)) = Greeting::after_preamble(wanted()).read(said.as_bytes()).unwrap()
        else {
            panic!("no refs")
        };
        assert_eq!(refs.len(), 3);
        assert_eq!(resolved(&refs, "main"), Some(format!("{A}={A}")));
        assert_eq!(resolved(&refs, "v1"), Some(format!("{B}={A}")));
    }

    #[test]
    fn a_newer_server_is_asked_for_just_what_is_wanted() {
        let said =
            format!("{}{}{}0000", line("version 2"), line("ls-refs=unborn"), line("object-format=sha1"));
        let Some(Greeted::Ask(question)) = Greeting::bare(wanted()).read(said.as_bytes()).unwrap() else {
            panic!("no question")
        };
        let expected = format!(
            "{}{}0001{}{}{}{}0000",
            line("command=ls-refs"),
            line("object-format=sha1"),
            line("peel"),
            line("ref-prefix HEAD"),
            line("ref-prefix refs/heads/main"),
            line("ref-prefix refs/tags/v1"),
        );
        assert_eq!(question, expected);
        let said = format!(
            "{}{}{}0000",
            line(&format!("{A} refs/heads/main")),
            line(&format!("{A} refs/heads/main-2")),
            line(&format!("{B} refs/tags/v1 peeled:{A}")),
        );
        let refs = Answer::to(wanted()).read(said.as_bytes()).unwrap().unwrap();
        assert_eq!(refs.len(), 2, "a prefix finds more than was meant");
        assert_eq!(resolved(&refs, "v1"), Some(format!("{B}={A}")));
    }

    #[test]
    fn an_empty_repository_has_no_refs_and_is_well() {
        let zero = "0".repeat(40);
        let old = format!("{}0000", line(&format!("{zero} capabilities^{{}}\0multi_ack")));
        let greeted = Greeting::bare(wanted()).read(old.as_bytes()).unwrap();
        assert_eq!(greeted, Some(Greeted::Refs(Refs::default())));
        let unborn = format!("{}0000", line("unborn HEAD symref-target:refs/heads/main"));
        assert_eq!(Answer::to(wanted()).read(unborn.as_bytes()).unwrap(), Some(Refs::default()));
    }

    #[test]
    fn what_is_not_git_is_not_taken_for_it() {
        for said in ["0000", "000ahello!", "<html>"] {
            let read = Greeting::after_preamble(wanted()).read(said.as_bytes());
            assert!(matches!(read, Err(Unread::Odd(_))), "{said}: {read:?}");
        }
        let read = Greeting::bare(wanted()).read(line("ERR no such repository").as_bytes());
        assert_eq!(read, Err(Unread::NotFound));
    }
}
