//! Section 10: training.

use super::{Draw, fit, per};
use chokepoint::internals::math::{exp, ln, pow};
use chokepoint::internals::model::{CountryId, Model};

/// FLOP/s of an H100 equivalent.
const PEAK: f64 = 989.5e12;

/// Labs whose chips are pooled: those of a country, or of a group.
pub struct Pools {
    /// Sets of labs, each once.
    pub sets: Vec<Vec<usize>>,
    /// The set of each country, then of each group; none without labs.
    pub of: Vec<Option<usize>>,
}

impl Pools {
    pub fn new(m: &Model) -> Self {
        let mut sets: Vec<Vec<usize>> = Vec::new();
        let mut place = |labs: Vec<usize>| {
            if !labs.is_empty() && !sets.contains(&labs) {
                sets.push(labs.clone());
            }
            sets.iter().position(|s| *s == labs)
        };
        let of = labs_of(m).into_iter().map(&mut place).collect();
        Self { sets, of }
    }
}

/// Labs of each country, then of each group.
pub fn labs_of(m: &Model) -> Vec<Vec<usize>> {
    let of = |inside: &dyn Fn(CountryId) -> bool| -> Vec<usize> {
        (0..m.labs.len()).filter(|&l| inside(m.labs[l].country)).collect()
    };
    let countries = (0..m.countries.len()).map(|n| of(&|c| c.index() == n));
    countries.chain(m.groups.iter().map(|g| of(&|c| g.members.contains(&c)))).collect()
}

/// What a lab's chips amount to.
#[derive(Clone, Copy, Default)]
pub struct Sums {
    pub h100e: f64,
    useful: f64,
    chips: f64,
}

/// What a lab trains.
#[derive(Clone, Copy, Default)]
pub struct Trained {
    pub reachable: f64,
    pub run: f64,
    pub effective: f64,
    pub cost: f64,
    pub tokens: f64,
    pub accessible: f64,
    pub rented: f64,
    pub free: f64,
}

/// A lab's part in a pooled run.
#[derive(Clone, Copy, Default)]
pub struct Part {
    flop: f64,
    chips: f64,
    cost: f64,
    money: Option<f64>,
}

/// A run that a lab makes, or could: its share of the chips, its length [days], and the weight of the last quarter mid-run.
#[derive(Clone, Copy, Default)]
pub struct Run {
    share: f64,
    days: f64,
    before: f64,
}

impl Run {
    fn of(share: f64, days: f64) -> Self {
        Self { share, days, before: (days / 2.0 / 91.3125).min(1.0) }
    }
}

/// A lab's runs in a quarter, the largest that it could make and its usual one, and its utilisation in the draw.
#[derive(Clone, Copy, Default)]
pub struct Runs {
    largest: Run,
    usual: Run,
    base: f64,
}

/// The scaling law's optimum, in a draw.
#[derive(Clone, Copy, Default)]
pub struct Optimum {
    /// Exponent of tokens, and 1/G.
    exponent: f64,
    inverse: f64,
}

impl Draw<'_> {
    pub fn reset_training(&mut self) {
        let s = &self.w.m.science;
        let (a, b) = (self.n.v(s.scaling_alpha), self.n.v(s.scaling_beta));
        let g = pow(a * self.n.v(s.scaling_a) / (b * self.n.v(s.scaling_b)), 1.0 / (a + b));
        self.optimum = Optimum { exponent: a / (a + b), inverse: 1.0 / g };
        for (l, lab) in self.w.m.labs.iter().enumerate() {
            self.trained[l] = Trained { run: self.n.v(lab.opening_run), ..Trained::default() };
        }
        self.growth = ln(self.n.v(s.algorithms));
        self.read_training();
    }

    /// Numbers of training that signs can change.
    pub fn read_training(&mut self) {
        let (t, n) = (&self.w.m.training, &self.n);
        for (l, lab) in self.w.m.labs.iter().enumerate() {
            self.runs[l] = Runs { base: (n.v(lab.mfu) * n.v(t.mfu_factor)).min(1.0), ..Runs::default() };
        }
        self.reference_chips = n.v(t.reference_chips);
        self.scale_loss = n.v(t.scale_loss);
    }

    /// Runs of a lab in the quarter: how much of its chips one could join, and what it usually takes.
    fn plan_runs(&mut self, l: usize) {
        let (lab, t, n, now) = (&self.w.m.labs[l], &self.w.m.training, &self.n, self.t);
        let site = n.at(lab.largest_site, now);
        let joined = site + (1.0 - site) * n.at(t.other_sites, now);
        let usable = n.v(lab.max_share.unwrap_or(t.max_share)) * joined;
        let phi = (n.at(t.run_share, now) * n.at(lab.run_share_factor, now)).min(usable);
        let usual = n.at(lab.usual_run.unwrap_or(t.usual_run), now);
        self.runs[l].largest = Run::of(usable, n.at(lab.longest_run, now));
        self.runs[l].usual = Run::of(phi, usual);
    }

    /// What a buyer's working chips are worth in a lab's runs [H100e]: with slow links, without support, with a share in 8 bits.
    fn useful_at(&self, buyer: usize, low: f64) -> f64 {
        let w = self.w;
        let alive = w.by_efficiency[buyer].iter().filter(|&&i| self.held_chips[i].alive);
        alive.fold(0.0, |sum, &i| {
            let chip = &self.service[w.fleets[i].chip];
            let time = ((1.0 - low) + low * chip.eight).min(1.0);
            let support = if w.fleets[i].smuggled { self.support } else { 1.0 };
            sum + self.held_chips[i].count * chip.h100e * chip.quality * support / time
        })
    }

    #[inline(never)]
    pub fn train(&mut self) {
        let w = self.w;
        let t = &w.m.training;
        for sums in &mut self.sums {
            sums[0] = std::mem::take(&mut sums[1]);
        }
        for trained in &mut self.trained {
            trained.rented = 0.0;
        }
        for (i, u) in w.uses.iter().enumerate() {
            let (share, has) = (self.used_share[i], self.working[u.buyer]);
            let low = w.m.labs[u.lab].low_precision.unwrap_or(t.low_precision);
            let useful = self.useful_at(u.buyer, self.n.at(low, self.t));
            let sums = &mut self.sums[u.lab][1];
            sums.h100e += share * has.h100e;
            sums.useful += share * useful;
            sums.chips += share * has.chips;
            self.trained[u.lab].rented += self.rented[i];
        }
        for (l, lab) in w.m.labs.iter().enumerate() {
            let (now, serves) = (&mut self.sums[l][1], self.n.at(lab.serving, self.t));
            self.trained[l].accessible = now.h100e;
            for x in [&mut now.h100e, &mut now.useful, &mut now.chips] {
                *x *= 1.0 - serves;
            }
            self.trained[l].free = now.h100e;
        }
        if self.t == 0 {
            self.sums.iter_mut().for_each(|sums| sums[0] = sums[1]);
        }
        let price = self.rent_price * 24.0;
        for (l, lab) in w.m.labs.iter().enumerate() {
            self.plan_runs(l);
            let behind =
                self.n.at(lab.algorithm_lag.unwrap_or(w.m.countries[lab.country].algorithm_lag), self.t);
            let growth = exp((self.t as f64 / 4.0 - behind) * self.growth);
            let Runs { largest, usual, base } = self.runs[l];
            let money = lab.financeable.map(|q| self.n.at(q, self.t));
            let (reachable, cost) = self.run(l, largest, money, price);
            let budget = lab.training_budget.map(|q| self.n.at(q, self.t));
            self.made[l * w.quarters + self.t] = self.run(l, usual, budget, price).0;
            let mid = self.mid(l, largest);
            let flop = largest.share * mid.useful * PEAK * base * largest.days * 86_400.0;
            let chips = largest.share * mid.chips;
            let all = largest.share * mid.h100e * largest.days * price;
            self.pool_parts[l] = Part { flop, chips, cost: all, money };
            let (tokens, effective) = self.effective_compute(reachable, growth);
            let trained = &mut self.trained[l];
            let lag = (self.n.v(lab.disclosure_lag.unwrap_or(t.disclosure_lag)) + 0.5).floor() as usize;
            if self.t >= lag {
                trained.run = trained.run.max(self.made[l * w.quarters + self.t - lag]);
            }
            (trained.reachable, trained.cost) = (reachable, cost);
            (trained.tokens, trained.effective) = (tokens, effective);
        }
        for (i, labs) in w.pools.sets.iter().enumerate() {
            self.pooled_flop[i] = self.pooled(labs);
        }
    }

    /// A lab's chips in the middle of a run.
    fn mid(&self, l: usize, run: Run) -> Sums {
        let [before, now] = &self.sums[l];
        let mix = |now: f64, before: f64| (1.0 - run.before) * now + run.before * before;
        Sums {
            h100e: mix(now.h100e, before.h100e),
            useful: mix(now.useful, before.useful),
            chips: mix(now.chips, before.chips),
        }
    }

    /// What is left of utilisation in a run of a size over the reference.
    fn scaled(&self, chips: f64) -> f64 {
        let size = chips / self.reference_chips;
        if size > 1.0 { pow(size, -self.scale_loss) } else { 1.0 }
    }

    /// Size of a run and its cost.
    fn run(&self, l: usize, run: Run, money: Option<f64>, price: f64) -> (f64, f64) {
        let mid = self.mid(l, run);
        let all = mid.h100e * run.days * price;
        let share = money.map_or(run.share, |m| run.share.min(per(m, all)));
        let mfu = self.runs[l].base * self.scaled(share * mid.chips);
        (share * mid.useful * PEAK * mfu * run.days * 86_400.0, share * all)
    }

    fn effective_compute(&self, flop: f64, growth: f64) -> (f64, f64) {
        let s = &self.w.m.science;
        let tokens = pow(flop / 6.0, self.optimum.exponent) * self.optimum.inverse;
        let fed = fit(self.n.at(s.data_stock, self.t), tokens);
        let returns = if fed < 1.0 { pow(fed, self.n.v(s.data_returns)) } else { 1.0 };
        (tokens, flop * growth * returns)
    }

    fn pooled(&self, labs: &[usize]) -> f64 {
        let sum = |of: &dyn Fn(&Part) -> f64| labs.iter().map(|&l| of(&self.pool_parts[l])).sum::<f64>();
        let mut part: f64 = 1.0;
        if labs.iter().all(|&l| self.pool_parts[l].money.is_some()) {
            part = part.min(per(sum(&|p| p.money.unwrap_or(0.0)), sum(&|p| p.cost)));
        }
        let left = self.n.v(self.w.m.training.coordination) * self.scaled(part * sum(&|p| p.chips));
        let flop = left * part * sum(&|p| p.flop);
        labs.iter().fold(flop, |best, &l| best.max(self.trained[l].reachable))
    }
}
