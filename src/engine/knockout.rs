//! Weakening: from some quarter on a supplier gives only a part of what it gives, and the same draws show what is lost.

use super::record::Recorder;
use super::steps::fleet;
use super::{Batch, Observer, Step};
use crate::math::Lanes;
use crate::metrics::Recording;
use crate::plan::{Gift, Lever, Plan};
use rayon::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is asked: what each supplier's gifts are worth.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Its watched cells are what is looked at.
    pub recording: &'a Recording,
    /// Gifts of each supplier.
    pub suppliers: &'a [Vec<Gift>],
    /// Parts that are kept [1]: 0 cuts.
    pub kept: &'a [f64],
    /// The first quarter in which less is given.
    pub from: usize,
}

/// Watched cells of one batch: as they are, and as they are with each supplier weakened, `supplier * kept + part`.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// As the scenario stands.
    pub whole: Vec<Lanes>,
    /// With one supplier weakened.
    pub weakened: Vec<Vec<Lanes>>,
}

/// Takes away what is not kept, step by step.
struct Taker<'a> {
    gifts: &'a [Gift],
    kept: f64,
}

/// Simulates draws `8·batch .. 8·batch + 8` once up to the first weakened quarter, and from there once for every weakening.
///
/// None if `stop` is set.
pub fn weaken(
    question: &Question<'_>,
    batch: u64,
    stop: &AtomicBool,
    done: impl Fn() + Sync,
) -> Option<Answer> {
    let (plan, last) = (question.plan, question.plan.quarters);
    let mut start = Batch::new(plan);
    let mut recorder = Recorder::new(plan, question.recording, &[]);
    start.begin(plan, batch);
    start.advance(plan, 0..question.from, &mut recorder);
    let from_there = |taker: Option<Taker<'_>>| {
        let (mut batch, mut recorder) = (start.clone(), recorder.clone());
        if let Some(mut taker) = taker {
            taker.open(&mut batch);
            batch.advance(plan, question.from..last, &mut (&mut taker, &mut recorder));
        } else {
            batch.advance(plan, question.from..last, &mut recorder);
        }
        recorder.watched
    };
    let parts = question.kept.len();
    let weakened = (0..question.suppliers.len() * parts).into_par_iter().map(|i| {
        let taker = Taker { gifts: &question.suppliers[i / parts], kept: question.kept[i % parts] };
        let cells = (!stop.load(Ordering::Relaxed)).then(|| from_there(Some(taker)));
        done();
        cells
    });
    let weakened: Option<Vec<Vec<Lanes>>> = weakened.collect();
    Some(Answer { whole: from_there(None), weakened: weakened? })
}

impl Taker<'_> {
    /// What is taken once, at the start.
    fn open(&self, batch: &mut Batch) {
        for gift in self.gifts {
            match gift {
                Gift::Stocks(stocks) => scale(&mut batch.stockpiles.held, stocks, self.kept),
                Gift::Claims(claims) => {
                    claims.iter().for_each(|&q| batch.inputs.scale(q, self.kept));
                }
                _ => {}
            }
        }
    }

    /// Capacity, tools, permissions and routes of the quarter.
    fn at_start(&self, plan: &Plan, batch: &mut Batch) {
        for gift in self.gifts {
            match gift {
                Gift::Output(facilities) => scale(&mut batch.capacity.available, facilities, self.kept),
                Gift::Sales(stands) => scale(&mut batch.permits.permitted, stands, self.kept),
                Gift::Tools(places, share) => {
                    let part = share.map_or(Lanes::ONE, |q| batch.inputs.value(q));
                    let kept = 1.0 - part * (1.0 - self.kept);
                    for lever in [Lever::Tools, Lever::Service] {
                        for &p in places {
                            batch.shocks.change(lever)[p] *= kept;
                        }
                    }
                }
                Gift::Routes(routes) => {
                    scale(&mut batch.diversion.routes.capacity, routes, self.kept);
                    scale(&mut batch.stockpiles.routes.capacity, routes, self.kept);
                    for (n, into) in plan.edges.routes_to.iter().enumerate() {
                        let capacity = &batch.diversion.routes.capacity;
                        batch.diversion.capacity_to[n] =
                            into.iter().fold(Lanes::ZERO, |sum, r| sum + capacity[r.index()]);
                    }
                }
                _ => {}
            }
        }
    }

    /// Chips that arrived, and what stocks gained.
    fn after_production(&self, batch: &mut Batch) {
        let lost = 1.0 - self.kept;
        for gift in self.gifts {
            match gift {
                Gift::Chips(chips) => {
                    for &c in chips {
                        let gone = batch.production.arrived[c] * lost;
                        batch.trade.inventory[c] = (batch.trade.inventory[c] - gone).max(0.0);
                    }
                }
                Gift::Stocks(stocks) => {
                    let s = &mut batch.stockpiles;
                    for &i in stocks {
                        let gained = s.bought[i] + s.delivered[i] + s.leaked[i];
                        s.held[i] = (s.held[i] - gained * lost).max(0.0);
                    }
                }
                _ => {}
            }
        }
    }

    /// Chips that labs use.
    fn after_rentals(&self, plan: &Plan, batch: &mut Batch) {
        let lost = 1.0 - self.kept;
        let fleet = &mut batch.fleet;
        for gift in self.gifts {
            let (Gift::Owned(links) | Gift::Rented(links)) = gift else { continue };
            for &i in links {
                let h100e = fleet.working[plan.usage.links[i].buyer.index()][fleet::sum::H100E];
                let rented = fleet.rented[i].per(h100e);
                if matches!(gift, Gift::Owned(_)) {
                    let owned = fleet.used[i] - rented;
                    fleet.used[i] -= owned * lost;
                } else {
                    fleet.used[i] = (fleet.used[i] - rented * lost).max(0.0);
                    fleet.rented[i] *= self.kept;
                }
            }
        }
    }
}

fn scale(list: &mut [Lanes], at: &[usize], kept: f64) {
    for &i in at {
        list[i] *= Lanes::splat(kept);
    }
}

impl Observer for Taker<'_> {
    fn after(&mut self, step: Step, _: usize, plan: &Plan, batch: &mut Batch) {
        match step {
            Step::Shocks => self.at_start(plan, batch),
            Step::Production => self.after_production(batch),
            Step::Fleet => self.after_rentals(plan, batch),
            _ => {}
        }
    }
}
