//! Volume limits: what a capped rule governs shrinks to the room that its limits leave.

use super::super::twins::{Twins, take, take_rows};
use crate::inputs::Inputs;
use crate::math::List;
use crate::math::wide::{Lanes, Mask};
use crate::model::time::Date;
use crate::model::{ChipUnit, PerUnit, RuleId};
use crate::plan::Plan;
use crate::rules::{CaseId, Parameters};

/// Where a rule governs a case.
#[derive(Clone, Copy, Debug)]
struct Known {
    case: CaseId,
    governs: Mask,
    /// The quarter that follows on the answer.
    next: usize,
}

/// What has been sold under caps.
#[derive(Clone, Debug)]
pub(crate) struct CapState {
    /// In this calendar year, by rule \[chips\].
    units: List<Lanes>,
    /// In the rule's period, by rule and country \[TPP\].
    tpp: List<Lanes>,
    /// In this calendar year, by rule and buyer.
    buyers: List<Sold>,
    /// Legal sales to buyers in each country before this quarter, by country and chip \[chips\].
    home: List<Lanes>,
    /// Under each cap so far, by rule and chip \[chips\].
    sold: List<Lanes>,
}

/// What a buyer was sold under a cap.
#[derive(Clone, Copy, Debug, Default)]
struct Sold {
    chips: Lanes,
    tpp: Lanes,
}

/// The sales that caps govern in a quarter.
#[derive(Clone, Debug)]
pub(crate) struct CapScratch {
    /// Sales that each capped rule governs in this quarter, with the lanes in which it does.
    members: Vec<List<(usize, Mask)>>,
    /// Share of each sale's fill that limits leave \[1\].
    left: List<Lanes>,
    /// Fills of the parts that a limit is for, then what it leaves of them.
    totals: List<Lanes>,
    /// By capped rule: cases of which it is known where the rule governs them, with the quarter until which that is.
    known: Vec<List<Known>>,
}

/// The step.
pub(crate) struct Caps<'a> {
    pub state: &'a mut CapState,
    pub scratch: &'a mut CapScratch,
}

impl CapState {
    /// Nothing sold under any cap.
    pub(crate) fn new(plan: &Plan) -> Self {
        let m = &plan.model;
        Self {
            units: List::of(Lanes::ZERO, m.rules.len()),
            tpp: List::of(Lanes::ZERO, m.rules.len() * m.countries.len()),
            buyers: List::of(Sold::default(), m.rules.len() * m.buyers.len()),
            home: List::of(Lanes::ZERO, m.countries.len() * m.chips.len()),
            sold: List::of(Lanes::ZERO, m.rules.len() * m.chips.len()),
        }
    }

    /// Back to the horizon's start.
    #[inline(always)]
    pub(crate) fn reset(&mut self) {
        for list in [&mut self.units, &mut self.tpp, &mut self.home, &mut self.sold] {
            list.fill(Lanes::ZERO);
        }
        self.buyers.fill(Sold::default());
    }

    /// Takes over what has been sold under the rules that both plans have.
    pub(crate) fn adopt(&mut self, from: &Self, twins: &Twins) {
        let Self { units, tpp, buyers, home, sold } = from;
        let rules = twins.rules.len();
        take(&twins.rules, units, &mut self.units);
        take_rows(&twins.rules, self.tpp.len().checked_div(rules).unwrap_or(0), tpp, &mut self.tpp);
        take_rows(&twins.rules, self.buyers.len().checked_div(rules).unwrap_or(0), buyers, &mut self.buyers);
        take_rows(&twins.rules, self.sold.len().checked_div(rules).unwrap_or(0), sold, &mut self.sold);
        self.home.clone_from(home);
    }

    /// Ends a quarter: what was sold by some sales \[chips\] joins the home market that later shares are of.
    #[inline(always)]
    pub(crate) fn close(&mut self, plan: &Plan, sales: impl Iterator<Item = usize>, sold: &[Lanes]) {
        let limited =
            |rule: &RuleId| plan.model.rules[*rule].cap.as_ref().is_some_and(|cap| cap.home_share.is_some());
        if !plan.caps.iter().any(|(rule, _)| limited(rule)) {
            return;
        }
        let chips = plan.model.chips.len();
        for s in sales {
            self.home[country(plan, s) * chips + plan.edges.sales[s].chip.index()] += sold[s];
        }
    }
}

impl CapScratch {
    /// Room for a plan's edges.
    pub(crate) fn new(plan: &Plan) -> Self {
        let lanes = |n: usize| List::of(Lanes::ZERO, n);
        let m = &plan.model;
        Self {
            members: plan.caps.iter().map(|(_, sales)| List::with_room(sales.len())).collect(),
            left: lanes(plan.edges.sales.len()),
            totals: lanes(m.buyers.len().max(m.countries.len()).max(m.chips.len()).max(1)),
            known: plan.caps.iter().map(|(_, sales)| List::with_room(sales.len())).collect(),
        }
    }

    /// Forgets what rules govern: other draws follow.
    #[inline(always)]
    pub(crate) fn reset(&mut self) {
        self.known.iter_mut().for_each(|known| known.clear());
    }
}

impl Caps<'_> {
    /// Starts quarter `t`: a new year's or period's sales are none, and each capped rule finds what it governs of what is wanted.
    #[inline(always)]
    pub(crate) fn open(&mut self, plan: &Plan, terms: &Parameters, wanted: &[Lanes], t: usize) {
        let quarter = plan.model.run.horizon.first.0 + t as i32;
        if quarter.rem_euclid(4) == 0 {
            self.state.units.fill(Lanes::ZERO);
            let (countries, buyers) = (plan.model.countries.len(), plan.model.buyers.len());
            for (rule, _) in &plan.caps {
                self.state.buyers[rule.index() * buyers..][..buyers].fill(Sold::default());
            }
            for (rule, _) in plan.caps.iter().filter(|c| renews(plan, c.0, quarter.div_euclid(4))) {
                self.state.tpp[rule.index() * countries..][..countries].fill(Lanes::ZERO);
            }
        }
        for (((rule, sales), members), known) in
            plan.caps.iter().zip(&mut self.scratch.members).zip(&mut self.scratch.known)
        {
            members.clear();
            if !plan.rules.can_hold(*rule, t) {
                continue;
            }
            for &s in
                sales.iter().filter(|s| wanted[**s].gt(Lanes::ZERO).any() || plan.commitments.of_sale[**s])
            {
                let case = plan.edges.chip_markets[plan.edges.sales[s].chip_market];
                let at = known.iter().position(|k| k.case == case).unwrap_or_else(|| {
                    known.push(Known { case, governs: Mask::splat(false), next: usize::MAX });
                    known.len() - 1
                });
                let answer = &mut known[at];
                let still_so = answer.next == t && plan.rules.may_change(case, t, terms).is_none();
                if answer.next != t + 1 && !still_so {
                    answer.governs = plan.rules.governs(case, *rule, t, terms);
                }
                answer.next = t + 1;
                let governs = answer.governs;
                if governs.any() {
                    members.push((s, governs));
                }
            }
        }
    }

    /// Shrinks fills by sale \[chips\] to the room that there is, and counts them; `units` are the chips' TPP.
    #[inline(always)]
    pub(crate) fn limit(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        units: &[PerUnit<Lanes>],
        fill: &mut [Lanes],
    ) {
        let (chips, countries) = (plan.model.chips.len(), plan.model.countries.len());
        let buyers = plan.model.buyers.len();
        for &(s, _) in self.scratch.members.iter().flatten() {
            self.scratch.left[s] = Lanes::ONE;
        }
        for ((rule, _), members) in plan.caps.iter().zip(&self.scratch.members) {
            let i = rule.index();
            let rule = &plan.model.rules[i];
            let Some(cap) = &rule.cap else { continue };
            if members.is_empty() {
                continue;
            }
            let mut group =
                Group { members, fill, left: &mut self.scratch.left, totals: &mut self.scratch.totals };
            let buyer = |s: usize| plan.edges.sales[s].buyer.index();
            let tpp = |s: usize, fill| units[plan.edges.sales[s].chip.index()][ChipUnit::Tpp] * fill;
            if let Some(limit) = cap.units {
                group.limit(1, |_| inputs.value(limit) - self.state.units[i], |_, fill| fill, |_| 0);
            }
            let sold = &self.state.buyers[i * buyers..][..buyers];
            if let Some(limit) = cap.units_per_buyer {
                group.limit(buyers, |b| inputs.value(limit) - sold[b].chips, |_, fill| fill, buyer);
            }
            if let Some(limit) = cap.tpp_per_buyer {
                group.limit(buyers, |b| inputs.value(limit) - sold[b].tpp, tpp, buyer);
            }
            if let Some(limit) = cap.tpp_per_country {
                let sold = &self.state.tpp[i * countries..][..countries];
                group.limit(countries, |n| inputs.value(limit) - sold[n], tpp, |s| country(plan, s));
            }
            if let Some(share) = cap.home_share {
                let (home, sold) =
                    (&self.state.home[rule.issuer.index() * chips..], &self.state.sold[i * chips..]);
                let room = |c: usize| inputs.value(share) * home[c] - sold[c];
                group.limit(chips, room, |_, fill| fill, |s| plan.edges.sales[s].chip.index());
            }
        }
        for &(s, _) in self.scratch.members.iter().flatten() {
            fill[s] *= std::mem::replace(&mut self.scratch.left[s], Lanes::ONE);
        }
        self.count(plan, units, fill);
    }

    #[inline(always)]
    fn count(&mut self, plan: &Plan, units: &[PerUnit<Lanes>], fill: &[Lanes]) {
        let (chips, countries) = (plan.model.chips.len(), plan.model.countries.len());
        let buyers = plan.model.buyers.len();
        for (members, (rule, _)) in self.scratch.members.iter().zip(&plan.caps) {
            let i = rule.index();
            for &(s, lanes) in members {
                let c = plan.edges.sales[s].chip.index();
                let sold = lanes.select(fill[s], Lanes::ZERO);
                self.state.units[i] += sold;
                let buyer = &mut self.state.buyers[i * buyers + plan.edges.sales[s].buyer.index()];
                buyer.chips += sold;
                buyer.tpp += sold * units[c][ChipUnit::Tpp];
                self.state.tpp[i * countries + country(plan, s)] += sold * units[c][ChipUnit::Tpp];
                self.state.sold[i * chips + c] += sold;
            }
        }
    }
}

/// Whether a year opens a new period of a rule's limit by country: periods are counted from the year in which it takes effect.
fn renews(plan: &Plan, rule: RuleId, year: i32) -> bool {
    let rule = &plan.model.rules[rule];
    let Some(years) = rule.cap.as_ref().and_then(|c| c.years) else { return false };
    let first = rule.effective.map_or(plan.model.run.horizon.first, Date::quarter).0.div_euclid(4);
    (year - first).rem_euclid(years.max(1) as i32) == 0
}

/// Country of a sale's buyer.
#[inline(always)]
fn country(plan: &Plan, s: usize) -> usize {
    plan.edges.sales[s].country.index()
}

/// The sales that a capped rule governs, with fills and what limits leave of them.
struct Group<'a> {
    members: &'a [(usize, Mask)],
    fill: &'a [Lanes],
    left: &'a mut [Lanes],
    totals: &'a mut [Lanes],
}

impl Group<'_> {
    /// Those of one of `parts` parts shrink alike to the part's room; of several limits the tightest counts.
    #[inline(always)]
    fn limit(
        &mut self,
        parts: usize,
        room: impl Fn(usize) -> Lanes,
        weigh: impl Fn(usize, Lanes) -> Lanes,
        part: impl Fn(usize) -> usize,
    ) {
        let totals = &mut self.totals[..parts];
        totals.fill(Lanes::ZERO);
        for &(s, lanes) in self.members {
            totals[part(s)] += lanes.select(weigh(s, self.fill[s]), Lanes::ZERO);
        }
        for (p, total) in totals.iter_mut().enumerate() {
            let room = room(p).max(0.0);
            *total = total.gt(room).select(room.per(*total), Lanes::ONE);
        }
        for &(s, lanes) in self.members {
            self.left[s] = self.left[s].min(lanes.select(totals[part(s)], Lanes::ONE));
        }
    }
}
