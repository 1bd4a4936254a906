//! When a case can change: quarters in which it must be looked at again, all others being as the one before.
//!
//! Between the moments at which a rule is announced, comes into force, ends or gives its first approvals, and at which a
//! shock's course begins or ends, what governs stays what it was. So an outcome that was found for a quarter without such a
//! moment holds until the next one.

use super::case::CaseId;
use super::parameters::Parameters;
use super::rulebook::Rulebook;
use super::turns::Quarters;
use crate::math::wide::Mask;

impl Rulebook {
    /// Draws in which what a case comes to now may differ from the quarter before `t`; none if it does in no draw.
    #[inline(always)]
    pub fn may_change(&self, case: CaseId, t: usize, parameters: &Parameters) -> Option<Mask> {
        let watch = &self.cases[case].watch;
        if watch.dates.touches(t) || parameters.renewed.touches(t) {
            return Some(Mask::splat(true));
        }
        self.moved(case, parameters, |quarters| quarters.touches(t))
    }

    /// Draws in which what it is expected to come to `lead` quarters later may differ from what was expected before `t`.
    #[inline(always)]
    pub fn may_change_ahead(
        &self,
        case: CaseId,
        t: usize,
        lead: usize,
        parameters: &Parameters,
    ) -> Option<Mask> {
        let watch = &self.cases[case].watch;
        if watch.known.touches(t) || watch.dates.touches(t + lead) || parameters.renewed.touches(t) {
            return Some(Mask::splat(true));
        }
        // A course that begins in this quarter was not expected in the one before.
        self.moved(case, parameters, |quarters| quarters.touches(t) || quarters.touches(t + lead))
    }

    /// Draws in which something that differs between draws happens in certain quarters.
    #[inline(always)]
    fn moved(&self, case: CaseId, parameters: &Parameters, when: impl Fn(&Quarters) -> bool) -> Option<Mask> {
        let c = &self.cases[case];
        let lags = c.watch.lags.iter().map(|&rule| &parameters.approvals[rule]);
        let courses = c.shocks.iter().map(|(shock, _)| &parameters.turns[*shock]);
        let signs = c.signs.iter().map(|&sign| &parameters.sign_turns[sign]);
        let mut lanes = None;
        for turns in lags.chain(courses).chain(signs).filter(|turns| when(&turns.any)) {
            let lanes = lanes.get_or_insert(Mask::splat(false));
            for (lane, _) in turns.by_lane.iter().enumerate().filter(|(_, quarters)| when(quarters)) {
                lanes.0[lane] = u64::MAX;
            }
        }
        lanes
    }
}
