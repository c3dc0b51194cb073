//! The Helm repository, read as `helm` reads it: the index, then the chart that it names.

use std::io::Read;

use serde_json::Value;
use sha2::{Digest, Sha256};
use testbed::{Access, Credential, Fault, Folder, HelmRepository, http};

use crate::support::{helm, last};

async fn index_of(repository: &HelmRepository) -> Value {
    let url = format!("{}/index.yaml", repository.url());
    let answer = http::plain().unwrap().get(url).send().await.unwrap().error_for_status().unwrap();
    serde_yaml_ng::from_str(&answer.text().await.unwrap()).unwrap()
}

#[tokio::test]
async fn a_published_chart_is_in_the_index_and_can_be_pulled() {
    let repository = HelmRepository::start().unwrap();
    repository.publish("web", "1.0.0", &[("values.yaml", "replicas: 1\n")]).unwrap();
    repository.publish("web", "1.1.0", &[("values.yaml", "replicas: 2\n")]).unwrap();

    let index = index_of(&repository).await;
    let versions = index["entries"]["web"].as_array().unwrap();
    assert_eq!(
        versions.iter().map(|chart| chart["version"].as_str().unwrap()).collect::<Vec<_>>(),
        ["1.0.0", "1.1.0"]
    );
    let url = format!("{}/{}", repository.url(), versions[1]["urls"][0].as_str().unwrap());
    let archive = http::plain().unwrap().get(url).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(versions[1]["digest"], hex::encode(Sha256::digest(&archive)));

    let mut files = Vec::new();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&archive[..]));
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        files.push((entry.path().unwrap().display().to_string(), text));
    }
    assert_eq!(files[1], ("web/values.yaml".to_owned(), "replicas: 2\n".to_owned()));
    assert!(files[0].0 == "web/Chart.yaml" && files[0].1.contains("version: 1.1.0"), "{files:?}");
}

#[tokio::test]
async fn helm_itself_pulls_with_the_right_password_only() {
    let repository = HelmRepository::start().unwrap();
    repository.publish("web", "1.0.0", &[("templates/x.yaml", "kind: {{ .Values.kind }}\n")]).unwrap();
    repository.set_access(Access::basic("ann", "right"));
    let folder = Folder::in_target("helm").unwrap();
    let url = repository.url();
    let template = |password| {
        let who = ["--username", "ann", "--password", password];
        let what = ["template", "x", "web", "--version", "1.0.0", "--set", "kind=Secret", "--repo", &url];
        helm(&folder, &[&what[..], &who[..]].concat())
    };

    let refused = template("wrong").unwrap_err();
    assert!(refused.contains("401"), "{refused}");
    assert!(template("right").unwrap().contains("kind: Secret"));
    assert_eq!(last(repository.requests()).path, "/web-1.0.0.tgz");
}

#[tokio::test]
async fn it_asks_for_its_password_and_logs_which_was_used() {
    let repository = HelmRepository::start().unwrap();
    repository.publish("web", "1.0.0", &[]).unwrap();
    repository.set_access(Access::basic("ann", "right"));
    let client = http::plain().unwrap();
    let get =
        |password| client.get(format!("{}/index.yaml", repository.url())).basic_auth("ann", Some(password));

    assert_eq!(get("wrong").send().await.unwrap().status(), 401);
    assert_eq!(last(repository.requests()).credential, Credential::basic("ann", "wrong"));
    assert_eq!(get("right").send().await.unwrap().status(), 200);
    assert_eq!(last(repository.requests()).credential, Credential::basic("ann", "right"));

    repository.set_fault(Fault::Status(503));
    assert_eq!(get("right").send().await.unwrap().status(), 503);
}
