//! The front of a search over levers, as people read it: a table, and a page with a picture.

use super::{OutputFormat, number, percent};
use crate::analysis::Objective;
use crate::results::Interval;
use crate::results::table::{Table, TableText};
use serde_json::json;

/// Points that are printed.
const SHOWN: usize = 20;

/// A point that had all draws.
#[derive(Clone, Debug)]
pub struct SearchPoint {
    /// Its levels as written, by lever; of the scenario as it stands each is empty.
    pub levels: Vec<String>,
    /// Whether no other point dominates it by means.
    pub front: bool,
    /// Share of replicates in which none does \[1\].
    pub often: f64,
    /// Draws.
    pub draws: u64,
    /// By objective: its mean, and the mean difference from the scenario as it stands, in the objective's unit.
    pub values: Vec<[Interval; 2]>,
}

/// What a search has found.
#[derive(Clone, Debug)]
pub struct SearchReport {
    title: String,
    levers: Vec<String>,
    /// With their units.
    objectives: Vec<(Objective, String)>,
    /// Rounds, points that were tried in them, and draws that all of these took.
    effort: (u64, u64, u64),
    base: SearchPoint,
    points: Vec<SearchPoint>,
}

impl SearchReport {
    /// Puts the front first, by the first objective.
    pub fn new(
        title: String,
        levers: Vec<String>,
        objectives: Vec<(Objective, String)>,
        effort: (u64, u64, u64),
        base: SearchPoint,
        mut points: Vec<SearchPoint>,
    ) -> Self {
        let sign = objectives.first().map_or(1.0, |(o, _)| o.sense.sign());
        let first = |p: &SearchPoint| p.values.first().map_or(0.0, |v| sign * v[0].value);
        points.sort_by(|a, b| {
            b.front.cmp(&a.front).then(first(a).total_cmp(&first(b))).then(a.levels.cmp(&b.levels))
        });
        Self { title, levers, objectives, effort, base, points }
    }

    /// Points that had all draws, those that none dominates first.
    pub fn points(&self) -> &[SearchPoint] {
        &self.points
    }

    /// The scenario as it stands.
    pub fn base(&self) -> &SearchPoint {
        &self.base
    }

    fn all(&self) -> impl Iterator<Item = &SearchPoint> {
        std::iter::once(&self.base).chain(&self.points)
    }

    /// Printed.
    pub fn render(&self, how: OutputFormat) -> String {
        match how {
            OutputFormat::Text => self.text(),
            OutputFormat::Csv => self.to_table().text,
            OutputFormat::Json => self.json(),
        }
    }

    /// `front.csv`: the scenario as it stands, then all points that had all draws.
    pub fn to_table(&self) -> TableText {
        TableText::of(&table(&self.levers, &self.objectives), self.all())
    }

    fn what(&self) -> String {
        let (rounds, tried, draws) = self.effort;
        format!(
            "{rounds} rounds, {tried} points tried, {} of them on all {} draws; {draws} draws in all",
            self.points.len(),
            self.base.draws
        )
    }

    /// A point's name: its levels.
    fn name(&self, point: &SearchPoint) -> String {
        if point.levels.iter().all(String::is_empty) {
            return "the scenario as it stands".to_owned();
        }
        let level = |(path, level): (&String, &String)| format!("{path}={level}");
        self.levers.iter().zip(&point.levels).map(level).collect::<Vec<_>>().join("  ")
    }

    fn text(&self) -> String {
        let mut text = format!("{}\n{}\n\n", self.title, self.what());
        for (i, (objective, unit)) in self.objectives.iter().enumerate() {
            text.push_str(&format!("   {}: {} {} [{unit}]\n", i + 1, objective.sense, objective.cell));
        }
        text.push_str("\nNo other point is at least as good in all and better in one; ± is half the 95% interval of the mean, by the simulation's error; in how many of eight replicates that is so:\n\n");
        let line = |p: &SearchPoint| {
            let values: Vec<String> = p
                .values
                .iter()
                .map(|v| format!("{:>18}", format!("{} ±{}", number(v[0].value), number(v[0].half()))))
                .collect();
            format!("   {}  {:>5}  {}\n", values.join("  "), percent(p.often), self.name(p))
        };
        let front: Vec<&SearchPoint> = self.points.iter().filter(|p| p.front).collect();
        front.iter().take(SHOWN).for_each(|p| text.push_str(&line(p)));
        if front.len() > SHOWN {
            text.push_str(&format!("   and {} more\n", front.len() - SHOWN));
        }
        text.push('\n');
        text.push_str(&line(&self.base));
        text.push_str(if self.base.front {
            "   which none of them dominates\n"
        } else {
            "   which some point dominates\n"
        });
        text
    }

    fn json(&self) -> String {
        let finite = |x: f64| x.is_finite().then_some(x);
        let interval = |i: &Interval| json!({ "mean": finite(i.value), "se": finite(i.error) });
        let point = |p: &SearchPoint| {
            let levels: serde_json::Map<String, serde_json::Value> =
                self.levers.iter().cloned().zip(p.levels.iter().map(|l| json!(l))).collect();
            json!({
                "levels": levels, "front": p.front, "replicates": p.often, "draws": p.draws,
                "objectives": p.values.iter().map(|v| interval(&v[0])).collect::<Vec<_>>(),
                "differences": p.values.iter().map(|v| interval(&v[1])).collect::<Vec<_>>(),
            })
        };
        let objective = |(o, unit): &(Objective, String)| json!({ "goal": format!("{} {}", o.sense, o.cell), "unit": unit });
        let whole = json!({
            "title": self.title, "objectives": self.objectives.iter().map(objective).collect::<Vec<_>>(),
            "rounds": self.effort.0, "tried": self.effort.1, "draws": self.effort.2,
            "base": point(&self.base), "points": self.points.iter().map(point).collect::<Vec<_>>(),
        });
        format!("{whole:#}\n")
    }

    /// A page of its own, with nothing from elsewhere: the picture and the table.
    pub fn page(&self) -> String {
        let escape = |s: &str| s.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let head = self.levers.iter().map(|l| format!("<th>{}</th>", escape(l))).collect::<Vec<_>>().concat();
        let goals = self
            .objectives
            .iter()
            .map(|(o, unit)| format!("<th>{} {} [{}]</th>", o.sense, escape(&o.cell), escape(unit)))
            .collect::<Vec<_>>()
            .concat();
        let row = |p: &SearchPoint| {
            let levels =
                p.levels.iter().map(|l| format!("<td>{}</td>", escape(l))).collect::<Vec<_>>().concat();
            let values = p
                .values
                .iter()
                .map(|v| format!("<td>{} ± {}</td>", number(v[0].value), number(v[0].half())))
                .collect::<Vec<_>>()
                .concat();
            let name = if p.levels.iter().all(String::is_empty) { "as it stands" } else { "" };
            format!("<tr><th>{name}</th>{levels}{values}<td>{}</td></tr>\n", percent(p.often))
        };
        let rows: String =
            std::iter::once(&self.base).chain(self.points.iter().filter(|p| p.front)).map(row).collect();
        let title = escape(&self.title);
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}: front</title>\n\
             <style>body{{font:15px/1.45 sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}}\
             svg{{max-width:100%}}table{{border-collapse:collapse;font-variant-numeric:tabular-nums}}\
             th,td{{text-align:right;padding:.2rem .7rem;border-bottom:1px solid #ddd;font-weight:normal}}</style></head><body>\n\
             <h1>{title}</h1>\n<p>{}. Points that no other dominates: at least as good in all objectives and better in one, by means over the same draws.</p>\n{}\
             <table><thead><tr><th></th>{head}{goals}<th>on the front in</th></tr></thead><tbody>\n{rows}</tbody></table>\n\
             <p>± is half the 95% interval of the mean, by the simulation's error; the last column is the share of eight replicates in which none dominates the point.</p>\n</body></html>\n",
            self.what(),
            self.svg()
        )
    }

    /// A picture: all points by the first two objectives, the front filled, the scenario as it stands as a square; of one objective nothing.
    fn svg(&self) -> String {
        if self.objectives.len() < 2 {
            return String::new();
        }
        let ends = |o: usize| {
            let all = || self.all().map(|p| p.values[o][0].value).filter(|v| v.is_finite());
            let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
            if high > low { (low, high) } else { (low - 0.5, low + 0.5) }
        };
        let (across, up) = (ends(0), ends(1));
        let x = |v: f64| 90.0 + 560.0 * (v - across.0) / (across.1 - across.0);
        let y = |v: f64| 350.0 - 310.0 * (v - up.0) / (up.1 - up.0);
        let escape = |s: &str| s.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let label = |o: usize| {
            let (objective, unit) = &self.objectives[o];
            escape(&format!("{} {} [{unit}]", objective.sense, objective.cell))
        };
        let mut out = String::from(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 700 410\" font-family=\"sans-serif\" font-size=\"12\">\n",
        );
        for tick in 0..=4 {
            let share = f64::from(tick) / 4.0;
            let (vx, vy) = (across.0 + share * (across.1 - across.0), up.0 + share * (up.1 - up.0));
            out.push_str(&format!(
                "<path d=\"M{0:.1} 40V350M90 {1:.1}H650\" stroke=\"#ddd\"/><text x=\"{0:.1}\" y=\"368\" text-anchor=\"middle\">{2}</text>\
                 <text x=\"82\" y=\"{3:.1}\" text-anchor=\"end\">{4}</text>\n",
                x(vx), y(vy), number(vx), y(vy) + 4.0, number(vy)
            ));
        }
        out.push_str(&format!(
            "<text x=\"370\" y=\"394\" text-anchor=\"middle\">{}</text><text x=\"90\" y=\"24\">{}</text>\n",
            label(0),
            label(1)
        ));
        for p in self.points.iter().rev() {
            let (a, b) = (&p.values[0][0], &p.values[1][0]);
            let fill = if p.front { "#0072b2" } else { "none" };
            if p.front {
                out.push_str(&format!(
                    "<path d=\"M{:.1} {cy:.1}H{:.1}M{cx:.1} {:.1}V{:.1}\" stroke=\"#0072b2\" opacity=\"0.5\"/>",
                    x(a.low), x(a.high), y(b.low), y(b.high), cx = x(a.value), cy = y(b.value)
                ));
            }
            out.push_str(&format!(
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"{fill}\" stroke=\"#0072b2\"/>\n",
                x(a.value),
                y(b.value)
            ));
        }
        let (a, b) = (x(self.base.values[0][0].value), y(self.base.values[1][0].value));
        out.push_str(&format!(
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"9\" height=\"9\" fill=\"#d55e00\"/></svg>\n",
            a - 4.5,
            b - 4.5
        ));
        out
    }
}

/// `front.csv`: columns for levers and objectives.
fn table(levers: &[String], objectives: &[(Objective, String)]) -> Table<SearchPoint> {
    let level = "Level as written; empty for the scenario as it stands";
    let mut table =
        Table::<SearchPoint>::new("front.csv", "Points that had all draws, the scenario as it stands first")
            .boolean("front", "Whether no other point dominates it by means", |p| p.front)
            .number("replicates", "Share of replicates in which none does", |p| p.often)
            .integer("draws", "Draws", |p| p.draws);
    for (i, path) in levers.iter().enumerate() {
        table = table.text(path.clone(), level, move |p| (&p.levels[i]).into());
    }
    for (i, (objective, unit)) in objectives.iter().enumerate() {
        let name = |what: &str| format!("{}{what}", objective.cell);
        let difference = "Mean difference from the scenario as it stands, on the same draws";
        table = table
            .number(name(""), "Mean over draws", move |p| p.values[i][0].value)
            .in_unit(unit.clone())
            .number(name(" se"), "Standard error of it", move |p| p.values[i][0].error)
            .in_unit(unit.clone())
            .number(name(" difference"), difference, move |p| p.values[i][1].value)
            .in_unit(unit.clone())
            .number(name(" difference_se"), "Standard error of it", move |p| p.values[i][1].error)
            .in_unit(unit.clone());
    }
    table
}
