//! Units within a text: `2 GW to 4 GW`, `500 MW to 2 GW`, `3GW`, `2%-15%`, as the plain numbers that they stand for.

use super::expression::{Wrong, parse_number};
use super::unit;

/// Words that follow a number and are no unit.
const WORDS: [&str; 2] = ["to", "truncated"];

/// A number of the text, with what stands around it.
struct Number {
    /// Bytes of the number, without its unit.
    start: usize,
    end: usize,
    /// The byte after its unit, or after itself.
    after: usize,
    value: f64,
    /// Worth of its unit in the canonical one.
    worth: Option<f64>,
}

/// The same text with every number in the field's unit, `written` of which is worth `factor` of the canonical one; none if nothing in it
/// is other than plain.
pub(super) fn plain(text: &str, canonical: &str, factor: f64) -> Result<Option<String>, Wrong> {
    let mut numbers = Vec::new();
    let mut at = 0;
    while let Some(number) = next(text, at, canonical)? {
        at = number.after.max(number.end);
        numbers.push(number);
    }
    // `2 to 4 GW`: the unit is that of both.
    for i in 1..numbers.len() {
        let between = text[numbers[i - 1].after..numbers[i].start].trim();
        if numbers[i - 1].worth.is_none() && matches!(between, "to" | "-" | "–") {
            numbers[i - 1].worth = numbers[i].worth;
        }
    }
    let with = numbers.iter().filter(|n| n.worth.is_some()).count();
    if with > 0 && with < numbers.len() {
        let bare = numbers.iter().find(|n| n.worth.is_none()).map_or(0..0, |n| n.start..n.end);
        let message = "some numbers have a unit and this one has none".to_owned();
        return Err(Wrong { span: bare, message, help: Some("give all of them one, or none".to_owned()) });
    }
    let dash = numbers.windows(2).any(|pair| {
        let between = text[pair[0].after..pair[1].start].trim();
        between == "-" || between == "–"
    });
    if with == 0 && !dash {
        return Ok(None);
    }
    let mut out = String::new();
    let mut at = 0;
    for number in &numbers {
        let between = &text[at..number.start];
        out.push_str(if at > 0 && matches!(between.trim(), "-" | "–") { " to " } else { between });
        match number.worth {
            Some(worth) => out.push_str(&format!("{:e}", number.value * worth / factor)),
            None => out.push_str(&text[number.start..number.end]),
        }
        at = number.after;
    }
    out.push_str(&text[at..]);
    Ok(Some(out))
}

/// The next number from a byte on, with its unit.
fn next(text: &str, from: usize, canonical: &str) -> Result<Option<Number>, Wrong> {
    let bytes = text.as_bytes();
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    // A digit within a word, such as that of `p05`, begins no number.
    let inside = |i: usize| i > from && (bytes[i - 1].is_ascii_alphanumeric() || bytes[i - 1] == b'_');
    let Some(start) = (from..bytes.len()).find(|&i| digit(i) && !inside(i)) else { return Ok(None) };
    let mut end = start;
    while digit(end) || matches!(bytes.get(end), Some(b'.' | b'_')) {
        end += 1;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if digit(end + 1 + sign) {
            end += 1 + sign;
            while digit(end) {
                end += 1;
            }
        }
    }
    let letter = |i: usize| bytes.get(i).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'/');
    if matches!(bytes.get(end), Some(b'%' | b'k' | b'K' | b'M' | b'B' | b'T')) && !letter(end + 1) {
        end += 1;
    }
    let Some(value) = parse_number(&text[start..end]) else { return Ok(None) };
    let mut number = Number { start, end, after: end, value, worth: None };
    let rest = &text[end..];
    let space = rest.len() - rest.trim_start().len();
    let word = word(&rest[space..]);
    if word.is_empty() || WORDS.contains(&word) {
        return Ok(Some(number));
    }
    // `BUSD per year` is one unit.
    let per = rest[space + word.len()..].strip_prefix(" per ").map(self::word).filter(|w| !w.is_empty());
    let unit = &rest[space..space + word.len() + per.map_or(0, |per| " per ".len() + per.len())];
    let Some(worth) = unit::factor(unit, canonical) else {
        let at = end + space;
        let message = format!("`{unit}` is no unit that this is measured in");
        let help = Some(format!("it takes {}", unit::examples(canonical)));
        return Err(Wrong { span: at..at + unit.len(), message, help });
    };
    number.worth = Some(worth);
    number.after = end + space + unit.len();
    Ok(Some(number))
}

/// The unit, or another word, that a text begins with.
fn word(text: &str) -> &str {
    let within = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '$' | '*');
    if !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '$') {
        return "";
    }
    let mut end = text.find(|c: char| !within(c)).unwrap_or(text.len());
    // `USD/H100e-hour`: a hyphen before a letter is within.
    while text[end..].starts_with('-') && text[end + 1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
        let more = &text[end + 1..];
        end += 1 + more.find(|c: char| !within(c)).unwrap_or(more.len());
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn units_become_numbers_of_the_field() {
        let same = |text: &str, canonical: &str, wanted: &str| {
            assert_eq!(plain(text, canonical, 1.0).unwrap().as_deref(), Some(wanted), "{text}");
        };
        same("2 GW to 4 GW", "MW", "2e3 to 4e3");
        same("2 to 4 GW", "MW", "2e3 to 4e3");
        same("500 MW to 2 GW", "MW", "5e2 to 2e3");
        same("3GW", "MW", "3e3");
        same("2%-15%", "1", "2% to 15%");
        same("10k – 20k", "1", "10k to 20k");
        same("45k wafers/month", "wafers/quarter", "1.35e5");
        same("2 to 3 BUSD per year", "USD/quarter", "5e8 to 7.5e8");
        same("triangular(1 GW, 2 GW, 3 GW)", "MW", "triangular(1e3, 2e3, 3e3)");
        // In a field's own unit nothing changes, nor where nothing but numbers stands.
        assert_eq!(plain("2 GW", "MW", 1000.0).unwrap().as_deref(), Some("2e0"));
        for text in [
            "10k to 400k",
            "lognormal(p05=1, p95=9)",
            "discrete(0: 90%, 0.05: 10%)",
            "-5 to 5",
            "3e-4",
            "uniform(0, 1) truncated(0, 0.5)",
        ] {
            assert_eq!(plain(text, "1", 1.0), Ok(None), "{text}");
        }
    }

    #[test]
    fn what_is_no_unit_is_told_with_those_that_are() {
        let wrong = plain("3 TFLOP", "MW", 1.0).unwrap_err();
        assert!(wrong.span == (2..7) && wrong.help.unwrap().contains("GW"));
        assert!(plain("triangular(1, 2 GW, 3 GW)", "MW", 1.0).unwrap_err().message.contains("has none"));
    }
}
