//! Which web pages may ask (CORS): those of the origins that the operator names.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::CorsLayer;

/// The origins of consoles: `https://console.example.com`.
#[derive(Clone, Debug, Default)]
pub struct Origins(Vec<HeaderValue>);

impl Origins {
    /// Reads a list of origins.
    pub fn parse(origins: &[String]) -> Result<Self, String> {
        let read = |origin: &String| {
            let url = url::Url::parse(origin).map_err(|_| format!("{origin} is not an origin"))?;
            let plain = url.origin().ascii_serialization();
            if plain != *origin {
                return Err(format!("write the origin {origin} as {plain}"));
            }
            HeaderValue::from_str(origin).map_err(|_| format!("{origin} is not an origin"))
        };
        origins.iter().map(read).collect::<Result<_, _>>().map(Self)
    }
}

/// The layer that answers browsers.
pub(crate) fn cross_origin(origins: &Origins) -> CorsLayer {
    let named = |names: &[&'static str]| -> Vec<HeaderName> {
        names.iter().map(|name| HeaderName::from_static(name)).collect()
    };
    let mut asked = vec![
        header::ACCEPT,
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        header::IF_MATCH,
        header::IF_NONE_MATCH,
    ];
    asked.extend(named(&["idempotency-key", "last-event-id", "prefer", "traceparent", "x-request-id"]));
    let mut shown = vec![header::ETAG, header::LOCATION, header::RETRY_AFTER];
    shown.extend(named(&["idempotency-replayed", "operation-id", "would", "x-request-id"]));
    shown.extend(named(&["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"]));
    CorsLayer::new()
        .allow_origin(origins.0.clone())
        .allow_methods([Method::GET, Method::PUT, Method::PATCH, Method::POST, Method::DELETE])
        .allow_headers(asked)
        .expose_headers(shown)
        .max_age(Duration::from_secs(600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_one_spelling() {
        let of = |origin: &str| Origins::parse(&[origin.to_owned()]);
        assert!(of("https://console.example.com").is_ok());
        for wrong in ["*", "https://console.example.com/", "HTTPS://console.example.com", "null", ""] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
