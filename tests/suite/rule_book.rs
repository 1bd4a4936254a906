//! The baseline's rule book: known statuses, and chips that do not exist on either side of every threshold and every date.

use crate::support::book::Book;
use crate::support::{baseline_with, plan_of, read};
use chokepoint::internals::math::wide::Lanes;
use chokepoint::internals::model::{Model, QuantityId, Status, Subject};
use chokepoint::internals::rules::Parameters;
use std::fmt::Write;

fn baseline() -> Model {
    read("scenarios/baseline", None).unwrap().1
}

#[test]
fn every_known_status_comes_out() {
    let book = Book::new(baseline());
    let table = include_str!("../data/rule_truth_table.csv");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let mut rows = 0;
    for record in reader.records() {
        let r = record.unwrap();
        let (status, fee) = book.status(&r[0], &r[2], &r[3], &r[1], "us");
        let written = if fee > 0.0 {
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
    let book = Book::new(baseline());
    assert_eq!(book.status("h20", "china", "china", "2025-09-01", "us"), (Status::License, 0.15));
    assert_eq!(book.status("h20", "china", "china", "2025-08-10", "us"), (Status::License, 0.0));
    assert_eq!(book.status("h20", "china", "china", "2025-09-01", "china").0, Status::License);
    assert_eq!(book.status("a100", "china", "china", "2025-09-01", "us").0, Status::Denied);
}

#[test]
fn china_refuses_products_and_takes_some_back() {
    let book = Book::new(baseline());
    let by_china = |chip: &str, on: &str| book.status(chip, "china", "china", on, "china").0;
    assert_eq!(by_china("rtx-pro-6000d", "2025-09-16"), Status::Free);
    assert_eq!(by_china("rtx-pro-6000d", "2025-09-17"), Status::Denied);
    assert_eq!(by_china("h200", "2026-01-13"), Status::Free);
    assert_eq!(by_china("h200", "2026-01-27"), Status::Denied);
    assert_eq!(by_china("h200", "2026-01-28"), Status::LicenseCaseByCase);
    assert_eq!(by_china("h100", "2026-02-01"), Status::Free, "products are named");
    assert_eq!(book.status("h200", "malaysia", "china", "2026-02-01", "china").0, Status::Free);
}

/// A data sheet of a chip that does not exist; none: not on it.
#[derive(Clone, Copy, Debug)]
struct Sheet {
    designer: &'static str,
    datacenter: bool,
    tpp: f64,
    density: f64,
    bandwidth: Option<f64>,
    interconnect: Option<f64>,
}

impl Sheet {
    fn row(&self, id: &str) -> String {
        let mut row = format!(
            "[[chip]]\nid = \"{id}\"\ndesigner = \"{}\"\ndatacenter = {}\ntpp = {}\nperformance_density = {}\n",
            self.designer, self.datacenter, self.tpp, self.density
        );
        for (key, value) in [("memory_bandwidth", self.bandwidth), ("interconnect", self.interconnect)] {
            if let Some(x) = value {
                let _ = writeln!(row, "{key} = {x}");
            }
        }
        row
    }
}

/// The law of the United States on chips, told once more and plainly: what a lawyer would answer.
fn law(s: &Sheet, to: &str, hq: &str, day: &str) -> (Status, f64) {
    let free = (Status::Free, 0.0);
    if to == "us" {
        return free;
    }
    let embargoed = |n: &str| ["china", "hong-kong", "macau", "russia", "iran"].contains(&n);
    let transit = ["uae", "vietnam", "saudi-arabia"].contains(&to);
    let above = |x: Option<f64>, limit: f64| x.is_some_and(|x| x >= limit);
    let addressee = ["nvidia", "amd"].contains(&s.designer);
    let controlled = s.datacenter && (s.tpp >= 4800.0 || (s.tpp >= 1600.0 && s.density >= 5.92));
    let below = s.datacenter
        && (((2400.0..4800.0).contains(&s.tpp) && (1.6..5.92).contains(&s.density))
            || (s.tpp >= 1600.0 && (3.2..5.92).contains(&s.density)))
        || !s.datacenter && s.tpp >= 4800.0;
    let hq_test = ("2023-11-17".."2025-05-13").contains(&day) || day >= "2026-05-31";
    let mut all = vec![free];
    let of_2022 = s.tpp >= 4800.0 && above(s.interconnect, 600.0);
    if ("2022-08-26".."2022-10-07").contains(&day)
        && addressee
        && of_2022
        && ["china", "hong-kong", "russia"].contains(&to)
    {
        all.push((Status::License, 0.0));
    }
    if ("2022-10-07".."2023-11-17").contains(&day) && of_2022 && ["china", "hong-kong", "macau"].contains(&to)
    {
        all.push((Status::Denied, 0.0));
    }
    let early = ("2023-10-23".."2023-11-17").contains(&day) && s.designer == "nvidia";
    let mut denied = early && controlled && (embargoed(to) || embargoed(hq));
    if (early || day >= "2023-11-17") && controlled && transit {
        all.push((Status::LicensePresumedApproved, 0.0));
    }
    if day >= "2023-11-17" {
        denied |= controlled && (embargoed(to) || (hq_test && embargoed(hq)));
        if below && (embargoed(to) || transit || (hq_test && embargoed(hq))) {
            all.push((Status::Notify, 0.0));
        }
    }
    let sum = s.bandwidth.zip(s.interconnect).map(|(a, b)| a + b);
    let letter = day >= "2025-04-09"
        && addressee
        && embargoed(to)
        && (above(s.bandwidth, 1400.0) || above(s.interconnect, 1100.0) || above(sum, 1700.0));
    let eased = day >= "2026-01-15"
        && ["china", "hong-kong", "macau"].contains(&to)
        && s.tpp < 21_000.0
        && s.bandwidth.is_some_and(|x| x < 6500.0);
    if eased && (denied || letter) {
        let within = |x: f64, low: f64, high: f64| low <= x && x <= high;
        let bandwidth = s.bandwidth.unwrap_or(0.0);
        let banded = (within(s.tpp, 14_000.0, 17_500.0) && within(bandwidth, 4500.0, 5000.0))
            || (within(s.tpp, 20_800.0, 21_100.0) && within(bandwidth, 5800.0, 6200.0));
        all.push((Status::LicenseCaseByCase, if banded { 0.25 } else { 0.0 }));
    } else {
        if denied {
            all.push((Status::Denied, 0.0));
        }
        if letter {
            all.push((Status::License, if day >= "2025-08-11" { 0.15 } else { 0.0 }));
        }
    }
    all.into_iter().reduce(|a, b| if b.0 > a.0 { b } else { a }).unwrap()
}

/// Sheets on either side of every threshold: each value meets many of the others.
fn sheets() -> Vec<Sheet> {
    let tpps = [
        1000.0, 1599.0, 1600.0, 2399.0, 2400.0, 4799.0, 4800.0, 13_999.0, 14_000.0, 17_500.0, 17_501.0,
        20_799.0, 20_800.0, 20_999.0, 21_000.0, 21_100.0, 36_000.0,
    ];
    let densities = [1.59, 1.6, 3.19, 3.2, 5.91, 5.92, 20.0];
    let links = [
        (Some(1399.0), Some(300.0)),
        (Some(1399.0), Some(301.0)),
        (Some(1400.0), None),
        (Some(600.0), Some(1099.0)),
        (Some(100.0), Some(1100.0)),
        (Some(900.0), Some(599.0)),
        (Some(900.0), Some(600.0)),
        (Some(1100.0), Some(600.0)),
        (None, Some(900.0)),
        (Some(4499.0), Some(900.0)),
        (Some(4500.0), Some(599.0)),
        (Some(5000.0), Some(900.0)),
        (Some(5001.0), Some(900.0)),
        (Some(5799.0), None),
        (Some(5800.0), Some(900.0)),
        (Some(6200.0), Some(600.0)),
        (Some(6201.0), Some(900.0)),
        (Some(6499.0), Some(900.0)),
        (Some(6500.0), Some(900.0)),
        (None, None),
    ];
    let firms = [("nvidia", true), ("nvidia", true), ("amd", true), ("google", true), ("nvidia", false)];
    let mut all = Vec::new();
    for (i, &tpp) in tpps.iter().enumerate() {
        for (j, &(bandwidth, interconnect)) in links.iter().enumerate() {
            // Every pair of TPP and links, with a density and a firm that go round.
            for k in [i + 2 * j, i + 3 * j + 1] {
                let (designer, datacenter) = firms[(k + j) % firms.len()];
                let density = densities[k % densities.len()];
                all.push(Sheet { designer, datacenter, tpp, density, bandwidth, interconnect });
            }
        }
    }
    all
}

#[test]
fn chips_that_do_not_exist_are_judged_as_the_law_says() {
    let sheets = sheets();
    let rows: String = sheets.iter().enumerate().map(|(i, s)| s.row(&format!("made-up-{i}"))).collect();
    let book = Book::new(baseline_with(&rows));
    let days = [
        "2022-08-25",
        "2022-08-26",
        "2022-10-06",
        "2022-10-07",
        "2023-10-22",
        "2023-10-23",
        "2023-11-16",
        "2023-11-17",
        "2025-01-15",
        "2025-04-08",
        "2025-04-09",
        "2025-05-12",
        "2025-05-13",
        "2025-05-15",
        "2025-08-10",
        "2025-08-11",
        "2025-09-29",
        "2026-01-14",
        "2026-01-15",
        "2026-05-30",
        "2026-05-31",
        "2026-11-10",
        "2028-06-01",
    ];
    let markets = [
        ("china", "china"),
        ("hong-kong", "china"),
        ("macau", "macau"),
        ("russia", "russia"),
        ("uae", "uae"),
        ("vietnam", "vietnam"),
        ("israel", "israel"),
        ("malaysia", "malaysia"),
        ("malaysia", "china"),
        ("uae", "china"),
        ("japan", "iran"),
        ("us", "china"),
        ("us", "us"),
        ("china", "us"),
        ("taiwan", "taiwan"),
    ];
    let mut seen = std::collections::BTreeSet::new();
    for (i, sheet) in sheets.iter().enumerate() {
        for (to, hq) in markets {
            for day in days {
                let found = book.status(&format!("made-up-{i}"), to, hq, day, "us");
                let expected = law(sheet, to, hq, day);
                assert_eq!(found, expected, "{sheet:?} to {to} ({hq}) on {day}");
                seen.insert((expected.0, (100.0 * expected.1) as i32));
            }
        }
    }
    assert_eq!(seen.len(), 8, "every status, and both fees: {seen:?}");
}

#[test]
fn no_status_by_the_united_states_depends_on_a_name() {
    let model = baseline();
    let by_us = model.rules.iter().filter(|r| model.countries[r.issuer].id == "us");
    assert!(by_us.clone().count() > 20);
    for rule in by_us {
        assert!(rule.products.is_empty(), "{} names products", rule.id);
    }
    // Twins with the same data sheets and other names.
    let book = Book::new(model);
    let mut medians = book.plan.layout.inputs();
    book.plan.layout.medians(&mut medians);
    let mut rows = String::new();
    for (i, chip) in book.plan.model.chips.iter().enumerate() {
        let designer = &book.plan.model.designers[chip.designer].id;
        let _ = write!(
            rows,
            "[[chip]]\nid = \"twin-{i}\"\ndesigner = \"{designer}\"\ndatacenter = {}\ndies = {}\n",
            chip.datacenter, chip.dies
        );
        let mut add = |key: &str, q: Option<QuantityId>| {
            if let Some(q) = q {
                let _ = writeln!(rows, "{key} = {}", medians.value(q)[0]);
            }
        };
        add("bf16_tflops", chip.bf16_tflops);
        add("int8_tops", chip.int8_tops);
        add("fp4_tflops", chip.fp4_tflops);
        add("tpp", chip.tpp);
        add("performance_density", chip.performance_density);
        add("die_area", chip.die_area);
        add("memory_bandwidth", chip.memory_bandwidth);
        add("interconnect", chip.interconnect);
        add("memory", chip.memory);
    }
    let twins = Book::new(baseline_with(&rows));
    let mut differ_in_china = Vec::new();
    for (i, chip) in book.plan.model.chips.iter().enumerate() {
        for (to, hq) in [("china", "china"), ("uae", "uae"), ("malaysia", "china"), ("vietnam", "vietnam")] {
            for year in 2022..=2030 {
                for month in ["02-01", "05-20", "09-20", "11-20"] {
                    let day = format!("{year}-{month}");
                    let twin = format!("twin-{i}");
                    let [a, b] = ["us", "china"].map(|issuer| {
                        (
                            book.ruling(&chip.id, to, hq, &day, issuer),
                            twins.ruling(&twin, to, hq, &day, issuer),
                        )
                    });
                    assert_eq!(a.0, a.1, "{} to {to} ({hq}) on {day}", chip.id);
                    if b.0 != b.1 && !differ_in_china.contains(&chip.id.as_str()) {
                        differ_in_china.push(&chip.id);
                    }
                }
            }
        }
    }
    differ_in_china.sort_unstable();
    assert_eq!(differ_in_china, ["h20", "h200", "rtx-pro-6000d"], "China's refusals name products");
}

#[test]
fn lists_of_the_rules_reach_beyond_the_countries_of_the_world() {
    let book = Book::new(baseline());
    let h100 = |to: &str| book.status("h100", to, to, "2024-02-01", "us").0;
    for (to, status) in [
        ("vietnam", Status::LicensePresumedApproved),
        ("saudi-arabia", Status::LicensePresumedApproved),
        ("israel", Status::Free),
        ("macau", Status::Denied),
        ("hong-kong", Status::Denied),
        ("venezuela", Status::Denied),
        ("germany", Status::Free),
    ] {
        assert_eq!(h100(to), status, "{to}");
    }
    assert_eq!(book.status("h100", "germany", "russia", "2024-02-01", "us").0, Status::Denied);
    assert_eq!(book.plan.rules.place("atlantis"), None);
}

#[test]
fn the_diffusion_rule_is_a_counterfactual_that_a_switch_turns_on() {
    let on = |switch: u8| {
        Book::new(baseline_with(&format!("[[rule]]\nid = \"us-2025-01-diffusion\"\nin_force = {switch}\n")))
    };
    let h100 = |book: &Book, to: &str, day: &str| book.ruling("h100", to, to, day, "us");
    let (off, on) = (on(0), on(1));
    for day in ["2025-05-14", "2025-05-15", "2026-01-10"] {
        assert_eq!(h100(&off, "malaysia", day).0, Status::Free, "{day}");
    }
    assert_eq!(h100(&on, "malaysia", "2025-05-14").0, Status::Free);
    let malaysia = h100(&on, "malaysia", "2025-05-15");
    assert_eq!((malaysia.0, malaysia.2.as_str()), (Status::LicensePresumedApproved, "us-2025-01-diffusion"));
    assert_eq!(h100(&on, "japan", "2025-05-15").0, Status::Free);
    assert_eq!(h100(&on, "china", "2025-05-15").0, Status::Denied);
    assert_eq!(h100(&on, "uae", "2025-05-15").2, "us-2025-01-diffusion");
    assert_eq!(on.status("l2", "malaysia", "malaysia", "2025-06-01", "us").0, Status::Free);
}

#[test]
fn other_subjects_act_on_the_flows_that_they_name() {
    let book = Book::new(baseline());
    let model = &book.plan.model;
    let permitted = |case, t| book.plan.rules.now(case, t, &book.terms).permitted[0];
    // 2024Q1 and 2025Q3 of a horizon that starts in 2022Q1.
    let (before, after) = (8, 14);
    let stock = model.stockpiles.iter().position(|s| s.id == "huawei-hbm").expect("the stockpile of memory");
    for &(_, case) in &book.plan.supply.stockpile_sources[stock] {
        assert_eq!((permitted(case, before), permitted(case, after)), (1.0, 0.0), "stand-alone memory");
    }
    for (f, tools) in book.plan.supply.tools.iter().enumerate() {
        let country = &model.countries[model.facilities[f].country].id;
        for cases in tools {
            let tool = &model.tools[cases.tool].id;
            for &(supplier, sales, _) in &cases.suppliers {
                let supplier = &model.countries[supplier].id;
                if tool == "euv" && country == "china" && supplier == "netherlands" {
                    assert_eq!(permitted(sales, before), 0.0, "EUV for China");
                }
                if country == "taiwan" {
                    assert_eq!(permitted(sales, after), 1.0, "{tool} from {supplier} for Taiwan");
                }
            }
        }
    }
    let subjects = |s: Subject| model.rules.iter().filter(|r| r.subject == s).count();
    for subject in [Subject::Goods, Subject::Tools, Subject::Foundry, Subject::RemoteAccess] {
        assert!(subjects(subject) > 0, "{subject:?}");
    }
}

#[test]
fn shares_are_within_bounds_in_every_quarter() {
    let plan = plan_of(baseline());
    let mut inputs = plan.layout.inputs();
    plan.layout.sample(3, &mut inputs);
    let terms = Parameters::new(&plan.rules, &inputs);
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
