//! Whether a stored secret may go where a change would send it.

use std::collections::BTreeMap;

use crate::field::{Code, Flaw};

/// One thing that decides who gets to see a secret, or who can pretend to be its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// `https`, `ssh` and so on.
    Scheme,
    /// The host.
    Host,
    /// The port.
    Port,
    /// What stands behind the host, where one host is the door to several clusters.
    Path,
    /// The certificates that the host is known by.
    Ca,
    /// Whether the host's certificate or key is checked at all.
    Verification,
    /// What sort of secret it is, and with that, how it is sent.
    Auth,
    /// The other host that gets it: the API of a GitHub App.
    ApiHost,
}

/// All that decides where a secret goes. Equal whereabouts: the same receivers, proven in the same way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whereabouts(BTreeMap<Fact, String>);

/// What becomes of the stored secret.
#[derive(Debug, PartialEq, Eq)]
pub enum Settled<S> {
    /// It stays.
    Keep,
    /// This one takes its place.
    Replace(S),
}

impl Whereabouts {
    /// With one more fact.
    #[must_use]
    pub fn with(mut self, fact: Fact, value: impl Into<String>) -> Self {
        self.0.insert(fact, value.into());
        self
    }

    /// What is not the same in both.
    pub fn differences<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = Fact> + 'a {
        Fact::ALL.into_iter().filter(|fact| self.0.get(fact) != other.0.get(fact))
    }
}

impl Fact {
    const ALL: [Self; 8] = [
        Self::Scheme,
        Self::Host,
        Self::Port,
        Self::Path,
        Self::Ca,
        Self::Verification,
        Self::Auth,
        Self::ApiHost,
    ];

    /// As a sentence calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Scheme => "scheme",
            Self::Host => "host",
            Self::Port => "port",
            Self::Path => "path",
            Self::Ca => "CA",
            Self::Verification => "verification of the host",
            Self::Auth => "kind of authentication",
            Self::ApiHost => "API host",
        }
    }
}

/// What a change does to the secret: the given one is taken; without one, the stored one stays, but only if nothing
/// about where it goes has changed. Else whoever may edit could have it sent to a host of theirs, and read it there.
pub fn settle<S>(
    given: Option<S>,
    stored: Option<&Whereabouts>,
    wanted: &Whereabouts,
) -> Result<Settled<S>, Flaw> {
    if let Some(secret) = given {
        return Ok(Settled::Replace(secret));
    }
    let Some(stored) = stored else {
        return Err(Flaw::new(Code::SecretRequired, "give the secret; none is stored yet"));
    };
    let changed: Vec<&str> = stored.differences(wanted).map(Fact::name).collect();
    if changed.is_empty() {
        return Ok(Settled::Keep);
    }
    let detail = format!(
        "give the secret anew; the stored one is not sent elsewhere, and this changes the {}",
        changed.join(", the ")
    );
    Err(Flaw::new(Code::SecretRequired, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(host: &str) -> Whereabouts {
        Whereabouts::default().with(Fact::Scheme, "https").with(Fact::Host, host).with(Fact::Port, "443")
    }

    #[test]
    fn a_stored_secret_stays_where_it_is() {
        assert_eq!(settle::<u8>(None, Some(&place("a")), &place("a")), Ok(Settled::Keep));
    }

    #[test]
    fn a_stored_secret_goes_nowhere_else() {
        let moved = place("b").with(Fact::Ca, "ours");
        let flaw = settle::<u8>(None, Some(&place("a")), &moved).unwrap_err();
        assert_eq!(flaw.code, Code::SecretRequired);
        assert!(flaw.detail.ends_with("this changes the host, the CA"), "{flaw}");
    }

    #[test]
    fn every_single_fact_matters() {
        for fact in Fact::ALL {
            let (here, there) = (place("a").with(fact, "x"), place("a").with(fact, "y"));
            let flaw = settle::<u8>(None, Some(&here), &there).unwrap_err();
            assert!(flaw.detail.contains(fact.name()), "{flaw}");
            let lost =
                settle::<u8>(None, Some(&Whereabouts::default().with(fact, "x")), &Whereabouts::default());
            assert!(lost.is_err());
        }
    }

    #[test]
    fn a_new_secret_may_go_anywhere_and_the_first_one_must_be_given() {
        assert_eq!(settle(Some(1), Some(&place("a")), &place("b")), Ok(Settled::Replace(1)));
        assert_eq!(settle(Some(1), None, &place("b")), Ok(Settled::Replace(1)));
        assert_eq!(settle::<u8>(None, None, &place("b")).unwrap_err().code, Code::SecretRequired);
    }
}
