//! CSV text: shortest floats that read back as the same bits, and quoting.

use crate::scenario::is_formula;

/// Bytes that a number takes at most.
pub(super) const LONGEST: usize = 24;

/// Bytes kept for a number: what the number does not take may be overwritten.
pub(super) const ROOM: usize = 32;

/// Writes a number: whole numbers plainly, others with the fewest digits that read back as the same bits.
pub fn float(out: &mut String, x: f64) {
    let mut digits = Digits::new();
    let text = digits.of(x);
    match has_plus(x).then(|| text.find('+')).flatten() {
        Some(sign) => {
            out.push_str(&text[..sign]);
            out.push_str(&text[sign + 1..]);
        }
        None => out.push_str(text),
    }
}

/// Whether a number is so large that its digits have an exponent, whose sign is left out.
#[inline]
fn has_plus(x: f64) -> bool {
    x.abs() >= 1e16 && x.is_finite()
}

/// Where the digits of a number are made before they are copied to their place.
pub(super) struct Digits {
    shortest: zmij::Buffer,
    whole: [u8; ROOM],
}

impl Digits {
    pub(super) fn new() -> Self {
        Self { shortest: zmij::Buffer::new(), whole: [0; ROOM] }
    }

    /// The digits of a number, with the sign of its exponent; nothing of what is not finite.
    #[inline]
    pub(super) fn of(&mut self, x: f64) -> &str {
        // Of what is tabled a fifth is 0.
        if x == 0.0 {
            return "0";
        }
        let truncated = x as i64;
        if truncated as f64 == x && x.abs() < 1e15 {
            let length = whole(&mut self.whole, truncated);
            return std::str::from_utf8(&self.whole[..length]).expect("digits and a sign are ASCII");
        }
        if x.is_finite() { self.shortest.format_finite(x) } else { "" }
    }
}

/// Copies the digits of `x` to the start of `room` and returns their length there; what follows in it is overwritten.
#[inline]
pub(super) fn put(room: &mut [u8; ROOM], digits: &str, x: f64) -> usize {
    let digits = digits.as_bytes();
    let length = digits.len();
    // Nearly all have 16 digits or more: two copies of a size that is known, the second over the first's end, and no call.
    if let (16..=LONGEST, Some(first), Some(last)) =
        (length, digits.first_chunk::<16>(), digits.last_chunk::<8>())
    {
        room[..16].copy_from_slice(first);
        room[length - 8..length].copy_from_slice(last);
    } else if let &[digit] = digits {
        room[0] = digit;
    } else {
        room[..length].copy_from_slice(digits);
    }
    if !has_plus(x) {
        return length;
    }
    // The exponent has two digits or three.
    let sign = length - if x.abs() < 1e100 { 3 } else { 4 };
    for at in sign..sign + 3 {
        room[at] = room[at + 1];
    }
    length - 1
}

/// Writes a whole number at the start of `room` and returns its length.
fn whole(room: &mut [u8; ROOM], n: i64) -> usize {
    let mut digits = [0; 20];
    let mut start = digits.len();
    let mut left = n.unsigned_abs();
    loop {
        start -= 1;
        digits[start] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    if n < 0 {
        start -= 1;
        digits[start] = b'-';
    }
    let length = digits.len() - start;
    room[..length].copy_from_slice(&digits[start..]);
    length
}

/// Writes a text, quoted if it must be; one that a spreadsheet would take for a formula gets an apostrophe before it.
pub fn quoted(out: &mut String, text: &str) {
    let guarded = if is_formula(text) { format!("'{text}") } else { String::new() };
    let text = if guarded.is_empty() { text } else { &guarded };
    if text.contains([',', '"', '\n', '\r']) {
        out.push('"');
        out.push_str(&text.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::unguarded;
    use proptest::prelude::*;

    /// What is to be written, in the plainest way.
    fn plainly(x: f64) -> String {
        if x == x.trunc() && x.abs() < 1e15 {
            (x as i64).to_string()
        } else if x.is_finite() {
            zmij::Buffer::new().format_finite(x).replace('+', "")
        } else {
            String::new()
        }
    }

    fn written(x: f64) -> String {
        let mut text = String::new();
        float(&mut text, x);
        text
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn numbers_of_any_bits_are_written_as_plainly(bits in any::<u64>(), near in -40_000_i64..40_000) {
            // Powers of ten are where forms change; numbers of few digits hardly come up among bits.
            let powers = (-30..=110).map(|e| format!("1e{e}").parse::<f64>().unwrap().to_bits());
            let near = powers.map(|power| f64::from_bits(power.wrapping_add_signed(near / 1000)));
            let short = near.clone().map(|x| (x * (bits % 1000) as f64).trunc());
            for x in near.chain(short).chain([f64::from_bits(bits), f64::from(f64::from_bits(bits) as f32)]) {
                prop_assert_eq!(written(x), plainly(x));
                prop_assert_eq!(written(-x), plainly(-x));
            }
        }

        #[test]
        fn numbers_have_no_more_digits_than_the_standard_library_gives(bits in any::<u64>()) {
            let x = f64::from_bits(bits);
            prop_assume!(x.is_finite() && x != 0.0);
            let digits = |text: &str| -> String {
                let mantissa = text.trim_start_matches('-').split('e').next().unwrap_or_default().replace('.', "");
                mantissa.trim_matches('0').to_owned()
            };
            prop_assert_eq!(digits(&written(x)).len(), digits(&format!("{x:e}")).len());
        }

        #[test]
        fn numbers_read_back_as_the_same_bits(bits in any::<u64>()) {
            let x = f64::from_bits(bits);
            prop_assume!(x.is_finite() && x != 0.0);
            let mut text = String::new();
            float(&mut text, x);
            prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), bits);
        }
    }

    #[test]
    fn whole_numbers_are_written_like_the_library_does() {
        for n in [0, 7, -7, 10, 1_000_000, i64::from(i32::MAX), i64::MAX, i64::MIN] {
            let mut room = [0; ROOM];
            let length = whole(&mut room, n);
            assert_eq!(&room[..length], n.to_string().as_bytes());
        }
    }

    #[test]
    fn numbers_and_texts_look_as_people_expect() {
        let shown = |x: f64| {
            let mut text = String::new();
            float(&mut text, x);
            text
        };
        assert_eq!([shown(45000.0), shown(0.25), shown(-3.0), shown(0.0)], ["45000", "0.25", "-3", "0"]);
        assert_eq!(shown(3.2e27), "3.2e27");
        assert_eq!(shown(f64::NAN), "");
        let mut text = String::new();
        quoted(&mut text, "a, \"b\"");
        assert_eq!(text, "\"a, \"\"b\"\"\"");
    }

    #[test]
    fn texts_that_look_like_formulas_are_texts_and_numbers_stay() {
        for text in ["=1+1", "+cmd", "-2 to 3", "@sum", "\ttab", "\rreturn", "=\"a\",b"] {
            let mut out = String::new();
            quoted(&mut out, text);
            assert!(out.starts_with('\'') || out.starts_with("\"'"), "{out}");
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(out.as_bytes());
            let record = reader.records().next().unwrap().unwrap();
            assert_eq!(unguarded(&record[0]), text);
        }
        for text in ["-5", "+3.5", "-1e9", "plain", "a=b", "'quoted'", "10%"] {
            let mut out = String::new();
            quoted(&mut out, text);
            assert_eq!(out, text);
            assert_eq!(unguarded(text), text);
        }
    }
}
