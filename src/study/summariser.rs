//! Statistics of draws that come batch by batch from elsewhere: what `summary.csv` and `comparison.csv` say of the same draws.

use crate::analysis::{PairedRuns, Sense};
use crate::math::{Lanes, Mask, WIDTH, wide};
use crate::results::Summary;

/// Cells of the scenario as it stands and of a change of it, being summarised.
#[derive(Debug)]
pub struct Summariser {
    base: Summary,
    changed: Summary,
    pairs: PairedRuns,
    cells: usize,
}

impl Summariser {
    /// Numbers of each cell that [`Summariser::finish`] gives, in order: of the base the mean, its error, quantiles 5, 25, 50, 75
    /// and 95%, and the error of the median; the same of the change; of the difference the mean, the ends of its 95% interval,
    /// the median, and the ends of its; of the ratio quantiles 5, 50 and 95%, and the ends of the median's interval; the shares
    /// of draws in which the change is lower, and higher.
    pub const NUMBERS: usize = 29;

    /// Of so many cells, without a draw yet.
    pub fn new(cells: usize) -> Self {
        Self {
            base: Summary::new(cells, false),
            changed: Summary::new(cells, false),
            pairs: PairedRuns::new(2, vec![Sense::Min; cells], false),
            cells,
        }
    }

    /// Adds consecutive batches: by batch, side and cell the values of its draws.
    ///
    /// # Panics
    /// If there are not whole batches.
    pub fn add(&mut self, values: &[f64]) {
        let side = self.cells * wide::WIDTH;
        if side == 0 {
            return;
        }
        assert_eq!(values.len() % (2 * side), 0, "batches are whole");
        let lanes = |values: &[f64], part: usize| -> Vec<Lanes> {
            values.chunks_exact(wide::WIDTH).map(|x| Lanes::from_fn(|i| x[part * WIDTH + i])).collect()
        };
        let (mut base, mut changed) = (Vec::new(), Vec::new());
        for batch in values.chunks_exact(2 * side) {
            for part in 0..wide::PARTS {
                base.push(lanes(&batch[..side], part));
                changed.push(lanes(&batch[side..], part));
            }
        }
        let masks = vec![Mask::splat(true); base.len()];
        self.base.absorb(&base, &masks);
        self.changed.absorb(&changed, &masks);
        self.pairs.absorb(&masks, |side, batch, cell| [&base, &changed][side][batch][cell]);
    }

    /// What is known of every cell, [`Summariser::NUMBERS`] numbers each; what is not is not a number.
    pub fn finish(&self) -> Vec<f64> {
        let mut all = Vec::with_capacity(self.cells * Self::NUMBERS);
        for cell in 0..self.cells {
            for side in [&self.base, &self.changed] {
                let s = side.one(cell);
                let q = s.quantiles;
                let error = s.quantile_se.map_or(f64::NAN, |all| all[1]);
                all.extend([s.mean, s.mean_se.unwrap_or(f64::NAN), q.p05, q.p25, q.p50, q.p75, q.p95, error]);
            }
            let p = self.pairs.paired(cell, 1);
            all.extend([p.mean.value, p.mean.low, p.mean.high]);
            all.extend([p.quantiles[1].value, p.quantiles[1].low, p.quantiles[1].high]);
            all.extend(p.ratios.map(|r| r.value));
            all.extend([p.ratios[1].low, p.ratios[1].high, p.lower, p.higher]);
        }
        debug_assert_eq!(all.len(), self.cells * Self::NUMBERS);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_doubles_every_draw_is_told_as_twice_the_base() {
        let mut summariser = Summariser::new(2);
        for batch in 0..16 {
            let base: Vec<f64> = (0..2 * wide::WIDTH).map(|i| (1 + batch * 32 + i) as f64).collect();
            let changed = base.iter().enumerate().map(|(i, x)| if i < wide::WIDTH { x * 2.0 } else { *x });
            let values: Vec<f64> = base.iter().copied().chain(changed).collect();
            summariser.add(&values);
        }
        let all = summariser.finish();
        let (first, second) = all.split_at(Summariser::NUMBERS);
        assert_eq!(first[8], 2.0 * first[0]);
        assert_eq!(first[16], first[0]);
        assert_eq!(&first[22..27], [2.0; 5]);
        assert_eq!(&first[27..], [0.0, 1.0]);
        assert_eq!(&second[..8], &second[8..16]);
        assert_eq!(&second[27..], [0.0, 0.0]);
    }
}
