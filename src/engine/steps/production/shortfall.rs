//! Room for what could not be had of a good, for those who answer to it, and for what of it went into companion silicon.

use super::wafer::companion;
use crate::inputs::Inputs;
use crate::math::wide::Lanes;
use crate::plan::Plan;

/// Sums by designer and good, `designer * goods + good`; empty where no facility answers to scarcity.
#[derive(Clone, Debug)]
pub(super) struct Lack {
    /// What was asked for before the first pass \[good's unit\].
    pub(super) asked: Vec<Lanes>,
    /// What could not be had of claims and stocks; then, of leftovers either \[good's unit\].
    pub(super) short: Vec<Lanes>,
    /// Wafers of companion silicon beside a chip, by chip and good; empty where there is none.
    pub(super) companions: Vec<Vec<Lanes>>,
    /// Share of companion silicon in what a designer's own passes used, by good \[1\].
    pub(super) beside: Vec<Lanes>,
    /// What those passes used, by good \[good's unit\].
    pub(super) drawn: Vec<Lanes>,
}

impl Lack {
    /// Nothing asked for yet.
    pub(super) fn new(plan: &Plan) -> Self {
        let goods = plan.model.goods.len();
        let places = if plan.supply.answering.is_empty() { 0 } else { plan.model.designers.len() * goods };
        let lines = plan.supply.lines_of.iter().map(|lines| vec![Lanes::ZERO; lines.len()]);
        Self {
            asked: vec![Lanes::ZERO; places],
            short: vec![Lanes::ZERO; places],
            companions: if plan.supply.companions { lines.collect() } else { Vec::new() },
            beside: vec![Lanes::ZERO; goods],
            drawn: vec![Lanes::ZERO; goods],
        }
    }

    /// Companion silicon as drawn.
    #[inline(always)]
    pub(super) fn reset(&mut self, plan: &Plan, inputs: &Inputs) {
        for (needs, lines) in self.companions.iter_mut().zip(&plan.supply.lines_of) {
            for (need, line) in needs.iter_mut().zip(lines) {
                *need = companion(plan, inputs, line);
            }
        }
    }

    /// Wafers of companion silicon beside a chip, of the good at a place among those that it needs.
    #[inline(always)]
    pub(super) fn companion(&self, chip: usize, place: usize) -> Option<Lanes> {
        self.companions.get(chip).map(|needs| needs[place])
    }
}
