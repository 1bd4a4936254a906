//! Training: what a lab's chips, money and time make of a run, and what stops it.

use super::fleet::{Fleet, sum};
use crate::inputs::Inputs;
use crate::math::Lanes;
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
    /// Names of the codes.
    pub const NAMES: [&str; 5] = ["chips", "money", "power", "interconnect", "data"];
}

/// Below this mean quality of interconnect it is named as what binds.
const SLOW: f64 = 0.9;
const SECONDS_PER_DAY: f64 = 86_400.0;

/// What labs and countries can train.
#[derive(Clone, Debug)]
pub struct Training {
    /// Largest run that a lab could finish by the quarter's end [FLOP].
    pub reachable: Vec<Lanes>,
    /// Largest run that it is expected to have finished [FLOP].
    pub run: Vec<Lanes>,
    /// Reachable with algorithms and data [FLOP].
    pub effective: Vec<Lanes>,
    /// Cost of the reachable run [USD].
    pub cost: Vec<Lanes>,
    /// Chips usable by a lab [H100e].
    pub accessible: Vec<Lanes>,
    /// The part of them that is rented [H100e].
    pub rented: Vec<Lanes>,
    /// Reachable if labs pooled their chips, by country then by group [FLOP].
    pub pooled: Vec<Lanes>,
    /// What bound each lab's reachable run.
    pub bound_by: Vec<[u8; 8]>,
    /// What bound its effective compute.
    pub effective_bound_by: Vec<[u8; 8]>,
    /// Sums of each lab's chips: in the last quarter and in this.
    pub chips: [Vec<[Lanes; 4]>; 2],
    /// The compute-optimal run.
    pub optimum: Optimum,
    /// Algorithmic progress since the horizon's start, in the quarter [1].
    progress: Lanes,
    made: Vec<Vec<Lanes>>,
    parts: Vec<Part>,
    lacks: [Vec<Lack>; 2],
    /// Labs whose chips are pooled, by place.
    members: Vec<Vec<usize>>,
}

/// Compute-optimal parameters and tokens of a run, by the scaling law of a draw.
#[derive(Clone, Copy, Debug, Default)]
pub struct Optimum {
    scale: Lanes,
    /// Exponents of compute for parameters and for tokens [1].
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

    /// Parameters of a run [1].
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
    quality: Lanes,
    affordable: Option<Lanes>,
    peak: Lanes,
    /// Exponent of what is lost with the number of chips [1].
    crowding: Lanes,
}

impl Training {
    /// Labs without chips.
    pub fn new(plan: &Plan) -> Self {
        let labs = plan.model.labs.len();
        let zeros = vec![Lanes::ZERO; labs];
        let sums = vec![[Lanes::ZERO; 4]; labs];
        Self {
            reachable: zeros.clone(),
            run: zeros.clone(),
            effective: zeros.clone(),
            cost: zeros.clone(),
            accessible: zeros.clone(),
            rented: zeros,
            pooled: vec![Lanes::ZERO; plan.model.countries.len() + plan.model.groups.len()],
            bound_by: vec![[0; 8]; labs],
            effective_bound_by: vec![[0; 8]; labs],
            chips: [sums.clone(), sums],
            made: vec![vec![Lanes::ZERO; plan.quarters]; labs],
            optimum: Optimum::default(),
            progress: Lanes::ONE,
            parts: vec![Part::default(); labs],
            lacks: [vec![Lack::default(); labs], vec![Lack::default(); labs]],
            members: pools(plan),
        }
    }

    /// Takes over labs' chips and the runs that they have made so far.
    pub(in crate::engine) fn adopt(&mut self, from: &Self) {
        self.chips.clone_from(&from.chips);
        self.lacks.clone_from(&from.lacks);
        self.made.clone_from(&from.made);
    }

    /// Reads a batch's scaling law.
    #[inline(always)]
    pub fn reset(&mut self, plan: &Plan, inputs: &Inputs) {
        self.optimum = Optimum::new(plan, inputs);
    }

    /// What each lab can train in quarter `t`.
    #[inline(always)]
    pub fn step(&mut self, plan: &Plan, inputs: &Inputs, fleet: &Fleet, t: usize) {
        let [last, now] = &mut self.chips;
        std::mem::swap(last, now);
        self.lacks.swap(0, 1);
        let algorithms = inputs.value(plan.model.science.algorithms);
        self.progress = algorithms.pow(Lanes::splat(t as f64 / 4.0));
        for l in 0..plan.model.labs.len() {
            self.gather(plan, fleet, l);
            if t == 0 {
                self.chips[0][l] = self.chips[1][l];
                self.lacks[0][l] = self.lacks[1][l];
            }
            self.train(plan, inputs, l, t);
        }
        self.pool(plan, inputs, t);
    }

    /// Sums a lab's parts of buyers' working chips.
    #[inline(always)]
    fn gather(&mut self, plan: &Plan, fleet: &Fleet, l: usize) {
        let mut sums = [Lanes::ZERO; 4];
        let mut rented = Lanes::ZERO;
        for i in plan.usage.of_lab[l].clone() {
            let working = &fleet.working[plan.usage.links[i].buyer.index()];
            for (total, &part) in sums.iter_mut().zip(working) {
                *total += fleet.used[i] * part;
            }
            rented += fleet.rented[i];
        }
        self.accessible[l] = sums[sum::H100E];
        self.rented[l] = rented;
        self.chips[1][l] = sums;
        self.lacks[1][l] = lacks(plan, fleet, l);
    }

    #[inline(always)]
    fn train(&mut self, plan: &Plan, inputs: &Inputs, l: usize, t: usize) {
        let lab = &plan.model.labs[l];
        let training = &plan.model.training;
        let max_share = inputs.value(lab.max_share.unwrap_or(training.max_share));
        let longest = inputs.value(lab.longest_run);
        let financeable = lab.financeable.map(|q| inputs.at(q, t));
        let could = self.run_of(plan, inputs, l, max_share, longest, financeable, t);
        self.reachable[l] = could.flop;
        self.cost[l] = could.flop * could.cost_per_flop;
        self.note_part(plan, inputs, l, max_share, longest, financeable);
        let usual = inputs.value(lab.usual_run.unwrap_or(training.usual_run));
        let share = (inputs.value(training.run_share) * inputs.value(lab.run_share_factor)).min(1.0);
        let budget = lab.training_budget.map(|q| inputs.at(q, t));
        self.made[l][t] = self.run_of(plan, inputs, l, share, usual, budget, t).flop;
        self.run[l] = self.finished(plan, inputs, l, t);
        let tokens = self.optimum.tokens(could.flop);
        let stock = inputs.at(plan.model.science.data_stock, t);
        let scarce = tokens.gt(stock);
        self.effective[l] = self.effective(plan, inputs, could.flop, tokens, stock);
        self.bound_by[l] = label(&could, &self.mid_run_lack(l, longest));
        self.effective_bound_by[l] =
            std::array::from_fn(
                |lane| {
                    if scarce.lane(lane) { lab_cause::DATA } else { self.bound_by[l][lane] }
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
            quality,
            affordable: affordable.map(|a| a - by_chips),
            peak: mid[sum::PEAK],
            crowding: size.gt(Lanes::ONE).select(inputs.value(training.scale_loss), Lanes::ZERO),
        }
    }

    /// A lab's chips at the middle of a run that ends now.
    #[inline(always)]
    fn mid_run(&self, l: usize, days: Lanes) -> [Lanes; 4] {
        let w = (0.5 * days / DAYS_PER_QUARTER).min(1.0);
        std::array::from_fn(|k| (1.0 - w) * self.chips[1][l][k] + w * self.chips[0][l][k])
    }

    /// The same of what its chips lack.
    #[inline(always)]
    fn mid_run_lack(&self, l: usize, days: Lanes) -> Lack {
        let w = (0.5 * days / DAYS_PER_QUARTER).min(1.0);
        let [last, now] = [&self.lacks[0][l], &self.lacks[1][l]];
        let part = |of: fn(&Lack) -> Portion| Portion {
            useful: (1.0 - w) * of(now).useful + w * of(last).useful,
            count: (1.0 - w) * of(now).count + w * of(last).count,
        };
        Lack { chips: part(|x| x.chips), power: part(|x| x.power), rent: part(|x| x.rent) }
    }

    /// Largest run published by now.
    #[inline(always)]
    fn finished(&self, plan: &Plan, inputs: &Inputs, l: usize, t: usize) -> Lanes {
        let lag = (inputs.value(plan.model.training.disclosure_lag) + 0.5).floor();
        let mut best = inputs.value(plan.model.labs[l].opening_run);
        for (s, &made) in self.made[l][..=t].iter().enumerate() {
            let known = Lanes::splat((t - s) as f64).ge(lag);
            best = best.max(known.select(made, Lanes::ZERO));
        }
        best
    }

    /// Reachable compute with algorithms, and with less from data beyond the usable stock [FLOP].
    #[inline(always)]
    fn effective(&self, plan: &Plan, inputs: &Inputs, flop: Lanes, tokens: Lanes, stock: Lanes) -> Lanes {
        let scarce = tokens.gt(stock);
        if !scarce.any() {
            return flop * self.progress;
        }
        let fed = scarce.select(stock.per(tokens), Lanes::ONE);
        flop * self.progress * fed.pow(inputs.value(plan.model.science.data_returns))
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
        self.parts[l] = Part {
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
        for p in 0..self.pooled.len() {
            if !self.members[p].is_empty() {
                self.pooled[p] = self.pool_of(plan, inputs, &self.members[p], t);
            }
        }
    }

    #[inline(always)]
    fn pool_of(&self, plan: &Plan, inputs: &Inputs, labs: &[usize], t: usize) -> Lanes {
        let training = &plan.model.training;
        let mut all = Part::default();
        let mut funds = Lanes::ZERO;
        for &l in labs {
            let part = &self.parts[l];
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
        if labs.iter().all(|&l| self.parts[l].money.is_some()) {
            let mfu = coordination * scale * all.useful.per(all.peak);
            let price = inputs.at(plan.model.rental.price, t);
            flop = flop.min(funds.per(price.per(h100::FLOP_PER_HOUR * mfu)));
        }
        labs.iter().fold(flop, |best, &l| best.max(self.reachable[l]))
    }
}

/// A lab's utilisation at the reference size and interconnect [1].
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
    /// Throughput less what slow links lose [FLOP/s].
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
#[derive(Clone, Copy, Debug, Default)]
struct Lack {
    /// Where all of a country's chips work: more chips.
    chips: Portion,
    /// Where some of them stand idle: more power.
    power: Portion,
    /// Rented, where more is offered: more money for rent.
    rent: Portion,
}

impl Lack {
    /// By what share a run would grow per share that each part does: chips, power, rent [1].
    ///
    /// A run grows with useful chips and loses `crowding` (an exponent) with their count.
    #[inline(always)]
    fn gains(&self, crowding: Lanes) -> [Lanes; 3] {
        let mut all = self.chips;
        all += self.power;
        all += self.rent;
        [self.chips, self.power, self.rent]
            .map(|part| part.useful.per(all.useful) - crowding * part.count.per(all.count))
    }
}

/// What more of would give a lab more chips.
#[inline(always)]
fn lacks(plan: &Plan, fleet: &Fleet, l: usize) -> Lack {
    let mut lack = Lack::default();
    for i in plan.usage.of_lab[l].clone() {
        let buyer = plan.usage.links[i].buyer.index();
        let working = &fleet.working[buyer];
        let used = fleet.used[i];
        let rented = fleet.rented[i].per(working[sum::H100E]).min(used);
        let paid = fleet.rationed[buyer].select(Lanes::ZERO, rented);
        let idle = fleet.operating[plan.model.buyers[buyer].country.index()].lt(Lanes::ONE);
        let portion = |share: Lanes| Portion {
            useful: share * working[sum::QUALITY],
            count: share * working[sum::CHIPS],
        };
        lack.power += portion(idle.select(used - paid, Lanes::ZERO));
        lack.chips += portion(idle.select(Lanes::ZERO, used - paid));
        lack.rent += portion(paid);
    }
    lack
}

fn label(run: &Run, lack: &Lack) -> [u8; 8] {
    let gains = lack.gains(run.crowding);
    std::array::from_fn(|lane| {
        let poor = run.affordable.is_some_and(|a| a[lane] < 0.0);
        let [chips, power, rent] = gains.map(|g| g[lane]);
        if run.peak[lane] <= 0.0 {
            lab_cause::CHIPS
        } else if poor || (rent > chips && rent > power) {
            lab_cause::MONEY
        } else if power > chips {
            lab_cause::POWER
        } else if run.quality[lane] < SLOW {
            lab_cause::INTERCONNECT
        } else {
            lab_cause::CHIPS
        }
    })
}
