//! What a run was about, as tables: every assumption, every rule, the supply graph, and a year's flows from fab to country.

use super::page;
use crate::model::time::Date;
use crate::model::{Dated, GoodId, GoodKind, Grade, Model, Point, Quantity, Shape, Status, Subject};
use crate::network::{Edge, Network, Node};
use crate::random::Distribution;
use crate::results::tables::{Column, Row};
use std::collections::BTreeMap;

/// Probabilities of the quantiles of an assumption.
const LEVELS: [f64; 9] = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];

/// Columns of `quantities.csv`.
pub const QUANTITIES: [Column; 18] = [
    ("path", "string", "Path of the quantity"),
    ("date", "string", "Of a dated series: the point's day; empty otherwise"),
    ("written", "string", "As the scenario writes it, in `written_unit`"),
    ("written_unit", "string", "Unit in which it is written; empty: the unit of the quantiles"),
    ("unit", "string", "Unit of the quantiles"),
    ("p01", "number", "1 % quantile"),
    ("p05", "number", "5 % quantile"),
    ("p10", "number", "10 % quantile"),
    ("p25", "number", "25 % quantile"),
    ("p50", "number", "Median"),
    ("p75", "number", "75 % quantile"),
    ("p90", "number", "90 % quantile"),
    ("p95", "number", "95 % quantile"),
    ("p99", "number", "99 % quantile"),
    ("grade", "string", "published, derived or judgement; empty where nobody says"),
    ("source", "string", "Who says so"),
    ("note", "string", "Anything else about it"),
    ("edited_by", "string", "Policies, edits or --set that touched it"),
];

/// Columns of `rules.csv`.
pub const RULES: [Column; 9] = [
    ("rule", "string", "The rule: rule.id"),
    ("title", "string", "What it is called"),
    ("issuer", "string", "Country that issues it"),
    ("subject", "string", "What it acts on"),
    ("effect", "string", "The status that it requires, or to which it eases other rules"),
    ("announced", "string", "Day from which people act on it; empty: its effective day"),
    ("effective", "string", "First day on which it holds; empty: only a shock puts it in force"),
    ("until", "string", "First day on which it holds no more; empty: no end"),
    ("source", "string", "Where it is published"),
];

/// Columns of `nodes.csv`.
pub const NODES: [Column; 4] = [
    ("node", "string", "The node: kind.id"),
    ("kind", "string", "tool, facility, good, designer, chip, stockpile, buyer, route, lab or country"),
    ("country", "string", "Where it stands; empty where nothing says"),
    ("unit", "string", "Of goods and facilities: what is counted"),
];

/// Columns of `edges.csv`.
pub const EDGES: [Column; 3] = [
    ("from", "string", "The node from which things flow"),
    ("to", "string", "The node to which they flow"),
    ("kind", "string", "equips, makes, feeds, designs, claims, sells, diverts, owns, rents or contains"),
];

/// Columns of `yearly_flows.csv`.
pub const YEARLY_FLOWS: [Column; 8] = [
    ("policy", "string", "Stem of the policy; base: the scenario as it stands"),
    ("stage", "string", "made (process to chip) or sold (chip to country)"),
    ("from", "string", "Where it comes from: a facility, or a good that several facilities make; a chip"),
    ("to", "string", "Where it goes: a chip; a country"),
    ("channel", "string", "legal, licensed or smuggled"),
    ("year", "string", "Calendar year"),
    ("unit", "string", "Unit of the amounts"),
    ("mean", "number", "Mean over draws of the year's sum; a chip counts as made when it is sold"),
];

/// Rows of `quantities.csv`: a row a quantity, of a dated series a row a point.
pub fn quantities(model: &Model) -> String {
    let mut text = String::new();
    for quantity in &model.quantities {
        match &quantity.shape {
            Shape::Fixed(x) => quantity_row(&mut text, quantity, "", &Distribution::fixed(*x)),
            Shape::Uncertain(d) => quantity_row(&mut text, quantity, "", d),
            Shape::Dated(dated) => dated_rows(&mut text, model, quantity, dated),
        }
    }
    text
}

fn dated_rows(text: &mut String, model: &Model, quantity: &Quantity, dated: &Dated) {
    for (since, point) in &dated.points {
        // Points that have a quantity of their own have a row of their own.
        if let Point::Shared(d) = point {
            let day = Date(f64::from(model.run.horizon.first.0) + since).day();
            quantity_row(text, quantity, &day, d);
        }
    }
}

fn quantity_row(text: &mut String, quantity: &Quantity, day: &str, distribution: &Distribution) {
    let p = &quantity.provenance;
    let grade = p.grade.map_or("", |g| match g {
        Grade::Published => "published",
        Grade::Derived => "derived",
        Grade::Judgement => "judgement",
    });
    let mut row = Row::new(text);
    row.text(&quantity.path).text(day).text(&p.written).text(&p.unit).text(&quantity.unit);
    for level in LEVELS {
        row.number(distribution.quantile(level));
    }
    row.text(grade).text(&p.source).text(&p.note).text(&quantity.edited_by.join(" ")).end();
}

/// Rows of `rules.csv`.
pub fn rules(model: &Model) -> String {
    let mut text = String::new();
    let day = |date: Option<Date>| date.map_or_else(String::new, Date::day);
    for rule in &model.rules {
        let effect = match (rule.requires, rule.eased_to) {
            (Some(status), _) => status_name(status).to_owned(),
            (None, Some(status)) => format!("eased to {}", status_name(status)),
            (None, None) => String::new(),
        };
        let subject = match rule.subject {
            Subject::Chips => "chips",
            Subject::Goods => "goods",
            Subject::Tools => "tools",
            Subject::Servicing => "servicing",
            Subject::Foundry => "foundry",
            Subject::RemoteAccess => "remote-access",
        };
        let mut row = Row::new(&mut text);
        row.text(&format!("rule.{}", rule.id)).text(&rule.title);
        row.text(&model.countries[rule.issuer.index()].id).text(subject).text(&effect);
        row.text(&day(rule.announced)).text(&day(rule.effective)).text(&day(rule.until));
        row.text(&rule.source).end();
    }
    text
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Free => "free",
        Status::Notify => "notify",
        Status::LicensePresumedApproved => "license-presumed-approved",
        Status::LicenseCaseByCase => "license-case-by-case",
        Status::License => "license",
        Status::Denied => "denied",
    }
}

/// A node as tables name it, with its kind, country and unit.
fn node_parts(model: &Model, node: Node) -> [String; 4] {
    let country = |i: usize| model.countries[i].id.clone();
    let (kind, id, place, unit) = match node {
        Node::Country(i) => ("country", &model.countries[i.index()].id, country(i.index()), String::new()),
        Node::Tool(i) => ("tool", &model.tools[i.index()].id, String::new(), String::new()),
        Node::Good(i) => {
            let good = &model.goods[i.index()];
            ("good", &good.id, String::new(), good.unit.clone())
        }
        Node::Facility(i) => {
            let f = &model.facilities[i.index()];
            ("facility", &f.id, country(f.country.index()), model.goods[f.good.index()].unit.clone())
        }
        Node::Designer(i) => {
            let d = &model.designers[i.index()];
            ("designer", &d.id, country(d.country.index()), String::new())
        }
        Node::Chip(i) => {
            let chip = &model.chips[i.index()];
            let home = model.designers[chip.designer.index()].country;
            ("chip", &chip.id, country(home.index()), String::new())
        }
        Node::Stockpile(i) => {
            let stock = &model.stockpiles[i.index()];
            let home = model.designers[stock.designer.index()].country;
            ("stockpile", &stock.id, country(home.index()), String::new())
        }
        Node::Buyer(i) => {
            let b = &model.buyers[i.index()];
            ("buyer", &b.id, country(b.country.index()), String::new())
        }
        Node::Route(i) => {
            let r = &model.routes[i.index()];
            ("route", &r.id, country(r.via.index()), String::new())
        }
        Node::Lab(i) => {
            let l = &model.labs[i.index()];
            ("lab", &l.id, country(l.country.index()), String::new())
        }
    };
    [format!("{kind}.{id}"), kind.to_owned(), place, unit]
}

/// Rows of `nodes.csv`.
pub fn nodes(model: &Model, network: &Network) -> String {
    let mut text = String::new();
    for node in network.graph.node_weights() {
        let mut row = Row::new(&mut text);
        for part in node_parts(model, *node) {
            row.text(&part);
        }
        row.end();
    }
    text
}

/// Rows of `edges.csv`.
pub fn edges(model: &Model, network: &Network) -> String {
    let mut text = String::new();
    for edge in network.graph.edge_indices() {
        let Some((from, to)) = network.graph.edge_endpoints(edge) else { continue };
        let kind = match network.graph[edge] {
            Edge::Equips => "equips",
            Edge::Makes => "makes",
            Edge::Feeds => "feeds",
            Edge::Designs => "designs",
            Edge::Claims => "claims",
            Edge::Commits => "commits",
            Edge::Sells => "sells",
            Edge::Diverts => "diverts",
            Edge::Owns => "owns",
            Edge::Rents => "rents",
            Edge::Contains => "contains",
        };
        let [from, ..] = node_parts(model, network.graph[from]);
        let [to, ..] = node_parts(model, network.graph[to]);
        Row::new(&mut text).text(&from).text(&to).text(kind).end();
    }
    text
}

/// What makes each chip's logic, by the chip's actor: the facility of its wafers, or the good where several make it.
pub fn makers(model: &Model) -> BTreeMap<String, String> {
    let wafers = |g: &GoodId| model.goods[g.index()].kind == GoodKind::Wafer;
    let of = |good: GoodId| {
        let mut at = model.facilities.iter().filter(|f| f.good == good);
        match (at.next(), at.next()) {
            (Some(only), None) => format!("facility.{}", only.id),
            _ => format!("good.{}", model.goods[good.index()].id),
        }
    };
    let chips = model.chips.iter();
    chips
        .filter_map(|c| Some((format!("chip.{}", c.id), of(*c.recipe.keys().find(|g| wafers(g))?))))
        .collect()
}

/// Rows of `yearly_flows.csv` from `flows.csv`: sums of means over each year's quarters, in the order of its rows.
pub fn yearly_flows(flows: &page::Table, makers: &BTreeMap<String, String>) -> String {
    // By policy and year, then chip, country and channel, so that rows have an order of their own.
    let mut sold: BTreeMap<[&str; 5], f64> = BTreeMap::new();
    let mut made: BTreeMap<[&str; 3], f64> = BTreeMap::new();
    let chips = (0..flows.rows.len()).filter(|&r| flows.text(r, "item").starts_with("chip."));
    for r in chips {
        let mean = flows.number(r, "mean").unwrap_or(0.0);
        let of = |column: &str| flows.text(r, column);
        let year = of("quarter").get(..4).unwrap_or_default();
        *sold.entry([of("policy"), year, of("item"), of("to"), of("channel")]).or_default() += mean;
        *made.entry([of("policy"), year, of("item")]).or_default() += mean;
    }
    let mut text = String::new();
    for ([policy, year, chip], mean) in made {
        if let Some(from) = makers.get(chip) {
            let mut row = Row::new(&mut text);
            row.text(policy).text("made").text(from).text(chip).text("legal").text(year);
            row.text("chips").number(mean).end();
        }
    }
    for ([policy, year, chip, to, channel], mean) in sold {
        let mut row = Row::new(&mut text);
        row.text(policy).text("sold").text(chip).text(to).text(channel).text(year);
        row.text("chips").number(mean).end();
    }
    text
}
