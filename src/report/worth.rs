//! What inputs are worth to who chooses among policies, as people read it: ranked, with errors, a floor, and how well each is founded.

use super::{OutputFormat, number, percent};
use crate::analysis::worth::Worth;
use crate::results::table::Table;
use crate::results::table::TableText;
use serde_json::json;

/// Inputs that are printed.
const SHOWN: usize = 15;

/// An input, or a group of them.
#[derive(Clone, Debug)]
pub struct WorthRow {
    /// Its path, or the pattern of the group.
    pub path: String,
    /// How well it is founded; of a group, if all of it is so.
    pub grade: &'static str,
    /// How many inputs it is.
    pub inputs: usize,
    /// What it is worth.
    pub worth: Worth,
}

/// What all inputs are worth.
#[derive(Clone, Debug)]
pub struct WorthReport {
    title: String,
    objective: String,
    unit: String,
    best: String,
    plans: usize,
    draws: usize,
    perfect: Worth,
    rows: Vec<WorthRow>,
}

impl WorthReport {
    /// Puts what is worth most first. `best` is the plan that is best on average, with the number of plans.
    pub fn new(
        title: String,
        (objective, unit): (String, String),
        (best, plans): (String, usize),
        draws: usize,
        perfect: Worth,
        mut rows: Vec<WorthRow>,
    ) -> Self {
        rows.sort_by(|a, b| {
            b.worth.value.value.total_cmp(&a.worth.value.value).then_with(|| a.path.cmp(&b.path))
        });
        Self { title, objective, unit, best, plans, draws, perfect, rows }
    }

    /// What inputs are worth, by path, from the one that is worth most on.
    pub fn rows(&self) -> &[WorthRow] {
        &self.rows
    }

    /// What it is worth to know everything.
    pub fn perfect(&self) -> &Worth {
        &self.perfect
    }

    /// Printed.
    pub fn render(&self, how: OutputFormat) -> String {
        match how {
            OutputFormat::Text => self.text(),
            OutputFormat::Csv => table().csv(self.rows.iter()),
            OutputFormat::Json => self.json(),
        }
    }

    fn text(&self) -> String {
        let unit = if self.unit == "1" { String::new() } else { format!(" {}", self.unit) };
        let mut text = format!(
            "{}\n{} draws, the same under each of {} policies; {}\n\nWithout knowing more: {}. What it is worth to know before choosing [{}]; ± is half the 95% interval, by the simulation's error:\n",
            self.title, self.draws, self.plans, self.objective, self.best, self.unit
        );
        let line = |name: &str, worth: &Worth, grade: &str| {
            let value = format!("{} ±{}", number(worth.value.value), number(worth.value.half()));
            let switches = percent(worth.switches);
            format!("   {value:>22}  {switches:>5}  {grade:<10} {name}").trim_end().to_owned() + "\n"
        };
        text.push_str("                    worth  other policy in  grade\n");
        text.push_str(&line("everything", &self.perfect, ""));
        let above: Vec<&WorthRow> =
            self.rows.iter().filter(|r| r.worth.value.value > r.worth.floor).collect();
        for row in above.iter().take(SHOWN) {
            text.push_str(&line(&row.path, &row.worth, row.grade));
        }
        if self.perfect.value.value == 0.0 {
            text.push_str(&format!("\n{} is best in every draw: there is nothing to learn.\n", self.best));
        } else if above.is_empty() {
            text.push_str("\nno input alone stands above the floor: none of them, learnt alone, would change the choice for the better\n");
        } else {
            let judged = above.iter().find(|r| r.grade == "judgement");
            if let Some(row) = judged {
                text.push_str(&format!(
                    "\nworth most of what is only judged: {}, {}{unit}\n",
                    row.path,
                    number(row.worth.value.value)
                ));
            }
            let rest = self.rows.len() - above.len();
            text.push_str(&format!("{rest} others cannot be told from inputs that are worth nothing\n"));
        }
        text
    }

    /// The ranking as a table.
    pub fn to_table(&self) -> TableText {
        TableText::of(&table(), self.rows.iter())
    }

    fn json(&self) -> String {
        let finite = |x: f64| x.is_finite().then_some(x);
        let worth = |w: &Worth| {
            json!({
                "worth": w.value.value, "half_width": finite(w.value.half()), "floor": finite(w.floor), "switches": w.switches,
            })
        };
        let row = |r: &WorthRow| {
            let mut all = worth(&r.worth);
            all["path"] = json!(r.path);
            all["grade"] = json!(r.grade);
            all["inputs"] = json!(r.inputs);
            all
        };
        let whole = json!({
            "title": self.title, "draws": self.draws, "objective": self.objective, "unit": self.unit,
            "best": self.best, "everything": worth(&self.perfect), "inputs": self.rows.iter().map(row).collect::<Vec<_>>(),
        });
        format!("{whole:#}\n")
    }
}

/// The ranking as programs read it.
fn table() -> Table<WorthRow> {
    Table::<WorthRow>::new("worth", "What learning each input before choosing is worth, most first")
        .text("path", "The input, or the pattern of a group", |r| (&r.path).into())
        .text("grade", "How well it is founded: published, derived or judgement", |r| r.grade.into())
        .integer("inputs", "How many inputs it is", |r| r.inputs as u64)
        .number("worth", "Gain of choosing by it over choosing without, in the objective's unit", |r| {
            r.worth.value.value
        })
        .number("worth_se", "Standard error of it", |r| r.worth.value.error)
        .number("floor", "What one or other input of no worth reaches by chance", |r| r.worth.floor)
        .number("switches", "Share of draws in which another policy is chosen", |r| r.worth.switches)
}
