//! Secrets that are planted, and looked for in every form in which they might be found again.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// A secret, and where it was planted.
pub(super) struct Canary {
    what: String,
    text: String,
}

impl Canary {
    /// A made-up one.
    pub(super) fn new(what: &str) -> Self {
        Self { what: what.to_owned(), text: format!("cAnArY-{what}-7c1f09e5b2") }
    }

    /// A real one, given as it is used: of that, the end is what nobody may know.
    pub(super) fn real(what: &str, secret: &str) -> Self {
        let end = secret.len().saturating_sub(24);
        assert!(end > 0, "{what} is too short to be told from anything else");
        Self { what: what.to_owned(), text: secret[end..].to_owned() }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// In the form of a private key: a sequence with the secret in it.
    pub(super) fn pem(&self) -> String {
        let length = u8::try_from(self.text.len()).unwrap();
        block("PRIVATE KEY", &[&[0x30, length + 2, 0x04, length], self.text.as_bytes()].concat())
    }

    /// In the form of a key for ssh, without a passphrase.
    pub(super) fn openssh(&self) -> String {
        let der = [b"openssh-key-v1\0\0\0\0\x04none".as_slice(), self.text.as_bytes()].concat();
        block("OPENSSH PRIVATE KEY", &der)
    }

    /// Where it is in a text, if it is.
    pub(super) fn found_in(&self, text: &str) -> Option<String> {
        let found = self.forms().into_iter().find_map(|form| Some((text.find(&form)?, form.len())));
        found.map(|(at, length)| {
            let around = |at: usize| (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            let (from, to) = (around(at.saturating_sub(200)), around((at + length + 100).min(text.len())));
            format!("{} is in: …{}…", self.what, &text[from..to])
        })
    }

    /// As it is, in hexadecimal, and in base64 wherever in a text it begins.
    fn forms(&self) -> Vec<String> {
        let hex = |upper: bool| {
            let digit = |byte: u8| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
            self.text.bytes().map(digit).collect()
        };
        let mut forms = vec![self.text.clone(), hex(false), hex(true)];
        for before in 0..3 {
            let bytes = [vec![0; before], self.text.clone().into_bytes()].concat();
            // What also holds bits of its neighbours is left out.
            let (first, last) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
            forms.push(STANDARD_NO_PAD.encode(&bytes)[first..last].to_owned());
            forms.push(URL_SAFE_NO_PAD.encode(&bytes)[first..last].to_owned());
        }
        forms
    }
}

fn block(label: &str, der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let lines: String = body.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line) + "\n").collect();
    format!("-----BEGIN {label}-----\n{lines}-----END {label}-----\n")
}

#[test]
fn a_canary_is_found_in_whatever_form_it_sings() {
    let canary = Canary::new("test");
    let text = canary.text();
    assert_eq!(canary.found_in(&format!("not cAnArY-test but {}", &text[1..])), None);
    for neighbours in ["", "x", "yz", "abc"] {
        let whole = format!("{neighbours}{text}{neighbours}");
        for form in [whole.clone(), STANDARD.encode(&whole), URL_SAFE_NO_PAD.encode(&whole)] {
            assert!(canary.found_in(&form).is_some(), "{form}");
        }
        let hex: String = whole.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(canary.found_in(&hex).is_some(), "{hex}");
    }
    let key: String = canary.pem().lines().filter(|line| !line.starts_with("--")).collect();
    assert!(canary.found_in(&key).is_some(), "{key}");
}
