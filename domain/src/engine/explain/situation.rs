//! All that is known of a deployment, and what is said first.

use super::engine::of_report;
use super::{Code, Explanation};
use crate::engine::facts::Life;
use crate::engine::observed::Report;
use crate::intent::deployment::DeploymentSpec;
use crate::operation::{Due, Hold, Obstacle, Operation, State};

/// All that is known of a deployment.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// Whether it is wished for.
    pub life: Life,
    /// What is wished.
    pub spec: &'a DeploymentSpec,
    /// The name of its environment.
    pub environment: &'a str,
    /// Some engine serves its environment.
    pub placed: bool,
    /// How its environment's last check went.
    pub check: Check<'a>,
    /// Whether the engine knows of the wish.
    pub told: Told,
    /// Why the wish was refused, if it was.
    pub refusal: Option<&'a str>,
    /// What is being done about it.
    pub underway: Option<Underway<'a>>,
    /// What the engine says.
    pub report: Option<&'a Report>,
}

/// How an environment's last check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check<'a> {
    /// There was none.
    NotYet,
    /// Well.
    Passed,
    /// Not well.
    Failed(&'a str),
}

/// Whether the engine knows of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// It knows nothing of the deployment.
    Never,
    /// It knows a former wish.
    Before,
    /// It knows.
    Now,
}

/// How the operation is going that tells the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Underway<'a> {
    /// It stands behind something.
    Held(Hold),
    /// It may be taken by an agent.
    Due {
        /// What stood in the way of the last attempt.
        obstacle: Option<&'a Obstacle>,
    },
    /// An agent is at it.
    Running {
        /// Which, if it may be said.
        agent: Option<&'a str>,
    },
}

impl<'a> Underway<'a> {
    /// How an operation is going. None: it has ended.
    #[must_use]
    pub fn of(operation: &'a Operation, agent: Option<&'a str>) -> Option<Self> {
        match &operation.state {
            State::Waiting(Due::At(_)) => Some(Self::Due { obstacle: operation.last.as_ref() }),
            State::Waiting(Due::After(gate)) => Some(Self::Held(gate.hold())),
            State::Running { .. } => Some(Self::Running { agent }),
            State::Ended(_) => None,
        }
    }
}

/// Why a deployment is where it is.
#[must_use]
pub fn explain(situation: &Situation<'_>) -> Explanation {
    match situation.life {
        Life::Deleting => taking_down(situation),
        Life::Active => before_the_engine(situation).unwrap_or_else(|| on_the_engine(situation)),
    }
}

fn taking_down(situation: &Situation<'_>) -> Explanation {
    if let Some(refusal) = situation.refusal {
        return Explanation::new(Code::TakeDownHeld, format!("It is being taken down, but {refusal}"));
    }
    let error =
        situation.report.and_then(|report| report.conditions.iter().find(|one| one.sort == "DeletionError"));
    if let Some(error) = error {
        let sentence =
            format!("It is being taken down, but the engine could not remove all of it: {}", error.message);
        return Explanation::new(Code::TakeDownHeld, sentence);
    }
    match situation.underway {
        Some(Underway::Due { obstacle: Some(obstacle) }) => Explanation::new(
            Code::TakeDownHeld,
            format!("It is being taken down, but {obstacle}; it is tried again"),
        ),
        Some(Underway::Held(_) | Underway::Due { obstacle: None } | Underway::Running { .. }) | None => {
            Explanation::new(Code::TakingDown, "It is being taken down.")
        }
    }
}

/// What keeps a wish from the engine.
fn before_the_engine(situation: &Situation<'_>) -> Option<Explanation> {
    let Situation { environment, told, .. } = situation;
    if !situation.placed {
        let sentence = "No engine is available for it; it is placed as soon as there is one.";
        return Some(Explanation::new(Code::Unplaced, sentence));
    }
    if let Some(refusal) = situation.refusal {
        return Some(Explanation::new(Code::Refused, capitalised(refusal)));
    }
    match (situation.check, told) {
        (Check::Failed(message), _) => {
            let sentence = format!("The check of environment \"{environment}\" failed: {message}");
            return Some(Explanation::new(Code::EnvironmentCheckFailed, sentence));
        }
        (Check::NotYet, Told::Never) => {
            let sentence = format!("It waits for the first check of environment \"{environment}\".");
            return Some(Explanation::new(Code::EnvironmentUnchecked, sentence));
        }
        (Check::NotYet | Check::Passed, Told::Never | Told::Before | Told::Now) => {}
    }
    match told {
        // What is done now does not change what the engine was told.
        Told::Now => None,
        Told::Never | Told::Before => Some(on_the_way(situation.underway)),
    }
}

fn on_the_way(underway: Option<Underway<'_>>) -> Explanation {
    match underway {
        Some(Underway::Held(hold)) => {
            Explanation::new(Code::WaitingForTurn, format!("It has not reached the engine yet: {hold}."))
        }
        Some(Underway::Due { obstacle: Some(obstacle) }) => {
            let sentence =
                format!("It has not reached the engine yet: {obstacle}; it is tried again by itself.");
            Explanation::new(Code::Obstructed, sentence)
        }
        Some(Underway::Running { agent: Some(agent) }) => {
            Explanation::new(Code::BeingApplied, format!("Agent {agent} is telling the engine."))
        }
        Some(Underway::Running { agent: None }) => {
            Explanation::new(Code::BeingApplied, "An agent is telling the engine.")
        }
        Some(Underway::Due { obstacle: None }) | None => Explanation::new(
            Code::WaitingForAgent,
            "It has not reached the engine yet: it waits for an agent.",
        ),
    }
}

fn on_the_engine(situation: &Situation<'_>) -> Explanation {
    match situation.report {
        Some(report) => of_report(report, situation.spec),
        None => Explanation::new(Code::NotComparedYet, "The engine has it, and has not looked at it yet."),
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
