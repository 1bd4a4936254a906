//! A histogram on the bits of floats: 64 buckets an octave, exact counts, quantiles without sorting.
//!
//! A bucket is the sign, the exponent and six bits of the mantissa, so its borders are the same on every machine and it
//! is at most 1.6 % wide. Within a bucket a quantile is found in proportion; so its error is a small part of that. Counts
//! are kept for each of eight replicates; only half octaves that hold something take memory.

use crate::math::{Lanes, Mask, WIDTH};

/// Bits of a float below the bucket's.
const SHIFT: u32 = 46;
/// Buckets in a chunk: half an octave.
const CHUNK: usize = 32;

type Counts = [u32; WIDTH];

/// Half an octave of counts.
#[derive(Clone, Debug)]
struct Chunk {
    number: u32,
    counts: Box<[Counts; CHUNK]>,
}

/// Counts by bucket and replicate.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    zero: Counts,
    positive: Vec<Chunk>,
    negative: Vec<Chunk>,
}

impl Histogram {
    /// Counts a batch, in the lanes of the mask.
    #[inline(always)]
    pub fn add(&mut self, x: Lanes, mask: Mask) {
        for lane in 0..WIDTH {
            if mask.lane(lane) {
                self.add_one(x[lane], lane);
            }
        }
    }

    #[inline(always)]
    fn add_one(&mut self, x: f64, lane: usize) {
        if x == 0.0 {
            self.zero[lane] += 1;
            return;
        }
        let bucket = (x.abs().to_bits() >> SHIFT) as u32;
        let side = if x > 0.0 { &mut self.positive } else { &mut self.negative };
        let number = bucket / CHUNK as u32;
        let place = match side.binary_search_by_key(&number, |c| c.number) {
            Ok(place) => place,
            Err(place) => {
                side.insert(place, Chunk { number, counts: Box::new([[0; WIDTH]; CHUNK]) });
                place
            }
        };
        side[place].counts[bucket as usize % CHUNK][lane] += 1;
    }

    /// Buckets in rising order with their borders and counts.
    fn buckets(&self) -> impl Iterator<Item = (f64, f64, &Counts)> + '_ {
        let border = |bucket: u32| f64::from_bits(u64::from(bucket) << SHIFT);
        let of = move |chunk: &Chunk, i: usize| {
            let bucket = chunk.number * CHUNK as u32 + i as u32;
            (border(bucket), border(bucket + 1))
        };
        let down = self.negative.iter().rev().flat_map(move |chunk| {
            (0..CHUNK).rev().map(move |i| {
                let (low, high) = of(chunk, i);
                (-high, -low, &chunk.counts[i])
            })
        });
        let up = self.positive.iter().flat_map(move |chunk| {
            (0..CHUNK).map(move |i| {
                let (low, high) = of(chunk, i);
                (low, high, &chunk.counts[i])
            })
        });
        down.chain(std::iter::once((0.0, 0.0, &self.zero))).chain(up)
    }

    /// Quantiles at rising probabilities, over all replicates or one; values are cut to `range`.
    pub fn quantiles(&self, probabilities: &[f64], lane: Option<usize>, range: (f64, f64)) -> Vec<f64> {
        let of = |counts: &Counts| match lane {
            Some(lane) => u64::from(counts[lane]),
            None => counts.iter().map(|&c| u64::from(c)).sum(),
        };
        let total: u64 = self.buckets().map(|b| of(b.2)).sum();
        let mut found = Vec::with_capacity(probabilities.len());
        let mut before = 0_u64;
        for (low, high, counts) in self.buckets() {
            let here = of(counts);
            if here == 0 {
                continue;
            }
            while let Some(p) = probabilities.get(found.len()) {
                let target = p * total as f64;
                if target > (before + here) as f64 {
                    break;
                }
                let part = ((target - before as f64) / here as f64).clamp(0.0, 1.0);
                found.push((low + part * (high - low)).clamp(range.0, range.1));
            }
            before += here;
        }
        found.resize(probabilities.len(), range.1);
        found
    }

    /// Whether at some level more of this sample than of another lies at or below it, and whether at some level less does.
    pub fn lead_over(&self, other: &Self) -> (bool, bool) {
        let counts = |h: &Self| -> Vec<(f64, u64)> {
            let all = |c: &Counts| c.iter().map(|&n| u64::from(n)).sum::<u64>();
            h.buckets().map(|(low, _, c)| (low, all(c))).filter(|b| b.1 > 0).collect()
        };
        let (a, b) = (counts(self), counts(other));
        let (mut i, mut j, mut below, mut others) = (0, 0, 0_u64, 0_u64);
        let (mut more, mut less) = (false, false);
        while i < a.len() || j < b.len() {
            let level = match (a.get(i), b.get(j)) {
                (Some(x), Some(y)) => x.0.min(y.0),
                (x, y) => x.or(y).map_or(0.0, |b| b.0),
            };
            while a.get(i).is_some_and(|x| x.0 <= level) {
                below += a[i].1;
                i += 1;
            }
            while b.get(j).is_some_and(|x| x.0 <= level) {
                others += b[j].1;
                j += 1;
            }
            more |= below > others;
            less |= below < others;
        }
        (more, less)
    }

    /// Memory of the counts [bytes].
    pub fn bytes(&self) -> usize {
        (self.positive.len() + self.negative.len()) * CHUNK * WIDTH * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sketches_ddsketch::{Config, DDSketch};

    fn filled(values: &[f64]) -> Histogram {
        let mut h = Histogram::default();
        for (i, &x) in values.iter().enumerate() {
            let mut one = Mask::splat(false);
            one.0[i % WIDTH] = u64::MAX;
            h.add(Lanes::splat(x), one);
        }
        h
    }

    proptest! {
        #[test]
        fn quantiles_are_within_a_bucket_of_sorting(mut values in prop::collection::vec(prop_oneof![
            Just(0.0), -1e6f64..1e6, 1e-9f64..1e-3, 1e20f64..1e28], 1..400)) {
            let h = filled(&values);
            values.sort_by(f64::total_cmp);
            let range = (values[0], values[values.len() - 1]);
            for p in [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] {
                let rank = ((p * values.len() as f64).ceil() as usize).clamp(1, values.len()) - 1;
                let q = h.quantiles(&[p], None, range)[0];
                prop_assert!((q - values[rank]).abs() <= 0.0157 * values[rank].abs(), "{} {}", q, values[rank]);
            }
        }
    }

    #[test]
    fn agree_with_another_sketch() {
        let values: Vec<f64> =
            (1..20_000).map(|i| crate::math::exp(f64::from((i * 7919) % 20_011) / 2500.0)).collect();
        let h = filled(&values);
        let mut sketch = DDSketch::new(Config::new(0.005, 4096, 1e-9));
        values.iter().for_each(|&x| sketch.add(x));
        for p in [0.01, 0.1, 0.5, 0.9, 0.99] {
            let other = sketch.quantile(p).unwrap().unwrap();
            let ours = h.quantiles(&[p], None, (0.0, f64::INFINITY))[0];
            assert!((ours / other - 1.0).abs() < 0.01, "{p}: {ours} {other}");
        }
    }

    #[test]
    fn a_constant_is_itself() {
        let h = filled(&[3.7; 100]);
        assert_eq!(h.quantiles(&[0.05, 0.5, 0.95], None, (3.7, 3.7)), [3.7; 3]);
    }
}
