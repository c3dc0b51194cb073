//! A kubeconfig as people have it: a YAML text. The specification wants it as an object.

use domain::field::{Code, FieldError, Flaw, Pointer};
use serde_json::Value;

use super::json::{Unreadable, read_yaml};

const FIELD: &str = "kubeconfig";
/// More is no kubeconfig.
const LONGEST: usize = 256 * 1024;

/// Puts the object in the place of the text, if there is a text.
pub(super) fn unfold(body: &mut Value) -> Result<(), FieldError> {
    let Some(field) = body.as_object_mut().and_then(|body| body.get_mut(FIELD)) else { return Ok(()) };
    let Some(text) = field.as_str() else { return Ok(()) };
    let here = Pointer::root().at(FIELD);
    if text.len() > LONGEST {
        return Err(Flaw::new(Code::TooLong, format!("use at most {LONGEST} bytes")).found_at(here));
    }
    *field = read_yaml(text).map_err(|unreadable| match unreadable {
        Unreadable::Malformed(_) => {
            Flaw::malformed("give a kubeconfig, as an object or as YAML").found_at(here)
        }
        Unreadable::At(error) => FieldError { pointer: here.join(&error.pointer), ..error },
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_becomes_the_object_it_means() {
        let mut body = json!({"kubeconfig": "current-context: a\nusers: []\n", "token": "t"});
        unfold(&mut body).unwrap();
        assert_eq!(body, json!({"kubeconfig": {"current-context": "a", "users": []}, "token": "t"}));
    }

    #[test]
    fn what_is_no_text_is_left_as_it_is() {
        for body in [json!({"kubeconfig": {"a": 1}}), json!({"kubeconfig": null}), json!([1]), json!({})] {
            let mut same = body.clone();
            unfold(&mut same).unwrap();
            assert_eq!(same, body);
        }
    }

    #[test]
    fn a_mistake_in_the_text_is_pointed_to_without_repeating_it() {
        let error = unfold(&mut json!({"kubeconfig": "users: [{a: 1, a: 2}]"})).unwrap_err();
        assert_eq!(error.pointer.as_str(), "/kubeconfig/users/0/a");
        let error = unfold(&mut json!({"kubeconfig": "token: [hunter2"})).unwrap_err();
        assert!(!error.detail.contains("hunter2"), "{error}");
        let error = unfold(&mut json!({"kubeconfig": "#".repeat(LONGEST + 1)})).unwrap_err();
        assert_eq!(error.code, Code::TooLong);
    }
}
