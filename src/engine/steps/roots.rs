//! Roots: which input a lab's chips lack.
//!
//! To the first order: what a percent more of each input from the start would have added to what buyers have, by what bound each chip
//! that they bought, and what rules refused them. Money that more of a scarce chip takes is spent on nothing else, and power that
//! what was added takes is not there for what is bought later.

use super::choice::ChoiceOutputs;
use super::data_sheets::DataSheets;
use super::diversion::DiversionOutputs;
use super::fleet::{FleetOutputs, FleetState, sum};
use super::power::available;
use super::production::{ProductionOutputs, cause};
use super::shocks::ShockOutputs;
use super::trade::{TradeOutputs, TradeState};
use super::training::{TrainingOutputs, lab_cause};
use crate::inputs::Inputs;
use crate::math::List;
use crate::math::wide::{Lanes, Mask, WIDTH};
use crate::model::{ChipId, GoodKind};
use crate::plan::Plan;

/// What a lab's chips lack, as codes.
pub mod root {
    /// Advanced packaging.
    pub const PACKAGING: u8 = 0;
    /// High-bandwidth memory.
    pub const MEMORY: u8 = 1;
    /// Wafers.
    pub const WAFERS: u8 = 2;
    /// Other goods.
    pub const OTHER: u8 = 3;
    /// Power of the countries where buyers stand.
    pub const POWER: u8 = 4;
    /// Money of buyers.
    pub const MONEY: u8 = 5;
    /// Smuggling routes.
    pub const ROUTES: u8 = 6;
    /// Rules on chips.
    pub const RULES: u8 = 7;
    /// How many of them go into chips: the first ones.
    pub const GOODS: usize = 4;
    /// How many there are of which a percent more is looked at: all but rules.
    pub const INPUTS: usize = 7;
    /// Nothing is lacking, or it is not chips.
    pub const NONE: u8 = 255;
    /// Names of the codes.
    pub const NAMES: [&str; 8] =
        ["packaging", "memory", "wafers", "other goods", "power", "money", "routes", "rules"];
}

/// One percent of something is this part of it, the inverse.
const PERCENTS: f64 = 100.0;
/// Less than this share of what was sold is rounding, not stock.
const REMNANT: f64 = 1e-6;

/// An amount for each input.
pub type ByInput = [Lanes; root::INPUTS];
/// Amounts for each input, of chips designed abroad and at home.
pub type Parts = [[Lanes; 2]; root::INPUTS];

/// What a percent more of each input from the start would have changed so far, over a percent.
#[derive(Clone, Debug)]
pub struct RootState {
    /// What bound each chip that is under way, by chip and quarter of its start.
    bound: Vec<Vec<[u8; WIDTH]>>,
    /// Throughput less what slow links lose, of chips owned, by buyer \[FLOP/s\].
    pub added: List<Parts>,
    /// Facility power of that, by buyer \[MW\].
    pub load: List<ByInput>,
    /// Money carried, by buyer \[USD\].
    pub cash: List<ByInput>,
    /// Throughput of chips that rules refused and that would still work, by buyer \[FLOP/s\].
    pub refused: List<Lanes>,
    /// Throughput owned, by buyer \[FLOP/s\].
    owned: List<Lanes>,
}

/// What labs' chips lack.
#[derive(Clone, Debug)]
pub struct RootOutputs {
    /// What most of what each lab's chips lack lacks, see [`root`].
    pub root: Vec<[u8; WIDTH]>,
    /// The same of chips designed in the country of its buyers' headquarters.
    pub at_home: Vec<[u8; WIDTH]>,
    /// What each lab has of what would have been added \[FLOP/s\].
    pub weights: List<Parts>,
    /// And of what rules refused \[FLOP/s\].
    pub refused: List<Lanes>,
}

/// Room to work in.
#[derive(Clone, Debug)]
pub(crate) struct RootScratch {
    /// Sold in the quarter, by chip \[chips\].
    sold: List<Lanes>,
    /// What kept more of a chip from being there, by chip.
    scarce: List<Scarce>,
    /// What the buyer that is looked at bought.
    bought: Bought,
    /// Throughput of each buyer's chips now, and of those that failed or were taken out in the quarter \[FLOP/s\].
    now: List<Lanes>,
    lost: List<Lanes>,
    planned_in: List<Lanes>,
    load_in: List<ByInput>,
    coming: List<Option<Lanes>>,
}

/// What a buyer bought in a quarter, by what bound it.
#[derive(Clone, Copy, Debug, Default)]
struct Bought {
    /// Inputs that bound any of it; of others the next three are 0.
    binds: [bool; root::INPUTS],
    /// More of an input would have given more of it \[FLOP/s\].
    bound: Parts,
    /// Its facility power \[MW\].
    load: ByInput,
    /// What it cost \[USD\].
    spent: ByInput,
    /// The same where what binds two inputs is counted once \[USD\].
    spent_once: Lanes,
    /// What only the buyer's own money or power limited \[FLOP/s\].
    free: [Lanes; 2],
    free_load: Lanes,
    free_spent: Lanes,
    /// What of it the first round filled \[USD\].
    free_first: Lanes,
    /// What commitments filled as they said costs \[USD\].
    fixed_spent: Lanes,
    /// Facility power of what is bound, counted once, and free \[MW\].
    all_load: Lanes,
    /// Refused by rules \[FLOP/s\].
    refused: Lanes,
}

/// The input that kept more of a chip from being there, where it sold out.
#[derive(Clone, Copy, Debug)]
struct Scarce {
    by: [Mask; root::GOODS],
    /// Whether an input did in any draw.
    ever: [bool; root::GOODS],
    /// Where none did.
    none: Mask,
}

/// Chips of a sale.
#[derive(Clone, Copy)]
struct Amount {
    useful: Lanes,
    megawatts: Lanes,
    usd: Lanes,
}

/// The step.
pub(crate) struct Roots<'a> {
    pub state: &'a mut RootState,
    pub out: &'a mut RootOutputs,
    pub scratch: &'a mut RootScratch,
}

/// What roots look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RootContext<'a> {
    pub sheets: &'a DataSheets,
    pub shocks: &'a ShockOutputs,
    pub production: &'a ProductionOutputs,
    pub choice: &'a ChoiceOutputs,
    /// Permission by (chip, market) \[1\].
    pub permitted: &'a [Lanes],
    pub trade: &'a TradeOutputs,
    pub trade_state: &'a TradeState,
    pub diversion: &'a DiversionOutputs,
    /// Grey-market price over list price, by country \[1\].
    pub premium: &'a [Lanes],
    pub fleet: &'a FleetOutputs,
    pub fleet_state: &'a FleetState,
    pub training: &'a TrainingOutputs,
}

impl RootState {
    /// Nothing bought.
    pub fn new(plan: &Plan) -> Self {
        let buyers = plan.model.buyers.len();
        Self {
            bound: vec![vec![[cause::NONE; WIDTH]; plan.lead + 1]; plan.model.chips.len()],
            added: List::of(Parts::default(), buyers),
            load: List::of(ByInput::default(), buyers),
            cash: List::of(ByInput::default(), buyers),
            refused: List::of(Lanes::ZERO, buyers),
            owned: List::of(Lanes::ZERO, buyers),
        }
    }

    /// Takes over what has been weighed so far.
    pub(crate) fn adopt(&mut self, from: &Self) {
        let Self { bound, added, load, cash, refused, owned } = from;
        self.bound.clone_from(bound);
        self.added.clone_from(added);
        self.load.clone_from(load);
        self.cash.clone_from(cash);
        self.refused.clone_from(refused);
        self.owned.clone_from(owned);
    }
}

impl RootOutputs {
    /// Nothing is lacking.
    pub fn new(plan: &Plan) -> Self {
        let labs = plan.model.labs.len();
        Self {
            root: vec![[root::NONE; WIDTH]; labs],
            at_home: vec![[root::NONE; WIDTH]; labs],
            weights: List::of(Parts::default(), labs),
            refused: List::of(Lanes::ZERO, labs),
        }
    }
}

impl RootScratch {
    /// Room for a plan's buyers.
    pub(crate) fn new(plan: &Plan) -> Self {
        let (buyers, countries) = (plan.model.buyers.len(), plan.model.countries.len());
        Self {
            sold: List::of(Lanes::ZERO, plan.model.chips.len()),
            scarce: List::of(Scarce::nothing(), plan.model.chips.len()),
            bought: Bought::default(),
            now: List::of(Lanes::ZERO, buyers),
            lost: List::of(Lanes::ZERO, buyers),
            planned_in: List::of(Lanes::ZERO, countries),
            load_in: List::of(ByInput::default(), countries),
            coming: List::of(None, countries),
        }
    }
}

impl Scarce {
    const fn nothing() -> Self {
        Self { by: [Mask::splat(false); root::GOODS], ever: [false; root::GOODS], none: Mask::splat(true) }
    }

    /// Of causes, where a chip sold out.
    #[inline(always)]
    fn new(plan: &Plan, causes: [u8; WIDTH], sold_out: Mask) -> Self {
        let mut out = Self::nothing();
        if causes.iter().all(|&code| code == causes[0]) {
            if let Some(k) = input_of(plan, causes[0]).map(usize::from) {
                out.by[k] = sold_out;
            }
        } else {
            for (lane, code) in causes.into_iter().enumerate() {
                if let Some(k) = input_of(plan, code).map(usize::from) {
                    out.by[k].0[lane] = sold_out.0[lane];
                }
            }
        }
        for k in 0..root::GOODS {
            out.ever[k] = out.by[k].any();
            out.none = out.none & !out.by[k];
        }
        out
    }
}

impl Bought {
    /// Nothing bought. Of inputs only what is not 0 is cleared: few bind anything.
    #[inline(always)]
    fn clear(&mut self) {
        let Self {
            binds,
            bound,
            load,
            spent,
            spent_once,
            free,
            free_load,
            free_spent,
            free_first,
            fixed_spent,
            all_load,
            refused,
        } = self;
        for k in (0..root::INPUTS).filter(|&k| std::mem::take(&mut binds[k])) {
            (bound[k], load[k], spent[k]) = ([Lanes::ZERO; 2], Lanes::ZERO, Lanes::ZERO);
        }
        *free = [Lanes::ZERO; 2];
        for sum in [spent_once, free_load, free_spent, free_first, fixed_spent, all_load, refused] {
            *sum = Lanes::ZERO;
        }
    }

    /// Adds chips: bound where there is an input that bound them, of those sold out, or where routes did; else free, of that a share
    /// in the first round.
    #[inline(always)]
    fn add(&mut self, amount: &Amount, first: Lanes, side: usize, scarce: &Scarce, routes: Mask) {
        let &Amount { useful, megawatts, usd } = amount;
        self.all_load += megawatts;
        let some = useful.gt(Lanes::ZERO);
        for k in (0..root::GOODS).filter(|&k| scarce.ever[k]) {
            self.bind(k, amount, side, some & scarce.by[k]);
        }
        if routes.any() {
            self.bind(usize::from(root::ROUTES), amount, side, some & routes);
        }
        let free = some & scarce.none & !routes;
        self.free[side] += free.select(useful, Lanes::ZERO);
        self.free_load += free.select(megawatts, Lanes::ZERO);
        self.free_spent += free.select(usd, Lanes::ZERO);
        self.free_first += free.select(usd * first, Lanes::ZERO);
        self.spent_once += (some & !free).select(usd, Lanes::ZERO);
    }

    /// Adds chips that an input bound in some draws.
    #[inline(always)]
    fn bind(&mut self, k: usize, amount: &Amount, side: usize, bound: Mask) {
        self.binds[k] = true;
        self.bound[k][side] += bound.select(amount.useful, Lanes::ZERO);
        self.load[k] += bound.select(amount.megawatts, Lanes::ZERO);
        self.spent[k] += bound.select(amount.usd, Lanes::ZERO);
    }
}

impl Roots<'_> {
    /// Nothing bought yet.
    #[inline(always)]
    pub(crate) fn reset(&mut self, plan: &Plan, inputs: &Inputs, fleet: &FleetOutputs, sheets: &DataSheets) {
        self.state.added.fill(Parts::default());
        for list in [&mut self.state.load, &mut self.state.cash] {
            list.fill(ByInput::default());
        }
        self.state.refused.fill(Lanes::ZERO);
        self.count_owned(plan, inputs, fleet, sheets);
        self.state.owned.copy_from_slice(&self.scratch.now);
    }

    /// What labs' chips lack at the end of quarter `t`.
    #[inline(always)]
    pub(crate) fn step(&mut self, plan: &Plan, inputs: &Inputs, context: &RootContext<'_>, t: usize) {
        self.count_sold(plan, context, t);
        self.count_owned(plan, inputs, context.fleet, context.sheets);
        self.count_load(plan, inputs, context, t);
        // One buyer after the other: what one bought stays in the cache until it is weighed.
        for b in 0..plan.model.buyers.len() {
            self.count_bought(plan, inputs, context, b);
            self.add(plan, inputs, context, b);
        }
        self.state.owned.copy_from_slice(&self.scratch.now);
        for l in 0..plan.model.labs.len() {
            self.judge(plan, context, l);
        }
    }

    /// Throughput of each buyer's chips, those that wait and are in deployment included, and of what it lost in the quarter.
    #[inline(always)]
    fn count_owned(&mut self, plan: &Plan, inputs: &Inputs, fleet: &FleetOutputs, sheets: &DataSheets) {
        let support = inputs.value(plan.model.diversion.support);
        self.scratch.now.fill(Lanes::ZERO);
        self.scratch.lost.fill(Lanes::ZERO);
        for (h, holding) in plan.edges.holdings.iter().enumerate() {
            // Nothing was owned, and nothing lost.
            if !fleet.held[h] {
                continue;
            }
            let (b, c) = (holding.buyer.index(), holding.chip.index());
            let quality = if holding.grey { sheets.quality[c] * support } else { sheets.quality[c] };
            let each = sheets.flops[c] * quality;
            self.scratch.now[b] += fleet.owned[h] * each;
            self.scratch.lost[b] += (fleet.failed[h] + fleet.retired[h]) * each;
        }
    }

    /// What was sold, and what bound the chips that are started.
    #[inline(always)]
    fn count_sold(&mut self, plan: &Plan, context: &RootContext<'_>, t: usize) {
        let (slots, chips) = (plan.lead + 1, plan.model.chips.len());
        self.scratch.sold.fill(Lanes::ZERO);
        for s in context.choice.open.all() {
            self.scratch.sold[plan.edges.sales[s].chip.index()] += context.trade.sold[s];
        }
        for &(r, c) in &context.trade.smuggled {
            self.scratch.sold[c] += context.trade.attempted[r * chips + c];
        }
        for c in plan.edges.chips.iter().map(|c| c.index()) {
            let short = context.production.short_of[c];
            if t == 0 {
                // What is under way at the start is as the first quarter's.
                self.state.bound[c].fill(short);
            }
            self.state.bound[c][t % slots] = short;
            let (left, sold) = (context.trade_state.inventory[c], self.scratch.sold[c]);
            let causes = self.state.bound[c][(t + 1) % slots];
            self.scratch.scarce[c] = Scarce::new(plan, causes, left.le(sold * REMNANT));
        }
    }

    /// What a buyer bought, by what bound it.
    #[inline(always)]
    fn count_bought(&mut self, plan: &Plan, inputs: &Inputs, context: &RootContext<'_>, b: usize) {
        let support = inputs.value(plan.model.diversion.support);
        let (trade, chips) = (context.trade, plan.model.chips.len());
        let of = &mut self.scratch.bought;
        of.clear();
        for s in context.choice.wanted.of(b) {
            let sale = &plan.edges.sales[s];
            let (c, n) = (sale.chip.index(), sale.country.index());
            let useful = context.sheets.flops[c] * context.sheets.quality[c];
            let megawatts = context.sheets.watts[c] * context.sheets.megawatts[n];
            let price = context.choice.price[sale.chip_market];
            let amount = |n: Lanes, price: Lanes, support: Lanes| Amount {
                useful: n * useful * support,
                megawatts: n * megawatts,
                usd: n * price,
            };
            let side = side_of(plan, sale.chip, b);
            let asked = trade.committed[s] * context.permitted[sale.chip_market];
            let given = trade.committed_fill[s];
            let cut = given.lt(asked * (1.0 - 1e-9));
            let fixed = cut.select(Lanes::ZERO, given).min(trade.sold[s]);
            let bought = trade.sold[s] - fixed;
            let scarce = &self.scratch.scarce[c];
            of.refused += trade.refused[s] * useful;
            of.fixed_spent += fixed * price;
            let legal = amount(bought, price, Lanes::ONE);
            let first = (trade.first_fill[s] - given).max(0.0).min(bought).per(bought);
            of.add(&legal, first, side, scarce, Mask::splat(false));
            let Some(g) = sale.grey.filter(|&g| trade.wants[g].gt(Lanes::ZERO).any()) else { continue };
            let mut got = Lanes::ZERO;
            for r in plan.edges.routes_to[n].iter().map(|r| r.index()) {
                got += trade.attempted[r * chips + c] * (1.0 - context.diversion.routes.detection[r]);
            }
            let got = got * trade.wants[g].per(trade.wanted[n * chips + c]);
            let carried = context.trade_state.carried[n];
            let street = context.choice.list[c] * context.premium[n];
            let smuggled = amount(got, street, support);
            of.add(&smuggled, Lanes::ONE, side, scarce, carried.lt(Lanes::ONE));
        }
    }

    /// What of the power of what was added runs, by country, and what there will be.
    #[inline(always)]
    fn count_load(&mut self, plan: &Plan, inputs: &Inputs, context: &RootContext<'_>, t: usize) {
        self.scratch.planned_in.fill(Lanes::ZERO);
        self.scratch.load_in.fill(ByInput::default());
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let n = buyer.country.index();
            self.scratch.planned_in[n] += context.trade.planned[b];
            let on = running(context, b);
            for (sum, &load) in self.scratch.load_in[n].iter_mut().zip(&self.state.load[b]) {
                *sum += load * on;
            }
        }
        for (n, coming) in self.scratch.coming.iter_mut().enumerate() {
            *coming = available(plan, inputs, context.shocks, n, t + 1);
        }
    }

    /// What a percent more of each input would have changed of what a buyer bought and has, over a percent.
    #[inline(always)]
    fn add(&mut self, plan: &Plan, inputs: &Inputs, context: &RootContext<'_>, b: usize) {
        let bought = &self.scratch.bought;
        let (trade, n) = (context.trade, plan.model.buyers[b].country.index());
        let slack = inputs.value(plan.model.trade.power_slack);
        let carry = inputs.value(plan.model.trade.carry);
        let kept = (1.0 - self.scratch.lost[b].per(self.state.owned[b])).max(0.0);
        let on = running(context, b);
        let part = trade.planned[b].per(self.scratch.planned_in[n]);
        let power = context.trade_state.power[b];
        let cut = power.lt(Lanes::ONE);
        let money = (trade.had[b] - bought.fixed_spent).max(0.0);
        let usable = money * power;
        // Of money the first round spends a share on what is not scarce; later ones, of what is left of all orders, another.
        let first = bought.free_first.per(usable).min(1.0);
        let left = (usable - bought.spent_once - bought.free_first).max(0.0);
        let later = (bought.free_spent - bought.free_first).per(left).min(1.0);
        let usd_per_mw = (bought.spent_once + bought.free_spent).per(bought.all_load);
        let unspent = trade.had[b] - (trade.spent[b] - trade.spent_ahead[b]) - trade.spent_grey[b];
        let capped = (carry * unspent).gt(0.5 * trade.budget[b]);
        for k in 0..root::INPUTS {
            let is_money = k == usize::from(root::MONEY);
            let budget = if is_money { trade.budget[b] } else { Lanes::ZERO };
            let had = budget + self.state.cash[b][k];
            let mut room = -self.scratch.load_in[n][k];
            if k == usize::from(root::POWER) {
                room += self.scratch.coming[n].unwrap_or(Lanes::ZERO);
            }
            let room = slack * part * room - self.state.load[b][k] * (1.0 - on);
            let more = cut.select((room * usd_per_mw).min(PERCENTS * (money - usable)), had);
            let freely = first * more + later * ((1.0 - first) * more - bought.spent[k]);
            let free = freely.per(bought.free_spent);
            for side in 0..2 {
                let more = bought.bound[k][side] + bought.free[side] * free;
                self.state.added[b][k][side] = self.state.added[b][k][side] * kept + more;
            }
            self.state.load[b][k] = self.state.load[b][k] * kept + bought.load[k] + bought.free_load * free;
            let left = carry * (had - bought.spent[k] - freely);
            self.state.cash[b][k] = capped.select(0.5 * budget, left);
        }
        self.state.refused[b] = self.state.refused[b] * kept + bought.refused;
    }

    /// Names what most of what a lab's chips lack lacks.
    #[inline(always)]
    fn judge(&mut self, plan: &Plan, context: &RootContext<'_>, l: usize) {
        let mut weights = Parts::default();
        let mut refused = Lanes::ZERO;
        for i in plan.usage.of_lab[l].clone() {
            let b = plan.usage.links[i].buyer.index();
            let used = context.fleet.used[i];
            let working = context.fleet.working[b][sum::QUALITY];
            // Of what runs power gives a part, chips the rest: as for what binds the lab.
            let powered = context.fleet.more_power[b][0];
            let chips = used * (1.0 - powered.per(working));
            refused += chips * self.state.refused[b];
            for (weights, added) in weights.iter_mut().zip(&self.state.added[b]) {
                for (weight, &added) in weights.iter_mut().zip(added) {
                    *weight += chips * added;
                }
            }
            weights[usize::from(root::POWER)][0] += used * powered;
        }
        self.out.weights[l] = weights;
        self.out.refused[l] = refused;
        let causes = &context.training.bound_by[l];
        let by_chips = |cause: u8| matches!(cause, lab_cause::CHIPS | lab_cause::INTERCONNECT);
        if !causes.iter().any(|&cause| by_chips(cause)) {
            self.out.root[l] = [root::NONE; WIDTH];
            self.out.at_home[l] = [root::NONE; WIDTH];
            return;
        }
        let (all, most) = largest(|k| weights[k][0] + weights[k][1]);
        let (home, most_at_home) = largest(|k| weights[k][1]);
        // A rule is lifted whole, of inputs there is a percent more.
        let barred = (refused * PERCENTS).gt(most.max(0.0));
        for lane in 0..WIDTH {
            let name = |k: Lanes, weight: Lanes| if weight[lane] > 0.0 { k[lane] as u8 } else { root::NONE };
            let of_all = if barred.lane(lane) { root::RULES } else { name(all, most) };
            let bound = by_chips(causes[lane]);
            self.out.root[l][lane] = if bound { of_all } else { root::NONE };
            self.out.at_home[l][lane] = if bound { name(home, most_at_home) } else { root::NONE };
        }
    }
}

/// The first of the largest of some amounts, and how much it is.
#[inline(always)]
fn largest(of: impl Fn(usize) -> Lanes) -> (Lanes, Lanes) {
    let (mut which, mut most) = (Lanes::ZERO, of(0));
    for k in 1..root::INPUTS {
        let amount = of(k);
        let more = amount.gt(most);
        which = more.select(Lanes::splat(k as f64), which);
        most = more.select(amount, most);
    }
    (which, most)
}

/// Share of a buyer's chips that runs, by power \[1\].
#[inline(always)]
fn running(context: &RootContext<'_>, b: usize) -> Lanes {
    let on = context.fleet.running_mw[b];
    on.per(on + context.fleet_state.waiting_mw[b] + context.fleet_state.coming_mw[b])
}

/// 1 where a chip's designer is of the country of a buyer's headquarters, else 0.
#[inline(always)]
fn side_of(plan: &Plan, chip: ChipId, b: usize) -> usize {
    let buyer = &plan.model.buyers[b];
    let home = buyer.headquarters.unwrap_or(buyer.country);
    usize::from(plan.model.designers[plan.model.chips[chip].designer].country == home)
}

/// The input that a cause of production stands for; none where all that was planned was made.
#[inline(always)]
fn input_of(plan: &Plan, code: u8) -> Option<u8> {
    match code {
        cause::NONE | cause::DEMAND => None,
        // A ramp is a share of packaging.
        cause::RAMP => Some(root::PACKAGING),
        good => Some(match plan.model.goods[usize::from(good)].kind {
            GoodKind::Packaging => root::PACKAGING,
            GoodKind::Memory => root::MEMORY,
            GoodKind::Wafer => root::WAFERS,
            GoodKind::Other => root::OTHER,
        }),
    }
}
