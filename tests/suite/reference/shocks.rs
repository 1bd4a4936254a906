//! Section 3: shocks. Who is hit by which effect is resolved once; what an effect does is drawn when its shock strikes.

use super::{Draw, World};
use chokepoint::internals::math::exp;
use chokepoint::internals::model::{
    Change, Effect, Gauge, Model, Nodes, Places, QuantityId, Recovery, Shock,
};

/// What factors act on: places in [`Shocks::factor`].
pub use chokepoint::internals::model::Lever as On;

/// How many they are.
const KINDS: usize = On::ALL.len();

/// An effect of a shock on places of one kind.
struct Blow {
    on: On,
    places: Vec<usize>,
    amount: QuantityId,
}

/// What all draws share.
pub struct Casebook {
    /// Effects by shock.
    blows: Vec<Vec<Blow>>,
    /// How many places there are of each kind.
    sizes: [usize; KINDS],
    /// First quarter in which chance may strike, and scarcity be answered.
    pub first: f64,
}

impl Casebook {
    pub fn new(m: &Model) -> Self {
        let (n, c, k) = (m.countries.len(), m.chips.len(), m.tools.len());
        let sizes = On::ALL.map(|on| match on.row().places {
            Places::Facilities => m.facilities.len(),
            Places::Countries => n,
            Places::Buyers => m.buyers.len(),
            Places::Routes => m.routes.len(),
            Places::Markets => c * n,
            Places::FacilityTools => k * n,
        });
        let blows = |s: &Shock| {
            let all = On::ALL.into_iter().flat_map(|on| s.effects(on).iter().map(move |e| (on, e)));
            all.map(|(on, e)| Blow { on, places: places(on, e, n), amount: e.amount }).collect()
        };
        Self {
            blows: m.shocks.iter().map(blows).collect(),
            sizes,
            first: m.run.known_until.map_or(1.0, |d| d.since(m.run.horizon.first).floor() + 1.0),
        }
    }
}

/// Nodes that an effect acts on; by delivery country too where it names countries or could.
fn places(on: On, e: &Effect, countries: usize) -> Vec<usize> {
    let mut named: Vec<usize> = match &e.on {
        Nodes::Facilities(l) => l.iter().map(|x| x.index()).collect(),
        Nodes::Countries(l) => l.iter().map(|x| x.index()).collect(),
        Nodes::Buyers(l) => l.iter().map(|x| x.index()).collect(),
        Nodes::Routes(l) => l.iter().map(|x| x.index()).collect(),
        Nodes::Chips(l) => l.iter().map(|x| x.index()).collect(),
        Nodes::Tools(l) => l.iter().map(|x| x.index()).collect(),
    };
    named.sort_unstable();
    named.dedup();
    if !on.row().to {
        return named;
    }
    let to = |k: usize| e.to.is_empty() || e.to.iter().any(|n| n.index() == k);
    named.iter().flat_map(|i| (0..countries).filter(|k| to(*k)).map(move |k| i * countries + k)).collect()
}

/// Courses of a draw, and what they do in its quarter.
pub struct Shocks {
    pub onset: Vec<f64>,
    pub duration: Vec<f64>,
    strength: Vec<f64>,
    strikes: Vec<u32>,
    resume: Vec<f64>,
    /// Hazard that is still to gather before the next strike.
    missing: Vec<f64>,
    /// What each effect does at full strength in the course that runs.
    amounts: Vec<Vec<f64>>,
    leak: Vec<f64>,
    /// Factors (additions to fees) of the quarter by kind and place; all 1 (0) where `touched` is not set.
    factors: [Vec<f64>; KINDS],
    touched: [bool; KINDS],
    /// Gauges of the last quarter by country: seized, unmet, smuggled.
    pub gauges: Vec<[f64; 3]>,
}

impl Shocks {
    pub fn new(w: &World<'_>) -> Self {
        let n = w.m.shocks.len();
        let book = &w.shocks;
        Self {
            onset: vec![f64::INFINITY; n],
            duration: vec![1.0; n],
            strength: vec![0.0; n],
            strikes: vec![0; n],
            resume: vec![0.0; n],
            missing: vec![0.0; n],
            amounts: book.blows.iter().map(|b| vec![1.0; b.len()]).collect(),
            leak: vec![0.0; n],
            factors: std::array::from_fn(|i| vec![neutral(i); book.sizes[i]]),
            touched: [false; KINDS],
            gauges: vec![[0.0; 3]; w.m.countries.len()],
        }
    }

    /// Product of what acts on a place, at least 0.
    pub fn factor(&self, on: On, place: usize) -> f64 {
        self.factors[on as usize][place].max(0.0)
    }
    /// Sum of additions to a fee.
    pub fn added_fee(&self, place: usize) -> f64 {
        self.factors[On::Fee as usize][place]
    }
    /// Whether anything acts on places of a kind.
    pub fn acts(&self, on: On) -> bool {
        self.touched[on as usize]
    }
}

fn neutral(kind: usize) -> f64 {
    match On::ALL[kind].row().change {
        Change::Times => 1.0,
        Change::Plus => 0.0,
    }
}

/// The integral of a course's intensity from its onset.
fn area(recovery: Recovery, x: f64, d: f64) -> f64 {
    let y = x.max(0.0);
    match recovery {
        Recovery::Step => y.min(d),
        Recovery::Linear => y.min(d) - y.min(d) * y.min(d) / (2.0 * d),
        Recovery::Exponential => d * (1.0 - exp(-y / d)),
    }
}

impl Draw<'_> {
    #[inline(never)]
    pub fn reset_shocks(&mut self) {
        let s = &mut self.shocks;
        s.onset.fill(f64::INFINITY);
        s.duration.fill(1.0);
        s.strength.fill(0.0);
        s.strikes.fill(0);
        s.resume.fill(0.0);
        for (i, missing) in s.missing.iter_mut().enumerate() {
            *missing = self.n.clock(i, 0);
        }
        s.gauges.fill([0.0; 3]);
        for (i, factors) in s.factors.iter_mut().enumerate() {
            factors.fill(neutral(i));
        }
        s.touched = [false; KINDS];
    }

    /// Strikes of the quarter, then strengths and what they do.
    #[inline(never)]
    pub fn strike(&mut self) {
        let w = self.w;
        let now = self.t as f64;
        for (s, shock) in w.m.shocks.iter().enumerate() {
            let Some(when) = self.moment(s) else { continue };
            let k = self.shocks.strikes[s];
            let onset = when + self.n.struck(shock.delay, k);
            let d = self.n.struck(shock.duration, k);
            let end = onset + if shock.recovery == Recovery::Exponential { 3.0 * d } else { d };
            self.shocks.onset[s] = onset;
            self.shocks.duration[s] = d;
            self.shocks.resume[s] = end.max(now + 1.0);
            self.shocks.strikes[s] = k + 1;
            self.shocks.missing[s] = if shock.recurring { self.n.clock(s, k + 1) } else { f64::INFINITY };
            for (amount, blow) in self.shocks.amounts[s].iter_mut().zip(&w.shocks.blows[s]) {
                *amount = self.n.struck(blow.amount, k);
            }
            if let Some(leak) = &shock.leak {
                self.shocks.leak[s] = self.n.struck(leak.amount, k);
            }
            self.forget_verdicts(s);
        }
        self.act();
    }

    /// The moment of a strike in this quarter.
    fn moment(&mut self, s: usize) -> Option<f64> {
        let w = self.w;
        let shock = &w.m.shocks[s];
        let now = self.t as f64;
        let k = self.shocks.strikes[s];
        if let (Some(date), 0) = (shock.date, k) {
            let date = date.since(w.m.run.horizon.first);
            return (date < now + 1.0).then_some(date);
        }
        if now < w.shocks.first
            || (k > 0 && !shock.recurring)
            || (shock.hazard.is_none() && shock.when.is_none())
        {
            return None;
        }
        let gate = shock.when.as_ref().is_none_or(|when| {
            let gauge = match when.gauge {
                Gauge::SeizedShare => 0,
                Gauge::UnmetDemand => 1,
                Gauge::SmuggledShare => 2,
            };
            self.shocks.gauges[when.country.index()][gauge] > self.n.v(when.above)
        });
        let from = self.shocks.resume[s].max(now);
        let Some(hazard) = shock.hazard else { return (gate && from <= now).then_some(now) };
        if !gate || from >= now + 1.0 {
            return None;
        }
        // Strengths are still those of the last quarter.
        let mut h = self.n.at(hazard, self.t) / 4.0;
        for (other, times) in &shock.hazard_times {
            h *= 1.0 + (self.n.v(*times) - 1.0) * self.shocks.strength[other.index()];
        }
        if h == 0.0 {
            return None;
        }
        if h * (now + 1.0 - from) >= self.shocks.missing[s] {
            return Some(from + self.shocks.missing[s] / h);
        }
        self.shocks.missing[s] -= h * (now + 1.0 - from);
        None
    }

    /// Strengths of the quarter, and the factors that they make.
    fn act(&mut self) {
        let w = self.w;
        let now = self.t as f64;
        let shocks = &mut self.shocks;
        // What the last quarter's shocks changed is as it was.
        for (blows, _) in w.shocks.blows.iter().zip(&shocks.strength).filter(|(_, s)| **s > 0.0) {
            for blow in blows {
                let kind = blow.on as usize;
                blow.places.iter().for_each(|&place| shocks.factors[kind][place] = neutral(kind));
            }
        }
        shocks.touched = [false; KINDS];
        for (s, shock) in w.m.shocks.iter().enumerate() {
            let (x, d) = (now - shocks.onset[s], shocks.duration[s]);
            if x <= -1.0 {
                shocks.strength[s] = 0.0;
                continue;
            }
            let strength = area(shock.recovery, x + 1.0, d) - area(shock.recovery, x, d);
            shocks.strength[s] = strength;
            if strength <= 0.0 {
                continue;
            }
            for (blow, amount) in w.shocks.blows[s].iter().zip(&shocks.amounts[s]) {
                let kind = blow.on as usize;
                shocks.touched[kind] = true;
                for &place in &blow.places {
                    let factor = &mut shocks.factors[kind][place];
                    match blow.on.row().change {
                        Change::Plus => *factor += amount * strength,
                        Change::Times => *factor *= 1.0 + (amount - 1.0) * strength,
                    }
                }
            }
        }
    }

    /// What a stock gains by leaks in the quarter.
    pub fn leaked(&self, stock: usize) -> f64 {
        let mut gained = 0.0;
        for (s, shock) in self.w.m.shocks.iter().enumerate() {
            let (x, d) = (self.t as f64 - self.shocks.onset[s], self.shocks.duration[s]);
            if x <= -1.0 || shock.leak.as_ref().is_none_or(|l| l.stockpile.index() != stock) {
                continue;
            }
            gained += ((x + 1.0).clamp(0.0, d) - x.clamp(0.0, d)) / d * self.shocks.leak[s];
        }
        gained
    }
}
