//! Quantiles of a histogram, and their 95% intervals by inverting the test of a share (Woodruff 1952).
//!
//! How much of the draws lies below a level is a mean, whose error replicates tell well also where the level lies at the edge
//! of an atom or far out in a tail. A quantile's interval is what the pooled distribution has between the shares that
//! cannot be told from the quantile's own. So it is as lopsided as the distribution, and nothing wide where that is an atom.

use super::interval::{Interval, t95};

/// A bucket's borders, and the values up to its upper one by replicate.
type Step<const R: usize> = (f64, f64, [u64; R]);

/// A sample in rising order: how many values lie up to each bucket's upper border.
#[derive(Clone, Debug)]
pub struct Ranks<const R: usize> {
    steps: Vec<Step<R>>,
    /// Likewise, of all replicates.
    up_to: Vec<u64>,
    range: (f64, f64),
}

/// Where a quantile lies: a step, and the share of its values that lies below.
#[derive(Clone, Copy, Debug)]
struct Rank {
    step: usize,
    part: f64,
}

impl<const R: usize> Ranks<R> {
    /// From buckets in rising order with their counts, within `range`.
    #[inline(always)]
    pub(super) fn new(mut buckets: Vec<Step<R>>, range: (f64, f64)) -> Self {
        let mut sum = [0; R];
        let mut up_to = Vec::with_capacity(buckets.len());
        for (low, high, counts) in &mut buckets {
            // Values fill the first and the last bucket up to the range: what lies beyond it is no place for a quantile, and one
            // that is cut back afterwards would agree with the ends of its interval without being exact.
            for border in [low, high] {
                *border = if border.is_finite() { border.clamp(range.0, range.1) } else { *border };
            }
            sum.iter_mut().zip(&*counts).for_each(|(sum, &here)| *sum += here);
            *counts = sum;
            up_to.push(sum.iter().sum());
        }
        Self { steps: buckets, up_to, range }
    }

    /// A quantile; the largest value if there is none at all.
    pub fn quantile(&self, p: f64) -> f64 {
        self.rank(p).map_or(self.range.1, |rank| self.value(rank))
    }

    /// A quantile with its 95% interval; without an error where there are fewer than two replicates.
    ///
    /// The share of each replicate below the quantile gives the error of that share; a share is known no better than to one
    /// draw.
    pub fn interval(&self, p: f64) -> Interval {
        let Some(rank) = self.rank(p) else { return Interval::between(self.range.1, UNKNOWN, 0) };
        let value = self.value(rank);
        let totals = &self.steps[self.steps.len() - 1].2;
        let replicates = totals.iter().filter(|&&n| n > 0).count();
        if replicates < 2 {
            return Interval::between(value, UNKNOWN, replicates);
        }
        let n = self.total() as f64;
        let below = match rank.step.checked_sub(1) {
            Some(last) => self.steps[last].2,
            None => [0; R],
        };
        let up_to = &self.steps[rank.step].2;
        // Replicates weigh by their draws, as they do in the pooled share: so their deviations from it add up to nothing.
        let deviation = |r: usize| {
            let lower = below[r] as f64 + rank.part * (up_to[r] - below[r]) as f64;
            (lower - p * totals[r] as f64) / n
        };
        let squares: f64 = (0..R).map(|r| deviation(r) * deviation(r)).sum();
        let r = replicates as f64;
        let reach = (t95(replicates) * (squares * r / (r - 1.0)).sqrt()).max(1.0 / n);
        let ends = (self.quantile((p - reach).max(0.0)), self.quantile((p + reach).min(1.0)));
        Interval::between(value, ends, replicates)
    }

    fn total(&self) -> u64 {
        self.up_to.last().copied().unwrap_or(0)
    }

    fn rank(&self, p: f64) -> Option<Rank> {
        let target = p * self.total() as f64;
        let step = self.up_to.partition_point(|&n| (n as f64) < target).min(self.up_to.len().checked_sub(1)?);
        let before = if step == 0 { 0 } else { self.up_to[step - 1] };
        let here = (self.up_to[step] - before) as f64;
        Some(Rank { step, part: ((target - before as f64) / here).clamp(0.0, 1.0) })
    }

    fn value(&self, rank: Rank) -> f64 {
        let (low, high, _) = self.steps[rank.step];
        // What is infinite has no width.
        let value = match (low.is_finite() && high.is_finite(), low.is_nan()) {
            (true, _) => low + rank.part * (high - low),
            (_, true) => high,
            _ => low,
        };
        value.clamp(self.range.0, self.range.1)
    }
}

/// An interval that says nothing.
const UNKNOWN: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);

#[cfg(test)]
mod tests {
    use super::super::Histogram;
    use super::*;
    use crate::math::{Lanes, Mask, WIDTH, inverse_normal};
    use crate::random::{Design, Sampler};

    fn ranks(values: &[Lanes]) -> Ranks<WIDTH> {
        let mut histogram: Histogram = Histogram::default();
        for &x in values {
            histogram.add(x, Mask::splat(true));
        }
        let all = values.iter().flat_map(|x| x.0);
        let low = all.clone().fold(f64::INFINITY, f64::min);
        histogram.ranks((low, all.fold(f64::NEG_INFINITY, f64::max)))
    }

    /// Share of 400 seeds whose interval of a quantile holds the truth, and its mean width.
    fn cover(sampler: Sampler, draws: u64, p: f64, truth: f64, f: impl Fn(f64, f64) -> f64) -> (f64, f64) {
        let (mut held, mut width) = (0.0, 0.0);
        for seed in 0..400 {
            let design = Design { seed, sampler };
            let streams = [design.stream("x", Some(0)), design.stream("y", Some(1))];
            let draw = |b: u64| {
                let [u, v] = streams.each_ref().map(|s| s.uniforms(b));
                Lanes::from_fn(|i| f(u[i], v[i]))
            };
            let values: Vec<Lanes> = (0..draws / WIDTH as u64).map(draw).collect();
            let interval = ranks(&values).interval(p);
            held += f64::from(interval.holds(truth)) / 400.0;
            width += (interval.high - interval.low) / 400.0;
        }
        (held, width)
    }

    /// Of 400 shares, 95% lies within three errors from 91.7% to 98.3%.
    fn is_right(share: f64) -> bool {
        (0.917..=0.983).contains(&share)
    }

    #[test]
    fn intervals_of_a_normal_distributions_quantiles_cover_them() {
        for (p, truth) in [(0.05, -1.644_853_627), (0.5, 0.0), (0.95, 1.644_853_627)] {
            let (share, width) = cover(Sampler::Mc, 512, p, truth, |u, _| inverse_normal(u));
            assert!(is_right(share), "{p}: {share}");
            // An error of √(p(1−p)/n) over the density, times 2 t.
            let density = 0.398_942_280 * crate::math::exp(-0.5 * truth * truth);
            let theory = 2.0 * 2.365 * (p * (1.0 - p) / 512.0).sqrt() / density;
            assert!((width / theory - 1.0).abs() < 0.1, "{p}: {width} {theory}");
        }
    }

    #[test]
    fn intervals_just_past_the_edge_of_an_atom_cover() {
        // Nothing in 94% of draws, and an exponential tail: the 95% quantile has a sixth of the tail below it.
        let tail = |u: f64| if u < 0.94 { 0.0 } else { -crate::math::ln(1.0 - (u - 0.94) / 0.06) };
        for (draws, sampler) in [(256, Sampler::Mc), (1024, Sampler::Mc), (1024, Sampler::Sobol)] {
            let (share, _) =
                cover(sampler, draws, 0.95, -crate::math::ln(5.0 / 6.0), |u, v| tail((u + v).fract()));
            assert!((0.90..=0.99).contains(&share), "{draws}: {share}");
        }
    }

    #[test]
    fn draws_on_the_net_have_narrower_intervals_that_cover() {
        // The sum of two uniforms: its 95% quantile is 2 − √0.1.
        let truth = 2.0 - 0.1_f64.sqrt();
        let (share, width) = cover(Sampler::Sobol, 512, 0.95, truth, |u, v| u + v);
        let (_, without) = cover(Sampler::Mc, 512, 0.95, truth, |u, v| u + v);
        assert!((0.90..=0.99).contains(&share) && width < 0.6 * without, "{share} {width} {without}");
    }

    #[test]
    fn what_does_not_vary_has_no_error() {
        for constant in [0.0, 3.7, -1e27] {
            let interval = ranks(&[Lanes::splat(constant); 9]).interval(0.95);
            assert_eq!((interval.value, interval.error), (constant, 0.0));
        }
        // A median in the midst of an atom.
        let few =
            |b: u64| Lanes::from_fn(|i| if (b + i as u64).is_multiple_of(5) { 1.0 + b as f64 } else { 0.0 });
        let interval = ranks(&(0..20).map(few).collect::<Vec<_>>()).interval(0.5);
        assert_eq!((interval.value, interval.low, interval.high, interval.error), (0.0, 0.0, 0.0, 0.0));
    }

    #[test]
    fn replicates_that_agree_leave_a_draw_of_doubt() {
        // Half of each replicate lies below 1 and half above 2: the median is anywhere between.
        let values: Vec<Lanes> = (0..8).map(|b| Lanes::splat(if b < 4 { 0.5 } else { 2.5 })).collect();
        let interval = ranks(&values).interval(0.5);
        assert!(interval.low < 0.51 && interval.high > 2.5 - 1e-9, "{interval:?}");
    }

    #[test]
    fn one_replicate_has_no_error_to_tell() {
        let mut histogram: Histogram<1> = Histogram::default();
        histogram.add(Lanes::from_fn(|i| 1.0 + i as f64), Mask::splat(true));
        assert!(histogram.ranks((1.0, 8.0)).interval(0.5).error.is_infinite());
        let nothing = Histogram::<8>::default().ranks((0.0, 1.0)).interval(0.5);
        assert_eq!((nothing.value, nothing.error), (1.0, f64::INFINITY));
    }

    #[test]
    fn infinite_values_have_an_infinite_quantile() {
        let values: Vec<Lanes> =
            (0..8).map(|b| Lanes::splat(if b < 6 { 1.5 } else { f64::INFINITY })).collect();
        let of = |p: f64| ranks(&values).interval(p);
        assert_eq!((of(0.95).value, of(0.95).error), (f64::INFINITY, 0.0));
        assert!((of(0.5).value - 1.5).abs() < 0.02);
    }
}
