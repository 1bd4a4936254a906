//! The third pass: what is left at each facility, pooled among the designers that it may serve.

use super::needs::mean_need;
use super::{Pool, Production};
use crate::math::Lanes;
use crate::model::ChipId;
use crate::plan::Plan;

impl Production {
    /// Pass 3: what is left at facilities, pooled among those that they may serve.
    #[inline(always)]
    pub(super) fn pooled_pass(&mut self, plan: &Plan) {
        let supply = &plan.supply;
        self.pool.asked.fill(Lanes::ZERO);
        self.pool.demand.fill(Lanes::ZERO);
        for (l, link) in supply.links.iter().enumerate() {
            let left = self.left[link.facility.index()];
            self.pool.open[l] = self.granted[l].gt(Lanes::ZERO).select(left, Lanes::ZERO);
        }
        for links in supply.links_of.iter().flatten() {
            let total = links.iter().fold(Lanes::ZERO, |sum, &l| sum + self.pool.open[l]);
            for &l in links {
                self.pool.share[l] = self.pool.open[l].per(total);
            }
        }
        for (d, chips) in supply.chips_of.iter().enumerate() {
            for &c in chips {
                if let Some(residual) = self.residual(c) {
                    self.ask_pool(plan, d, c, residual);
                }
            }
        }
        for (l, link) in supply.links.iter().enumerate() {
            self.pool.demand[link.facility.index()] += self.pool.asked[l];
        }
        for (f, granted) in self.pool.granted.iter_mut().enumerate() {
            let (demand, left) = (self.pool.demand[f], self.left[f]);
            *granted = demand.gt(left).select(left.per(demand), Lanes::ONE);
        }
        for d in 0..supply.chips_of.len() {
            self.give_pool(plan, d);
        }
        self.judge_lack(plan);
    }

    /// Spreads what a chip still wants over what is left.
    #[inline(always)]
    fn ask_pool(&mut self, plan: &Plan, d: usize, chip: ChipId, residual: Lanes) {
        let i = chip.index();
        for (k, line) in plan.supply.lines_of[i].iter().enumerate() {
            let links = &plan.supply.links_of[d][line.good.index()];
            let needs = &self.need_at[line.base..];
            let (total, by_left) =
                mean_need(links.iter().map(|&l| (self.pool.open[l], needs[plan.supply.links[l].place])));
            self.pool.need[i][k] = total.gt(Lanes::ZERO).select(by_left, self.need[i][k]);
            for &l in links {
                self.pool.asked[l] += residual * self.pool.need[i][k] * self.pool.share[l];
            }
        }
    }

    /// Makes of a designer's chips what is left for them.
    #[inline(always)]
    fn give_pool(&mut self, plan: &Plan, d: usize) {
        let supply = &plan.supply;
        let chips = &supply.chips_of[d];
        if chips.iter().all(|&c| self.residual(c).is_none()) {
            return;
        }
        let here = |pool: &Pool, l: usize| pool.share[l] * pool.granted[supply.links[l].facility.index()];
        for g in &supply.needed[d] {
            let links = supply.links_of[d][g.index()].iter();
            self.ratios[g.index()] = links.fold(Lanes::ZERO, |sum, &l| sum + here(&self.pool, l));
        }
        self.note_leftovers(plan, d);
        for &c in chips {
            let i = c.index();
            let Some(residual) = self.residual(c) else { continue };
            let goods = &supply.goods_of[i];
            let least = goods.iter().fold(Lanes::ONE, |least, g| least.min(self.ratios[g.index()]));
            let made = residual * least;
            self.started[i] += made;
            for (k, g) in goods.iter().enumerate() {
                for &l in &supply.links_of[d][g.index()] {
                    let part = here(&self.pool, l).per(self.ratios[g.index()]);
                    self.used[l] += made * self.pool.need[i][k] * part;
                    if let Some(beside) = self.lack.companion(i, k) {
                        self.companions[supply.links[l].facility.index()] += made * beside * part;
                    }
                }
            }
        }
    }
}
