//! CSV text: shortest floats that read back as the same bits, and quoting.

/// Writes a number: whole numbers plainly, others with the fewest digits that read back as the same bits.
pub fn float(out: &mut String, x: f64) {
    if x == x.trunc() && x.abs() < 1e15 {
        whole(out, x as i64);
    } else if x.is_finite() {
        let mut buffer = zmij::Buffer::new();
        let text = buffer.format_finite(x);
        // An exponent has at most three digits and a sign; a positive sign is left out.
        let tail = text.len().saturating_sub(5);
        match text.as_bytes()[tail..].iter().position(|&b| b == b'+') {
            Some(sign) => {
                out.push_str(&text[..tail + sign]);
                out.push_str(&text[tail + sign + 1..]);
            }
            None => out.push_str(text),
        }
    }
}

/// Writes a whole number.
pub(super) fn whole(out: &mut String, n: i64) {
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
    out.push_str(std::str::from_utf8(&digits[start..]).unwrap_or_default());
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
    fn whole_numbers_are_written_like_the_library_does() {
        for n in [0, 7, -7, 10, 1_000_000, i64::from(i32::MAX), i64::MAX, i64::MIN] {
            let mut text = String::new();
            whole(&mut text, n);
            assert_eq!(text, n.to_string());
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
