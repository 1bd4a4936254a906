//! A second opinion: the model of `docs/model.md` once more, one draw at a time with plain numbers.
//!
//! It shares no step with the engine: only the model that was read, the random streams and distributions, and exp and ln.
#![allow(dead_code, missing_docs, unreachable_pub)] // the parts that a test does not ask for

mod demand;
mod numbers;
mod rules;
mod shocks;
mod supply;

use chokepoint::model::Model;
use chokepoint::random::Design;
use numbers::Numbers;
use std::collections::BTreeMap;

/// Values of a draw by (actor, metric), over quarters.
pub type History = BTreeMap<(String, String), Vec<f64>>;

/// x/0 = 0: a share of nothing is nothing.
pub fn per(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}

/// A factor that shrinks what is asked to what there is.
pub fn fit(has: f64, asked: f64) -> f64 {
    if asked > has { has / asked } else { 1.0 }
}

/// Shares of what is sent evenly over a quarter that arrive in it and in the next three.
pub fn lagged(lag: f64) -> [f64; 4] {
    let whole = lag.floor();
    let mut weights = [0.0; 4];
    for (j, w) in weights.iter_mut().enumerate() {
        if j as f64 == whole {
            *w += 1.0 - (lag - whole);
        }
        if j as f64 == whole + 1.0 {
            *w += lag - whole;
        }
    }
    weights
}

/// The whole of a draw's state.
pub struct World<'a> {
    pub m: &'a Model,
    pub n: Numbers<'a>,
    pub t: usize,
    pub quarters: usize,
    pub lead: usize,
    pub history: History,
    pub shocks: shocks::Shocks,
    pub supply: supply::Supply,
    pub demand: demand::Demand,
}

/// Simulates a draw.
pub fn simulate(model: &Model, design: &Design, draw: u64) -> History {
    let quarters = model.run.horizon.len();
    let lead = model.production.lead as usize;
    let n = Numbers::new(model, design, draw, quarters + lead + 1);
    let mut w = World {
        m: model,
        quarters,
        lead,
        shocks: shocks::Shocks::new(model, &n),
        supply: supply::Supply::new(model, &n),
        demand: demand::Demand::new(model, &n),
        n,
        t: 0,
        history: BTreeMap::new(),
    };
    for t in 0..quarters {
        w.t = t;
        w.strike();
        w.open_quarter();
        w.produce();
        w.trade();
        w.divert();
        w.age_fleets();
        w.train();
        w.close_quarter();
    }
    w.history.values_mut().for_each(|course| course.resize(quarters, 0.0));
    w.history
}

impl World<'_> {
    /// Notes a value of this quarter.
    pub fn note(&mut self, actor: &str, metric: &str, value: f64) {
        let list = self.history.entry((actor.to_owned(), metric.to_owned())).or_default();
        list.resize(list.len().max(self.t + 1), 0.0);
        list[self.t] += value;
    }
}
