//! Certificates and keys that have the form of such, and none of their worth.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

fn block(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

fn sequence(number: u8) -> [u8; 5] {
    [0x30, 3, 2, 1, number]
}

/// A certificate; others have other numbers.
pub(super) fn certificate(number: u8) -> String {
    block("CERTIFICATE", &sequence(number))
}

/// A private key as TLS uses it.
pub(super) fn private_key() -> String {
    block("PRIVATE KEY", &sequence(99))
}

/// A private key of OpenSSH, encrypted with this cipher.
pub(super) fn openssh_key(cipher: &str) -> String {
    let length = u32::try_from(cipher.len()).unwrap().to_be_bytes();
    let der = [b"openssh-key-v1\0".as_slice(), &length, cipher.as_bytes(), b"canary-of-an-ssh-key"].concat();
    block("OPENSSH PRIVATE KEY", &der)
}

/// As kubeconfigs have PEM.
pub(super) fn packed(pem: &str) -> String {
    STANDARD.encode(pem)
}
