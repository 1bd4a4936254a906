//! The rule book: known statuses, chips on either side of every threshold, and hand-worked cases.

mod support;

use chokepoint::math::Lanes;
use chokepoint::model::time::Date;
use chokepoint::model::{ChipId, CountryId, Model, Status};
use chokepoint::plan::Plan;
use chokepoint::plan::rules::Terms;
use proptest::prelude::*;
use support::{model_of, plan_of, read};

struct Book {
    plan: Plan,
    terms: Terms,
}

impl Book {
    fn new(model: Model) -> Self {
        let plan = plan_of(model);
        let mut inputs = plan.layout.inputs();
        plan.layout.medians(&mut inputs);
        let terms = Terms::new(&plan.rules, &inputs);
        Self { plan, terms }
    }

    fn country(&self, id: &str) -> CountryId {
        CountryId(self.plan.model.countries.iter().position(|c| c.id == id).expect(id) as u32)
    }

    fn chip(&self, id: &str) -> ChipId {
        ChipId(self.plan.model.chips.iter().position(|c| c.id == id).expect(id) as u32)
    }

    /// Status and fee by an issuer.
    fn status(&self, chip: &str, to: &str, hq: &str, on: &str, issuer: &str) -> (Status, f64) {
        let case = self.plan.rules.chip_case(self.chip(chip), self.country(to), self.country(hq));
        let moment = self.plan.since_start(Date::parse(on).expect(on));
        let all = self.plan.rules.status_at(case, moment, &self.terms, 0);
        let found = all.into_iter().find(|(i, _, _)| *i == self.country(issuer));
        found.map_or((Status::Free, 0.0), |(_, s, r)| (s, self.plan.rules.fee(case, r, &self.terms)[0]))
    }

    fn permitted(&self, chip: &str, to: &str, t: usize) -> f64 {
        let case = self.plan.rules.chip_case(self.chip(chip), self.country(to), self.country(to));
        self.plan.rules.now(case, t, &self.terms).permitted[0]
    }
}

#[test]
fn every_known_status_comes_out() {
    let book = Book::new(read("scenarios/baseline", None).unwrap().1);
    let table = include_str!("data/rule_truth_table.csv");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let mut rows = 0;
    for record in reader.records() {
        let r = record.unwrap();
        let (status, fee) = book.status(&r[0], &r[2], &r[3], &r[1], "us");
        let written = if fee > 0.0 && status != Status::Denied {
            format!("{} {:.0}%", status.as_str(), 100.0 * fee)
        } else {
            status.as_str().to_owned()
        };
        assert!(
            r[4].split(" or ").any(|s| s == written),
            "{} to {} ({}) on {}: {written}, not {}",
            &r[0],
            &r[2],
            &r[3],
            &r[1],
            &r[4]
        );
        rows += 1;
    }
    assert_eq!(rows, 46);
}

#[test]
fn licences_for_a_share_of_revenue() {
    let book = Book::new(read("scenarios/baseline", None).unwrap().1);
    assert_eq!(book.status("h20", "china", "china", "2025-09-01", "us"), (Status::License, 0.15));
    assert_eq!(book.status("h20", "china", "china", "2025-09-01", "china").0, Status::License);
    assert_eq!(book.status("a100", "china", "china", "2025-09-01", "us").0, Status::Denied);
}

/// A world with the baseline's rules and a chip of one's own.
fn with_chip(sheet: &str) -> Book {
    let text = std::fs::read_to_string("scenarios/baseline/rules.toml").unwrap();
    let rows: String = text
        .split("[[rule]]")
        .skip(1)
        .filter(|r| !["goods = ", "subject = ", "products = ", "cn-2026"].iter().any(|k| r.contains(k)))
        .map(|r| format!("[[rule]]{r}"))
        .collect();
    let world = format!(
        "[run]\nhorizon = \"2022Q1..2027Q4\"\n\
         {}[[group]]\nid = \"d1\"\nmembers = [\"china\"]\n[[group]]\nid = \"d4\"\nmembers = [\"china\", \"uae\"]\n\
         [[group]]\nid = \"d5\"\nmembers = [\"china\"]\n\
         [[designer]]\nid = \"nvidia\"\ncountry = \"us\"\n[[designer]]\nid = \"amd\"\ncountry = \"us\"\n\
         [[designer]]\nid = \"other\"\ncountry = \"us\"\n\
         [[chip]]\nid = \"x\"\n{sheet}\n{rows}",
        ["us", "china", "uae", "malaysia"].map(|c| format!("[[country]]\nid = \"{c}\"\n")).concat(),
    );
    Book::new(model_of(&world).unwrap_or_else(|e| panic!("{e}")))
}

#[test]
fn thresholds_bite_exactly_where_they_say() {
    let on = |sheet: &str, date: &str| with_chip(sheet).status("x", "china", "china", date, "us").0;
    let sheet = |tpp: f64, pd: f64, io: f64, bw: f64| {
        format!(
            "designer = \"other\"\ntpp = {tpp}\nperformance_density = {pd}\ninterconnect = {io}\nmemory_bandwidth = {bw}"
        )
    };
    // October 2022: 4800 and 600, both.
    assert_eq!(on(&sheet(4799.0, 9.0, 900.0, 100.0), "2022-12-01"), Status::Free);
    assert_eq!(on(&sheet(4800.0, 9.0, 600.0, 100.0), "2022-12-01"), Status::Denied);
    assert_eq!(on(&sheet(4800.0, 9.0, 599.0, 100.0), "2022-12-01"), Status::Free);
    assert_eq!(on(&sheet(4800.0, 9.0, 600.0, 100.0), "2022-10-06"), Status::Free);
    // October 2023: 4800, or 1600 and 5.92; notification below.
    assert_eq!(on(&sheet(4800.0, 1.0, 0.0, 100.0), "2023-11-17"), Status::Denied);
    assert_eq!(on(&sheet(4799.0, 5.91, 0.0, 100.0), "2023-11-17"), Status::Notify);
    assert_eq!(on(&sheet(1600.0, 5.92, 0.0, 100.0), "2023-11-17"), Status::Denied);
    assert_eq!(on(&sheet(1599.0, 5.92, 0.0, 100.0), "2023-11-17"), Status::Free);
    assert_eq!(on(&sheet(1600.0, 3.2, 0.0, 100.0), "2023-11-17"), Status::Notify);
    assert_eq!(on(&sheet(2399.0, 3.19, 0.0, 100.0), "2023-11-17"), Status::Free);
    assert_eq!(on(&sheet(2400.0, 1.6, 0.0, 100.0), "2023-11-17"), Status::Notify);
    // January 2026: case by case below 21,000 and 6,500.
    assert_eq!(on(&sheet(20_999.0, 20.0, 900.0, 6499.0), "2026-01-15"), Status::LicenseCaseByCase);
    assert_eq!(on(&sheet(21_000.0, 20.0, 900.0, 6499.0), "2026-01-15"), Status::Denied);
    assert_eq!(on(&sheet(20_999.0, 20.0, 900.0, 6500.0), "2026-01-15"), Status::Denied);
    assert_eq!(on(&sheet(20_999.0, 20.0, 900.0, 6499.0), "2026-01-14"), Status::Denied);
    // An easing does not touch what was free.
    assert_eq!(on(&sheet(1000.0, 1.0, 100.0, 100.0), "2026-02-01"), Status::Free);
}

#[test]
fn a_letter_binds_its_addressee_alone() {
    let sheet = |designer: &str, bw: f64, io: f64| {
        format!(
            "designer = \"{designer}\"\ntpp = 1000\nperformance_density = 1\nmemory_bandwidth = {bw}\ninterconnect = {io}"
        )
    };
    let on = |sheet: String| with_chip(&sheet).status("x", "china", "china", "2025-05-01", "us").0;
    assert_eq!(on(sheet("nvidia", 1400.0, 0.0)), Status::License);
    assert_eq!(on(sheet("nvidia", 1399.0, 0.0)), Status::Free);
    assert_eq!(on(sheet("amd", 0.0, 1100.0)), Status::License);
    assert_eq!(on(sheet("amd", 900.0, 800.0)), Status::License);
    assert_eq!(on(sheet("other", 1400.0, 1100.0)), Status::Free);
}

#[test]
fn headquarters_abroad_count_only_while_the_test_is_enforced() {
    let book = with_chip(
        "designer = \"nvidia\"\ntpp = 36000\nperformance_density = 22\ninterconnect = 1800\nmemory_bandwidth = 8000",
    );
    let at = |date: &str| book.status("x", "malaysia", "china", date, "us").0;
    assert_eq!(at("2024-01-01"), Status::Denied);
    assert_eq!(at("2025-06-01"), Status::Free);
    assert_eq!(at("2026-06-01"), Status::Denied);
    assert_eq!(book.status("x", "malaysia", "malaysia", "2024-01-01", "us").0, Status::Free);
}

fn small(rules: &str) -> Book {
    let world = format!(
        "[run]\nhorizon = \"2022Q1..2023Q4\"\n[[country]]\nid = \"a\"\n[[country]]\nid = \"b\"\n\
         [[designer]]\nid = \"d\"\ncountry = \"a\"\n[[designer]]\nid = \"home\"\ncountry = \"b\"\n\
         [[chip]]\nid = \"x\"\ndesigner = \"d\"\ntpp = 5000\n[[chip]]\nid = \"local\"\ndesigner = \"home\"\ntpp = 5000\n{rules}"
    );
    Book::new(model_of(&world).unwrap_or_else(|e| panic!("{e}")))
}

#[test]
fn a_quarter_counts_its_days() {
    // 30 June is day 90 of the 91 of the quarter: one day of denial, and a share of one half from then on.
    let book = small(
        "[[rule]]\nid = \"r\"\nissuer = \"a\"\neffective = \"2022-06-30\"\nrequires = \"license\"\nshare = 0.5\nto = { countries = [\"b\"] }\n",
    );
    assert_eq!(book.permitted("x", "b", 0), 1.0);
    assert!((book.permitted("x", "b", 1) - (90.0 + 0.5) / 91.0).abs() < 1e-12);
    assert_eq!(book.permitted("x", "b", 2), 0.5);
    assert_eq!(book.permitted("local", "b", 2), 1.0, "no border is crossed");
}

#[test]
fn approvals_begin_after_their_lag_and_issuers_multiply() {
    let book = small(
        "[[rule]]\nid = \"r\"\nissuer = \"a\"\neffective = \"2022Q2\"\nrequires = \"license\"\nshare = 0.5\nlag = 1.5\nto = { countries = [\"b\"] }\n\
         [[rule]]\nid = \"s\"\nissuer = \"b\"\neffective = \"2022Q4\"\nrequires = \"license\"\nshare = 0.2\nto = { countries = [\"b\"] }\n",
    );
    let shares: Vec<f64> = (0..5).map(|t| book.permitted("x", "b", t)).collect();
    for (found, expected) in shares.iter().zip([1.0, 0.0, 0.25, 0.1, 0.1]) {
        assert!((found - expected).abs() < 1e-12, "{shares:?}");
    }
}

#[test]
fn the_weakest_easing_wins_and_only_for_what_it_lists() {
    let book = small(
        "[[rule]]\nid = \"r\"\nissuer = \"a\"\neffective = \"2022Q1\"\nrequires = \"denied\"\nto = { countries = [\"b\"] }\n\
         [[rule]]\nid = \"e1\"\nissuer = \"a\"\neffective = \"2022Q2\"\neases = [\"r\"]\neased_to = \"license\"\nshare = 0.3\nto = { countries = [\"b\"] }\n\
         [[rule]]\nid = \"e2\"\nissuer = \"a\"\neffective = \"2022Q3\"\neases = [\"r\"]\neased_to = \"notify\"\nto = { countries = [\"b\"] }\n\
         [[rule]]\nid = \"other\"\nissuer = \"a\"\neffective = \"2022Q4\"\nrequires = \"license\"\nshare = 0.1\nto = { countries = [\"b\"] }\n",
    );
    let at = |date: &str| book.status("x", "b", "b", date, "a").0;
    assert_eq!(at("2022-01-10"), Status::Denied);
    assert_eq!(at("2022-05-10"), Status::License);
    assert_eq!(at("2022-08-10"), Status::Notify);
    assert_eq!(at("2022-11-10"), Status::License, "a rule that no easing lists still holds");
}

#[test]
fn a_switch_and_an_uncertain_threshold_act_draw_by_draw() {
    let book = small(
        "[[rule]]\nid = \"r\"\nissuer = \"a\"\neffective = \"2022Q1\"\nrequires = \"denied\"\nin_force = \"bernoulli(30%)\"\nto = { countries = [\"b\"] }\nall = [{ id = \"t\", tpp = \">= uniform(4000, 6000)\" }]\n",
    );
    let mut inputs = book.plan.layout.inputs();
    let mut terms = book.terms.clone();
    let case = book.plan.rules.chip_case(book.chip("x"), book.country("b"), book.country("b"));
    let mut denied = 0.0;
    for batch in 0..1024 {
        book.plan.layout.sample(batch, &mut inputs);
        terms.refresh(&book.plan.rules, &inputs);
        denied += (1.0 - book.plan.rules.now(case, 3, &terms).permitted).sum();
    }
    // In force in 30 % of draws, and the limit at or below 5000 in half of them.
    assert!((denied / 8192.0 - 0.15).abs() < 0.005, "{denied}");
}

fn any_rule() -> impl Strategy<Value = (usize, bool, u32)> {
    (0_usize..6, any::<bool>(), 0_u32..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn requirements_never_weaken_and_easings_never_strengthen(rules in prop::collection::vec(any_rule(), 1..5), extra in any_rule()) {
        let words = ["free", "notify", "license-presumed-approved", "license-case-by-case", "license", "denied"];
        let text = |list: &[(usize, bool, u32)]| -> String {
            list.iter().enumerate().map(|(i, (status, eases, from))| {
                let what = if *eases && i > 0 { format!("eases = [\"r0\"]\neased_to = \"{}\"", words[*status]) } else { format!("requires = \"{}\"", words[*status]) };
                format!("[[rule]]\nid = \"r{i}\"\nissuer = \"a\"\neffective = \"2022Q{}\"\n{what}\nto = {{ countries = [\"b\"] }}\n", from + 1)
            }).collect()
        };
        let status = |list: &[(usize, bool, u32)]| small(&text(list)).status("x", "b", "b", "2023-05-05", "a").0;
        let before = status(&rules);
        let mut more = rules.clone();
        more.push(extra);
        let after = status(&more);
        if extra.1 { prop_assert!(after <= before) } else { prop_assert!(after >= before) }
    }
}

#[test]
fn shares_are_within_bounds_in_every_quarter() {
    let plan = plan_of(read("scenarios/baseline", None).unwrap().1);
    let mut inputs = plan.layout.inputs();
    plan.layout.sample(3, &mut inputs);
    let terms = Terms::new(&plan.rules, &inputs);
    for case in plan.rules.all_cases() {
        for t in 0..plan.quarters {
            let now = plan.rules.now(case, t, &terms);
            assert!(
                now.permitted.ge(Lanes::splat(-1e-12)).all()
                    && now.permitted.le(Lanes::splat(1.0 + 1e-12)).all()
            );
        }
    }
}
