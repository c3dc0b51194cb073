//! Long random walks through a life that is too rich to be explored.

use proptest::prelude::*;
use stateright::{Expectation, Model};

use super::runs::LIFE;
use super::world::{Budget, Step, Story};

/// Any step, but time and the end of it all come seldom: much happens in between.
fn pick(steps: &[Step], throw: u16) -> Option<&Step> {
    let often: Vec<_> = steps.iter().filter(|step| !matches!(step, Step::Tick | Step::Delete)).collect();
    let at = usize::from(throw / 8);
    if throw.is_multiple_of(8) || often.is_empty() {
        return steps.get(at % steps.len().max(1));
    }
    Some(often[at % often.len()])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn all_promises_hold_on_long_walks(deletes in 0_u8..2, dice in prop::collection::vec(any::<u16>(), 1..500)) {
        let life = Story { budget: Budget { deletes, ..LIFE.budget }, ..LIFE };
        let promises = life.properties();
        let always = || promises.iter().filter(|promise| promise.expectation == Expectation::Always);
        let mut world = life.init_states().remove(0);
        let mut steps = Vec::new();
        for throw in dice {
            steps.clear();
            life.actions(&world, &mut steps);
            let Some(step) = pick(&steps, throw) else { break };
            world = life.next_state(&world, *step).unwrap_or(world);
            for promise in always() {
                prop_assert!((promise.condition)(&life, &world), "after {step:?}: {}", promise.name);
            }
        }
    }
}
