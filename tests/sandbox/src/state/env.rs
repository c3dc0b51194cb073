//! `.argosy/env`: what a shell needs to use the sandbox.

use std::fmt::Write;

use anyhow::Result;

use super::{Folder, write_secretly};

impl Folder {
    /// `export` lines, readable by the owner only: one of them is the operator's token.
    pub fn write_env(&self, variables: &[(&str, String)]) -> Result<()> {
        let mut text = String::from(
            "# Written by `make up`. Use it with `. .argosy/env`; it holds secrets of this sandbox.\n",
        );
        for (name, value) in variables {
            let _ = writeln!(text, "export {name}={}", quoted(value));
        }
        write_secretly(&self.env(), &text)
    }
}

/// As one word for any POSIX shell.
fn quoted(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/:.,_-@=+".contains(&byte);
    if !value.is_empty() && value.bytes().all(plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_reads_back_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Folder::at(folder.path()).unwrap();
        let odd = "a b'c\"d$(e)`f`\\g;h&i";
        folder
            .write_env(&[("PLAIN", "http://127.0.0.1:1/x?y=z".to_owned()), ("ODD", odd.to_owned())])
            .unwrap();
        let script = format!(". {} && printf '%s\\n%s' \"$PLAIN\" \"$ODD\"", folder.env().display());
        let output = Command::new("sh").arg("-c").arg(script).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), format!("http://127.0.0.1:1/x?y=z\n{odd}"));
    }

    #[test]
    fn only_the_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let folder = Folder::at(folder.path()).unwrap();
        std::fs::write(folder.env(), "left open by somebody").unwrap();
        folder.write_env(&[]).unwrap();
        assert_eq!(std::fs::metadata(folder.env()).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
