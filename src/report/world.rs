//! The tables that say what a run was about: every assumption, every rule, the supply graph, and a year's flows from fab to country.

use crate::model::time::Date;
use crate::model::{Dated, GoodId, GoodKind, Grade, Model, Point, Quantity, Rule, Shape};
use crate::network::{Edge, Network, Node};
use crate::random::Distribution;
use crate::results::table::{Table, TableText};
use crate::results::tables::FlowRow;
use petgraph::visit::EdgeRef;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Probabilities of the quantiles of an assumption.
const LEVELS: [f64; 9] = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99];

/// What a scenario is about, in the order of the run's folder: every study writes these.
pub fn tables(model: &Model, network: &Network) -> Vec<TableText> {
    let nodes = network.graph.node_weights().map(|&node| NodeRow { model, node });
    let edges = network.graph.edge_references().map(|e| EdgeRow {
        model,
        from: network.graph[e.source()],
        to: network.graph[e.target()],
        edge: *e.weight(),
    });
    vec![
        TableText::of(&quantities(), quantity_rows(model)),
        TableText::of(&rules(), model.rules.iter().map(|rule| RuleRow { model, rule })),
        TableText::of(&self::nodes(), nodes),
        TableText::of(&self::edges(), edges),
    ]
}

/// A quantity, or a point of a dated one.
#[derive(Clone, Debug)]
pub struct QuantityRow<'a> {
    quantity: &'a Quantity,
    /// The point's day; empty of a quantity without dates.
    day: String,
    /// Quantiles at `LEVELS`.
    quantiles: [f64; 9],
}

/// `quantities.csv`.
pub fn quantities<'a>() -> Table<QuantityRow<'a>> {
    Table::<QuantityRow<'a>>::new("quantities.csv", "What went in: every number")
        .text("path", "Path of the quantity", |r| (&r.quantity.path).into())
        .text("date", "Of a dated series: the point's day; empty otherwise", |r| (&r.day).into())
        .text("written", "As the scenario writes it, in `written_unit`", |r| {
            (&r.quantity.provenance.written).into()
        })
        .text("written_unit", "Unit in which it is written; empty: the unit of the quantiles", |r| {
            (&r.quantity.provenance.unit).into()
        })
        .text("unit", "Unit of the quantiles", |r| (&r.quantity.unit).into())
        .number("p01", "1% quantile", |r| r.quantiles[0])
        .number("p05", "5% quantile", |r| r.quantiles[1])
        .number("p10", "10% quantile", |r| r.quantiles[2])
        .number("p25", "25% quantile", |r| r.quantiles[3])
        .number("p50", "Median", |r| r.quantiles[4])
        .number("p75", "75% quantile", |r| r.quantiles[5])
        .number("p90", "90% quantile", |r| r.quantiles[6])
        .number("p95", "95% quantile", |r| r.quantiles[7])
        .number("p99", "99% quantile", |r| r.quantiles[8])
        .text("grade", "published, derived or judgement; empty where nobody says", |r| {
            r.quantity.provenance.grade.map_or("", Grade::name).into()
        })
        .text("source", "Who says so", |r| (&r.quantity.provenance.source).into())
        .text("note", "Anything else about it", |r| (&r.quantity.provenance.note).into())
        .text("edited_by", "Policies, edits or --set that touched it", |r| {
            r.quantity.edited_by.join(" ").into()
        })
        .whole_on_page()
}

/// A row a quantity, of a dated series a row a point.
fn quantity_rows<'m>(model: &'m Model) -> impl Iterator<Item = QuantityRow<'m>> {
    let row = |quantity: &'m Quantity, day, distribution: &Distribution| QuantityRow {
        quantity,
        day,
        quantiles: LEVELS.map(|p| distribution.quantile(p)),
    };
    let rows = move |quantity: &'m Arc<Quantity>| match &quantity.shape {
        Shape::Fixed(x) => vec![row(quantity, String::new(), &Distribution::fixed(*x))],
        Shape::Uncertain(d) => vec![row(quantity, String::new(), d)],
        Shape::Dated(Dated { points, .. }) => {
            // Points that have a quantity of their own have a row of their own.
            let shared = points.iter().filter_map(|(since, point)| match point {
                Point::Shared(d) => Some((since, d)),
                Point::Own(_) => None,
            });
            let day = |since: &f64| Date(f64::from(model.run.horizon.first.0) + since).day();
            shared.map(|(since, d)| row(quantity, day(since), d)).collect()
        }
    };
    model.quantities.iter().flat_map(rows)
}

/// A rule.
#[derive(Clone, Copy, Debug)]
pub struct RuleRow<'a> {
    model: &'a Model,
    rule: &'a Rule,
}

/// `rules.csv`.
pub fn rules<'a>() -> Table<RuleRow<'a>> {
    let day = |date: Option<Date>| date.map_or_else(String::new, Date::day);
    Table::<RuleRow<'a>>::new("rules.csv", "The rules")
        .text("rule", "The rule: rule.id", |r| format!("rule.{}", r.rule.id).into())
        .text("title", "What it is called", |r| (&r.rule.title).into())
        .text("issuer", "Country that issues it", |r| (&r.model.countries[r.rule.issuer].id).into())
        .text("subject", "What it acts on", |r| r.rule.subject.as_str().into())
        .text("effect", "The status that it requires, or to which it eases other rules", |r| {
            match (r.rule.requires, r.rule.eased_to) {
                (Some(status), _) => status.as_str().into(),
                (None, Some(status)) => format!("eased to {}", status.as_str()).into(),
                (None, None) => "".into(),
            }
        })
        .text("announced", "Day from which people act on it; empty: its effective day", move |r| {
            day(r.rule.announced).into()
        })
        .text("effective", "First day on which it holds; empty: only a shock puts it in force", move |r| {
            day(r.rule.effective).into()
        })
        .text("until", "First day on which it holds no more; empty: no end", move |r| {
            day(r.rule.until).into()
        })
        .text("source", "Where it is published", |r| (&r.rule.source).into())
        .whole_on_page()
}

/// A node of the supply graph.
#[derive(Clone, Copy, Debug)]
pub struct NodeRow<'a> {
    model: &'a Model,
    node: Node,
}

/// `nodes.csv`.
pub fn nodes<'a>() -> Table<NodeRow<'a>> {
    Table::<NodeRow<'a>>::new("nodes.csv", "Nodes of the supply graph")
        .text("node", "The node: kind.id", |r| r.node.path(r.model).into())
        .text("kind", "tool, facility, good, designer, chip, stockpile, buyer, route, lab or country", |r| {
            r.node.kind().into()
        })
        .text("country", "Where it stands; empty where nothing says", |r| {
            r.node.country(r.model).map_or("", |c| r.model.countries[c].id.as_str()).into()
        })
        .text("unit", "Of goods and facilities: what is counted", |r| {
            let good = match r.node {
                Node::Good(good) => Some(good),
                Node::Facility(facility) => Some(r.model.facilities[facility].good),
                _ => None,
            };
            good.map_or("", |g| r.model.goods[g].unit.as_str()).into()
        })
        .whole_on_page()
}

/// An edge of the supply graph.
#[derive(Clone, Copy, Debug)]
pub struct EdgeRow<'a> {
    model: &'a Model,
    from: Node,
    to: Node,
    edge: Edge,
}

/// `edges.csv`.
pub fn edges<'a>() -> Table<EdgeRow<'a>> {
    Table::<EdgeRow<'a>>::new("edges.csv", "Edges of the supply graph")
        .text("from", "The node from which things flow", |r| r.from.path(r.model).into())
        .text("to", "The node to which they flow", |r| r.to.path(r.model).into())
        .text("kind", "equips, makes, feeds, designs, claims, sells, diverts, owns, rents or contains", |r| {
            r.edge.name().into()
        })
        .whole_on_page()
}

/// What makes each chip's logic, by the chip's actor: the facility of its wafers, or the good where several make it.
fn makers(model: &Model) -> BTreeMap<String, String> {
    let wafers = |g: &GoodId| model.goods[*g].kind == GoodKind::Wafer;
    let of = |good: GoodId| {
        let mut at = model.facilities.iter().filter(|f| f.good == good);
        match (at.next(), at.next()) {
            (Some(only), None) => format!("facility.{}", only.id),
            _ => format!("good.{}", model.goods[good].id),
        }
    };
    let chips = model.chips.iter();
    chips
        .filter_map(|c| Some((format!("chip.{}", c.id), of(*c.recipe.keys().find(|g| wafers(g))?))))
        .collect()
}

/// Chips that flow from one stage to the next in a year.
#[derive(Clone, Debug, PartialEq)]
pub struct YearlyFlowRow<'a> {
    policy: &'a str,
    stage: &'static str,
    from: String,
    to: &'a str,
    channel: &'static str,
    year: i32,
    mean: f64,
}

/// `yearly_flows.csv`.
pub fn yearly_flows<'a>() -> Table<YearlyFlowRow<'a>> {
    Table::<YearlyFlowRow<'a>>::new("yearly_flows.csv", "Chips from fab to country by year")
        .policy(|r| r.policy.into())
        .text("stage", "made (process to chip) or sold (chip to country)", |r| r.stage.into())
        .text(
            "from",
            "Where it comes from: a facility, or a good that several facilities make; a chip",
            |r| (&r.from).into(),
        )
        .text("to", "Where it goes: a chip; a country", |r| r.to.into())
        .text("channel", "legal, licensed or smuggled", |r| r.channel.into())
        .text("year", "Calendar year", |r| r.year.to_string().into())
        .text("unit", "Unit of the amounts", |_| "chips".into())
        .number("mean", "Mean over draws of the year's sum; a chip counts as made when it is sold", |r| {
            r.mean
        })
        .whole_on_page()
}

/// Rows of `yearly_flows.csv` of one policy: sums of the means of flows of chips over each year's quarters, in their order.
pub fn yearly_flow_rows<'a>(
    model: &Model,
    flows: impl Iterator<Item = FlowRow<'a>>,
) -> impl Iterator<Item = YearlyFlowRow<'a>> {
    // By year, then chip, country and channel, so that rows have an order of their own.
    let mut sold: BTreeMap<(i32, &str, &str, &'static str), (&str, f64)> = BTreeMap::new();
    let mut made: BTreeMap<(i32, &str), (&str, f64)> = BTreeMap::new();
    for row in flows.filter(|r| r.flow.item.starts_with("chip.")) {
        let (year, item, mean) = (row.quarter.year(), row.flow.item.as_str(), row.statistics.mean);
        let key = (year, item, row.flow.to.as_str(), row.flow.channel);
        sold.entry(key).or_insert((row.policy, 0.0)).1 += mean;
        made.entry((year, item)).or_insert((row.policy, 0.0)).1 += mean;
    }
    let makers = makers(model);
    let made = made.into_iter().filter_map(move |((year, chip), (policy, mean))| {
        let from = makers.get(chip)?.clone();
        Some(YearlyFlowRow { policy, stage: "made", from, to: chip, channel: "legal", year, mean })
    });
    let sold = sold.into_iter().map(|((year, chip, to, channel), (policy, mean))| YearlyFlowRow {
        policy,
        stage: "sold",
        from: chip.to_owned(),
        to,
        channel,
        year,
        mean,
    });
    made.chain(sold)
}
