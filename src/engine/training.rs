//! Training: what a lab's chips, money and time make of a run, and what stops it.

use super::fleet::{Fleet, sum};
use crate::math::Lanes;
use crate::model::time::DAYS_PER_QUARTER;
use crate::plan::Plan;
use crate::plan::inputs::Inputs;

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
    made: Vec<Vec<Lanes>>,
    parts: Vec<Part>,
    lacks: [Vec<Lack>; 2],
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
}

impl Training {
    /// Room for a plan's labs.
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
            parts: vec![Part::default(); labs],
            lacks: [vec![Lack::default(); labs], vec![Lack::default(); labs]],
        }
    }

    /// What each lab can train in quarter `t`.
    #[inline(always)]
    pub fn step(&mut self, plan: &Plan, inputs: &Inputs, fleet: &Fleet, t: usize) {
        let [last, now] = &mut self.chips;
        std::mem::swap(last, now);
        self.lacks.swap(0, 1);
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
        let tokens = optimal(plan, inputs, could.flop)[1];
        let stock = inputs.at(plan.model.science.data_stock, t);
        let scarce = tokens.gt(stock);
        self.effective[l] = effective(plan, inputs, could.flop, tokens, stock, t);
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
        let cost_per_flop = price.per(989.5e12 * 3600.0 * mfu);
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
        let mid = |of: fn(&Lack) -> Lanes| (1.0 - w) * of(now) + w * of(last);
        Lack { chips: mid(|x| x.chips), power: mid(|x| x.power), rent: mid(|x| x.rent) }
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
        let countries = plan.model.countries.len();
        for p in 0..self.pooled.len() {
            let members = |l: usize| {
                let home = plan.model.labs[l].country;
                if p < countries {
                    home.index() == p
                } else {
                    plan.model.groups[p - countries].members.contains(&home)
                }
            };
            let labs: Vec<usize> = (0..plan.model.labs.len()).filter(|&l| members(l)).collect();
            self.pooled[p] = self.pool_of(plan, inputs, &labs, t);
        }
    }

    #[inline(always)]
    fn pool_of(&self, plan: &Plan, inputs: &Inputs, labs: &[usize], t: usize) -> Lanes {
        let training = &plan.model.training;
        let over =
            |f: &dyn Fn(&Part) -> Lanes| labs.iter().fold(Lanes::ZERO, |sum, &l| sum + f(&self.parts[l]));
        let size = over(&|p| p.chips) / inputs.value(training.reference_chips);
        let scale = size.max(1.0).pow(-inputs.value(training.scale_loss));
        let coordination = inputs.value(training.coordination);
        let mut flop = coordination * over(&|p| p.flop) * scale;
        if labs.iter().all(|&l| self.parts[l].money.is_some()) {
            let money = over(&|p| p.money.unwrap_or(Lanes::ZERO));
            let mfu = coordination * scale * over(&|p| p.useful).per(over(&|p| p.peak));
            let price = inputs.at(plan.model.rental.price, t);
            flop = flop.min(money.per(price.per(989.5e12 * 3600.0 * mfu)));
        }
        labs.iter().fold(flop, |best, &l| best.max(self.reachable[l]))
    }
}

/// A lab's utilisation at the reference size and interconnect [1].
#[inline(always)]
fn base_mfu(plan: &Plan, inputs: &Inputs, l: usize) -> Lanes {
    (inputs.value(plan.model.labs[l].mfu) * inputs.value(plan.model.training.mfu_factor)).min(1.0)
}

/// Compute-optimal parameters and tokens of a run [1, tokens].
#[inline(always)]
pub fn optimal(plan: &Plan, inputs: &Inputs, flop: Lanes) -> [Lanes; 2] {
    let science = &plan.model.science;
    let (alpha, beta) = (inputs.value(science.scaling_alpha), inputs.value(science.scaling_beta));
    let (a, b) = (inputs.value(science.scaling_a), inputs.value(science.scaling_b));
    let g = (alpha * a / (beta * b)).pow((alpha + beta).recip());
    let c = flop / 6.0;
    [g * c.pow(beta / (alpha + beta)), c.pow(alpha / (alpha + beta)) / g]
}

/// Reachable compute with algorithms, and with less from data beyond the usable stock [FLOP].
#[inline(always)]
fn effective(plan: &Plan, inputs: &Inputs, flop: Lanes, tokens: Lanes, stock: Lanes, t: usize) -> Lanes {
    let science = &plan.model.science;
    let algorithms = inputs.value(science.algorithms).pow(Lanes::splat(t as f64 / 4.0));
    let fed = tokens.gt(stock).select(stock.per(tokens), Lanes::ONE);
    flop * algorithms * fed.pow(inputs.value(science.data_returns))
}

/// Parts of a lab's useful chips [FLOP/s]: more of which causes would enlarge each.
#[derive(Clone, Copy, Debug, Default)]
struct Lack {
    /// Where all of a country's chips work: more chips.
    chips: Lanes,
    /// Where some of them stand idle: more power.
    power: Lanes,
    /// Rented, where more is offered: more money for rent.
    rent: Lanes,
}

/// What more of would give a lab more chips.
#[inline(always)]
fn lacks(plan: &Plan, fleet: &Fleet, l: usize) -> Lack {
    let mut lack = Lack { chips: Lanes::ZERO, power: Lanes::ZERO, rent: Lanes::ZERO };
    for i in plan.usage.of_lab[l].clone() {
        let buyer = plan.usage.links[i].buyer.index();
        let working = &fleet.working[buyer];
        let all = fleet.used[i] * working[sum::QUALITY];
        let rented = (fleet.rented[i].per(working[sum::H100E]) * working[sum::QUALITY]).min(all);
        let paid = fleet.rationed[buyer].select(Lanes::ZERO, rented);
        let idle = fleet.operating[plan.model.buyers[buyer].country.index()].lt(Lanes::ONE);
        lack.power += idle.select(all - paid, Lanes::ZERO);
        lack.chips += idle.select(Lanes::ZERO, all - paid);
        lack.rent += paid;
    }
    lack
}

fn label(run: &Run, lack: &Lack) -> [u8; 8] {
    std::array::from_fn(|lane| {
        let poor = run.affordable.is_some_and(|a| a[lane] < 0.0);
        let (chips, power, rent) = (lack.chips[lane], lack.power[lane], lack.rent[lane]);
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
