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
type Chunk = Box<[Counts; CHUNK]>;

/// Counts of the values of one sign.
#[derive(Clone, Debug, Default)]
struct Side {
    /// Number of the half octave at the start of `places`.
    first: u32,
    /// For each half octave from there on: 1 + its place among the chunks, 0 if it is empty.
    places: Vec<u16>,
    chunks: Vec<Chunk>,
}

impl Side {
    /// Counts of a bucket.
    #[inline(always)]
    fn bucket(&mut self, bucket: u32) -> &mut Counts {
        let number = bucket / CHUNK as u32;
        let known = self.places.get(number.wrapping_sub(self.first) as usize);
        let place = match known {
            Some(&place) if place > 0 => usize::from(place) - 1,
            _ => self.add_chunk(number),
        };
        &mut self.chunks[place][bucket as usize % CHUNK]
    }

    #[cold]
    #[inline(never)]
    fn add_chunk(&mut self, number: u32) -> usize {
        if self.places.is_empty() {
            self.first = number;
        } else if number < self.first {
            let before = (self.first - number) as usize;
            self.places.splice(0..0, std::iter::repeat_n(0, before));
            self.first = number;
        }
        let at = (number - self.first) as usize;
        if at >= self.places.len() {
            self.places.resize(at + 1, 0);
        }
        self.chunks.push(Box::new([[0; WIDTH]; CHUNK]));
        self.places[at] = self.chunks.len() as u16;
        self.chunks.len() - 1
    }

    /// Half octaves that hold something, rising, with their counts.
    fn rising(&self) -> impl DoubleEndedIterator<Item = (u32, &[Counts; CHUNK])> + '_ {
        let held = self.places.iter().enumerate().filter(|(_, place)| **place > 0);
        held.map(|(i, &place)| (self.first + i as u32, &*self.chunks[usize::from(place) - 1]))
    }
}

/// Counts by bucket and replicate.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    zero: Counts,
    positive: Side,
    negative: Side,
}

/// Quantiles over all replicates, and of each.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantileSets<const P: usize, const L: usize> {
    /// Over all.
    pub pooled: [f64; P],
    /// Of each replicate.
    pub by_lane: [[f64; L]; WIDTH],
}

/// A walk up the buckets to the quantiles of one distribution.
struct Walk<'a> {
    probabilities: &'a [f64],
    total: u64,
    before: u64,
    found: usize,
}

impl Walk<'_> {
    /// Takes a bucket with so many values.
    #[inline(always)]
    fn pass(&mut self, here: u64, (low, high): (f64, f64), range: (f64, f64), into: &mut [f64]) {
        if here == 0 {
            return;
        }
        while let Some(p) = self.probabilities.get(self.found) {
            let target = p * self.total as f64;
            if target > (self.before + here) as f64 {
                break;
            }
            let part = ((target - self.before as f64) / here as f64).clamp(0.0, 1.0);
            into[self.found] = (low + part * (high - low)).clamp(range.0, range.1);
            self.found += 1;
        }
        self.before += here;
    }
}

impl Histogram {
    /// A histogram that has counted nothing but zeros.
    pub fn of_zeros(counts: [u32; WIDTH]) -> Self {
        Self { zero: counts, ..Self::default() }
    }

    /// Counts a batch, in the lanes of the mask.
    #[inline(always)]
    pub fn add(&mut self, x: Lanes, mask: Mask) {
        if (x.gt(Lanes::ZERO) & mask).all() {
            for lane in 0..WIDTH {
                self.positive.bucket((x[lane].to_bits() >> SHIFT) as u32)[lane] += 1;
            }
        } else {
            self.add_each(x, mask);
        }
    }

    #[inline(never)]
    fn add_each(&mut self, x: Lanes, mask: Mask) {
        for lane in (0..WIDTH).filter(|&lane| mask.lane(lane)) {
            let x = x[lane];
            let bucket = (x.abs().to_bits() >> SHIFT) as u32;
            let counts = if x == 0.0 {
                &mut self.zero
            } else if x > 0.0 {
                self.positive.bucket(bucket)
            } else {
                self.negative.bucket(bucket)
            };
            counts[lane] += 1;
        }
    }

    /// Buckets in rising order with their borders and counts.
    fn buckets(&self) -> impl Iterator<Item = (f64, f64, &Counts)> + '_ {
        let border = |bucket: u32| f64::from_bits(u64::from(bucket) << SHIFT);
        let of = move |number: u32, i: usize| {
            let bucket = number * CHUNK as u32 + i as u32;
            (border(bucket), border(bucket + 1))
        };
        let down = self.negative.rising().rev().flat_map(move |(number, counts)| {
            (0..CHUNK).rev().map(move |i| {
                let (low, high) = of(number, i);
                (-high, -low, &counts[i])
            })
        });
        let up = self.positive.rising().flat_map(move |(number, counts)| {
            (0..CHUNK).map(move |i| {
                let (low, high) = of(number, i);
                (low, high, &counts[i])
            })
        });
        down.chain(std::iter::once((0.0, 0.0, &self.zero))).chain(up)
    }

    /// Quantiles at rising probabilities over all replicates; values are cut to `range`.
    pub fn quantiles<const P: usize>(&self, probabilities: &[f64; P], range: (f64, f64)) -> [f64; P] {
        self.quantile_sets(probabilities, &[], range).pooled
    }

    /// Quantiles at rising probabilities over all replicates, and at others of each; values are cut to `range`.
    pub fn quantile_sets<const P: usize, const L: usize>(
        &self,
        pooled: &[f64; P],
        by_lane: &[f64; L],
        range: (f64, f64),
    ) -> QuantileSets<P, L> {
        let mut totals = [0_u64; WIDTH];
        for (_, _, counts) in self.buckets() {
            totals.iter_mut().zip(counts).for_each(|(total, &here)| *total += u64::from(here));
        }
        let walk = |probabilities, total| Walk { probabilities, total, before: 0, found: 0 };
        let mut all = walk(pooled.as_slice(), totals.iter().sum());
        let mut each = totals.map(|total| walk(by_lane.as_slice(), total));
        let mut sets = QuantileSets { pooled: [range.1; P], by_lane: [[range.1; L]; WIDTH] };
        for (low, high, counts) in self.buckets() {
            let here = counts.iter().map(|&n| u64::from(n)).sum();
            if here == 0 {
                continue;
            }
            all.pass(here, (low, high), range, &mut sets.pooled);
            for (lane, walk) in each.iter_mut().enumerate() {
                walk.pass(u64::from(counts[lane]), (low, high), range, &mut sets.by_lane[lane]);
            }
        }
        sets
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
        (self.positive.chunks.len() + self.negative.chunks.len()) * CHUNK * WIDTH * 4
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
                let q = h.quantiles(&[p], range)[0];
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
            let ours = h.quantiles(&[p], (0.0, f64::INFINITY))[0];
            assert!((ours / other - 1.0).abs() < 0.01, "{p}: {ours} {other}");
        }
    }

    #[test]
    fn a_constant_is_itself() {
        let h = filled(&[3.7; 100]);
        assert_eq!(h.quantiles(&[0.05, 0.5, 0.95], (3.7, 3.7)), [3.7; 3]);
    }
}
