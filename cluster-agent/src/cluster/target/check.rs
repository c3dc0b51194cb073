//! The connection check: who are we there, which version is it, and may we see what we are to work on?

use domain::intent::environment::{ConnectionReport, ConnectionVerdict, Permission, Reach};
use domain::text::Namespace;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use serde_json::json;

use super::problem::Problem;
use super::question::Answer;
use super::{OCCASION, Target};

const WHO: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
/// Namespaces that are asked for at a time.
const AT_A_TIME: usize = 8;

/// What a check found, and what stood in its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// For whoever looks at the environment.
    pub report: ConnectionReport,
    /// Why it did not pass. None: it passed.
    pub problem: Option<Problem>,
}

impl Target<'_> {
    /// Asks. It always comes to a result, and in time.
    pub async fn check(&self) -> Checked {
        let mut report = ConnectionReport {
            verdict: ConnectionVerdict::Passed,
            version: None,
            user: None,
            permissions: Vec::new(),
        };
        let asking = self.ask_around(&mut report);
        let outcome = tokio::time::timeout(OCCASION, asking).await;
        let late = || Err(Problem::Unreachable("it takes too long".to_owned()));
        let problem = outcome.unwrap_or_else(|_| late()).err();
        if let Some(problem) = &problem {
            report.verdict = ConnectionVerdict::Failed { why: problem.advice() };
        }
        Checked { report: report.bounded(), problem }
    }

    async fn may_see(&self, name: &Namespace) -> Result<Permission, Problem> {
        let allowed = allowed(&self.get(&format!("/api/v1/namespaces/{name}")).await?)?;
        Ok(Permission { what: format!("get namespace {name}"), allowed })
    }

    async fn ask_around(&self, report: &mut ConnectionReport) -> Result<(), Problem> {
        let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
        // Clusters before 1.28 do not know this question, and who we are is not worth failing for.
        report.user = self.review(WHO, &review).await?.text("/status/userInfo/username");
        let version = self.get("/version").await?;
        report.version = version.text("/gitVersion");
        match self.reach() {
            Reach::Cluster => {
                let allowed = allowed(&self.list("/api/v1/namespaces?limit=1").await?)?;
                report.permissions.push(Permission { what: "list namespaces".to_owned(), allowed });
            }
            Reach::Namespaces { names, .. } => {
                // Boxes: the compiler cannot tell otherwise that they may be sent (rust-lang/rust#102211).
                let asked: Vec<BoxFuture<'_, _>> =
                    names.iter().map(|name| self.may_see(name).boxed()).collect();
                let answers: Vec<Result<Permission, Problem>> =
                    stream::iter(asked).buffered(AT_A_TIME).collect().await;
                report.permissions = answers.into_iter().collect::<Result<_, _>>()?;
            }
        }
        let denied = report.permissions.iter().find(|permission| !permission.allowed);
        denied.map_or(Ok(()), |denied| Err(Problem::Permission(denied.what.clone())))
    }
}

/// Whether we may see what is there. What is not there, we may see.
fn allowed(answer: &Answer) -> Result<bool, Problem> {
    match answer.status {
        200..300 => Ok(true),
        403 => Ok(false),
        404 if answer.body["kind"] == "Status" => Ok(true),
        status => {
            Err(Problem::Unusable(format!("it answers {status} where an API server of Kubernetes would not")))
        }
    }
}
