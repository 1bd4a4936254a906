//! Section 10: which input labs' chips lack.

use super::{Draw, per};
use chokepoint::internals::model::GoodKind;

/// Inputs of which there is a percent more: packaging, memory, wafers, other goods, power, money, routes.
const INPUTS: usize = 7;
const PACKAGING: usize = 0;
const POWER: usize = 4;
const MONEY: usize = 5;
const ROUTES: usize = 6;

/// What a percent more of each input would have changed for a buyer.
#[derive(Clone, Copy, Default)]
pub struct Changed {
    /// Throughput of chips designed abroad and at home [H100e].
    pub added: [[f64; 2]; INPUTS],
    load: [f64; INPUTS],
    cash: [f64; INPUTS],
    /// What rules refused [H100e].
    pub refused: f64,
    owned: f64,
}

/// What a buyer bought in the quarter.
#[derive(Clone, Copy, Default)]
struct Bought {
    bound: [[f64; 2]; INPUTS],
    bound_load: [f64; INPUTS],
    bound_spent: [f64; INPUTS],
    spent: f64,
    free: [f64; 2],
    free_load: f64,
    free_spent: f64,
    free_first: f64,
    committed_spent: f64,
    load: f64,
}

/// What roots keep of a draw.
#[derive(Default)]
pub struct Roots {
    /// Good that bound a chip in the first pass.
    pub bottleneck: Vec<Option<usize>>,
    /// Input that a chip which is started lacks, by chip and quarter.
    lacked: Vec<Vec<Option<usize>>>,
    /// By buyer.
    pub of: Vec<Changed>,
    /// Filled in the first round, by sale.
    pub first_fill: Vec<f64>,
    /// Filled of commitments before volume limits, by sale.
    pub committed_fill: Vec<f64>,
    /// Refused in the quarter, by buyer [H100e].
    pub refused: Vec<f64>,
}

impl Draw<'_> {
    pub fn reset_roots(&mut self) {
        let m = self.w.m;
        self.roots = Roots {
            bottleneck: vec![None; m.chips.len()],
            lacked: vec![Vec::new(); m.chips.len()],
            of: vec![Changed::default(); m.buyers.len()],
            first_fill: vec![0.0; self.sold.len()],
            committed_fill: vec![0.0; self.sold.len()],
            refused: vec![0.0; m.buyers.len()],
        };
        let owned = self.owned();
        for (changed, owned) in self.roots.of.iter_mut().zip(owned) {
            changed.owned = owned;
        }
    }

    /// What kept a chip that is started from being more; before leftovers are looked at, its ramp or nothing.
    pub fn note_lack(&mut self, c: usize, good: Option<usize>) {
        let input = match good {
            Some(g) => Some(match self.w.m.goods[g].kind {
                GoodKind::Packaging => PACKAGING,
                GoodKind::Memory => 1,
                GoodKind::Wafer => 2,
                GoodKind::Other => 3,
            }),
            None => (self.capped[c] && self.wants[c] > 0.0).then_some(PACKAGING),
        };
        let lacked = &mut self.roots.lacked[c];
        lacked.truncate(self.t);
        lacked.push(input);
    }

    /// Throughput of a chip less what slow links lose [H100e].
    fn throughput(&self, c: usize, smuggled: bool) -> f64 {
        self.useful_of(c) * if smuggled { self.support } else { 1.0 }
    }

    fn owned(&self) -> Vec<f64> {
        let mut owned = vec![0.0; self.w.m.buyers.len()];
        for (fleet, held) in self.w.fleets.iter().zip(&self.held_chips) {
            let chips = held.count + held.waiting + held.coming.total();
            owned[fleet.buyer] += chips * self.throughput(fleet.chip, fleet.smuggled);
        }
        owned
    }

    /// The same of what failed or was taken out in the quarter.
    fn lost(&self) -> Vec<f64> {
        let mut lost = vec![0.0; self.w.m.buyers.len()];
        for (fleet, held) in self.w.fleets.iter().zip(&self.held_chips) {
            lost[fleet.buyer] += (held.failed + held.retired) * self.throughput(fleet.chip, fleet.smuggled);
        }
        lost
    }

    /// The quarter's part.
    pub fn find_roots(&mut self) {
        let w = self.w;
        let m = w.m;
        let (chips, lead) = (m.chips.len(), w.lead);
        let mut sold = vec![0.0; chips];
        for (s, amount) in self.sold.iter().enumerate() {
            sold[w.market.sales[s].chip] += amount;
        }
        for (place, amount) in self.attempted.iter().enumerate() {
            sold[place % chips] += amount;
        }
        let lack = |draw: &Self, c: usize| {
            let gone = draw.inventory[c] <= 1e-6 * sold[c];
            if gone { draw.roots.lacked[c][self.t.saturating_sub(lead)] } else { None }
        };
        let choices = &self.choices;
        let mut all = vec![Bought::default(); m.buyers.len()];
        for &b in &w.market.buyers {
            let buyer = &m.buyers[b];
            let (n, home) = (buyer.country.index(), buyer.headquarters.unwrap_or(buyer.country));
            // As it will be for the next quarter.
            let carried = if self.wanted[n] > 0.0 { self.reach[n] } else { self.carried[n] };
            let menu = choices.menus[b];
            for o in &choices.list[menu.first..menu.end] {
                let c = o.chip;
                let side = usize::from(m.designers[m.chips[c].designer].country == home);
                let mut put = |[count, first]: [f64; 2],
                               usd: f64,
                               smuggled: bool,
                               lacks: Option<usize>,
                               by_routes: bool| {
                    let of = &mut all[b];
                    let useful = count * self.throughput(c, smuggled);
                    let power = count * self.facility_watts(c, n);
                    of.load += power;
                    if lacks.is_none() && !by_routes {
                        of.free[side] += useful;
                        of.free_load += power;
                        of.free_spent += count * usd;
                        of.free_first += first.min(count) * usd;
                        return;
                    }
                    of.spent += count * usd;
                    for k in lacks.into_iter().chain(by_routes.then_some(ROUTES)) {
                        of.bound[k][side] += useful;
                        of.bound_load[k] += power;
                        of.bound_spent[k] += count * usd;
                    }
                };
                let (asked, given) =
                    (self.committed[o.sale] * o.permitted, self.roots.committed_fill[o.sale]);
                let cut = given < asked * (1.0 - 1e-9);
                let whole = if cut { 0.0 } else { given.min(self.sold[o.sale]) };
                let rest = [self.sold[o.sale] - whole, self.roots.first_fill[o.sale]];
                put(rest, o.full, false, lack(self, c), false);
                if o.want > 0.0 {
                    let routes = w.market.routes_to[n].iter();
                    let got: f64 = routes
                        .map(|&r| self.attempted[r * chips + c] * (1.0 - self.route_detection[r]))
                        .sum();
                    let got = got * per(o.want, self.grey_wants[n * chips + c]);
                    put([got, got], o.street, true, lack(self, c), carried < 1.0);
                }
                all[b].committed_spent += whole * o.full;
            }
        }
        let on: Vec<f64> = (0..m.buyers.len())
            .map(|b| per(self.buyer_mw[b], self.buyer_mw[b] + self.waiting_mw[b] + self.coming_mw[b]))
            .collect();
        let mut running = vec![[0.0; INPUTS]; m.countries.len()];
        for (b, buyer) in m.buyers.iter().enumerate() {
            for (sum, load) in running[buyer.country.index()].iter_mut().zip(self.roots.of[b].load) {
                *sum += on[b] * load;
            }
        }
        let (owned, lost) = (self.owned(), self.lost());
        for (b, buyer) in m.buyers.iter().enumerate() {
            self.change(b, &all[b], on[b], &running[buyer.country.index()], [owned[b], lost[b]]);
        }
    }

    fn change(
        &mut self,
        b: usize,
        bought: &Bought,
        on: f64,
        running: &[f64; INPUTS],
        [owned, lost]: [f64; 2],
    ) {
        let m = self.w.m;
        let n = m.buyers[b].country.index();
        let slack = self.n.v(m.trade.power_slack);
        let carry = self.n.v(m.trade.carry);
        let share = per(self.planned_spend[b], self.planned_in[n]);
        let coming = self.power_of(n, self.t + 1);
        let purse = self.purses[b];
        let kept = (1.0 - per(lost, self.roots.of[b].owned)).max(0.0);
        let money = (purse.had - bought.committed_spent).max(0.0);
        let usable = self.power[b] * money;
        let first = per(bought.free_first, usable).min(1.0);
        let left = (usable - bought.spent - bought.free_first).max(0.0);
        let later = per(bought.free_spent - bought.free_first, left).min(1.0);
        let unspent = purse.had - (purse.spent - purse.ahead) - purse.grey;
        let refused = self.roots.refused[b];
        let mut changed = self.roots.of[b];
        for (k, &running) in running.iter().enumerate() {
            let budget = if k == MONEY { purse.budget } else { 0.0 };
            let had = budget + changed.cash[k];
            let more = if self.power[b] < 1.0 {
                let power = if k == POWER && coming.is_finite() { coming } else { 0.0 };
                let room = slack * share * (power - running) - (1.0 - on) * changed.load[k];
                let usd = per(bought.spent + bought.free_spent, bought.load);
                (room * usd).min(100.0 * (money - usable))
            } else {
                had
            };
            let freely = first * more + later * ((1.0 - first) * more - bought.bound_spent[k]);
            let part = per(freely, bought.free_spent);
            for side in 0..2 {
                let old = kept * changed.added[k][side];
                changed.added[k][side] = old + bought.bound[k][side] + part * bought.free[side];
            }
            changed.load[k] = kept * changed.load[k] + bought.bound_load[k] + part * bought.free_load;
            changed.cash[k] = if carry * unspent > 0.5 * purse.budget {
                0.5 * budget
            } else {
                carry * (had - bought.bound_spent[k] - freely)
            };
        }
        changed.refused = kept * changed.refused + refused;
        changed.owned = owned;
        self.roots.of[b] = changed;
        self.roots.refused[b] = 0.0;
    }
}

/// The good of the smallest share; of several the one named, else the first.
pub fn scarcest(shares: &[(usize, f64)], named: Option<usize>) -> Option<usize> {
    let least = shares.iter().fold(1.0_f64, |least, s| least.min(s.1));
    let mut of = shares.iter().filter(|s| s.1 <= least + 1e-9).map(|s| s.0);
    of.clone().find(|g| Some(*g) == named).or_else(|| of.next())
}
