//! Training: what a lab's chips, money and time make of a run, and what stops it.

use super::fleet::{FleetOutputs, sum};
use crate::inputs::Inputs;
use crate::math::{Lanes, Mask, WIDTH};
use crate::model::time::DAYS_PER_QUARTER;
use crate::model::{CountryId, h100};
use crate::plan::Plan;

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
const SECONDS_PER_DAY: f64 = 86_400.0;

/// What labs leave to the next quarter.
#[derive(Clone, Debug)]
pub struct TrainingState {
    /// Sums of each lab's chips, as [`sum`] names them: in the last quarter and in this.
    pub chips: [Vec<Sums>; 2],
    /// What would give each lab more: in the last quarter and in this.
    lacks: [Vec<Lack>; 2],
    /// Runs that each lab has made so far, by quarter \[FLOP\].
    made: Vec<Vec<Lanes>>,
}

/// Sums of chips.
pub type Sums = [Lanes; sum::COUNT];

/// What labs and countries can train in a quarter.
#[derive(Clone, Debug)]
pub struct TrainingOutputs {
    /// Largest run that a lab could finish by the quarter's end \[FLOP\].
    pub reachable: Vec<Lanes>,
    /// Largest run that it is expected to have finished \[FLOP\].
    pub run: Vec<Lanes>,
    /// Reachable with algorithms and data \[FLOP\].
    pub effective: Vec<Lanes>,
    /// Cost of the reachable run \[USD\].
    pub cost: Vec<Lanes>,
    /// Chips usable by a lab \[H100e\].
    pub accessible: Vec<Lanes>,
    /// The part of them that is rented \[H100e\].
    pub rented: Vec<Lanes>,
    /// Reachable if labs pooled their chips, by country then by group \[FLOP\].
    pub pooled: Vec<Lanes>,
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
    /// Algorithmic progress since the horizon's start, in the quarter \[1\].
    progress: Lanes,
    parts: Vec<Part>,
    /// Labs whose chips are pooled, by place.
    members: Vec<Vec<usize>>,
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

/// A lab's part in a pooled run.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    flop: Lanes,
    chips: Lanes,
    peak: Lanes,
    useful: Lanes,
    money: Option<Lanes>,
}

/// A run of a lab.
struct Run {
    flop: Lanes,
    cost_per_flop: Lanes,
    /// Throughput that slow links leave, over the peak \[1\].
    links: Lanes,
    affordable: Option<Lanes>,
    peak: Lanes,
    /// Exponent of what is lost with the number of chips \[1\].
    crowding: Lanes,
}

impl TrainingState {
    /// Labs without chips.
    pub fn new(plan: &Plan) -> Self {
        let labs = plan.model.labs.len();
        let sums = vec![[Lanes::ZERO; sum::COUNT]; labs];
        Self {
            chips: [sums.clone(), sums],
            lacks: [vec![Lack::default(); labs], vec![Lack::default(); labs]],
            made: vec![vec![Lanes::ZERO; plan.quarters]; labs],
        }
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
        let zeros = vec![Lanes::ZERO; labs];
        Self {
            reachable: zeros.clone(),
            run: zeros.clone(),
            effective: zeros.clone(),
            cost: zeros.clone(),
            accessible: zeros.clone(),
            rented: zeros,
            pooled: vec![Lanes::ZERO; plan.model.countries.len() + plan.model.groups.len()],
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
            progress: Lanes::ONE,
            parts: vec![Part::default(); plan.model.labs.len()],
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
    pub(crate) fn step(&mut self, plan: &Plan, inputs: &Inputs, fleet: &FleetOutputs, t: usize) {
        let [last, now] = &mut self.state.chips;
        std::mem::swap(last, now);
        self.state.lacks.swap(0, 1);
        let algorithms = inputs.value(plan.model.science.algorithms);
        self.scratch.progress = algorithms.pow(Lanes::splat(t as f64 / 4.0));
        for l in 0..plan.model.labs.len() {
            self.gather(plan, fleet, l);
            if t == 0 {
                self.state.chips[0][l] = self.state.chips[1][l];
                self.state.lacks[0][l] = self.state.lacks[1][l];
            }
            self.train(plan, inputs, l, t);
        }
        self.pool(plan, inputs, t);
    }

    /// Sums a lab's parts of buyers' working chips.
    #[inline(always)]
    fn gather(&mut self, plan: &Plan, fleet: &FleetOutputs, l: usize) {
        let mut sums = [Lanes::ZERO; sum::COUNT];
        let mut rented = Lanes::ZERO;
        for i in plan.usage.of_lab[l].clone() {
            let working = &fleet.working[plan.usage.links[i].buyer.index()];
            for (total, &part) in sums.iter_mut().zip(working) {
                *total += fleet.used[i] * part;
            }
            rented += fleet.rented[i];
        }
        self.out.accessible[l] = sums[sum::H100E];
        self.out.rented[l] = rented;
        self.state.chips[1][l] = sums;
        self.state.lacks[1][l] = lacks(plan, fleet, l);
    }

    #[inline(always)]
    fn train(&mut self, plan: &Plan, inputs: &Inputs, l: usize, t: usize) {
        let lab = &plan.model.labs[l];
        let training = &plan.model.training;
        let max_share = inputs.value(lab.max_share.unwrap_or(training.max_share));
        let longest = inputs.value(lab.longest_run);
        let financeable = lab.financeable.map(|q| inputs.at(q, t));
        let could = self.run_of(plan, inputs, l, max_share, longest, financeable, t);
        self.out.reachable[l] = could.flop;
        self.out.cost[l] = could.flop * could.cost_per_flop;
        self.note_part(plan, inputs, l, max_share, longest, financeable);
        let usual = inputs.value(lab.usual_run.unwrap_or(training.usual_run));
        let share = (inputs.value(training.run_share) * inputs.value(lab.run_share_factor)).min(1.0);
        let budget = lab.training_budget.map(|q| inputs.at(q, t));
        self.state.made[l][t] = self.run_of(plan, inputs, l, share, usual, budget, t).flop;
        self.out.run[l] = self.finished(plan, inputs, l, t);
        let tokens = self.out.optimum.tokens(could.flop);
        let stock = inputs.at(plan.model.science.data_stock, t);
        let scarce = tokens.gt(stock);
        self.out.effective[l] = self.effective(plan, inputs, could.flop, tokens, stock);
        self.out.bound_by[l] = label(&could, &self.mid_run_lack(l, longest));
        self.out.effective_bound_by[l] =
            std::array::from_fn(
                |lane| {
                    if scarce.lane(lane) { lab_cause::DATA } else { self.out.bound_by[l][lane] }
                },
            );
    }

    /// Largest run on a share of a lab's chips for a time, as far as money goes.
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
        t: usize,
    ) -> Run {
        let training = &plan.model.training;
        let mid = self.mid_run(l, days);
        let quality = mid[sum::QUALITY].per(mid[sum::PEAK]);
        let size = share * mid[sum::CHIPS] / inputs.value(training.reference_chips);
        let scale = size.max(1.0).pow(-inputs.value(training.scale_loss));
        let mfu = base_mfu(plan, inputs, l) * scale * quality;
        let price = inputs.at(plan.model.rental.price, t);
        let cost_per_flop = price.per(h100::FLOP_PER_HOUR * mfu);
        let by_chips = share * mid[sum::PEAK] * mfu * days * SECONDS_PER_DAY;
        let affordable = money.map(|m| m.per(cost_per_flop));
        let flop = affordable.map_or(by_chips, |a| by_chips.min(a));
        let any = mid[sum::PEAK].gt(Lanes::ZERO);
        Run {
            flop: any.select(flop, Lanes::ZERO),
            cost_per_flop: any.select(cost_per_flop, Lanes::ZERO),
            links: mid[sum::LINKED].per(mid[sum::PEAK]),
            affordable: affordable.map(|a| a - by_chips),
            peak: mid[sum::PEAK],
            crowding: size.gt(Lanes::ONE).select(inputs.value(training.scale_loss), Lanes::ZERO),
        }
    }

    /// A lab's chips at the middle of a run that ends now.
    #[inline(always)]
    fn mid_run(&self, l: usize, days: Lanes) -> Sums {
        let w = (0.5 * days / DAYS_PER_QUARTER).min(1.0);
        std::array::from_fn(|k| (1.0 - w) * self.state.chips[1][l][k] + w * self.state.chips[0][l][k])
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
        let lag = (inputs.value(plan.model.training.disclosure_lag) + 0.5).floor();
        let mut best = inputs.value(plan.model.labs[l].opening_run);
        for (s, &made) in self.state.made[l][..=t].iter().enumerate() {
            let known = Lanes::splat((t - s) as f64).ge(lag);
            best = best.max(known.select(made, Lanes::ZERO));
        }
        best
    }

    /// Reachable compute with algorithms, and with less from data beyond the usable stock \[FLOP\].
    #[inline(always)]
    fn effective(&self, plan: &Plan, inputs: &Inputs, flop: Lanes, tokens: Lanes, stock: Lanes) -> Lanes {
        let scarce = tokens.gt(stock);
        if !scarce.any() {
            return flop * self.scratch.progress;
        }
        let fed = scarce.select(stock.per(tokens), Lanes::ONE);
        flop * self.scratch.progress * fed.pow(inputs.value(plan.model.science.data_returns))
    }

    #[inline(always)]
    fn note_part(
        &mut self,
        plan: &Plan,
        inputs: &Inputs,
        l: usize,
        share: Lanes,
        days: Lanes,
        money: Option<Lanes>,
    ) {
        let mid = self.mid_run(l, days);
        let useful = mid[sum::QUALITY] * base_mfu(plan, inputs, l);
        self.scratch.parts[l] = Part {
            flop: share * useful * days * SECONDS_PER_DAY,
            chips: share * mid[sum::CHIPS],
            peak: mid[sum::PEAK],
            useful,
            money,
        };
    }

    /// What countries and groups could train on all their labs' chips.
    #[inline(always)]
    fn pool(&mut self, plan: &Plan, inputs: &Inputs, t: usize) {
        for p in 0..self.out.pooled.len() {
            if !self.scratch.members[p].is_empty() {
                self.out.pooled[p] = self.pool_of(plan, inputs, &self.scratch.members[p], t);
            }
        }
    }

    #[inline(always)]
    fn pool_of(&self, plan: &Plan, inputs: &Inputs, labs: &[usize], t: usize) -> Lanes {
        let training = &plan.model.training;
        let mut all = Part::default();
        let mut funds = Lanes::ZERO;
        for &l in labs {
            let part = &self.scratch.parts[l];
            all.flop += part.flop;
            all.chips += part.chips;
            all.peak += part.peak;
            all.useful += part.useful;
            funds += part.money.unwrap_or(Lanes::ZERO);
        }
        let size = all.chips / inputs.value(training.reference_chips);
        let scale = size.max(1.0).pow(-inputs.value(training.scale_loss));
        let coordination = inputs.value(training.coordination);
        let mut flop = coordination * all.flop * scale;
        if labs.iter().all(|&l| self.scratch.parts[l].money.is_some()) {
            let mfu = coordination * scale * all.useful.per(all.peak);
            let price = inputs.at(plan.model.rental.price, t);
            flop = flop.min(funds.per(price.per(h100::FLOP_PER_HOUR * mfu)));
        }
        labs.iter().fold(flop, |best, &l| best.max(self.out.reachable[l]))
    }
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

/// A part of a lab's working chips.
#[derive(Clone, Copy, Debug, Default)]
struct Portion {
    /// Throughput less what slow links lose \[FLOP/s\].
    useful: Lanes,
    /// Chips.
    count: Lanes,
}

impl std::ops::AddAssign for Portion {
    #[inline(always)]
    fn add_assign(&mut self, more: Self) {
        self.useful += more.useful;
        self.count += more.count;
    }
}

/// Parts of a lab's chips: more of which causes would enlarge each.
#[derive(Clone, Copy, Debug)]
struct Lack {
    /// All of them.
    all: Portion,
    /// What a percent more chips would add, over a percent: all where none wait, else what power does not add.
    chips: Portion,
    /// What a percent more power would add, over a percent, where some wait: more power.
    power: Portion,
    /// Rented, where more is offered: more money for rent.
    rent: Portion,
    /// What that would add and rules on remote access bar.
    barred: Portion,
    /// Whether rules bar more of something that is there: of a lab without chips nothing else tells.
    turned_away: Mask,
}

impl Default for Lack {
    fn default() -> Self {
        let none = Portion::default();
        Self {
            all: none,
            chips: none,
            power: none,
            rent: none,
            barred: none,
            turned_away: Mask::splat(false),
        }
    }
}

impl Lack {
    /// By what share a run would grow per share that each part does: chips, power, rent, what rules bar of it \[1\].
    ///
    /// A run grows with useful chips and loses `crowding` (an exponent) with their count.
    #[inline(always)]
    fn gains(&self, crowding: Lanes) -> [Lanes; 4] {
        [self.chips, self.power, self.rent, self.barred]
            .map(|part| part.useful.per(self.all.useful) - crowding * part.count.per(self.all.count))
    }
}

/// What more of would give a lab more chips.
#[inline(always)]
fn lacks(plan: &Plan, fleet: &FleetOutputs, l: usize) -> Lack {
    let mut lack = Lack::default();
    for i in plan.usage.of_lab[l].clone() {
        let buyer = plan.usage.links[i].buyer.index();
        let working = &fleet.working[buyer];
        let used = fleet.used[i];
        let rented = fleet.rented[i].per(working[sum::H100E]).min(used);
        let paid = fleet.rationed[buyer].select(Lanes::ZERO, rented);
        let portion = |share: Lanes| Portion {
            useful: share * working[sum::QUALITY],
            count: share * working[sum::CHIPS],
        };
        let [useful, count] = fleet.more_power[buyer].map(|more| (used - paid) * more);
        lack.all += portion(used);
        lack.power += Portion { useful, count };
        // A percent more of chips and of power together is a percent more of all: what power does not give, chips do.
        let own = portion(used - paid);
        lack.chips += Portion { useful: own.useful - useful, count: own.count - count };
        let answers = fleet.rent_answers[i];
        lack.rent += portion(paid * answers);
        lack.barred += portion(paid * (1.0 - answers));
        let barred = answers.lt(Lanes::ONE) & working[sum::H100E].gt(Lanes::ZERO);
        lack.turned_away = lack.turned_away | (barred & !fleet.rationed[buyer]);
    }
    lack
}

fn label(run: &Run, lack: &Lack) -> [u8; WIDTH] {
    let gains = lack.gains(run.crowding);
    std::array::from_fn(|lane| {
        let poor = run.affordable.is_some_and(|a| a[lane] < 0.0);
        let [chips, power, rent, barred] = gains.map(|g| g[lane]);
        if run.peak[lane] <= 0.0 {
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
        }
    })
}
