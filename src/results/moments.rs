//! Count, mean, spread and extremes, for each of eight replicates, in a fixed tree.
//!
//! Cells of a summary see the same draws: their counts are kept once, in [`Counts`], and each keeps its [`Spread`].

use super::tree::{Forest, LEAF};
use crate::math::{Lanes, Mask, WIDTH};
use serde::{Deserialize, Serialize};

/// Draws so far in eight lanes, leaf by leaf.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    leaf: Lanes,
    batches: u64,
    tree: Forest<Lanes>,
}

/// What a batch does to every cell.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Draws that count.
    pub(crate) mask: Mask,
    /// Draws in the leaf, this batch included.
    count: Lanes,
    /// If the leaf is full: how it is merged with finished subtrees.
    close: Option<Vec<Merge>>,
}

/// Two subtrees that become one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Merge {
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
    pub(crate) fn step(&mut self, mask: Mask) -> Step {
        self.leaf += mask.select(Lanes::ONE, Lanes::ZERO);
        self.batches += 1;
        let count = self.leaf;
        let close = (self.batches == LEAF).then(|| self.close());
        Step { mask, count, close }
    }

    fn close(&mut self) -> Vec<Merge> {
        let mut merges = Vec::new();
        self.batches = 0;
        self.tree.push(0, std::mem::take(&mut self.leaf), noting(&mut merges));
        merges
    }

    /// Whether no draw was taken yet.
    pub(crate) fn is_new(&self) -> bool {
        self.tree.is_empty() && self.batches == 0
    }

    /// Begins with a leaf other than the first.
    pub(crate) fn start(&mut self, leaf: u64) {
        self.tree.start(leaf);
    }

    /// Adds draws of the leaves that follow, and says how each of their subtrees is merged; none if they do not follow.
    pub(crate) fn append(&mut self, other: &Self) -> Option<Vec<Vec<Merge>>> {
        if self.batches > 0 {
            return None;
        }
        let mut all = Vec::new();
        let follows = self.tree.append_with(other.tree.clone(), |tree, height, count| {
            let mut merges = Vec::new();
            tree.push(height, count, noting(&mut merges));
            all.push(merges);
        });
        if !follows {
            return None;
        }
        (self.leaf, self.batches) = (other.leaf, other.batches);
        Some(all)
    }

    /// Draws in each lane.
    pub(crate) fn total(&self) -> Lanes {
        self.tree.nodes().rev().fold(self.leaf, |sum, &count| count + sum)
    }
}

/// Joins counts, and notes how.
fn noting(merges: &mut Vec<Merge>) -> impl FnMut(Lanes, Lanes) -> Lanes + '_ {
    |left, right| {
        merges.push(Merge::new(left, right));
        left + right
    }
}

/// Mean and sum of squared deviations of eight lanes (Welford 1962, merged after Chan et al. 1979).
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
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
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Spread {
    leaf: Node,
    /// Finished subtrees, as in the counts.
    tree: Vec<Node>,
    low: Lanes,
    high: Lanes,
}

impl Spread {
    /// Those of a cell without draws.
    pub(crate) fn none() -> Self {
        Self::of_zeros(&Counts::default())
    }

    /// Those of a cell that has been 0 in all draws so far.
    pub(crate) fn of_zeros(counts: &Counts) -> Self {
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
    pub(crate) fn add(&mut self, x: Lanes, step: &Step) {
        self.leaf.add(x, step);
        self.low = step.mask.select(self.low.min(x), self.low);
        self.high = step.mask.select(self.high.max(x), self.high);
        if let Some(merges) = &step.close {
            let mut node = std::mem::take(&mut self.leaf);
            for &merge in merges {
                node = self.tree.pop().expect("a subtree for every merge").merge(node, merge);
            }
            // One comes in a thousand draws, and tens of thousands of cells have such a list.
            self.tree.reserve_exact(1);
            self.tree.push(node);
        }
    }

    /// Adds draws of the leaves that follow, whose subtrees are merged as their counts were.
    pub(crate) fn append(&mut self, other: &Self, merges: &[Vec<Merge>]) {
        for (&node, merges) in other.tree.iter().zip(merges) {
            let join = |node, &merge| self.tree.pop().map_or(node, |left| left.merge(node, merge));
            let node = merges.iter().fold(node, join);
            self.tree.push(node);
        }
        self.leaf = other.leaf;
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
    }

    /// The mean and the sum of squared deviations of each lane.
    fn total(&self, counts: &Counts) -> Node {
        let mut sum = self.leaf;
        let mut count = counts.leaf;
        for (node, &left) in self.tree.iter().rev().zip(counts.tree.nodes().rev()) {
            sum = node.merge(sum, Merge::new(left, count));
            count = left + count;
        }
        sum
    }

    /// Mean of each lane.
    pub(crate) fn means(&self, counts: &Counts) -> Lanes {
        self.total(counts).mean
    }

    /// Count, mean and standard deviation (n − 1) over all lanes.
    pub(crate) fn pooled(&self, counts: &Counts) -> (f64, f64, f64) {
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
    pub(crate) fn range(&self) -> (f64, f64) {
        let low = self.low.0.iter().copied().fold(f64::INFINITY, f64::min);
        let high = self.high.0.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // Of a negative zero and a zero, which came last tells nothing.
        (low + 0.0, high + 0.0)
    }
}

/// Moments of values with counts of their own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Moments {
    counts: Counts,
    spread: Spread,
}

impl Default for Moments {
    fn default() -> Self {
        Self { counts: Counts::default(), spread: Spread::none() }
    }
}

impl Moments {
    /// Adds a batch, in the lanes of the mask.
    #[inline(always)]
    pub fn add(&mut self, x: Lanes, mask: Mask) {
        self.spread.add(x, &self.counts.step(mask));
    }

    /// Begins with a leaf other than the first.
    pub fn start(&mut self, leaf: u64) {
        self.counts.start(leaf);
    }

    /// Adds draws of the leaves that follow; says whether they do.
    pub fn append(&mut self, other: &Self) -> bool {
        let merges = self.counts.append(&other.counts);
        merges.map(|merges| self.spread.append(&other.spread, &merges)).is_some()
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

    #[test]
    fn parts_have_the_bits_of_the_whole() {
        let value = |b: u64| Lanes::from_fn(|i| 1e9 + ((b * 8 + i as u64) * 7919 % 1009) as f64 / 7.0);
        let mask = |b: u64| Lanes::from_fn(|i| ((b + i as u64) % 5) as f64).gt(Lanes::ZERO);
        let moments = |from: u64, to: u64| {
            let mut moments = Moments::default();
            moments.start(from / LEAF);
            (from..to).for_each(|b| moments.add(value(b), mask(b)));
            moments
        };
        let (end, cuts) = (7 * LEAF + 5, [0, LEAF, 4 * LEAF, 5 * LEAF, 7 * LEAF, 7 * LEAF + 5]);
        let mut all = Moments::default();
        for ends in cuts.windows(2) {
            assert!(all.append(&moments(ends[0], ends[1])));
        }
        let whole = moments(0, end);
        assert_eq!((all.pooled(), all.means(), all.range()), (whole.pooled(), whole.means(), whole.range()));
        // Half a leaf is followed by nothing.
        assert!(!all.append(&moments(8 * LEAF, 9 * LEAF)));
    }
}
