//! Principals, roles, keys, and what bodies say of them.

use domain::access::{
    ApiKey, IssuerName, KeyScope, PlatformRole, Power, Principal, PrincipalKind, RawApiKey, RawLimits,
    RawTenant, RawTenantChange, Role,
};
use domain::field::{FieldError, Shape};
use domain::ids::ApiKeyId;
use domain::secret::Secret;
use proptest::prelude::*;
use uuid::Uuid;

const ID: &str = "018f2b5e-7c1d-7a4e-9b3a-5d0c1e2f3a4b";

fn places(errors: Vec<FieldError>) -> Vec<String> {
    errors.into_iter().map(|error| error.pointer.as_str().to_owned()).collect()
}

#[test]
fn a_principal_says_what_it_is() {
    let table = [
        ("corp:ann", PrincipalKind::Person),
        ("corp:auth0|5f7c8ec7", PrincipalKind::Person),
        ("corp:CN=Ann O'Hara, O=Corp", PrincipalKind::Person),
        ("corp:system:serviceaccount:ns:name", PrincipalKind::Person),
        ("corp:group:corp:dev", PrincipalKind::Person),
        ("group:corp:dev", PrincipalKind::Group),
        ("group:corp:eu:dev", PrincipalKind::Group),
        ("key:018f2b5e-7c1d-7a4e-9b3a-5d0c1e2f3a4b", PrincipalKind::Key),
    ];
    for (raw, kind) in table {
        let principal = Principal::parse(raw).unwrap_or_else(|why| panic!("{raw}: {why}"));
        assert_eq!((principal.kind(), principal.as_str()), (kind, raw));
    }
    assert_eq!(Principal::from(ID.parse::<ApiKeyId>().unwrap()).as_str(), format!("key:{ID}"));
}

#[test]
fn what_is_no_principal_cannot_be_one() {
    let long = format!("corp:{}", "a".repeat(400));
    for raw in [
        "",
        "ann",
        ":ann",
        "corp:",
        "corp: ann",
        "corp:ann ",
        "Corp:ann",
        "-corp:ann",
        "corp:a\nb",
        "corp:a\0b",
        "corp:a\u{202e}b",
        "group:corp",
        "group:corp:",
        "group::dev",
        "group:Corp:dev",
        "key:",
        "key:ann",
        "key:018F2B5E-7C1D-7A4E-9B3A-5D0C1E2F3A4B",
        &long,
    ] {
        assert!(Principal::parse(raw).is_err(), "{raw:?}");
    }
}

#[test]
fn no_issuer_is_called_like_what_is_ours() {
    for raw in ["group", "key", "argosy", "", "a.b", "A", "a:b"] {
        assert!(IssuerName::parse(raw).is_err(), "{raw}");
    }
    // So no token's subject can make its holder a group, a key or a program of ours.
    let issuer = IssuerName::parse("corp").unwrap();
    for subject in ["group:corp:admins", "key:x", "argosy:job"] {
        assert_eq!(Principal::person(&issuer, subject).unwrap().kind(), PrincipalKind::Person);
    }
    assert_eq!(Principal::of_program("job").as_str(), "argosy:job");
}

#[test]
fn words_are_read_as_they_are_written() {
    for role in Role::ALL {
        assert_eq!(role.as_str().parse::<Role>().unwrap(), *role);
        assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
    }
    for role in PlatformRole::ALL {
        assert_eq!(role.to_string().parse::<PlatformRole>().unwrap(), *role);
    }
    let said = "root".parse::<Role>().unwrap_err().to_string();
    assert_eq!(said, "a role is one of `viewer`, `deployer`, `owner`");
}

#[test]
fn a_key_is_as_narrow_as_its_scopes_its_role_and_its_member() {
    let all = KeyScope::ALL;
    let table = [
        (all, Role::Owner, Role::Owner, Power::Manage),
        (all, Role::Owner, Role::Deployer, Power::Deploy),
        (all, Role::Viewer, Role::Owner, Power::Read),
        (&[KeyScope::Sync], Role::Owner, Role::Owner, Power::Sync),
        (&[KeyScope::Sync], Role::Deployer, Role::Viewer, Power::Read),
    ];
    for (scopes, role, member, power) in table {
        assert_eq!(KeyScope::of_key(scopes, role, member), Some(power), "{scopes:?} {role} {member}");
    }
    assert_eq!(KeyScope::of_key(&[], Role::Owner, Role::Owner), None);
    for scope in KeyScope::ALL {
        assert!(scope.needs().power() >= *scope, "{scope}");
    }
}

proptest! {
    #[test]
    fn a_key_is_read_as_it_was_written(id: u128, secret: [u8; 32]) {
        let text = ApiKey { id: ApiKeyId(Uuid::from_u128(id)), secret: Secret::new(secret) }.text();
        prop_assert!(ApiKey::looks_like_one(text.expose()));
        let read = ApiKey::parse(text.expose()).ok().unwrap();
        prop_assert_eq!((read.id.0.as_u128(), *read.secret.expose()), (id, secret));
    }

    #[test]
    fn a_key_with_one_letter_another_is_none(secret: [u8; 32], at in 0_usize..112, letter in "[0-9a-zA-Z_-]") {
        let text = ApiKey { id: ApiKeyId(Uuid::from_u128(7)), secret: Secret::new(secret) }.text();
        let mut wrong = text.expose().clone();
        wrong.replace_range(at..=at, &letter);
        prop_assume!(wrong != *text.expose());
        prop_assert!(ApiKey::parse(&wrong).is_err());
    }

    #[test]
    fn what_is_no_key_is_none(raw in ".{0,200}") {
        prop_assert!(ApiKey::parse(&raw).is_err());
        let nearly = ApiKey::parse(&format!("argosy_{raw}"));
        prop_assert!(nearly.is_err());
    }
}

#[test]
fn all_mistakes_of_a_body_are_found_at_once() {
    let tenant = RawTenant {
        name: "Not A Name".to_owned(),
        display_name: Some("two\nlines".to_owned()),
        owner: Some(format!("key:{ID}")),
    };
    assert_eq!(places(tenant.parse().unwrap_err()), ["/name", "/displayName", "/owner"]);
    let limits =
        RawLimits { deployments: Some(-1), request_rate: Some(0), api_keys: Some(7), ..RawLimits::default() };
    assert_eq!(places(limits.parse().unwrap_err()), ["/deployments", "/requestRate"]);
    let limits = RawLimits { api_keys: Some(0), ..RawLimits::default() }.parse().unwrap();
    assert_eq!((limits.api_keys, limits.deployments), (Some(0), None));
    let cleared = RawTenantChange { display_name: None }.parse().unwrap();
    assert_eq!(cleared.as_str(), "");
}

#[test]
fn their_schemas_say_nothing_that_is_not_checked() {
    assert_eq!(Shape::<RawTenant>::new().unread(), Vec::<String>::new());
    assert_eq!(Shape::<RawTenantChange>::new().unread(), Vec::<String>::new());
    assert_eq!(Shape::<RawLimits>::new().unread(), Vec::<String>::new());
    assert_eq!(Shape::<RawApiKey>::new().unread(), Vec::<String>::new());
    let wrong = serde_json::json!({ "name": "ci", "role": "root", "scopes": ["read", "mint"] });
    assert_eq!(places(Shape::<RawApiKey>::new().read(wrong).err().unwrap()), ["/role", "/scopes/1"]);
}
