//! What a client takes for an answer.

use axum::http::{HeaderMap, StatusCode, header};

use crate::http::problem::Problem;

/// The media types a route answers with, the first one best.
pub(crate) type Accepts = &'static [&'static str];

/// Which of them the client wants; 406 if it wants none.
pub(crate) fn accepts(headers: &HeaderMap, offered: Accepts) -> Result<&'static str, Problem> {
    let lines: Vec<&str> =
        headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok()).collect();
    let best = offered.first().copied().unwrap_or("application/json");
    if lines.iter().all(|line| line.trim().is_empty()) {
        return Ok(best);
    }
    let wanted: Vec<Wanted<'_>> =
        lines.iter().flat_map(|line| line.split(',')).filter_map(Wanted::of).collect();
    let mut chosen: Option<(&'static str, u16)> = None;
    for media in offered {
        let quality = quality(&wanted, media);
        if quality > chosen.map_or(0, |(_, best)| best) {
            chosen = Some((media, quality));
        }
    }
    chosen.map(|(media, _)| media).ok_or_else(|| {
        let detail = format!("this is answered as `{}`; accept that", offered.join("` or `"));
        Problem::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", detail)
    })
}

/// One range of media types, with how much it is wanted, in thousandths.
struct Wanted<'a> {
    range: &'a str,
    quality: u16,
}

impl<'a> Wanted<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let range = parts.next().filter(|range| range.contains('/'))?;
        let quality = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        Some(Self { range, quality: quality.map_or(Some(1000), thousandths)? })
    }

    /// How exactly it says this media type: 0 is not at all.
    fn exactness(&self, media: &str) -> u8 {
        let group = media.split('/').next().unwrap_or_default();
        match self.range {
            range if range.eq_ignore_ascii_case(media) => 3,
            "*/*" => 1,
            range if range.strip_suffix("/*").is_some_and(|range| range.eq_ignore_ascii_case(group)) => 2,
            _ => 0,
        }
    }
}

/// `0.7` is 700.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    let part: u16 = if digits { format!("{part:0<3}").parse().ok()? } else { return None };
    match whole {
        "0" => Some(part),
        "1" if part == 0 => Some(1000),
        _ => None,
    }
}

fn quality(wanted: &[Wanted<'_>], media: &str) -> u16 {
    let said = wanted.iter().map(|wanted| (wanted.exactness(media), wanted.quality));
    said.filter(|(exactness, _)| *exactness > 0)
        .max_by_key(|(exactness, _)| *exactness)
        .map_or(0, |(_, quality)| quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFERED: Accepts = &["application/json", "text/event-stream"];

    fn of(accept: &str) -> Option<&'static str> {
        accepts(&HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]), OFFERED).ok()
    }

    #[test]
    fn a_client_gets_what_it_wants_most() {
        for (accept, expected) in [
            ("", Some("application/json")),
            ("*/*", Some("application/json")),
            ("application/*", Some("application/json")),
            ("text/event-stream", Some("text/event-stream")),
            ("text/event-stream, application/json;q=0.5", Some("text/event-stream")),
            ("Application/JSON; charset=utf-8", Some("application/json")),
            ("*/*;q=0.1, application/json;q=0", Some("text/event-stream")),
            ("text/html", None),
            ("application/json;q=0", None),
            ("nonsense", None),
        ] {
            assert_eq!(of(accept), expected, "{accept}");
        }
        assert_eq!(accepts(&HeaderMap::new(), OFFERED).unwrap(), "application/json");
    }
}
