//! Chokepoints ranked: what a cell loses without each supplier, beside what structure says, and where the two disagree.

use super::columns::{Align, aligned};
use super::{OutputFormat, percent};
use crate::network::Structure;
use crate::results::table::{Table, TableText};
use serde_json::{Value as Json, json};

/// Rows in the table for people.
const SHOWN: usize = 25;
/// A loss below this is little, one above its tenfold is much \[1\].
const LITTLE: f64 = 0.02;

/// A supplier.
#[derive(Clone, Debug)]
pub struct RankingRow {
    /// `node`, or the kind of its edges.
    pub class: &'static str,
    /// Its name.
    pub name: String,
    /// Share lost when it is cut, with standard error \[1\].
    pub cut: (f64, f64),
    /// Share lost when it gives a tenth less, with standard error \[1\].
    pub tenth: (f64, f64),
    /// Structure of a node, and the share of the cell's labs that have no supply without it \[1\].
    pub structure: Option<(Structure, f64)>,
}

/// The ranking for one cell.
#[derive(Clone, Debug)]
pub struct Ranking {
    cell: String,
    from: String,
    draws: u64,
    rows: Vec<RankingRow>,
}

impl Ranking {
    /// Puts the largest loss first.
    pub fn new(cell: String, from: String, draws: u64, mut rows: Vec<RankingRow>) -> Self {
        rows.sort_by(|a, b| b.cut.0.total_cmp(&a.cut.0).then_with(|| a.name.cmp(&b.name)));
        Self { cell, from, draws, rows }
    }

    /// Rankings of several cells as text.
    pub fn render(all: &[Self], how: OutputFormat) -> String {
        match how {
            OutputFormat::Text => all.iter().map(Self::text).collect::<Vec<_>>().join("\n"),
            OutputFormat::Csv => table().csv(all.iter().flat_map(Self::placed)),
            OutputFormat::Json => format!("{:#}\n", all.iter().map(Self::json).collect::<Json>()),
        }
    }

    /// Rankings of several cells as a table.
    pub fn to_table(all: &[Self]) -> TableText {
        TableText::of(&table(), all.iter().flat_map(Self::placed))
    }

    /// Rows with their places: by what is lost, and by structure.
    fn placed(&self) -> impl Iterator<Item = PlacedRow<'_>> {
        let ranks = self.structural_ranks();
        let rows = self.rows.iter().zip(ranks).enumerate();
        rows.map(|(i, (row, structural))| PlacedRow { cell: &self.cell, rank: i + 1, structural, row })
    }

    /// Places of nodes by structure: whom they alone supply, then how many they dominate, then betweenness.
    fn structural_ranks(&self) -> Vec<Option<usize>> {
        let mut order: Vec<(usize, (Structure, f64))> =
            self.rows.iter().enumerate().filter_map(|(i, r)| Some((i, r.structure?))).collect();
        order.sort_by(|(a, (x, x_alone)), (b, (y, y_alone))| {
            let alone = y_alone.total_cmp(x_alone);
            alone
                .then(y.dominates.cmp(&x.dominates))
                .then(y.betweenness.total_cmp(&x.betweenness))
                .then(a.cmp(b))
        });
        let mut ranks = vec![None; self.rows.len()];
        order.iter().enumerate().for_each(|(rank, (i, _))| ranks[*i] = Some(rank + 1));
        ranks
    }

    fn text(&self) -> String {
        let mut lines = vec![
            ["", "cut", "10% less", "betweenness", "only supplier", "stops", "cuts off"]
                .map(str::to_owned)
                .to_vec(),
        ];
        let felt = |r: &&RankingRow| r.cut.0.abs() > 2.0 * r.cut.1 && r.cut.0.abs() >= 0.001;
        let shown: Vec<&RankingRow> = self.rows.iter().filter(felt).collect();
        for r in shown.iter().take(SHOWN) {
            let mut line = vec![named(r), share(r.cut), share(r.tenth)];
            if let Some((s, alone)) = r.structure {
                let (only, alone) = (percent(s.single_supplier), percent(alone));
                // A country is no link of the chain: what stands in it is.
                let place = r.name.starts_with("country.");
                line.extend(if place {
                    [String::new(), String::new()]
                } else {
                    [format!("{:.4}", s.betweenness), only]
                });
                line.extend([s.dominates.to_string(), alone]);
            }
            lines.push(line);
        }
        let mut text = format!(
            "What {} loses from {} on, if a supplier is cut or gives 10% less\n{} draws, each against itself; mean ± its standard error, by the simulation\n\n",
            self.cell, self.from, self.draws
        );
        text.push_str(&aligned(&lines, Align::Left));
        let rest = shown.len().saturating_sub(SHOWN);
        if rest > 0 {
            text.push_str(&format!("and {rest} more; --format csv has all\n"));
        }
        text + &self.disagreement()
    }

    /// Where structure and simulation disagree, in words.
    fn disagreement(&self) -> String {
        let nodes: Vec<(&RankingRow, Structure, f64)> = (self.rows.iter())
            .filter_map(|r| r.structure.map(|(s, alone)| (r, s, alone)))
            .filter(|(r, ..)| !r.name.starts_with("country."))
            .collect();
        let mut feared: Vec<_> =
            nodes.iter().filter(|(r, _, alone)| *alone > 0.0 && r.cut.0 < LITTLE).collect();
        feared.sort_by(|a, b| b.2.total_cmp(&a.2));
        let hidden: Vec<_> = nodes
            .iter()
            .filter(|(r, s, alone)| {
                *alone == 0.0 && s.dominates == 0 && r.cut.0 > 10.0 * LITTLE && r.cut.0 > 2.0 * r.cut.1
            })
            .collect();
        let mut text = String::new();
        let mut list = |title: &str, names: Vec<String>| {
            if !names.is_empty() {
                text.push_str(&format!("\n{title}: {}\n", names.join(", ")));
            }
        };
        let with = |r: &RankingRow| format!("{} ({})", r.name, percent_signed(r.cut.0));
        list(
            "Structure says that nothing goes without these, yet little is lost in time",
            feared.iter().take(8).map(|x| with(x.0)).collect(),
        );
        list(
            "Structure sees others in their place, yet much is lost",
            hidden.iter().take(8).map(|x| with(x.0)).collect(),
        );
        text
    }

    fn json(&self) -> Json {
        let table = table();
        let rows: Vec<Json> = self.placed().map(|row| table.json(&row)).collect();
        json!({ "cell": self.cell, "from": self.from, "draws": self.draws, "suppliers": rows })
    }
}

/// A supplier with its places in the ranking for a cell.
struct PlacedRow<'a> {
    cell: &'a str,
    /// Place by what is lost when it is cut, from 1.
    rank: usize,
    /// Place by structure, from 1.
    structural: Option<usize>,
    row: &'a RankingRow,
}

impl PlacedRow<'_> {
    fn structure(&self) -> Option<Structure> {
        self.row.structure.map(|s| s.0)
    }
}

/// The ranking as programs read it.
fn table<'a>() -> Table<PlacedRow<'a>> {
    Table::<PlacedRow<'a>>::new("ranking", "What a cell loses without each supplier")
        .text("cell", "The cell: actor/metric@quarter", |r| r.cell.into())
        .of_group()
        .text("class", "node, or the kind of the supplier's edges", |r| r.row.class.into())
        .text("name", "The supplier", |r| (&r.row.name).into())
        .integer("rank", "Place by the loss when it is cut", |r| r.rank as u64)
        .number("loss_cut", "Share lost when it is cut", |r| r.row.cut.0)
        .number("loss_cut_se", "Standard error of that share", |r| r.row.cut.1)
        .number("loss_tenth", "Share lost when it gives a tenth less", |r| r.row.tenth.0)
        .number("loss_tenth_se", "Standard error of that share", |r| r.row.tenth.1)
        .integer("rank_structural", "Place of a node by structure", |r| r.structural.map(|rank| rank as u64))
        .number("betweenness", "Betweenness of a node", |r| r.structure().map(|s| s.betweenness))
        .number("single_supplier_share", "Share of what it supplies that has no other supplier", |r| {
            r.structure().map(|s| s.single_supplier)
        })
        .integer("dominates", "Nodes that nothing reaches without it", |r| {
            r.structure().map(|s| s.dominates as u64)
        })
        .number("cuts_off", "Share of the cell's labs that have no supply without it", |r| {
            r.row.structure.map(|s| s.1)
        })
}

fn named(r: &RankingRow) -> String {
    if r.class == "node" { r.name.clone() } else { format!("{}: {}", r.class, r.name) }
}

fn percent_signed(x: f64) -> String {
    format!("{:.1}%", 100.0 * x)
}

fn share((mean, error): (f64, f64)) -> String {
    format!("{} ±{:.1}", percent_signed(mean), 100.0 * error)
}
