//! Facilities that open, serve others and answer to scarcity, companion silicon, commitments: closed forms.

use crate::support::{findings, model_of, plan_of, read};
use chokepoint::internals::engine::Batch;
use chokepoint::internals::engine::record::Recorder;
use chokepoint::internals::math::wide::WIDTH;
use chokepoint::internals::metrics::Recording;
use chokepoint::internals::model::time::Date;
use chokepoint::internals::model::{FacilityId, Model, Shape};
use chokepoint::internals::network::Network;
use chokepoint::internals::random::{Design, Sampler};
use std::sync::Arc;

/// One line, one chip, one buyer: what the line makes is worth far less than the buyer has.
const WORLD: &str = r#"
title = "One line"
[run]
horizon = "2022Q1..2024Q4"
known_until = "2022Q1"
[production]
lead = 1
[[country]]
id = "here"
[[good]]
id = "packages"
kind = "packaging"
unit = "packages"
[[facility]]
id = "line"
country = "here"
good = "packages"
FACILITY
[[designer]]
id = "north"
country = "here"
claims = { line = 1 }
[[chip]]
id = "n1"
designer = "north"
launch = "2020Q1"
bf16_tflops = 1000
tdp = 700
price = 10000
recipe = { packages = 1 }
CHIP
[[buyer]]
id = "b"
country = "here"
budget = BUDGET
"#;

fn world(facility: &str, chip: &str, budget: &str) -> String {
    WORLD.replace("FACILITY", facility).replace("CHIP", chip).replace("BUDGET", budget)
}

/// A metric's course in a world without uncertainty.
fn course(text: &str, actor: &str, metric: &str) -> Vec<f64> {
    let model = model_of(text).unwrap_or_else(|e| panic!("{e}"));
    let (network, design) = (Network::from_model(&model), Design { seed: 1, sampler: Sampler::Sobol });
    let all = crate::reference::World::new(&model, &network, &design, &crate::reference::Cells::All);
    let mut draw = crate::reference::Draw::new(&all);
    draw.simulate(0);
    all.history(&draw.cells)[&(actor.to_owned(), metric.to_owned())].clone()
}

#[track_caller]
fn agree(found: &[f64], expected: impl Fn(usize) -> f64) {
    for (t, x) in found.iter().enumerate() {
        let y = expected(t);
        assert!((x - y).abs() <= 1e-9 * x.abs().max(y.abs()).max(1e-3), "{t}: {x} against {y} in {found:?}");
    }
}

#[test]
fn a_facility_makes_nothing_before_it_opens() {
    // Half the first quarter of 2023 has passed on 15 February, and then the delay.
    let text = world("capacity = 1000\nopens = \"2023-02-15\"\ndelay = 1.25", "", "1e9");
    let opens = 4.0 + 45.0 / 90.0 + 1.25;
    agree(&course(&text, "facility.line", "capacity"), |t| 1000.0 * (t as f64 + 1.0 - opens).clamp(0.0, 1.0));
    let made = course(&text, "facility.line", "output");
    assert!(made[..5].iter().all(|x| *x == 0.0) && made[6] > 999.0, "{made:?}");
}

#[test]
fn a_plan_made_under_the_rules_comes_as_planned_under_them() {
    let tool = "[[tool]]\nid = \"k\"\nsuppliers = { here = 1 }\n[[shock]]\nid = \"s\"\ndate = \"2022-01-01\"\nduration = 40\n\
                recovery = \"step\"\ntools = { on = \"tool.k\", times = 0.25 }\n";
    let capacity = "{ 2022Q1 = 1000, 2024Q1 = 9000, between = \"linear\" }\ndependence = { k = 0.8 }";
    let access = 1.0 - 0.8 * 0.75;
    for assumed in [1.0, 0.4, 0.8] {
        let facility = format!("capacity = {capacity}\nassumed_access = {assumed}");
        let text = format!("{}{tool}", world(&facility, "", "1e9"));
        let found = course(&text, "facility.line", "capacity");
        agree(&found, |t| 1000.0 + 1000.0 * t.min(8) as f64 * access / assumed);
    }
}

#[test]
fn other_customers_come_first_but_for_the_floor() {
    for (others, floor, taken) in
        [(700.0, 0.2, 700.0), (950.0, 0.2, 800.0), (950.0, 0.0, 950.0), (5e3, 1.0, 0.0)]
    {
        let facility = format!("capacity = 1000\nothers = {others}\nfloor = {floor}");
        let text = world(&facility, "", "1e9");
        agree(&course(&text, "facility.line", "capacity"), |_| 1000.0);
        agree(&course(&text, "facility.line", "others"), |_| taken);
        agree(&course(&text, "facility.line", "output"), |_| 1000.0 - taken);
        agree(&course(&text, "facility.line", "utilisation"), |_| 1.0);
    }
}

#[test]
fn capacity_answers_to_scarcity_with_its_lag() {
    // Nearly everything is unmet, so the cap is what is answered to.
    let (answer, cap) = (0.4, 0.25);
    for lag in [0.0, 2.0, 1.4_f64] {
        let facility = format!("capacity = 1000\nanswer = {answer}\nanswer_lag = {lag}\nanswer_cap = {cap}");
        let text = world(&facility, "", "1e12");
        let mut expected = [1000.0_f64; 12];
        let (whole, part) = (lag as usize, lag - lag.floor());
        for t in 1..12_usize {
            let decided = |s: usize| if s >= 1 { answer * cap * expected[s] } else { 0.0 };
            let first = (t - 1).checked_sub(whole).map_or(0.0, decided);
            let second = (t - 1).checked_sub(whole + 1).map_or(0.0, decided);
            expected[t] = expected[t - 1] + first * (1.0 - part) + second * part;
        }
        if lag == 0.0 {
            // A closed form: growth by the same share every quarter.
            for (t, x) in expected.iter().enumerate().skip(1) {
                assert!((x / (1000.0 * 1.1_f64.powi(t as i32 - 1)) - 1.0).abs() < 1e-12);
            }
        }
        agree(&course(&text, "facility.line", "capacity"), |t| expected[t]);
        agree(&course(&text, "facility.line", "answered"), |t| expected[t] - 1000.0);
    }
}

#[test]
fn what_another_good_lacks_is_no_scarcity_of_this_one() {
    // Wafers are plenty, packaging is not: only packaging is answered to.
    let wafers = "[[good]]\nid = \"wafers\"\nkind = \"wafer\"\nunit = \"wafers\"\n[[facility]]\nid = \"fab\"\ncountry = \"here\"\n\
                  good = \"wafers\"\ncapacity = 1e9\nanswer = 0.5\nanswer_lag = 0\n";
    let text = world("capacity = 1000\nanswer = 0.5\nanswer_lag = 0", "", "1e9")
        .replace("recipe = { packages = 1 }", "recipe = { packages = 1, wafers = 0.02 }");
    let text = format!("{text}{wafers}");
    assert!(course(&text, "facility.line", "answered")[8] > 100.0);
    agree(&course(&text, "facility.fab", "answered"), |_| 0.0);
}

#[test]
fn companion_silicon_limits_a_chip_like_any_good() {
    let wafers = "[[good]]\nid = \"wafers\"\nkind = \"wafer\"\nunit = \"wafers\"\n[[facility]]\nid = \"fab\"\ncountry = \"here\"\n\
                  good = \"wafers\"\ncapacity = 50\n";
    let companions = "companions = { wafers = 900 }";
    let text = format!("{}{wafers}", world("capacity = 1e6", companions, "1e12"));
    let need = 900.0 / (std::f64::consts::PI * 150.0 * 150.0 * 0.75);
    agree(&course(&text, "chip.n1", "produced_chips"), |_| 50.0 / need);
    agree(&course(&text, "facility.fab", "companions"), |_| 50.0);
    // Beside a part of the chip itself, both are needed.
    let both = text.replace("recipe = { packages = 1 }", "recipe = { packages = 1, wafers = 0.01 }");
    agree(&course(&both, "chip.n1", "produced_chips"), |_| 50.0 / (need + 0.01));
    agree(&course(&both, "facility.fab", "companions"), |_| 50.0 * need / (need + 0.01));
}

/// A second buyer with far more money, and a second chip like the first.
fn contract(units: &str, budget: &str, capacity: &str) -> String {
    let more = format!(
        "[[chip]]\nid = \"n2\"\nextends = \"n1\"\n[[buyer]]\nid = \"rich\"\ncountry = \"here\"\nbudget = 1e9\n\
         [[commitment]]\nid = \"deal\"\ndesigner = \"north\"\nbuyer = \"b\"\nunits = {units}\n"
    );
    format!("{}{more}", world(&format!("capacity = {capacity}"), "", budget))
}

#[test]
fn commitments_are_filled_before_others() {
    // The line makes 400 a quarter of two chips in equal parts, and 500 are owed.
    let text = contract("500", "1e8", "400");
    agree(&course(&text, "buyer.b", "bought_chips"), |_| 400.0);
    agree(&course(&text, "buyer.rich", "bought_chips"), |_| 0.0);
}

#[test]
fn commitments_are_cut_to_money_over_all_chips_alike() {
    // 1000 chips at 10,000 USD are owed, and there is money for 300.
    let text = contract("1000", "3e6", "1e5");
    agree(&course(&text, "buyer.b", "bought_chips"), |_| 300.0);
    let first = course(&text, "buyer.b", "spend_usd");
    agree(&first, |_| 3e6);
}

/// What designers ship together by the horizon's end, in the first 64 draws, in chips or H100e.
fn shipped(model: &Model, designers: &[&str], metric: &str) -> Vec<f64> {
    let plan = plan_of(model.clone());
    let last = model.run.horizon.last;
    let cells: Vec<String> = designers.iter().map(|d| format!("designer.{d}/{metric}@{last}")).collect();
    let recording = Recording::new(&plan, &cells).unwrap();
    let (mut batch, mut recorder) = (Batch::new(&plan), Recorder::new(&plan, &recording, &[]));
    let mut all = Vec::new();
    for b in 0..64 / WIDTH as u64 {
        batch.simulate(&plan, b, &mut recorder);
        let sum = |lane| (0..cells.len()).map(|place| recorder.cell(place)[lane]).sum::<f64>();
        all.extend((0..WIDTH).map(sum));
    }
    all
}

/// By what share an earlier opening changes joint shipments of those with a claim, where nothing answers to scarcity: by facility, in
/// chips and in H100e, draw by draw.
fn earlier_openings() -> &'static [(String, [Vec<f64>; 2])] {
    static CHANGES: std::sync::OnceLock<Vec<(String, [Vec<f64>; 2])>> = std::sync::OnceLock::new();
    CHANGES.get_or_init(|| {
        let mut model = read("scenarios/baseline", None).unwrap().1;
        for f in 0..model.facilities.len() {
            let answer = model.facilities[f].answer;
            let quantity = &mut Arc::make_mut(&mut model.quantities)[answer];
            Arc::make_mut(quantity).shape = Shape::Fixed(0.0);
        }
        let start = Date(f64::from(model.run.horizon.first.0));
        let late: Vec<usize> = (0..model.facilities.len())
            .filter(|&f| model.facilities[f].opens.is_some_and(|d| d > start))
            .collect();
        assert!(late.len() > 5);
        let mut all = Vec::new();
        for f in late {
            let id = FacilityId(f as u32);
            let claims = |d: &&chokepoint::internals::model::Designer| d.claims.contains_key(&id);
            let designers: Vec<&str> = model.designers.iter().filter(claims).map(|d| d.id.as_str()).collect();
            if designers.is_empty() {
                continue;
            }
            let mut earlier = model.clone();
            earlier.facilities[f].opens = model.facilities[f].opens.map(|d| Date((d.0 - 4.0).max(start.0)));
            let changes = ["shipped_chips_cum", "shipped_h100e_cum"].map(|metric| {
                let (has, had) = (shipped(&earlier, &designers, metric), shipped(&model, &designers, metric));
                has.iter().zip(&had).map(|(a, b)| (a + 1.0) / (b + 1.0) - 1.0).collect::<Vec<f64>>()
            });
            all.push((model.facilities[f].id.clone(), changes));
        }
        all
    })
}

/// Lower in the median, or by more than a hundredth in more than a twentieth of draws.
fn falls(mut change: Vec<f64>) -> bool {
    change.sort_by(f64::total_cmp);
    change[change.len() / 2] < -1e-9 || 20 * change.iter().filter(|c| **c < -0.01).count() > change.len()
}

#[test]
fn an_earlier_opening_does_not_lower_joint_shipments_both_in_chips_and_in_h100e() {
    // What is made earlier is of an older generation and takes memory and halls from later ones; where packages are scarce, a
    // launching chip has its part of those that are added. So by the horizon's end there may be more chips of a trifle fewer H100e,
    // or the reverse, but not fewer of both.
    for (facility, [chips, h100e]) in earlier_openings() {
        let larger = chips.iter().zip(h100e).map(|(a, b)| a.max(*b)).collect();
        assert!(!falls(larger), "{facility}: {chips:?}, {h100e:?}");
        // And of H100e alone never more than a trifle.
        let mut h100e = h100e.clone();
        h100e.sort_by(f64::total_cmp);
        assert!(h100e[h100e.len() / 2] > -2e-3 && h100e[0] > -1e-2, "{facility}, H100e: {h100e:?}");
    }
}

// An expectation that does not hold yet, at its bound: in the median H100e fall by a few hundredths of a percent. It fails as soon as it
// holds.
#[test]
#[should_panic(expected = "fewer H100e")]
fn open_an_earlier_opening_lowers_no_joint_shipments() {
    let fewer: Vec<&str> = (earlier_openings().iter())
        .filter(|(_, [_, h100e])| falls(h100e.clone()))
        .map(|(facility, _)| facility.as_str())
        .collect();
    assert!(fewer.is_empty(), "fewer H100e with an earlier opening of {fewer:?}");
}

/// Findings on a text.
fn said(text: &str) -> String {
    let messages: Vec<String> = findings(text).diagnostics.all.into_iter().map(|d| d.message).collect();
    messages.join("; ")
}

#[test]
fn what_exists_when_is_checked() {
    let late = world("capacity = { 2023Q1 = 500, 2024Q1 = 1000 }", "", "1e9");
    assert!(
        said(&late).contains("capacity from later than the horizon's start and does not open"),
        "{}",
        said(&late)
    );
    for fine in [
        "capacity = { 2023Q1 = 500 }\nopens = \"2023Q1\"",
        "capacity = { 2023Q1 = 500, before = 1.2 }",
        "capacity = { 2022-02-15 = 500, 2024Q1 = 1000 }",
    ] {
        assert_eq!(said(&world(fine, "", "1e9")), "", "{fine}");
    }
    let delayed = said(&world("capacity = 500\ndelay = 2", "", "1e9"));
    assert!(delayed.contains("has a delay and does not open"), "{delayed}");
    let companions = said(&world("capacity = 500", "companions = { packages = 900 }", "1e9"));
    assert!(companions.contains("companion silicon of `packages`, which is no wafer"), "{companions}");
    let deal = |row: &str| {
        said(&contract("500", "1e8", "400").replace("units = 500", &format!("units = 500\n{row}")))
    };
    assert_eq!(deal("chips = [\"n1\"]"), "");
    let foreign = "chips = [\"s1\"]\n[[designer]]\nid = \"south\"\ncountry = \"here\"\n[[chip]]\nid = \"s1\"\nextends = \"n1\"\ndesigner = \"south\"";
    assert!(deal(foreign).contains("counts `s1`, which is none of `north`'s chips"), "{}", deal(foreign));
    let broke = contract("500", "1e8", "400").replace("buyer = \"b\"", "buyer = \"poor\"");
    let broke = said(&format!("{broke}[[buyer]]\nid = \"poor\"\ncountry = \"here\"\n"));
    assert!(broke.contains("`commitment.deal` is never met"), "{broke}");
}
