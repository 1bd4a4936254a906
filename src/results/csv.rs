//! CSV text: shortest floats that read back as the same bits, and quoting.

use std::fmt::Write;

/// Writes a number: whole numbers plainly, others with the fewest digits that read back as the same bits.
pub fn float(out: &mut String, x: f64) {
    if x.is_finite() && x == x.trunc() && x.abs() < 1e15 {
        let _ = write!(out, "{}", x as i64);
    } else if x.is_finite() {
        let mut buffer = zmij::Buffer::new();
        let text = buffer.format_finite(x);
        let (digits, exponent) = text.split_once("e+").unwrap_or((text, ""));
        out.push_str(digits);
        if !exponent.is_empty() {
            out.push('e');
            out.push_str(exponent);
        }
    }
}

/// Writes a text, quoted if it must be.
pub fn quoted(out: &mut String, text: &str) {
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
    use proptest::prelude::*;

    proptest! {
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
}
