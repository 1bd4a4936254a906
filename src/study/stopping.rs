//! When to stop: more draws until a number is known as well as was asked, or the most that may be.

use super::error::Error;
use super::request::PrecisionRequest;
use super::simulation::Simulation;
use super::watch::{Note, Watch};
use crate::analysis::{Precision, Statistic};
use crate::math::WIDTH;
use crate::results::{Interval, Statistics};
use std::ops::Range;

/// How many times as many draws as asked for may be simulated, unless the request says.
const MOST: u64 = 16;

impl PrecisionRequest {
    /// What of them decides the tables, for the manifest.
    pub(super) fn settings(&self) -> Vec<String> {
        let precision = self.precision.iter().map(|p| format!("precision: {p}"));
        precision.chain(self.max_draws.map(|n| format!("at most {n} draws"))).collect()
    }
}

/// How precise a number must be, and how far the draws may go.
#[derive(Debug)]
pub(super) struct Stopping {
    pub(super) wanted: Option<Precision>,
    most: u64,
}

impl Stopping {
    /// Reads the request; `draws` is where the simulation starts from.
    pub(super) fn new(request: &PrecisionRequest, draws: u64) -> Result<Self, Error> {
        let wanted = request.precision.as_deref().map(Precision::parse).transpose()?;
        if wanted.is_none() && request.max_draws.is_some() {
            return Err(Error::MaxDrawsAlone);
        }
        let most = request.max_draws.unwrap_or(draws.saturating_mul(MOST)).max(draws);
        Ok(Self { wanted, most })
    }

    /// Place of the cell that it is about.
    pub(super) fn cell(&self, simulation: &Simulation) -> Result<Option<usize>, Error> {
        self.wanted.as_ref().map(|p| simulation.place("--precision", &p.cell)).transpose()
    }

    /// Simulates with `work` until `known` is precise enough; gives the draws and the seconds that it took.
    ///
    /// `known` gives the interval and the number of which its half may be a share.
    pub(super) fn run(
        &self,
        simulation: &Simulation,
        watch: &dyn Watch,
        mut work: impl FnMut(Range<u64>) -> Result<(f64, Option<(Interval, f64)>), Error>,
    ) -> Result<(u64, f64), Error> {
        let asked = simulation.request.sampling.draws;
        let Some(wanted) = &self.wanted else {
            return work(0..asked).map(|(seconds, _)| (asked, seconds));
        };
        // Batches are whole, so that the next range starts where this one ends.
        let whole = |n: u64| n.div_ceil(WIDTH as u64) * WIDTH as u64;
        let (mut from, mut to, mut seconds) = (0, whole(asked), 0.0);
        loop {
            let (more, known) = work(from..to)?;
            seconds += more;
            let reached = known.map(|(interval, of)| interval.half() / of.abs());
            if reached.is_some_and(|share| share <= wanted.share) || to >= whole(self.most) {
                let cell = wanted.cell.clone();
                watch.note(&Note::Precision { cell, reached, asked: wanted.share, draws: to });
                return Ok((to, seconds));
            }
            (from, to) = (to, (2 * to).min(whole(self.most)));
        }
    }
}

/// The interval of a number of a cell.
pub(super) fn interval(s: &Statistics, statistic: Statistic, independent: bool) -> Interval {
    let replicates = (s.draws as usize).min(WIDTH);
    let (value, error) = match statistic {
        Statistic::Mean => (s.mean, s.mean_se),
        Statistic::Quantile(i) => {
            let q = s.quantiles;
            ([q.p05, q.p50, q.p95][i], s.quantile_se.map(|e| e[i]))
        }
    };
    if independent && statistic == Statistic::Mean {
        return Interval::of_draws(value, s.sd, s.draws as f64);
    }
    Interval::of_error(value, error.unwrap_or(f64::INFINITY), replicates)
}
