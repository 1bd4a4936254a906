//! Paired comparison: plans on the same draws, each against the first, draw by draw, streaming.
//!
//! Kept for each cell and plan are moments and histograms by replicate, never the draws themselves, so that memory does
//! not grow with their number.

use super::goal::Sense;
use crate::math::{Kernel, Lanes, Mask, WIDTH, dispatch};
use crate::results::{Counts, Histogram, Interval, Merge, Spread, Step};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Probabilities of the quantiles of differences and ratios.
const PROBABILITIES: [f64; 3] = [0.05, 0.5, 0.95];

/// Ratio below which ratios are counted as they are, and from which on as changes.
const HALF: f64 = 0.5;

/// Bits of a digit of a count: differences and ratios are spread over many buckets, each with few draws.
const DIGIT: u32 = 2;

/// Whether one distribution lies below another everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dominance {
    /// At every level at least as much of it lies below, and somewhere more.
    Lower,
    /// The other way round.
    Higher,
    /// The same, or they cross.
    Neither,
}

/// Accumulators of one plan in one cell; those from which no error is derived take all replicates together.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    values: Histogram<1>,
    regret: Spread,
    regrets: Histogram<1>,
    /// Against the first plan; none for the first itself.
    against: Option<Box<Pair>>,
}

/// What is gathered of a plan against the first.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Pair {
    difference: Spread,
    differences: Histogram<WIDTH, DIGIT>,
    /// Size of the differences.
    size: Spread,
    /// Ratios below a half, whose buckets are as narrow as they are small; few policies have any.
    small: Option<Box<Histogram<WIDTH, DIGIT>>>,
    /// The other ratios less one: no change lies in a bucket of its own, and small changes in narrow ones.
    changes: Histogram<WIDTH, DIGIT>,
    /// Smallest and largest ratio.
    ratio_range: (f64, f64),
    lower: u64,
    higher: u64,
}

impl Pair {
    /// No draw yet.
    fn new() -> Self {
        Self {
            difference: Spread::none(),
            differences: Histogram::default(),
            size: Spread::none(),
            small: None,
            changes: Histogram::default(),
            ratio_range: (f64::INFINITY, f64::NEG_INFINITY),
            lower: 0,
            higher: 0,
        }
    }
}

/// Plans on the same draws, cell by cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PairedRuns {
    plans: usize,
    #[serde(skip)]
    senses: Vec<Sense>,
    independent: bool,
    /// Draws, which are the same for all.
    counts: Counts,
    /// By cell, then plan.
    entries: Vec<Entry>,
}

/// A batch that the plans take in one cell.
struct Adding<'a> {
    entries: &'a mut [Entry],
    /// By plan.
    values: &'a [Lanes],
    /// Of what is better: 1 if less is, -1 if more is.
    sign: f64,
    step: &'a Step,
}

impl Kernel for Adding<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        let Self { entries, values, sign, step } = self;
        let Some(&first) = values.first() else { return };
        let best = (first * sign).min_of(values[1..].iter().map(|&x| x * sign));
        for (entry, &x) in entries.iter_mut().zip(values) {
            entry.add(x, first, x * sign - best, step);
        }
    }
}

/// What is known of a plan against the first in one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Paired {
    /// Draws.
    pub draws: u64,
    /// Mean difference.
    pub mean: Interval,
    /// Quantiles 5%, 50%, 95% of the difference.
    pub quantiles: [Interval; 3],
    /// Quantiles 5%, 50%, 95% of the ratio; infinite where the first plan has nothing.
    pub ratios: [Interval; 3],
    /// Share of draws in which it is lower.
    pub lower: f64,
    /// Share of draws in which it is higher.
    pub higher: f64,
    /// Mean regret against each draw's best plan.
    pub regret_mean: f64,
    /// 95% quantile of the regret.
    pub regret_p95: f64,
    /// Effective number of draws that carry the difference: (Σ|d|)²/Σd² (Kish 1965).
    pub effective: f64,
    /// Whether one distribution lies below the other everywhere.
    pub dominance: Dominance,
    /// Mean difference in each replicate.
    pub by_replicate: Vec<f64>,
}

impl Paired {
    /// Draws in which the plan and the first differ.
    pub fn changed(&self) -> u64 {
        ((self.lower + self.higher) * self.draws as f64).round() as u64
    }
}

impl PairedRuns {
    /// Runs of `plans` plans, with no draw yet, the first being the reference; a sense for each cell; `independent` if draws are.
    pub fn new(plans: usize, senses: Vec<Sense>, independent: bool) -> Self {
        let against = |e: usize| (!e.is_multiple_of(plans)).then(|| Box::new(Pair::new()));
        let entry = |e: usize| Entry {
            values: Histogram::default(),
            regret: Spread::none(),
            regrets: Histogram::default(),
            against: against(e),
        };
        let entries = (0..plans * senses.len()).map(entry).collect();
        Self { plans, senses, independent, counts: Counts::default(), entries }
    }

    /// Adds consecutive batches; `value` gives what a plan has in a batch in a cell: (plan, batch, cell).
    pub fn absorb(&mut self, masks: &[Mask], value: impl Fn(usize, usize, usize) -> Lanes + Sync) {
        let senses = &self.senses;
        let steps: Vec<Step> = masks.iter().map(|&mask| self.counts.step(mask)).collect();
        let cells = self.entries.par_chunks_mut(self.plans).enumerate().with_min_len(8);
        cells.for_each_init(Vec::new, |values, (cell, entries)| {
            for (batch, step) in steps.iter().enumerate() {
                values.clear();
                values.extend((0..entries.len()).map(|plan| value(plan, batch, cell)));
                dispatch(Adding { entries, values, sign: senses[cell].sign(), step });
            }
        });
    }

    /// Begins with a leaf other than the first.
    pub fn start(&mut self, leaf: u64) {
        self.counts.start(leaf);
    }

    /// Adds what was gathered of the leaves that follow; says whether they do, and whether it is of as many plans and cells.
    pub fn append(&mut self, other: &Self) -> bool {
        if self.plans != other.plans || self.entries.len() != other.entries.len() {
            return false;
        }
        let Some(merges) = self.counts.append(&other.counts) else { return false };
        let entries = self.entries.par_iter_mut().zip(&other.entries).with_min_len(8);
        entries.map(|(entry, more)| entry.append(more, &merges)).reduce(|| true, |a, b| a && b)
    }

    /// Plans, the reference included.
    pub fn plans(&self) -> usize {
        self.plans
    }

    /// Mean of a plan over its own worst tenth of draws in a cell, to the width of a histogram's bucket.
    pub fn worst_tenth(&self, cell: usize, plan: usize) -> f64 {
        let values = &self.entries[cell * self.plans + plan].values;
        values.tail_mean(0.1, self.senses[cell] == Sense::Min)
    }

    /// A plan against the first in a cell.
    pub fn paired(&self, cell: usize, plan: usize) -> Paired {
        let entries = &self.entries[cell * self.plans..(cell + 1) * self.plans];
        entries[plan].finish(&entries[0].values, &self.counts, self.independent)
    }
}

impl Entry {
    #[inline(always)]
    fn add(&mut self, x: Lanes, first: Lanes, regret: Lanes, step: &Step) {
        self.values.add(x, step.mask);
        self.regret.add(regret, step);
        self.regrets.add(regret, step.mask);
        if let Some(pair) = &mut self.against {
            pair.add(x, first, step);
        }
    }

    fn append(&mut self, other: &Self, merges: &[Vec<Merge>]) -> bool {
        self.values.append(&other.values);
        self.regrets.append(&other.regrets);
        self.regret.append(&other.regret, merges);
        match (&mut self.against, &other.against) {
            (Some(pair), Some(more)) => pair.append(more, merges),
            (None, None) => {}
            _ => return false,
        }
        true
    }

    fn finish(&self, reference: &Histogram<1>, draws: &Counts, independent: bool) -> Paired {
        let counts = draws.total();
        let lanes: Vec<usize> = (0..WIDTH).filter(|&l| counts[l] > 0.0).collect();
        let (n, regret_mean, _) = self.regret.pooled(draws);
        let without_error = |value: f64| Interval::between(value, (value, value), lanes.len());
        let own = Paired {
            draws: n as u64,
            mean: without_error(0.0),
            quantiles: [without_error(0.0); 3],
            ratios: [without_error(1.0); 3],
            lower: 0.0,
            higher: 0.0,
            regret_mean,
            regret_p95: self.regrets.quantiles(&[0.95], self.regret.range())[0],
            effective: 0.0,
            dominance: Dominance::Neither,
            by_replicate: vec![0.0; lanes.len()],
        };
        let Some(pair) = &self.against else { return own };
        Paired {
            dominance: dominance(&self.values, reference),
            ..pair.finish(&lanes, draws, independent, &own)
        }
    }
}

impl Pair {
    #[inline(always)]
    fn add(&mut self, x: Lanes, first: Lanes, step: &Step) {
        let (difference, mask) = (x - first, step.mask);
        self.difference.add(difference, step);
        self.differences.add(difference, mask);
        self.size.add(difference.abs(), step);
        let ratio = x.eq(first).select(Lanes::ONE, x / first);
        let below = ratio.lt(Lanes::splat(HALF));
        if (below & mask).any() {
            self.small.get_or_insert_default().add(ratio, below & mask);
        }
        self.changes.add(ratio - 1.0, !below & mask);
        let (low, high) = self.ratio_range;
        if ((ratio.lt(Lanes::splat(low)) | ratio.gt(Lanes::splat(high))) & mask).any() {
            for lane in (0..WIDTH).filter(|&l| mask.lane(l)) {
                self.ratio_range = (self.ratio_range.0.min(ratio[lane]), self.ratio_range.1.max(ratio[lane]));
            }
        }
        self.lower += u64::from((x.lt(first) & mask).count());
        self.higher += u64::from((x.gt(first) & mask).count());
    }

    fn append(&mut self, other: &Self, merges: &[Vec<Merge>]) {
        let ((low, high), more) = (self.ratio_range, other.ratio_range);
        self.ratio_range = (low.min(more.0), high.max(more.1));
        self.differences.append(&other.differences);
        if let Some(more) = &other.small {
            self.small.get_or_insert_default().append(more);
        }
        self.changes.append(&other.changes);
        self.lower += other.lower;
        self.higher += other.higher;
        self.size.append(&other.size, merges);
        self.difference.append(&other.difference, merges);
    }

    /// Fills in what a plan has against the first; `lanes` are the replicates that have draws.
    fn finish(&self, lanes: &[usize], counts: &Counts, independent: bool, own: &Paired) -> Paired {
        let (draws, mean, sd) = self.difference.pooled(counts);
        let means = self.difference.means(counts);
        let by_replicate: Vec<f64> = lanes.iter().map(|&l| means[l]).collect();
        let differences = self.differences.ranks(self.difference.range());
        let none = Histogram::default();
        let small = self.small.as_deref().unwrap_or(&none);
        let ratios = small.ranks_below(&self.changes, 1.0, self.ratio_range);
        let (_, size, spread) = self.size.pooled(counts);
        // The pooled deviation is that of a sample: squares over n − 1.
        let squares = size * size + spread * spread * (draws - 1.0).max(0.0) / draws.max(1.0);
        let share = |k: u64| if draws > 0.0 { k as f64 / draws } else { 0.0 };
        Paired {
            mean: if independent {
                Interval::of_draws(mean, sd, draws)
            } else {
                Interval::of_replicates(mean, &by_replicate)
            },
            quantiles: PROBABILITIES.map(|p| differences.interval(p)),
            ratios: PROBABILITIES.map(|p| ratios.interval(p)),
            lower: share(self.lower),
            higher: share(self.higher),
            effective: if squares > 0.0 { draws * size * size / squares } else { 0.0 },
            by_replicate,
            ..*own
        }
    }
}

/// First-order dominance of one sample of draws over another, to the width of a bucket.
fn dominance(values: &Histogram<1>, reference: &Histogram<1>) -> Dominance {
    let (ahead, behind) = values.lead_over(reference);
    match (ahead, behind) {
        (true, false) => Dominance::Lower,
        (false, true) => Dominance::Higher,
        _ => Dominance::Neither,
    }
}

/// Quarters from the start until a level is reached; where it is not, one more than there are.
///
/// So a shift between two plans is defined in every draw, and never overstated.
pub fn quarters_to(course: &[Lanes], level: f64) -> Lanes {
    let mut when = Lanes::splat(course.len() as f64);
    for (t, x) in course.iter().enumerate().rev() {
        when = x.ge(Lanes::splat(level)).select(Lanes::splat(t as f64), when);
    }
    when
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(first: &[f64], second: &[f64], sense: Sense) -> PairedRuns {
        let mut runs = PairedRuns::new(2, vec![sense], false);
        let batches = |x: &[f64]| -> Vec<Vec<Lanes>> {
            x.chunks(WIDTH).map(|c| vec![Lanes::from_fn(|i| c[i])]).collect()
        };
        let masks = vec![Mask::splat(true); first.len() / WIDTH];
        let values = [batches(first), batches(second)];
        runs.absorb(&masks, |plan, batch, cell| values[plan][batch][cell]);
        runs
    }

    #[test]
    fn the_same_values_differ_by_exactly_nothing() {
        let x: Vec<f64> = (0..256).map(|i| 1e26 * f64::from(1 + i % 37)).collect();
        let paired = runs(&x, &x, Sense::Min).paired(0, 1);
        assert_eq!((paired.mean.value, paired.mean.half()), (0.0, 0.0));
        assert_eq!(paired.quantiles.map(|q| (q.value, q.error)), [(0.0, 0.0); 3]);
        assert_eq!(paired.ratios.map(|r| (r.value, r.error)), [(1.0, 0.0); 3]);
        assert_eq!(
            (paired.lower, paired.higher, paired.regret_mean, paired.regret_p95),
            (0.0, 0.0, 0.0, 0.0)
        );
        assert_eq!(paired.dominance, Dominance::Neither);
    }

    #[test]
    fn a_half_is_lower_everywhere_and_the_other_regrets_it() {
        let x: Vec<f64> = (0..512).map(|i| f64::from(1 + i % 64)).collect();
        let half: Vec<f64> = x.iter().map(|x| 0.5 * x).collect();
        let runs = runs(&x, &half, Sense::Min);
        let paired = runs.paired(0, 1);
        assert!((paired.mean.value + 16.25).abs() < 1e-12);
        assert_eq!((paired.ratios[1].value, paired.lower, paired.higher), (0.5, 1.0, 0.0));
        assert_eq!((paired.dominance, paired.regret_mean), (Dominance::Lower, 0.0));
        let first = runs.paired(0, 0);
        assert!((first.regret_mean - 16.25).abs() < 1e-12 && first.mean.value == 0.0);
        assert_eq!(self::runs(&x, &half, Sense::Max).paired(0, 0).regret_mean, 0.0);
    }

    #[test]
    fn what_changes_in_a_few_draws_leaves_the_median_where_it_is() {
        let x: Vec<f64> = (0..512).map(|i| f64::from(1 + i % 64)).collect();
        let few: Vec<f64> = x.iter().enumerate().map(|(i, x)| if i % 8 < 3 { 2.0 * x } else { *x }).collect();
        let paired = runs(&x, &few, Sense::Min).paired(0, 1);
        assert_eq!((paired.ratios[1].value, paired.quantiles[1].value, paired.higher), (1.0, 0.0, 0.375));
        assert!((paired.ratios[2].value - 2.0).abs() < 0.02);
        assert_eq!(paired.changed(), 192);
    }

    /// Hyndman and Fan's seventh quantile.
    fn exact(mut values: Vec<f64>, p: f64) -> f64 {
        values.sort_by(f64::total_cmp);
        let at = p * (values.len() - 1) as f64;
        let (low, part) = (at.floor() as usize, at.fract());
        values[low] + part * (values[(low + 1).min(values.len() - 1)] - values[low])
    }

    #[test]
    fn ratios_near_nothing_are_as_fine_as_others_and_never_falsely_exact() {
        let x: Vec<f64> = (0..2048).map(|i| 1e9 * f64::from(1 + i % 64)).collect();
        // What is left is a thousandth to four thousandths, or in other draws nearly all of it.
        let left = |i: usize| 0.001 + 0.003 * ((i * 797 % 2048) as f64 / 2048.0);
        for few in [0, 1] {
            let share = |i: usize| if i % 4 < few { 1.0 - left(i) } else { left(i) };
            let y: Vec<f64> = x.iter().enumerate().map(|(i, x)| share(i) * x).collect();
            let paired = runs(&x, &y, Sense::Min).paired(0, 1);
            for (p, found) in PROBABILITIES.into_iter().zip(paired.ratios) {
                let truth = exact((0..2048).map(share).collect(), p);
                assert!((found.value / truth - 1.0).abs() < 0.01, "{few} {p}: {} {truth}", found.value);
                assert!(found.error > 0.0 && found.holds(truth), "{few} {p}: {found:?} {truth}");
            }
        }
        // The same ratio in every draw is exact.
        let y: Vec<f64> = x.iter().map(|x| x / 512.0).collect();
        let paired = runs(&x, &y, Sense::Min).paired(0, 1);
        assert_eq!(paired.ratios.map(|r| (r.value, r.error)), [(1.0 / 512.0, 0.0); 3]);
    }

    #[test]
    fn a_difference_is_carried_by_as_many_draws_as_make_it_up() {
        let x = vec![1.0; 512];
        let with = |change: &dyn Fn(usize) -> f64| {
            let y: Vec<f64> = (0..512).map(|i| 1.0 + change(i)).collect();
            runs(&x, &y, Sense::Min).paired(0, 1).effective
        };
        assert!((with(&|_| 0.25) - 512.0).abs() < 1e-9);
        assert!((with(&|i| if i % 2 == 0 { 0.5 } else { -0.5 }) - 512.0).abs() < 1e-9);
        assert!((with(&|i| if i < 32 { 4.0 } else { 0.0 }) - 32.0).abs() < 1e-9);
        // All draws differ, and four of them make up all but a hundredth of it.
        assert!((4.0..4.1).contains(&with(&|i| if i < 4 { 1024.0 } else { 0.0625 })));
        assert_eq!(with(&|_| 0.0), 0.0);
    }

    #[test]
    fn crossing_distributions_dominate_neither_way() {
        let x: Vec<f64> = (0..512).map(|i| f64::from(100 + i % 64)).collect();
        let wider: Vec<f64> = x.iter().map(|x| 132.0 + 3.0 * (x - 132.0)).collect();
        assert_eq!(runs(&x, &wider, Sense::Min).paired(0, 1).dominance, Dominance::Neither);
        let more: Vec<f64> = x.iter().map(|x| x + 50.0).collect();
        assert_eq!(runs(&x, &more, Sense::Min).paired(0, 1).dominance, Dominance::Higher);
    }

    #[test]
    fn the_worst_tenth_is_the_end_that_is_not_wanted() {
        // 1 to 640: the highest tenth has a mean of 608.5, the lowest of 32.5.
        let x: Vec<f64> = (1..=640).map(f64::from).collect();
        for (sense, truth) in [(Sense::Min, 608.5), (Sense::Max, 32.5)] {
            let found = runs(&x, &x, sense).worst_tenth(0, 1);
            assert!((found / truth - 1.0).abs() < 0.01, "{found} {truth}");
        }
        assert_eq!(runs(&[0.0; 64], &[0.0; 64], Sense::Min).worst_tenth(0, 0), 0.0);
    }

    #[test]
    fn thresholds_are_reached_once() {
        let course = [1.0, 5.0, 3.0, 9.0].map(Lanes::splat);
        assert_eq!(quarters_to(&course, 5.0), Lanes::splat(1.0));
        assert_eq!(quarters_to(&course, 6.0), Lanes::splat(3.0));
        assert_eq!(quarters_to(&course, 10.0), Lanes::splat(4.0));
    }
}
