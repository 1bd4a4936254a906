//! What the book says when asked: of a case in a quarter, now and ahead, in eight draws; and at a moment, in one.

use super::CaseId;
use super::book::{Case, Rulebook};
use super::moments::{self, Governing, Quarter, Standing};
use super::outcome::{self, Cut, Outcome};
use super::terms::Terms;
use crate::math::{Lanes, Mask, WIDTH};
use crate::model::{CountryId, RuleId, Status};
use crate::plan::inputs::Inputs;

/// What one issuer's rules say of a case at a moment, in one draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ruling {
    /// Status that is required.
    pub status: Status,
    /// The rule that gives it; none if the issuer requires nothing.
    pub rule: Option<RuleId>,
    /// Share that may flow [1].
    pub share: f64,
    /// Fee over the price [1].
    pub fee: f64,
}

impl Rulebook {
    /// How many cases there are.
    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// All cases.
    pub fn all_cases(&self) -> impl Iterator<Item = CaseId> + use<> {
        (0..self.cases.len() as u32).map(CaseId)
    }

    /// Rules in a case, in order of rows.
    pub fn rules_of(&self, case: CaseId) -> impl Iterator<Item = RuleId> + '_ {
        self.cases[case.index()].members.iter().map(|m| RuleId(m.rule as u32))
    }

    /// What a case comes to in quarter `t`.
    #[inline(always)]
    pub fn now(&self, case: CaseId, t: usize, terms: &Terms) -> Outcome {
        let c = &self.cases[case.index()];
        self.over(case, c.now.get(t), t as f64, f64::INFINITY, terms)
    }

    /// What it is expected to come to `lead` quarters later, as far as known at `t`; the table holds the production lead.
    #[inline(always)]
    pub fn ahead(&self, case: CaseId, t: usize, lead: usize, terms: &Terms) -> Outcome {
        let c = &self.cases[case.index()];
        let tabled = if lead == self.model.production.lead as usize { c.ahead.get(t) } else { None };
        self.over(case, tabled, (t + lead) as f64, t as f64 + 1.0, terms)
    }

    #[inline(always)]
    fn over(
        &self,
        case: CaseId,
        tabled: Option<&Option<Quarter>>,
        t: f64,
        known_by: f64,
        terms: &Terms,
    ) -> Outcome {
        let c = &self.cases[case.index()];
        if c.members.is_empty() {
            return Outcome::FREE;
        }
        if let (Some(Some(quarter)), true) = (tabled, terms.usual[case.index()]) {
            let (permitted, fee) =
                outcome::evaluate(quarter, |g| (terms.share[g.rule], terms.fee[c.first + g.member]));
            return Outcome { permitted, fee };
        }
        let mut out = Outcome::FREE;
        self.each_lane(case, t, known_by, terms, |lane, quarter| {
            let (permitted, fee) = outcome::evaluate(quarter, |g| {
                (terms.share[g.rule][lane], terms.fee[c.first + g.member][lane])
            });
            out.permitted[lane] = permitted;
            out.fee[lane] = fee;
        });
        out
    }

    /// Finds what governs a quarter in every lane, once for lanes whose rules stand alike.
    fn each_lane(
        &self,
        case: CaseId,
        t: f64,
        known_by: f64,
        terms: &Terms,
        mut use_quarter: impl FnMut(usize, &Quarter),
    ) {
        let mut seen: Vec<(Standing, Quarter)> = Vec::new();
        let mut standing = Standing::default();
        for lane in 0..WIDTH {
            self.stand(case.index(), known_by, terms, lane, &mut standing);
            let place = seen.iter().position(|(s, _)| *s == standing).unwrap_or_else(|| {
                let quarter = moments::quarter(&self.model, &standing, t);
                seen.push((std::mem::take(&mut standing), quarter));
                seen.len() - 1
            });
            use_quarter(lane, &seen[place].1);
        }
    }

    /// Visits what governs a case now: once for all lanes if tabled, else lane by lane.
    fn visit(&self, case: CaseId, t: usize, terms: &Terms, mut visit: impl FnMut(Option<usize>, &Quarter)) {
        let c = &self.cases[case.index()];
        match c.now.get(t) {
            _ if c.members.is_empty() => {}
            Some(Some(quarter)) if terms.usual[case.index()] => visit(None, quarter),
            _ => self.each_lane(case, t as f64, f64::INFINITY, terms, |lane, q| visit(Some(lane), q)),
        }
    }

    /// What is announced to be cut in quarter `t`, and the rush before it.
    pub fn cut(&self, case: CaseId, t: usize, terms: &Terms, inputs: &Inputs) -> Cut {
        let mut out = Cut { share: Lanes::ZERO, rush: Lanes::ONE };
        let rush = |rule: usize| inputs.value(self.model.rules[rule].rush);
        self.visit(case, t, terms, |lane, quarter| {
            if quarter.pending.is_empty() {
                return;
            }
            match lane {
                None => {
                    let (share, rule) = outcome::cut(quarter, |g| terms.share[g.rule]);
                    out = Cut { share, rush: rule.map_or(Lanes::ONE, rush) };
                }
                Some(lane) => {
                    let (share, rule) = outcome::cut(quarter, |g| terms.share[g.rule][lane]);
                    out.share[lane] = share;
                    out.rush[lane] = rule.map_or(1.0, |rule| rush(rule)[lane]);
                }
            }
        });
        out
    }

    /// Lanes in which a rule governs a case at any moment of quarter `t`.
    pub fn governs(&self, case: CaseId, rule: RuleId, t: usize, terms: &Terms) -> Mask {
        let mut out = Mask::splat(false);
        if !self.rules_of(case).any(|r| r == rule) {
            return out;
        }
        self.visit(case, t, terms, |lane, quarter| {
            let governs = quarter.parts.iter().any(|(_, g)| g.rule == rule.index());
            match lane {
                None => out = Mask::splat(governs),
                Some(lane) => out.0[lane] = if governs { u64::MAX } else { 0 },
            }
        });
        out
    }

    /// What each rule refuses of a case in quarter `t`: the time-average of 1 − share while it governs, by rule; other rules' places are left alone.
    pub fn blame(&self, case: CaseId, t: usize, terms: &Terms, into: &mut [Lanes]) {
        for rule in self.rules_of(case) {
            into[rule.index()] = Lanes::ZERO;
        }
        self.visit(case, t, terms, |lane, quarter| {
            for (weight, g) in &quarter.parts {
                let given = terms.share[g.rule];
                match lane {
                    None => into[g.rule] += (1.0 - outcome::share(g, given)) * *weight,
                    Some(lane) => {
                        into[g.rule][lane] += weight * (1.0 - outcome::share(g, given[lane]));
                    }
                }
            }
        });
    }

    /// Status of a case by issuer at a moment [quarters since the horizon's start], with the governing rule, in one lane; issuers that require nothing are left out.
    pub fn status_at(
        &self,
        case: CaseId,
        moment: f64,
        terms: &Terms,
        lane: usize,
    ) -> Vec<(CountryId, Status, RuleId)> {
        let governing = self.governing(case, moment, terms, lane);
        governing.into_iter().map(|g| (g.issuer, g.status, RuleId(g.rule as u32))).collect()
    }

    /// What one issuer says of a case at a moment [quarters since the horizon's start], in one lane.
    pub fn status(&self, case: CaseId, moment: f64, issuer: CountryId, terms: &Terms, lane: usize) -> Ruling {
        let found = self.governing(case, moment, terms, lane).into_iter().find(|g| g.issuer == issuer);
        let Some(g) = found else {
            return Ruling { status: Status::Free, rule: None, share: 1.0, fee: 0.0 };
        };
        let share = outcome::share(&g, terms.share[g.rule][lane]);
        let fee = terms.fee[self.cases[case.index()].first + g.member][lane];
        Ruling {
            status: g.status,
            rule: Some(RuleId(g.rule as u32)),
            share,
            fee: if share > 0.0 { fee } else { 0.0 },
        }
    }

    fn governing(&self, case: CaseId, moment: f64, terms: &Terms, lane: usize) -> Vec<Governing> {
        let mut standing = Standing::default();
        self.stand(case.index(), f64::INFINITY, terms, lane, &mut standing);
        moments::status(&self.model, &standing, moment, false)
    }

    /// Fee of a rule in a case once its approvals have begun [1]; 0 for a rule that is not in it.
    pub fn fee(&self, case: CaseId, rule: RuleId, terms: &Terms) -> Lanes {
        let c: &Case = &self.cases[case.index()];
        let place = c.members.iter().position(|m| m.rule == rule.index());
        place.map_or(Lanes::ZERO, |p| terms.fee[c.first + p])
    }

    /// Rentals up to this size are not covered by a case of remote access [H100e].
    pub fn rental_floor(&self, case: CaseId, inputs: &Inputs) -> Lanes {
        let members = &self.cases[case.index()].members;
        let above = members.iter().find_map(|m| self.model.rules[m.rule].above);
        above.map_or(Lanes::ZERO, |q| inputs.value(q))
    }
}
