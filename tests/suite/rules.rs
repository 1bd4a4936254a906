//! Rules in small worlds: hand-worked cases of dates, shares, lags, fees, easings, letters, switches and shocks.

#![allow(clippy::format_collect)] // texts of rules, row by row

use crate::support::book::Book;
use crate::support::model_of;
use chokepoint::internals::engine::{Batch, Observer, Step};
use chokepoint::internals::math::wide::{Lanes, WIDTH};
use chokepoint::internals::model::Status;
use chokepoint::internals::model::time::Date;
use chokepoint::internals::plan::Plan;
use chokepoint::internals::rules::Parameters;
use proptest::prelude::*;

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
    let case = book.plan.rules.chip_case(book.chip("x"), book.country("b"), book.country("b"));
    let mut denied = 0.0;
    for batch in 0..8192 / WIDTH as u64 {
        book.plan.layout.sample(batch, &mut inputs);
        let terms = Parameters::new(&book.plan.rules, &inputs);
        denied += (1.0 - book.plan.rules.now(case, 3, &terms).permitted).sum();
    }
    // In force in 30% of draws, and the limit at or below 5000 in half of them.
    assert!((denied / 8192.0 - 0.15).abs() < 0.005, "{denied}");
}

fn any_rule() -> impl Strategy<Value = (usize, bool, u32)> {
    (0_usize..6, any::<bool>(), 0_u32..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn requirements_never_loosen_and_easings_never_strengthen(rules in prop::collection::vec(any_rule(), 1..5), extra in any_rule()) {
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

/// The outcome of chip `x` from `a` for `b` in a quarter, with terms of one's own.
fn case_of_x(book: &Book) -> chokepoint::internals::rules::CaseId {
    book.plan.rules.chip_case(book.chip("x"), book.country("b"), book.country("b"))
}

fn rule_of(book: &Book, id: &str) -> chokepoint::internals::model::RuleId {
    chokepoint::internals::model::RuleId(
        book.plan.model.rules.iter().position(|r| r.id == id).expect(id) as u32
    )
}

fn near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
}

const LICENCE: &str =
    "[[rule]]\nid = \"r\"\nissuer = \"a\"\nrequires = \"license\"\nto = { countries = [\"b\"] }\n";

#[test]
fn fees_follow_bands_and_what_is_approved() {
    let book = small(&format!(
        "{LICENCE}effective = \"2022Q2\"\nshare = 0.4\nlag = 0.5\nfee = 0.1\nbands = [{{ fee = 0.3, all = [{{ id = \"no\", tpp = \">= 5001\" }}] }}, {{ fee = 0.25, all = [{{ id = \"yes\", tpp = \">= 5000\" }}] }}]\n\
         [[rule]]\nid = \"s\"\nissuer = \"b\"\neffective = \"2022Q4\"\nrequires = \"free\"\nfee = 0.05\nto = {{ countries = [\"b\"] }}\n"
    ));
    let fees: Vec<f64> =
        (0..4).map(|t| book.plan.rules.now(case_of_x(&book), t, &book.terms).fee[0]).collect();
    for (found, expected) in fees.iter().zip([0.0, 0.25, 0.25, 0.25 + 0.05]) {
        near(*found, expected);
    }
    // What is free for a part of the quarter dilutes the fee: half a quarter at 1, half at 0.4 with a fee.
    let book = small(&format!("{LICENCE}effective = \"2022-02-15\"\nshare = 0.4\nfee = 0.1\n"));
    let free = 45.0 / 90.0;
    let now = book.plan.rules.now(case_of_x(&book), 0, &book.terms);
    near(now.permitted[0], free + (1.0 - free) * 0.4);
    near(now.fee[0], (1.0 - free) * 0.4 * 0.1 / (free + (1.0 - free) * 0.4));
}

#[test]
fn an_uncertain_band_acts_draw_by_draw() {
    let book = small(&format!(
        "{LICENCE}effective = \"2022Q1\"\nshare = 0.4\nfee = 0.1\nbands = [{{ fee = 0.3, all = [{{ id = \"t\", tpp = \">= uniform(4000, 6000)\" }}] }}]\n"
    ));
    let limit = book.plan.model.quantities.iter().position(|q| q.path.contains(".t.tpp")).unwrap();
    let limit = chokepoint::internals::model::QuantityId(limit as u32);
    let mut inputs = book.plan.layout.inputs();
    for (u, fee) in [(0.49, 0.3), (0.51, 0.1)] {
        book.plan.layout.sample_with(0, &[(limit, u)], &mut inputs);
        let terms = Parameters::new(&book.plan.rules, &inputs);
        near(book.plan.rules.now(case_of_x(&book), 3, &terms).fee[5], fee);
    }
}

#[test]
fn what_is_announced_is_expected_and_bought_ahead_of() {
    // Announced on 15 February 2022 (45 of 90 days into the quarter), in force from 16 August (46 of 92 days).
    let book = small(&format!(
        "{LICENCE}announced = \"2022-02-15\"\neffective = \"2022-08-16\"\nshare = 0.2\nlag = 1\nrush = 1.5\n"
    ));
    let (rules, case, lead) = (&book.plan.rules, case_of_x(&book), book.plan.lead);
    assert_eq!(lead, 1);
    let inputs = {
        let mut inputs = book.plan.layout.inputs();
        book.plan.layout.medians(&mut inputs);
        inputs
    };
    let cut: Vec<_> = (0..4).map(|t| rules.cut(case, t, &book.terms, &inputs)).collect();
    for (found, expected) in cut.iter().zip([0.8 * 0.5, 0.8, 0.8 * 0.5, 0.0]) {
        near(found.share[2], expected);
    }
    let front_running: Vec<f64> = cut.iter().map(|c| c.front_running[2]).collect();
    assert_eq!(front_running, [1.5, 1.5, 1.5, 1.0]);
    // Half the quarter is free; then nothing is approved for a quarter.
    let ahead: Vec<f64> = (0..4).map(|t| rules.ahead(case, t, lead, &book.terms).permitted[2]).collect();
    for (found, expected) in ahead.iter().zip([1.0, 0.5, 0.1, 0.2]) {
        near(*found, expected);
    }
    // A rule that nobody knows of is not expected.
    let sudden = small(&format!("{LICENCE}effective = \"2022Q2\"\n"));
    let case = case_of_x(&sudden);
    assert_eq!(sudden.plan.rules.ahead(case, 0, 1, &sudden.terms).permitted[0], 1.0);
    near(sudden.plan.rules.now(case, 1, &sudden.terms).permitted[0], 0.15);
}

#[test]
fn shocks_put_rules_in_force_and_lift_them() {
    let book = small(
        "[[rule]]\nid = \"r\"\nissuer = \"a\"\neffective = \"2022Q1\"\nrequires = \"denied\"\nto = { countries = [\"b\"] }\n\
         [[rule]]\nid = \"s\"\nissuer = \"b\"\nrequires = \"license\"\nshare = 0.5\nto = { countries = [\"b\"] }\n\
         [[shock]]\nid = \"thaw\"\nhazard = 1\nlifts = [\"r\"]\n[[shock]]\nid = \"freeze\"\nhazard = 1\nenforces = [\"s\", \"r\"]\n",
    );
    let (rules, case) = (&book.plan.rules, case_of_x(&book));
    let mut terms = book.terms.clone();
    assert_eq!(rules.now(case, 4, &terms).permitted, Lanes::ZERO);
    // In lanes 1 and 3 the first is lifted for half of quarter 4; in lanes 2 and 3 the second is in force for a quarter of it.
    for lane in [1, 3] {
        terms.courses[0].0[lane] = 4.25;
        terms.courses[0].1[lane] = 4.75;
    }
    for lane in [2, 3] {
        terms.courses[1].0[lane] = 4.5;
        terms.courses[1].1[lane] = 4.75;
    }
    let now = rules.now(case, 4, &terms).permitted;
    for (lane, expected) in [(0, 0.0), (1, 0.5), (2, 0.0), (3, 0.5 * (1.0 - 0.25 * 0.5))] {
        near(now[lane], expected);
    }
    let s = rule_of(&book, "s");
    let governs = rules.governs(case, s, 4, &terms);
    assert_eq!([0, 1, 2, 3].map(|lane| governs.lane(lane)), [false, false, true, true]);
    // An intervention is known as soon as its course is.
    near(rules.ahead(case, 3, 1, &terms).permitted[1], 0.5);
    let mut blame = vec![Lanes::splat(9.0); book.plan.model.rules.len()];
    rules.blame(case, 4, &terms, &mut blame);
    near(blame[0][1], 0.5);
    near(blame[1][3], 0.125);
    near(blame[1][0], 0.0);
}

#[test]
fn approvals_under_what_a_shock_puts_in_force_begin_after_its_own_onset() {
    let book = small(
        "[[rule]]\nid = \"s\"\nissuer = \"a\"\nrequires = \"license\"\nshare = 0.5\nlag = 1.5\nto = { countries = [\"b\"] }\n\
         [[shock]]\nid = \"freeze\"\nhazard = 1\nenforces = [\"s\"]\n\
         [[chip]]\nid = \"sold\"\nextends = \"x\"\nprice = 20000\nlaunch = \"2022Q1\"\nbf16_tflops = 1000\ntdp = 700\n\
         [[buyer]]\nid = \"u\"\ncountry = \"b\"\nbudget = 1e9\n",
    );
    let (rules, case) = (&book.plan.rules, book.case("sold", "b", "b"));
    assert!(rules.occurring().any(|other| other == case), "what is found is shared only in cases that occur");
    let mut terms = book.terms.clone();
    // Both courses last from quarter 2 on; approvals begin at 2.75 and at 3.25.
    for (lane, onset) in [(0, 1.25), (1, 1.75)] {
        terms.courses[0].0[lane] = onset;
        terms.courses[0].1[lane] = 9.0;
    }
    for (t, expected) in [(1, [0.25, 0.75]), (2, [0.125, 0.0]), (3, [0.5, 0.375]), (4, [0.5, 0.5])] {
        let now = rules.now(case, t, &terms).permitted;
        for (lane, expected) in expected.into_iter().enumerate() {
            near(now[lane], expected);
        }
        near(now[2], 1.0);
    }
}

#[test]
fn tables_and_draws_agree() {
    // The same book twice: once with numbers that are the same in every draw, once with ones that only look uncertain.
    let rules = |share: &str, switch: &str, lag: &str| {
        format!(
            "[[rule]]\nid = \"r\"\nissuer = \"a\"\nannounced = \"2022-01-20\"\neffective = \"2022-05-05\"\nuntil = \"2023-02-03\"\nrequires = \"license\"\nin_force = {switch}\nlag = {lag}\nshare = {share}\nfee = 0.1\nrush = 1.3\nto = {{ countries = [\"b\"] }}\n\
             [[rule]]\nid = \"e\"\nissuer = \"a\"\nannounced = \"2022-06-20\"\neffective = \"2022-08-08\"\neases = [\"r\"]\neased_to = \"notify\"\nto = {{ countries = [\"b\"] }}\n\
             [[rule]]\nid = \"i\"\nissuer = \"b\"\neffective = \"2022-07-07\"\nrequires = \"license-case-by-case\"\nto = {{ countries = [\"b\"] }}\n"
        )
    };
    let fixed = small(&rules("0.3", "1", "0.7"));
    let drawn = small(&rules("0.3", "\"uniform(60%, 90%)\"", "\"uniform(0.699999999999, 0.700000000001)\""));
    for t in 0..6 {
        let [a, b] = [&fixed, &drawn].map(|book| {
            let mut inputs = book.plan.layout.inputs();
            book.plan.layout.medians(&mut inputs);
            let (rules, case) = (&book.plan.rules, case_of_x(book));
            let (now, ahead) = (rules.now(case, t, &book.terms), rules.ahead(case, t, 1, &book.terms));
            let cut = rules.cut(case, t, &book.terms, &inputs);
            let mut blame = vec![Lanes::ZERO; 3];
            rules.blame(case, t, &book.terms, &mut blame);
            let governs = rules.governs(case, rule_of(book, "r"), t, &book.terms);
            let numbers = [
                now.permitted,
                now.fee,
                ahead.permitted,
                ahead.fee,
                cut.share,
                cut.front_running,
                blame[0],
                blame[2],
            ];
            (numbers, governs)
        });
        for (x, y) in a.0.iter().zip(b.0) {
            assert!((*x - y).abs().le(Lanes::splat(1e-9)).all(), "quarter {t}: {x:?} and {y:?}");
        }
        assert_eq!(a.1, b.1);
    }
}

#[test]
fn on_a_tie_the_latest_outcome_counts() {
    let text = |first: &str, second: &str| {
        format!(
            "[[rule]]\nid = \"r\"\nissuer = \"a\"\neffective = \"2022Q1\"\nrequires = \"denied\"\nto = {{ countries = [\"b\"] }}\n\
             [[rule]]\nid = \"e1\"\nissuer = \"a\"\neffective = \"{first}\"\neases = [\"r\"]\neased_to = \"license\"\nshare = 0.3\nto = {{ countries = [\"b\"] }}\n\
             [[rule]]\nid = \"e2\"\nissuer = \"a\"\neffective = \"{second}\"\neases = [\"r\"]\neased_to = \"license\"\nshare = 0.7\nto = {{ countries = [\"b\"] }}\n"
        )
    };
    for (first, second, share) in
        [("2022Q2", "2022Q3", 0.7), ("2022Q3", "2022Q2", 0.3), ("2022Q2", "2022Q2", 0.7)]
    {
        near(small(&text(first, second)).permitted("x", "b", 4), share);
    }
    // Two requirements of the same strictness: the later one's share counts.
    let book = small(&format!(
        "{LICENCE}effective = \"2022Q2\"\nshare = 0.3\n[[rule]]\nid = \"s\"\nissuer = \"a\"\neffective = \"2022Q1\"\nrequires = \"license\"\nshare = 0.7\nto = {{ countries = [\"b\"] }}\n"
    ));
    near(book.permitted("x", "b", 0), 0.7);
    near(book.permitted("x", "b", 1), 0.3);
}

#[test]
fn other_subjects_have_edges_of_their_own() {
    let world = |rules: &str| {
        let text = format!(
            "[run]\nhorizon = \"2022Q1..2022Q4\"\n[[country]]\nid = \"a\"\n[[country]]\nid = \"b\"\n\
             [[tool]]\nid = \"etch\"\nsuppliers = {{ a = 0.6, b = 0.4 }}\n[[tool]]\nid = \"test\"\nsuppliers = {{ a = 1 }}\n\
             [[good]]\nid = \"n7\"\nkind = \"wafer\"\nunit = \"wafers\"\nnode = 7\n[[good]]\nid = \"hbm\"\nkind = \"memory\"\nunit = \"GB\"\nmemory_bandwidth_density = 3\n\
             [[facility]]\nid = \"fab-a\"\ncountry = \"a\"\ngood = \"n7\"\ncapacity = 1\n\
             [[facility]]\nid = \"fab-b\"\ncountry = \"b\"\ngood = \"n7\"\ncapacity = 1\ndependence = {{ etch = 0.5, test = 0.5 }}\n\
             [[facility]]\nid = \"hbm-a\"\ncountry = \"a\"\ngood = \"hbm\"\ncapacity = 1\n\
             [[designer]]\nid = \"da\"\ncountry = \"a\"\n[[designer]]\nid = \"db\"\ncountry = \"b\"\n\
             [[chip]]\nid = \"x\"\ndesigner = \"db\"\nlaunch = \"2022Q1\"\nprice = 1\nbf16_tflops = 1\ntransistors = 5e10\nrecipe = {{ n7 = 1, hbm = 1 }}\n\
             [[buyer]]\nid = \"cloud\"\nkind = \"cloud\"\ncountry = \"a\"\n[[buyer]]\nid = \"branch\"\nkind = \"cloud\"\ncountry = \"a\"\nheadquarters = \"b\"\n\
             [[lab]]\nid = \"lab\"\ncountry = \"b\"\nclouds = [\"cloud\", \"branch\"]\n{rules}"
        );
        Book::new(model_of(&text).unwrap_or_else(|e| panic!("{e}")))
    };
    let rule = |subject: &str, more: &str| {
        format!(
            "[[rule]]\nid = \"r\"\nissuer = \"a\"\neffective = \"2022Q1\"\nsubject = \"{subject}\"\nrequires = \"denied\"\nto = {{ countries = [\"b\"] }}\n{more}\n"
        )
    };
    let outcome = |book: &Book, case| book.plan.rules.now(case, 1, &book.terms).permitted[0];
    // Tools: only those that the rule names, only for the node that it names, only from its issuer's firms.
    let tools = |more: &str| {
        let book = world(&rule("tools", more));
        let cases = &book.plan.supply.tools[1];
        let all: Vec<f64> =
            cases.iter().flat_map(|k| k.suppliers.iter().map(|s| outcome(&book, s.1))).collect();
        assert!(
            cases.iter().flat_map(|k| &k.suppliers).all(|s| outcome(&book, s.2) == 1.0),
            "servicing is free"
        );
        all
    };
    assert_eq!(tools(""), [0.0, 1.0, 0.0]);
    assert_eq!(tools("tools = [\"test\"]"), [1.0, 1.0, 0.0]);
    assert_eq!(tools("all = [{ id = \"n\", node = \"<= 5\" }]"), [1.0, 1.0, 1.0]);
    // Foundry and goods: the designer's country, and a border between.
    let links = |subject: &str, more: &str| {
        let book = world(&rule(subject, more));
        let links = &book.plan.supply.links;
        links.iter().map(|l| outcome(&book, l.foundry) * outcome(&book, l.goods)).collect::<Vec<f64>>()
    };
    assert_eq!(links("foundry", ""), [0.0, 1.0, 1.0], "the fab abroad, the fab at home, memory");
    assert_eq!(links("foundry", "all = [{ id = \"t\", transistors = \">= 6e10\" }]"), [1.0, 1.0, 1.0]);
    assert_eq!(links("foundry", "designers = [\"da\"]"), [1.0, 1.0, 1.0]);
    assert_eq!(
        links("goods", "goods = [\"hbm\"]\nall = [{ id = \"d\", memory_bandwidth_density = \"> 2\" }]"),
        [1.0, 1.0, 0.0]
    );
    // Renting: a cloud whose firm is at home in the lab's country is no cloud abroad.
    let book = world(&rule("remote-access", ""));
    let remote: Vec<f64> = book.plan.usage.links.iter().map(|l| outcome(&book, l.remote)).collect();
    assert_eq!(remote, [0.0, 1.0]);
}

#[test]
fn the_list_and_the_difference_of_two_books() {
    use chokepoint::internals::rules::{BookSide, ListingFilter, Place, Said};
    let text =
        |effective: &str| format!("{LICENCE}effective = \"{effective}\"\nshare = 0.5\nfee = 0.15\nlag = 1\n");
    let (early, late) = (small(&text("2022-05-05")), small(&text("2022-11-11")));
    let ask = |on: &str| ListingFilter {
        on: Date::parse(on).unwrap(),
        to: None,
        headquarters: None,
        issuer: None,
        chip: None,
    };
    let rows = early.plan.rules.list(&early.terms, &ask("2022-05-05"));
    let short: Vec<_> =
        rows.iter().map(|r| (r.chip.as_str(), r.to.as_str(), r.status, r.fee, r.rule.as_deref())).collect();
    assert_eq!(
        short,
        [
            ("x", "a", Status::Free, 0.0, None),
            ("x", "b", Status::License, 0.15, Some("r")),
            ("local", "a", Status::Free, 0.0, None),
            ("local", "b", Status::Free, 0.0, None),
        ]
    );
    let one = ListingFilter {
        to: Some(Place::Country(early.country("b"))),
        chip: Some(early.chip("x")),
        ..ask("2022-05-04")
    };
    assert_eq!(early.plan.rules.list(&early.terms, &one).len(), 1);
    assert_eq!(early.plan.rules.list(&early.terms, &one)[0].status, Status::Free);

    let [(ours, a), (theirs, b)] = [&early, &late].map(|book| {
        let mut inputs = book.plan.layout.inputs();
        book.plan.layout.medians(&mut inputs);
        (book, inputs)
    });
    let (ours, theirs) = (
        BookSide { book: &ours.plan.rules, parameters: &ours.terms, inputs: &a },
        BookSide { book: &theirs.plan.rules, parameters: &theirs.terms, inputs: &b },
    );
    let changes = ours.chip_differences(&theirs, &ask("2022Q1"));
    let said = |s: &Said| (s.status, s.share, s.fee);
    let licence = |share: f64| (Status::License, share, 0.15);
    // What was needed earlier gives nothing for a quarter, then its half, and the same a half year later by the other book.
    let lag = |from: &str| Date(Date::parse(from).unwrap().0 + 1.0).day();
    let [first, second] = [lag("2022-05-05"), lag("2022-11-11")];
    let wanted = [
        ("2022-05-05", first.as_str(), licence(0.0), (Status::Free, 1.0, 0.0)),
        (first.as_str(), "2022-11-11", licence(0.5), (Status::Free, 1.0, 0.0)),
        ("2022-11-11", second.as_str(), licence(0.5), licence(0.0)),
    ];
    assert_eq!(changes.len(), wanted.len(), "{changes:#?}");
    for (c, (from, until, before, after)) in changes.iter().zip(wanted) {
        assert_eq!((c.flow.item.as_str(), c.flow.to.as_str(), c.issuer.as_str()), ("x", "b", "a"));
        assert_eq!((c.from.day().as_str(), c.until.unwrap().day().as_str()), (from, until));
        assert_eq!((said(&c.before), said(&c.after)), (before, after));
    }
    assert_eq!(ours.chip_differences(&ours, &ask("2022Q1")), []);
}

/// Holds the outcomes that a batch keeps from quarter to quarter to those that are found anew.
#[derive(Default)]
struct Anew {
    compared: u64,
    kept: u64,
}

impl Observer for Anew {
    fn after(&mut self, step: Step, t: usize, plan: &Plan, batch: &Batch) {
        if step != Step::Shocks {
            return;
        }
        for case in plan.rules.occurring().filter(|&case| batch.outputs.controls.is_asked(case)) {
            let (i, controls) = (case.index(), &batch.outputs.controls);
            let (now, cut) = plan.rules.now_and_cut(case, t, &batch.terms, &batch.inputs);
            let ahead = plan.rules.ahead(case, t, plan.lead, &batch.terms);
            let near = |a: Lanes, b: Lanes| (a - b).abs().le(Lanes::splat(1e-11)).all();
            assert!(near(controls.now[i].permitted, now.permitted), "case {i}, quarter {t}");
            assert!(near(controls.ahead[i].permitted, ahead.permitted), "case {i}, ahead of quarter {t}");
            assert_eq!((controls.now[i].fee, controls.ahead[i].fee), (now.fee, ahead.fee), "{i} {t}");
            assert_eq!(
                (controls.cut[i], controls.front_running[i]),
                (cut.share, cut.front_running),
                "{i} {t}"
            );
            self.compared += 1;
            self.kept += u64::from(t > 0 && plan.rules.may_change(case, t, &batch.terms).is_none());
        }
    }
}

#[test]
fn outcomes_that_are_kept_are_those_found_anew() {
    let mut anew = Anew::default();
    for path in ["scenarios/tutorial", "scenarios/baseline"] {
        let plan = crate::support::plan_of(crate::support::read(path, None).unwrap().1);
        let mut batch = Batch::new(&plan);
        (0..24).for_each(|b| batch.simulate(&plan, b, &mut anew));
    }
    // Some are kept and some are not, or nothing was shown.
    assert!(anew.kept > 1000 && anew.compared > anew.kept + 1000, "{} of {}", anew.kept, anew.compared);
}

/// Holds what cases come to in a quarter against what rules say at moments spread evenly over it, draw by draw.
struct Moments {
    /// Draws of cases that were looked at in a quarter in which a course lasts, begins or ends.
    struck: usize,
    /// Those of them in which the case lets part of what is asked for flow.
    partly: usize,
}

impl Moments {
    const IN_A_QUARTER: usize = 128;

    /// Share that may flow, as the product over issuers of their means over moments.
    fn permitted(
        plan: &Plan,
        terms: &Parameters,
        case: chokepoint::internals::rules::CaseId,
        t: usize,
        lane: usize,
    ) -> f64 {
        let mut refused = vec![0.0; plan.model.countries.len()];
        for i in 0..Self::IN_A_QUARTER {
            let moment = t as f64 + (i as f64 + 0.5) / Self::IN_A_QUARTER as f64;
            for (issuer, ..) in plan.rules.status_at(case, moment, terms, lane) {
                refused[issuer.index()] += 1.0 - plan.rules.status(case, moment, issuer, terms, lane).share;
            }
        }
        refused.into_iter().map(|sum| 1.0 - sum / Self::IN_A_QUARTER as f64).product()
    }
}

impl Observer for Moments {
    fn after(&mut self, step: Step, t: usize, plan: &Plan, batch: &Batch) {
        if step != Step::Shocks {
            return;
        }
        let lasts = |lane: usize| {
            batch
                .terms
                .courses
                .iter()
                .any(|(from, until)| from[lane] < t as f64 + 1.0 && until[lane] > t as f64 - 1.0)
        };
        for (i, case) in plan.rules.occurring().enumerate().filter(|(i, _)| (i + t).is_multiple_of(5)) {
            let now = plan.rules.now(case, t, &batch.terms).permitted;
            for lane in (0..WIDTH).filter(|&lane| lasts(lane)) {
                let found = Self::permitted(plan, &batch.terms, case, t, lane);
                // Each moment at which something changes can be missed by a part of the way between two.
                assert!(
                    (now[lane] - found).abs() < 0.05,
                    "case {i}, quarter {t}, lane {lane}: {} and {found}",
                    now[lane]
                );
                self.struck += 1;
                self.partly += usize::from(now[lane] > 0.01 && now[lane] < 0.99);
            }
        }
    }
}

#[test]
fn a_quarter_comes_to_what_rules_say_at_its_moments() {
    let mut moments = Moments { struck: 0, partly: 0 };
    for (path, batches) in [("scenarios/tutorial", 6), ("scenarios/baseline", 2)] {
        let plan = crate::support::plan_of(crate::support::read(path, None).unwrap().1);
        let mut batch = Batch::new(&plan);
        (0..batches).for_each(|b| batch.simulate(&plan, b, &mut moments));
    }
    assert!(moments.struck > 10_000 && moments.partly > 300, "{} and {}", moments.struck, moments.partly);
}
