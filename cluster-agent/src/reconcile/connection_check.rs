//! Asking an environment who we are there and what we may.

use domain::engine::facts::{EnvironmentFacts, Life};
use domain::intent::environment::{ConnectionReport, ConnectionVerdict};
use domain::operation::{Generation, Obstacle, Outcome};

use super::done::{Done, no_secret};
use crate::cluster::{Checked, Problem, Targets};

/// Asks. What it says is the result, also if it says no; only if it says nothing, it is asked again.
pub async fn apply(targets: &Targets, facts: &EnvironmentFacts) -> Done {
    match facts.life {
        Life::Deleting => return Done::overtaken(),
        Life::Active => {}
    }
    let name = facts.name.as_str();
    let Some(secret) = &facts.secret else {
        return no_secret(&format!("environment \"{name}\""), facts.generation);
    };
    let Checked { report, problem } = match targets.target(&facts.spec, secret) {
        Ok(target) => target.check().await,
        Err(problem) => Checked { report: unasked(&problem), problem: Some(problem) },
    };
    verdict(name, facts.generation, problem).with_check(report)
}

fn verdict(environment: &str, seen: Generation, problem: Option<Problem>) -> Done {
    match problem {
        Some(Problem::Unreachable(message)) => {
            let environment = environment.to_owned();
            Outcome::Unreachable(Obstacle::EnvironmentUnreachable { environment, message }).into()
        }
        None
        | Some(Problem::Denied(_) | Problem::Credential(_) | Problem::Permission(_) | Problem::Unusable(_)) => {
            Done::as_wanted(seen)
        }
    }
}

/// Of one that we may not, or cannot, even dial.
fn unasked(problem: &Problem) -> ConnectionReport {
    let verdict = ConnectionVerdict::Failed { why: problem.advice() };
    ConnectionReport { verdict, version: None, user: None, permissions: Vec::new() }.bounded()
}
