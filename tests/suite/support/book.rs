//! A rule book at medians, asked by names.

use super::plan_of;
use chokepoint::internals::model::time::Date;
use chokepoint::internals::model::{ChipId, CountryId, Model, Status};
use chokepoint::internals::plan::Plan;
use chokepoint::internals::rules::{CaseId, Parameters};

pub struct Book {
    pub plan: Plan,
    pub terms: Parameters,
}

impl Book {
    pub fn new(model: Model) -> Self {
        let plan = plan_of(model);
        let mut inputs = plan.layout.inputs();
        plan.layout.medians(&mut inputs);
        let terms = Parameters::new(&plan.rules, &inputs);
        Self { plan, terms }
    }

    pub fn country(&self, id: &str) -> CountryId {
        CountryId(self.plan.model.countries.iter().position(|c| c.id == id).expect(id) as u32)
    }

    pub fn chip(&self, id: &str) -> ChipId {
        ChipId(self.plan.model.chips.iter().position(|c| c.id == id).expect(id) as u32)
    }

    /// The case of a chip between places, which need not be countries of the scenario.
    pub fn case(&self, chip: &str, to: &str, hq: &str) -> CaseId {
        let place = |name: &str| self.plan.rules.place(name).expect(name);
        self.plan.rules.chip_case_at(self.chip(chip), place(to), place(hq))
    }

    /// Status, fee and governing rule by an issuer.
    pub fn ruling(&self, chip: &str, to: &str, hq: &str, on: &str, issuer: &str) -> (Status, f64, String) {
        let moment = self.plan.since_start(Date::parse(on).expect(on));
        let all = self.plan.rules.status_at(self.case(chip, to, hq), moment, &self.terms, 0);
        let found = all.into_iter().find(|(i, _, _)| *i == self.country(issuer));
        found.map_or((Status::Free, 0.0, String::new()), |(_, s, r)| {
            let fee = self.plan.rules.fee(self.case(chip, to, hq), r, &self.terms)[0];
            (s, if s < Status::Denied { fee } else { 0.0 }, self.plan.model.rules[r].id.clone())
        })
    }

    /// Status and fee by an issuer.
    pub fn status(&self, chip: &str, to: &str, hq: &str, on: &str, issuer: &str) -> (Status, f64) {
        let (status, fee, _) = self.ruling(chip, to, hq, on, issuer);
        (status, fee)
    }

    /// Permitted share in a quarter for those at home.
    pub fn permitted(&self, chip: &str, to: &str, t: usize) -> f64 {
        self.plan.rules.now(self.case(chip, to, to), t, &self.terms).permitted[0]
    }
}
