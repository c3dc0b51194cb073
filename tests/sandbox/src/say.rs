//! The one place that speaks. Whoever closed our output does not want to know.

use std::io::Write;

pub fn line(text: &str) {
    let _said = writeln!(std::io::stdout(), "{text}");
}

/// What went wrong is no part of the output.
pub fn error(text: &str) {
    let _said = writeln!(std::io::stderr(), "{text}");
}

/// The answer to a question.
pub fn ask(question: &str) -> std::io::Result<String> {
    let mut out = std::io::stdout();
    write!(out, "{question}")?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}
