//! Times and pauses.

use domain::operation::{
    Debt, Event, FIRST_PAUSE, Generation, Jitter, KEEP_ALIVE, Kind, LEASE, LONGEST_PAUSE, Operation, Place,
    SHORTEST_PAUSE, Terms, Underway, pause,
};
use proptest::prelude::*;

use super::scene::{at_for, due, id, run, shop, wish};

proptest! {
    #[test]
    fn a_pause_is_never_too_short_nor_too_long(attempts: u32, dice: u32) {
        let pause = pause(attempts, Jitter(dice));
        prop_assert!((SHORTEST_PAUSE..=LONGEST_PAUSE).contains(&pause), "{pause:?}");
    }

    #[test]
    fn later_attempts_wait_longer_with_the_same_dice(attempts in 0_u32..1000, dice: u32) {
        prop_assert!(pause(attempts, Jitter(dice)) <= pause(attempts + 1, Jitter(dice)));
    }

    #[test]
    fn higher_dice_wait_longer(attempts: u32, dice in 0..u32::MAX) {
        prop_assert!(pause(attempts, Jitter(dice)) <= pause(attempts, Jitter(dice + 1)));
    }

    #[test]
    fn joining_never_moves_a_deadline_back_nor_behind_the_cap(seconds in prop::collection::vec(0_i64..9000, 1..20)) {
        for subject in [shop(), run(1)] {
            let mut seconds = seconds.clone();
            seconds.sort_unstable();
            let made = due(1, subject, 1);
            let mut operation = made.clone();
            for second in seconds {
                let joined = operation.clone().transition(Event::Joined { target: Generation(2) }, &at_for(second, subject));
                let Ok(joined) = joined else { break };
                prop_assert!(joined.deadline_at >= operation.deadline_at);
                prop_assert!(joined.deadline_at <= made.made_at + Terms::of(subject.kind()).cap);
                operation = joined;
            }
        }
    }

    #[test]
    fn the_sweep_asks_only_for_what_is_neither_applied_nor_refused(generation in 0_u64..9, applied in 0_u64..9, refused in 0_u64..9) {
        let debt = Debt {
            generation: Generation(generation),
            applied: Generation(applied),
            refused: Generation(refused),
        };
        let owed = (generation > applied && generation > refused).then_some(Generation(generation));
        prop_assert_eq!(debt.owes(Underway::Nothing), owed);
        prop_assert_eq!(debt.owes(Underway::Something), None);
    }
}

#[test]
fn pauses_double_up_to_the_longest() {
    let highest = Jitter(u32::MAX);
    let seconds: Vec<u64> = (0..9).map(|attempts| pause(attempts, highest).as_secs()).collect();
    assert_eq!(seconds, [1, 1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(pause(1, highest), FIRST_PAUSE);
}

#[test]
fn a_lease_survives_two_lost_keep_alives_and_every_kind_has_time_for_several_leases() {
    assert!(LEASE >= KEEP_ALIVE * 3);
    for kind in Kind::all() {
        let terms = Terms::of(kind);
        assert!(terms.lease * 4 < terms.patience && terms.patience <= terms.cap, "{kind}");
    }
}

#[test]
fn a_deadline_at_the_end_of_time_is_the_end_of_time() {
    let moment = domain::operation::Moment { now: jiff::Timestamp::MAX, ..at_for(0, shop()) };
    let made = Operation::new(id(1), Place(1), &wish(shop(), 1), None, &moment);
    assert_eq!(made.deadline_at, jiff::Timestamp::MAX);
}
