//! exp, ln and pow by own polynomials.
//!
//! Argument reduction and series as in the classic fdlibm papers (Ng 1993): exp on |r| ≤ ln2/2 by a rational form, ln by the
//! series of atanh. No fused operations, so the bits do not depend on the instruction set.

const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
const LOG2_E: f64 = std::f64::consts::LOG2_E;
/// Adding and subtracting it rounds to a whole number.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// 2^n for whole n in \[-1022, 1023\].
#[inline(always)]
fn power_of_two(n: i64) -> f64 {
    f64::from_bits(((n + 1023) as u64) << 52)
}

/// e^x, within 1 unit in the last place; 0 below the range, infinite above it.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    let clamped = x.clamp(-745.2, 709.8);
    let shifted = clamped * LOG2_E + ROUND;
    let n = (shifted.to_bits() as i64).wrapping_sub(ROUND.to_bits() as i64);
    let k = shifted - ROUND;
    let high = clamped - k * LN2_HIGH;
    let low = k * LN2_LOW;
    let r = high - low;
    let t = r * r;
    let c = r - t
        * (1.666_666_666_666_660_2e-1
            + t * (-2.777_777_777_701_559_3e-3
                + t * (6.613_756_321_437_934e-5
                    + t * (-1.653_390_220_546_525_2e-6 + t * 4.138_136_797_057_238_5e-8))));
    let y = 1.0 - ((low - (r * c) / (2.0 - c)) - high);
    // Half of it, rounded down; shifted as an unsigned number, for which every instruction set has vectors.
    let half = ((n + 4096) as u64 >> 1) as i64 - 2048;
    let scaled = y * power_of_two(half) * power_of_two(n.wrapping_sub(half));
    let top = if x > 709.782_712_893_384 { f64::INFINITY } else { scaled };
    let bottom = if x < -745.133_219_101_941_2 { 0.0 } else { top };
    if x.is_nan() { x } else { bottom }
}

/// Natural logarithm, within 1 unit in the last place; -infinity at 0, NaN below.
#[inline(always)]
pub fn ln(x: f64) -> f64 {
    let tiny = x < 2.225_073_858_507_201_4e-308;
    let scaled = if tiny { x * 18_014_398_509_481_984.0 } else { x };
    let bits = scaled.to_bits();
    // The exponent for which the mantissa lies in [sqrt(1/2), sqrt(2)).
    let offset = bits.wrapping_sub(0x3fe6_a09e_0000_0000);
    let mantissa = f64::from_bits(bits.wrapping_sub(offset & 0xfff0_0000_0000_0000));
    // The signed number in the top twelve bits of `offset`, as a float by its bits: vectors of whole numbers have no conversion.
    let whole = ((offset >> 52) ^ 0x800).wrapping_sub(0x800);
    let k = f64::from_bits(ROUND.to_bits().wrapping_add(whole)) - ROUND - if tiny { 54.0 } else { 0.0 };
    let f = mantissa - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let odd =
        w * (3.999_999_999_940_942e-1 + w * (2.222_219_843_214_978_4e-1 + w * 1.531_383_769_920_937_3e-1));
    let even = z
        * (6.666_666_666_666_735e-1
            + w * (2.857_142_874_366_239e-1
                + w * (1.818_357_216_161_805e-1 + w * 1.479_819_860_511_658_6e-1)));
    let r = odd + even;
    let half_square = 0.5 * f * f;
    let value = k * LN2_HIGH - ((half_square - (s * (half_square + r) + k * LN2_LOW)) - f);
    let at_zero = if x == 0.0 { f64::NEG_INFINITY } else { value };
    let at_top = if x == f64::INFINITY { f64::INFINITY } else { at_zero };
    if x < 0.0 || x.is_nan() { f64::NAN } else { at_top }
}

/// x^y for x ≥ 0, as e^(y·ln x): relative error about |y·ln x|·1e-16; 0^0 = 1, 0^y = 0 for y > 0.
#[inline(always)]
pub fn pow(x: f64, y: f64) -> f64 {
    let power = exp(y * ln(x));
    if y == 0.0 { 1.0 } else { power }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // the machine's own functions are the yardstick
mod tests {
    use super::*;

    fn ulps(a: f64, b: f64) -> u64 {
        if a == b { 0 } else { (a.to_bits() as i64).abs_diff(b.to_bits() as i64) }
    }

    #[test]
    fn exp_is_within_one_unit_in_the_last_place() {
        let worst = (-7_080_000..7_090_000).step_by(37).map(|i| f64::from(i) * 1e-4);
        assert!(worst.map(|x| ulps(exp(x), x.exp())).max().unwrap() <= 1);
        assert_eq!(exp(f64::NEG_INFINITY), 0.0);
        assert_eq!(exp(710.0), f64::INFINITY);
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(-745.0) > 0.0);
        assert!(exp(f64::NAN).is_nan() && exp(-f64::NAN).is_nan());
        assert_eq!(pow(0.0, 0.0), 1.0);
    }

    #[test]
    fn ln_is_within_one_unit_in_the_last_place() {
        let mut x = 1e-308;
        while x < 1e308 {
            assert!(ulps(ln(x), x.ln()) <= 1, "{x}");
            x *= 1.000_37;
        }
        assert_eq!(ln(0.0), f64::NEG_INFINITY);
        assert_eq!(ln(1.0), 0.0);
        assert!(ln(-1.0).is_nan());
        assert!((ln(5e-324) - 5e-324_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn powers_have_their_corner_values() {
        assert_eq!(pow(0.0, 0.0), 1.0);
        assert_eq!(pow(0.0, 2.0), 0.0);
        assert!((pow(3.0, 5.5) / 3_f64.powf(5.5) - 1.0).abs() < 1e-14);
    }
}
