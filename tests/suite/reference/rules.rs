//! Section 5, what all draws share: which rules cover which sale. Sales that rules treat alike are one case, judged once.

use super::numbers::{Layout, Numbers};
use chokepoint::internals::model::{
    Attribute, Clause, Comparison, Condition, CountryId, DesignerId, GoodId, GroupId, Model, QuantityId,
    Rule, RuleId, Status, Subject, ToolId,
};
use std::cell::Cell;
use std::collections::BTreeMap;

/// What is sold.
#[derive(Clone, Copy, PartialEq)]
pub enum Item {
    Chip(usize),
    Good(GoodId),
    Foundry(GoodId, DesignerId),
    Tool(ToolId, GoodId),
    Nothing,
}

/// A sale that rules may look at.
#[derive(Clone, Copy)]
pub struct Sale {
    pub subject: Subject,
    pub item: Item,
    pub designer: Option<DesignerId>,
    pub to: CountryId,
    pub hq: CountryId,
    pub from: [CountryId; 2],
    /// The only issuer that counts, if there is one.
    pub issuer: Option<CountryId>,
}

/// A yes or no, or a fee, that a draw decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Term<T> {
    Certain(T),
    Drawn(usize),
}

/// A rule of a case.
#[derive(Clone)]
pub struct Cover {
    pub rule: usize,
    /// Whether its conditions hold: those that never do are left out.
    pub holds: Term<()>,
    pub fee: Term<QuantityId>,
    pub requires: Option<Status>,
    /// Places in the case of what eases it, to no stricter a status, and that status.
    pub easings: Vec<(usize, Status)>,
}

/// Rules that cover a sale, by issuer and row, and where each issuer's begin.
#[derive(Clone)]
pub struct Case {
    pub rules: Vec<Cover>,
    pub issuers: Vec<std::ops::Range<usize>>,
    /// Whether a rule limits volumes.
    pub capped: bool,
    /// Places of rules that chance may leave out.
    pub chances: Vec<usize>,
}

/// Index of a case; the first is that of sales that no rule covers.
pub type CaseId = usize;
pub const FREE: CaseId = 0;

/// All cases, and what of their rules each draw decides.
pub struct Book {
    pub cases: Vec<Case>,
    known: BTreeMap<Vec<(usize, Term<()>, Term<QuantityId>)>, CaseId>,
    conditions: Vec<(Item, usize)>,
    bands: Vec<(Item, usize)>,
    /// Shocks that enforce (or lift) each rule.
    pub shocks: Vec<Vec<(usize, bool)>>,
}

impl Book {
    pub fn new(m: &Model) -> Self {
        let shocks = |i: usize| {
            let id = RuleId(i as u32);
            let of = |(s, shock): (usize, &chokepoint::internals::model::Shock)| {
                let on = shock.enforces.contains(&id).then_some((s, false));
                on.into_iter().chain(shock.lifts.contains(&id).then_some((s, true)))
            };
            m.shocks.iter().enumerate().flat_map(of).collect()
        };
        Self {
            cases: vec![Case { rules: Vec::new(), issuers: Vec::new(), capped: false, chances: Vec::new() }],
            known: BTreeMap::from([(Vec::new(), FREE)]),
            conditions: Vec::new(),
            bands: Vec::new(),
            shocks: (0..m.rules.len()).map(shocks).collect(),
        }
    }

    /// The case of a sale.
    pub fn case(&mut self, m: &Model, layout: &Layout<'_>, sale: &Sale) -> CaseId {
        let mut key = Vec::new();
        for (i, rule) in m.rules.iter().enumerate().filter(|(_, r)| covers(m, r, sale)) {
            let holds = match certainly(m, layout, sale.item, &rule.any, &rule.all) {
                Some(false) => continue,
                Some(true) => Term::Certain(()),
                None => Term::Drawn(place(&mut self.conditions, (sale.item, i))),
            };
            key.push((i, holds, self.fee(m, layout, sale.item, i)));
        }
        key.sort_by_key(|k| (m.rules[k.0].issuer, k.0));
        if let Some(&case) = self.known.get(&key) {
            return case;
        }
        self.cases.push(case(m, layout, &key));
        self.known.insert(key, self.cases.len() - 1);
        self.cases.len() - 1
    }

    /// A rule's fee: that of the first band that holds.
    fn fee(&mut self, m: &Model, layout: &Layout<'_>, item: Item, rule: usize) -> Term<QuantityId> {
        for band in &m.rules[rule].bands {
            match certainly(m, layout, item, &band.any, &band.all) {
                Some(true) => return Term::Certain(band.fee),
                Some(false) => {}
                None => return Term::Drawn(place(&mut self.bands, (item, rule))),
            }
        }
        Term::Certain(m.rules[rule].fee)
    }

    /// Conditions and fees that this draw decides.
    pub fn decide(&self, m: &Model, n: &Numbers<'_>, holds: &mut Vec<bool>, fees: &mut Vec<f64>) {
        let value = |q| n.v(q);
        holds.clear();
        let all = |&(item, i): &(Item, usize)| clauses(m, &value, item, &m.rules[i].any, &m.rules[i].all);
        holds.extend(self.conditions.iter().map(all));
        fees.clear();
        let fee = |&(item, i): &(Item, usize)| {
            let rule = &m.rules[i];
            let band = rule.bands.iter().find(|b| clauses(m, &value, item, &b.any, &b.all));
            n.v(band.map_or(rule.fee, |b| b.fee))
        };
        fees.extend(self.bands.iter().map(fee));
    }
}

fn place<T: PartialEq>(list: &mut Vec<T>, item: T) -> usize {
    list.iter().position(|x| *x == item).unwrap_or_else(|| {
        list.push(item);
        list.len() - 1
    })
}

fn case(m: &Model, layout: &Layout<'_>, key: &[(usize, Term<()>, Term<QuantityId>)]) -> Case {
    let easings = |rule: usize| {
        let Some(required) = m.rules[rule].requires else { return Vec::new() };
        let eases = |(place, k): (usize, &(usize, Term<()>, Term<QuantityId>))| {
            let easing = &m.rules[k.0];
            let mine = easing.issuer == m.rules[rule].issuer && easing.eases.contains(&RuleId(rule as u32));
            easing.eased_to.filter(|to| mine && *to <= required).map(|to| (place, to))
        };
        key.iter().enumerate().filter_map(eases).collect()
    };
    let cover = |&(rule, holds, fee): &(usize, Term<()>, Term<QuantityId>)| Cover {
        rule,
        holds,
        fee,
        requires: m.rules[rule].requires,
        easings: easings(rule),
    };
    let mut issuers: Vec<std::ops::Range<usize>> = Vec::new();
    for (i, k) in key.iter().enumerate() {
        let issuer = m.rules[k.0].issuer;
        match issuers.last_mut() {
            Some(last) if m.rules[key[last.start].0].issuer == issuer => last.end = i + 1,
            _ => issuers.push(i..i + 1),
        }
    }
    let capped = key.iter().any(|k| m.rules[k.0].cap.is_some());
    let rules: Vec<Cover> = key.iter().map(cover).collect();
    let chance =
        |c: &Cover| c.holds != Term::Certain(()) || layout.certain(m.rules[c.rule].in_force).is_none();
    let chances = (0..rules.len()).filter(|&i| chance(&rules[i])).collect();
    Case { rules, issuers, capped, chances }
}

/// Whether a rule covers a sale, its conditions left aside.
fn covers(m: &Model, rule: &Rule, sale: &Sale) -> bool {
    let to = &rule.to;
    let member = |n: CountryId| {
        let in_any = |list: &[GroupId]| list.iter().any(|g| m.groups[*g].members.contains(&n));
        let inside = to.worldwide || to.countries.contains(&n) || in_any(&to.groups);
        inside && !to.except.contains(&n) && !in_any(&to.except_groups)
    };
    let product = match sale.item {
        Item::Chip(c) => rule.products.is_empty() || rule.products.iter().any(|p| p.index() == c),
        Item::Good(g) => rule.goods.is_empty() || rule.goods.contains(&g),
        Item::Tool(k, _) => rule.tools.is_empty() || rule.tools.contains(&k),
        _ => true,
    };
    rule.subject == sale.subject
        && sale.issuer.is_none_or(|i| i == rule.issuer)
        && !sale.from.contains(&sale.to)
        && (rule.designers.is_empty() || sale.designer.is_some_and(|d| rule.designers.contains(&d)))
        && product
        && ((to.delivered && member(sale.to))
            || (to.headquarters && !sale.from.contains(&sale.hq) && member(sale.hq)))
}

/// Whether clauses hold, if every draw agrees on it: evaluation that meets no uncertain number goes the same way in all.
fn certainly(m: &Model, layout: &Layout<'_>, item: Item, any: &[Clause], all: &[Clause]) -> Option<bool> {
    let uncertain = Cell::new(false);
    let value = |q| {
        layout.certain(q).unwrap_or_else(|| {
            uncertain.set(true);
            0.0
        })
    };
    let holds = clauses(m, &value, item, any, all);
    (!uncertain.get()).then_some(holds)
}

fn clauses(
    m: &Model,
    value: &impl Fn(QuantityId) -> f64,
    item: Item,
    any: &[Clause],
    all: &[Clause],
) -> bool {
    let holds = |c: &Clause| condition(m, value, item, &c.condition);
    all.iter().all(holds) && (any.is_empty() || any.iter().any(holds))
}

fn condition(m: &Model, value: &impl Fn(QuantityId) -> f64, item: Item, c: &Condition) -> bool {
    match c {
        Condition::All(list) => list.iter().all(|c| condition(m, value, item, &c.condition)),
        Condition::Any(list) => list.iter().any(|c| condition(m, value, item, &c.condition)),
        Condition::Is(a, yes) => attribute(m, value, item, *a) == Some(f64::from(u8::from(*yes))),
        Condition::Compare(a, how, q) => attribute(m, value, item, *a).is_some_and(|x| {
            let limit = value(*q);
            match how {
                Comparison::AtLeast => x >= limit,
                Comparison::Above => x > limit,
                Comparison::AtMost => x <= limit,
                Comparison::Below => x < limit,
                Comparison::Equal => x == limit,
            }
        }),
    }
}

fn attribute(m: &Model, value: &impl Fn(QuantityId) -> f64, item: Item, a: Attribute) -> Option<f64> {
    let given = |q: Option<QuantityId>| q.map(value);
    let of_good = |g: GoodId| {
        let good = &m.goods[g];
        match a {
            Attribute::Node => good.node,
            Attribute::MemoryBandwidthDensity => given(good.memory_bandwidth_density),
            _ => None,
        }
    };
    let i = match item {
        Item::Nothing => return None,
        Item::Foundry(g, d) if a == Attribute::Transistors => {
            let mine = m
                .chips
                .iter()
                .filter(|c| c.designer == d && (c.recipe.contains_key(&g) || c.companions.contains_key(&g)));
            return mine.filter_map(|c| given(c.transistors)).reduce(f64::max);
        }
        Item::Good(g) | Item::Tool(_, g) | Item::Foundry(g, _) => return of_good(g),
        Item::Chip(i) => i,
    };
    let c = &m.chips[i];
    let tpp = || {
        given(c.tpp).or_else(|| {
            let formats = [(c.bf16_tflops, 16.0), (c.int8_tops, 8.0), (c.fp4_tflops, 4.0)];
            formats.iter().filter_map(|(q, bits)| Some(given(*q)? * bits)).reduce(f64::max)
        })
    };
    match a {
        Attribute::Tpp => tpp(),
        Attribute::PerformanceDensity => {
            given(c.performance_density).or_else(|| Some(tpp()? / (given(c.die_area)? * c.dies)))
        }
        Attribute::MemoryBandwidth => given(c.memory_bandwidth),
        Attribute::Interconnect => given(c.interconnect),
        Attribute::MemoryBandwidthPlusInterconnect => {
            Some(given(c.memory_bandwidth)? + given(c.interconnect)?)
        }
        Attribute::Memory => given(c.memory),
        Attribute::Datacenter => Some(f64::from(u8::from(c.datacenter))),
        Attribute::Node => c.node,
        Attribute::Transistors => given(c.transistors),
        Attribute::MemoryBandwidthDensity => None,
    }
}
