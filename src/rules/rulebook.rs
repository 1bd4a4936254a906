//! The book: rules' dates, and the cases of the sales that they cover, tabled by quarter where every draw agrees.

use super::CaseId;
use super::calendar::{Covering, Standing};
use super::changes::Watch;
use super::parameters::Terms;
use super::scope::{self, Edge, Item, Place};
use super::table::{Begins, Table};
use crate::inputs::Inputs;
use crate::math::Lanes;
use crate::model::{
    BuyerId, ChipId, Clause, CountryId, DesignerId, FacilityId, GoodKind, LabId, Model, QuantityId, Rule,
    RuleId, Shape, ShockId, Subject, ToolId,
};
use std::sync::Arc;

/// A rule in a case.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) rule: usize,
    /// Place of its condition among those that differ between draws.
    pub(super) condition: Option<usize>,
    /// Bands of its fee whose conditions differ between draws: the first that holds gives the fee.
    pub(super) bands: Vec<(usize, QuantityId)>,
    /// The fee where none of them holds.
    pub(super) fee: QuantityId,
}

/// A set of covering rules, and what is known of it in advance.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) members: Vec<Member>,
    /// Place of its first member among those of all cases.
    pub(super) first: usize,
    /// Quarters now and ahead.
    pub(super) now: Vec<Table>,
    pub(super) ahead: Vec<Table>,
    /// Shocks that enforce or lift one of its rules, and whether they enforce one.
    pub(super) shocks: Vec<(ShockId, bool)>,
    /// Days on which its rules come into force by their own dates [quarters since the start].
    pub(super) dates: Vec<f64>,
    /// When it can change.
    pub(super) watch: Watch,
}

/// Most rules and shocks of a case that fit into a key.
const KEYED: (usize, usize) = (32, 14);

/// A rule's condition on an item, or that of a band of its fee.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Looked {
    rule: usize,
    band: Option<usize>,
    pub(super) item: Item,
}

impl Looked {
    /// Its `any` and its `all`.
    pub(super) fn clauses<'a>(&self, model: &'a Model) -> (&'a [Clause], &'a [Clause]) {
        let rule = &model.rules[self.rule];
        match self.band {
            None => (&rule.any, &rule.all),
            Some(b) => (&rule.bands[b].any, &rule.bands[b].all),
        }
    }
}

/// What of a rule does not depend on a draw, in quarters since the horizon's start.
#[derive(Clone, Debug)]
pub(super) struct Dates {
    issuer: CountryId,
    pub(super) from: f64,
    pub(super) until: f64,
    pub(super) announced: f64,
    enforced_by: Vec<ShockId>,
    lifted_by: Vec<ShockId>,
    /// The lag, if it is certain [quarters].
    pub(super) lag: Option<f64>,
    /// Time in which approvals begin in some draws and not yet in others; empty if the lag is certain.
    begins: (f64, f64),
}

/// The rules of a model, tabled.
#[derive(Debug)]
pub struct Rulebook {
    pub(super) model: Arc<Model>,
    pub(super) cases: Vec<Case>,
    /// Conditions that differ between draws.
    pub(super) conditions: Vec<Looked>,
    dates: Vec<Dates>,
    /// Cases of what there is in the scenario: the others are of places that only lists name.
    pub(super) occurring: Vec<CaseId>,
    /// Jurisdictions that are no countries of the scenario.
    pub(super) outside: Vec<String>,
    /// Class of each place, countries first: rules tell places of one class apart by nothing.
    class_of: Vec<usize>,
    /// How many classes there are.
    classes: usize,
    /// Cases of chips, by chip, class of the place of delivery and class of the place of headquarters.
    chips: Vec<CaseId>,
}

impl Rulebook {
    /// Finds the cases of chips; those of other subjects are added as they are asked for, then [`Rulebook::table`] closes the book.
    ///
    /// `medians` gives the numbers that are the same in every draw.
    pub fn new(model: &Arc<Model>, medians: &Inputs) -> Self {
        let mut book = Self {
            dates: model.rules.iter().enumerate().map(|(i, r)| Dates::new(model, i, r)).collect(),
            cases: Vec::new(),
            occurring: Vec::new(),
            conditions: Vec::new(),
            outside: scope::outside(model),
            class_of: Vec::new(),
            classes: 0,
            chips: Vec::new(),
            model: Arc::clone(model),
        };
        book.case_of(Vec::new());
        let classes = book.classify();
        for c in (0..model.chips.len() as u32).map(ChipId) {
            for &delivery in &classes {
                for &headquarters in &classes {
                    let case = book.case(&chip_edge(model, c, delivery, headquarters), medians);
                    book.chips.push(case);
                }
            }
        }
        book
    }

    /// Sorts places into classes and gives one place of each.
    ///
    /// A sale depends on a place through the rules that list it, and through whether it is the designer's home.
    fn classify(&mut self) -> Vec<Place> {
        let model = Arc::clone(&self.model);
        let mut known: Vec<(Vec<bool>, Option<CountryId>)> = Vec::new();
        let mut first = Vec::new();
        for place in self.places() {
            let listed = model.rules.iter().map(|r| scope::lists(&model, &self.outside, r, place)).collect();
            let home = match place {
                Place::Country(n) if model.designers.iter().any(|d| d.country == n) => Some(n),
                _ => None,
            };
            let class = (listed, home);
            let found = known.iter().position(|k| *k == class);
            self.class_of.push(found.unwrap_or_else(|| {
                known.push(class);
                first.push(place);
                known.len() - 1
            }));
        }
        self.classes = known.len();
        first
    }

    /// Finds or makes the case of an edge.
    fn case(&mut self, edge: &Edge, medians: &Inputs) -> CaseId {
        let model = Arc::clone(&self.model);
        let mut members = Vec::new();
        for (i, rule) in model.rules.iter().enumerate() {
            if scope::addresses(&model, &self.outside, rule, edge) {
                members.extend(self.member(i, edge.item, medians));
            }
        }
        self.case_of(members)
    }

    fn case_of(&mut self, members: Vec<Member>) -> CaseId {
        let found = self.cases.iter().position(|c| c.members == members);
        CaseId(found.unwrap_or_else(|| {
            let first = self.cases.last().map_or(0, |c| c.first + c.members.len());
            let dates = || members.iter().map(|m| &self.dates[m.rule]);
            let mut acting: Vec<ShockId> =
                dates().flat_map(|d| d.enforced_by.iter().chain(&d.lifted_by).copied()).collect();
            acting.sort_unstable();
            acting.dedup();
            let enforces = |s: &ShockId| dates().any(|d| d.enforced_by.contains(s));
            let shocks = acting.iter().map(|s| (*s, enforces(s))).collect();
            let watch = Watch::new(members.iter().map(|m| (m.rule, &self.dates[m.rule])));
            let dates = dates().map(|d| d.from).collect();
            self.cases.push(Case {
                members,
                first,
                now: Vec::new(),
                ahead: Vec::new(),
                shocks,
                dates,
                watch,
            });
            self.cases.len() - 1
        }) as u32)
    }

    /// A rule as it looks at an item; none if it does not cover it in any draw.
    fn member(&mut self, rule: usize, item: Item, medians: &Inputs) -> Option<Member> {
        let condition = match self.look(Looked { rule, band: None, item }, medians) {
            Look::Never => return None,
            Look::Always => None,
            Look::Sometimes(place) => Some(place),
        };
        let mut member = Member { rule, condition, bands: Vec::new(), fee: self.model.rules[rule].fee };
        for b in 0..self.model.rules[rule].bands.len() {
            let fee = self.model.rules[rule].bands[b].fee;
            match self.look(Looked { rule, band: Some(b), item }, medians) {
                Look::Never => {}
                Look::Sometimes(place) => member.bands.push((place, fee)),
                Look::Always => {
                    member.fee = fee;
                    break;
                }
            }
        }
        Some(member)
    }

    fn look(&mut self, looked: Looked, medians: &Inputs) -> Look {
        let (any, all) = looked.clauses(&self.model);
        if scope::certain(&self.model, looked.item, any, all) {
            let holds = scope::holds(&self.model, looked.item, any, all, medians).all();
            return if holds { Look::Always } else { Look::Never };
        }
        Look::Sometimes(self.conditions.iter().position(|c| *c == looked).unwrap_or_else(|| {
            self.conditions.push(looked);
            self.conditions.len() - 1
        }))
    }

    /// Lays out tables of what governs the cases that occur in each of so many quarters; they fill as draws ask.
    pub fn table(&mut self, occurring: Vec<CaseId>, quarters: usize) {
        self.occurring = occurring;
        let lead = self.model.production.lead as usize;
        for i in self.occurring.clone().into_iter().map(CaseId::index) {
            let now = (0..quarters).map(|t| self.table_of(i, t as f64)).collect();
            let ahead = (0..quarters).map(|t| self.table_of(i, (t + lead) as f64)).collect();
            (self.cases[i].now, self.cases[i].ahead) = (now, ahead);
        }
    }

    /// An empty table for a case in the quarter at `t`.
    fn table_of(&self, case: usize, t: f64) -> Table {
        let case = &self.cases[case];
        if case.members.len() > KEYED.0 || case.shocks.len() > KEYED.1 {
            return Table::none();
        }
        let dates = || case.members.iter().map(|m| (m.rule, &self.dates[m.rule]));
        let mut beginning = dates().filter(|(_, d)| d.begins_in(t));
        let Some((rule, begins)) = beginning.next() else { return Table::default() };
        if beginning.next().is_some() {
            return Table::none();
        }
        let moments = |(_, d): (usize, &Dates)| [d.announced, d.from, d.until, d.from + d.lag.unwrap_or(0.0)];
        let mut others: Vec<f64> = dates().flat_map(moments).filter(|&x| x > t && x < t + 1.0).collect();
        others.sort_by(f64::total_cmp);
        others.dedup();
        Table::with(Begins { rule, from: begins.from, others })
    }

    /// Moments of the first approvals under each rule's own dates, given lags; none where draws agree [quarters].
    pub(super) fn first_approvals<'a>(
        &'a self,
        lags: &'a [Lanes],
    ) -> impl Iterator<Item = Option<Lanes>> + 'a {
        let moment = |(d, &lag): (&Dates, &Lanes)| d.lag.is_none().then(|| d.from + lag);
        self.dates.iter().zip(lags).map(moment)
    }

    /// Whether a rule can be in force at some moment of quarter `t`.
    pub fn can_hold(&self, rule: RuleId, t: usize) -> bool {
        let d = &self.dates[rule.index()];
        !d.enforced_by.is_empty() || (d.from < t as f64 + 1.0 && d.until > t as f64)
    }

    /// Cases of what there is in the scenario.
    pub fn occurring(&self) -> impl Iterator<Item = CaseId> + '_ {
        self.occurring.iter().copied()
    }

    /// When a case's rules are in force in one lane, as far as announced before `known_by`.
    pub(super) fn stand(&self, case: usize, known_by: f64, terms: &Terms, lane: usize, into: &mut Standing) {
        into.clear();
        for (i, m) in self.cases[case].members.iter().enumerate() {
            if m.condition.is_some_and(|c| !terms.holds[c].lane(lane)) {
                continue;
            }
            let dates = &self.dates[m.rule];
            let own =
                dates.announced < known_by && dates.from.is_finite() && terms.switched_on[m.rule].lane(lane);
            let course = |s: &ShockId| {
                let (from, until) = terms.courses[s.index()];
                from[lane].is_finite().then_some((from[lane], until[lane]))
            };
            let covering = Covering {
                issuer: dates.issuer,
                rule: m.rule,
                member: i,
                announced: if own { dates.announced } else { f64::INFINITY },
                lag: terms.lag[m.rule][lane],
            };
            let own = own.then_some((dates.from, dates.until));
            into.add(
                covering,
                own.into_iter().chain(dates.enforced_by.iter().filter_map(course)),
                dates.lifted_by.iter().filter_map(course),
            );
        }
    }

    /// The case of a chip in a market.
    pub fn chip_case(&self, chip: ChipId, delivery: CountryId, headquarters: CountryId) -> CaseId {
        self.chip_case_at(chip, Place::Country(delivery), Place::Country(headquarters))
    }

    /// The case of a chip for a place of delivery and one of headquarters.
    pub fn chip_case_at(&self, chip: ChipId, delivery: Place, headquarters: Place) -> CaseId {
        let class = |place: Place| match place {
            Place::Country(n) => self.class_of[n.index()],
            Place::Outside(i) => self.class_of[self.model.countries.len() + i as usize],
        };
        self.chips[(chip.index() * self.classes + class(delivery)) * self.classes + class(headquarters)]
    }

    /// The case of a tool class from a supplier's country for a facility.
    pub fn tool_case(
        &mut self,
        tool: ToolId,
        supplier: CountryId,
        facility: FacilityId,
        medians: &Inputs,
    ) -> CaseId {
        self.case(&tool_edge(&self.model, Subject::Tools, tool, supplier, facility), medians)
    }

    /// The same for servicing.
    pub fn servicing_case(
        &mut self,
        tool: ToolId,
        supplier: CountryId,
        facility: FacilityId,
        medians: &Inputs,
    ) -> CaseId {
        self.case(&tool_edge(&self.model, Subject::Servicing, tool, supplier, facility), medians)
    }

    /// The case of having chips made at a facility.
    pub fn foundry_case(&mut self, f: FacilityId, d: DesignerId, medians: &Inputs) -> CaseId {
        let good = self.model.facilities[f.index()].good;
        match self.model.goods[good.index()].kind {
            GoodKind::Wafer | GoodKind::Packaging => {
                let edge = supply_edge(&self.model, Subject::Foundry, Item::Foundry(good, d), f, d);
                self.case(&edge, medians)
            }
            GoodKind::Memory | GoodKind::Other => CaseId::FREE,
        }
    }

    /// The case of buying a facility's good.
    pub fn goods_case(&mut self, f: FacilityId, d: DesignerId, medians: &Inputs) -> CaseId {
        let good = self.model.facilities[f.index()].good;
        self.case(&supply_edge(&self.model, Subject::Goods, Item::Good(good), f, d), medians)
    }

    /// The case of a lab renting from a cloud.
    pub fn remote_case(&mut self, cloud: BuyerId, lab: LabId, medians: &Inputs) -> CaseId {
        let home = self.model.labs[lab.index()].country;
        let buyer = &self.model.buyers[cloud.index()];
        let edge = Edge {
            subject: Subject::RemoteAccess,
            item: Item::Bare,
            designer: None,
            delivery: Place::Country(home),
            headquarters: Place::Country(home),
            origin: [buyer.country, buyer.headquarters.unwrap_or(buyer.country)],
            issuer: None,
        };
        self.case(&edge, medians)
    }
}

/// In which draws a condition holds.
enum Look {
    Never,
    Always,
    /// In some, told by the condition of this place.
    Sometimes(usize),
}

fn chip_edge(model: &Model, chip: ChipId, delivery: Place, headquarters: Place) -> Edge {
    let designer = model.chips[chip.index()].designer;
    let home = model.designers[designer.index()].country;
    Edge {
        subject: Subject::Chips,
        item: Item::Chip(chip),
        designer: Some(designer),
        delivery,
        headquarters,
        origin: [home, home],
        issuer: None,
    }
}

fn tool_edge(model: &Model, subject: Subject, tool: ToolId, supplier: CountryId, f: FacilityId) -> Edge {
    let facility = &model.facilities[f.index()];
    Edge {
        subject,
        item: Item::Tool(tool, facility.good),
        designer: None,
        delivery: Place::Country(facility.country),
        headquarters: Place::Country(facility.country),
        origin: [supplier, supplier],
        issuer: Some(supplier),
    }
}

fn supply_edge(model: &Model, subject: Subject, item: Item, f: FacilityId, d: DesignerId) -> Edge {
    let home = model.designers[d.index()].country;
    let from = model.facilities[f.index()].country;
    Edge {
        subject,
        item,
        designer: Some(d),
        delivery: Place::Country(home),
        headquarters: Place::Country(home),
        origin: [from, from],
        issuer: None,
    }
}

impl Dates {
    fn new(model: &Model, i: usize, rule: &Rule) -> Self {
        let start = model.run.horizon.first;
        let id = RuleId(i as u32);
        let from = rule.effective.map_or(f64::INFINITY, |d| d.since(start));
        let until = rule.until.map_or(f64::INFINITY, |d| d.since(start));
        let announced = rule.announced.map_or(from, |d| d.since(start));
        let shocks = |acts: &dyn Fn(&crate::model::Shock) -> bool| {
            let all = (0..model.shocks.len() as u32).map(ShockId);
            all.filter(|s| acts(&model.shocks[s.index()])).collect::<Vec<_>>()
        };
        let enforced_by = shocks(&|s| s.enforces.contains(&id));
        let lifted_by = shocks(&|s| s.lifts.contains(&id));
        let (lag, begins) = match &model.quantities[rule.lag.0 as usize].shape {
            Shape::Fixed(lag) => (Some(*lag), (f64::INFINITY, f64::NEG_INFINITY)),
            Shape::Uncertain(lag) => (None, (from, from + lag.support().1)),
            Shape::Dated(_) => (None, (from, f64::INFINITY)),
        };
        Self { issuer: rule.issuer, from, until, announced, enforced_by, lifted_by, lag, begins }
    }

    /// Whether draws differ in what has been approved at some moment of the quarter at `t`.
    fn begins_in(&self, t: f64) -> bool {
        self.begins.0 < t + 1.0 && t < self.begins.1
    }
}
