//! Count, mean, spread and extremes, for each of eight replicates, in a fixed tree.

use crate::math::{Lanes, Mask, WIDTH};

/// Batches in a leaf of the tree.
const LEAF: u32 = 128;

/// Count, mean and sum of squared deviations of eight lanes (Welford 1962, merged after Chan et al. 1979).
#[derive(Clone, Copy, Debug)]
struct Node {
    count: Lanes,
    mean: Lanes,
    squares: Lanes,
}

impl Node {
    const EMPTY: Self = Self { count: Lanes::ZERO, mean: Lanes::ZERO, squares: Lanes::ZERO };

    #[inline(always)]
    fn add(&mut self, x: Lanes, mask: Mask) {
        let one = mask.select(Lanes::ONE, Lanes::ZERO);
        let count = self.count + one;
        let difference = mask.select(x - self.mean, Lanes::ZERO);
        let mean = self.mean + difference.per(count);
        self.squares += mask.select(difference * (x - mean), Lanes::ZERO);
        self.mean = mean;
        self.count = count;
    }

    fn merge(self, other: Self) -> Self {
        let count = self.count + other.count;
        let difference = other.mean - self.mean;
        let share = other.count.per(count);
        Self {
            count,
            mean: self.mean + difference * share,
            squares: self.squares + other.squares + difference * difference * self.count * share,
        }
    }
}

/// Moments of a cell.
#[derive(Clone, Debug)]
pub struct Moments {
    leaf: Node,
    batches: u32,
    /// Finished subtrees, largest first, each with its level.
    tree: Vec<(u32, Node)>,
    low: Lanes,
    high: Lanes,
}

impl Default for Moments {
    fn default() -> Self {
        Self {
            leaf: Node::EMPTY,
            batches: 0,
            tree: Vec::new(),
            low: Lanes::splat(f64::INFINITY),
            high: Lanes::splat(f64::NEG_INFINITY),
        }
    }
}

impl Moments {
    /// Adds a batch, in the lanes of the mask.
    #[inline(always)]
    pub fn add(&mut self, x: Lanes, mask: Mask) {
        self.leaf.add(x, mask);
        self.low = mask.select(self.low.min(x), self.low);
        self.high = mask.select(self.high.max(x), self.high);
        self.batches += 1;
        if self.batches == LEAF {
            self.close_leaf();
        }
    }

    fn close_leaf(&mut self) {
        let mut node = std::mem::replace(&mut self.leaf, Node::EMPTY);
        self.batches = 0;
        let mut level = 0;
        while let Some(&(l, left)) = self.tree.last() {
            if l != level {
                break;
            }
            self.tree.pop();
            node = left.merge(node);
            level += 1;
        }
        self.tree.push((level, node));
    }

    fn total(&self) -> Node {
        self.tree.iter().rev().fold(self.leaf, |sum, &(_, node)| node.merge(sum))
    }

    /// Draws in each lane.
    pub fn counts(&self) -> Lanes {
        self.total().count
    }

    /// Mean of each lane.
    pub fn means(&self) -> Lanes {
        self.total().mean
    }

    /// Count, mean and standard deviation (n − 1) over all lanes.
    pub fn pooled(&self) -> (f64, f64, f64) {
        let total = self.total();
        let (mut n, mut mean, mut squares) = (0.0, 0.0, 0.0);
        for lane in 0..WIDTH {
            let m = total.count[lane];
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
    pub fn range(&self) -> (f64, f64) {
        let low = self.low.0.iter().copied().fold(f64::INFINITY, f64::min);
        let high = self.high.0.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (low, high)
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
