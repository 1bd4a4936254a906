//! Tallies: sums of a quarter, from which metrics are made.

use super::state::Seen;
use crate::math::List;
use crate::math::wide::Lanes;
use crate::metrics::{Arrived, Carried, Held, Made, Sold, Source, Trained};
use crate::model::{ChipUnit, PerUnit, RuleId};
use crate::plan::Plan;
use crate::rules::CaseId;

/// Sums of a quarter from which metrics are made.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    /// By buyer and unit: owned, bought, imported, smuggled.
    fleet: List<PerUnit<Lanes>>,
    bought: List<PerUnit<Lanes>>,
    imported: List<PerUnit<Lanes>>,
    smuggled: List<PerUnit<Lanes>>,
    stranded: List<PerUnit<Lanes>>,
    retired: List<PerUnit<Lanes>>,
    spend: List<Lanes>,
    planned: List<Lanes>,
    power: List<Lanes>,
    /// By chip: sold to buyers and resellers.
    shipped: List<Lanes>,
    denied_by: List<Lanes>,
    denied_in: List<Lanes>,
    output: List<Lanes>,
    blame: List<Lanes>,
    /// By case: shares of the rules of what it refuses, where they are known.
    shares: Vec<List<(usize, Lanes)>>,
    /// By case: the quarter that follows on those shares; 0 if they are not known.
    next: Vec<usize>,
}

impl Tally {
    /// Nothing counted yet.
    pub(super) fn new(plan: &Plan) -> Self {
        let m = &plan.model;
        let lanes = |n: usize| List::of(Lanes::ZERO, n);
        let units = List::of(PerUnit::splat(Lanes::ZERO), m.buyers.len());
        Self {
            fleet: units.clone(),
            stranded: units.clone(),
            retired: units.clone(),
            bought: units.clone(),
            imported: units.clone(),
            smuggled: units,
            spend: lanes(m.buyers.len()),
            planned: lanes(m.buyers.len()),
            power: lanes(m.buyers.len()),
            shipped: lanes(m.chips.len()),
            denied_by: lanes(m.rules.len()),
            denied_in: lanes(m.countries.len()),
            output: lanes(m.facilities.len()),
            blame: lanes(m.rules.len()),
            shares: vec![List::default(); plan.rules.cases()],
            next: vec![0; plan.rules.cases()],
        }
    }

    /// Forgets what rules refused: other draws follow.
    pub(super) fn forget_shares(&mut self) {
        self.next.fill(0);
    }

    #[inline(always)]
    pub(super) fn count(&mut self, t: usize, plan: &Plan, batch: &Seen<'_>) {
        for list in [
            &mut self.fleet,
            &mut self.stranded,
            &mut self.retired,
            &mut self.bought,
            &mut self.imported,
            &mut self.smuggled,
        ] {
            list.fill(PerUnit::splat(Lanes::ZERO));
        }
        for list in [
            &mut self.spend,
            &mut self.power,
            &mut self.shipped,
            &mut self.denied_by,
            &mut self.denied_in,
            &mut self.output,
        ] {
            list.fill(Lanes::ZERO);
        }
        self.count_holdings(plan, batch);
        self.count_sales(plan, batch);
        self.count_denials(t, plan, batch);
        for (l, link) in plan.supply.links.iter().enumerate() {
            self.output[link.facility.index()] += batch.outputs.production.used[l];
        }
        for (f, output) in self.output.iter_mut().enumerate() {
            *output += batch.outputs.stockpiles.taken[f];
        }
    }

    #[inline(always)]
    fn count_holdings(&mut self, plan: &Plan, batch: &Seen<'_>) {
        for (h, holding) in
            plan.edges.holdings.iter().enumerate().filter(|(h, _)| batch.outputs.fleet.held[*h])
        {
            let (b, c) = (holding.buyer.index(), holding.chip.index());
            let megawatts = batch.sheets.megawatts[holding.country.index()];
            let fleet = &batch.state.fleet;
            let owned = batch.outputs.fleet.owned[h];
            let units = &batch.sheets.units[c];
            for u in ChipUnit::ALL {
                self.fleet[b][u] += owned * units[u];
            }
            // Most chips run: few wait for power, few make room in the quarter.
            for (sums, n) in
                [(&mut self.stranded, fleet.waiting[h]), (&mut self.retired, batch.outputs.fleet.retired[h])]
            {
                if n != Lanes::ZERO {
                    for u in ChipUnit::ALL {
                        sums[b][u] += n * units[u];
                    }
                }
            }
            self.power[b] += fleet.count[h] * batch.sheets.watts[c] * megawatts;
        }
    }

    #[inline(always)]
    fn count_sales(&mut self, plan: &Plan, batch: &Seen<'_>) {
        for s in batch.outputs.choice.open.all() {
            let sale = &plan.edges.sales[s];
            let (b, c) = (sale.buyer.index(), sale.chip.index());
            let sold = batch.outputs.trade.sold[s];
            let home = plan.model.designers[plan.model.chips[c].designer].country;
            let abroad = home != sale.country;
            for u in ChipUnit::ALL {
                let amount = sold * batch.sheets.units[c][u];
                self.bought[b][u] += amount;
                if abroad {
                    self.imported[b][u] += amount;
                }
            }
            self.shipped[c] += sold;
        }
        for (g, &s) in
            plan.edges.grey_options.iter().enumerate().filter(|(g, _)| batch.outputs.diversion.sent[*g])
        {
            let sale = &plan.edges.sales[s];
            for u in ChipUnit::ALL {
                let amount = batch.outputs.diversion.delivered[g] * batch.sheets.units[sale.chip.index()][u];
                self.smuggled[sale.buyer.index()][u] += amount;
            }
        }
        for &(r, c) in &batch.outputs.trade.smuggled {
            self.shipped[c] += batch.outputs.trade.attempted[r * plan.model.chips.len() + c];
        }
        for (spend, &spent) in self.spend.iter_mut().zip(&batch.outputs.trade.spent) {
            *spend = spent;
        }
        self.planned.copy_from_slice(&batch.outputs.trade.planned);
    }

    #[inline(always)]
    fn count_denials(&mut self, t: usize, plan: &Plan, batch: &Seen<'_>) {
        for s in batch.outputs.choice.wanted.all() {
            let refused = batch.outputs.trade.refused[s];
            if !refused.gt(Lanes::ZERO).any() {
                continue;
            }
            let sale = &plan.edges.sales[s];
            self.denied_in[sale.country.index()] += refused;
            let case = plan.edges.chip_markets[sale.chip_market];
            self.blame(case, t, plan, batch);
            for &(rule, share) in &self.shares[case.index()] {
                self.denied_by[rule] += refused * share;
            }
        }
    }

    /// Shares of rules of what a case refuses, found anew where they can have changed.
    #[inline(always)]
    fn blame(&mut self, case: CaseId, t: usize, plan: &Plan, batch: &Seen<'_>) {
        let next = std::mem::replace(&mut self.next[case.index()], t + 1);
        if next == t + 1 || (t > 0 && next == t && plan.rules.may_change(case, t, batch.terms).is_none()) {
            return;
        }
        plan.rules.blame(case, t, batch.terms, &mut self.blame);
        let blame = &self.blame;
        let total = Lanes::total(plan.rules.rules_of(case).map(|r| blame[r.index()]));
        let share = |r: RuleId| (r.index(), blame[r.index()].per(total));
        let rules = plan.rules.rules_of(case);
        self.shares[case.index()].refill(rules.map(share));
    }

    /// What a series takes of this quarter; `values` are those of the series before it.
    #[inline(always)]
    pub(super) fn read(&self, source: &Source, values: &[Lanes], plan: &Plan, batch: &Seen<'_>) -> Lanes {
        match source {
            Source::Labs(labs, what) => trained(labs.iter().map(|l| l.index()), *what, batch),
            Source::Pooled(place) => batch.outputs.training.pooled[*place],
            Source::Rent => batch.outputs.fleet.rent_price,
            Source::Buyers(buyers, what) => self.held(buyers.iter().map(|b| b.index()), *what),
            Source::Arrivals(n, buyers, what) => match what {
                Arrived::Smuggled(unit) => {
                    over(buyers.iter().map(|b| b.index()), &self.smuggled, |own| own[*unit])
                }
                Arrived::Seized => {
                    let routes = plan.edges.routes_to[*n].iter().map(|r| r.index());
                    over(routes, &batch.outputs.diversion.seized, |seized| *seized)
                }
                Arrived::Premium => batch.state.diversion.premium[n.index()],
            },
            Source::RefusedIn(n) => self.denied_in[n.index()],
            Source::RefusedBy(rule) => self.denied_by[rule.index()],
            Source::Chips(chips, what) => {
                let produced = &batch.outputs.production.started;
                let (mut sum, shipped) = (Lanes::ZERO, &self.shipped);
                for c in chips.iter().map(|c| c.index()) {
                    sum += match what {
                        Sold::Produced => produced[c],
                        Sold::Shipped(unit) => shipped[c] * batch.sheets.units[c][*unit],
                        Sold::Revenue => shipped[c] * batch.outputs.price[c],
                    };
                }
                sum
            }
            Source::Facilities(at, what) => {
                let over = |list: &[Lanes]| over(at.iter().map(|f| f.index()), list, |own| *own);
                match what {
                    Made::Capacity => over(&batch.outputs.capacity.works),
                    Made::Output => over(&self.output),
                    Made::Others => over(&batch.outputs.capacity.others),
                    Made::Companions => over(&batch.outputs.production.companions),
                    Made::Answered => over(&batch.outputs.capacity.answered),
                    Made::Utilisation => {
                        let used = over(&self.output) + over(&batch.outputs.capacity.others);
                        used.per(over(&batch.outputs.capacity.works))
                    }
                }
            }
            Source::Route(r, what) => match what {
                Carried::Smuggled(unit) => batch.outputs.diversion.delivered_by_route[r.index()][*unit],
                Carried::Seized => batch.outputs.diversion.seized[r.index()],
            },
            Source::Quotient(of, over) => values[*of].per(values[*over]),
        }
    }

    /// What some buyers hold, or did in the quarter.
    #[inline(always)]
    fn held(&self, buyers: impl Iterator<Item = usize>, what: Held) -> Lanes {
        match what {
            Held::Fleet(unit) => over(buyers, &self.fleet, |own| own[unit]),
            Held::Bought(unit) => over(buyers, &self.bought, |own| own[unit]),
            Held::Imported(unit) => over(buyers, &self.imported, |own| own[unit]),
            Held::Spend => over(buyers, &self.spend, |own| *own),
            Held::Power => over(buyers, &self.power, |own| *own),
            Held::Planned => over(buyers, &self.planned, |own| *own),
            Held::Stranded(unit) => over(buyers, &self.stranded, |own| own[unit]),
            Held::Retired(unit) => over(buyers, &self.retired, |own| own[unit]),
        }
    }
}

/// Sum over some places of a list of what `of` reads there.
///
/// A loop, and no adapted iterator: what is not inlined is compiled for any machine.
#[inline(always)]
fn over<T>(places: impl Iterator<Item = usize>, list: &[T], of: impl Fn(&T) -> Lanes) -> Lanes {
    let mut sum = Lanes::ZERO;
    for place in places {
        sum += of(&list[place]);
    }
    sum
}

#[inline(always)]
fn trained(labs: impl Iterator<Item = usize> + Clone, what: Trained, batch: &Seen<'_>) -> Lanes {
    let training = &batch.outputs.training;
    let best = |list: &[Lanes]| Lanes::ZERO.max_of(labs.clone().map(|l| list[l]));
    let sum = |list: &[Lanes]| over(labs.clone(), list, |own| *own);
    match what {
        Trained::Reachable => best(&training.reachable),
        Trained::Run => best(&training.run),
        Trained::Effective => best(&training.effective),
        Trained::Accessible => sum(&training.accessible),
        Trained::Rented => sum(&training.rented),
        Trained::Free => sum(&training.free),
        Trained::Parameters => training.optimum.parameters(best(&training.reachable)),
        Trained::Tokens => training.optimum.tokens(best(&training.reachable)),
        Trained::Cost => {
            let mut most = Lanes::splat(-1.0);
            let mut cost = Lanes::ZERO;
            for l in labs {
                let larger = training.reachable[l].gt(most);
                most = larger.select(training.reachable[l], most);
                cost = larger.select(training.cost[l], cost);
            }
            cost
        }
    }
}
