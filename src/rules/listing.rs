//! The rule book as a list: every chip's status by destination on a day, and what another book says otherwise.

use super::calendar::{self, Standing};
use super::case::CaseId;
use super::parameters::Parameters;
use super::rulebook::Rulebook;
use super::scope::Place;
use crate::model::time::{Date, Quarter};
use crate::model::{ChipId, CountryId, RuleId, Status, Subject};
use std::collections::BTreeMap;

/// What is asked of the book; what is not given is listed in full.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ListingFilter {
    /// The day, from its first moment.
    pub on: Date,
    /// Place of delivery; default: every country of the scenario.
    pub to: Option<Place>,
    /// Place of the buyer's headquarters; default: that of delivery.
    pub headquarters: Option<Place>,
    /// Country whose rules are asked for; default: every one that issues rules on chips.
    pub issuer: Option<CountryId>,
    /// Chip.
    pub chip: Option<ChipId>,
}

/// A chip's status by one issuer's rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// Chip.
    pub chip: String,
    /// Country of delivery.
    pub to: String,
    /// Country of the buyer's headquarters.
    pub headquarters: String,
    /// Country that issues the rules.
    pub issuer: String,
    /// Status.
    pub status: Status,
    /// Fee over the price on what is approved \[1\]; 0 where nothing can be.
    pub fee: f64,
    /// The governing rule; none if nothing is required.
    pub rule: Option<String>,
}

/// A difference between two books.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Chip.
    pub chip: String,
    /// Country of delivery.
    pub to: String,
    /// Country of the buyer's headquarters.
    pub headquarters: String,
    /// Country that issues the rules.
    pub issuer: String,
    /// Quarter.
    pub quarter: Quarter,
    /// Status and fee \[1\] at the first moment of the quarter at which the books differ.
    pub before: (Status, f64),
    /// The same by the other book.
    pub after: (Status, f64),
}

impl Rulebook {
    /// Statuses of chips on a day, by chip, country and issuer; `parameters` are at medians for the likelier state of the world.
    ///
    /// Unless one is asked for, countries that issue no rule on chips are left out.
    pub fn list(&self, parameters: &Parameters, filter: &ListingFilter) -> Vec<Listed> {
        let model = &self.model;
        let moment = filter.on.since(model.run.horizon.first);
        let issuers = filter.issuer.map_or_else(|| self.issuers(), |n| vec![n]);
        let mut rows = Vec::new();
        for chip in model.chips.ids().filter(|c| wanted(filter.chip, *c)) {
            for to in self.destinations(filter.to) {
                let headquarters = filter.headquarters.unwrap_or(to);
                let case = self.chip_case_at(chip, to, headquarters);
                for &issuer in &issuers {
                    let ruling = self.status(case, moment, issuer, parameters, 0);
                    rows.push(Listed {
                        chip: model.chips[chip].id.clone(),
                        to: self.name(to).to_owned(),
                        headquarters: self.name(headquarters).to_owned(),
                        issuer: self.name(Place::Country(issuer)).to_owned(),
                        status: ruling.status,
                        fee: self.fee_owed(case, ruling.status, ruling.rule, parameters),
                        rule: ruling.rule.map(|r| model.rules[r].id.clone()),
                    });
                }
            }
        }
        rows
    }

    /// What another book of the same horizon says otherwise: by chip, country and issuer that both know, the quarters that differ.
    ///
    /// Buyers have their headquarters as the filter says, by default where they take delivery; both parameters are read in lane 0.
    /// The day of the filter is not looked at.
    pub fn changes(
        &self,
        parameters: &Parameters,
        other: &Self,
        other_terms: &Parameters,
        filter: &ListingFilter,
    ) -> Vec<Change> {
        let mut known: BTreeMap<(CaseId, CaseId), Vec<Difference>> = BTreeMap::new();
        let mut rows = Vec::new();
        let issuer = filter.issuer.map(|n| self.name(Place::Country(n)));
        for chip in self.model.chips.ids().filter(|c| wanted(filter.chip, *c)) {
            let id = &self.model.chips[chip].id;
            let Some(its) = other.model.chips.named(id) else { continue };
            for to in self.destinations(filter.to) {
                let headquarters = filter.headquarters.unwrap_or(to);
                let there = [to, headquarters].map(|p| other.place(self.name(p)));
                let [Some(its_to), Some(its_headquarters)] = there else { continue };
                let case = self.chip_case_at(chip, to, headquarters);
                let its_case = other.chip_case_at(its, its_to, its_headquarters);
                let differences = known
                    .entry((case, its_case))
                    .or_insert_with(|| differences((self, case, parameters), (other, its_case, other_terms)));
                let asked = differences.iter().filter(|d| issuer.is_none_or(|i| *i == d.issuer));
                rows.extend(asked.map(|d| Change {
                    chip: id.clone(),
                    to: self.name(to).to_owned(),
                    headquarters: self.name(headquarters).to_owned(),
                    issuer: d.issuer.clone(),
                    quarter: d.quarter,
                    before: d.before,
                    after: d.after,
                }));
            }
        }
        rows
    }

    fn destinations(&self, asked: Option<Place>) -> Vec<Place> {
        let all = || self.places().filter(|p| matches!(p, Place::Country(_))).collect();
        asked.map_or_else(all, |p| vec![p])
    }

    /// Countries with rules on chips, in order of rows.
    fn issuers(&self) -> Vec<CountryId> {
        let chips = self.model.rules.iter().filter(|r| r.subject == Subject::Chips);
        let mut issuers: Vec<CountryId> = chips.map(|r| r.issuer).collect();
        issuers.sort_unstable();
        issuers.dedup();
        issuers
    }

    /// Fee of a governing rule, lag or not: it is owed on whatever comes to be approved.
    fn fee_owed(&self, case: CaseId, status: Status, rule: Option<RuleId>, parameters: &Parameters) -> f64 {
        match rule {
            Some(rule) if status < Status::Denied => self.fee(case, rule, parameters)[0],
            _ => 0.0,
        }
    }

    /// Status and fee by issuers that require something, at a moment.
    fn said(
        &self,
        case: CaseId,
        standing: &Standing,
        at: f64,
        parameters: &Parameters,
    ) -> BTreeMap<String, (Status, f64)> {
        let governing = calendar::status(&self.model, standing, at, false);
        let said = governing.into_iter().map(|g| {
            (
                self.name(Place::Country(g.issuer)).to_owned(),
                (g.status, self.fee_owed(case, g.status, Some(g.rule), parameters)),
            )
        });
        said.collect()
    }
}

/// A quarter in which two cases differ by one issuer.
#[derive(Debug)]
struct Difference {
    issuer: String,
    quarter: Quarter,
    before: (Status, f64),
    after: (Status, f64),
}

/// A book, one of its cases, and parameters.
type Side<'a> = (&'a Rulebook, CaseId, &'a Parameters);

fn differences(a: Side<'_>, b: Side<'_>) -> Vec<Difference> {
    let stand = |(book, case, parameters): Side<'_>| {
        let mut standing = Standing::default();
        book.stand(case, f64::INFINITY, parameters, 0, &mut standing);
        standing
    };
    let (stand_a, stand_b) = (stand(a), stand(b));
    let horizon = a.0.model.run.horizon;
    let free = (Status::Free, 0.0);
    let mut found: Vec<Difference> = Vec::new();
    for t in 0..horizon.len() {
        let quarter = Quarter(horizon.first.0 + t as i32);
        let mut breaks = stand_a.breaks(t as f64);
        breaks.extend(stand_b.breaks(t as f64));
        breaks.sort_by(f64::total_cmp);
        breaks.dedup();
        let start = found.len();
        for piece in breaks.windows(2) {
            let at = 0.5 * (piece[0] + piece[1]);
            let (before, after) = (a.0.said(a.1, &stand_a, at, a.2), b.0.said(b.1, &stand_b, at, b.2));
            let mut issuers: Vec<&String> = before.keys().chain(after.keys()).collect();
            issuers.sort_unstable();
            issuers.dedup();
            for issuer in issuers {
                let pair = [&before, &after].map(|said| said.get(issuer).copied().unwrap_or(free));
                if pair[0] != pair[1] && found[start..].iter().all(|d| d.issuer != *issuer) {
                    let [before, after] = pair;
                    found.push(Difference { issuer: issuer.clone(), quarter, before, after });
                }
            }
        }
    }
    found.sort_by(|x, y| (&x.issuer, x.quarter).cmp(&(&y.issuer, y.quarter)));
    found
}

fn wanted<T: Copy + PartialEq>(asked: Option<T>, one: T) -> bool {
    asked.is_none_or(|a| a == one)
}
