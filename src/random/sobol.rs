//! Sobol points with random access, and the hash-based scrambling that makes them and one-dimensional sequences random.

/// Generator matrix of one dimension: a column of 32 bits for each bit of the index.
pub(super) type Matrix = [u32; 32];

/// Dimensions of the net.
///
/// Of Sobol points only the first three are spread in every pair of dimensions at least as evenly as independent draws are, at
/// every number of points (a test says so). From the fourth on some pairs leave boxes empty at 1,024 points, so that bins of one
/// input hold too much or too little of another, and an input without influence seems to have some.
pub(super) const GROUP: usize = 3;

/// Generator matrix of a dimension, counted from 0.
///
/// The radical inverse, then the primitive polynomials x + 1 and x² + x + 1 with the initial numbers of Joe and Kuo (2008).
pub(super) fn matrix(dimension: usize) -> Matrix {
    let mut v = [0; 32];
    let initial: &[u32] = match dimension {
        0 => return std::array::from_fn(|i| 1 << (31 - i)),
        1 => &[1],
        _ => &[1, 3],
    };
    let s = initial.len();
    for (i, &m) in initial.iter().enumerate() {
        v[i] = m << (31 - i);
    }
    for i in s..32 {
        // All inner coefficients of the two polynomials are 1.
        v[i] = (1..s).fold(v[i - s] ^ (v[i - s] >> s), |x, k| x ^ v[i - k]);
    }
    v
}

/// Point `index` of a dimension, as 32 bits after the binary point.
#[inline]
pub(super) fn point(matrix: &Matrix, index: u32) -> u32 {
    let mut bits = index;
    let mut x = 0;
    while bits != 0 {
        x ^= matrix[bits.trailing_zeros() as usize];
        bits &= bits - 1;
    }
    x
}

/// The same of an index below the length of a block, without branches.
#[inline(always)]
pub(super) fn point_in_block(matrix: &Matrix, index: u32) -> u32 {
    let mut x = 0;
    for (bit, column) in matrix.iter().enumerate().take(BLOCK.trailing_zeros() as usize) {
        // All bits of the column, or none.
        x ^= column & 0_u32.wrapping_sub((index >> bit) & 1);
    }
    x
}

/// Mixes 64 bits (the finaliser of splitmix64, Steele et al. 2014).
#[inline(always)]
pub(super) fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Owen's nested uniform scrambling of several points, each by its key: whether a bit flips depends on the key and on all higher bits.
///
/// A tree hash after Laine and Karras (2011): on reversed bits, adding and multiplying by even numbers lets
/// each bit be changed by lower ones only. Two rounds with independent keys.
#[inline(always)]
pub(super) fn scramble<const N: usize>(points: [u32; N], keys: &[u64; N]) -> [u32; N] {
    let mut x = of_each(&points, u32::reverse_bits);
    for half in [0, 32] {
        let round = of_each(keys, |key| (key >> half) as u32);
        // Step by step for all of them: so they are worked on side by side.
        each(&mut x, |i, x| x.wrapping_add(round[i]));
        each(&mut x, |_, x| x ^ x.wrapping_mul(0x6c50_b47c));
        each(&mut x, |_, x| x ^ x.wrapping_mul(0xb82f_1e52));
        each(&mut x, |i, x| x.wrapping_mul((round[i] >> 16) | 1));
        each(&mut x, |_, x| x ^ x.wrapping_mul(0xc7af_e638));
        each(&mut x, |_, x| x ^ x.wrapping_mul(0x8d22_f6e6));
    }
    of_each(&x, u32::reverse_bits)
}

/// What is made of each of some numbers: a loop, since `map` of an array is compiled by itself, for any machine.
#[inline(always)]
pub(super) fn of_each<const N: usize, T: Copy, U: Copy + Default>(
    numbers: &[T; N],
    make: impl Fn(T) -> U,
) -> [U; N] {
    let mut all = [U::default(); N];
    for (one, &number) in all.iter_mut().zip(numbers) {
        *one = make(number);
    }
    all
}

/// Takes a step for all of some numbers.
#[inline(always)]
fn each<const N: usize>(numbers: &mut [u32; N], step: impl Fn(usize, u32) -> u32) {
    for (i, x) in numbers.iter_mut().enumerate() {
        *x = step(i, *x);
    }
}

/// Points that are put in an order of their own: a block keeps its points, and so what it is stratified in.
pub(super) const BLOCK: u32 = 32;

/// A place in a block after its points are put in the order of each of several keys: a permutation of 0 to 31.
///
/// Kensler's (2013) construction: multiplying by odd numbers carries low bits up, shifting carries high bits down, and each step
/// can be undone.
#[inline(always)]
pub(super) fn shuffle<const N: usize>(place: u32, keys: &[u64; N]) -> [u32; N] {
    let mask = BLOCK - 1;
    let mut x = [place; N];
    for round in 0..5 {
        let key = of_each(keys, |key| key >> (12 * round));
        each(&mut x, |i, x| x ^ (key[i] as u32 & mask));
        each(&mut x, |i, x| x.wrapping_mul((key[i] >> 6) as u32 | 1) & mask);
        each(&mut x, |_, x| x ^ (x >> 3));
        each(&mut x, |i, x| x.wrapping_add((key[i] >> 11) as u32) & mask);
        each(&mut x, |_, x| x ^ (x >> 1));
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_points_are_those_of_joe_and_kuo() {
        // Points 1 to 7 of dimensions 1, 2 and 3 in natural (not Gray code) order.
        let eighths = |d: usize| -> Vec<u32> { (1..8).map(|i| point(&matrix(d), i) >> 29).collect() };
        assert_eq!(eighths(0), [4, 2, 6, 1, 5, 3, 7]);
        assert_eq!(eighths(1), [4, 6, 2, 5, 1, 3, 7]);
        assert_eq!(eighths(2), [4, 6, 2, 3, 7, 5, 1]);
    }

    #[test]
    fn every_dimension_is_stratified() {
        for d in 0..GROUP {
            let m = matrix(d);
            let mut seen = [false; 256];
            for i in 0..256 {
                seen[(point(&m, i) >> 24) as usize] = true;
            }
            assert!(seen.iter().all(|&s| s), "dimension {d}");
        }
    }

    #[test]
    fn every_pair_of_dimensions_is_spread_at_least_as_evenly_as_chance() {
        // The mean square of (points in a box - expected) over expected is 1 for independent draws, in any grid of boxes. Points of a
        // replicate by powers of two, and those of 1,032, 8,000, 10,000 and 50,000 draws.
        for n in (5..=13).map(|log| 1 << log).chain([129, 1000, 1250, 6250]) {
            for (a, b) in [(0, 1), (0, 2), (1, 2)] {
                for across in 1..=6 {
                    for up in 1..=6 {
                        let mut boxes = vec![0_u32; 1 << (across + up)];
                        for i in 0..n {
                            let x = point(&matrix(a), i) >> (32 - across);
                            let y = point(&matrix(b), i) >> (32 - up);
                            boxes[((x << up) | y) as usize] += 1;
                        }
                        let expected = f64::from(n) / boxes.len() as f64;
                        let squares = boxes.iter().map(|&n| (f64::from(n) - expected).powi(2)).sum::<f64>();
                        let excess = squares / boxes.len() as f64 / expected;
                        assert!(
                            excess <= 1.0,
                            "{a} {b}: {excess} at {n} points in 2^{across} x 2^{up} boxes"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_shuffle_is_a_permutation_and_any_place_goes_anywhere() {
        let mut counts = [[0_u32; 32]; 32];
        let mut steps = [0_u32; 32];
        for block in 0..32_000_u64 {
            let images: Vec<u32> = (0..BLOCK).map(|p| shuffle(p, &[mix(block)])[0]).collect();
            let mut sorted = images.clone();
            sorted.sort_unstable();
            assert!(sorted.iter().enumerate().all(|(i, &x)| x == i as u32));
            for (p, &x) in images.iter().enumerate() {
                counts[p][x as usize] += 1;
            }
            for pair in images.chunks_exact(2) {
                steps[((pair[1].wrapping_sub(pair[0])) & 31) as usize] += 1;
            }
        }
        // 1,000 each, give or take 31; 512,000 steps over 31 differences.
        assert!(counts.iter().flatten().all(|&n| (800..1200).contains(&n)), "{counts:?}");
        let even = 512_000.0 / 31.0;
        assert!(steps[1..].iter().all(|&n| (f64::from(n) / even - 1.0).abs() < 0.1), "{steps:?}");
    }

    #[test]
    fn scrambling_keeps_elementary_intervals() {
        // Numbers that share their first k bits share them after scrambling, and no two become one.
        let key = mix(7);
        for k in 1..12 {
            let mut images: Vec<u32> =
                (0..1 << k).map(|i: u32| scramble([i << (32 - k)], &[key])[0] >> (32 - k)).collect();
            let low = scramble([(1 << (31 - k)) | 5], &[key])[0] >> (32 - k);
            assert_eq!(low, images[0]);
            images.sort_unstable();
            images.dedup();
            assert_eq!(images.len(), 1 << k);
        }
    }
}
