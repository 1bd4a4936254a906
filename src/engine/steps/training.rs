//! Training: what a lab's chips, money and time make of a run, and what stops it.

mod lack;
mod precision;

use super::data_sheets::DataSheets;
use super::fleet::{FleetOutputs, FleetState, sum};
use crate::inputs::Inputs;
use crate::math::List;
use crate::math::wide::{Lanes, Mask, WIDTH};
use crate::model::CountryId;
use crate::model::time::DAYS_PER_QUARTER;
use crate::plan::Plan;
use lack::{Lack, Portion};
use precision::Precision;

/// What bound a lab, as codes.
pub mod lab_cause {
    /// Chips.
    pub const CHIPS: u8 = 0;
    /// Money for one run.
    pub const MONEY: u8 = 1;
    /// Chips idle for want of power.
    pub const POWER: u8 = 2;
    /// Slow links between chips.
    pub const INTERCONNECT: u8 = 3;
    /// Training data, for effective compute.
    pub const DATA: u8 = 4;
    /// Rules on remote access.
    pub const RULES: u8 = 5;
    /// Names of the codes.
    pub const NAMES: [&str; 6] = ["chips", "money", "power", "interconnect", "data", "rules"];
}

/// Below this mean quality of interconnect it is named as what binds.
const SLOW: f64 = 0.9;
const HOURS_PER_DAY: f64 = 24.0;
const SECONDS_PER_DAY: f64 = 86_400.0;

/// What labs leave to the next quarter.
#[derive(Clone, Debug)]
pub struct TrainingState {
    /// Sums of each lab's chips, as [`sum`] names them: in the last quarter and in this.
    pub chips: [List<Sums>; 2],
    /// What would give each lab more: in the last quarter and in this.
    lacks: [List<Lack>; 2],
    /// Runs that each lab has made so far, by quarter \[FLOP\].
    made: Vec<List<Lanes>>,
}

/// Sums of chips.
pub type Sums = [Lanes; sum::COUNT];

/// What labs and countries can train in a quarter.
#[derive(Clone, Debug)]
pub struct TrainingOutputs {
    /// Largest run that a lab could finish by the quarter's end \[FLOP\].
    pub reachable: List<Lanes>,
    /// Largest run that it is expected to have finished \[FLOP\].
    pub run: List<Lanes>,
    /// Reachable with algorithms and data \[FLOP\].
    pub effective: List<Lanes>,
    /// Cost of the reachable run \[USD\].
    pub cost: List<Lanes>,
    /// Chips usable by a lab \[H100e\].
    pub accessible: List<Lanes>,
    /// The part of them that is rented \[H100e\].
    pub rented: List<Lanes>,
    /// The part of them that does not serve users \[H100e\].
    pub free: List<Lanes>,
    /// Reachable if labs pooled their chips, by country then by group \[FLOP\].
    pub pooled: List<Lanes>,
    /// What bound each lab's reachable run, see [`lab_cause`].
    pub bound_by: Vec<[u8; WIDTH]>,
    /// What bound its effective compute.
    pub effective_bound_by: Vec<[u8; WIDTH]>,
    /// The compute-optimal run.
    pub optimum: Optimum,
}

/// Room to work in.
#[derive(Clone, Debug)]
pub(crate) struct TrainingScratch {
    /// Growth of algorithms, as a logarithm \[1/year\].
    growth: Lanes,
    precision: Precision,
    parts: List<Part>,
    /// Labs whose chips are pooled, by place.
    members: Vec<Vec<usize>>,
}

/// What the quarter's fleets are.
pub(crate) struct TrainingContext<'a> {
    pub sheets: &'a DataSheets,
    pub fleet: &'a FleetOutputs,
    pub owned: &'a FleetState,
}

/// The step.
pub(crate) struct Training<'a> {
    pub state: &'a mut TrainingState,
    pub out: &'a mut TrainingOutputs,
    pub scratch: &'a mut TrainingScratch,
}

/// Compute-optimal parameters and tokens of a run, by the scaling law of a draw.
#[derive(Clone, Copy, Debug, Default)]
pub struct Optimum {
    scale: Lanes,
    /// Exponents of compute for parameters and for tokens \[1\].
    exponents: [Lanes; 2],
}

impl Optimum {
    /// Reads a batch's scaling law.
    #[inline(always)]
    pub fn new(plan: &Plan, inputs: &Inputs) -> Self {
        let science = &plan.model.science;
        let (alpha, beta) = (inputs.value(science.scaling_alpha), inputs.value(science.scaling_beta));
        let (a, b) = (inputs.value(science.scaling_a), inputs.value(science.scaling_b));
        let scale = (alpha * a / (beta * b)).pow((alpha + beta).recip());
        Self { scale, exponents: [beta / (alpha + beta), alpha / (alpha + beta)] }
    }

    /// Parameters of a run \[1\].
    #[inline(always)]
    pub fn parameters(&self, flop: Lanes) -> Lanes {
        self.scale * (flop / 6.0).pow(self.exponents[0])
    }

    /// Tokens of a run.
    #[inline(always)]
    pub fn tokens(&self, flop: Lanes) -> Lanes {
        (flop / 6.0).pow(self.exponents[1]) / self.scale
    }
}

/// A lab's part in a pooled run: what it could add, with how many chips, for how much of whose money.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    flop: Lanes,
    chips: Lanes,
    /// Rent of those chips for the run \[USD\].
    cost: Lanes,
    money: Option<Lanes>,
}

/// A run of a lab.
struct Run {
    flop: Lanes,
    /// Rent of its chips \[USD\].
    cost: Lanes,
    /// Throughput that slow links leave, over the peak \[1\].
    links: Lanes,
    /// Whether money lets it have fewer chips than there are.
    poor: Mask,
    peak: Lanes,
    /// Exponent of what is lost with the number of chips \[1\].
    crowding: Lanes,
}

impl TrainingState {
    /// Labs without chips.
    pub fn new(plan: &Plan) -> Self {
        let labs = plan.model.labs.len();
        let sums = List::of([Lanes::ZERO; sum::COUNT], labs);
        Self {
            chips: [sums.clone(), sums],
            lacks: [List::of(Lack::default(), labs), List::of(Lack::default(), labs)],
            made: vec![List::of(Lanes::ZERO, plan.quarters); labs],
        }
    }

    /// Largest run that a lab made in quarter `t` \[FLOP\].
    pub fn made(&self, l: usize, t: usize) -> Lanes {
        self.made[l][t]
    }

    /// Takes over labs' chips and the runs that they have made so far.
    pub(crate) fn adopt(&mut self, from: &Self) {
        let Self { chips, lacks, made } = from;
        self.chips.clone_from(chips);
        self.lacks.clone_from(lacks);
        self.made.clone_from(made);
    }
}

impl TrainingOutputs {
    /// Nothing can be trained.
    pub fn new(plan: &Plan) -> Self {
        let labs = plan.model.labs.len();
        let zeros = List::of(Lanes::ZERO, labs);
        Self {
            reachable: zeros.clone(),
            run: zeros.clone(),
            effective: zeros.clone(),
            cost: zeros.clone(),
            accessible: zeros.clone(),
            free: zeros.clone(),
            rented: zeros,
            pooled: List::of(Lanes::ZERO, plan.model.countries.len() + plan.model.groups.len()),
            bound_by: vec![[lab_cause::CHIPS; WIDTH]; labs],
            effective_bound_by: vec![[lab_cause::CHIPS; WIDTH]; labs],
            optimum: Optimum::default(),
        }
    }
}

impl TrainingScratch {
    /// Room for a plan's labs.
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            growth: Lanes::ZERO,
            precision: Precision::new(plan),
            parts: List::of(Part::default(), plan.model.labs.len()),
            members: pools(plan),
        }
    }
}

impl Training<'_> {
    /// Reads a batch's scaling law.
    #[inline(always)]
    pub(crate) fn reset(&mut self, plan: &Plan, inputs: &Inputs) {
        self.out.optimum = Optimum::new(plan, inputs);
    }

    /// What each lab can train in quarter `t`.
    #[inline(always)]
    pub(crate) fn step(&mut self, plan: &Plan, inputs: &Inputs, context: &TrainingContext<'_>, t: usize) {
        let [last, now] = &mut self.state.chips;
        std::mem::swap(last, now);
        self.state.lacks.swap(0, 1);
        self.scratch.growth = inputs.value(plan.model.science.algorithms).ln();
        self.scratch.precision.forget();
        let price = context.fleet.rent_price;
        for l in 0..plan.model.labs.len() {
            self.gather(plan, inputs, context, l, t);
            if t == 0 {
                self.state.chips[0][l] = self.state.chips[1][l];
                self.state.lacks[0][l] = self.state.lacks[1][l];
            }
            self.train(plan, inputs, price, l, t);
        }
        self.pool(plan, inputs);
    }

    /// Sums a lab's parts of buyers' working chips, less what serves users.
    #[inline(always)]
    fn gather(&mut self, plan: &Plan, inputs: &Inputs, context: &TrainingContext<'_>, l: usize, t: usize) {
        let lab = &plan.model.labs[l];
        let TrainingContext { sheets, fleet, owned } = *context;
        let precision = &mut self.scratch.precision;
        precision.read(inputs, sheets, lab.low_precision.unwrap_or(plan.model.training.low_precision), t);
        let mut sums = [Lanes::ZERO; sum::COUNT];
        let mut rented = Lanes::ZERO;
        let mut lack = Lack::default();
        for i in plan.usage.of_lab[l].clone() {
            let b = plan.usage.links[i].buyer.index();
            let worth = precision.worth(plan, inputs, sheets, (fleet, owned), b);
            let mut parts = fleet.working[b];
            parts[sum::QUALITY] = worth.useful;
            for (total, &part) in sums.iter_mut().zip(&parts) {
                *total += fleet.used[i] * part;
            }
            rented += fleet.rented[i];
            lack.note(fleet, b, i, worth);
        }
        self.out.accessible[l] = sums[sum::H100E];
        self.out.rented[l] = rented;
        let free = 1.0 - inputs.at(lab.serving, t);
        self.state.chips[1][l] = sums.map(|part| part * free);
        self.state.lacks[1][l] = lack.of_share(free);
        self.out.free[l] = self.state.chips[1][l][sum::H100E];
    }

    #[inline(always)]
    fn train(&mut self, plan: &Plan, inputs: &Inputs, price: Lanes, l: usize, t: usize) {
        let lab = &plan.model.labs[l];
        let training = &plan.model.training;
        let site = inputs.at(lab.largest_site, t);
        let joined = site + (1.0 - site) * inputs.at(training.other_sites, t);
        let max_share = inputs.value(lab.max_share.unwrap_or(training.max_share)) * joined;
        let longest = inputs.at(lab.longest_run, t);
        let financeable = lab.financeable.map(|q| inputs.at(q, t));
        let could = self.run_of(plan, inputs, l, max_share, longest, financeable, price);
        self.out.reachable[l] = could.flop;
        self.out.cost[l] = could.cost;
        self.note_part(plan, inputs, l, max_share, longest, financeable, price);
        let usual = inputs.at(lab.usual_run.unwrap_or(training.usual_run), t);
        let share = inputs.at(training.run_share, t) * inputs.at(lab.run_share_factor, t);
        let budget = lab.training_budget.map(|q| inputs.at(q, t));
        let made = self.run_of(plan, inputs, l, share.min(max_share), usual, budget, price);
        self.state.made[l][t] = made.flop;
        self.out.run[l] = self.finished(plan, inputs, l, t);
        let tokens = self.out.optimum.tokens(could.flop);
        let stock = inputs.at(plan.model.science.data_stock, t);
        let scarce = tokens.gt(stock);
        let lag = inputs.at(lab.algorithm_lag.unwrap_or(plan.model.countries[lab.country].algorithm_lag), t);
        let progress = (self.scratch.growth * (t as f64 / 4.0 - lag)).exp();
        self.out.effective[l] = fed(plan, inputs, could.flop * progress, tokens, stock);
        self.out.bound_by[l] = label(&could, &self.mid_run_lack(l, longest));
        let effective = &mut self.out.effective_bound_by[l];
        *effective = self.out.bound_by[l];
        for (lane, label) in effective.iter_mut().enumerate() {
            if scarce.lane(lane) {
                *label = lab_cause::DATA;
            }
        }
    }

    /// Largest run on a share of a lab's chips for a time; money that does not reach takes fewer chips for the whole time.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)] // a run is made of all of these
    fn run_of(
        &self,
        plan: &Plan,
        inputs: &Inputs,
        l: usize,
        share: Lanes,
        days: Lanes,
        money: Option<Lanes>,
        price: Lanes,
    ) -> Run {
        let training = &plan.model.training;
        let mid = self.mid_run(l, days);
        let all = mid[sum::H100E] * days * HOURS_PER_DAY * price;
        let affordable = money.map(|m| m.per(all));
        let part = affordable.map_or(share, |a| share.min(a));
        let size = part * mid[sum::CHIPS] / inputs.value(training.reference_chips);
        let scale = size.max(1.0).pow(-inputs.value(training.scale_loss));
        let mfu = base_mfu(plan, inputs, l) * scale;
        Run {
            flop: part * mid[sum::QUALITY] * mfu * days * SECONDS_PER_DAY,
            cost: part * all,
            links: mid[sum::LINKED].per(mid[sum::PEAK]),
            poor: affordable.map_or(Mask::splat(false), |a| share.gt(a)),
            peak: mid[sum::PEAK],
            crowding: size.gt(Lanes::ONE).select(inputs.value(training.scale_loss), Lanes::ZERO),
        }
    }

    /// A lab's chips at the middle of a run that ends now.
    #[inline(always)]
    fn mid_run(&self, l: usize, days: Lanes) -> Sums {
        let w = (0.5 * days / DAYS_PER_QUARTER).min(1.0);
        let [last, now] = [&self.state.chips[0][l], &self.state.chips[1][l]];
        let mut mid = *now;
        for (mid, last) in mid.iter_mut().zip(last) {
            *mid = (1.0 - w) * *mid + w * *last;
        }
        mid
    }

    /// The same of what its chips lack.
    #[inline(always)]
    fn mid_run_lack(&self, l: usize, days: Lanes) -> Lack {
        let w = (0.5 * days / DAYS_PER_QUARTER).min(1.0);
        let [last, now] = [&self.state.lacks[0][l], &self.state.lacks[1][l]];
        let part = |of: fn(&Lack) -> Portion| Portion {
            useful: (1.0 - w) * of(now).useful + w * of(last).useful,
            count: (1.0 - w) * of(now).count + w * of(last).count,
        };
        Lack {
            all: part(|x| x.all),
            chips: part(|x| x.chips),
            power: part(|x| x.power),
            rent: part(|x| x.rent),
            barred: part(|x| x.barred),
            turned_away: now.turned_away,
        }
    }

    /// Largest run published by now.
    #[inline(always)]
    fn finished(&self, plan: &Plan, inputs: &Inputs, l: usize, t: usize) -> Lanes {
        let lab = &plan.model.labs[l];
        let lag = inputs.value(lab.disclosure_lag.unwrap_or(plan.model.training.disclosure_lag));
        let lag = (lag + 0.5).floor();
        let mut best = inputs.value(lab.opening_run);
        for (s, &made) in self.state.made[l][..=t].iter().enumerate() {
            let known = Lanes::splat((t - s) as f64).ge(lag);
            best = best.max(known.select(made, Lanes::ZERO));
        }
        best
    }

    #[inline(always)]
    #[allow(clippy::too_many_arguments)] // as of a run
    fn note_part(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        l: usize,
        share: Lanes,
        days: Lanes,
        money: Option<Lanes>,
        price: Lanes,
    ) {
        let mid = self.mid_run(l, days);
        let useful = mid[sum::QUALITY] * base_mfu(plan, inputs, l);
        self.scratch.parts[l] = Part {
            flop: share * useful * days * SECONDS_PER_DAY,
            chips: share * mid[sum::CHIPS],
            cost: share * mid[sum::H100E] * days * HOURS_PER_DAY * price,
            money,
        };
    }

    /// What countries and groups could train on all their labs' chips.
    #[inline(always)]
    fn pool(&mut self, plan: &Plan, inputs: &Inputs) {
        for p in 0..self.out.pooled.len() {
            if !self.scratch.members[p].is_empty() {
                self.out.pooled[p] = self.pool_of(plan, inputs, &self.scratch.members[p]);
            }
        }
    }

    #[inline(always)]
    fn pool_of(&self, plan: &Plan, inputs: &Inputs, labs: &[usize]) -> Lanes {
        let training = &plan.model.training;
        let mut all = Part::default();
        let mut funds = Lanes::ZERO;
        for &l in labs {
            let part = &self.scratch.parts[l];
            all.flop += part.flop;
            all.chips += part.chips;
            all.cost += part.cost;
            funds += part.money.unwrap_or(Lanes::ZERO);
        }
        let mut part = Lanes::ONE;
        if labs.iter().all(|&l| self.scratch.parts[l].money.is_some()) {
            part = funds.per(all.cost).min(1.0);
        }
        let size = part * all.chips / inputs.value(training.reference_chips);
        let scale = size.max(1.0).pow(-inputs.value(training.scale_loss));
        let flop = inputs.value(training.coordination) * part * all.flop * scale;
        flop.max_of(labs.iter().map(|&l| self.out.reachable[l]))
    }
}

/// Effective compute with less from data beyond the usable stock \[FLOP\].
#[inline(always)]
fn fed(plan: &Plan, inputs: &Inputs, effective: Lanes, tokens: Lanes, stock: Lanes) -> Lanes {
    let scarce = tokens.gt(stock);
    if !scarce.any() {
        return effective;
    }
    let fed = scarce.select(stock.per(tokens), Lanes::ONE);
    effective * fed.pow(inputs.value(plan.model.science.data_returns))
}

/// A lab's utilisation at the reference size and interconnect \[1\].
#[inline(always)]
fn base_mfu(plan: &Plan, inputs: &Inputs, l: usize) -> Lanes {
    (inputs.value(plan.model.labs[l].mfu) * inputs.value(plan.model.training.mfu_factor)).min(1.0)
}

/// Labs of each country, then of each group.
fn pools(plan: &Plan) -> Vec<Vec<usize>> {
    let m = &plan.model;
    let labs = |inside: &dyn Fn(CountryId) -> bool| {
        (0..m.labs.len()).filter(|&l| inside(m.labs[l].country)).collect::<Vec<_>>()
    };
    let countries = (0..m.countries.len()).map(|n| labs(&|home| home.index() == n));
    countries.chain(m.groups.iter().map(|g| labs(&|home| g.members.contains(&home)))).collect()
}

#[inline(always)]
fn label(run: &Run, lack: &Lack) -> [u8; WIDTH] {
    let gains = lack.gains(run.crowding);
    let mut labels = [0; WIDTH];
    // A loop, and no closure: one for each lane is called and compiled for any machine.
    for (lane, label) in labels.iter_mut().enumerate() {
        let poor = run.poor.lane(lane);
        let [chips, power, rent, barred] = [gains[0][lane], gains[1][lane], gains[2][lane], gains[3][lane]];
        *label = if run.peak[lane] <= 0.0 {
            if lack.power.useful[lane] > 0.0 {
                lab_cause::POWER
            } else if lack.turned_away.lane(lane) {
                lab_cause::RULES
            } else {
                lab_cause::CHIPS
            }
        } else if poor {
            lab_cause::MONEY
        } else if barred > chips && barred > power && barred > rent {
            lab_cause::RULES
        } else if rent > chips && rent > power {
            lab_cause::MONEY
        } else if power > chips {
            lab_cause::POWER
        } else if run.links[lane] < SLOW {
            lab_cause::INTERCONNECT
        } else {
            lab_cause::CHIPS
        };
    }
    labels
}
