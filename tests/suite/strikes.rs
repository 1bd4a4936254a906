//! Strikes of shocks as they are exported: they follow from clocks and hazards, and one format holds what the other does.

#![allow(clippy::disallowed_methods)] // the machine's own logarithm is the yardstick

use assert_cmd::Command;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

type Row = BTreeMap<String, String>;

/// Simulates a scenario and exports its strikes.
fn export(scenario: &str, format: &str, more: &[&str], out: &Path) {
    let mut command = Command::cargo_bin("chokepoint").unwrap();
    let strikes = format!("strikes={format}");
    command.args(["run", scenario, "--quiet", "--out", out.to_str().unwrap(), "--export", &strikes]);
    command.args(more).assert().success();
}

fn rows(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let head = reader.headers().unwrap().clone();
    let named =
        |r: csv::StringRecord| head.iter().map(str::to_owned).zip(r.iter().map(str::to_owned)).collect();
    reader.records().map(|r| named(r.unwrap())).collect()
}

fn number(row: &Row, column: &str) -> Option<f64> {
    row[column].parse().ok()
}

#[test]
fn a_shock_strikes_when_its_clock_says() {
    let root = tempfile::tempdir().unwrap();
    let more = ["--draws", "400", "--set", "shock.fab-outage.hazard=0.4"];
    export("scenarios/tutorial", "csv", &more, root.path().join("run").as_path());
    let mut all = rows(&root.path().join("run/strikes.csv"));
    // Later strikes wait for the end of the course before them.
    assert!(all.iter().all(|row| row["shock"] == "shock.fab-outage"));
    all.retain(|row| row["strike"] == "0");
    // The clock runs from the second quarter on, 0.1 a quarter: without a delay it strikes at its threshold.
    let (mut struck, mut not) = (0, 0);
    for row in &all {
        let due = 1.0 - (1.0 - number(row, "clock").unwrap()).ln() / 0.1;
        match (number(row, "onset"), number(row, "duration")) {
            (Some(onset), Some(duration)) => {
                assert!((onset - due).abs() < 1e-9 && onset < 20.0 && duration > 0.0, "{row:?}");
                struck += 1;
            }
            (None, None) => {
                assert!(due >= 20.0, "{row:?}");
                not += 1;
            }
            gap => panic!("{gap:?}"),
        }
    }
    // Every draw has its clock, in order; the share that never strikes is exp(−1.9).
    let draws: Vec<u64> = all.iter().map(|r| r["draw"].parse().unwrap()).collect();
    assert_eq!(draws, (0..400).collect::<Vec<u64>>());
    assert!((f64::from(not) / 400.0 - (-1.9_f64).exp()).abs() < 0.02 && struck + not == 400);
}

#[test]
fn recurring_shocks_count_their_strikes_and_dated_ones_have_no_clock() {
    let root = tempfile::tempdir().unwrap();
    let scenario = fs::read_to_string("scenarios/tutorial/scenario.toml").unwrap();
    let shocks = "[[shock]]\nid = \"often\"\nhazard = 2\nrecurring = true\nduration = { value = 1, unit = \"quarters\" }\n\
        capacity = { on = \"facility.fab\", times = \"50%\" }\n\
        [[shock]]\nid = \"dated\"\ndate = \"2023-07-01\"\nduration = { value = 1, unit = \"quarters\" }\n\
        capacity = { on = \"facility.fab\", times = \"50%\" }\n";
    fs::write(root.path().join("scenario.toml"), format!("{scenario}\n{shocks}")).unwrap();
    export(root.path().to_str().unwrap(), "csv", &["--draws", "64"], &root.path().join("run"));
    let all = rows(&root.path().join("run/strikes.csv"));
    let mut strikes = 0;
    for draw in 0..64 {
        let of = |shock: &str| -> Vec<&Row> {
            all.iter().filter(|r| r["draw"] == draw.to_string() && r["shock"] == shock).collect()
        };
        let often = of("shock.often");
        for (k, row) in often.iter().enumerate() {
            assert_eq!(row["strike"], k.to_string());
            assert!(number(row, "clock").is_some());
            // The last clock still runs.
            assert_eq!(number(row, "onset").is_none(), k + 1 == often.len(), "{row:?}");
        }
        let onsets: Vec<f64> = often.iter().filter_map(|r| number(r, "onset")).collect();
        assert!(onsets.windows(2).all(|pair| pair[1] >= pair[0] + 1.0), "{onsets:?}");
        strikes += onsets.len();
        let [dated] = of("shock.dated")[..] else { panic!("{draw}") };
        assert_eq!((number(dated, "onset"), number(dated, "clock")), (Some(6.0), None));
    }
    // A course of one quarter and a wait of two on average: once in three quarters of nineteen, and sooner at first.
    assert!((5.0..8.0).contains(&(strikes as f64 / 64.0)), "{strikes}");
}

#[test]
fn parquet_holds_the_rows_of_csv() {
    let root = tempfile::tempdir().unwrap();
    let more = ["--draws", "300", "--horizon", "2022Q1..2023Q4", "--given", "shock.fab-outage by 2023Q2"];
    export("scenarios/tutorial", "csv", &more, &root.path().join("a"));
    export("scenarios/tutorial", "parquet", &more, &root.path().join("b"));
    let reader =
        SerializedFileReader::new(File::open(root.path().join("b/strikes.parquet")).unwrap()).unwrap();
    let found: Vec<Row> = reader
        .get_row_iter(None)
        .unwrap()
        .map(|row| {
            let text = |field: &Field| match field {
                Field::Null => String::new(),
                Field::Double(x) => x.to_string(),
                Field::Long(n) => n.to_string(),
                Field::Str(text) => text.clone(),
                other => panic!("{other}"),
            };
            row.unwrap().get_column_iter().map(|(name, field)| (name.clone(), text(field))).collect()
        })
        .collect();
    let all = rows(&root.path().join("a/strikes.csv"));
    // Draws that do not count have no rows.
    let first: Vec<&Row> = all.iter().filter(|r| r["strike"] == "0").collect();
    assert!(!first.is_empty() && first.len() < 300, "{}", first.len());
    assert!(first.iter().all(|r| number(r, "onset").is_some()));
    assert_eq!(found, all);
}
