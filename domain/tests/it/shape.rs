//! Structure: every body is compared with the schema that is documented.

use domain::field::{Code, FieldError, Shape};
use domain::intent::deployment::RawDeployment;
use domain::intent::environment::RawEnvironment;
use domain::intent::repository_credential::RawRepositoryCredential;
use proptest::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize, PartialEq, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    name: String,
    count: Option<i64>,
    #[serde(default)]
    parts: Vec<Part>,
    mode: Option<Mode>,
    rest: Option<Value>,
}

#[derive(Debug, Deserialize, PartialEq, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Part {
    self_heal: bool,
}

#[derive(Debug, Deserialize, PartialEq, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Mode {
    /// By itself.
    Automated,
    /// By hand.
    Manual,
}

fn found(body: Value) -> Vec<(String, Code, String)> {
    let errors = Shape::<Body>::new().read(body).unwrap_err();
    errors
        .into_iter()
        .map(|FieldError { pointer, code, detail }| (pointer.to_string(), code, detail))
        .collect()
}

#[test]
fn all_mistakes_of_form_come_at_once_with_what_to_do() {
    let body = json!({
        "nmae": "x", "count": "3", "parts": [{"self_heal": true}, 7, {"selfHeal": null}], "mode": "manul",
    });
    let mut expected = [
        ("/count", Code::WrongType, "give a whole number; this is a string"),
        ("/mode", Code::UnknownValue, "use one of `automated`, `manual`; did you mean `manual`?"),
        ("/nmae", Code::UnknownField, "there is no field of this name; did you mean `name`?"),
        (
            "/parts/0/self_heal",
            Code::UnknownField,
            "there is no field of this name; did you mean `selfHeal`?",
        ),
        ("/parts/0/selfHeal", Code::Required, "this field must be given"),
        ("/parts/1", Code::WrongType, "give an object; this is a whole number"),
        ("/parts/2/selfHeal", Code::WrongType, "give true or false; this is null"),
        ("/name", Code::Required, "this field must be given"),
    ]
    .map(|(place, code, detail)| (place.to_owned(), code, detail.to_owned()));
    let mut found = found(body);
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn a_body_of_the_right_form_is_read() {
    let body =
        json!({"name": "x", "count": null, "mode": "manual", "parts": [{"selfHeal": true}], "rest": [{}]});
    let read = Shape::<Body>::new().read(body).unwrap();
    assert_eq!((read.mode, read.count, read.parts[0].self_heal), (Some(Mode::Manual), None, true));
}

#[test]
fn what_is_no_object_at_all_is_said_once() {
    for body in [json!(null), json!([]), json!("x"), json!(3)] {
        let found = found(body);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].0.as_str(), found[0].1), ("", Code::WrongType));
    }
}

#[test]
fn numbers_that_are_no_whole_numbers_are_refused() {
    for count in [json!(1.5), json!(1e30), json!(u64::MAX), json!(true)] {
        assert_eq!(found(json!({"name": "x", "count": count}))[0].1, Code::WrongType);
    }
}

#[test]
fn no_keyword_of_our_schemas_goes_unread() {
    assert_eq!(Shape::<Body>::new().unread(), [""; 0]);
    assert_eq!(Shape::<RawDeployment>::new().unread(), [""; 0]);
    assert_eq!(Shape::<RawEnvironment>::new().unread(), [""; 0]);
    assert_eq!(Shape::<RawRepositoryCredential>::new().unread(), [""; 0]);
}

#[test]
fn a_million_unknown_fields_get_a_hundred_answers_without_their_names() {
    let body: serde_json::Map<_, _> = (0..100_000).map(|number| (format!("k{number}"), json!(0))).collect();
    let errors = Shape::<RawDeployment>::new().errors(&Value::Object(body));
    assert_eq!(errors.len(), 100);
    let body = json!({"x".repeat(1 << 20): 0});
    assert!(
        Shape::<RawDeployment>::new().errors(&body).iter().all(|error| error.pointer.as_str().len() < 200)
    );
}

#[test]
fn a_secret_of_the_wrong_type_is_not_repeated() {
    let body = json!({"server": "https://k8s.example.com", "token": {"canary-4711": "canary-4711"}});
    let errors = Shape::<RawEnvironment>::new().read(body).err().unwrap();
    assert_eq!(errors[0].pointer.as_str(), "/token");
    assert!(!format!("{errors:?}").contains("canary-4711"));
    let body = json!({"repository": "https://h/r", "bearer": {"token": 4711}});
    let errors = Shape::<RawRepositoryCredential>::new().read(body).err().unwrap();
    assert!(!format!("{errors:?}").contains("4711"));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "automated|manual|[a-z]{0,3}".prop_map(Value::from),
    ];
    let key = "name|count|parts|mode|rest|selfHeal|source|sources|policy|helm|repository|path|[a-z]{1,3}";
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    /// The schema says all that the type asks for: where we find nothing, serde finds nothing, and the other way round.
    #[test]
    fn the_schema_and_the_type_agree(body in any_json()) {
        let shape = Shape::<Body>::new();
        prop_assert_eq!(shape.errors(&body).is_empty(), serde_json::from_value::<Body>(body).is_ok());
    }

    #[test]
    fn the_schema_of_a_deployment_and_its_type_agree(body in any_json()) {
        let shape = Shape::<RawDeployment>::new();
        prop_assert_eq!(shape.errors(&body).is_empty(), serde_json::from_value::<RawDeployment>(body).is_ok());
    }
}
