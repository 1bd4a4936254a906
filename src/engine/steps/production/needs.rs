//! Needs: how much of each good a chip takes, in itself and beside it, at each facility and over those that a designer may use.

use super::wafer::{companion, murphy};
use super::{Production, cause};
use crate::inputs::Inputs;
use crate::math::wide::{Lanes, Mask, WIDTH};
use crate::model::{Amount, ChipId, DesignerId};
use crate::plan::{Line, Plan};

impl Production<'_> {
    /// Needs of a designer's chips for goods; whether any chip is wanted. Needs of others are not looked at.
    #[inline(always)]
    pub(super) fn find_needs(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        designer: DesignerId,
        available: &[Lanes],
        t: usize,
    ) -> bool {
        let supply = &plan.supply;
        let links_of = &supply.links_of[designer];
        let mut any = false;
        for &c in &supply.chips_of[designer] {
            let i = c.index();
            let wanted = self.wanted(c);
            any |= wanted;
            if !wanted {
                self.out.planned[i] = Lanes::ZERO;
                self.out.first_pass[i] = Lanes::ZERO;
                self.out.capped[i] = Mask::splat(false);
                self.out.bound_by[i] = [cause::NONE; WIDTH];
                if !supply.stocked_dies[i] {
                    continue;
                }
            }
            for (k, line) in supply.lines_of[i].iter().enumerate() {
                if supply.facilities_of[line.good].is_empty() {
                    // Private stocks alone hold the good: nothing is lost on a line.
                    self.state.need[i][k] =
                        self.amount(plan, inputs, c, line, Lanes::ONE) + companion(plan, inputs, line);
                    continue;
                }
                self.find_needs_at(plan, inputs, c, line, t);
                let facilities = &supply.facilities_of[line.good];
                let needs = &self.scratch.need_at[line.base..line.base + facilities.len()];
                let by_room = mean_need(
                    links_of[line.good.index()]
                        .iter()
                        .map(|&l| (self.out.room[l], needs[supply.links[l].place])),
                );
                self.state.need[i][k] = by_room.1;
                let somewhere = by_room.0.gt(Lanes::ZERO);
                if !somewhere.all() {
                    let by_output = mean_need(
                        facilities.iter().zip(needs).map(|(f, &need)| (available[f.index()], need)),
                    );
                    let even = mean_need(needs.iter().map(|&need| (Lanes::ONE, need)));
                    let otherwise = by_output.0.gt(Lanes::ZERO).select(by_output.1, even.1);
                    self.state.need[i][k] = somewhere.select(by_room.1, otherwise);
                }
            }
        }
        any || supply.chips_of[designer].iter().any(|c| supply.stocked_dies[*c])
    }

    /// Needs of a chip for a good at each of its facilities.
    #[inline(always)]
    fn find_needs_at(&mut self, plan: &Plan, inputs: &Inputs, chip: ChipId, line: &Line, t: usize) {
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
            self.scratch.need_at[line.base + place] = amount / inputs.at(facility.line_yield, t) + beside;
        }
    }

    /// Amount of a good in a chip, of whose dies a share is sound \[good's unit\].
    #[inline(always)]
    fn amount(&self, plan: &Plan, inputs: &Inputs, chip: ChipId, line: &Line, sound: Lanes) -> Lanes {
        let c = &plan.model.chips[chip];
        match line.amount {
            None => Lanes::ZERO,
            Some(Amount::Units(q)) => inputs.value(q),
            Some(Amount::Memory) => c.memory.map_or(Lanes::ZERO, |q| inputs.value(q)),
            Some(Amount::Dies) => {
                let good_dies = self.scratch.gross_dies[chip.index()]
                    * sound
                    * inputs.value(plan.model.production.harvest);
                c.dies / good_dies
            }
        }
    }
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
