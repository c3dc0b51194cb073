//! Who waits for an environment, and may go on now.

use domain::ids::{DeploymentId, EnvironmentId, Generation};
use domain::operation::{Kind, Operation, OperationId, Subject, Thing, Wish};
use serde::Deserialize;
use serde_json::Value;

use crate::change::{Change, Class, Queue};
use crate::operations::lane_from_json;
use crate::{Error, Result};

/// A deployment that was refused, or that somebody is about to write.
#[derive(Debug, Deserialize)]
struct Dependant {
    id: DeploymentId,
    generation: Generation,
    refused_generation: Generation,
    state: String,
    lane: Value,
}

/// Wishes anew whatever depends on an environment: what was refused because of it, and what is under way, which may have
/// read what was before. Answers how many were wished.
///
/// `dependants` is what the scene brings; there are at most five hundred. The marks of all others are cleared too, and
/// the sweep finds them.
pub(super) fn wish_dependants(change: &mut Change, dependants: Value, queue: &Queue<'_>) -> Result<usize> {
    let dependants: Vec<Dependant> = serde_json::from_value(dependants)
        .map_err(|_| Error::unreadable("a deployment of an environment"))?;
    let mut wished = 0;
    for dependant in dependants {
        let lane = lane_from_json(dependant.lane)?;
        let writes = |operation: &Operation| {
            matches!(
                operation.subject.kind(),
                Kind::Apply(Thing::Deployment) | Kind::TakeDown(Thing::Deployment)
            )
        };
        if dependant.refused_generation.0 == 0 && !lane.iter().any(writes) {
            continue;
        }
        let resource = dependant.id.into();
        let subject = if dependant.state == "active" {
            Subject::apply(Thing::Deployment, resource)
        } else {
            Subject::take_down(Thing::Deployment, resource)
        };
        let wish = Wish { subject, target: dependant.generation, gate: None };
        change.wish(&wish, &lane, &Queue { class: Class::Bulk, ..*queue });
        wished += 1;
    }
    Ok(wished)
}

/// Wishes that the engine knows what the environment is now.
pub(super) fn wish_apply(
    change: &mut Change,
    id: EnvironmentId,
    target: Generation,
    (lanes, queue): (&[Operation], &Queue<'_>),
) -> OperationId {
    let wish = Wish { subject: Subject::apply(Thing::Environment, id.into()), target, gate: None };
    change.wish(&wish, lanes, queue)
}

/// Wishes that somebody asks it who we are there.
pub(super) fn wish_check(
    change: &mut Change,
    id: EnvironmentId,
    target: Generation,
    (lanes, queue): (&[Operation], &Queue<'_>),
) -> OperationId {
    let wish = Wish { subject: Subject::connection_check(id.into()), target, gate: None };
    change.wish(&wish, lanes, &Queue { class: Class::Prompt, ..*queue })
}
