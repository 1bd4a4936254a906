//! What a chip needs of a good, in itself and beside it.

use super::Production;
use crate::inputs::Inputs;
use crate::math::Lanes;
use crate::model::{Amount, ChipId};
use crate::plan::{Line, Plan};

use super::wafer::{WAFER, murphy};

impl Production {
    /// Needs of a chip for a good at each of its facilities.
    #[inline(always)]
    pub(super) fn find_needs_at(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        chip: ChipId,
        line: &Line,
        t: usize,
    ) {
        let c = &plan.model.chips[chip.index()];
        let beside = companion(plan, inputs, line);
        for (place, f) in plan.supply.facilities_of[line.good.index()].iter().enumerate() {
            let facility = &plan.model.facilities[f.index()];
            let sound = match line.amount {
                Some(Amount::Dies) => {
                    let area = c.die_area.map_or(Lanes::ONE, |q| inputs.value(q));
                    let defects = facility.defect_density.map_or(Lanes::ZERO, |q| inputs.at(q, t));
                    murphy(area * defects) * inputs.value(facility.parametric_yield)
                }
                _ => Lanes::ONE,
            };
            let amount = self.amount(plan, inputs, chip, line, sound);
            self.need_at[line.base + place] = amount / inputs.at(facility.line_yield, t) + beside;
        }
    }

    /// Amount of a good in a chip, of whose dies a share is sound [good's unit].
    #[inline(always)]
    pub(super) fn amount(
        &self,
        plan: &Plan,
        inputs: &Inputs,
        chip: ChipId,
        line: &Line,
        sound: Lanes,
    ) -> Lanes {
        let c = &plan.model.chips[chip.index()];
        match line.amount {
            None => Lanes::ZERO,
            Some(Amount::Units(q)) => inputs.value(q),
            Some(Amount::Memory) => c.memory.map_or(Lanes::ZERO, |q| inputs.value(q)),
            Some(Amount::Dies) => {
                let good_dies =
                    self.gross_dies[chip.index()] * sound * inputs.value(plan.model.production.harvest);
                c.dies / good_dies
            }
        }
    }
}

/// Wafers of companion silicon beside a chip.
#[inline(always)]
pub(super) fn companion(plan: &Plan, inputs: &Inputs, line: &Line) -> Lanes {
    let sound = plan.model.production.companion_yield;
    line.companion.map_or(Lanes::ZERO, |area| inputs.value(area) / (WAFER * inputs.value(sound)))
}

/// Sum of weights, and the harmonic mean of needs with them.
#[inline(always)]
pub(super) fn mean_need(weighted: impl Iterator<Item = (Lanes, Lanes)>) -> (Lanes, Lanes) {
    let mut total = Lanes::ZERO;
    let mut made = Lanes::ZERO;
    for (weight, need) in weighted {
        total += weight;
        // A facility without weight says nothing, not even where nothing is needed of it.
        made += weight.gt(Lanes::ZERO).select(weight / need, Lanes::ZERO);
    }
    (total, total.per(made))
}
