//! JSON merge patches (RFC 7396) of things that are shown: made into a whole body, which is then put.

use serde::Serialize;
use serde_json::{Map, Value};
use store::{Call, Condition, Version};

use crate::app::{Answer, Refused};

/// However often somebody else changes the thing between our look and our write.
const ATTEMPTS: usize = 5;

/// What is shown, to be patched.
pub(super) struct Patched(Value);

/// The tries of a patch, until nobody else changes the thing in between.
///
/// A loop of its own in each use case, and no closure: an async closure that borrows is no future that can be sent.
pub(super) struct Attempts<'a> {
    call: &'a Call,
    left: usize,
}

impl Patched {
    /// The body that says what there is.
    pub(super) fn of(shown: &impl Serialize) -> Self {
        // What is shown is a map of plain values.
        Self(serde_json::to_value(shown).unwrap_or_default())
    }

    /// Without what the patch replaces as a whole.
    pub(super) fn forget(&mut self, fields: &[&str]) {
        if let Value::Object(members) = &mut self.0 {
            members.retain(|name, _| !fields.contains(&name.as_str()));
        }
    }

    /// The body with the patch in it.
    pub(super) fn with(mut self, patch: &Map<String, Value>) -> Value {
        merge(&mut self.0, patch);
        self.0
    }
}

impl<'a> Attempts<'a> {
    /// The tries of this wish.
    pub(super) fn of(call: &'a Call) -> Self {
        Self { call, left: ATTEMPTS }
    }

    /// The call for what is there: its own condition is judged now, and the write holds only for what was looked at.
    pub(super) fn on(&self, there: Version) -> Answer<Call> {
        if !self.call.condition.holds(Some(there)) {
            return Err(store::Refused::Condition { current: Some(there.generation) }.into());
        }
        Ok(Call { condition: Condition::Is(vec![there]), ..self.call.clone() })
    }

    /// Whether to try again: somebody else was faster. Judged against what is there then, the caller's own condition
    /// fails for good.
    pub(super) fn again<T>(&mut self, answer: &Answer<T>) -> bool {
        let overtaken = matches!(answer, Err(Refused::Wish(store::Refused::Condition { .. })));
        self.left = self.left.saturating_sub(1);
        overtaken && self.left > 0
    }
}

/// Whether a patch gives a field a value.
pub(super) fn gives(patch: &Map<String, Value>, field: &str) -> bool {
    patch.get(field).is_some_and(|value| !value.is_null())
}

fn merge(target: &mut Value, patch: &Map<String, Value>) {
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(members) = target else { return };
    for (name, value) in patch {
        match value {
            Value::Null => drop(members.remove(name)),
            Value::Object(inner) => merge(members.entry(name).or_insert(Value::Null), inner),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                members.insert(name.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(members) = value else { panic!("{value}") };
        members
    }

    /// The examples of RFC 7396, appendix A, whose patches are objects.
    #[test]
    fn a_patch_means_what_the_rfc_says() {
        let table = [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ];
        for (target, patch, expected) in table {
            assert_eq!(Patched(target.clone()).with(&object(patch.clone())), expected, "{target} {patch}");
        }
    }
}
