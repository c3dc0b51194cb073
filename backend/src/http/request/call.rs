//! How a request names itself: its id, its trace, and the caller's own name for a wish.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::app::{App, Idempotency};
use crate::http::problem::Problem;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The longest name a caller may give a wish.
const LONGEST_KEY: usize = 255;

/// What an idempotency key is bound to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    pub(crate) method: &'a Method,
    /// With its query.
    pub(crate) path: &'a str,
    pub(crate) body: &'a [u8],
}

impl Named<'_> {
    /// The caller's own name for this wish.
    pub(crate) fn key(&self, headers: &HeaderMap, app: &App) -> Result<Option<Idempotency>, Problem> {
        let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
        let key = key(value).ok_or_else(|| {
            let detail = format!("give 1 to {LONGEST_KEY} visible ASCII characters, once");
            Problem::invalid_header("Idempotency-Key", &detail)
        })?;
        if headers.get_all(IDEMPOTENCY_KEY).iter().count() > 1 {
            return Err(Problem::invalid_header("Idempotency-Key", "give it once"));
        }
        let method = match *self.method {
            Method::PUT => "PUT",
            Method::PATCH => "PATCH",
            Method::DELETE => "DELETE",
            _ => "POST",
        };
        let path = self.path.to_owned();
        Ok(Some(Idempotency { key, method, path, body: app.digest(self.body) }))
    }
}

/// As the draft of the IETF has it, a string in quotes; most people leave them out.
fn key(value: &HeaderValue) -> Option<String> {
    let text = value.to_str().ok()?;
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    (visible && !text.is_empty() && text.len() <= LONGEST_KEY).then(|| text.to_owned())
}

/// The trace a request belongs to (W3C), if it says so in the right form. A wrong one is left out: it is not the
/// request's concern.
pub(crate) fn trace(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(TRACEPARENT)?.to_str().ok()?;
    let parts: Vec<&str> = text.split('-').collect();
    let [version, trace, parent, flags] = parts.as_slice() else { return None };
    let hex = |part: &str, length: usize| {
        part.len() == length
            && part.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let some = |part: &str| part.bytes().any(|byte| byte != b'0');
    let right = hex(version, 2) && hex(trace, 32) && hex(parent, 16) && hex(flags, 2);
    (right && *version != "ff" && some(trace) && some(parent)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_with_and_without_quotes() {
        let of = |text: &str| key(&HeaderValue::from_str(text).unwrap());
        assert_eq!(of("\"a-1\""), of("a-1"));
        for wrong in ["", "\"\"", &"x".repeat(256), "a\tb"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_trace_is_taken_over_only_in_the_right_form() {
        let of = |text: &'static str| {
            trace(&HeaderMap::from_iter([(TRACEPARENT, HeaderValue::from_static(text))]))
        };
        let right = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(of(right).as_deref(), Some(right));
        for wrong in [
            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "'; drop table operations",
        ] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
