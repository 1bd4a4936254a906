//! The book: rules' dates, and the cases of the sales that they cover, with a memo for each quarter of what governs.

use super::case::{Case, CaseId, ItemCondition, Member};
use super::dates::Dates;
use super::memo::{Begins, Memo};
use super::scope::{self, Edge, Item, Place};
use super::turns::Watch;
use crate::inputs::Inputs;
use crate::math::wide::Lanes;
use crate::model::{
    BuyerId, ChipId, CountryId, DesignerId, FacilityId, GoodKind, IdVec, LabId, Model, Rule, RuleId, ShockId,
    Status, Subject, ToolId,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most rules and shocks of a case that fit into a key.
const KEYED: (usize, usize) = (32, 14);

/// Places that rules tell apart by nothing.
struct Class {
    /// One of them.
    place: Place,
    /// Whether each rule lists them.
    listed: Vec<bool>,
}

/// The rules of a model, tabled.
#[derive(Clone, Debug)]
pub struct Rulebook {
    pub(super) model: Arc<Model>,
    /// Shared by books that say the same, so that what one has found to govern the others know.
    pub(super) cases: Arc<IdVec<CaseId, Case>>,
    /// Conditions that differ between draws.
    pub(super) conditions: Vec<ItemCondition>,
    pub(super) dates: IdVec<RuleId, Dates>,
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
            dates: model.rules.iter_enumerated().map(|(id, rule)| Dates::new(model, id, rule)).collect(),
            cases: Arc::default(),
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
        for c in model.chips.ids() {
            book.cases_of(c, &classes, medians);
        }
        book
    }

    /// Finds the cases of a chip in all places: what rules say of the chip is the same in each, and few sets of rules differ.
    fn cases_of(&mut self, chip: ChipId, classes: &[Class], medians: &Inputs) {
        let model = Arc::clone(&self.model);
        let Some(place) = classes.first().map(|class| class.place) else { return };
        let anywhere = chip_edge(&model, chip, place, place);
        let about: Vec<RuleId> =
            model.rules.ids().filter(|r| scope::is_about(&model.rules[*r], &anywhere)).collect();
        let mut members: BTreeMap<RuleId, Option<Member>> = BTreeMap::new();
        let mut known: BTreeMap<Vec<RuleId>, CaseId> = BTreeMap::new();
        for delivery in classes {
            for headquarters in classes {
                let edge = chip_edge(&model, chip, delivery.place, headquarters.place);
                let reaches = |r: &RuleId| {
                    let listed = [delivery, headquarters].map(|class| class.listed[r.index()]);
                    scope::reaches_listed(&model.rules[*r], &edge, || listed[0], || listed[1])
                };
                let covering: Vec<RuleId> = about.iter().copied().filter(reaches).collect();
                let case = known.get(&covering).copied().unwrap_or_else(|| {
                    let member = |r: &RuleId| {
                        members.entry(*r).or_insert_with(|| self.member(*r, edge.item, medians)).clone()
                    };
                    let case = covering.iter().filter_map(member).collect();
                    let case = self.case_of(case);
                    known.insert(covering, case);
                    case
                });
                self.chips.push(case);
            }
        }
    }

    /// Sorts places into classes and gives one place of each with the rules that list it.
    ///
    /// A sale depends on a place through the rules that list it, and through whether it is the designer's home.
    fn classify(&mut self) -> Vec<Class> {
        let model = Arc::clone(&self.model);
        let mut known: Vec<(Class, Option<CountryId>)> = Vec::new();
        for place in self.places() {
            let listed: Vec<bool> =
                model.rules.iter().map(|r| scope::lists(&model, &self.outside, r, place)).collect();
            let home = match place {
                Place::Country(n) if model.designers.iter().any(|d| d.country == n) => Some(n),
                _ => None,
            };
            let found = known.iter().position(|(class, h)| class.listed == listed && *h == home);
            self.class_of.push(found.unwrap_or_else(|| {
                known.push((Class { place, listed }, home));
                known.len() - 1
            }));
        }
        self.classes = known.len();
        known.into_iter().map(|(class, _)| class).collect()
    }

    /// Finds or makes the case of an edge.
    fn case(&mut self, edge: &Edge, medians: &Inputs) -> CaseId {
        let model = Arc::clone(&self.model);
        let mut members = Vec::new();
        for (id, rule) in model.rules.iter_enumerated() {
            if scope::is_about(rule, edge) && scope::reaches(&model, &self.outside, rule, edge) {
                members.extend(self.member(id, edge.item, medians));
            }
        }
        self.case_of(members)
    }

    fn case_of(&mut self, members: Vec<Member>) -> CaseId {
        if let Some(known) = self.cases.find_id(|c| c.members == members) {
            return known;
        }
        let first = self.cases.last().map_or(0, |c| c.first + c.members.len());
        let dates = || members.iter().map(|m| &self.dates[m.rule]);
        let mut acting: Vec<ShockId> =
            dates().flat_map(|d| d.enforced_by.iter().chain(&d.lifted_by).copied()).collect();
        acting.sort_unstable();
        acting.dedup();
        let enforces = |s: &ShockId| dates().any(|d| d.enforced_by.contains(s));
        let shocks = acting.iter().map(|s| (*s, enforces(s))).collect();
        let mut signs: Vec<usize> =
            dates().flat_map(|d| d.waits_for.iter().chain(&d.gives_way_to).copied()).collect();
        signs.sort_unstable();
        signs.dedup();
        let watch = Watch::new(members.iter().map(|m| (m.rule, &self.dates[m.rule])));
        let dates = dates().map(|d| d.from).collect();
        let (now, ahead) = (Vec::new(), Vec::new());
        Arc::make_mut(&mut self.cases).push(Case { members, first, now, ahead, shocks, signs, dates, watch })
    }

    /// A rule's conditions on an item; none if it does not cover it in any draw.
    fn member(&mut self, rule: RuleId, item: Item, medians: &Inputs) -> Option<Member> {
        let condition = match self.holds(ItemCondition { rule, band: None, item }, medians) {
            Holds::Never => return None,
            Holds::Always => None,
            Holds::Sometimes(place) => Some(place),
        };
        let mut member = Member { rule, condition, bands: Vec::new(), fee: self.model.rules[rule].fee };
        for b in 0..self.model.rules[rule].bands.len() {
            let fee = self.model.rules[rule].bands[b].fee;
            match self.holds(ItemCondition { rule, band: Some(b), item }, medians) {
                Holds::Never => {}
                Holds::Sometimes(place) => member.bands.push((place, fee)),
                Holds::Always => {
                    member.fee = fee;
                    break;
                }
            }
        }
        Some(member)
    }

    fn holds(&mut self, condition: ItemCondition, medians: &Inputs) -> Holds {
        let (any, all) = condition.clauses(&self.model);
        if scope::certain(&self.model, condition.item, any, all) {
            let holds = scope::holds(&self.model, condition.item, any, all, medians).all();
            return if holds { Holds::Always } else { Holds::Never };
        }
        Holds::Sometimes(self.conditions.iter().position(|c| *c == condition).unwrap_or_else(|| {
            self.conditions.push(condition);
            self.conditions.len() - 1
        }))
    }

    /// Lays out memos of what governs the cases that occur, one for each of so many quarters; they fill as draws ask.
    pub fn table(&mut self, occurring: Vec<CaseId>, quarters: usize) {
        self.occurring = occurring;
        let lead = self.model.production.lead as usize;
        for case in self.occurring.clone() {
            let now = (0..quarters).map(|t| self.memo_of(case, t as f64)).collect();
            let ahead = (0..quarters).map(|t| self.memo_of(case, (t + lead) as f64)).collect();
            let case = &mut Arc::make_mut(&mut self.cases)[case];
            (case.now, case.ahead) = (now, ahead);
        }
    }

    /// Whether another book says the same of its cases whatever the draw: what governs is found from this alone.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        fn said(rule: &Rule) -> (Option<Status>, Option<Status>, &[RuleId]) {
            (rule.requires, rule.eased_to, &rule.eases)
        }
        self.dates == other.dates
            && self.conditions == other.conditions
            && self.occurring == other.occurring
            && self.model.production.lead == other.model.production.lead
            && self.model.rules.iter().map(said).eq(other.model.rules.iter().map(said))
            && self.cases.len() == other.cases.len()
            && self.cases.iter().zip(other.cases.iter()).all(|(a, b)| a.is_like(b))
    }

    /// An empty memo for a case in the quarter at `t`.
    fn memo_of(&self, case: CaseId, t: f64) -> Memo {
        let case = &self.cases[case];
        // Since when a rule is in force that waits for a sign differs between draws.
        if case.members.len() > KEYED.0 || case.shocks.len() > KEYED.1 || !case.signs.is_empty() {
            return Memo::none();
        }
        let dates = || case.members.iter().map(|m| (m.rule, &self.dates[m.rule]));
        let mut beginning = dates().filter(|(_, d)| d.begins_in(t));
        let Some((rule, begins)) = beginning.next() else { return Memo::default() };
        if beginning.next().is_some() {
            return Memo::none();
        }
        let moments = |(_, d): (RuleId, &Dates)| {
            [d.announced, d.from, d.until].into_iter().chain(d.lag.map(|lag| d.from + lag))
        };
        let mut others: Vec<f64> = dates().flat_map(moments).filter(|&x| x > t && x < t + 1.0).collect();
        others.sort_by(f64::total_cmp);
        others.dedup();
        Memo::with(Begins { rule, from: begins.from, others })
    }

    /// Moments of the first approvals under each rule's own dates, given lags; none where draws agree \[quarters\].
    pub(super) fn first_approvals<'a>(
        &'a self,
        lags: &'a [Lanes],
    ) -> impl Iterator<Item = Option<Lanes>> + 'a {
        let moment = |(d, &lag): (&Dates, &Lanes)| d.lag.is_none().then(|| d.from + lag);
        self.dates.iter().zip(lags).map(moment)
    }

    /// Whether a rule can be in force at some moment of quarter `t`.
    pub fn can_hold(&self, rule: RuleId, t: usize) -> bool {
        let d = &self.dates[rule];
        !d.enforced_by.is_empty() || (d.from < t as f64 + 1.0 && d.until > t as f64)
    }

    /// Cases of what there is in the scenario.
    pub fn occurring(&self) -> impl Iterator<Item = CaseId> + '_ {
        self.occurring.iter().copied()
    }

    /// The model whose rules they are.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Places that the book knows: the countries of the scenario, then those that only lists of groups name.
    pub fn places(&self) -> impl Iterator<Item = Place> + use<> {
        let outside = 0..self.outside.len() as u32;
        self.model.countries.ids().map(Place::Country).chain(outside.map(Place::Outside))
    }

    /// The place of a name.
    pub fn place(&self, name: &str) -> Option<Place> {
        self.places().find(|p| self.name(*p) == name)
    }

    /// The name of a place.
    pub fn name(&self, place: Place) -> &str {
        match place {
            Place::Country(n) => &self.model.countries[n].id,
            Place::Outside(i) => &self.outside[i as usize],
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
        let good = self.model.facilities[f].good;
        match self.model.goods[good].kind {
            GoodKind::Wafer | GoodKind::Packaging => {
                let edge = supply_edge(&self.model, Subject::Foundry, Item::Foundry(good, d), f, d);
                self.case(&edge, medians)
            }
            GoodKind::Memory | GoodKind::Other => CaseId::FREE,
        }
    }

    /// The case of buying a facility's good.
    pub fn goods_case(&mut self, f: FacilityId, d: DesignerId, medians: &Inputs) -> CaseId {
        let good = self.model.facilities[f].good;
        self.case(&supply_edge(&self.model, Subject::Goods, Item::Good(good), f, d), medians)
    }

    /// The case of a lab renting from a cloud.
    pub fn remote_case(&mut self, cloud: BuyerId, lab: LabId, medians: &Inputs) -> CaseId {
        let home = self.model.labs[lab].country;
        let buyer = &self.model.buyers[cloud];
        let edge = Edge {
            subject: Subject::RemoteAccess,
            item: Item::Bare,
            designer: None,
            delivery: Place::Country(home),
            headquarters: Place::Country(home),
            origin: [buyer.country, self.model.headquarters(cloud)],
            issuer: None,
        };
        self.case(&edge, medians)
    }
}

/// In which draws a condition holds.
enum Holds {
    Never,
    Always,
    /// In some, told by the condition of this place.
    Sometimes(usize),
}

fn chip_edge(model: &Model, chip: ChipId, delivery: Place, headquarters: Place) -> Edge {
    let designer = model.chips[chip].designer;
    let home = model.designers[designer].country;
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
    let facility = &model.facilities[f];
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
    let home = model.designers[d].country;
    let from = model.facilities[f].country;
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
