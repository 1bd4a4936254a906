//! The rule book as a list: every chip's status by destination on a day.

use super::case::CaseId;
use super::parameters::Parameters;
use super::rulebook::Rulebook;
use super::scope::Place;
use crate::model::time::Date;
use crate::model::{ChipId, CountryId, RuleId, Status, Subject};

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

    pub(super) fn destinations(&self, asked: Option<Place>) -> Vec<Place> {
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
    pub(super) fn fee_owed(
        &self,
        case: CaseId,
        status: Status,
        rule: Option<RuleId>,
        parameters: &Parameters,
    ) -> f64 {
        match rule {
            Some(rule) if status < Status::Denied => self.fee(case, rule, parameters)[0],
            _ => 0.0,
        }
    }
}

fn wanted<T: Copy + PartialEq>(asked: Option<T>, one: T) -> bool {
    asked.is_none_or(|a| a == one)
}
