//! `docs/reference`: the language and the metrics, as the program has them. `REFERENCE=write cargo test --test suite reference_pages`
//! brings the pages up to date.

use chokepoint::internals::metrics::Metric;
use chokepoint::internals::model::{FieldAbout, fields, tables};
use chokepoint::internals::report::{OutputFormat, field_list, markdown, metrics_list};
use std::fs;

/// A page that is to be on the disk as it is here.
fn held(name: &str, text: &str) {
    let path = format!("docs/reference/{name}");
    if std::env::var("REFERENCE").is_ok_and(|v| v == "write") {
        fs::create_dir_all("docs/reference").unwrap();
        fs::write(&path, text).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == text,
        "{path} is not what the program says: REFERENCE=write cargo test --test suite reference_pages"
    );
}

#[test]
fn the_language_is_on_its_page() {
    let mut text = String::from(
        "# The language of scenarios\n\nEvery table and key that a scenario takes, from the program's own declarations: `chokepoint fields TABLE` prints the same, and \
         `chokepoint schema` gives an editor the same as JSON Schema. A unit is what a number is in where none is written; `[[table]]` has rows with \
         an `id`, `[table]` is there once. How numbers, dates and distributions are written is in the README; what keys do is in \
         [model.md](../model.md).\n\n",
    );
    let all = tables();
    for table in &all {
        text.push_str(&format!("- [`{0}`](#{0}): {1}\n", table.table, table.meaning));
    }
    for table in &all {
        let written = if table.rows { format!("[[{}]]", table.table) } else { format!("[{}]", table.table) };
        let keys: Vec<FieldAbout> = fields(&table.table).unwrap();
        text.push_str(&format!("\n## {}\n\n`{written}`: {}\n", table.table, table.meaning));
        if !keys.is_empty() {
            text.push_str(&format!("\n{}", markdown(&field_list(&table.table, &keys, OutputFormat::Csv))));
        }
    }
    held("language.md", &text);
}

#[test]
fn the_metrics_are_on_their_page() {
    let table = markdown(&metrics_list(Metric::ALL, OutputFormat::Csv));
    let text = format!(
        "# Metrics\n\nWhat can be selected with `--select` and asked for with `--objective`: `chokepoint metrics WORDS` prints the same. A cell is written \
         `actor/metric@quarter`, such as `country.china/reachable_flop@2028Q4`; a flow has a sum since the start of the horizon too. How each is \
         computed is in section 12 of [model.md](../model.md).\n\n{table}"
    );
    held("metrics.md", &text);
}
