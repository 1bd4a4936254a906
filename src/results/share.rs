//! Shares of draws: thresholds reached, and what bound whom.

use crate::math::{Kernel, Lanes, Mask, WIDTH, dispatch};
use serde::{Deserialize, Serialize};

/// The 95% interval of a probability of which k of n draws are evidence (Wilson 1927): right at 0 and 1.
pub fn wilson(k: u64, n: u64) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    let z = 1.959_963_984_540_054;
    let (n, p) = (n as f64, k as f64 / n as f64);
    let middle = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let low = if k == 0 { 0.0 } else { (middle - half).max(0.0) };
    let high = if p == 1.0 { 1.0 } else { (middle + half).min(1.0) };
    (low, high)
}

/// How many draws have reached each threshold by each quarter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Thresholds {
    levels: Vec<f64>,
    quarters: usize,
    /// Counts by series, quarter and level.
    counts: Vec<u64>,
    draws: u64,
}

impl Thresholds {
    /// Counts of none: levels \[FLOP\], and how many series and quarters there are.
    pub fn new(levels: Vec<f64>, series: usize, quarters: usize) -> Self {
        let counts = vec![0; series * quarters * levels.len()];
        Self { levels, quarters, counts, draws: 0 }
    }

    /// Adds a batch: `values[series * quarters + quarter]`.
    pub fn add(&mut self, values: &[Lanes], mask: Mask) {
        self.draws += u64::from(mask.count());
        dispatch(Reaching { thresholds: self, values, mask });
    }

    #[inline(always)]
    fn count(&mut self, values: &[Lanes], mask: Mask) {
        let all = u64::from(mask.count());
        let rows = self.counts.chunks_exact_mut(self.quarters * self.levels.len());
        for (course, counts) in values.chunks_exact(self.quarters).zip(rows) {
            let mut best = Lanes::splat(f64::NEG_INFINITY);
            for (&x, counts) in course.iter().zip(counts.chunks_exact_mut(self.levels.len())) {
                best = best.max(x);
                let least = best.0.iter().copied().fold(f64::INFINITY, f64::min);
                let most = best.0.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                for (count, &level) in counts.iter_mut().zip(&self.levels) {
                    if least >= level {
                        *count += all;
                    } else if most >= level {
                        *count += u64::from((best.ge(Lanes::splat(level)) & mask).count());
                    }
                }
            }
        }
    }

    /// Adds what was counted of other draws; says whether it is of the same places.
    pub fn append(&mut self, other: &Self) -> bool {
        let same = self.levels == other.levels && self.counts.len() == other.counts.len();
        if same {
            self.counts.iter_mut().zip(&other.counts).for_each(|(n, more)| *n += more);
            self.draws += other.draws;
        }
        same
    }

    /// Thresholds.
    pub fn levels(&self) -> &[f64] {
        &self.levels
    }

    /// Probability of having reached a level by a quarter, with its 95% interval.
    pub fn probability(&self, series: usize, quarter: usize, level: usize) -> (f64, f64, f64) {
        let k = self.counts[(series * self.quarters + quarter) * self.levels.len() + level];
        let (low, high) = wilson(k, self.draws);
        (if self.draws == 0 { 0.0 } else { k as f64 / self.draws as f64 }, low, high)
    }
}

/// A batch that thresholds take.
struct Reaching<'a> {
    thresholds: &'a mut Thresholds,
    values: &'a [Lanes],
    mask: Mask,
}

impl Kernel for Reaching<'_> {
    type Output = ();
    #[inline(always)]
    fn run(self) {
        self.thresholds.count(self.values, self.mask);
    }
}

/// How often each cause bound each subject in each quarter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Labels {
    /// Codes that occur at each place, with their counts.
    counts: Vec<Vec<(u8, u64)>>,
}

impl Labels {
    /// Counts of none for so many places, each a subject in a quarter.
    pub fn new(places: usize) -> Self {
        Self { counts: vec![Vec::new(); places] }
    }

    /// Adds a batch of codes.
    pub fn add(&mut self, codes: &[[u8; WIDTH]], mask: Mask) {
        let whole = mask.all();
        for (place, lanes) in self.counts.iter_mut().zip(codes) {
            // Mostly one cause binds in all draws.
            if whole && lanes.iter().all(|code| *code == lanes[0]) {
                count(place, lanes[0], WIDTH as u64);
                continue;
            }
            for (lane, &code) in lanes.iter().enumerate() {
                if mask.lane(lane) {
                    count(place, code, 1);
                }
            }
        }
    }

    /// Adds what was counted of other draws; says whether it is of as many places.
    pub fn append(&mut self, other: &Self) -> bool {
        for (place, more) in self.counts.iter_mut().zip(&other.counts) {
            for &(code, times) in more {
                count(place, code, times);
            }
        }
        self.counts.len() == other.counts.len()
    }

    /// Codes of a place with their shares of draws, most frequent first; `but` does not count.
    pub fn shares(&self, place: usize, but: u8) -> Vec<(u8, f64)> {
        let counted = || self.counts[place].iter().filter(|(code, _)| *code != but);
        let total: u64 = counted().map(|(_, count)| count).sum();
        let mut shares: Vec<(u8, f64)> =
            counted().map(|&(code, count)| (code, count as f64 / total as f64)).collect();
        shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        shares
    }
}

/// Counts a code so many times more.
fn count(place: &mut Vec<(u8, u64)>, code: u8, times: u64) {
    match place.iter_mut().find(|(known, _)| *known == code) {
        Some((_, count)) => *count += times,
        None => place.push((code, times)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_right_at_its_ends() {
        let (low, high) = wilson(0, 100);
        assert!(low == 0.0 && (high - 0.0370).abs() < 1e-3);
        let (low, high) = wilson(100, 100);
        assert!((low - 0.9630).abs() < 1e-3 && high == 1.0);
        let (low, high) = wilson(50, 100);
        assert!((low - 0.4038).abs() < 1e-3 && (high - 0.5962).abs() < 1e-3);
    }

    #[test]
    fn a_threshold_once_reached_stays_reached() {
        let mut thresholds = Thresholds::new(vec![10.0], 1, 3);
        thresholds.add(&[Lanes::splat(5.0), Lanes::splat(12.0), Lanes::splat(3.0)], Mask::splat(true));
        let p: Vec<f64> = (0..3).map(|t| thresholds.probability(0, t, 0).0).collect();
        assert_eq!(p, [0.0, 1.0, 1.0]);
    }
}
