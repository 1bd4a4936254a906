//! A table as Markdown: numbers in the digits that people read.

use super::number;

/// Digits of a number that is shown as it is.
const DIGITS: usize = 6;

/// The rows of a CSV text as a Markdown table.
pub fn markdown(csv: &str) -> String {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(csv.as_bytes());
    let rows: Vec<Vec<String>> = reader.records().flatten().map(|r| r.iter().map(cell).collect()).collect();
    let Some((head, rows)) = rows.split_first() else { return String::new() };
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule = format!("|{}\n", " --- |".repeat(head.len()));
    line(head) + &rule + &rows.iter().map(|r| line(r)).collect::<String>()
}

fn cell(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(x) if x.is_finite() && text.len() > DIGITS => number(x),
        _ => text.replace('|', "\\|").replace('\n', " "),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn rows_stay_rows_and_bars_stay_text() {
        let text = super::markdown("a,b\n\"x|y\",1.23456789e25\nz,12\n");
        assert_eq!(text, "| a | b |\n| --- | --- |\n| x\\|y | 1.2e25 |\n| z | 12 |\n");
    }
}
