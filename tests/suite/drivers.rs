//! What a run says of its drivers: every uncertain path of the headline's cells, whatever is selected.

#![allow(clippy::disallowed_methods)] // the machine's own logarithm is the yardstick

use crate::support::{plan_of, read};
use assert_cmd::Command;
use chokepoint::internals::engine::Batch;
use chokepoint::internals::engine::record::Recorder;
use chokepoint::internals::math::wide::{Lanes, WIDTH};
use chokepoint::internals::metrics::Recording;
use chokepoint::internals::model::QuantityId;
use chokepoint::internals::plan::Plan;
use chokepoint::internals::scenario::glob_match;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

fn run(out: &Path, more: &[&str]) {
    run_of("scenarios/tutorial", out, more);
}

fn run_of(scenario: &str, out: &Path, more: &[&str]) {
    let mut arguments = vec!["run", scenario, "--quiet", "--out", out.to_str().unwrap()];
    arguments.extend(more);
    let output = Command::cargo_bin("chokepoint").unwrap().args(&arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A row of the table by its columns' names.
type Row = BTreeMap<String, String>;

fn rows(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(|r| r.unwrap()).collect()
}

fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap()
}

#[test]
fn the_headline_has_its_drivers_whatever_is_selected() {
    let root = tempfile::tempdir().unwrap();
    let (all, few) = (root.path().join("all"), root.path().join("few"));
    run(&all, &["--draws", "2048"]);
    run(&few, &["--draws", "2048", "--select", "lab.first/run_flop@2022Q1"]);
    let table = rows(&all.join("drivers.csv"));
    let text = |p: &Path| std::fs::read(p.join("drivers.csv")).unwrap();
    assert!(text(&all) == text(&few), "--select changes no driver");
    let mut cells: Vec<&str> = table.iter().map(|r| r["cell"].as_str()).collect();
    cells.dedup();
    for cell in
        ["lab.second/reachable_flop@2026Q4", "country.omega/reachable_flop@2022Q4", "ratio.lead/ratio@2026Q4"]
    {
        assert!(cells.contains(&cell), "{cell} in {cells:?}");
    }
    assert!(cells.len() <= 20);
    for cell in cells {
        let of_cell: Vec<&Row> = table.iter().filter(|r| r["cell"] == cell).collect();
        assert!(of_cell.iter().any(|r| r["path"] == "shock.fab-outage.clock"), "{cell}");
        for (i, pair) in of_cell.windows(2).enumerate() {
            assert!(number(pair[0], "index") >= number(pair[1], "index"));
            assert_eq!(number(pair[0], "rank"), (i + 1) as f64);
        }
        let sum: f64 = of_cell.iter().map(|r| number(r, "index").max(0.0)).sum();
        assert!(sum > 0.5 && sum < 1.1, "{cell}: {sum}");
        assert!(number(of_cell[0], "index") > 5.0 * number(of_cell[0], "noise_floor"));
    }
}

/// A lab's chips are the other lab's business; its length of run is its own.
#[test]
fn an_input_moves_what_it_is_about_and_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("run");
    run(&out, &["--draws", "4096"]);
    let table = rows(&out.join("drivers.csv"));
    let of = |cell: &str, path: &str| {
        let row = table.iter().find(|r| r["cell"] == cell && r["path"] == path).unwrap();
        (number(row, "index"), number(row, "noise_floor"))
    };
    let (own, floor) = of("lab.second/reachable_flop@2026Q4", "lab.second.longest_run");
    assert!(own > 10.0 * floor);
    let (others, floor) = of("lab.first/reachable_flop@2026Q4", "lab.second.longest_run");
    assert!(others < floor);
    let country = of("country.omega/reachable_flop@2026Q4", "lab.second.longest_run").0;
    assert_eq!(country, own, "its only lab is a country's best");
}

/// The ends of an input are means over the draws that lie there, as exported draws and inputs have them; more of what helps is more.
#[test]
fn the_ends_of_an_input_follow_from_its_draws() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("run");
    let cell = "lab.second/reachable_flop@2026Q4";
    run(&out, &["--draws", "2048", "--select", cell, "--export", "draws=csv", "--export", "inputs=csv"]);
    let table = rows(&out.join("drivers.csv"));
    let of = |path: &str| table.iter().find(|r| r["cell"] == cell && r["path"] == path).unwrap();
    let (draws, inputs) = (rows(&out.join("draws.csv")), rows(&out.join("inputs.csv")));
    for path in ["lab.second.longest_run", "buyer.omega-labs.budget", "lab.second.mfu"] {
        let mut order: Vec<usize> = (0..2048).collect();
        let value = |i: usize| number(&inputs[i], path);
        order.sort_by(|&a, &b| value(a).total_cmp(&value(b)));
        let row = of(path);
        assert_eq!((row["scale"].as_str(), row["unit"].as_str()), ("log", "FLOP"));
        let count = |end: &[usize]| {
            let logs = end.iter().map(|&i| number(&draws[i], "reachable_flop").ln());
            (logs.sum::<f64>() / end.len() as f64).exp()
        };
        // A tenth of stratified draws is 204 or 205 of them.
        let near = |found: f64, end: &[usize]| (found / count(end) - 1.0).abs() < 0.01;
        assert!(near(number(row, "at_lowest"), &order[..205]), "{path}");
        assert!(near(number(row, "at_highest"), &order[1843..]), "{path}");
        let (low, high) = (number(row, "at_lowest"), number(row, "at_highest"));
        let error = number(row, "at_lowest_se").hypot(number(row, "at_highest_se"));
        assert!(high > low + 2.0 * error, "{path}: {low} {high} {error}");
    }
    let inert = of("lab.first.longest_run");
    let error = number(inert, "at_lowest_se").hypot(number(inert, "at_highest_se"));
    assert!((number(inert, "at_lowest") - number(inert, "at_highest")).abs() < 3.0 * error);
}

/// What is drawn for a terminal is not in a file or a pipe.
#[test]
fn a_piped_summary_is_plain() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("run");
    let output = Command::cargo_bin("chokepoint")
        .unwrap()
        .env("LANG", "C.UTF-8")
        .env("TERM", "xterm")
        .args(["run", "scenarios/tutorial", "--draws", "64", "--quiet", "--out", out.to_str().unwrap()])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("First Lab") && !text.contains('━') && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_condition_keeps_the_indices_of_its_draws() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("run");
    run(&out, &["--draws", "4096", "--given", "shock.fab-outage by 2024Q4"]);
    let table = rows(&out.join("drivers.csv"));
    assert!(table.iter().all(|r| number(r, "index") < 1.0 && number(r, "noise_floor") > 0.0));
    // Fewer draws, more noise: with 4096 draws and 32 bins the floor would be about 0.009.
    assert!(number(&table[0], "noise_floor") > 0.009);
}

/// The share of each cell's variance that an input has when it alone is moved: the variance over three of its quantiles of the mean over
/// draws, in which all else is as it is, over the variance between draws. By path, then by cell.
fn moved_alone(plan: &Plan, cells: &[String], batches: u64) -> BTreeMap<String, Vec<f64>> {
    let recording = Recording::lean(plan, cells).unwrap();
    let place = |c: &String| recording.names.iter().position(|n| n.address() == *c).unwrap();
    let places: Vec<usize> = cells.iter().map(place).collect();
    let outcomes = |held: &[(QuantityId, f64)]| -> Vec<Vec<Lanes>> {
        let (mut batch, mut recorder) = (Batch::new(plan), Recorder::new(plan, &recording, &[]));
        let one = |b: u64| {
            plan.layout.sample_with(b, held, &mut batch.inputs);
            batch.run(plan, b, &mut recorder);
            places.iter().map(|&c| recorder.cell(c)).collect()
        };
        (0..batches).map(one).collect()
    };
    let base = outcomes(&[]);
    let positive: Vec<bool> =
        (0..cells.len()).map(|c| base.iter().all(|row| row[c].gt(Lanes::ZERO).all())).collect();
    // On the scale of the drivers: the logarithm where it is taken there.
    let moments = |rows: &[Vec<Lanes>]| -> Vec<(f64, f64)> {
        let n = (WIDTH * rows.len()) as f64;
        let of = |c: usize| {
            let scaled = |x: Lanes| if positive[c] { x.max(f64::MIN_POSITIVE).ln() } else { x };
            let mean = rows.iter().map(|row| scaled(row[c]).sum()).sum::<f64>() / n;
            let square = |row: &Vec<Lanes>| {
                let d = scaled(row[c]) - mean;
                (d * d).sum()
            };
            (mean, rows.iter().map(square).sum::<f64>() / n)
        };
        (0..cells.len()).map(of).collect()
    };
    let whole = moments(&base);
    let uncertain: Vec<QuantityId> = plan.layout.uncertain().collect();
    let share = |&q: &QuantityId| {
        let levels = [0.1, 0.5, 0.9].map(|u| moments(&outcomes(&[(q, u)])));
        let of = |c: usize| {
            let middle = levels.iter().map(|l| l[c].0).sum::<f64>() / 3.0;
            levels.iter().map(|l| (l[c].0 - middle).powi(2)).sum::<f64>() / 3.0 / whole[c].1
        };
        (plan.model.quantities[q].path.clone(), (0..cells.len()).map(of).collect())
    };
    uncertain.par_iter().map(share).collect()
}

/// Cells, and by path the share of the variance of each when that path alone is moved.
type Alone = (Vec<String>, BTreeMap<String, Vec<f64>>);

/// Entries of `drivers.csv` over some seeds whose share is below one in a thousand when they alone are moved, and how many of them
/// stand above the floor. What is drawn by chance alone, a shock's clock, cannot be moved and is left out.
fn spurious(scenario: &str, seeds: u64, draws: &str, batches: u64) -> (usize, Vec<String>) {
    let root = tempfile::tempdir().unwrap();
    let (mut entries, mut above) = (0, Vec::new());
    let mut shares: Option<Alone> = None;
    for seed in 0..seeds {
        let out = root.path().join(seed.to_string());
        run_of(scenario, &out, &["--draws", draws, "--seed", &seed.to_string()]);
        let table = rows(&out.join("drivers.csv"));
        let (cells, shares) = shares.get_or_insert_with(|| {
            let mut cells: Vec<String> = table.iter().map(|r| r["cell"].clone()).collect();
            cells.dedup();
            let plan = plan_of(read(scenario, None).unwrap().1);
            let shares = moved_alone(&plan, &cells, batches);
            (cells, shares)
        });
        for row in &table {
            let cell = cells.iter().position(|c| *c == row["cell"]).unwrap();
            if shares.get(&row["path"]).is_some_and(|s| s[cell] < 1e-3) {
                entries += 1;
                if number(row, "index") > number(row, "noise_floor") {
                    let share = shares[&row["path"]][cell];
                    above.push(format!(
                        "{seed} {} {} {} share {share}",
                        row["cell"], row["path"], row["index"]
                    ));
                }
            }
        }
    }
    (entries, above)
}

#[test]
fn what_does_nothing_alone_is_no_driver() {
    let (entries, above) = spurious("scenarios/tutorial", 6, "2048", 16);
    assert!(entries > 500, "{entries}");
    assert!(above.len() <= 1, "{above:#?} of {entries}");
}

/// Twenty default runs of the baseline, and some thousands of draws in which inputs are moved alone.
#[test]
#[ignore = "twenty long runs of the baseline: cargo test --release --test suite nothing_alone_is_a_driver -- --ignored --nocapture"]
fn nothing_that_does_nothing_alone_is_a_driver_of_the_baseline() {
    let (entries, above) = spurious("scenarios/baseline", 20, "8192", 4);
    println!("{} of {entries} entries stand above the floor: {above:#?}", above.len());
    assert!(above.len() as f64 <= 1e-3 * entries as f64);
}

#[test]
fn judgements_that_carry_a_fiftieth_have_their_two_sentences() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("run");
    run_of("scenarios/baseline", &out, &["--draws", "2048", "--select", "country.us/reachable_flop@2030Q4"]);
    let text = std::fs::read_to_string("scenarios/baseline/README.md").unwrap();
    let (_, table) = text.split_once("| number | where it comes from | what would change it |").unwrap();
    let lines = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let told: Vec<Vec<String>> = lines
        .map(|line| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect())
        .collect();
    for row in &told {
        let sentences = row.iter().skip(1).filter(|cell| cell.ends_with('.') && cell.len() > 20).count();
        assert_eq!((row.len(), sentences), (3, 2), "{row:?}");
    }
    let table = rows(&out.join("drivers.csv"));
    let carries =
        |r: &&Row| r["grade"] == "judgement" && number(r, "index") > number(r, "noise_floor").max(0.02);
    let mut heavy: Vec<&str> = table.iter().filter(carries).map(|r| r["path"].as_str()).collect();
    heavy.sort_unstable();
    heavy.dedup();
    assert!(heavy.len() > 20, "{heavy:?}");
    let is_told = |path: &str| told.iter().any(|row| glob_match(row[0].trim_matches('`'), path));
    let without: Vec<_> = heavy.into_iter().filter(|path| !is_told(path)).collect();
    assert!(without.is_empty(), "{} judgements have none: {without:?}", without.len());
}
