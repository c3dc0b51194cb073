//! The document, put together.

use serde_json::{Value, json};
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, PathItem, PathsBuilder};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApiBuilder, Ref, Required, Response,
    ResponseBuilder, ResponsesBuilder,
};

use super::parameters::{self, header_says};
use super::schemas::{Schemas, public_name, renamed};
use crate::http::reply::Answered;
use crate::http::route::{Chapter, Described};

const ABOUT: &str = "Say what Git repository goes to which environment; Argosy makes it so, and tells how it went.\n\n\
    What concerns an engine is answered with 202, and the operation that brings it there in `Location` and \
    `Operation-Id`: `GET` it with `?wait=30s`. Errors are problems (RFC 9457) with a stable `code`. Things of other \
    tenants and things that are not there look the same.";

const PROBLEM: &str = "Problem";
const BEARER: &str = "bearer";

/// The whole document.
pub(super) fn of(chapters: &[Chapter]) -> Value {
    let mut schemas = Schemas::new();
    let mut paths = PathsBuilder::new();
    for chapter in chapters {
        for route in &chapter.routes {
            let (described, method) = (&route.described, method(&route.described));
            let operation = operation(chapter.title, described, &mut schemas);
            paths = paths.path(described.path, PathItem::new(method, operation));
        }
    }
    let tags = chapters
        .iter()
        .map(|chapter| TagBuilder::new().name(chapter.title).description(Some(chapter.about)).build());
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token of one of the operator's issuers, or an API key."))
        .build();
    let components = ComponentsBuilder::new()
        .response(PROBLEM, problem())
        .security_scheme(BEARER, SecurityScheme::Http(bearer))
        .build();
    let license = LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build();
    let info = InfoBuilder::new()
        .title("Argosy")
        .version("v1")
        .description(Some(ABOUT))
        .license(Some(license))
        .build();
    let document = OpenApiBuilder::new()
        .info(info)
        .paths(paths.build())
        .components(Some(components))
        .security(Some([SecurityRequirement::new(BEARER, Vec::<String>::new())]))
        .tags(Some(tags.collect::<Vec<_>>()))
        .build();
    let mut document = serde_json::to_value(&document).unwrap_or_default();
    document["servers"] = json!([{ "url": "/", "description": "Where this document is served." }]);
    let all = schemas.finish();
    let named = all.iter().map(|(name, schema)| (public_name(name, &all), schema.clone()));
    document["components"]["schemas"] = Value::Object(named.collect());
    sorted(renamed(document, &all))
}

fn method(described: &Described) -> HttpMethod {
    match described.method.as_str() {
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "POST" => HttpMethod::Post,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn operation(tag: &str, described: &Described, schemas: &mut Schemas) -> Operation {
    let mut responses = ResponsesBuilder::new();
    for (status, response) in answers(described, schemas) {
        responses = responses.response(status, response);
    }
    let problem = Ref::from_response_name(PROBLEM);
    let who = ExtensionsBuilder::new().add("x-argosy-needs", described.who.name()).build();
    OperationBuilder::new()
        .tag(tag)
        .operation_id(Some(described.id))
        .summary(Some(described.summary).filter(|text| !text.is_empty()))
        .description(Some(described.description).filter(|text| !text.is_empty()))
        .parameters(Some(parameters::of(described, schemas)))
        .request_body(body(described, schemas))
        .responses(responses.response("default", problem).build())
        .extensions(Some(who))
        .build()
}

/// The answers by status; one status may have several forms.
fn answers(described: &Described, schemas: &mut Schemas) -> Vec<(String, Response)> {
    let mut responses: Vec<(String, ResponseBuilder)> = Vec::new();
    for answered in (described.answers)(schemas.generator()) {
        let Answered { status, says, media, schema, headers } = answered;
        let status = status.as_u16().to_string();
        let known = responses.iter().position(|(known, _)| *known == status);
        let mut response = known
            .map_or_else(|| ResponseBuilder::new().description(says), |index| responses.swap_remove(index).1);
        if let Some(schema) = schema {
            let name = format!("{}{}", capital(described.id), "Answer");
            let content = ContentBuilder::new().schema(Some(schemas.refer(&schema, &name))).build();
            response = response.content(media, content);
        }
        for name in headers {
            let text = parameters::text();
            let header = HeaderBuilder::new().schema(Some(text)).description(Some(header_says(name))).build();
            response = response.header(*name, header);
        }
        responses.push((status, response));
    }
    responses.into_iter().map(|(status, response)| (status, response.build())).collect()
}

fn body(described: &Described, schemas: &mut Schemas) -> Option<RequestBody> {
    let media = described.media?;
    let schema = (described.body)(schemas.generator())?;
    let name = format!("{}{}", capital(described.id), "Body");
    let mut content =
        serde_json::to_value(ContentBuilder::new().schema(Some(schemas.refer(&schema, &name))).build())
            .unwrap_or_default();
    let examples =
        described.examples.iter().map(|example| (example.name.to_owned(), json!({ "value": example.body })));
    let examples: serde_json::Map<_, _> = examples.collect();
    if !examples.is_empty() {
        content["examples"] = Value::Object(examples);
    }
    let content: utoipa::openapi::Content = serde_json::from_value(content).ok()?;
    Some(RequestBodyBuilder::new().required(Some(Required::True)).content(media, content).build())
}

fn problem() -> Response {
    let schema = Ref::from_schema_name(PROBLEM);
    ResponseBuilder::new()
        .description("What went wrong, and what to do.")
        .content("application/problem+json", ContentBuilder::new().schema(Some(schema)).build())
        .build()
}

fn capital(id: &str) -> String {
    let mut letters = id.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// In one order, whatever maps are made of: a document that changes by itself cannot be compared.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: std::collections::BTreeMap<_, _> = members.into_iter().collect();
            Value::Object(members.into_iter().map(|(key, value)| (key, sorted(value))).collect())
        }
        Value::Array(entries) => Value::Array(entries.into_iter().map(sorted).collect()),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => plain,
    }
}
