//! Git's packet lines: four hexadecimal digits of length, then that much.

use super::unread::Unread;

/// The longest line Git sends.
const LONGEST: usize = 65_520;

/// One packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet {
    /// A line, without its line feed.
    Line(Vec<u8>),
    /// The end of a message.
    Flush,
    /// The end of a section of one.
    Delimiter,
}

/// Takes packets out of bytes as they come.
#[derive(Debug, Default)]
pub(super) struct Packets {
    buffer: Vec<u8>,
    taken: usize,
}

impl Packets {
    /// More bytes came.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next packet, if it is there as a whole.
    pub(super) fn next(&mut self) -> Result<Option<Packet>, Unread> {
        let rest = &self.buffer[self.taken..];
        let Some((head, rest)) = rest.split_at_checked(4) else { return Ok(None) };
        let length = length(head).ok_or_else(|| Unread::odd("it does not answer in packet lines"))?;
        match length {
            0 => {
                self.taken += 4;
                Ok(Some(Packet::Flush))
            }
            1 => {
                self.taken += 4;
                Ok(Some(Packet::Delimiter))
            }
            2..4 => Err(Unread::odd("it sends packets that nobody asked for")),
            length if length > LONGEST => Err(Unread::odd("it sends lines that are too long")),
            length => {
                let Some(line) = rest.get(..length - 4) else { return Ok(None) };
                self.taken += length;
                Ok(Some(Packet::Line(line.strip_suffix(b"\n").unwrap_or(line).to_vec())))
            }
        }
    }
}

/// Four hexadecimal digits, and no sign before them.
fn length(head: &[u8]) -> Option<usize> {
    let digits = std::str::from_utf8(head).ok().filter(|_| head.iter().all(u8::is_ascii_hexdigit))?;
    usize::from_str_radix(digits, 16).ok()
}

/// A line as a packet.
pub(super) fn line(text: &str) -> String {
    format!("{:04x}{text}\n", text.len() + 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8], at_once: usize) -> Result<Vec<Packet>, Unread> {
        let (mut packets, mut found) = (Packets::default(), Vec::new());
        for piece in bytes.chunks(at_once) {
            packets.push(piece);
            while let Some(packet) = packets.next()? {
                found.push(packet);
            }
        }
        Ok(found)
    }

    #[test]
    fn packets_are_the_same_however_their_bytes_arrive() {
        let bytes = format!("{}{}00010000{}", line("version 2"), "0005a", line("ls-refs"));
        let expected = [
            Packet::Line(b"version 2".to_vec()),
            Packet::Line(b"a".to_vec()),
            Packet::Delimiter,
            Packet::Flush,
            Packet::Line(b"ls-refs".to_vec()),
        ];
        for at_once in 1..=bytes.len() {
            assert_eq!(all(bytes.as_bytes(), at_once).unwrap(), expected, "{at_once}");
        }
    }

    #[test]
    fn what_is_no_packet_is_said_to_be_odd() {
        for bytes in ["<!doctype html>", "0002", "0003", "fff1", "+004"] {
            assert!(matches!(all(bytes.as_bytes(), 1), Err(Unread::Odd(_))), "{bytes}");
        }
    }
}
