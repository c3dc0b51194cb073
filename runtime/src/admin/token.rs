//! The operator's token. It comes from a file and goes nowhere.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

/// Where the operator's token is.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Operator")]
pub struct Args {
    /// A file with the token that the operator sends to this process, for instance to change its log filter.
    /// Without it, nobody may.
    #[arg(long, env = "ARGOSY_OPERATOR_TOKEN_FILE", global = true, value_name = "FILE")]
    pub operator_token_file: Option<PathBuf>,
}

impl Args {
    /// Reads the token, if one is configured.
    pub fn token(&self) -> anyhow::Result<Option<Token>> {
        self.operator_token_file.as_deref().map(Token::read).transpose()
    }
}

impl Args {
    /// The settings as they were understood; fails where the token cannot be read.
    pub fn describe(&self) -> anyhow::Result<Vec<(&'static str, String)>> {
        self.token()?;
        let file = self.operator_token_file.as_ref();
        let shown = file.map_or_else(|| "(none)".to_owned(), |file| file.display().to_string());
        Ok(vec![("operator-token-file", shown)])
    }
}

/// A secret to be compared with what callers send. Cannot be shown.
#[derive(Clone)]
pub struct Token(String);

/// Shorter ones can be guessed by trying.
const SHORTEST: usize = 16;

impl Token {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let path_shown = path.display();
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the operator's token from {path_shown}"))?;
        let text = text.trim();
        ensure!(
            text.len() >= SHORTEST,
            "the operator's token in {path_shown} is shorter than {SHORTEST} characters"
        );
        Ok(Self(text.to_owned()))
    }

    /// Whether somebody knows it. Takes the same time for every wrong token of one length.
    pub fn is(&self, given: &str) -> bool {
        let (ours, given) = (self.0.as_bytes(), given.as_bytes());
        let differing = ours.iter().zip(given).fold(0, |seen, (a, b)| seen | (a ^ b));
        ours.len() == given.len() && differing == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Token(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> anyhow::Result<Token> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Token::read(file.path())
    }

    #[test]
    fn only_the_whole_token_is_the_token() {
        let token = read("0123456789abcdef\n").unwrap();
        assert!(token.is("0123456789abcdef"));
        for wrong in ["", "0123456789abcde", "0123456789abcdef0", "0123456789abcdeF"] {
            assert!(!token.is(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_token_is_never_shown() {
        assert!(!format!("{:?}", read("0123456789abcdef").unwrap()).contains("0123"));
    }

    #[test]
    fn a_token_that_can_be_guessed_is_refused_and_not_repeated() {
        let error = read("hunter2").unwrap_err().to_string();
        assert!(error.contains("shorter than 16") && !error.contains("hunter2"), "{error}");
    }
}
