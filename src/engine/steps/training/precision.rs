//! Arithmetic in 8 bits: what a lab gains by it on each chip, and what a buyer's chips are then worth to it.

use super::super::data_sheets::DataSheets;
use super::super::fleet::{FleetOutputs, FleetState, sum};
use crate::inputs::Inputs;
use crate::math::wide::Lanes;
use crate::model::QuantityId;
use crate::plan::Plan;

/// What a buyer's chips are worth to a lab \[FLOP/s at 16 bits\].
#[derive(Clone, Copy, Debug)]
pub(super) struct Worth {
    /// Throughput less what slow links lose, with what 8 bits gain.
    pub(super) useful: Lanes,
    /// What a percent more power would add to that, over a percent.
    pub(super) more_power: Lanes,
}

/// What labs gain by 8 bits in a quarter.
#[derive(Clone, Debug)]
pub(super) struct Precision {
    /// The share that gains are found for.
    of: Option<QuantityId>,
    /// Whether it is above 0 in some draw.
    any: bool,
    /// Throughput over that at 16 bits, by chip \[1\].
    gain: Vec<Lanes>,
}

impl Precision {
    /// Gains of no lab yet.
    pub(super) fn new(plan: &Plan) -> Self {
        Self { of: None, any: false, gain: vec![Lanes::ONE; plan.model.chips.len()] }
    }

    /// Forgets the last quarter's.
    pub(super) fn forget(&mut self) {
        self.of = None;
    }

    /// Finds what is gained by the share `q` of a run's arithmetic in quarter `t`.
    #[inline(always)]
    pub(super) fn read(&mut self, inputs: &Inputs, sheets: &DataSheets, q: QuantityId, t: usize) {
        if self.of == Some(q) {
            return;
        }
        self.of = Some(q);
        let share = inputs.at(q, t);
        self.any = share.gt(Lanes::ZERO).any();
        if self.any {
            for (gain, &saved) in self.gain.iter_mut().zip(&sheets.saved) {
                *gain = (1.0 - share * saved).recip();
            }
        }
    }

    /// What a buyer's working chips are worth with those gains.
    #[inline(always)]
    pub(super) fn worth(
        &self,
        plan: &Plan,
        inputs: &Inputs,
        sheets: &DataSheets,
        (fleet, owned): (&FleetOutputs, &FleetState),
        b: usize,
    ) -> Worth {
        if !self.any {
            return Worth { useful: fleet.working[b][sum::QUALITY], more_power: fleet.more_power[b][0] };
        }
        let support = inputs.value(plan.model.diversion.support);
        let mut worth = Worth { useful: Lanes::ZERO, more_power: Lanes::ZERO };
        for &h in plan.edges.by_efficiency[b].iter().filter(|&&h| fleet.held[h]) {
            let holding = &plan.edges.holdings[h];
            let c = holding.chip.index();
            let quality = if holding.grey { sheets.quality[c] * support } else { sheets.quality[c] };
            let each = sheets.flops[c] * quality * self.gain[c];
            worth.useful += owned.count[h] * each;
            worth.more_power += fleet.more_chips[h] * each;
        }
        worth
    }
}
