//! What designers could not have of goods, and what of them went into companion silicon.

use super::Production;
use crate::math::wide::Lanes;
use crate::model::GoodId;
use crate::plan::Plan;

impl Production<'_> {
    /// Forgets the last quarter.
    #[inline(always)]
    pub(super) fn open_lack(&mut self, plan: &Plan) {
        self.scratch.lack.asked.fill(Lanes::ZERO);
        self.scratch.lack.short.fill(Lanes::ZERO);
        if plan.supply.companions {
            self.out.companions.fill(Lanes::ZERO);
        }
    }

    /// What a designer asks of goods before the first pass.
    #[inline(always)]
    pub(super) fn note_asked(&mut self, plan: &Plan, d: usize, goods: &[GoodId]) {
        if !self.scratch.lack.asked.is_empty() {
            for g in goods {
                self.scratch.lack.asked[d * plan.model.goods.len() + g.index()] =
                    self.scratch.asked[g.index()] + self.scratch.reserved[g.index()];
            }
        }
    }

    /// What a designer could not have of its own after the second pass, and the part of companion silicon in what it had.
    #[inline(always)]
    pub(super) fn note_short(&mut self, plan: &Plan, d: usize) {
        if plan.supply.companions {
            self.note_companions(plan, d);
        }
        if self.scratch.lack.asked.is_empty() {
            return;
        }
        let (supply, base) = (&plan.supply, d * plan.model.goods.len());
        for &c in &supply.chips_of[d] {
            let Some(residual) = self.residual(c) else { continue };
            for (k, g) in supply.goods_of[c.index()].iter().enumerate() {
                self.scratch.lack.short[base + g.index()] += residual * self.state.need[c.index()][k];
            }
        }
        for g in supply.needed[d].iter().map(|g| g.index()) {
            let claims = Lanes::total(supply.links_of[d][g].iter().map(|&l| self.out.room[l]));
            let used = self.scratch.rooms[g] - self.scratch.rest[g];
            // What private stocks still hold is no lack.
            let held = self.scratch.rooms[g] - claims - (used - used.min(claims)).max(0.0);
            let short = &mut self.scratch.lack.short[base + g];
            *short = (*short - held.max(0.0)).max(0.0);
        }
    }

    #[inline(always)]
    fn note_companions(&mut self, plan: &Plan, d: usize) {
        let supply = &plan.supply;
        self.scratch.lack.beside.fill(Lanes::ZERO);
        self.scratch.lack.drawn.fill(Lanes::ZERO);
        for c in supply.chips_of[d].iter().map(|c| c.index()) {
            for (k, g) in supply.goods_of[c].iter().enumerate() {
                self.scratch.lack.drawn[g.index()] += self.out.started[c] * self.state.need[c][k];
                self.scratch.lack.beside[g.index()] +=
                    self.out.started[c] * self.scratch.lack.companions[c][k];
            }
        }
        for (beside, drawn) in self.scratch.lack.beside.iter_mut().zip(&self.scratch.lack.drawn) {
            *beside = beside.per(*drawn);
        }
    }

    /// What leftovers give a designer of what it could not have of its own: `ratios` are the shares that they can give.
    #[inline(always)]
    pub(super) fn note_leftovers(&mut self, plan: &Plan, d: usize) {
        if !self.scratch.lack.asked.is_empty() {
            for g in &plan.supply.needed[d] {
                let short = &mut self.scratch.lack.short[d * plan.model.goods.len() + g.index()];
                *short *= (1.0 - self.scratch.ratios[g.index()]).max(0.0);
            }
        }
    }

    /// Unmet share of the good of each facility that answers to it, among designers whom it may serve.
    #[inline(always)]
    pub(super) fn judge_lack(&mut self, plan: &Plan) {
        let goods = plan.model.goods.len();
        for &(f, ref links) in &plan.supply.answering {
            let good = plan.model.facilities[f.index()].good.index();
            let (mut short, mut asked) = (Lanes::ZERO, Lanes::ZERO);
            for &l in links {
                let place = plan.supply.links[l].designer.index() * goods + good;
                let served = self.scratch.granted[l].gt(Lanes::ZERO);
                short += served.select(self.scratch.lack.short[place], Lanes::ZERO);
                asked += served.select(self.scratch.lack.asked[place], Lanes::ZERO);
            }
            self.out.unmet[f.index()] = short.per(asked);
        }
    }
}
