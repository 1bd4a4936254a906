//! The rule book: which rules cover which sale, and what follows in each quarter.
//!
//! Sales that the same rules cover in the same way are one *case*. Where dates, switches and conditions are the same in every
//! draw, the pieces of each quarter are found once; elsewhere they are found in each draw, by the same function.

mod cover;
mod moments;
mod outcome;

use crate::math::{Lanes, Mask, WIDTH};
use crate::model::{
    BuyerId, ChipId, CountryId, DesignerId, FacilityId, GoodKind, LabId, Model, QuantityId, RuleId, Shape,
    ShockId, Status, Subject, ToolId,
};
use crate::plan::inputs::Inputs;
pub use cover::chip_attribute;
use cover::{Edge, Item};
use moments::{Active, Moment};
use outcome::evaluate;
pub use outcome::{Cut, Outcome};

/// Sales that the same rules cover in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CaseId(u32);

impl CaseId {
    /// The case that no rule covers.
    pub const FREE: Self = Self(0);
    /// Position in tables of cases.
    #[inline(always)]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A rule in a case.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Member {
    rule: usize,
    /// Position of its coverage among those that differ between draws.
    coverage: Option<usize>,
    /// The fee: a band's, or the rule's own.
    fee: QuantityId,
}

/// A set of covering rules, and what is known of it in advance.
#[derive(Clone, Debug)]
struct Case {
    members: Vec<Member>,
    /// Pieces of each quarter now and ahead, in quarters in which they are the same in every draw.
    now: Vec<Option<Vec<Moment>>>,
    ahead: Vec<Option<Vec<Moment>>>,
}

/// What of a rule does not depend on a draw.
#[derive(Clone, Debug)]
struct Dates {
    from: f64,
    until: f64,
    announced: f64,
    /// Shocks that put it in force, and that lift it.
    enforced_by: Vec<ShockId>,
    lifted_by: Vec<ShockId>,
    /// Quarters between which its intervals differ between draws: it may not be in force, or approve later, or a shock acts on it.
    differs: (f64, f64),
}

impl Dates {
    /// Whether everything about it is the same in every draw throughout the quarter at `t`.
    fn same_in(&self, t: f64) -> bool {
        t + 1.0 <= self.differs.0 || t >= self.differs.1
    }
}

/// The rules of a model, tabled.
#[derive(Debug)]
pub struct Rulebook {
    model: std::sync::Arc<Model>,
    dates: Vec<Dates>,
    cases: Vec<Case>,
    coverages: Vec<(usize, Item)>,
    lookups: Lookups,
}

#[derive(Debug, Default)]
struct Lookups {
    chips: Vec<((ChipId, CountryId, CountryId), CaseId)>,
}

/// Rules' intervals and numbers in a batch.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Whether the rule's own dates hold.
    switched_on: Vec<Mask>,
    lag: Vec<Lanes>,
    share: Vec<Lanes>,
    fee: Vec<Vec<Lanes>>,
    covers: Vec<Mask>,
    /// Start and end of force of the current course of each shock [quarters].
    pub courses: Vec<(Lanes, Lanes)>,
}

impl Rulebook {
    /// Finds the cases of chips; those of other subjects are added by their lookups, then [`Rulebook::table`] closes the book.
    pub fn new(model: &std::sync::Arc<Model>, medians: &Inputs) -> Self {
        let mut book = Self {
            dates: model.rules.iter().enumerate().map(|(i, _)| dates(model, i)).collect(),
            cases: vec![Case { members: Vec::new(), now: Vec::new(), ahead: Vec::new() }],
            coverages: Vec::new(),
            lookups: Lookups::default(),
            model: std::sync::Arc::clone(model),
        };
        book.add_chip_cases(medians);
        book
    }

    fn add_chip_cases(&mut self, medians: &Inputs) {
        let model = std::sync::Arc::clone(&self.model);
        let countries = || (0..model.countries.len() as u32).map(CountryId);
        for c in (0..model.chips.len() as u32).map(ChipId) {
            for delivery in countries() {
                for headquarters in countries() {
                    let case = self.case(&chip_edge(&model, c, delivery, headquarters), medians);
                    self.lookups.chips.push(((c, delivery, headquarters), case));
                }
            }
        }
    }

    /// Finds or makes the case of an edge.
    fn case(&mut self, edge: &Edge, medians: &Inputs) -> CaseId {
        let model = std::sync::Arc::clone(&self.model);
        let mut members = Vec::new();
        for (i, rule) in model.rules.iter().enumerate() {
            if !cover::addresses(&model, rule, edge) {
                continue;
            }
            let holds = cover::holds(&model, edge.item, &rule.any, &rule.all, medians);
            let certain = cover::certain(&model, edge.item, rule);
            if certain && !holds.any() {
                continue;
            }
            let coverage = (!certain).then(|| {
                let key = (i, edge.item);
                self.coverages.iter().position(|c| *c == key).unwrap_or_else(|| {
                    self.coverages.push(key);
                    self.coverages.len() - 1
                })
            });
            let band =
                rule.bands.iter().find(|b| cover::holds(&model, edge.item, &b.any, &b.all, medians).any());
            members.push(Member { rule: i, coverage, fee: band.map_or(rule.fee, |b| b.fee) });
        }
        let found = self.cases.iter().position(|c| c.members == members);
        CaseId(found.unwrap_or_else(|| {
            self.cases.push(Case { members, now: Vec::new(), ahead: Vec::new() });
            self.cases.len() - 1
        }) as u32)
    }

    /// Finds the pieces of every quarter where they are the same in every draw.
    pub fn table(&mut self, medians: &Inputs, quarters: usize) {
        let terms = Terms::new(self, medians);
        let lead = self.model.production.lead as usize;
        for i in 0..self.cases.len() {
            let members = &self.cases[i].members;
            let same = |t: usize| {
                members.iter().all(|m| m.coverage.is_none() && self.dates[m.rule].same_in(t as f64))
            };
            let known: Vec<bool> = (0..quarters + lead).map(same).collect();
            let pieces = |t: usize, by| known[t].then(|| self.pieces(i, t as f64, by, &terms, 0));
            let now = (0..quarters).map(|t| pieces(t, None)).collect();
            let ahead = (0..quarters).map(|t| pieces(t + lead, Some(t as f64 + 1.0))).collect();
            self.cases[i].now = now;
            self.cases[i].ahead = ahead;
        }
    }

    /// Pieces of the quarter at `t` in one lane, of rules announced before `known_by`.
    fn pieces(&self, case: usize, t: f64, known_by: Option<f64>, terms: &Terms, lane: usize) -> Vec<Moment> {
        moments::moments(&self.model, &self.active(case, known_by, terms, lane), t)
    }

    fn active(&self, case: usize, known_by: Option<f64>, terms: &Terms, lane: usize) -> Vec<Active> {
        let covers = |m: &&Member| m.coverage.is_none_or(|c| terms.covers[c].lane(lane));
        let members = self.cases[case].members.iter().filter(covers);
        members
            .map(|m| {
                let dates = &self.dates[m.rule];
                let known = known_by.is_none_or(|by| dates.announced < by);
                let own = known && terms.switched_on[m.rule].lane(lane) && dates.from.is_finite();
                let course = |s: &ShockId| {
                    let (from, until) = terms.courses[s.index()];
                    (from[lane], until[lane])
                };
                let mut spans: Vec<(f64, f64)> = Vec::new();
                if own {
                    spans.push((dates.from, dates.until));
                }
                spans.extend(dates.enforced_by.iter().map(course).filter(|c| c.0.is_finite()));
                let holes = dates.lifted_by.iter().map(course).filter(|c| c.0.is_finite()).collect();
                let announced = if own { dates.announced } else { f64::INFINITY };
                Active { rule: m.rule, spans, holes, announced, lag: terms.lag[m.rule][lane] }
            })
            .collect()
    }

    /// How many cases there are.
    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// All cases.
    pub fn all_cases(&self) -> impl Iterator<Item = CaseId> + use<> {
        (0..self.cases.len() as u32).map(CaseId)
    }

    /// The case of a chip in a market.
    pub fn chip_case(&self, chip: ChipId, delivery: CountryId, headquarters: CountryId) -> CaseId {
        let n = self.model.countries.len();
        self.lookups.chips[(chip.index() * n + delivery.index()) * n + headquarters.index()].1
    }

    /// What a case comes to in quarter `t`.
    #[inline(always)]
    pub fn now(&self, case: CaseId, t: usize, terms: &Terms) -> Outcome {
        self.over(case, t as f64, None, self.cases[case.index()].now.get(t), terms)
    }

    /// What it is expected to come to `lead` quarters later, as far as known at `t`.
    #[inline(always)]
    pub fn ahead(&self, case: CaseId, t: usize, lead: usize, terms: &Terms) -> Outcome {
        self.over(case, (t + lead) as f64, Some(t as f64 + 1.0), self.cases[case.index()].ahead.get(t), terms)
    }

    fn over(
        &self,
        case: CaseId,
        t: f64,
        known_by: Option<f64>,
        tabled: Option<&Option<Vec<Moment>>>,
        terms: &Terms,
    ) -> Outcome {
        let c = &self.cases[case.index()];
        if c.members.is_empty() {
            return Outcome { permitted: Lanes::ONE, fee: Lanes::ZERO };
        }
        if let Some(Some(pieces)) = tabled {
            if pieces.iter().all(|m| m.now.is_empty()) {
                return Outcome { permitted: Lanes::ONE, fee: Lanes::ZERO };
            }
            let (permitted, fee) = evaluate(&self.model, pieces, &|r| terms.numbers(case, c, r));
            return Outcome { permitted, fee };
        }
        let mut out = Outcome { permitted: Lanes::ONE, fee: Lanes::ZERO };
        self.each_lane(case, t, known_by, terms, |lane, pieces| {
            let (permitted, fee) = evaluate(&self.model, pieces, &|r| terms.numbers_at(case, c, r, lane));
            out.permitted[lane] = permitted;
            out.fee[lane] = fee;
        });
        out
    }

    /// Finds the pieces of every lane, once for lanes whose rules stand alike.
    fn each_lane(
        &self,
        case: CaseId,
        t: f64,
        known_by: Option<f64>,
        terms: &Terms,
        mut use_pieces: impl FnMut(usize, &[Moment]),
    ) {
        let mut seen: Vec<(Vec<Active>, Vec<Moment>)> = Vec::new();
        for lane in 0..WIDTH {
            let active = self.active(case.index(), known_by, terms, lane);
            let place = seen.iter().position(|(a, _)| *a == active).unwrap_or_else(|| {
                let pieces = moments::moments(&self.model, &active, t);
                seen.push((active, pieces));
                seen.len() - 1
            });
            use_pieces(lane, &seen[place].1);
        }
    }

    /// What is announced to be cut in quarter `t`, and the rush before it.
    pub fn cut(&self, case: CaseId, t: usize, terms: &Terms, inputs: &Inputs) -> Cut {
        let c = &self.cases[case.index()];
        let mut out = Cut { share: Lanes::ZERO, rush: Lanes::ONE };
        if let Some(Some(pieces)) = c.now.get(t) {
            if pieces.iter().all(|m| m.pending.is_none()) {
                return out;
            }
        } else if c.members.is_empty() {
            return out;
        }
        self.each_lane(case, t as f64, None, terms, |lane, pieces| {
            let (share, rule) = outcome::cut(pieces, &|r| terms.numbers_at(case, c, r, lane));
            out.share[lane] = share;
            if let Some(rule) = rule {
                out.rush[lane] = inputs.value(self.model.rules[rule].rush)[lane];
            }
        });
        out
    }

    /// Lanes in which a rule governs a case at any moment of quarter `t`.
    pub fn governs(&self, case: CaseId, rule: RuleId, t: usize, terms: &Terms) -> Mask {
        let governs = |pieces: &[Moment]| pieces.iter().any(|m| m.now.iter().any(|g| g.rule == rule.index()));
        let c = &self.cases[case.index()];
        if !c.members.iter().any(|m| m.rule == rule.index()) {
            return Mask::splat(false);
        }
        if let Some(Some(pieces)) = c.now.get(t) {
            return Mask::splat(governs(pieces));
        }
        let mut out = Mask::splat(false);
        self.each_lane(case, t as f64, None, terms, |lane, pieces| {
            out.0[lane] = if governs(pieces) { u64::MAX } else { 0 };
        });
        out
    }

    /// What each rule refuses of a case in quarter `t`: time-average of 1 − share while it governs.
    pub fn blame(&self, case: CaseId, t: usize, terms: &Terms, into: &mut [Lanes]) {
        let c = &self.cases[case.index()];
        for m in &c.members {
            into[m.rule] = Lanes::ZERO;
        }
        self.each_lane(case, t as f64, None, terms, |lane, pieces| {
            for moment in pieces {
                for g in &moment.now {
                    let share = outcome::share(g, &|r| terms.numbers_at(case, c, r, lane)).0;
                    into[g.rule][lane] += moment.weight * (1.0 - share);
                }
            }
        });
    }

    /// Rules in a case.
    pub fn rules_of(&self, case: CaseId) -> impl Iterator<Item = RuleId> + '_ {
        self.cases[case.index()].members.iter().map(|m| RuleId(m.rule as u32))
    }

    /// Status per issuer of a case at a moment [quarters since the start], in one lane, with the governing rule; an issuer without one is free.
    pub fn status_at(
        &self,
        case: CaseId,
        moment: f64,
        terms: &Terms,
        lane: usize,
    ) -> Vec<(CountryId, Status, RuleId)> {
        let active = self.active(case.index(), None, terms, lane);
        let all = moments::status(&self.model, &active, moment, false);
        all.into_iter().map(|g| (self.model.rules[g.rule].issuer, g.status, RuleId(g.rule as u32))).collect()
    }

    /// Fee of a governing rule in a case [1].
    pub fn fee(&self, case: CaseId, rule: RuleId, inputs: &Inputs) -> Lanes {
        let member = self.cases[case.index()].members.iter().find(|m| m.rule == rule.index());
        member.map_or(Lanes::ZERO, |m| inputs.value(m.fee))
    }

    /// Rentals up to this size are not covered by a case of remote access [H100e].
    pub fn rental_floor(&self, case: CaseId, inputs: &Inputs) -> Lanes {
        let members = &self.cases[case.index()].members;
        let above = members.iter().find_map(|m| self.model.rules[m.rule].above);
        above.map_or(Lanes::ZERO, |q| inputs.value(q))
    }
}

impl Rulebook {
    /// The case of a tool class from a supplier's country for a facility.
    pub fn tool_case(
        &mut self,
        tool: ToolId,
        supplier: CountryId,
        f: FacilityId,
        medians: &Inputs,
    ) -> CaseId {
        self.tool_edge(Subject::Tools, tool, supplier, f, medians)
    }

    /// The same for servicing.
    pub fn servicing_case(&mut self, tool: ToolId, j: CountryId, f: FacilityId, medians: &Inputs) -> CaseId {
        self.tool_edge(Subject::Servicing, tool, j, f, medians)
    }

    fn tool_edge(
        &mut self,
        subject: Subject,
        tool: ToolId,
        j: CountryId,
        f: FacilityId,
        medians: &Inputs,
    ) -> CaseId {
        let facility = &self.model.facilities[f.index()];
        let edge = Edge {
            subject,
            item: Item::Tool(tool, facility.good),
            designer: None,
            delivery: facility.country,
            headquarters: facility.country,
            origin: [j, j],
            issuer: Some(j),
        };
        self.case(&edge, medians)
    }

    /// The case of having chips made at a facility.
    pub fn foundry_case(&mut self, f: FacilityId, d: DesignerId, medians: &Inputs) -> CaseId {
        let good = self.model.facilities[f.index()].good;
        match self.model.goods[good.index()].kind {
            GoodKind::Wafer | GoodKind::Packaging => {
                self.supply_edge(Subject::Foundry, Item::Foundry(good, d), f, d, medians)
            }
            _ => CaseId::FREE,
        }
    }

    /// The case of buying a facility's good.
    pub fn goods_case(&mut self, f: FacilityId, d: DesignerId, medians: &Inputs) -> CaseId {
        let good = self.model.facilities[f.index()].good;
        self.supply_edge(Subject::Goods, Item::Good(good), f, d, medians)
    }

    fn supply_edge(
        &mut self,
        subject: Subject,
        item: Item,
        f: FacilityId,
        d: DesignerId,
        medians: &Inputs,
    ) -> CaseId {
        let home = self.model.designers[d.index()].country;
        let from = self.model.facilities[f.index()].country;
        let edge = Edge {
            subject,
            item,
            designer: Some(d),
            delivery: home,
            headquarters: home,
            origin: [from, from],
            issuer: None,
        };
        self.case(&edge, medians)
    }

    /// The case of a lab renting from a cloud.
    pub fn remote_case(&mut self, cloud: BuyerId, lab: LabId, medians: &Inputs) -> CaseId {
        let home = self.model.labs[lab.index()].country;
        let buyer = &self.model.buyers[cloud.index()];
        let edge = Edge {
            subject: Subject::RemoteAccess,
            item: Item::Bare,
            designer: None,
            delivery: home,
            headquarters: home,
            origin: [buyer.country, buyer.headquarters.unwrap_or(buyer.country)],
            issuer: None,
        };
        self.case(&edge, medians)
    }
}

fn chip_edge(model: &Model, chip: ChipId, delivery: CountryId, headquarters: CountryId) -> Edge {
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

fn dates(model: &Model, i: usize) -> Dates {
    let rule = &model.rules[i];
    let start = model.run.horizon.first;
    let since = |d: Option<crate::model::time::Date>| d.map(|d| d.since(start));
    let from = since(rule.effective).unwrap_or(f64::INFINITY);
    let id = RuleId(i as u32);
    let shocks = |f: &dyn Fn(&crate::model::Shock) -> bool| {
        let all = model.shocks.iter().enumerate().filter(|(_, s)| f(s));
        all.map(|(s, _)| ShockId(s as u32)).collect::<Vec<_>>()
    };
    let fixed = |q: QuantityId| matches!(model.quantities[q.0 as usize].shape, Shape::Fixed(_));
    let (enforced_by, lifted_by) =
        (shocks(&|s| s.enforces.contains(&id)), shocks(&|s| s.lifts.contains(&id)));
    let announced = since(rule.announced).unwrap_or(from);
    let until = since(rule.until).unwrap_or(f64::INFINITY);
    let mut differs = (f64::INFINITY, f64::NEG_INFINITY);
    let mut widen = |a: f64, b: f64| differs = (differs.0.min(a), differs.1.max(b));
    if !fixed(rule.in_force) {
        widen(announced, until);
    }
    if let Shape::Uncertain(d) = &model.quantities[rule.lag.0 as usize].shape {
        widen(from, from + d.support().1);
    }
    let first_chance = model.run.known_until.map_or(1.0, |d| d.since(start).floor() + 1.0);
    for s in enforced_by.iter().chain(&lifted_by) {
        let shock = &model.shocks[s.index()];
        widen(since(shock.date).unwrap_or(first_chance).min(first_chance), f64::INFINITY);
    }
    Dates { from, until, announced, differs, enforced_by, lifted_by }
}

impl Terms {
    /// Terms at given inputs, without any shock.
    pub fn new(book: &Rulebook, inputs: &Inputs) -> Self {
        let never = Lanes::splat(f64::INFINITY);
        let mut terms = Self {
            switched_on: Vec::new(),
            lag: Vec::new(),
            share: Vec::new(),
            fee: Vec::new(),
            covers: Vec::new(),
            courses: vec![(never, never); book.model.shocks.len()],
        };
        terms.refresh(book, inputs);
        terms
    }

    /// Reads a batch's numbers.
    pub fn refresh(&mut self, book: &Rulebook, inputs: &Inputs) {
        let model = &book.model;
        let half = Lanes::splat(0.5);
        self.switched_on = model.rules.iter().map(|r| inputs.value(r.in_force).ge(half)).collect();
        self.lag = model.rules.iter().map(|r| inputs.value(r.lag)).collect();
        self.share = model
            .rules
            .iter()
            .map(|r| {
                let status = r.requires.or(r.eased_to).unwrap_or(Status::Free);
                let given = |by_status: QuantityId| inputs.value(r.share.unwrap_or(by_status));
                match status {
                    Status::Free | Status::Notify => Lanes::ONE,
                    Status::LicensePresumedApproved => given(model.licensing.presumed),
                    Status::LicenseCaseByCase => given(model.licensing.case_by_case),
                    Status::License => given(model.licensing.license),
                    Status::Denied => Lanes::ZERO,
                }
            })
            .collect();
        self.fee =
            (book.cases.iter()).map(|c| c.members.iter().map(|m| inputs.value(m.fee)).collect()).collect();
        self.covers = (book.coverages.iter())
            .map(|&(r, item)| cover::holds(model, item, &model.rules[r].any, &model.rules[r].all, inputs))
            .collect();
    }

    /// Share and fee of a rule in a case.
    fn numbers(&self, id: CaseId, case: &Case, rule: usize) -> (Lanes, Lanes) {
        let place = case.members.iter().position(|m| m.rule == rule);
        (self.share[rule], place.map_or(Lanes::ZERO, |p| self.fee[id.index()][p]))
    }

    fn numbers_at(&self, id: CaseId, case: &Case, rule: usize, lane: usize) -> (f64, f64) {
        let (share, fee) = self.numbers(id, case, rule);
        (share[lane], fee[lane])
    }
}
