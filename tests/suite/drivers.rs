//! What a run says of its drivers: every uncertain path of the headline's cells, whatever is selected.

use assert_cmd::Command;
use std::collections::BTreeMap;
use std::path::Path;

fn run(out: &Path, more: &[&str]) {
    let mut arguments = vec!["run", "scenarios/tutorial", "--quiet", "--out", out.to_str().unwrap()];
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
    assert!(text.contains("lab.first") && !text.contains('━') && !text.contains('\u{1b}'), "{text}");
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
