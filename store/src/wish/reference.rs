//! How paths name a thing of a tenant: by its name, or by its id.

use domain::field::Flaw;
use domain::text::Name;
use uuid::Uuid;

/// A thing of a tenant, by its name or by its id. No name looks like an id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    /// Whoever has the name now; if nobody has, whoever had it last and is still being taken down.
    Name(Name),
    /// The one.
    Id(Uuid),
}

impl Reference {
    /// Reads it from a path.
    pub fn parse(raw: &str) -> Result<Self, Flaw> {
        match Uuid::try_parse(raw).ok().filter(|id| id.hyphenated().to_string() == raw) {
            Some(id) => Ok(Self::Id(id)),
            None => Name::parse(raw).map(Self::Name),
        }
    }

    /// The name, if it is one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name) => Some(name.as_str()),
            Self::Id(_) => None,
        }
    }

    /// The id, if it is one.
    #[must_use]
    pub fn id(&self) -> Option<Uuid> {
        match self {
            Self::Name(_) => None,
            Self::Id(id) => Some(*id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_an_id_is_one() {
        let id = "018f2b5e-7c1d-7a4e-9b3a-5d0c1e2f3a4b";
        assert_eq!(Reference::parse(id).unwrap(), Reference::Id(id.parse().unwrap()));
        assert_eq!(Reference::parse("shop").unwrap().name(), Some("shop"));
        assert!(Reference::parse("Shop/..").is_err());
    }
}
