//! The third pass: what is left at each facility, pooled among the designers that it may serve.

use super::needs::mean_need;
use super::{Pool, Production, cause};
use crate::math::wide::Lanes;
use crate::model::ChipId;
use crate::plan::Plan;

/// Less than this share of a plan, or of what is asked, is rounding.
const ROUNDING: f64 = 1e-9;

impl Production<'_> {
    /// Pass 3: what is left at facilities, pooled among those that they may serve.
    #[inline(always)]
    pub(super) fn pooled_pass(&mut self, plan: &Plan) {
        let supply = &plan.supply;
        for (c, short_of) in self.out.short_of.iter_mut().enumerate() {
            let ramped = self.out.capped[c] & self.out.want[c].gt(Lanes::ZERO);
            *short_of =
                std::array::from_fn(|lane| if ramped.lane(lane) { cause::RAMP } else { cause::DEMAND });
        }
        self.scratch.pool.asked.fill(Lanes::ZERO);
        self.scratch.pool.demand.fill(Lanes::ZERO);
        for (l, link) in supply.links.iter().enumerate() {
            let left = self.scratch.left[link.facility.index()];
            self.scratch.pool.open[l] = self.scratch.granted[l].gt(Lanes::ZERO).select(left, Lanes::ZERO);
        }
        for links in supply.links_of.iter().flatten() {
            let total = Lanes::total(links.iter().map(|&l| self.scratch.pool.open[l]));
            for &l in links {
                self.scratch.pool.share[l] = self.scratch.pool.open[l].per(total);
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
            self.scratch.pool.demand[link.facility.index()] += self.scratch.pool.asked[l];
        }
        for (f, granted) in self.scratch.pool.granted.iter_mut().enumerate() {
            let (demand, left) = (self.scratch.pool.demand[f], self.scratch.left[f]);
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
            let needs = &self.scratch.need_at[line.base..];
            let (total, by_left) = mean_need(
                links.iter().map(|&l| (self.scratch.pool.open[l], needs[plan.supply.links[l].place])),
            );
            self.scratch.pool.need[i][k] = total.gt(Lanes::ZERO).select(by_left, self.state.need[i][k]);
            for &l in links {
                self.scratch.pool.asked[l] +=
                    residual * self.scratch.pool.need[i][k] * self.scratch.pool.share[l];
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
            self.scratch.ratios[g.index()] = Lanes::total(links.map(|&l| here(&self.scratch.pool, l)));
        }
        self.note_leftovers(plan, d);
        for &c in chips {
            let i = c.index();
            let Some(residual) = self.residual(c) else { continue };
            let goods = &supply.goods_of[i];
            let least = Lanes::ONE.min_of(goods.iter().map(|g| self.scratch.ratios[g.index()]));
            let made = residual * least;
            self.out.started[i] += made;
            cause::note_short(
                (residual - made).gt(self.out.planned[i] * ROUNDING),
                least,
                goods,
                &self.scratch.ratios,
                self.out.bound_by[i],
                &mut self.out.short_of[i],
            );
            for (k, g) in goods.iter().enumerate() {
                for &l in &supply.links_of[d][g.index()] {
                    let part = here(&self.scratch.pool, l).per(self.scratch.ratios[g.index()]);
                    self.out.used[l] += made * self.scratch.pool.need[i][k] * part;
                    if let Some(beside) = self.scratch.lack.companion(i, k) {
                        self.out.companions[supply.links[l].facility.index()] += made * beside * part;
                    }
                }
            }
        }
    }
}
