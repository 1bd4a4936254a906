//! Count, mean, spread and extremes, for each of eight replicates, in a fixed tree.
//!
//! Cells of a summary see the same draws: their counts are kept once, in [`Counts`], and each keeps its [`Spread`].

use crate::math::{Lanes, Mask, WIDTH};

/// Batches in a leaf of the tree.
const LEAF: u32 = 128;

/// Draws so far in eight lanes, leaf by leaf.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    leaf: Lanes,
    batches: u32,
    /// Finished subtrees, largest first, each with its level.
    tree: Vec<(u32, Lanes)>,
}

/// What a batch does to every cell.
#[derive(Clone, Debug)]
pub(super) struct Step {
    mask: Mask,
    /// Draws in the leaf, this batch included.
    count: Lanes,
    /// If the leaf is full: how it is merged with finished subtrees.
    close: Option<Vec<Merge>>,
}

/// Two subtrees that become one.
#[derive(Clone, Copy, Debug)]
struct Merge {
    /// Draws in the left one.
    left: Lanes,
    /// Share of draws that is in the right one.
    share: Lanes,
}

impl Merge {
    fn new(left: Lanes, right: Lanes) -> Self {
        Self { left, share: right.per(left + right) }
    }
}

impl Counts {
    /// Takes a batch, of which the lanes of the mask count.
    pub(super) fn step(&mut self, mask: Mask) -> Step {
        self.leaf += mask.select(Lanes::ONE, Lanes::ZERO);
        self.batches += 1;
        let count = self.leaf;
        let close = (self.batches == LEAF).then(|| self.close());
        Step { mask, count, close }
    }

    fn close(&mut self) -> Vec<Merge> {
        let mut merges = Vec::new();
        let mut count = std::mem::take(&mut self.leaf);
        self.batches = 0;
        let mut level = 0;
        while let Some(&(l, left)) = self.tree.last() {
            if l != level {
                break;
            }
            self.tree.pop();
            merges.push(Merge::new(left, count));
            count = left + count;
            level += 1;
        }
        self.tree.push((level, count));
        merges
    }

    /// Draws in each lane.
    pub(super) fn total(&self) -> Lanes {
        self.tree.iter().rev().fold(self.leaf, |sum, &(_, count)| count + sum)
    }
}

/// Mean and sum of squared deviations of eight lanes (Welford 1962, merged after Chan et al. 1979).
#[derive(Clone, Copy, Debug, Default)]
struct Node {
    mean: Lanes,
    squares: Lanes,
}

impl Node {
    #[inline(always)]
    fn add(&mut self, x: Lanes, step: &Step) {
        let difference = step.mask.select(x - self.mean, Lanes::ZERO);
        let mean = self.mean + difference.per(step.count);
        self.squares += step.mask.select(difference * (x - mean), Lanes::ZERO);
        self.mean = mean;
    }

    fn merge(self, other: Self, merge: Merge) -> Self {
        let difference = other.mean - self.mean;
        Self {
            mean: self.mean + difference * merge.share,
            squares: self.squares + other.squares + difference * difference * merge.left * merge.share,
        }
    }
}

/// Mean, spread and extremes of a cell.
#[derive(Clone, Debug)]
pub(super) struct Spread {
    leaf: Node,
    /// Finished subtrees, as in the counts.
    tree: Vec<Node>,
    low: Lanes,
    high: Lanes,
}

impl Spread {
    /// Those of a cell that has been 0 in all draws so far.
    pub(super) fn of_zeros(counts: &Counts) -> Self {
        let any = counts.total().gt(Lanes::ZERO);
        Self {
            leaf: Node::default(),
            tree: vec![Node::default(); counts.tree.len()],
            low: any.select(Lanes::ZERO, Lanes::splat(f64::INFINITY)),
            high: any.select(Lanes::ZERO, Lanes::splat(f64::NEG_INFINITY)),
        }
    }

    /// Adds a batch.
    #[inline(always)]
    pub(super) fn add(&mut self, x: Lanes, step: &Step) {
        self.leaf.add(x, step);
        self.low = step.mask.select(self.low.min(x), self.low);
        self.high = step.mask.select(self.high.max(x), self.high);
        if let Some(merges) = &step.close {
            let mut node = std::mem::take(&mut self.leaf);
            for &merge in merges {
                node = self.tree.pop().expect("a subtree for every merge").merge(node, merge);
            }
            self.tree.push(node);
        }
    }

    /// The mean and the sum of squared deviations of each lane.
    fn total(&self, counts: &Counts) -> Node {
        let mut sum = self.leaf;
        let mut count = counts.leaf;
        for (node, &(_, left)) in self.tree.iter().zip(&counts.tree).rev() {
            sum = node.merge(sum, Merge::new(left, count));
            count = left + count;
        }
        sum
    }

    /// Mean of each lane.
    pub(super) fn means(&self, counts: &Counts) -> Lanes {
        self.total(counts).mean
    }

    /// Count, mean and standard deviation (n − 1) over all lanes.
    pub(super) fn pooled(&self, counts: &Counts) -> (f64, f64, f64) {
        let (total, count) = (self.total(counts), counts.total());
        let (mut n, mut mean, mut squares) = (0.0, 0.0, 0.0);
        for lane in 0..WIDTH {
            let m = count[lane];
            if m == 0.0 {
                continue;
            }
            let difference = total.mean[lane] - mean;
            let share = m / (n + m);
            squares += total.squares[lane] + difference * difference * n * share;
            mean += difference * share;
            n += m;
        }
        let sd = if n > 1.0 { (squares / (n - 1.0)).max(0.0).sqrt() } else { 0.0 };
        (n, mean, sd)
    }

    /// Smallest and largest value.
    pub(super) fn range(&self) -> (f64, f64) {
        let low = self.low.0.iter().copied().fold(f64::INFINITY, f64::min);
        let high = self.high.0.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (low, high)
    }
}

/// Moments of values with counts of their own.
#[derive(Clone, Debug)]
pub struct Moments {
    counts: Counts,
    spread: Spread,
}

impl Default for Moments {
    fn default() -> Self {
        let counts = Counts::default();
        let spread = Spread::of_zeros(&counts);
        Self { counts, spread }
    }
}

impl Moments {
    /// Adds a batch, in the lanes of the mask.
    #[inline(always)]
    pub fn add(&mut self, x: Lanes, mask: Mask) {
        self.spread.add(x, &self.counts.step(mask));
    }

    /// Draws in each lane.
    pub fn counts(&self) -> Lanes {
        self.counts.total()
    }

    /// Mean of each lane.
    pub fn means(&self) -> Lanes {
        self.spread.means(&self.counts)
    }

    /// Count, mean and standard deviation (n − 1) over all lanes.
    pub fn pooled(&self) -> (f64, f64, f64) {
        self.spread.pooled(&self.counts)
    }

    /// Smallest and largest value.
    pub fn range(&self) -> (f64, f64) {
        self.spread.range()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agree_with_two_passes() {
        let values: Vec<f64> = (0..8 * 1000).map(|i| 1e9 + f64::from((i * 7919) % 1009)).collect();
        let mut moments = Moments::default();
        for chunk in values.chunks(8) {
            moments.add(Lanes::from_fn(|i| chunk[i]), Mask::splat(true));
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance =
            values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (values.len() - 1) as f64;
        let (n, m, sd) = moments.pooled();
        assert_eq!(n, 8000.0);
        assert!((m / mean - 1.0).abs() < 1e-14 && (sd / variance.sqrt() - 1.0).abs() < 1e-12);
        assert_eq!(moments.range(), (1e9, 1e9 + 1008.0));
    }

    #[test]
    fn masked_lanes_do_not_count() {
        let mut moments = Moments::default();
        let mut first = Mask::splat(false);
        first.0[0] = u64::MAX;
        moments.add(Lanes::splat(5.0), first);
        moments.add(Lanes::splat(f64::NAN), Mask::splat(false));
        assert_eq!(moments.pooled(), (1.0, 5.0, 0.0));
        assert_eq!(moments.range(), (5.0, 5.0));
    }
}
