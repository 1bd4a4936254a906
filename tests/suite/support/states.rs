//! States of real draws, from which a step can be taken again with one thing changed.

use chokepoint::internals::engine::{Batch, Observer, Step};
use chokepoint::internals::plan::Plan;

/// Calls back with the state after a step of each quarter.
struct At<F: FnMut(&Plan, &Batch, usize)> {
    step: Step,
    look: F,
}

impl<F: FnMut(&Plan, &Batch, usize)> Observer for At<F> {
    fn after(&mut self, step: Step, t: usize, plan: &Plan, batch: &Batch) {
        if step == self.step {
            (self.look)(plan, batch, t);
        }
    }
}

/// Looks at the draws of a batch after a step of every quarter.
pub fn after_each(plan: &Plan, batch: u64, step: Step, look: impl FnMut(&Plan, &Batch, usize)) {
    Batch::new(plan).simulate(plan, batch, &mut At { step, look });
}

/// The state with something changed.
pub fn with(state: &Batch, change: impl FnOnce(&mut Batch)) -> Batch {
    let mut changed = state.clone();
    change(&mut changed);
    changed
}
