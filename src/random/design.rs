//! The sampling design: which point of which replicate a draw is, and each path's uniform there.

use super::sobol::{BLOCK, GROUP, Matrix, matrix, mix, of_each, point, point_in_block, scramble, shuffle};
use crate::math::{Kernel, Lanes, WIDTH, dispatch, wide};
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// Independent randomisations of the point set: draw i is point ⌊i/8⌋ of replicate i mod 8.
pub const REPLICATES: usize = WIDTH;
/// Leading paths at most.
pub const DIMENSIONS: usize = 64;

/// How points are placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampler {
    /// Owen-scrambled Sobol points: leading paths three by three, each other path by itself; each of these groups has an order of its own.
    Sobol,
    /// Independent uniforms.
    Mc,
}

/// A sampler's name that means nothing.
#[derive(Clone, Debug, thiserror::Error)]
#[error("unknown sampler `{0}`: it is `sobol` or `mc`")]
pub struct UnknownSampler(String);

impl std::str::FromStr for Sampler {
    type Err = UnknownSampler;
    fn from_str(s: &str) -> Result<Self, UnknownSampler> {
        match s {
            "sobol" => Ok(Self::Sobol),
            "mc" => Ok(Self::Mc),
            _ => Err(UnknownSampler(s.to_owned())),
        }
    }
}

impl std::fmt::Display for Sampler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if *self == Self::Sobol { "sobol" } else { "mc" })
    }
}

/// A seed and a way of placing points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Design {
    /// The seed.
    pub seed: u64,
    /// How points are placed.
    pub sampler: Sampler,
}

/// The uniforms of one path. Equal ones have the same numbers in all draws.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    /// Key of the path and seed, from which later strikes are keyed.
    key: u64,
    sampler: Sampler,
    source: Source,
    exchanged: Option<Box<Exchanged>>,
}

/// Uniforms that some parts of each batch take instead.
#[derive(Clone, Debug, PartialEq)]
struct Exchanged {
    parts: [bool; wide::PARTS],
    stream: Stream,
}

#[derive(Clone, Debug, PartialEq)]
enum Source {
    /// A dimension of a net.
    Net(Box<Net>),
    /// Counter-based uniforms of a seed.
    Counter([u8; 32]),
}

/// A dimension of a net whose points come in an order of their own.
#[derive(Clone, Debug, PartialEq)]
struct Net {
    /// Generator matrix.
    matrix: Matrix,
    /// By replicate: key of the order, which all dimensions of the net share.
    orders: [u64; REPLICATES],
    /// By replicate: key of the scrambling, of this dimension alone.
    keys: [u64; REPLICATES],
}

impl Design {
    /// The uniforms of a path; `dimension` is its dimension of the net, if it leads.
    ///
    /// # Panics
    /// If the dimension is not below [`DIMENSIONS`].
    pub fn stream(&self, path: &str, dimension: Option<usize>) -> Stream {
        let digest = Sha256::digest(path.as_bytes());
        let mut word = [0; 8];
        word.copy_from_slice(&digest[..8]);
        let key = mix(u64::from_le_bytes(word) ^ mix(self.seed));
        let source = match (self.sampler, dimension) {
            (Sampler::Sobol, Some(d)) => {
                assert!(d < DIMENSIONS, "the net has {DIMENSIONS} dimensions");
                let group = mix(self.seed ^ mix(0x6f72_6465_7200 + (d / GROUP) as u64));
                Source::Net(Box::new(Net::new(d % GROUP, group, key)))
            }
            _ => own_source(key, self.sampler),
        };
        Stream { source, key, sampler: self.sampler, exchanged: None }
    }
}

fn replicate_keys(key: u64) -> [u64; REPLICATES] {
    std::array::from_fn(|r| mix(key ^ mix(0x5265_706c ^ r as u64)))
}

fn own_source(key: u64, sampler: Sampler) -> Source {
    match sampler {
        Sampler::Sobol => Source::Net(Box::new(Net::new(0, mix(key), key))),
        Sampler::Mc => {
            let mut seed = [0; 32];
            for (i, chunk) in seed.chunks_exact_mut(8).enumerate() {
                chunk.copy_from_slice(&mix(key ^ mix(i as u64)).to_le_bytes());
            }
            Source::Counter(seed)
        }
    }
}

impl Stream {
    /// Uniforms of draws `8·point .. 8·point + 8`, each in (0, 1).
    #[inline]
    pub fn uniforms(&self, point: u64) -> Lanes {
        match &self.taken(point).source {
            Source::Net(net) => dispatch(Uniforms { net, point }),
            Source::Counter(seed) => {
                let mut rng = ChaCha8Rng::from_seed(*seed);
                rng.set_word_pos(u128::from(point) * 2 * WIDTH as u128);
                Lanes::from_fn(|_| open(rng.next_u64()))
            }
        }
    }

    /// Uniforms of the draws of a batch.
    #[inline]
    pub fn of_batch(&self, batch: u64) -> wide::Lanes {
        wide::Lanes::joined(|part| self.uniforms(batch * wide::PARTS as u64 + part as u64))
    }

    /// Uniform of a draw, in (0, 1).
    pub fn uniform(&self, draw: u64) -> f64 {
        let (point, r) = (draw / WIDTH as u64, (draw % WIDTH as u64) as usize);
        match &self.taken(point).source {
            Source::Net(net) => net.uniforms([r], point)[0],
            Source::Counter(_) => self.uniforms(point)[r],
        }
    }

    /// This stream, or the one that takes its place there.
    #[inline]
    fn taken(&self, point: u64) -> &Self {
        let part = (point % wide::PARTS as u64) as usize;
        self.exchanged.as_ref().filter(|e| e.parts[part]).map_or(self, |e| &e.stream)
    }

    /// Takes another stream in a part of each batch; the same again gives it back.
    pub fn exchange(&mut self, other: &Self, part: usize) {
        let none = || Box::new(Exchanged { parts: [false; wide::PARTS], stream: other.clone() });
        let mut exchanged = self.exchanged.take().unwrap_or_else(none);
        exchanged.parts[part] ^= true;
        self.exchanged = exchanged.parts.contains(&true).then_some(exchanged);
    }

    /// The uniforms of what is drawn anew at strike `k`: this stream for strike 0, one of its own for later ones.
    #[must_use]
    pub fn redraw(&self, k: u32) -> Self {
        if k == 0 {
            return self.clone();
        }
        let key = mix(self.key ^ mix(0x5374_7269_6b65 ^ (u64::from(k) << 40)));
        let again = |e: &Exchanged| Box::new(Exchanged { parts: e.parts, stream: e.stream.redraw(k) });
        let exchanged = self.exchanged.as_deref().map(again);
        Self { source: own_source(key, self.sampler), key: self.key, sampler: self.sampler, exchanged }
    }

    /// Uniforms of the same path that are independent of these, of strike 0 and of later ones.
    #[must_use]
    pub fn second(&self) -> Self {
        let key = mix(self.key ^ mix(0x5365_636f_6e64));
        Self { source: own_source(key, self.sampler), key, sampler: self.sampler, exchanged: None }
    }
}

impl Net {
    /// Dimension `dimension` of the net of an order, scrambled by a key.
    fn new(dimension: usize, order: u64, key: u64) -> Self {
        Self { matrix: matrix(dimension), orders: replicate_keys(order), keys: replicate_keys(key) }
    }

    /// The uniforms of a point in some replicates.
    ///
    /// Consecutive points of a net lie in opposite halves of every dimension. Were their order the same in every path, all paths
    /// would swing together, and products of them would be noisier than those of independent draws. So each block of points comes
    /// in a random order.
    #[inline(always)]
    fn uniforms<const N: usize>(&self, replicates: [usize; N], number: u64) -> [f64; N] {
        let (block, place) = (number / u64::from(BLOCK), number as u32 % BLOCK);
        let order = mix(block);
        let places = shuffle(place, &of_each(&replicates, |r| mix(self.orders[r] ^ order)));
        // A point is the sum of its index's bits in columns, and all of a block share the higher bits.
        let first = point(&self.matrix, block as u32 * BLOCK);
        let points = of_each(&places, |place| first ^ point_in_block(&self.matrix, place));
        let keys = of_each(&replicates, |r| self.keys[r]);
        let high = scramble(points, &keys);
        let mut uniforms = [0.0; N];
        for (i, uniform) in uniforms.iter_mut().enumerate() {
            *uniform = fill(high[i], keys[i], number);
        }
        uniforms
    }
}

/// The uniforms of a point in all replicates.
struct Uniforms<'a> {
    net: &'a Net,
    point: u64,
}

impl Kernel for Uniforms<'_> {
    type Output = Lanes;
    #[inline(always)]
    fn run(self) -> Lanes {
        Lanes::from(self.net.uniforms(std::array::from_fn(|r| r), self.point))
    }
}

/// A uniform whose first 32 bits are given; a hash fills the rest, so that values lie on no coarse lattice.
#[inline(always)]
fn fill(high: u32, key: u64, point: u64) -> f64 {
    open((u64::from(high) << 32) | (mix(key ^ point.wrapping_mul(0xd134_2543_de82_ef95)) >> 32))
}

/// 64 random bits as a number in (0, 1).
#[inline]
fn open(bits: u64) -> f64 {
    ((bits >> 12) as f64 + 0.5) / 4_503_599_627_370_496.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::inverse_normal;

    const SOBOL: Design = Design { seed: 1, sampler: Sampler::Sobol };
    const MC: Design = Design { seed: 1, sampler: Sampler::Mc };

    #[test]
    fn a_uniform_is_a_pure_function_of_its_address() {
        for design in [SOBOL, MC] {
            let a = design.stream("a", None);
            assert_eq!(a.uniforms(5), design.stream("a", None).uniforms(5));
            for draw in 0..4096 {
                assert_eq!(a.uniform(draw), a.uniforms(draw / 8)[draw as usize % 8]);
            }
            assert_ne!(a.uniforms(5), design.stream("b", None).uniforms(5));
            assert_ne!(a.uniforms(5), Design { seed: 2, ..design }.stream("a", None).uniforms(5));
            assert_eq!(a.redraw(0).uniforms(5), a.uniforms(5));
            assert_ne!(a.redraw(1).uniforms(5), a.redraw(2).uniforms(5));
            assert_eq!(a.redraw(2).uniforms(5), a.redraw(1).redraw(2).uniforms(5));
            assert_ne!(a.second().uniforms(5), a.uniforms(5));
            assert_ne!(a.second().redraw(1).uniforms(5), a.redraw(1).uniforms(5));
            assert_ne!(a.second().second().uniforms(5), a.uniforms(5));
        }
    }

    #[test]
    fn independent_uniforms_are_those_of_chacha8() {
        // The published test vector of ChaCha8 with a key of zeros: the first eight bytes of the key stream.
        let published = u64::from_le_bytes([0x3e, 0x00, 0xef, 0x2f, 0x89, 0x5f, 0x40, 0xd6]);
        let stream =
            Stream { source: Source::Counter([0; 32]), key: 0, sampler: Sampler::Mc, exchanged: None };
        assert_eq!(stream.uniforms(0)[0], open(published));
        let mut rng = ChaCha8Rng::from_seed([0; 32]);
        for batch in 0..5 {
            assert_eq!(stream.uniforms(batch), Lanes::from_fn(|_| open(rng.next_u64())));
        }
    }

    #[test]
    fn each_replicate_is_stratified_in_every_aligned_block() {
        for stream in [SOBOL.stream("path", None), SOBOL.stream("lead", Some(17))] {
            for block in [0_u64, 3, 10] {
                for r in 0..REPLICATES {
                    let mut seen = [0; 64];
                    for i in 0..64 {
                        seen[(stream.uniforms(block * 64 + i)[r] * 64.0) as usize] += 1;
                    }
                    assert_eq!(seen, [1; 64]);
                }
            }
        }
    }

    #[test]
    fn the_net_is_stratified_in_two_dimensions() {
        let (x, y) = (SOBOL.stream("x", Some(0)), SOBOL.stream("y", Some(1)));
        for log in 0..=8 {
            let (across, up) = (1_usize << log, 1_usize << (8 - log));
            let mut seen = vec![0; 256];
            for i in 0..256 {
                let (u, v) = (x.uniforms(i)[2], y.uniforms(i)[2]);
                seen[(u * across as f64) as usize * up + (v * up as f64) as usize] += 1;
            }
            assert!(seen.iter().all(|&n| n == 1), "{across} x {up}");
        }
    }

    #[test]
    fn paths_and_replicates_are_independent() {
        let n = 4096;
        for design in [SOBOL, MC] {
            let streams: Vec<Stream> = ["p", "q", "r"].iter().map(|p| design.stream(p, None)).collect();
            let score = |s: &Stream, i: u64, lane: usize| inverse_normal(s.uniforms(i)[lane]);
            let correlation = |a: (&Stream, usize), b: (&Stream, usize)| {
                (0..n).map(|i| score(a.0, i, a.1) * score(b.0, i, b.1)).sum::<f64>() / n as f64
            };
            for (a, b) in [(0, 1), (0, 2), (1, 2)] {
                assert!(correlation((&streams[a], 0), (&streams[b], 0)).abs() < 4.0 / (n as f64).sqrt());
            }
            assert!(correlation((&streams[0], 0), (&streams[0], 1)).abs() < 4.0 / (n as f64).sqrt());
            assert!((correlation((&streams[0], 3), (&streams[0], 3)) - 1.0).abs() < 0.1);
        }
    }

    /// Variance over replicates and seeds of the mean of a product of two paths' scores, over that of independent draws.
    fn noise_of_products(paths: [(&str, Option<usize>); 2], n: u64) -> f64 {
        let (mut squares, seeds) = (0.0, 400);
        for seed in 0..seeds {
            let design = Design { seed, sampler: Sampler::Sobol };
            let [a, b] = paths.map(|(path, dimension)| design.stream(path, dimension));
            let mut sums = Lanes::ZERO;
            for i in 0..n {
                let score = |s: &Stream| Lanes::from_fn(|r| inverse_normal(s.uniforms(i)[r]));
                sums += score(&a) * score(&b);
            }
            squares += (0..REPLICATES).map(|r| (sums[r] / n as f64).powi(2)).sum::<f64>();
        }
        squares / (seeds * REPLICATES as u64) as f64 * n as f64
    }

    #[test]
    fn no_pair_of_paths_interacts_with_more_noise_than_independent_draws() {
        // Variances of 3,200 values have a standard error of 2.5%; points without replacement in a block of 32 add 3%.
        for n in [64, 256] {
            let own = noise_of_products([("a", None), ("b", None)], n);
            assert!(own < 1.12, "two paths of their own: {own} at {n}");
            let across = noise_of_products([("a", Some(0)), ("b", Some(3))], n);
            assert!(across < 1.12, "two nets: {across} at {n}");
            let mixed = noise_of_products([("a", Some(1)), ("b", None)], n);
            assert!(mixed < 1.12, "a net and a path of its own: {mixed} at {n}");
            for (i, j) in [(0, 1), (0, 2), (1, 2)] {
                let within = noise_of_products([("a", Some(i)), ("b", Some(j))], n);
                assert!(within < 0.5, "dimensions {i} and {j} of a net: {within} at {n}");
            }
        }
    }

    #[test]
    fn the_net_integrates_a_smooth_function_far_better_than_chance() {
        let integrand = |u: [f64; 3]| u.iter().map(|x| 1.0 + 0.5 * (x - 0.5)).product::<f64>();
        let error = |design: Design| {
            let streams: Vec<Stream> = (0..3).map(|d| design.stream(&format!("d{d}"), Some(d))).collect();
            let n = 1024;
            let squares = (0..REPLICATES).map(|r| {
                let sum: f64 =
                    (0..n).map(|i| integrand(std::array::from_fn(|d| streams[d].uniforms(i)[r]))).sum();
                (sum / n as f64 - 1.0).powi(2)
            });
            (squares.sum::<f64>() / REPLICATES as f64).sqrt()
        };
        assert!(error(SOBOL) < 0.05 * error(MC), "{} {}", error(SOBOL), error(MC));
    }
}
