//! Coverage: which rules look at which sale, and whether their conditions hold on its data sheet.

use crate::inputs::Inputs;
use crate::math::wide::{Lanes, Mask};
use crate::model::{
    Attribute, Chip, ChipId, Clause, Comparison, Condition, CountryId, DesignerId, GoodId, GroupId, Model,
    QuantityId, Rule, Shape, Subject, ToolId,
};

/// What is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// A chip.
    Chip(ChipId),
    /// A good.
    Good(GoodId),
    /// Wafers or packages of a good for a designer.
    Foundry(GoodId, DesignerId),
    /// A tool for a facility that makes a good.
    Tool(ToolId, GoodId),
    /// Something without a data sheet.
    Bare,
}

/// A jurisdiction that rules can speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A country of the scenario.
    Country(CountryId),
    /// One that only lists of groups name, by its position in `outside`.
    Outside(u32),
}

/// Jurisdictions that groups name and that are no countries of the scenario, in order of the alphabet.
pub(super) fn outside(model: &Model) -> Vec<String> {
    let mut names: Vec<String> = model.groups.iter().flat_map(|g| g.others.iter().cloned()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// An edge that rules can act on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) subject: Subject,
    pub(super) item: Item,
    pub(super) designer: Option<DesignerId>,
    /// Where it is delivered.
    pub(super) delivery: Place,
    /// Where who receives it has its headquarters.
    pub(super) headquarters: Place,
    /// Countries that it comes from: delivered in one of them it crosses no border, and to a firm of one of them its headquarters do not count.
    pub(super) origin: [CountryId; 2],
    /// Only rules of this country count, if given.
    pub(super) issuer: Option<CountryId>,
}

impl Edge {
    fn is_from(&self, place: Place) -> bool {
        self.origin.map(Place::Country).contains(&place)
    }
}

/// Whether a rule is about what an edge is of, wherever it goes, its conditions aside.
pub(super) fn is_about(rule: &Rule, edge: &Edge) -> bool {
    let named = |list: &[DesignerId]| list.is_empty() || edge.designer.is_some_and(|d| list.contains(&d));
    let items = match edge.item {
        Item::Chip(c) => rule.products.is_empty() || rule.products.contains(&c),
        Item::Good(g) => rule.goods.is_empty() || rule.goods.contains(&g),
        Item::Foundry(..) | Item::Bare => true,
        Item::Tool(k, _) => rule.tools.is_empty() || rule.tools.contains(&k),
    };
    rule.subject == edge.subject
        && edge.issuer.is_none_or(|i| i == rule.issuer)
        && named(&rule.designers)
        && items
}

/// Whether a rule's destinations are where an edge goes.
pub(super) fn reaches(model: &Model, outside: &[String], rule: &Rule, edge: &Edge) -> bool {
    let [delivery, headquarters] = [edge.delivery, edge.headquarters];
    reaches_listed(
        rule,
        edge,
        || lists(model, outside, rule, delivery),
        || lists(model, outside, rule, headquarters),
    )
}

/// The same where it is known whether the places are among them: where it is delivered, and where its receiver has its headquarters.
pub(super) fn reaches_listed(
    rule: &Rule,
    edge: &Edge,
    delivery: impl Fn() -> bool,
    headquarters: impl Fn() -> bool,
) -> bool {
    !edge.is_from(edge.delivery)
        && ((rule.to.delivered && delivery())
            || (rule.to.headquarters && !edge.is_from(edge.headquarters) && headquarters()))
}

/// Whether a place is among a rule's destinations.
pub(super) fn lists(model: &Model, outside: &[String], rule: &Rule, place: Place) -> bool {
    let country = |list: &[CountryId]| matches!(place, Place::Country(n) if list.contains(&n));
    let group = |list: &[GroupId]| {
        list.iter().map(|g| &model.groups[*g]).any(|g| match place {
            Place::Country(n) => g.members.contains(&n),
            Place::Outside(i) => g.others.contains(&outside[i as usize]),
        })
    };
    let to = &rule.to;
    (to.worldwide || country(&to.countries) || group(&to.groups))
        && !country(&to.except)
        && !group(&to.except_groups)
}

/// Whether conditions hold: all of `all`, and one of `any` if there are any.
pub(super) fn holds(model: &Model, item: Item, any: &[Clause], all: &[Clause], inputs: &Inputs) -> Mask {
    let each = |clause: &Clause| condition(model, item, &clause.condition, inputs);
    let all = all.iter().fold(Mask::splat(true), |sum, c| sum & each(c));
    let any = any.iter().fold(Mask::splat(any.is_empty()), |sum, c| sum | each(c));
    all & any
}

fn condition(model: &Model, item: Item, condition: &Condition, inputs: &Inputs) -> Mask {
    match condition {
        Condition::All(list) => holds(model, item, &[], list, inputs),
        Condition::Any(list) => list
            .iter()
            .fold(Mask::splat(false), |sum, c| sum | self::condition(model, item, &c.condition, inputs)),
        Condition::Is(attribute, wanted) => match self::attribute(model, item, *attribute, inputs) {
            Some(x) => x.eq(Lanes::splat(f64::from(u8::from(*wanted)))),
            None => Mask::splat(false),
        },
        Condition::Compare(attribute, comparison, limit) => {
            let Some(x) = self::attribute(model, item, *attribute, inputs) else { return Mask::splat(false) };
            let limit = inputs.value(*limit);
            match comparison {
                Comparison::AtLeast => x.ge(limit),
                Comparison::Above => x.gt(limit),
                Comparison::AtMost => x.le(limit),
                Comparison::Below => x.lt(limit),
                Comparison::Equal => x.eq(limit),
            }
        }
    }
}

/// An attribute of a chip; none if its data sheet lacks it.
pub fn chip_attribute(model: &Model, chip: ChipId, attribute: Attribute, inputs: &Inputs) -> Option<Lanes> {
    let c = &model.chips[chip];
    let value = |q: Option<QuantityId>| q.map(|q| inputs.value(q));
    let tpp = || {
        value(c.tpp).or_else(|| {
            let formats = [(c.bf16_tflops, 16.0), (c.int8_tops, 8.0), (c.fp4_tflops, 4.0)];
            let best = formats.into_iter().filter_map(|(q, bits)| Some(value(q)? * bits));
            best.reduce(Lanes::max)
        })
    };
    match attribute {
        Attribute::Tpp => tpp(),
        Attribute::PerformanceDensity => {
            value(c.performance_density).or_else(|| Some(tpp()? / (value(c.die_area)? * c.dies)))
        }
        Attribute::MemoryBandwidth => value(c.memory_bandwidth),
        Attribute::Interconnect => value(c.interconnect),
        Attribute::MemoryBandwidthPlusInterconnect => {
            Some(value(c.memory_bandwidth)? + value(c.interconnect)?)
        }
        Attribute::Memory => value(c.memory),
        Attribute::Datacenter => Some(Lanes::splat(f64::from(u8::from(c.datacenter)))),
        Attribute::Node => c.node.map(Lanes::splat),
        Attribute::Transistors => value(c.transistors),
        Attribute::MemoryBandwidthDensity => None,
    }
}

fn attribute(model: &Model, item: Item, attribute: Attribute, inputs: &Inputs) -> Option<Lanes> {
    let good = |g: GoodId| {
        let good = &model.goods[g];
        match attribute {
            Attribute::Node => good.node.map(Lanes::splat),
            Attribute::MemoryBandwidthDensity => good.memory_bandwidth_density.map(|q| inputs.value(q)),
            _ => None,
        }
    };
    match item {
        Item::Chip(c) => chip_attribute(model, c, attribute, inputs),
        Item::Foundry(g, d) if attribute == Attribute::Transistors => {
            chips_with(model, g, d).filter_map(|c| c.transistors.map(|q| inputs.value(q))).reduce(Lanes::max)
        }
        Item::Good(g) | Item::Tool(_, g) | Item::Foundry(g, _) => good(g),
        Item::Bare => None,
    }
}

/// Whether conditions come out the same in every draw: no number that they look at is uncertain.
pub(super) fn certain(model: &Model, item: Item, any: &[Clause], all: &[Clause]) -> bool {
    any.iter().chain(all).all(|clause| match &clause.condition {
        Condition::Compare(attribute, _, limit) => {
            let mut sources = sources(model, item, *attribute);
            sources.push(*limit);
            sources.iter().all(|q| matches!(model.quantities[*q].shape, Shape::Fixed(_)))
        }
        Condition::Is(..) => true,
        Condition::All(list) | Condition::Any(list) => certain(model, item, &[], list),
    })
}

/// Numbers from which an attribute of an item follows.
fn sources(model: &Model, item: Item, attribute: Attribute) -> Vec<QuantityId> {
    let of_chip = |c: ChipId| {
        let c = &model.chips[c];
        let tpp = || c.tpp.map_or_else(|| vec![c.bf16_tflops, c.int8_tops, c.fp4_tflops], |q| vec![Some(q)]);
        match attribute {
            Attribute::Tpp => tpp(),
            Attribute::PerformanceDensity => match c.performance_density {
                Some(q) => vec![Some(q)],
                None => [tpp(), vec![c.die_area]].concat(),
            },
            Attribute::MemoryBandwidth => vec![c.memory_bandwidth],
            Attribute::Interconnect => vec![c.interconnect],
            Attribute::MemoryBandwidthPlusInterconnect => vec![c.memory_bandwidth, c.interconnect],
            Attribute::Memory => vec![c.memory],
            Attribute::Transistors => vec![c.transistors],
            Attribute::Datacenter | Attribute::Node | Attribute::MemoryBandwidthDensity => Vec::new(),
        }
    };
    let of_good = |g: GoodId| vec![model.goods[g].memory_bandwidth_density];
    let all = match item {
        Item::Chip(c) => of_chip(c),
        Item::Foundry(g, d) if attribute == Attribute::Transistors => {
            chips_with(model, g, d).map(|c| c.transistors).collect()
        }
        Item::Good(g) | Item::Tool(_, g) | Item::Foundry(g, _) => of_good(g),
        Item::Bare => Vec::new(),
    };
    all.into_iter().flatten().collect()
}

/// A designer's chips that need a good.
fn chips_with(model: &Model, good: GoodId, designer: DesignerId) -> impl Iterator<Item = &Chip> {
    model.chips.iter().filter(move |c| c.designer == designer && c.needs(good))
}
