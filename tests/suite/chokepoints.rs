//! What is lost without a supplier: nothing if it keeps all, everything if it is everything, and never before it can be.

use crate::support::program::chokepoint;
use crate::support::{model_of, plan_of, read};
use chokepoint::internals::engine::Batch;
use chokepoint::internals::engine::knockout::{KnockoutCells, Knockouts, knock_out};
use chokepoint::internals::engine::record::Recorder;
use chokepoint::internals::math::Lanes;
use chokepoint::internals::math::wide::{self, PARTS};
use chokepoint::internals::metrics::Recording;
use chokepoint::internals::network::Network;
use chokepoint::internals::plan::{Plan, Supplied, Supplier};
use std::sync::atomic::AtomicBool;

/// Suppliers of a plan and what was found in some batches, for cells that patterns select.
fn ask(plan: &Plan, cells: &[&str], kept: &[f64], from: usize) -> (Vec<Supplier>, Recording, KnockoutCells) {
    let network = Network::from_model(&plan.model);
    let asked: Vec<String> = cells.iter().map(|c| (*c).to_owned()).collect();
    let mut recording = Recording::new(plan, &asked).unwrap();
    recording.watched.clone_from(&recording.cells);
    let suppliers = plan.suppliers(&network);
    let supplied: Vec<Vec<Supplied>> = suppliers.iter().map(|s| s.supplies.clone()).collect();
    let knockouts = Knockouts { plan, recording: &recording, suppliers: &supplied, kept, from };
    let found = knock_out(&knockouts, 3, &AtomicBool::new(false), || {}).unwrap();
    (suppliers, recording, found)
}

#[test]
fn a_supplier_that_keeps_all_changes_no_bit() {
    for scenario in ["scenarios/tutorial", "scenarios/baseline"] {
        let plan = plan_of(read(scenario, None).unwrap().1);
        let cells = ["country.*/{reachable_flop,run_flop,fleet_h100e}", "lab.*/reachable_flop"];
        let (suppliers, recording, found) = ask(&plan, &cells, &[1.0], 9);
        let mut batch = Batch::new(&plan);
        let mut recorder = Recorder::new(&plan, &recording, &[]);
        batch.simulate(&plan, 3, &mut recorder);
        let watched = recorder.parts.map(|part| part.watched);
        assert_eq!(watched, found.reference, "going on from a copy is going on");
        assert!(found.reference.iter().all(|cells| cells.len() > 50));
        for (supplier, cells) in suppliers.iter().zip(&found.knocked_out) {
            assert_eq!(*cells, found.reference, "{}", supplier.name);
        }
    }
}

/// One fab, one chip, one lab: reachable compute is in proportion to chips, where size costs nothing.
const ONE: &str = r#"
title = "One of each"
[run]
horizon = "2022Q1..2024Q4"
[production]
lead = 1
[training]
scale_loss = 0
[[country]]
id = "here"
[[good]]
id = "wafers"
unit = "wafers"
[[facility]]
id = "fab"
country = "here"
good = "wafers"
capacity = "900 to 1100"
[[designer]]
id = "north"
country = "here"
claims = { fab = "100%" }
[[chip]]
id = "plain"
designer = "north"
launch = "2022Q1"
bf16_tflops = 100
memory_bandwidth = 1000
interconnect = 900
tdp = 300
price = 10000
recipe = { wafers = 0.1 }
[[buyer]]
id = "firm"
kind = "lab"
country = "here"
budget = "80M to 100M"
[[lab]]
id = "one"
country = "here"
buyers = ["firm"]
"#;

#[test]
fn losses_are_what_a_chain_of_one_link_each_must_lose() {
    let plan = plan_of(model_of(ONE).unwrap());
    let from = 6;
    let (suppliers, recording, found) = ask(&plan, &["lab.one/reachable_flop"], &[0.0, 0.9], from);
    let at = |name: &str, part: usize, t: usize| {
        let s = suppliers.iter().position(|s| s.name == name && s.class == "node").unwrap();
        let cell = recording.watched.iter().position(|c| c.0 == t).unwrap();
        let of = |cells: &[Vec<Lanes>; PARTS]| wide::Lanes::joined(|part| cells[part][cell]);
        (of(&found.reference), of(&found.knocked_out[s * 2 + part]))
    };
    for lane in 0..wide::WIDTH {
        // Long after, a lab that may use a tenth less of its chips trains a tenth less; one that may use none, nothing.
        for name in ["lab.one", "buyer.firm"] {
            let (whole, less) = at(name, 1, 11);
            assert!((less[lane] / whole[lane] - 0.9).abs() < 1e-12, "{name}");
            assert_eq!(at(name, 0, 11).1[lane], 0.0);
        }
        for name in ["facility.fab", "good.wafers", "designer.north", "chip.plain"] {
            // What was made before arrives a quarter later: that quarter cannot tell.
            let (whole, less) = at(name, 0, from - 1);
            assert_eq!(whole[lane], less[lane]);
            if !matches!(name, "designer.north" | "chip.plain") {
                let (whole, less) = at(name, 0, from);
                assert_eq!(whole[lane], less[lane], "{name}");
            }
            // Later a cut costs more than a tenth less does, and the fleet that is there still works.
            let ((whole, cut), (_, tenth)) = (at(name, 0, 11), at(name, 1, 11));
            assert!(cut[lane] < tenth[lane] && tenth[lane] <= whole[lane] && cut[lane] > 0.0, "{name}");
        }
        assert_eq!(at("country.here", 0, 11).1[lane], 0.0);
        // The fab, its good, and its only designer's only chip are one and the same link.
        assert_eq!(at("facility.fab", 0, 11).1[lane], at("good.wafers", 0, 11).1[lane]);
        assert_eq!(at("designer.north", 0, 11).1[lane], at("chip.plain", 0, 11).1[lane]);
    }
}

#[test]
fn the_ranking_is_printed_the_same_on_any_number_of_threads() {
    let cell = "country.omega/reachable_flop@2025Q4";
    let rank = |threads: &str, format: &str| {
        let arguments =
            ["graph", "scenarios/tutorial", "--rank", "--cell", cell, "--draws", "16", "--threads", threads];
        chokepoint(&[&arguments[..], &["--format", format, "--quiet"]].concat())
    };
    let (code, one, err) = rank("1", "csv");
    assert_eq!(code, 0, "{err}");
    assert_eq!(one, rank("3", "csv").1);
    let lines: Vec<&str> = one.lines().collect();
    assert!(lines[0].starts_with("cell,class,name,rank,loss_cut,loss_cut_se,loss_tenth,loss_tenth_se"));
    assert!(lines[1].contains("lab.second") || lines[1].contains("country.omega"), "{}", lines[1]);
    for part in ["node,facility.fab,", "node,designer.north,", "sells,designer.north -> country.omega,"] {
        assert!(one.contains(part), "{part} in\n{one}");
    }
    let (_, text, _) = rank("1", "table");
    assert!(text.contains(cell) && text.contains("betweenness") && text.contains("facility.fab"), "{text}");
    let (_, json, _) = rank("1", "json");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["suppliers"].as_array().unwrap().len(), lines.len() - 1);
}

#[test]
fn wrong_requests_are_told_so() {
    let (code, _, err) = chokepoint(&[
        "graph",
        "scenarios/tutorial",
        "--rank",
        "--cell",
        "country.omga/reachable_flop@2025Q4",
    ]);
    assert!(code == 3 && err.contains("did you mean `country.omega/reachable_flop@2025Q4`"), "{err}");
    let (code, _, err) = chokepoint(&["graph", "scenarios/tutorial", "--rank", "--from", "soon"]);
    assert!(code == 2 && err.contains("2026Q3"), "{err}");
    let (code, _, err) = chokepoint(&["graph", "scenarios/tutorial", "--format", "table"]);
    assert!(code == 2 && err.contains("are of --rank"), "{err}");
    let (code, dot, err) = chokepoint(&["graph", "scenarios/tutorial"]);
    assert!(code == 0 && dot.starts_with("digraph "), "{err}");
}
