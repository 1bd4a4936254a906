//! A histogram on the bits of floats: 64 buckets an octave, exact counts, quantiles without sorting.
//!
//! A bucket is the sign, the exponent and six bits of the mantissa, so its borders are the same on every machine and it
//! is at most 1.6% wide. Within a bucket a quantile is found in proportion; so its error is a small part of that. Counts
//! are kept for each of `R` replicates; only quarters of an octave that hold something take memory. A count is written in digits
//! of `B` bits, the lowest of all buckets side by side: most draws touch nothing else, and twenty thousand cells have to
//! share the caches. Four bits carry seldom; two take half the memory where counts are small.

use super::Ranks;
use super::window::{CHUNK, Side};
use crate::math::{Kernel, Lanes, Mask, WIDTH, dispatch};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_bytes::ByteBuf;

/// Bits of a float below the bucket's.
const SHIFT: u32 = 46;
/// Bits of a digit of a count, where a cell has many draws.
const BITS: u32 = 4;

/// Chunks are allocated for so many, and two more.
const GROWTH: usize = 8;

/// Counts by bucket and replicate; with one replicate all draws count together. Digits of counts have `B` bits: one, two or four.
#[derive(Clone, Debug)]
pub struct Histogram<const R: usize = WIDTH, const B: u32 = BITS> {
    zero: [u64; R],
    positive: Option<Side>,
    negative: Option<Box<Side>>,
    /// Lowest digits of the counts, chunk by chunk.
    low: Vec<u8>,
    /// The next digits, from lower to higher ones.
    high: Vec<High>,
}

/// Digits above the lowest: of chunks in which a count has come so far.
#[derive(Clone, Debug, Default)]
struct High {
    /// By chunk: 1 + its place among the digits, 0 or nothing if it has none.
    places: Vec<u32>,
    digits: Vec<u8>,
}

impl High {
    /// Where a chunk's digits are.
    #[inline(always)]
    fn find(&self, chunk: usize) -> Option<usize> {
        let place = *self.places.get(chunk)?;
        (place > 0).then(|| place as usize - 1)
    }

    /// The same; it gets digits, so many bytes of them, if it has none.
    fn place(&mut self, chunk: usize, bytes: usize) -> usize {
        if let Some(place) = self.find(chunk) {
            return place;
        }
        if chunk >= self.places.len() {
            self.places.resize(chunk + 1, 0);
        }
        let place = self.digits.len() / bytes;
        self.places[chunk] = place as u32 + 1;
        add_chunk(&mut self.digits, bytes);
        place
    }
}

/// Adds room for a chunk's digits.
fn add_chunk(digits: &mut Vec<u8>, bytes: usize) {
    let place = digits.len() / bytes;
    // Doubling would leave a quarter of all memory unused.
    if digits.len() == digits.capacity() {
        digits.reserve_exact(bytes * (2 + place / GROWTH));
    }
    digits.resize((place + 1) * bytes, 0);
}

impl<const R: usize, const B: u32> Default for Histogram<R, B> {
    fn default() -> Self {
        Self { zero: [0; R], positive: None, negative: None, low: Vec::new(), high: Vec::new() }
    }
}

/// A bucket's borders, and its counts by replicate.
type Bucket<const R: usize> = (f64, f64, [u64; R]);

impl<const R: usize, const B: u32> Histogram<R, B> {
    /// Digits in a byte.
    const EACH: usize = 8 / B as usize;
    /// Bytes of a chunk's digits.
    const BYTES: usize = CHUNK * R / Self::EACH;
    /// The largest digit.
    const LARGEST: u8 = (1 << B) - 1;

    /// The byte of a digit by its number, and how far up it stands there.
    #[inline(always)]
    fn spot(number: usize) -> (usize, u32) {
        (number / Self::EACH, B * (number % Self::EACH) as u32)
    }

    /// A digit by its number.
    #[inline(always)]
    fn digit(digits: &[u8], number: usize) -> u8 {
        let (byte, shift) = Self::spot(number);
        (digits[byte] >> shift) & Self::LARGEST
    }

    /// Puts a digit in its place.
    #[inline(always)]
    fn put(digits: &mut [u8], number: usize, digit: u8) {
        let (byte, shift) = Self::spot(number);
        digits[byte] = (digits[byte] & !(Self::LARGEST << shift)) | (digit << shift);
    }

    /// A histogram that has counted nothing but zeros, so many in each lane.
    pub fn of_zeros(counts: Lanes) -> Self {
        let mut zero = [0; R];
        counts.0.iter().enumerate().for_each(|(lane, &n)| zero[lane % R] += n as u64);
        Self { zero, ..Self::default() }
    }

    /// Counts a batch, in the lanes of the mask.
    #[inline(always)]
    pub fn add(&mut self, x: Lanes, mask: Mask) {
        let near = |side: &Side| side.all_near(x.0.map(|x| x.to_bits() >> SHIFT));
        let all = (x.gt(Lanes::ZERO) & mask).all();
        let Some(at) = self.positive.as_ref().filter(|_| all).and_then(near) else {
            return self.add_each(x, mask);
        };
        let low = &mut self.low[..];
        // Lanes whose digit has no place yet or cannot be counted up, as bits: a call among them would cost all of them registers.
        let mut apart = 0;
        // Byte by byte: where in it a digit stands is known, then, when this is compiled.
        for byte in 0..WIDTH / Self::EACH {
            for place in 0..Self::EACH {
                let lane = byte * Self::EACH + place;
                let (byte, shift) = if R == WIDTH {
                    (at[lane] * WIDTH / Self::EACH + byte, B * place as u32)
                } else {
                    Self::spot(at[lane] * R + lane % R)
                };
                match low.get_mut(byte) {
                    Some(digits) if !Self::is_largest(*digits, shift) => *digits += 1 << shift,
                    _ => apart |= 1 << lane,
                }
            }
        }
        if apart != 0 {
            self.add_apart(x, apart);
        }
    }

    /// Counts the lanes of some bits.
    #[cold]
    #[inline(never)]
    fn add_apart(&mut self, x: Lanes, lanes: u32) {
        (0..WIDTH).filter(|lane| lanes & (1 << lane) != 0).for_each(|lane| self.add_one(x[lane], lane));
    }

    #[inline(never)]
    fn add_each(&mut self, x: Lanes, mask: Mask) {
        for lane in (0..WIDTH).filter(|&lane| mask.lane(lane)) {
            self.add_one(x[lane], lane);
        }
    }

    /// Counts a number of any kind.
    fn add_one(&mut self, x: f64, lane: usize) {
        if x == 0.0 {
            self.zero[lane % R] += 1;
            return;
        }
        let bucket = (x.abs().to_bits() >> SHIFT) as u32;
        let chunk = self.place(bucket / CHUNK as u32, x < 0.0);
        self.count(chunk * CHUNK + bucket as usize % CHUNK, lane % R);
    }

    /// The place of a chunk among those that are kept.
    fn place(&mut self, number: u32, negative: bool) -> usize {
        let side = if negative {
            &mut **self.negative.get_or_insert_with(|| Box::new(Side::around(number)))
        } else {
            self.positive.get_or_insert_with(|| Side::around(number))
        };
        if let Some(place) = side.near(number).or_else(|| side.search(number)) {
            return place;
        }
        let place = self.low.len() / Self::BYTES;
        side.insert(number, place);
        add_chunk(&mut self.low, Self::BYTES);
        place
    }

    /// Counts one more in a bucket.
    #[inline(always)]
    fn count(&mut self, at: usize, replicate: usize) {
        let (byte, shift) = Self::spot(at * R + replicate);
        let digits = &mut self.low[byte];
        if Self::is_largest(*digits, shift) {
            self.carry(Self::EACH * byte + (shift / B) as usize);
        } else {
            *digits += 1 << shift;
        }
    }

    /// Whether a digit of a byte cannot be counted up.
    #[inline(always)]
    fn is_largest(digits: u8, shift: u32) -> bool {
        digits & (Self::LARGEST << shift) == Self::LARGEST << shift
    }

    /// Counts one more where the lowest digit is the largest.
    #[cold]
    #[inline(never)]
    fn carry(&mut self, number: usize) {
        Self::put(&mut self.low, number, 0);
        for level in 0.. {
            let (digits, number) = self.level(level, number);
            let next = (Self::digit(digits, number) + 1) & Self::LARGEST;
            Self::put(digits, number, next);
            if next > 0 {
                break;
            }
        }
    }

    /// Digits above the lowest, and the place among them of one that has a place among the lowest.
    fn level(&mut self, level: usize, number: usize) -> (&mut [u8], usize) {
        if level == self.high.len() {
            self.high.push(High::default());
        }
        let high = &mut self.high[level];
        let place = high.place(number / (CHUNK * R), Self::BYTES);
        (&mut high.digits, place * CHUNK * R + number % (CHUNK * R))
    }

    /// A bucket's digits of one level, the first replicate's lowest.
    #[inline(always)]
    fn digits(digits: &[u8], at: usize) -> u32 {
        if R == WIDTH && B == 4 {
            let (words, _) = digits.as_chunks::<{ WIDTH / 2 }>();
            u32::from_le_bytes(words[at])
        } else if R == WIDTH && B == 2 {
            let (words, _) = digits.as_chunks::<{ WIDTH / 4 }>();
            u32::from(u16::from_le_bytes(words[at]))
        } else {
            let of = |replicate: usize| u32::from(Self::digit(digits, at * R + replicate));
            (0..R).fold(0, |sum, replicate| sum | (of(replicate) << (B * replicate as u32)))
        }
    }

    /// The same of a level above the lowest.
    #[inline(always)]
    fn high_digits(high: &High, at: usize) -> u32 {
        high.find(at / CHUNK).map_or(0, |place| Self::digits(&high.digits, place * CHUNK + at % CHUNK))
    }

    /// Counts of a bucket; none if it holds nothing.
    #[inline(always)]
    fn counts(&self, at: usize) -> Option<[u64; R]> {
        let low = Self::digits(&self.low, at);
        // Many buckets of a chunk are empty.
        if low == 0 && self.high.iter().all(|high| Self::high_digits(high, at) == 0) {
            return None;
        }
        let of = |digits: u32, r: usize| u64::from((digits >> (B * r as u32)) & u32::from(Self::LARGEST));
        let mut counts = [0; R];
        counts.iter_mut().enumerate().for_each(|(r, count)| *count = of(low, r));
        for (level, high) in self.high.iter().enumerate() {
            let digits = Self::high_digits(high, at);
            if digits != 0 {
                let place = B * (level as u32 + 1);
                counts.iter_mut().enumerate().for_each(|(r, count)| *count += of(digits, r) << place);
            }
        }
        Some(counts)
    }

    /// Buckets that hold something, in rising order.
    #[inline(always)]
    fn buckets(&self) -> Vec<Bucket<R>> {
        let border = |bucket: u32| f64::from_bits(u64::from(bucket) << SHIFT);
        let mut all = Vec::with_capacity(self.low.len() / Self::BYTES * CHUNK + 1);
        for (number, place) in self.negative.iter().flat_map(|side| side.rising().into_iter().rev()) {
            for i in (0..CHUNK).rev() {
                let Some(counts) = self.counts(place * CHUNK + i) else { continue };
                let bucket = number * CHUNK as u32 + i as u32;
                all.push((-border(bucket + 1), -border(bucket), counts));
            }
        }
        if self.zero != [0; R] {
            all.push((0.0, 0.0, self.zero));
        }
        for (number, place) in self.positive.iter().flat_map(Side::rising) {
            for i in 0..CHUNK {
                let Some(counts) = self.counts(place * CHUNK + i) else { continue };
                let bucket = number * CHUNK as u32 + i as u32;
                all.push((border(bucket), border(bucket + 1), counts));
            }
        }
        all
    }

    /// The values in rising order, from which quantiles and their intervals are read; they are cut to `range`.
    pub fn ranks(&self, range: (f64, f64)) -> Ranks<R> {
        dispatch(Ranking { histogram: self, range })
    }

    /// The ranks of this sample and of another that lies above it, whose values count from `origin`.
    pub fn ranks_below(&self, above: &Self, origin: f64, range: (f64, f64)) -> Ranks<R> {
        let mut all = self.buckets();
        let mut last = all.last().map_or(f64::NEG_INFINITY, |bucket| bucket.1);
        for (low, high, counts) in above.buckets() {
            // Borders of the two kinds of buckets need not meet.
            let low = (low + origin).max(last);
            last = (high + origin).max(low);
            all.push((low, last, counts));
        }
        Ranks::new(all, range)
    }

    /// Quantiles over all replicates; values are cut to `range`.
    pub fn quantiles<const P: usize>(&self, probabilities: &[f64; P], range: (f64, f64)) -> [f64; P] {
        let ranks = self.ranks(range);
        probabilities.map(|p| ranks.quantile(p))
    }

    /// Mean of the lowest or of the highest part of the values, to the width of a bucket; not a number if there are none.
    pub fn tail_mean(&self, part: f64, highest: bool) -> f64 {
        let mut buckets = self.buckets();
        if highest {
            buckets.reverse();
        }
        let of = |bucket: &Bucket<R>| bucket.2.iter().sum::<u64>() as f64;
        let wanted = part * buckets.iter().map(of).sum::<f64>();
        let (mut taken, mut sum) = (0.0, 0.0);
        for bucket in &buckets {
            let here = of(bucket).min(wanted - taken);
            if here <= 0.0 {
                break;
            }
            let (low, high) = (bucket.0, bucket.1);
            let finite = low.is_finite() && high.is_finite();
            sum += here * if finite { 0.5 * (low + high) } else { high.max(low) };
            taken += here;
        }
        sum / taken
    }

    /// Whether at some level more of this sample than of another lies at or below it, and whether at some level less does.
    pub fn lead_over(&self, other: &Self) -> (bool, bool) {
        let counts = |h: &Self| -> Vec<(f64, u64)> {
            h.buckets().iter().map(|(low, _, c)| (*low, c.iter().sum())).collect()
        };
        let (a, b) = (counts(self), counts(other));
        let (mut i, mut j, mut below, mut others) = (0, 0, 0_u64, 0_u64);
        let (mut more, mut less) = (false, false);
        while i < a.len() || j < b.len() {
            let level = match (a.get(i), b.get(j)) {
                (Some(x), Some(y)) => x.0.min(y.0),
                (Some(x), None) => x.0,
                (None, Some(y)) => y.0,
                (None, None) => unreachable!("one of the two has buckets left"),
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

    /// Adds the counts of another.
    pub fn append(&mut self, other: &Self) {
        self.zero.iter_mut().zip(other.zero).for_each(|(n, more)| *n += more);
        let negative = other.negative.iter().flat_map(|side| side.rising()).map(|s| (s, true));
        let positive = other.positive.iter().flat_map(Side::rising).map(|s| (s, false));
        for ((number, theirs), below) in negative.chain(positive) {
            let ours = self.place(number, below);
            for i in 0..CHUNK {
                if let Some(counts) = other.counts(theirs * CHUNK + i) {
                    self.count_more(ours * CHUNK + i, counts);
                }
            }
        }
    }

    /// Adds counts to a bucket, digit by digit.
    fn count_more(&mut self, at: usize, counts: [u64; R]) {
        for (replicate, mut left) in counts.into_iter().enumerate() {
            let number = at * R + replicate;
            let mut level = 0;
            while left > 0 {
                let (digits, number) = match level {
                    0 => (&mut self.low[..], number),
                    _ => self.level(level - 1, number),
                };
                let sum = u64::from(Self::digit(digits, number)) + (left & u64::from(Self::LARGEST));
                Self::put(digits, number, sum as u8 & Self::LARGEST);
                left = (left >> B) + (sum >> B);
                level += 1;
            }
        }
    }

    /// Memory of the counts \[bytes\].
    pub fn bytes(&self) -> usize {
        let high = |high: &High| high.digits.len() + size_of::<u32>() * high.places.len();
        self.low.len() + self.high.iter().map(high).sum::<usize>()
    }
}

/// The values of a histogram in rising order: most of a table's work.
struct Ranking<'a, const R: usize, const B: u32> {
    histogram: &'a Histogram<R, B>,
    range: (f64, f64),
}

impl<const R: usize, const B: u32> Kernel for Ranking<'_, R, B> {
    type Output = Ranks<R>;
    #[inline(always)]
    fn run(self) -> Ranks<R> {
        Ranks::new(self.histogram.buckets(), self.range)
    }
}

/// A histogram as it is kept in a file: chunks with their places, and digits of all of them, level by level.
#[derive(Serialize, Deserialize)]
struct Kept {
    zero: Vec<u64>,
    negative: Vec<(u32, u32)>,
    positive: Vec<(u32, u32)>,
    digits: Vec<ByteBuf>,
}

impl<const R: usize, const B: u32> Serialize for Histogram<R, B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let places = |side: &Side| -> Vec<(u32, u32)> {
            side.rising().into_iter().map(|(number, place)| (number, place as u32)).collect()
        };
        let of_all = |high: &High| {
            let mut all = vec![0; self.low.len()];
            for (chunk, digits) in all.chunks_exact_mut(Self::BYTES).enumerate() {
                if let Some(place) = high.find(chunk) {
                    digits.copy_from_slice(&high.digits[place * Self::BYTES..][..Self::BYTES]);
                }
            }
            ByteBuf::from(all)
        };
        let low = ByteBuf::from(self.low.as_slice());
        Kept {
            zero: self.zero.to_vec(),
            negative: self.negative.as_deref().map(places).unwrap_or_default(),
            positive: self.positive.as_ref().map(places).unwrap_or_default(),
            digits: std::iter::once(low).chain(self.high.iter().map(of_all)).collect(),
        }
        .serialize(serializer)
    }
}

impl<'de, const R: usize, const B: u32> Deserialize<'de> for Histogram<R, B> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let kept = Kept::deserialize(deserializer)?;
        let wrong = || D::Error::custom("a histogram that cannot be");
        let mut digits = kept.digits.into_iter().map(ByteBuf::into_vec);
        let low = digits.next().ok_or_else(wrong)?;
        let high: Vec<_> = digits.collect();
        let chunks = low.len() / Self::BYTES;
        let places = || kept.negative.iter().chain(&kept.positive);
        let whole = low.len() == chunks * Self::BYTES && high.iter().all(|digits| digits.len() == low.len());
        if !whole || places().any(|p| p.1 as usize >= chunks) {
            return Err(wrong());
        }
        let some = |all: Vec<u8>| {
            let mut high = High::default();
            for (chunk, digits) in all.chunks_exact(Self::BYTES).enumerate() {
                if digits.iter().any(|&byte| byte > 0) {
                    let place = high.place(chunk, Self::BYTES);
                    high.digits[place * Self::BYTES..].copy_from_slice(digits);
                }
            }
            high
        };
        let side = |places: &[(u32, u32)]| {
            let mut side = Side::around(places.get(places.len() / 2)?.0);
            for &(number, place) in places {
                side.insert(number, place as usize);
            }
            Some(side)
        };
        Ok(Self {
            zero: kept.zero.try_into().map_err(|_| wrong())?,
            positive: side(&kept.positive),
            negative: side(&kept.negative).map(Box::new),
            low,
            high: high.into_iter().map(some).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sketches_ddsketch::{Config, DDSketch};

    fn filled<const B: u32>(values: &[f64]) -> Histogram<WIDTH, B> {
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
            let h = filled::<BITS>(&values);
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
        let h = filled::<BITS>(&values);
        let mut sketch = DDSketch::new(Config::new(0.005, 4096, 1e-9));
        for &x in &values {
            sketch.add(x);
        }
        for p in [0.01, 0.1, 0.5, 0.9, 0.99] {
            let other = sketch.quantile(p).unwrap().unwrap();
            let ours = h.quantiles(&[p], (0.0, f64::INFINITY))[0];
            assert!((ours / other - 1.0).abs() < 0.01, "{p}: {ours} {other}");
        }
    }

    proptest! {
        #[test]
        fn counts_of_parts_add_up_and_read_back(
            values in prop::collection::vec(prop_oneof![Just(0.0), -1e3f64..1e3, 1e20f64..1e28], 1..3000),
            repeated in 0_usize..6000,
            at in any::<prop::sample::Index>(),
        ) {
            let mut values = values;
            values.extend(std::iter::repeat_n(7.0, repeated));
            let cut = at.index(values.len()) / WIDTH * WIDTH;
            let whole = filled::<BITS>(&values).buckets();
            prop_assert_eq!(joined::<BITS>(&values, cut).buckets(), whole.clone());
            // Counts are the same however they are written.
            prop_assert_eq!(joined::<2>(&values, cut).buckets(), whole);
        }
    }

    /// Counted in two parts, of which one was kept in a file.
    fn joined<const B: u32>(values: &[f64], cut: usize) -> Histogram<WIDTH, B> {
        let mut parts = filled(&values[..cut]);
        let bytes = postcard::to_allocvec(&filled::<B>(&values[cut..])).unwrap();
        parts.append(&postcard::from_bytes(&bytes).unwrap());
        parts
    }

    proptest! {
        #[test]
        fn batches_count_as_their_lanes_do(batches in prop::collection::vec(
            prop_oneof![prop::array::uniform8(1.0..9.0), prop::array::uniform8(1e-9..1e29), Just([7.0; WIDTH])], 1..200)) {
            let (mut four, mut two) = (Histogram::<WIDTH>::default(), Histogram::<WIDTH, 2>::default());
            for &batch in &batches {
                four.add(Lanes::from(batch), Mask::splat(true));
                two.add(Lanes::from(batch), Mask::splat(true));
            }
            let one_by_one = filled::<BITS>(&batches.concat()).buckets();
            prop_assert_eq!(&four.buckets(), &one_by_one);
            prop_assert_eq!(two.buckets(), one_by_one);
        }
    }

    #[test]
    fn a_constant_is_itself() {
        let h = filled::<BITS>(&[3.7; 100]);
        assert_eq!(h.quantiles(&[0.05, 0.5, 0.95], (3.7, 3.7)), [3.7; 3]);
    }
}
