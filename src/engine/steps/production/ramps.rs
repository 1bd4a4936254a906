//! Packaging of launching chips: what their ramps allow of it.

use super::super::controls::ControlOutputs;
use super::super::stockpiles::Stockpiles;
use super::Production;
use crate::math::wide::{Lanes, Mask};
use crate::model::{ChipId, DesignerId};
use crate::plan::Plan;

impl Production<'_> {
    /// A launching chip takes at most its ramp of its designer's packaging; older chips take the rest.
    #[inline(always)]
    pub(super) fn limit_ramps(
        &mut self,
        plan: &Plan,
        controls: &ControlOutputs,
        stockpiles: &Stockpiles<'_>,
        designer: DesignerId,
    ) {
        let d = designer.index();
        for &c in &plan.supply.chips_of[d] {
            self.out.planned[c.index()] = self.out.want[c.index()];
            self.out.capped[c.index()] = Mask::splat(false);
        }
        for (g, users) in &plan.supply.packagings[d] {
            let ramped = |&(c, _): &(ChipId, usize)| {
                controls.ramp_ahead[c.index()].ge(Lanes::ONE).all() || !self.wanted(c)
            };
            if users.iter().all(ramped) {
                continue;
            }
            let room = self.total_room(plan, stockpiles, d, *g);
            self.find_capped(controls, users, room);
            let mut excess = Lanes::ZERO;
            let mut others = Lanes::ZERO;
            for &(c, i) in users {
                let (want, need) = (self.out.want[c.index()], self.state.need[c.index()][i]);
                let capped = self.out.capped[c.index()];
                let cap = (controls.ramp_ahead[c.index()] * room).per(need);
                self.out.planned[c.index()] = capped.select(cap, want);
                excess += capped.select((want - cap) * need, Lanes::ZERO);
                others += capped.select(Lanes::ZERO, want * need);
            }
            let more = 1.0 + excess.min(room).per(others);
            for &(c, _) in users {
                let i = c.index();
                self.out.planned[i] =
                    self.out.capped[i].select(self.out.planned[i], self.out.planned[i] * more);
            }
        }
    }

    /// Launching chips whose part of what there is of their packaging, pro rata to wants, exceeds their ramp's share of it.
    ///
    /// What they leave falls to the others, whose parts grow, so that more of them may be limited.
    #[inline(always)]
    fn find_capped(&mut self, controls: &ControlOutputs, users: &[(ChipId, usize)], room: Lanes) {
        let ramp_of = |c: ChipId| controls.ramp_ahead[c.index()];
        let launching = |c: ChipId| ramp_of(c).lt(Lanes::ONE).any();
        for _ in 0..users.iter().filter(|u| launching(u.0)).count() {
            let (mut rest, mut others) = (room, Lanes::ZERO);
            for &(c, i) in users {
                let capped = self.out.capped[c.index()];
                rest -= capped.select(ramp_of(c) * room, Lanes::ZERO);
                others +=
                    capped.select(Lanes::ZERO, self.out.want[c.index()] * self.state.need[c.index()][i]);
            }
            let rest = rest.max(0.0);
            let ratio = others.gt(rest).select(rest.per(others), Lanes::ONE);
            let mut more = Mask::splat(false);
            for &(c, i) in users.iter().filter(|u| launching(u.0)) {
                let (ramp, need) = (ramp_of(c), self.state.need[c.index()][i]);
                let part = self.out.want[c.index()] * need * ratio;
                let over = ramp.lt(Lanes::ONE) & part.gt(ramp * room) & need.gt(Lanes::ZERO);
                more = more | (over & !self.out.capped[c.index()]);
                self.out.capped[c.index()] = self.out.capped[c.index()] | over;
            }
            if !more.any() {
                break;
            }
        }
    }
}
