//! Sobol points with random access, and the hash-based scrambling that makes them and one-dimensional sequences random.

use super::direction_numbers::JOE_KUO;

/// Generator matrix of one dimension: a column of 32 bits for each bit of the index.
pub(super) type Matrix = [u32; 32];

/// Generator matrix of a dimension, counted from 0.
pub(super) fn matrix(dimension: usize) -> Matrix {
    let mut v = [0; 32];
    let Some(d) = dimension.checked_sub(1) else {
        return std::array::from_fn(|i| 1 << (31 - i));
    };
    let (degree, inner, initial) = JOE_KUO[d];
    let s = degree as usize;
    for (i, &m) in initial.iter().enumerate() {
        v[i] = m << (31 - i);
    }
    for i in s..32 {
        v[i] = v[i - s] ^ (v[i - s] >> s);
        for k in 1..s {
            if (inner >> (s - 1 - k)) & 1 == 1 {
                v[i] ^= v[i - k];
            }
        }
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

/// Mixes 64 bits (the finaliser of splitmix64, Steele et al. 2014).
#[inline]
pub(super) fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Owen's nested uniform scrambling: whether a bit flips depends on the key and on all higher bits.
///
/// A tree hash after Laine and Karras (2011): on reversed bits, adding and multiplying by even numbers lets
/// each bit be changed by lower ones only. Two rounds with independent keys.
#[inline]
pub(super) fn scramble(x: u32, key: u64) -> u32 {
    let mut x = x.reverse_bits();
    for round in [key as u32, (key >> 32) as u32] {
        x = x.wrapping_add(round);
        x ^= x.wrapping_mul(0x6c50_b47c);
        x ^= x.wrapping_mul(0xb82f_1e52);
        x = x.wrapping_mul((round >> 16) | 1);
        x ^= x.wrapping_mul(0xc7af_e638);
        x ^= x.wrapping_mul(0x8d22_f6e6);
    }
    x.reverse_bits()
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
        for d in 0..64 {
            let m = matrix(d);
            let mut seen = [false; 256];
            for i in 0..256 {
                seen[(point(&m, i) >> 24) as usize] = true;
            }
            assert!(seen.iter().all(|&s| s), "dimension {d}");
        }
    }

    #[test]
    fn scrambling_keeps_elementary_intervals() {
        // Numbers that share their first k bits share them after scrambling, and no two become one.
        let key = mix(7);
        for k in 1..12 {
            let mut images: Vec<u32> =
                (0..1 << k).map(|i: u32| scramble(i << (32 - k), key) >> (32 - k)).collect();
            let low = scramble((1 << (31 - k)) | 5, key) >> (32 - k);
            assert_eq!(low, images[0]);
            images.sort_unstable();
            images.dedup();
            assert_eq!(images.len(), 1 << k);
        }
    }
}
