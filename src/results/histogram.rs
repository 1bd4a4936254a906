//! A histogram on the bits of floats: 64 buckets an octave, exact counts, quantiles without sorting.
//!
//! A bucket is the sign, the exponent and six bits of the mantissa, so its borders are the same on every machine and it
//! is at most 1.6% wide. Within a bucket a quantile is found in proportion; so its error is a small part of that. Counts
//! are kept for each of `R` replicates; only quarters of an octave that hold something take memory. A count is written in digits
//! of four bits, the lowest of all buckets side by side: most draws touch nothing else, and twenty thousand cells have to
//! share the caches.

use super::Ranks;
use crate::math::{Kernel, Lanes, Mask, WIDTH, dispatch};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_bytes::ByteBuf;

/// Bits of a float below the bucket's.
const SHIFT: u32 = 46;
/// Buckets in a chunk: a quarter of an octave.
const CHUNK: usize = 16;
/// Chunks that are found without a search: sixteen octaves.
const WINDOW: usize = 64;
/// Bits of a digit of a count.
const BITS: u32 = 4;
/// The largest digit.
const LARGEST: u8 = (1 << BITS) - 1;

/// Chunks are allocated for so many, and two more.
const GROWTH: usize = 8;

/// Where the chunks of one sign are kept.
#[derive(Clone, Debug)]
struct Side {
    /// Number of the chunk at the start of the window.
    first: u32,
    /// For each chunk of the window: 1 + its place among the chunks, 0 if it is empty.
    window: [u16; WINDOW],
    /// Those outside the window with their places, rising.
    far: Vec<(u32, u32)>,
}

impl Side {
    /// A window around a chunk.
    fn around(number: u32) -> Self {
        Self { first: number.saturating_sub(WINDOW as u32 / 2), window: [0; WINDOW], far: Vec::new() }
    }

    #[inline(always)]
    fn near(&self, number: u32) -> Option<usize> {
        let place = *self.window.get(number.wrapping_sub(self.first) as usize)?;
        (place > 0).then(|| usize::from(place) - 1)
    }

    #[cold]
    #[inline(never)]
    fn search(&self, number: u32) -> Option<usize> {
        let found = self.far.binary_search_by_key(&number, |f| f.0).ok()?;
        Some(self.far[found].1 as usize)
    }

    fn insert(&mut self, number: u32, place: usize) {
        let near = self.window.get_mut(number.wrapping_sub(self.first) as usize);
        if let (Some(entry), Ok(place)) = (near, u16::try_from(place + 1)) {
            *entry = place;
        } else {
            let at = self.far.partition_point(|f| f.0 < number);
            self.far.insert(at, (number, place as u32));
        }
    }

    /// Chunks that hold something, rising, with their places.
    fn rising(&self) -> Vec<(u32, usize)> {
        let window = self.window.iter().enumerate().filter(|(_, place)| **place > 0);
        let near = window.map(|(i, &place)| (self.first + i as u32, usize::from(place) - 1));
        let mut all: Vec<_> = near.chain(self.far.iter().map(|&(n, place)| (n, place as usize))).collect();
        all.sort_unstable();
        all
    }
}

/// Counts by bucket and replicate; with one replicate all draws count together.
#[derive(Clone, Debug)]
pub struct Histogram<const R: usize = WIDTH> {
    zero: [u64; R],
    positive: Option<Side>,
    negative: Option<Box<Side>>,
    /// Lowest digits of the counts, two in a byte, chunk by chunk.
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

/// A digit by its number.
#[inline(always)]
fn digit(digits: &[u8], number: usize) -> u8 {
    (digits[number / 2] >> (BITS * (number as u32 % 2))) & LARGEST
}

/// Puts a digit in its place.
#[inline(always)]
fn put(digits: &mut [u8], number: usize, digit: u8) {
    let shift = BITS * (number as u32 % 2);
    digits[number / 2] = (digits[number / 2] & !(LARGEST << shift)) | (digit << shift);
}

impl<const R: usize> Default for Histogram<R> {
    fn default() -> Self {
        Self { zero: [0; R], positive: None, negative: None, low: Vec::new(), high: Vec::new() }
    }
}

/// A bucket's borders, and its counts by replicate.
type Bucket<const R: usize> = (f64, f64, [u64; R]);

impl<const R: usize> Histogram<R> {
    /// Bytes of a chunk's digits.
    const BYTES: usize = CHUNK * R / 2;

    /// A histogram that has counted nothing but zeros, so many in each lane.
    pub fn of_zeros(counts: Lanes) -> Self {
        let mut zero = [0; R];
        counts.0.iter().enumerate().for_each(|(lane, &n)| zero[lane % R] += n as u64);
        Self { zero, ..Self::default() }
    }

    /// Counts a batch, in the lanes of the mask.
    #[inline(always)]
    pub fn add(&mut self, x: Lanes, mask: Mask) {
        if (x.gt(Lanes::ZERO) & mask).all() {
            // Two at a time: which half of its byte a digit is in is known, then, when this is compiled.
            for pair in 0..WIDTH / 2 {
                self.add_positive(x[2 * pair], pair, false);
                self.add_positive(x[2 * pair + 1], pair, true);
            }
        } else {
            self.add_each(x, mask);
        }
    }

    /// Counts a positive number of lane `2·pair`, or of the odd one after it.
    #[inline(always)]
    fn add_positive(&mut self, x: f64, pair: usize, odd: bool) {
        let bucket = (x.to_bits() >> SHIFT) as u32;
        let near = self.positive.as_ref().and_then(|side| side.near(bucket / CHUNK as u32));
        let chunk = near.unwrap_or_else(|| self.place(bucket / CHUNK as u32, false));
        let at = chunk * CHUNK + bucket as usize % CHUNK;
        if R == WIDTH {
            self.count_in(at * WIDTH / 2 + pair, if odd { BITS } else { 0 });
        } else {
            self.count(at, (2 * pair + usize::from(odd)) % R);
        }
    }

    #[inline(never)]
    fn add_each(&mut self, x: Lanes, mask: Mask) {
        for lane in (0..WIDTH).filter(|&lane| mask.lane(lane)) {
            let x = x[lane];
            if x == 0.0 {
                self.zero[lane % R] += 1;
                continue;
            }
            let bucket = (x.abs().to_bits() >> SHIFT) as u32;
            let chunk = self.place(bucket / CHUNK as u32, x < 0.0);
            self.count(chunk * CHUNK + bucket as usize % CHUNK, lane % R);
        }
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

    #[inline(always)]
    fn count(&mut self, at: usize, replicate: usize) {
        let number = at * R + replicate;
        self.count_in(number / 2, BITS * (number as u32 % 2));
    }

    /// Counts one more in a digit, given by its byte and its place in it.
    #[inline(always)]
    fn count_in(&mut self, byte: usize, shift: u32) {
        let digits = &mut self.low[byte];
        if *digits & (LARGEST << shift) == LARGEST << shift {
            self.carry(2 * byte + (shift / BITS) as usize);
        } else {
            *digits += 1 << shift;
        }
    }

    /// Counts one more where the lowest digit is the largest.
    #[cold]
    #[inline(never)]
    fn carry(&mut self, number: usize) {
        put(&mut self.low, number, 0);
        for level in 0.. {
            let (digits, number) = self.level(level, number);
            let next = (digit(digits, number) + 1) & LARGEST;
            put(digits, number, next);
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
        if R == WIDTH {
            let (words, _) = digits.as_chunks::<{ WIDTH / 2 }>();
            u32::from_le_bytes(words[at])
        } else {
            let of = |replicate: usize| u32::from(digit(digits, at * R + replicate));
            (0..R).fold(0, |sum, replicate| sum | (of(replicate) << (BITS * replicate as u32)))
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
        let of = |digits: u32, r: usize| u64::from((digits >> (BITS * r as u32)) & u32::from(LARGEST));
        let mut counts = [0; R];
        counts.iter_mut().enumerate().for_each(|(r, count)| *count = of(low, r));
        for (level, high) in self.high.iter().enumerate() {
            let digits = Self::high_digits(high, at);
            if digits != 0 {
                let place = BITS * (level as u32 + 1);
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
                let sum = u64::from(digit(digits, number)) + (left & u64::from(LARGEST));
                put(digits, number, sum as u8 & LARGEST);
                left = (left >> BITS) + (sum >> BITS);
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
struct Ranking<'a, const R: usize> {
    histogram: &'a Histogram<R>,
    range: (f64, f64),
}

impl<const R: usize> Kernel for Ranking<'_, R> {
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

impl<const R: usize> Serialize for Histogram<R> {
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

impl<'de, const R: usize> Deserialize<'de> for Histogram<R> {
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
                if digits.iter().any(|&two| two > 0) {
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
            let mut parts = filled(&values[..cut]);
            let bytes = postcard::to_allocvec(&filled(&values[cut..])).unwrap();
            parts.append(&postcard::from_bytes(&bytes).unwrap());
            prop_assert_eq!(parts.buckets(), filled(&values).buckets());
        }
    }

    #[test]
    fn a_constant_is_itself() {
        let h = filled(&[3.7; 100]);
        assert_eq!(h.quantiles(&[0.05, 0.5, 0.95], (3.7, 3.7)), [3.7; 3]);
    }
}
