//! All mistakes of a body, in the order of reading it.

use super::code::Code;
use super::flaw::{FieldError, Flaw};
use super::pointer::Pointer;

/// More help nobody, and who sends a million mistakes shall not get a million answers.
const MOST: usize = 100;

/// Collects mistakes while a body is read to its end.
///
/// A reading method gives `None` for what could not be read, with the mistake noted. So a parser first reads every
/// field, and only then gives up with `?`.
#[derive(Debug, Default)]
pub struct Errors {
    here: Pointer,
    found: Vec<FieldError>,
}

impl Errors {
    /// Nothing found yet, and at the body itself.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Where we are reading.
    #[must_use]
    pub fn here(&self) -> &Pointer {
        &self.here
    }

    /// Notes a mistake in a field of what we are reading.
    pub fn note(&mut self, key: &str, flaw: Flaw) {
        let place = self.here.at(key);
        self.push(flaw.found_at(place));
    }

    /// Notes a mistake of what we are reading as a whole.
    pub fn note_here(&mut self, flaw: Flaw) {
        let place = self.here.clone();
        self.push(flaw.found_at(place));
    }

    /// Notes a mistake somewhere else in the body.
    pub fn note_at(&mut self, place: Pointer, flaw: Flaw) {
        self.push(flaw.found_at(place));
    }

    /// Takes over mistakes whose pointers begin at what we are reading.
    pub fn adopt(&mut self, inner: Vec<FieldError>) {
        for error in inner {
            let pointer = self.here.join(&error.pointer);
            self.push(FieldError { pointer, ..error });
        }
    }

    /// What a field says, or a mistake in it.
    pub fn at<T>(&mut self, key: &str, read: Result<T, Flaw>) -> Option<T> {
        read.map_err(|flaw| self.note(key, flaw)).ok()
    }

    /// What a field says that may be absent: the outer `None` is a mistake, the inner one absence.
    pub fn optional<R, T>(
        &mut self,
        key: &str,
        raw: Option<R>,
        read: impl FnOnce(R) -> Result<T, Flaw>,
    ) -> Option<Option<T>> {
        match raw {
            None => Some(None),
            Some(raw) => self.at(key, read(raw)).map(Some),
        }
    }

    /// Reads something deeper.
    pub fn inside<T>(&mut self, key: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.enter(key);
        let value = read(self);
        self.leave(outer);
        value
    }

    /// Goes deeper, and says where to come back to.
    pub(super) fn enter(&mut self, key: &str) -> Pointer {
        self.jump(self.here.at(key))
    }

    /// Comes back.
    pub(super) fn leave(&mut self, outer: Pointer) {
        self.here = outer;
    }

    /// Reads each entry of a list that has at most so many.
    pub fn each<R, T>(
        &mut self,
        key: &str,
        most: usize,
        raw: Vec<R>,
        mut read: impl FnMut(&mut Self, R) -> Option<T>,
    ) -> Option<Vec<T>> {
        if raw.len() > most {
            self.note(key, Flaw::new(Code::TooMany, format!("list at most {most}")));
            return None;
        }
        let count = raw.len();
        let entries = raw.into_iter().enumerate();
        let values: Vec<T> = self.inside(key, |errors| {
            entries
                .filter_map(|(index, raw)| errors.inside(&index.to_string(), |errors| read(errors, raw)))
                .collect()
        });
        (values.len() == count).then_some(values)
    }

    /// Like [`Errors::each`], where one text is one entry.
    pub fn each_text<T>(
        &mut self,
        key: &str,
        most: usize,
        raw: Vec<String>,
        read: impl Fn(&str) -> Result<T, Flaw>,
    ) -> Option<Vec<T>> {
        self.each(key, most, raw, |errors, raw| read(&raw).map_err(|flaw| errors.note_here(flaw)).ok())
    }

    /// Goes somewhere else in the body, and says where to come back to.
    pub(crate) fn jump(&mut self, place: Pointer) -> Pointer {
        std::mem::replace(&mut self.here, place)
    }

    /// Whether nothing was found so far.
    #[must_use]
    pub fn none(&self) -> bool {
        self.found.is_empty()
    }

    /// All that was found.
    #[must_use]
    pub fn into_found(self) -> Vec<FieldError> {
        self.found
    }

    /// The value, if all of it could be read and nothing was wrong.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Vec<FieldError>> {
        match value {
            Some(value) if self.found.is_empty() => Ok(value),
            Some(_) | None => Err(self.found),
        }
    }

    /// Whether more mistakes would not be told.
    pub(super) fn full(&self) -> bool {
        self.found.len() >= MOST
    }

    fn push(&mut self, error: FieldError) {
        if !self.full() {
            self.found.push(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(raw: &str) -> Result<usize, Flaw> {
        if raw.len() > 3 { Err(Flaw::too_long(3, "characters")) } else { Ok(raw.len()) }
    }

    #[test]
    fn all_mistakes_are_found_at_once_where_they_are() {
        let mut errors = Errors::new();
        let name = errors.at("name", short("names"));
        let list = errors.each_text("list", 3, ["abc", "abcd", "abcde"].map(str::to_owned).to_vec(), short);
        let deep = errors.inside("a/b", |errors| errors.optional("c", Some("abcd"), short));
        let absent = errors.optional("absent", None, short);
        assert_eq!((name, list, deep, absent), (None, None, None, Some(None)));
        let found = errors.finish(Some(())).unwrap_err();
        let places: Vec<_> = found.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(places, ["/name", "/list/1", "/list/2", "/a~1b/c"]);
    }

    #[test]
    fn who_makes_a_million_mistakes_reads_a_hundred() {
        let mut errors = Errors::new();
        (0..1_000_000).for_each(|_| errors.note_here(Flaw::required("give it")));
        assert_eq!(errors.finish(Some(())).unwrap_err().len(), MOST);
    }
}
