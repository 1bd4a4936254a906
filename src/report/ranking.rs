//! Chokepoints ranked: what a cell loses without each supplier, beside what structure says, and where the two disagree.

use super::{Table, percent};
use crate::network::Structure;
use crate::results::{float, quoted};
use serde_json::json;

/// Rows in the table for people.
const SHOWN: usize = 25;
/// A loss below this is little, one above its tenfold is much [1].
const LITTLE: f64 = 0.02;

/// A supplier.
#[derive(Clone, Debug)]
pub struct RankingRow {
    /// `node`, or the kind of its edges.
    pub class: &'static str,
    /// Its name.
    pub name: String,
    /// Share lost when it is cut, with standard error [1].
    pub cut: (f64, f64),
    /// Share lost when it gives a tenth less, with standard error [1].
    pub tenth: (f64, f64),
    /// Structure of a node, and the share of the cell's labs that have no supply without it [1].
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
    pub fn render(all: &[Self], how: Table) -> String {
        match how {
            Table::Text => all.iter().map(Self::text).collect::<Vec<_>>().join("\n"),
            Table::Csv => csv(all),
            Table::Json => {
                serde_json::to_string_pretty(&all.iter().map(Self::json).collect::<Vec<_>>())
                    .unwrap_or_default()
                    + "\n"
            }
        }
    }

    /// Places of nodes by structure: whom they alone supply, then how many they dominate, then betweenness.
    fn structural_ranks(&self) -> Vec<Option<usize>> {
        let key = |r: &RankingRow| r.structure.map(|(s, alone)| (alone, s.dominates, s.betweenness));
        let mut order: Vec<usize> =
            (0..self.rows.len()).filter(|&i| self.rows[i].structure.is_some()).collect();
        order.sort_by(|&a, &b| {
            let (x, y) = (key(&self.rows[a]).unwrap_or_default(), key(&self.rows[b]).unwrap_or_default());
            y.0.total_cmp(&x.0).then(y.1.cmp(&x.1)).then(y.2.total_cmp(&x.2)).then(a.cmp(&b))
        });
        let mut ranks = vec![None; self.rows.len()];
        order.iter().enumerate().for_each(|(rank, &i)| ranks[i] = Some(rank + 1));
        ranks
    }

    fn text(&self) -> String {
        let mut lines = vec![
            ["", "cut", "10 % less", "betweenness", "only supplier", "stops", "cuts off"]
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
                let link = if place {
                    [String::new(), String::new()]
                } else {
                    [format!("{:.4}", s.betweenness), only]
                };
                line.extend(link);
                line.extend([s.dominates.to_string(), alone]);
            }
            lines.push(line);
        }
        let mut text = format!(
            "What {} loses from {} on, if a supplier is cut or gives 10 % less\n{} draws, each against itself; mean ± standard error\n\n",
            self.cell, self.from, self.draws
        );
        text.push_str(&aligned(&lines));
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

    fn json(&self) -> serde_json::Value {
        let ranks = self.structural_ranks();
        let row = |(i, r): (usize, &RankingRow)| {
            json!({
                "class": r.class, "name": r.name, "rank": i + 1, "rank_structural": ranks[i],
                "loss_cut": r.cut.0, "loss_cut_se": r.cut.1, "loss_tenth": r.tenth.0, "loss_tenth_se": r.tenth.1,
                "betweenness": r.structure.map(|s| s.0.betweenness),
                "single_supplier_share": r.structure.map(|s| s.0.single_supplier),
                "dominates": r.structure.map(|s| s.0.dominates), "cuts_off": r.structure.map(|s| s.1),
            })
        };
        let rows: Vec<_> = self.rows.iter().enumerate().map(row).collect();
        json!({ "cell": self.cell, "from": self.from, "draws": self.draws, "suppliers": rows })
    }
}

fn csv(all: &[Ranking]) -> String {
    let mut text = "cell,class,name,rank,loss_cut,loss_cut_se,loss_tenth,loss_tenth_se,rank_structural,betweenness,single_supplier_share,dominates,cuts_off\n".to_owned();
    for ranking in all {
        let ranks = ranking.structural_ranks();
        for (i, r) in ranking.rows.iter().enumerate() {
            quoted(&mut text, &ranking.cell);
            text.push_str(&format!(",{},", r.class));
            quoted(&mut text, &r.name);
            let rank = ranks[i].map_or(f64::NAN, |x| x as f64);
            let s =
                r.structure.map(|(s, alone)| [s.betweenness, s.single_supplier, s.dominates as f64, alone]);
            let numbers = [(i + 1) as f64, r.cut.0, r.cut.1, r.tenth.0, r.tenth.1, rank];
            for x in numbers.into_iter().chain(s.unwrap_or([f64::NAN; 4])) {
                text.push(',');
                float(&mut text, x);
            }
            text.push('\n');
        }
    }
    text
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

/// Lines of cells, each column as wide as its widest.
fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |i: usize| lines.iter().filter_map(|l| l.get(i)).map(|c| c.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in lines {
        let cells: Vec<String> = line.iter().zip(&widths).map(|(c, w)| format!("{c:<w$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}
