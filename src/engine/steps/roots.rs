//! Roots: which input a lab's chips lack, by what bound those that its buyers got and those that rules refused.

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
use crate::math::{Lanes, WIDTH};
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
    /// Power that buyers expect.
    pub const POWER: u8 = 4;
    /// Money of buyers.
    pub const MONEY: u8 = 5;
    /// Smuggling routes.
    pub const ROUTES: u8 = 6;
    /// Rules on chips.
    pub const RULES: u8 = 7;
    /// How many there are of which a percent more is looked at.
    pub const INPUTS: usize = 7;
    /// Nothing is lacking, or something else than chips is.
    pub const NONE: u8 = 255;
    /// Names of the codes.
    pub const NAMES: [&str; 8] =
        ["packaging", "memory", "wafers", "other", "power", "money", "routes", "rules"];
}

/// Amounts by input, of chips designed abroad and at home.
type Parts = [[Lanes; 2]; root::INPUTS];

/// What a percent more of each input from the start would have added, over a percent, so far.
#[derive(Clone, Debug)]
pub struct RootState {
    /// What bound each chip that is under way, by chip and quarter of its start.
    bound: Vec<Vec<[u8; WIDTH]>>,
    /// Throughput less what slow links lose, of chips owned, by buyer \[FLOP/s\].
    pub added: Vec<Parts>,
    /// Facility power of it \[MW\].
    load: Vec<[Lanes; root::INPUTS]>,
    /// Throughput of chips that rules refused and that would still work, by buyer \[FLOP/s\].
    pub refused: Vec<Lanes>,
    /// Throughput owned, by buyer \[FLOP/s\].
    owned: Vec<Lanes>,
}

/// What labs' chips lack.
#[derive(Clone, Debug)]
pub struct RootOutputs {
    /// What most of what each lab's chips lack lacks, see [`root`].
    pub root: Vec<[u8; WIDTH]>,
    /// The same of chips designed in its country.
    pub at_home: Vec<[u8; WIDTH]>,
}

/// Room to work in.
#[derive(Clone, Debug)]
pub(crate) struct RootScratch {
    /// Draws in which a chip sold out, as 0 or 1, by chip.
    scarce: Vec<Lanes>,
    /// Sold in the quarter, by chip \[chips\].
    sold: Vec<Lanes>,
    /// What bound the chips of the quarter, by chip.
    causes: Vec<[u8; WIDTH]>,
    /// Bought in the quarter: limited by stock (by input), by routes, or by neither.
    bought: Vec<Bought>,
    now: Vec<Lanes>,
    planned_in: Vec<Lanes>,
    load_in: Vec<[Lanes; root::INPUTS]>,
    coming: Vec<Option<Lanes>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bought {
    /// By input, of chips from abroad and from home \[FLOP/s\].
    bound: Parts,
    /// Its facility power \[MW\].
    load: [Lanes; root::INPUTS],
    /// What only the buyer's own money or power limited.
    free: [Lanes; 2],
    free_load: Lanes,
    refused: Lanes,
    /// All \[FLOP/s\].
    all: Lanes,
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
    pub trade: &'a TradeOutputs,
    pub trade_state: &'a TradeState,
    pub diversion: &'a DiversionOutputs,
    pub fleet: &'a FleetOutputs,
    pub fleet_state: &'a FleetState,
    pub training: &'a TrainingOutputs,
}

impl RootState {
    pub fn new(plan: &Plan) -> Self {
        let buyers = plan.model.buyers.len();
        Self {
            bound: vec![vec![[cause::NONE; WIDTH]; plan.lead + 1]; plan.model.chips.len()],
            added: vec![Parts::default(); buyers],
            load: vec![<[Lanes; root::INPUTS]>::default(); buyers],
            refused: vec![Lanes::ZERO; buyers],
            owned: vec![Lanes::ZERO; buyers],
        }
    }

    /// Takes over what has been weighed so far.
    pub(crate) fn adopt(&mut self, from: &Self) {
        let Self { bound, added, load, refused, owned } = from;
        self.bound.clone_from(bound);
        self.added.clone_from(added);
        self.load.clone_from(load);
        self.refused.clone_from(refused);
        self.owned.clone_from(owned);
    }
}

impl RootOutputs {
    pub fn new(plan: &Plan) -> Self {
        let none = vec![[root::NONE; WIDTH]; plan.model.labs.len()];
        Self { root: none.clone(), at_home: none }
    }
}

impl RootScratch {
    pub(crate) fn new(plan: &Plan) -> Self {
        let (chips, buyers, countries) =
            (plan.model.chips.len(), plan.model.buyers.len(), plan.model.countries.len());
        Self {
            scarce: vec![Lanes::ZERO; chips],
            sold: vec![Lanes::ZERO; chips],
            causes: vec![[cause::NONE; WIDTH]; chips],
            bought: vec![Bought::default(); buyers],
            now: vec![Lanes::ZERO; buyers],
            planned_in: vec![Lanes::ZERO; countries],
            load_in: vec![<[Lanes; root::INPUTS]>::default(); countries],
            coming: vec![None; countries],
        }
    }
}

impl Roots<'_> {
    #[inline(always)]
    pub(crate) fn reset(&mut self, plan: &Plan, inputs: &Inputs, fleet: &FleetState, sheets: &DataSheets) {
        self.state.added.fill(Parts::default());
        self.state.load.fill(<[Lanes; root::INPUTS]>::default());
        self.state.refused.fill(Lanes::ZERO);
        self.count_owned(plan, inputs, fleet, sheets);
        self.state.owned.copy_from_slice(&self.scratch.now);
    }

    #[inline(always)]
    fn count_owned(&mut self, plan: &Plan, inputs: &Inputs, fleet: &FleetState, sheets: &DataSheets) {
        let support = inputs.value(plan.model.diversion.support);
        self.scratch.now.fill(Lanes::ZERO);
        for (h, holding) in plan.edges.holdings.iter().enumerate() {
            let c = holding.chip.index();
            let owned = fleet.count[h] + fleet.waiting[h] + fleet.deploying[h].total();
            let quality = if holding.grey { sheets.quality[c] * support } else { sheets.quality[c] };
            self.scratch.now[holding.buyer.index()] += owned * sheets.flops[c] * quality;
        }
    }

    #[inline(always)]
    pub(crate) fn step(&mut self, plan: &Plan, inputs: &Inputs, context: &RootContext<'_>, t: usize) {
        self.find_causes(plan, context, t);
        self.count_bought(plan, inputs, context);
        self.count_owned(plan, inputs, context.fleet_state, context.sheets);
        self.add(plan, inputs, context, t);
        for l in 0..plan.model.labs.len() {
            self.judge(plan, context, l);
        }
    }

    /// What bound the chips that were sold in the quarter when they were made, and which of them sold out.
    #[inline(always)]
    fn find_causes(&mut self, plan: &Plan, context: &RootContext<'_>, t: usize) {
        let slots = plan.lead + 1;
        let chips = plan.model.chips.len();
        self.scratch.sold.fill(Lanes::ZERO);
        for s in context.choice.wanted.all() {
            self.scratch.sold[plan.edges.sales[s].chip.index()] += context.trade.sold[s];
        }
        for &(r, c) in &context.trade.smuggled {
            self.scratch.sold[c] += context.trade.attempted[r * chips + c];
        }
        for &c in &plan.edges.chips {
            let i = c.index();
            self.state.bound[i][t % slots] = context.production.bound_by[i];
            if t == 0 {
                let first = context.production.bound_by[i];
                self.state.bound[i].fill(first);
            }
            self.scratch.causes[i] = self.state.bound[i][(t + slots - plan.lead) % slots];
            let left = context.trade_state.inventory[i];
            let sold = self.scratch.sold[i];
            let out = sold.gt(Lanes::ZERO) & left.le(sold * 1e-6);
            self.scratch.scarce[i] = out.select(Lanes::ONE, Lanes::ZERO);
        }
    }

    #[inline(always)]
    fn count_bought(&mut self, plan: &Plan, inputs: &Inputs, context: &RootContext<'_>) {
        self.scratch.bought.fill(Bought::default());
        let support = inputs.value(plan.model.diversion.support);
        for s in context.choice.wanted.all() {
            let sale = &plan.edges.sales[s];
            let c = sale.chip.index();
            let useful = context.sheets.flops[c] * context.sheets.quality[c];
            let megawatts = context.sheets.watts[c]
                * (inputs.value(plan.model.countries[sale.country.index()].overhead) / 1e6);
            let sold = context.trade.sold[s];
            let legal = [sold * useful, sold * megawatts];
            let b = sale.buyer.index();
            let side = side_of(plan, sale.chip, b);
            let refused = context.trade.refused[s] * useful;
            let mut grey = Lanes::ZERO;
            if let Some(g) = sale.grey {
                let n = sale.country.index();
                let chips = plan.model.chips.len();
                let got = plan.edges.routes_to[n].iter().fold(Lanes::ZERO, |sum, r| {
                    let r = r.index();
                    sum + context.trade.attempted[r * chips + c]
                        * (1.0 - context.diversion.routes.detection[r])
                });
                grey = got * context.trade.wants[g].per(context.trade.wanted[n * chips + c]);
            }
            let passed = context.trade_state.carried[sale.country.index()];
            let kind = kinds(plan, &self.scratch.causes[c]);
            let scarce = self.scratch.scarce[c];
            let bought = &mut self.scratch.bought[b];
            bought.refused += refused;
            let smuggled = [grey * useful * support, grey * megawatts];
            bought.all += legal[0] + smuggled[0];
            for (amount, is_grey) in [(legal, false), (smuggled, true)] {
                if !amount[0].gt(Lanes::ZERO).any() {
                    continue;
                }
                for lane in 0..WIDTH {
                    let (x, mw) = (amount[0][lane], amount[1][lane]);
                    let mut free = true;
                    if scarce[lane] > 0.0
                        && let Some(k) = kind[lane]
                    {
                        bought.bound[usize::from(k)][side].0[lane] += x;
                        bought.load[usize::from(k)].0[lane] += mw;
                        free = false;
                    }
                    if is_grey && passed[lane] < 1.0 {
                        let k = usize::from(root::ROUTES);
                        bought.bound[k][side].0[lane] += x;
                        bought.load[k].0[lane] += mw;
                        free = false;
                    }
                    if free {
                        bought.free[side].0[lane] += x;
                        bought.free_load.0[lane] += mw;
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn add(&mut self, plan: &Plan, inputs: &Inputs, context: &RootContext<'_>, t: usize) {
        let slack = inputs.value(plan.model.trade.power_slack);
        self.scratch.planned_in.fill(Lanes::ZERO);
        self.scratch.load_in.fill(<[Lanes; root::INPUTS]>::default());
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let n = buyer.country.index();
            self.scratch.planned_in[n] += context.trade.planned[b];
            let on = self.running(context, b);
            for k in 0..root::INPUTS {
                self.scratch.load_in[n][k] += self.state.load[b][k] * on;
            }
        }
        for n in 0..plan.model.countries.len() {
            self.scratch.coming[n] = available(plan, inputs, context.shocks, n, t + 1);
        }
        for (b, buyer) in plan.model.buyers.iter().enumerate() {
            let n = buyer.country.index();
            let bought = self.scratch.bought[b];
            let had = self.state.owned[b];
            let kept = (self.scratch.now[b] - bought.all).max(0.0).per(had).min(1.0);
            let on = self.running(context, b);
            let part = context.trade.planned[b].per(self.scratch.planned_in[n]);
            let power = context.trade_state.power[b];
            let cut = power.lt(Lanes::ONE);
            let per_mw = bought.free.map(|x| x.per(bought.free_load));
            let before = self.state.load[b];
            for k in 0..root::INPUTS {
                // What a percent more would have changed of the room for chips.
                let mut room = -self.scratch.load_in[n][k];
                if k == usize::from(root::POWER) {
                    room += self.scratch.coming[n].unwrap_or(Lanes::ZERO);
                }
                let room = slack * part * room - before[k] * (1.0 - on);
                let room = (cut & bought.free_load.gt(Lanes::ZERO)).select(room, Lanes::ZERO);
                let money = k == usize::from(root::MONEY);
                for side in 0..2 {
                    let mut more = bought.bound[k][side] + room * per_mw[side];
                    if money {
                        more += cut.select(Lanes::ZERO, bought.free[side]);
                    }
                    self.state.added[b][k][side] = self.state.added[b][k][side] * kept + more;
                }
                let mut more = bought.load[k] + room;
                if money {
                    more += cut.select(Lanes::ZERO, bought.free_load);
                }
                self.state.load[b][k] = before[k] * kept + more;
            }
            self.state.refused[b] = self.state.refused[b] * kept + bought.refused;
        }
        self.state.owned.copy_from_slice(&self.scratch.now);
    }

    /// Share of a buyer's chips that runs, by power \[1\].
    #[inline(always)]
    fn running(&self, context: &RootContext<'_>, b: usize) -> Lanes {
        let on = context.fleet.running_mw[b];
        let off = context.fleet_state.waiting_mw[b] + context.fleet_state.coming_mw[b];
        on.per(on + off)
    }

    #[inline(always)]
    fn judge(&mut self, plan: &Plan, context: &RootContext<'_>, l: usize) {
        let training = context.training;
        let mut weights = Parts::default();
        let mut refused = Lanes::ZERO;
        for i in plan.usage.of_lab[l].clone() {
            let b = plan.usage.links[i].buyer.index();
            let used = context.fleet.used[i];
            let working = context.fleet.working[b][sum::QUALITY];
            let more = context.fleet.more_power[b][0];
            let chips = used * (1.0 - more.per(working));
            refused += chips * self.state.refused[b];
            for k in 0..root::INPUTS {
                for side in 0..2 {
                    weights[k][side] += chips * self.state.added[b][k][side];
                }
            }
            weights[usize::from(root::POWER)][0] += used * more;
        }
        for lane in 0..WIDTH {
            let of = |k: usize| weights[k][0][lane] + weights[k][1][lane];
            let at_home = |k: usize| weights[k][1][lane];
            let most = |of: &dyn Fn(usize) -> f64| {
                let k = (0..root::INPUTS).max_by(|&a, &b| of(a).total_cmp(&of(b))).unwrap_or(0);
                if of(k) > 0.0 { k as u8 } else { root::NONE }
            };
            let mut named = most(&of);
            if named == root::NONE && refused[lane] > 0.0
                || named != root::NONE && refused[lane] > 0.01 * of(usize::from(named))
            {
                named = root::RULES;
            }
            let lacks_chips =
                matches!(training.bound_by[l][lane], lab_cause::CHIPS | lab_cause::INTERCONNECT);
            let told = |code: u8| if lacks_chips { code } else { root::NONE };
            self.out.root[l][lane] = told(named);
            self.out.at_home[l][lane] = told(most(&at_home));
        }
    }
}

/// 1 where a chip's designer is of the country of a buyer's headquarters, else 0.
fn side_of(plan: &Plan, chip: ChipId, b: usize) -> usize {
    let buyer = &plan.model.buyers[b];
    let home = buyer.headquarters.unwrap_or(buyer.country);
    usize::from(plan.model.designers[plan.model.chips[chip].designer].country == home)
}

/// The input that a cause stands for.
fn kinds(plan: &Plan, causes: &[u8; WIDTH]) -> [Option<u8>; WIDTH] {
    causes.map(|code| match code {
        cause::NONE | cause::DEMAND => None,
        cause::RAMP => Some(root::PACKAGING),
        good => Some(match plan.model.goods[usize::from(good)].kind {
            GoodKind::Packaging => root::PACKAGING,
            GoodKind::Memory => root::MEMORY,
            GoodKind::Wafer => root::WAFERS,
            GoodKind::Other => root::OTHER,
        }),
    })
}
