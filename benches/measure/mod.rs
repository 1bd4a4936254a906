//! What benchmarks measure by: processor time of this thread, and how many sale edges were active.
#![allow(dead_code, unreachable_pub)] // every benchmark uses its own part of this

use chokepoint::internals::engine::{Batch, Observer, Step};
use chokepoint::internals::math::wide::Lanes;
use chokepoint::internals::plan::Plan;
use std::time::Instant;

/// Sale edges that are open in a quarter, summed over draws: launched and offered, permitted or smuggled, to a buyer with money.
pub fn active(plan: &Plan, batch: &Batch) -> u64 {
    let open = batch.outputs.choice.open.all().map(|s| {
        let sale = &plan.edges.sales[s];
        let smuggled = sale.grey.map_or(Lanes::ZERO, |g| batch.outputs.choice.grey[g]);
        let weight = batch.outputs.choice.legal[s] + smuggled;
        let money = batch.outputs.trade.had[sale.buyer.index()];
        u64::from((weight.gt(Lanes::ZERO) & money.gt(Lanes::ZERO)).count())
    });
    open.sum()
}

/// Counts active sale edges, summed over quarters and draws.
#[derive(Default)]
pub struct Count(pub u64);

impl Observer for Count {
    fn after(&mut self, step: Step, _: usize, plan: &Plan, batch: &Batch) {
        if step == Step::Trade {
            self.0 += active(plan, batch);
        }
    }
}

/// Processor time of this thread so far [s]; time on the wall where the system does not tell.
fn processor_time(started: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| started.elapsed().as_secs_f64(), |ns| ns / 1e9)
}

/// Processor time of a pass [s].
pub fn timed(pass: impl FnOnce()) -> f64 {
    let started = Instant::now();
    let before = processor_time(started);
    pass();
    processor_time(started) - before
}
