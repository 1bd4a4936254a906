//! What is under way from the start of production to its arrival.

use super::Production;
use crate::math::wide::Lanes;
use crate::plan::Plan;

impl Production<'_> {
    /// Moves what was started into the pipeline and takes out what arrives.
    #[inline(always)]
    pub(super) fn send(&mut self, plan: &Plan, launch: &[Lanes], t: usize) {
        let slots = plan.lead + 1;
        for &c in &plan.edges.chips {
            let i = c.index();
            if t == 0 {
                for slot in 0..plan.lead {
                    let launched = launch[i].lt(Lanes::splat(slot as f64 + 1.0));
                    self.state.pipeline[i][slot] = launched.select(self.out.started[i], Lanes::ZERO);
                }
            }
            self.state.pipeline[i][(t + plan.lead) % slots] = self.out.started[i];
            self.out.arrived[i] = self.state.pipeline[i][t % slots];
            self.state.pipeline[i][t % slots] = Lanes::ZERO;
        }
    }
}
