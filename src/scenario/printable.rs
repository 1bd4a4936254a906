//! Text that a terminal shows and does not obey.

use std::borrow::Cow;

/// Whether a terminal would act on a character, or hide what stands beside it: control characters but for the end of a line and
/// the tab, and the marks that turn the direction of writing.
fn acts(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text with such characters written out, as `\u001b`.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if acts(c) {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out.into()
}

/// The same on one line, for a comment or a name.
pub fn one_line(text: &str) -> String {
    printable(&text.replace(['\n', '\r', '\t', '\u{2028}', '\u{2029}'], " ")).into_owned()
}

/// Whether a spreadsheet would take a cell's text for a formula: it starts like one and is no number.
pub fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err()
}

/// A cell's text as it was before it was written: without the apostrophe that keeps a spreadsheet from taking it for a formula.
pub fn unguarded(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        let hostile = "a\u{1b}[31mb\u{9b}2J\u{7}\u{8}\r\u{202e}c\u{7f}";
        let shown = printable(hostile);
        assert_eq!(shown, "a\\u001b[31mb\\u009b2J\\u0007\\u0008\\u000d\\u202ec\\u007f");
        assert!(matches!(printable("plain\tä\n"), Cow::Borrowed(_)));
        assert_eq!(one_line("a\nb\r\nc"), "a b  c");
    }
}
