//! From a name to addresses that we may dial.

use std::net::SocketAddr;
use std::sync::Arc;

use domain::egress::{Denied, Host, Policy};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::unread::Unread;

/// The addresses of this host that we may dial. Only they are dialled: nobody asks DNS a second time.
pub(super) async fn addresses(policy: &Policy, host: &Host, port: u16) -> Result<Vec<SocketAddr>, Unread> {
    policy.vet_host(host)?;
    let name = match host {
        Host::Ipv4(address) => return Ok(vec![((*address), port).into()]),
        Host::Ipv6(address) => return Ok(vec![((*address), port).into()]),
        Host::Domain(name) => name,
    };
    let found = tokio::net::lookup_host((name.as_str(), port)).await;
    let found = found.map_err(|_| Unread::unreachable(format!("{name} has no address")))?;
    let (mut open, mut denied) = (Vec::new(), None);
    for address in found {
        match policy.vet_address(host, address.ip()) {
            Ok(()) => open.push(address),
            Err(why) => denied = Some(why),
        }
    }
    match (open.is_empty(), denied) {
        (false, _) => Ok(open),
        (true, Some(why)) => Err(why.into()),
        (true, None) => Err(Unread::unreachable(format!("{name} has no address"))),
    }
}

/// DNS for the HTTP client, which dials exactly what it is answered.
#[derive(Debug)]
pub(super) struct Vetted(pub(super) Arc<Policy>);

impl Resolve for Vetted {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = Arc::clone(&self.0);
        Box::pin(async move {
            let host = Host::Domain(name.as_str().to_owned());
            let found = addresses(&policy, &host, 0).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// What an error of the HTTP client was at its root, if it was ours.
pub(super) fn ours(error: &(dyn std::error::Error + 'static)) -> Option<Unread> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(unread) = error.downcast_ref::<Unread>() {
            return Some(unread.clone());
        }
        if let Some(denied) = error.downcast_ref::<Denied>() {
            return Some(denied.clone().into());
        }
        cause = error.source();
    }
    None
}
