//! What is lost of an outcome, draw by draw against the same draw of the reference case.

use crate::math::{Lanes, Mask, WIDTH};
use crate::results::Moments;

/// Shares lost, being gathered.
#[derive(Clone, Debug, Default)]
pub struct Loss {
    shares: Moments,
}

impl Loss {
    /// Adds a batch: the outcome of the reference case and with something taken away, in the lanes that count and where there is any.
    pub fn add(&mut self, whole: Lanes, less: Lanes, mask: Mask) {
        self.shares.add(1.0 - less.per(whole), mask & whole.gt(Lanes::ZERO));
    }

    /// Mean share lost (negative: gained) and its standard error from the eight independent replicates \[1\]; none without draws.
    pub fn mean(&self) -> Option<(f64, f64)> {
        let (n, mean, _) = self.shares.pooled();
        let counts = self.shares.counts();
        let means = self.shares.means();
        let used: Vec<f64> = (0..WIDTH).filter(|&l| counts[l] > 0.0).map(|l| means[l]).collect();
        let middle = used.iter().sum::<f64>() / used.len().max(1) as f64;
        let squares: f64 = used.iter().map(|m| (m - middle) * (m - middle)).sum();
        let replicates = used.len() as f64;
        let error =
            if replicates > 1.0 { (squares / (replicates * (replicates - 1.0))).sqrt() } else { f64::NAN };
        (n > 0.0).then_some((mean, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_taken_from_every_draw_is_lost_without_error() {
        let mut loss = Loss::default();
        for b in 0..4 {
            let whole = Lanes::from_fn(|l| f64::from(b) + l as f64);
            loss.add(whole, 0.75 * whole, Mask::splat(true));
        }
        assert_eq!(loss.mean(), Some((0.25, 0.0)));
        assert_eq!(Loss::default().mean(), None);
    }
}
