//! Up, used, broken in every way, down, gone.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use serde_json::json;
use testbed::cluster::Key;

use super::{Whole, deployments, text};

/// What a person is promised after `kill -9` of any one process.
const BACK: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_comes_up_heals_resumes_and_leaves_nothing() {
    let sandbox = Whole::new();
    let begun = Instant::now();
    sandbox.succeed(&["up"]);
    println!("up after {:?}", begun.elapsed());
    it_is_usable(&sandbox).await;
    a_second_up_changes_nothing(&sandbox);
    deployments::of_the_demo(&sandbox);
    deployments::of_every_sample(&sandbox).await;
    deployments::to_the_world_are_refused(&sandbox).await;
    every_process_comes_back(&sandbox).await;
    deployments::of_others_are_left_alone(&sandbox).await;
    deployments::of_the_demo(&sandbox);
    it_survives_its_supervisor(&sandbox).await;
    it_goes_down_and_up_with_the_same_ports(&sandbox).await;
    deployments::of_the_demo(&sandbox);
    it_resets(&sandbox).await;
}

async fn it_is_usable(sandbox: &Whole) {
    let ready = format!("{}/readyz", sandbox.env("ARGOSY_URL"));
    testbed::http::healthy(&testbed::http::plain().unwrap(), &ready).await.unwrap();
    for metrics in sandbox.env("ARGOSY_METRICS_URLS").split(',') {
        testbed::http::healthy(&testbed::http::plain().unwrap(), metrics).await.unwrap();
    }
    let mode = std::fs::metadata(sandbox.folder.env()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it holds the operator's token");
    let tenant = format!("{}/v1/tenants/{}", sandbox.env("ARGOSY_URL"), sandbox.env("ARGOSY_TENANT"));
    let asked = testbed::http::plain().unwrap().get(tenant).bearer_auth(sandbox.env("ARGOSY_TOKEN"));
    assert_eq!(asked.send().await.unwrap().status(), 200, "its person owns a tenant");
    let key = std::fs::read_to_string(sandbox.env("ARGOSY_OPERATOR_KEY_FILE")).unwrap();
    let engines = format!("{}/v1/engine-instances", sandbox.env("ARGOSY_URL"));
    let asked = testbed::http::plain().unwrap().get(engines).bearer_auth(key.trim()).send().await.unwrap();
    let engines = asked.error_for_status().unwrap().text().await.unwrap();
    assert!(engines.contains("argocd-1") && engines.contains("argocd-2"), "{engines}");

    let kubectl = Command::new(sandbox.folder.programs().join("kubectl"))
        .args([
            "--kubeconfig",
            &sandbox.env("ARGOSY_HUB_KUBECONFIG"),
            "get",
            "applications.argoproj.io",
            "-A",
        ])
        .output()
        .unwrap();
    assert!(kubectl.status.success(), "{}", text(&kubectl.stderr));
    assert!(sandbox.folder.path().join("kubectl-cache").exists(), "its cache lies with the sandbox");
    testbed::postgres::query(&sandbox.env("ARGOSY_DATABASE_URL"), "select 1").await.unwrap();
}

fn a_second_up_changes_nothing(sandbox: &Whole) {
    let before = sandbox.report();
    let said = sandbox.succeed(&["up"]);
    assert!(said.contains("runs already; nothing to do"), "{said}");
    let pids = |report: &sandbox::state::Report| report.parts.iter().map(|part| part.pid).collect::<Vec<_>>();
    assert_eq!(pids(&before), pids(&sandbox.report()));
}

/// One after the other: `make status` tells of it, and it is back in time.
async fn every_process_comes_back(sandbox: &Whole) {
    for before in sandbox.report().parts {
        let Some(pid) = before.pid else { continue };
        let begun = Instant::now();
        kill(pid);
        testbed::wait::until(&format!("{} to be started again", before.name), BACK, async || {
            let now = sandbox.part(&before.name);
            if now.starts > before.starts { Ok(()) } else { Err(format!("{now:?}")) }
        })
        .await
        .unwrap();
        sandbox
            .all_ready(
                BACK.saturating_sub(begun.elapsed()),
                &format!("all to be ready again after {}", before.name),
            )
            .await;
        println!("{} and all that needs it back after {:?}", before.name, begun.elapsed());
        let status = sandbox.succeed(&["status"]);
        let row =
            status.lines().find(|line| line.trim_start().starts_with(&format!("{} ", before.name))).unwrap();
        // PostgreSQL, started while the killed one's children are still going, ends once more by itself; then the row
        // names that later end.
        let ended_again = sandbox.part(&before.name).starts > before.starts + 1;
        let told = row.contains("signal: 9") || (ended_again && row.contains("ended by itself"));
        assert!(told, "status tells of it: {row}");
    }
}

async fn it_survives_its_supervisor(sandbox: &Whole) {
    let kept = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "data": {"kept": "yes"},
        "metadata": {"name": "kept", "namespace": "default"},
    });
    sandbox.objects("target").await.apply(kept).await.unwrap();

    kill(sandbox.report().supervisor);
    sandbox.nothing_is_left().await;
    let status = sandbox.say(&["status"]);
    assert!(!status.status.success());
    assert!(text(&status.stdout).contains("ended without being told to"), "{}", text(&status.stdout));

    let begun = Instant::now();
    sandbox.succeed(&["up"]);
    println!("resumed after {:?}", begun.elapsed());
    let key = Key::of("v1", "ConfigMap").named("kept").within("default");
    let found = sandbox.objects("target").await.get(&key).await.unwrap().expect("its data is kept");
    assert_eq!(found["data"]["kept"], "yes");
}

async fn it_goes_down_and_up_with_the_same_ports(sandbox: &Whole) {
    let env = std::fs::read_to_string(sandbox.folder.env()).unwrap();
    sandbox.succeed(&["down"]);
    sandbox.nothing_is_left().await;
    let status = sandbox.say(&["status"]);
    assert!(text(&status.stdout).contains("is down. Its data is kept"), "{}", text(&status.stdout));

    let begun = Instant::now();
    sandbox.succeed(&["up"]);
    println!("up again after {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(30), "a second start takes at most 30 s");
    assert_eq!(std::fs::read_to_string(sandbox.folder.env()).unwrap(), env);
}

async fn it_resets(sandbox: &Whole) {
    let asked = sandbox.say(&["reset"]);
    assert!(!asked.status.success(), "without a terminal nobody can say yes");
    sandbox.succeed(&["reset", "--force"]);
    sandbox.nothing_is_left().await;
    assert!(!sandbox.folder.path().exists());
}

fn kill(pid: u32) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, Signal::KILL).unwrap();
}
