//! Indices of a number's leading inputs, as people read them: a table, and a page with a picture.

use super::{OutputFormat, number};
use crate::analysis::Scale;
use crate::analysis::indices::{Index, Indices};
use crate::results::Interval;
use crate::results::table::{Table, TableText};
use serde_json::json;

/// An input, a set of correlated ones, or all that do not lead.
#[derive(Clone, Debug)]
pub struct IndicesRow {
    /// Its path; of a set, the paths.
    pub path: String,
    /// How well it is founded; of a set, if all of it is so.
    pub grade: &'static str,
    /// How many inputs it is.
    pub inputs: usize,
    /// Whether it is all that do not lead.
    pub others: bool,
    /// What it explains.
    pub index: Index,
}

/// Indices of a number.
#[derive(Clone, Debug)]
pub struct IndicesReport {
    title: String,
    cell: String,
    unit: String,
    /// The plan, and the one that it is held against.
    policies: (String, Option<String>),
    /// Draws that an index rests on, and all that were simulated.
    draws: (u64, u64),
    scale: Scale,
    together: Interval,
    rows: Vec<IndicesRow>,
}

impl IndicesReport {
    /// Puts what has the largest share first, and all others last.
    pub fn new(
        title: String,
        (cell, unit): (String, String),
        policies: (String, Option<String>),
        draws: (u64, u64),
        found: &Indices,
        mut rows: Vec<IndicesRow>,
    ) -> Self {
        rows.sort_by(|a, b| {
            a.others.cmp(&b.others).then(b.index.share.value.total_cmp(&a.index.share.value))
        });
        Self { title, cell, unit, policies, draws, scale: found.scale, together: found.together, rows }
    }

    /// By input, from the one with the largest share on; all that do not lead last.
    pub fn rows(&self) -> &[IndicesRow] {
        &self.rows
    }

    /// What is in no first-order index.
    pub fn together(&self) -> &Interval {
        &self.together
    }

    /// Printed.
    pub fn render(&self, how: OutputFormat) -> String {
        match how {
            OutputFormat::Text => self.text(),
            OutputFormat::Csv => table().csv(self.rows.iter()),
            OutputFormat::Json => self.json(),
        }
    }

    /// `indices.csv`.
    pub fn to_table(&self) -> TableText {
        TableText::of(&table(), self.rows.iter())
    }

    /// What the indices are of.
    fn what(&self) -> String {
        let (policy, against) = &self.policies;
        let unit = if self.unit == "1" { String::new() } else { format!(" [{}]", self.unit) };
        let cell = &self.cell;
        match (against, self.scale) {
            (None, Scale::Log) => format!("the logarithm of {cell} under {policy}"),
            (None, Scale::Plain) => format!("{cell}{unit} under {policy}"),
            (Some(other), Scale::Log) => {
                format!("the logarithm of {cell} under {policy} over that under {other}")
            }
            (Some(other), Scale::Plain) => format!("{cell}{unit} under {policy} less that under {other}"),
        }
    }

    /// What it took.
    fn effort(&self) -> String {
        format!("each input drawn anew in {} draws, {} simulated", self.draws.0, self.draws.1)
    }

    fn text(&self) -> String {
        let mut text = format!(
            "{}\nShares of the variance of {}; ± is half the 95% interval of the simulation's error; {}\n\n",
            self.title,
            self.what(),
            self.effort()
        );
        text.push_str("       Shapley share          alone    with all others  grade      input\n");
        for row in &self.rows {
            let share = |i: &Interval| format!("{} ±{}", per_cent(i.value), per_cent(i.half()));
            let Index { first, total, share: own } = &row.index;
            let count = if row.inputs > 1 && row.others {
                format!(" ({} inputs)", row.inputs)
            } else {
                String::new()
            };
            text.push_str(
                format!(
                    "   {:>17}  {:>17}  {:>17}  {:<10} {}{count}",
                    share(own),
                    share(first),
                    share(total),
                    row.grade,
                    row.path
                )
                .trim_end(),
            );
            text.push('\n');
        }
        let together = &self.together;
        text.push_str(&format!(
            "\ntogether, in none alone: {} ±{}\n",
            per_cent(together.value),
            per_cent(together.half())
        ));
        text
    }

    fn json(&self) -> String {
        let finite = |x: f64| x.is_finite().then_some(x);
        let interval =
            |i: &Interval| json!({ "value": i.value, "se": finite(i.error), "half_width": finite(i.half()) });
        let row = |r: &IndicesRow| {
            json!({
                "path": r.path, "grade": r.grade, "inputs": r.inputs, "others": r.others,
                "first": interval(&r.index.first), "total": interval(&r.index.total), "shapley": interval(&r.index.share),
            })
        };
        let whole = json!({
            "title": self.title, "cell": self.cell, "unit": self.unit, "policy": self.policies.0, "against": self.policies.1,
            "scale": self.scale.name(), "draws": self.draws.0, "simulated": self.draws.1,
            "together": interval(&self.together), "inputs": self.rows.iter().map(row).collect::<Vec<_>>(),
        });
        format!("{whole:#}\n")
    }

    /// A page of its own, with nothing from elsewhere: the picture and the table.
    pub fn page(&self) -> String {
        let escape = |s: &str| s.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let cell = |i: &Interval| format!("<td>{} ± {}</td>", per_cent(i.value), per_cent(i.half()));
        let row = |r: &IndicesRow| {
            let Index { first, total, share } = &r.index;
            format!(
                "<tr><th>{}</th>{}{}{}<td>{}</td><td>{}</td></tr>\n",
                escape(&r.path),
                cell(share),
                cell(first),
                cell(total),
                r.inputs,
                r.grade
            )
        };
        let rows: String = self.rows.iter().map(row).collect();
        let (title, what) = (escape(&self.title), escape(&self.what()));
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}: indices</title>\n\
             <style>body{{font:15px/1.45 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}}\
             svg{{max-width:100%}}table{{border-collapse:collapse;font-variant-numeric:tabular-nums}}\
             th,td{{text-align:right;padding:.2rem .7rem;border-bottom:1px solid #ddd}}\
             th:first-child{{text-align:left;font-weight:normal}}</style></head><body>\n\
             <h1>{title}</h1>\n<p>What carries {what}: shares of its variance; ± is half the 95% interval of the simulation's error; {}.</p>\n{}\
             <table><thead><tr><th>input</th><th>Shapley share</th><th>alone (first-order)</th><th>with all others (total)</th>\
             <th>inputs</th><th>grade</th></tr></thead><tbody>\n{rows}</tbody></table>\n\
             <p>Together, in none alone: {} ± {}. A share is an input's own part and its part of what it does with others; shares add up to 100%. \
             A total index is what would be left if all others were known.</p>\n</body></html>\n",
            self.effort(),
            self.svg(),
            per_cent(self.together.value),
            per_cent(self.together.half())
        )
    }

    /// A picture: by input its share as a bar with its interval, its first-order index as a dot and its total index as a ring.
    fn svg(&self) -> String {
        let escape = |s: &str| s.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let most = self
            .rows
            .iter()
            .map(|r| r.index.total.value.max(r.index.share.high))
            .fold(0.05, f64::max)
            .min(1.5);
        let x = |v: f64| 330.0 + 500.0 * (v / most).clamp(0.0, 1.0);
        let bottom = 24.0 + 20.0 * self.rows.len() as f64;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 850 {}\" font-family=\"sans-serif\" font-size=\"12\">\n",
            bottom + 34.0
        );
        for tick in 0..=4 {
            let at = most * f64::from(tick) / 4.0;
            out.push_str(&format!(
                "<path d=\"M{0:.1} 14V{bottom}\" stroke=\"#ddd\"/><text x=\"{0:.1}\" y=\"{1}\" text-anchor=\"middle\">{2}</text>\n",
                x(at), bottom + 14.0, per_cent(at)
            ));
        }
        for (i, row) in self.rows.iter().enumerate() {
            let (y, Index { first, total, share }) = (28.0 + 20.0 * i as f64, &row.index);
            let short: String = if row.path.chars().count() > 48 {
                row.path.chars().take(47).chain(['…']).collect()
            } else {
                row.path.clone()
            };
            out.push_str(&format!(
                "<text x=\"322\" y=\"{}\" text-anchor=\"end\">{}</text><rect x=\"330\" y=\"{}\" width=\"{:.1}\" height=\"12\" fill=\"#9cc4e4\"/>\
                 <path d=\"M{:.1} {y}H{:.1}\" stroke=\"#0072b2\"/><circle cx=\"{:.1}\" cy=\"{y}\" r=\"3\" fill=\"#222\"/>\
                 <circle cx=\"{:.1}\" cy=\"{y}\" r=\"4\" fill=\"none\" stroke=\"#d55e00\"/>\n",
                y + 4.0, escape(&short), y - 6.0, x(share.value) - 330.0, x(share.low), x(share.high), x(first.value), x(total.value)
            ));
        }
        out.push_str(&format!(
            "<text x=\"330\" y=\"{}\">bar: Shapley share with its interval; dot: alone; ring: with all others</text></svg>\n",
            bottom + 30.0
        ));
        out
    }
}

/// A share in per cent, as precise as its size asks.
fn per_cent(x: f64) -> String {
    if !x.is_finite() {
        return "-".to_owned();
    }
    let x = 100.0 * x;
    match x.abs() {
        0.0..0.005 => "0%".to_owned(),
        0.005..10.0 => format!("{}%", number((x * 100.0).round() / 100.0)),
        _ => format!("{x:.0}%"),
    }
}

/// `indices.csv`.
fn table() -> Table<IndicesRow> {
    Table::<IndicesRow>::new("indices.csv", "What inputs explain of a number's variance, alone and together")
        .text("path", "The input, the inputs of a correlated set, or all others", |r| (&r.path).into())
        .text("grade", "How well it is founded: published, derived or judgement", |r| r.grade.into())
        .integer("inputs", "How many inputs it is", |r| r.inputs as u64)
        .boolean("others", "Whether it is all inputs that do not lead", |r| r.others)
        .number("first", "Share of the variance that would go if it alone were known", |r| {
            r.index.first.value
        })
        .number("first_se", "Standard error of it", |r| r.index.first.error)
        .number("total", "Share of the variance that would stay if all others were known", |r| {
            r.index.total.value
        })
        .number("total_se", "Standard error of it", |r| r.index.total.error)
        .number("shapley", "Its own part, and its part of what it does together with others", |r| {
            r.index.share.value
        })
        .number("shapley_se", "Standard error of it", |r| r.index.share.error)
}
