//! `--precision`: more draws until a number is known that well, or the most that may be.

use super::Failure;
use super::arguments::PrecisionArguments;
use super::simulation::Simulation;
use crate::analysis::{Precision, Statistic};
use crate::math::WIDTH;
use crate::results::{Interval, Statistics};

/// How many times as many draws as asked for may be simulated, unless `--max-draws` says.
const MOST: u64 = 16;

impl PrecisionArguments {
    /// What of them decides the tables, for the manifest.
    pub(super) fn settings(&self) -> Vec<String> {
        let precision = self.precision.iter().map(|p| format!("precision: {p}"));
        precision.chain(self.max_draws.map(|n| format!("at most {n} draws"))).collect()
    }
}

/// What `--precision` asks, and how far the draws may go.
pub(super) struct Stopping {
    pub(super) wanted: Option<Precision>,
    most: u64,
}

impl Stopping {
    /// Reads the arguments; `draws` is where the simulation starts from.
    pub(super) fn new(arguments: &PrecisionArguments, draws: u64) -> Result<Self, Failure> {
        let wanted = arguments.precision.as_deref().map(Precision::parse).transpose();
        let wanted = wanted.map_err(|e| Failure::Usage(e.to_string()))?;
        if wanted.is_none() && arguments.max_draws.is_some() {
            return Err(Failure::Usage("--max-draws goes with --precision".to_owned()));
        }
        let most = arguments.max_draws.unwrap_or(draws.saturating_mul(MOST)).max(draws);
        Ok(Self { wanted, most })
    }

    /// Place of the cell that it is about.
    pub(super) fn cell(&self, simulation: &Simulation<'_>) -> Result<Option<usize>, Failure> {
        self.wanted.as_ref().map(|p| place(simulation, "--precision", &p.cell)).transpose()
    }

    /// Simulates with `work` until `known` is precise enough; gives the draws and the seconds that it took.
    ///
    /// `known` gives the interval and the number of which its half may be a share.
    pub(super) fn run(
        &self,
        simulation: &Simulation<'_>,
        mut work: impl FnMut(std::ops::Range<u64>) -> Result<(f64, Option<(Interval, f64)>), Failure>,
    ) -> Result<(u64, f64), Failure> {
        let asked = simulation.arguments.simulation.draws;
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
            let enough = reached.is_some_and(|share| share <= wanted.share);
            if enough || to >= whole(self.most) {
                let reached = reached.filter(|r| r.is_finite()).map_or_else(
                    || "unknown".to_owned(),
                    |r| format!("{} %", crate::report::number(100.0 * r)),
                );
                let asked = crate::report::number(100.0 * wanted.share);
                if !enough {
                    tell!(
                        "the interval of {} is still ±{reached} at {to} draws, not ±{asked} %",
                        wanted.cell
                    );
                } else if !simulation.arguments.quiet {
                    tell!("the interval of {} is ±{reached} at {to} draws", wanted.cell);
                }
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

/// Place of a cell in a simulation's recording, or what was meant.
pub(super) fn place(simulation: &Simulation<'_>, flag: &str, address: &str) -> Result<usize, Failure> {
    let names = &simulation.recording.names;
    names.iter().position(|c| c.address() == address).ok_or_else(|| {
        let all: Vec<String> = names.iter().map(|c| c.address()).collect();
        let near = crate::scenario::suggest(address, all.iter().map(String::as_str));
        let help = near.map_or_else(String::new, |n| format!("; did you mean {n}?"));
        Failure::Rejected(format!("error: {flag}: no cell {address} is summarised{help}"))
    })
}
