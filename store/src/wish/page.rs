//! Lists: what is asked for, and where a page goes on.

use domain::text::{Name, Requirement, Selector};
use uuid::Uuid;

/// What a list is asked for. Everything in it must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Names begin so.
    pub prefix: String,
    /// What the labels are.
    pub labels: Selector,
}

/// Which part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// What comes behind this. None: the first page.
    pub after: Option<After>,
    /// How many, at most.
    pub limit: u16,
}

/// The last of a page. Things come and go between pages; whatever stays is seen once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// Its name.
    pub name: Name,
    /// Its id: a name may be held by two, of which one is being taken down.
    pub id: Uuid,
}

/// A page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// What is on it, by name.
    pub items: Vec<T>,
    /// Where the next one begins. None: this is the last.
    pub next: Option<After>,
}

/// A selector as a statement takes it.
///
/// ```sql
/// and not exists (select from unnest($5::text[], $6::text[]) as e (k, v) where labels ->> e.k is distinct from e.v)
/// and not exists (select from unnest($7::text[], $8::text[]) as e (k, v) where labels ->> e.k = e.v)
/// and labels ?& $9::text[] and not labels ?| $10::text[]
/// ```
#[derive(Debug, Default)]
pub(crate) struct Labelled {
    pub(crate) equal: (Vec<String>, Vec<String>),
    pub(crate) other: (Vec<String>, Vec<String>),
    pub(crate) present: Vec<String>,
    pub(crate) absent: Vec<String>,
}

impl From<&Selector> for Labelled {
    fn from(selector: &Selector) -> Self {
        let mut labelled = Self::default();
        for requirement in &selector.requirements {
            match requirement {
                Requirement::Equal(key, value) => {
                    labelled.equal.0.push(key.to_string());
                    labelled.equal.1.push(value.to_string());
                }
                Requirement::NotEqual(key, value) => {
                    labelled.other.0.push(key.to_string());
                    labelled.other.1.push(value.to_string());
                }
                Requirement::Present(key) => labelled.present.push(key.to_string()),
                Requirement::Absent(key) => labelled.absent.push(key.to_string()),
            }
        }
        labelled
    }
}

impl Page {
    /// One more than are asked for: whether there is a next page is known without asking again.
    pub(crate) fn with_next(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The name that comes before this page.
    pub(crate) fn after_name(&self) -> Option<&str> {
        self.after.as_ref().map(|after| after.name.as_str())
    }

    /// The id that comes before this page.
    pub(crate) fn after_id(&self) -> Option<Uuid> {
        self.after.as_ref().map(|after| after.id)
    }

    /// What was found, cut to size.
    pub(crate) fn cut<T>(&self, mut found: Vec<T>, at: impl Fn(&T) -> After) -> Listed<T> {
        let more = found.len() > usize::from(self.limit);
        found.truncate(usize::from(self.limit));
        let next = found.last().filter(|_| more).map(at);
        Listed { items: found, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_knows_whether_there_is_another() {
        let page = Page { after: None, limit: 2 };
        let at = |id: &u128| After { name: Name::parse("x").unwrap(), id: Uuid::from_u128(*id) };
        assert_eq!(page.cut(vec![1, 2], at).next, None);
        let cut = page.cut(vec![1, 2, 3], at);
        assert_eq!((cut.items, cut.next.unwrap().id), (vec![1, 2], Uuid::from_u128(2)));
    }
}
