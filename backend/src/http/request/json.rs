//! A JSON or YAML text as a value, without what a reader could be tricked by.
//!
//! Keys that come twice (two readers would see two bodies), endless nesting, more values than anybody means, and the
//! character NUL, which no row can hold.

use std::fmt;

use domain::field::{Code, FieldError, Flaw, Pointer};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How deep values may be nested.
const DEEPEST: usize = 64;
/// How many values there may be.
const MOST: usize = 50_000;

/// Why a text is no value that we read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is not JSON, or not YAML.
    Malformed(String),
    /// One place of it.
    At(FieldError),
}

/// A JSON text as a value.
pub(super) fn read(text: &[u8]) -> Result<Value, Unreadable> {
    let Ok(text) = str::from_utf8(text) else {
        return Err(Unreadable::Malformed("it is not UTF-8".to_owned()));
    };
    let mut source = serde_json::Deserializer::from_str(text);
    let value = strictly(&mut source)?;
    source.end().map_err(|error| Unreadable::Malformed(error.to_string()))?;
    Ok(value)
}

/// A YAML text as a value.
pub(super) fn read_yaml(text: &str) -> Result<Value, Unreadable> {
    strictly(serde_yaml_ng::Deserializer::from_str(text))
}

fn strictly<'de, D: Deserializer<'de>>(source: D) -> Result<Value, Unreadable>
where
    D::Error: fmt::Display,
{
    let mut reading = Reading::default();
    let value = Node(&mut reading).deserialize(source);
    value.map_err(|error| match reading.found {
        Some(error) => Unreadable::At(error),
        None => Unreadable::Malformed(plain(&error.to_string())),
    })
}

/// What a parser says about a text, without what it quotes of it: that could be a secret.
fn plain(said: &str) -> String {
    let place = said.rfind(" at line ").map_or("", |at| &said[at..]);
    let quotes =
        said.contains(['`', '"', '\'']) || said.contains("invalid type") || said.contains("invalid value");
    if quotes { format!("it cannot be read{place}") } else { said.to_owned() }
}

#[derive(Default)]
struct Reading {
    place: Vec<String>,
    values: usize,
    /// The first thing that is ours to say, and not the parser's.
    found: Option<FieldError>,
}

impl Reading {
    fn refuse<E: Error>(&mut self, flaw: Flaw) -> E {
        let pointer = self.place.iter().fold(Pointer::root(), |pointer, key| pointer.at(key));
        let said = E::custom(&flaw.detail);
        self.found = Some(flaw.found_at(pointer));
        said
    }

    fn text<E: Error>(&mut self, text: &str) -> Result<(), E> {
        if text.contains('\0') {
            return Err(self.refuse(Flaw::malformed("leave out the character NUL")));
        }
        Ok(())
    }
}

/// One value that is being read.
struct Node<'r>(&'r mut Reading);

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        self.0.values += 1;
        if self.0.values > MOST {
            return Err(self.0.refuse(Flaw::new(Code::TooMany, format!("use at most {MOST} values"))));
        }
        if self.0.place.len() > DEEPEST {
            return Err(self.0.refuse(Flaw::malformed(format!("nest at most {DEEPEST} deep"))));
        }
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        match Number::from_f64(value) {
            Some(number) => Ok(Value::Number(number)),
            None => Err(self.0.refuse(Flaw::malformed("give a number that is finite"))),
        }
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.0.text(value)?;
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            self.0.place.push(list.len().to_string());
            let Some(entry) = entries.next_element_seed(Node(self.0))? else { break };
            self.0.place.pop();
            list.push(entry);
        }
        self.0.place.pop();
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            self.0.place.push(key.clone());
            self.0.text::<A::Error>(&key)?;
            if object.contains_key(&key) {
                let flaw = Flaw::new(Code::Duplicate, "this key is given twice; give it once");
                return Err(self.0.refuse(flaw));
            }
            let value = members.next_value_seed(Node(self.0))?;
            self.0.place.pop();
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> (String, Code) {
        match read(text.as_bytes()) {
            Err(Unreadable::At(error)) => (error.pointer.as_str().to_owned(), error.code),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_json_is_read_as_it_is() {
        let text = r#"{"a": [1, -2, 3.5, true, null, "ü"], "b": {"c": 18446744073709551615}}"#;
        assert_eq!(read(text.as_bytes()).unwrap(), serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn a_key_that_comes_twice_is_refused_where_it_is() {
        assert_eq!(at(r#"{"a": [{"b": 1, "b": 2}]}"#), ("/a/0/b".to_owned(), Code::Duplicate));
        assert_eq!(at(r#"{"a": [0, {}], "b": 1, "a": 2}"#), ("/a".to_owned(), Code::Duplicate));
    }

    #[test]
    fn nesting_and_counting_have_an_end() {
        assert!(read(format!("{}{}", "[".repeat(64), "]".repeat(64)).as_bytes()).is_ok());
        assert_eq!(at(&"[".repeat(10_000)).1, Code::Malformed);
        assert_eq!(at(&format!("[{}0]", "0,".repeat(60_000))).1, Code::TooMany);
    }

    #[test]
    fn nul_is_refused_in_keys_and_values() {
        assert_eq!(at(r#"{"a": "x\u0000y"}"#), ("/a".to_owned(), Code::Malformed));
        assert_eq!(at(r#"{"a\u0000": 1}"#).1, Code::Malformed);
    }

    #[test]
    fn what_is_not_json_is_said_to_be_malformed_without_repeating_it() {
        for text in ["", "{", "{} x", "NaN", "[1e999]", "{'hunter2': 1}", "{\"a\": hunter2}"] {
            match read(text.as_bytes()) {
                Err(Unreadable::Malformed(said)) => assert!(!said.contains("hunter2"), "{said}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        assert!(matches!(read(&[b'"', 0xff, b'"']), Err(Unreadable::Malformed(_))));
    }

    #[test]
    fn a_yaml_that_unfolds_to_a_bomb_is_refused() {
        let mut bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for (name, of) in [("b", "a"), ("c", "b"), ("d", "c"), ("e", "d"), ("f", "e"), ("g", "f")] {
            bomb += &format!("{name}: &{name} [{}]\n", vec![format!("*{of}"); 9].join(","));
        }
        assert!(read_yaml(&bomb).is_err());
        assert_eq!(read_yaml("a: 1\nb: [x]").unwrap(), serde_json::json!({"a": 1, "b": ["x"]}));
    }
}
