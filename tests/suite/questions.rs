//! `discover` and `worth` as a user asks them: conditions that are there, on scenarios and on runs, and errors at their place.

use crate::support::program::{chokepoint, done, json};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const CELL: &str = "country.omega/reachable_flop@2026Q4";

/// The files of a folder with their bytes.
fn bytes(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    entries.map(|p| (p.file_name().unwrap().to_string_lossy().into_owned(), fs::read(p).unwrap())).collect()
}

#[test]
fn the_boxes_of_a_run_are_those_of_its_scenario_and_its_files_stay() {
    let root = tempfile::tempdir().unwrap();
    let (run, out) = (root.path().join("run"), root.path().join("found"));
    let bound = format!("{CELL} < 4e26");
    let sampling = ["--draws", "1024", "--seed", "7"];
    done(
        &[&["run", "scenarios/tutorial", "--quiet", "--out", run.to_str().unwrap()], &sampling[..]].concat(),
    );
    let before = bytes(&run);
    let of_run = ["discover", run.to_str().unwrap(), "--when", &bound];
    let asked = [&of_run[..], &["--out", out.to_str().unwrap()]].concat();
    let found = json(&asked);
    assert_eq!(bytes(&run), before);
    let of_scenario = [&["discover", "scenarios/tutorial", "--when", &bound], &sampling[..]].concat();
    assert_eq!(json(&of_scenario), found);
    assert_eq!(json(&[&of_scenario[..], &["--threads", "1"]].concat()), found);
    // Cases are the draws of the run in which it holds.
    let draws = root.path().join("draws");
    let export = ["--select", CELL, "--export", "draws=csv", "--quiet", "--out", draws.to_str().unwrap()];
    done(&[&["run", "scenarios/tutorial"], &sampling[..], &export].concat());
    let mut reader = csv::Reader::from_path(draws.join("draws.csv")).unwrap();
    let place = reader.headers().unwrap().iter().position(|name| name == "reachable_flop").unwrap();
    let value = |r: csv::StringRecord| r[place].parse::<f64>().unwrap();
    let cases = reader.records().filter(|r| value(r.as_ref().unwrap().clone()) < 4e26).count();
    assert_eq!((found["draws"].as_u64(), found["cases"].as_u64()), (Some(1024), Some(cases as u64)));
    // Its tables say the same.
    let mut reader = csv::Reader::from_path(out.join("discovery.csv")).unwrap();
    let rows: Vec<BTreeMap<String, String>> = reader.deserialize().map(|r| r.unwrap()).collect();
    let first = &found["boxes"][0];
    assert_eq!(rows[0]["path"], first["conditions"][0]["path"].as_str().unwrap());
    assert_eq!(rows[0]["coverage"].parse::<f64>().unwrap(), first["coverage"].as_f64().unwrap());
    assert!(fs::read_to_string(out.join("discovery.svg")).unwrap().ends_with("</svg>\n"));
    assert!(first["density"].as_f64().unwrap() > 1.3 * cases as f64 / 1024.0);
    let (code, _, err) = chokepoint(&asked);
    assert!(code == 1 && err.contains("no file of a run"), "{code} {err}");
}

/// What a run kept of its draws is read and not simulated again: the same boxes, and a table that somebody changed is refused.
#[test]
fn draws_that_a_run_kept_are_read() {
    let root = tempfile::tempdir().unwrap();
    let run = root.path().join("run");
    let bound = format!("{CELL} < 4e26");
    let sampling = ["--draws", "1024", "--seed", "7"];
    let kept = ["--export", "draws=csv", "--export", "inputs=csv", "--export", "strikes=csv"];
    let to = ["--select", CELL, "--quiet", "--out", run.to_str().unwrap()];
    done(&[&["run", "scenarios/tutorial"], &sampling[..], &kept, &to].concat());
    let of_run = ["discover", run.to_str().unwrap(), "--when", &bound];
    let of_scenario = [&["discover", "scenarios/tutorial", "--when", &bound], &sampling[..]].concat();
    assert_eq!(json(&of_run), json(&of_scenario));
    // Of a part of its draws, or under a policy, they are simulated.
    let given = ["--given", "not shock.fab-outage by 2025Q4"];
    let shocks = fs::read_to_string("scenarios/tutorial/scenario.toml").unwrap();
    assert!(shocks.contains("id = \"fab-outage\""), "a shock of the tutorial");
    assert_eq!(json(&[&of_run[..], &given].concat()), json(&[&of_scenario[..], &given].concat()));
    for table in ["draws.csv", "inputs.csv", "strikes.csv"] {
        let path = run.join(table);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let (code, _, err) = chokepoint(&of_run);
        assert!(code != 0 && err.contains(table) && err.contains("changed or cut"), "{table}: {code} {err}");
        fs::write(&path, whole).unwrap();
    }
    assert_eq!(json(&of_run), json(&of_scenario));
}

#[test]
fn conditions_are_sentences() {
    let bound = format!("{CELL} < 4e26");
    let text = done(&["discover", "scenarios/tutorial", "--when", &bound, "--draws", "1024", "--quiet"]);
    for words in [
        "draws; in ",
        "1. In ",
        "of draws in which it comes about, ",
        "; so are ",
        "on draws that such conditions were not found on",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_policy_fails_where_its_shock_comes_early() {
    let root = tempfile::tempdir().unwrap();
    // The policy cuts the budget for good when a shock strikes, which little else does so much.
    let edits = "title = \"exposed\"\n[[add]]\ntable = \"shock\"\nrow = { id = \"crash\", hazard = 0.3, \
        duration = { value = 40, unit = \"quarters\" }, budget = { on = \"buyer.omega-labs\", times = 0.02 } }\n";
    let policy = root.path().join("exposed.toml");
    fs::write(&policy, edits).unwrap();
    let policy = policy.to_str().unwrap();
    let base = json(&[
        "compare",
        "scenarios/tutorial",
        "--policy",
        policy,
        "--select",
        CELL,
        "--draws",
        "64",
        "--out",
        root.path().join("c").to_str().unwrap(),
    ]);
    assert!(base["cells"][0]["policies"].as_array().unwrap().len() == 2);
    let asked = ["discover", "scenarios/tutorial", "--policy", policy, "--draws", "1024"];
    let bound = format!("{CELL} > 1.5e26");
    let fails = json(&[&asked[..], &["--fails", &bound]].concat());
    let first = &fails["boxes"][0]["conditions"];
    let crash = first.as_array().unwrap().iter().find(|c| c["path"] == "shock.crash").unwrap();
    assert!(crash["words"].as_str().unwrap().starts_with("shock.crash strikes before 20"), "{crash}");
    // It is worse than the scenario as it stands wherever the shock strikes at all.
    let objective = format!("max {CELL}");
    let worse = json(&[&asked[..], &["--worse-than", "base", "--objective", &objective]].concat());
    assert!(worse["condition"].as_str().unwrap().contains("lower under exposed than under base"));
    assert!(worse["cases"].as_u64().unwrap() > 500);
}

#[test]
fn nothing_to_find_is_said() {
    let never = format!("{CELL} < 1");
    let text = done(&["discover", "scenarios/tutorial", "--when", &never, "--draws", "256", "--quiet"]);
    assert!(text.contains("too few to say"), "{text}");
    let found = json(&["discover", "scenarios/tutorial", "--when", &never, "--draws", "256"]);
    assert_eq!(found["nothing"], "too few draws");
}

#[test]
fn questions_are_refused_at_their_place() {
    let bound = format!("{CELL} < 1e26");
    let goal = format!("min {CELL}");
    let cases: [(&[&str], i32, &str); 10] = [
        (&["discover", "scenarios/tutorial"], 2, "--when"),
        (&["discover", "scenarios/tutorial", "--when", CELL], 2, "--when takes \"CELL < NUMBER\""),
        (&["discover", "scenarios/tutorial", "--when", &bound, "--fails", &bound], 2, "cannot be used with"),
        (&["discover", "scenarios/tutorial", "--fails", &bound], 2, "name it with --policy"),
        (
            &["discover", "scenarios/tutorial", "--worse-than", "base", "--policy", "rule-delayed"],
            2,
            "--objective",
        ),
        (
            &["discover", "scenarios/tutorial", "--when", "country.omga/reachable_flop@2026Q4 < 1"],
            3,
            "did you mean",
        ),
        (&["discover", "scenarios/nowhere", "--when", &bound], 3, "no scenario"),
        (&["worth", "scenarios/tutorial"], 2, "--objective"),
        (&["worth", "scenarios/tutorial", "--objective", CELL], 2, "min CELL"),
        (
            &["worth", "scenarios/tutorial", "--objective", &goal, "--group", "route.gama.detection"],
            3,
            "did you mean route.gamma.detection",
        ),
    ];
    for (arguments, code, words) in cases {
        let (found, _, err) = chokepoint(arguments);
        assert!(found == code && err.contains(words), "{arguments:?}: {found} {err}");
    }
    let root = tempfile::tempdir().unwrap();
    let run = root.path().join("run");
    let folder = run.to_str().unwrap();
    done(&["run", "scenarios/tutorial", "--draws", "64", "--quiet", "--out", folder]);
    let (code, _, err) = chokepoint(&["discover", folder, "--when", &bound, "--draws", "128"]);
    assert!(code == 2 && err.contains("of its own"), "{err}");
    // A run whose scenario is another one now.
    let (own, run) = (root.path().join("scenario.toml"), root.path().join("own"));
    let text = fs::read_to_string("scenarios/tutorial/scenario.toml").unwrap();
    fs::write(&own, &text).unwrap();
    done(&["run", own.to_str().unwrap(), "--draws", "64", "--quiet", "--out", run.to_str().unwrap()]);
    fs::write(&own, text.replace("die_area = 800", "die_area = 801")).unwrap();
    let (code, _, err) = chokepoint(&["discover", run.to_str().unwrap(), "--when", &bound]);
    assert!(code == 3 && !err.is_empty(), "{code} {err}");
}

#[test]
fn what_inputs_are_worth_is_ranked_and_no_more_than_everything() {
    let goal = format!("min {CELL}");
    let asked =
        ["worth", "scenarios/tutorial", "--objective", &goal, "--draws", "1024", "--group", "route.*.*"];
    let found = json(&asked);
    let rows = found["inputs"].as_array().unwrap();
    let worth = |row: &Json| row["worth"].as_f64().unwrap();
    let everything = worth(&found["everything"]);
    assert!(rows.windows(2).all(|pair| worth(&pair[0]) >= worth(&pair[1])));
    // Nothing alone is worth more than everything, within errors.
    for row in rows {
        assert!(
            worth(row) <= everything + row["half_width"].as_f64().unwrap_or(0.0) + 1e-9 * everything.abs()
        );
    }
    let group = rows.iter().find(|r| r["path"] == "route.*.*").unwrap();
    assert!(group["inputs"].as_u64().unwrap() >= 2);
    assert!(rows.iter().any(|r| r["path"] == "shock.fab-outage"));
    let text = done(&[&asked[..], &["--quiet"]].concat());
    assert!(text.contains("everything") && text.contains("before choosing"), "{text}");
}

/// The tutorial with everything certain but the efficiency X of the second lab, uniform on (0.2, 0.6), and the share R of a lab's chips that one
/// run may use, uniform on (0.3, 0.9): what it can reach is c·X·R.
fn two_unknowns(root: &Path, mfu: &str, share: &str) -> String {
    let mut text = fs::read_to_string("scenarios/tutorial/scenario.toml").unwrap();
    let certain = [
        ("\"1.3 to 1.8 per year\"", "\"1.5 per year\""),
        ("\"0.85 to 0.95 per year\"", "\"0.9 per year\""),
        ("\"2B to 3B\"", "\"2.5B\""),
        ("\"0.8B to 1.2B\"", "\"1B\""),
        ("\"2k to 3k\"", "\"2.5k\""),
        ("\"1k to 2k\"", "\"1.5k\""),
        ("\"3k to 5k\"", "\"4k\""),
        ("\"90 to 180\"", "120"),
        ("\"500 to 5000\"", "1000"),
        ("\"2% to 15%\"", "\"5%\""),
        ("\"30% to 45%\"", "\"40%\""),
        ("\"0.2 to 0.6 per year\"", "\"0 per year\""),
        ("\"0.2 to 2\"", "1"),
        ("\"20% to 70%\"", "\"50%\""),
        ("\"28% to 42%\"", mfu),
        ("lead = [\"facility.fab.capacity\", \"lab.*.mfu\", \"buyer.*.budget\"]\n", ""),
    ];
    for (from, to) in certain {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    text.push_str(&format!("\n[training]\nscale_loss = 0\nmax_share = {share}\n"));
    let path = root.join(format!("world{}.toml", mfu.len() + share.len()));
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_built_worlds_best_policy_and_the_worth_of_knowing_are_those_known_by_hand() {
    let root = tempfile::tempdir().unwrap();
    let policy = |name: &str, path: &str, value: &str| {
        let file = root.path().join(format!("{name}.toml"));
        fs::write(&file, format!("title = \"{name}\"\n[[set]]\npath = \"{path}\"\nvalue = {value}\n"))
            .unwrap();
        file.to_str().unwrap().to_owned()
    };
    // Two policies give a certain X = 0.38, or a certain R = 0.55, for one that is better on average.
    let sure = policy("sure", "lab.second.mfu", "0.38");
    let steady = policy("steady", "training.max_share", "0.55");
    let world = two_unknowns(root.path(), "\"uniform(0.2, 0.6)\"", "\"uniform(0.3, 0.9)\"");
    // What one share of efficiency and of chips reaches, where both are certain.
    let certain = two_unknowns(root.path(), "0.5", "0.5");
    let out = root.path().join("certain");
    done(&["run", &certain, "--draws", "8", "--select", CELL, "--quiet", "--out", out.to_str().unwrap()]);
    let mut reader = csv::Reader::from_path(out.join("summary.csv")).unwrap();
    let row: BTreeMap<String, String> = reader.deserialize().next().unwrap().unwrap();
    let c = row["mean"].parse::<f64>().unwrap() / 0.25;

    let goal = format!("max {CELL}");
    let asked = ["worth", &world, "--objective", &goal, "--draws", "8192"];
    let found = json(&[&asked[..], &["--policy", &sure, "--policy", &steady]].concat());
    // Means are 0.4·0.6, 0.38·0.6 and 0.4·0.55.
    assert_eq!(found["best"], "base");
    // Who learns X takes 0.38 where it is less: 0.6·∫(0.38 − x) dx/0.4 from 0.2 on. Who learns R takes 0.55 where it is less.
    let efficiency = 0.6 * (0.18_f64.powi(2) / 2.0) / 0.4;
    let share = 0.4 * (0.25_f64.powi(2) / 2.0) / 0.6;
    // Who learns both takes the best of x·r, 0.38 r and 0.55 x.
    let steps = 1000;
    let middle = |i: usize, low: f64, high: f64| low + (high - low) * (i as f64 + 0.5) / f64::from(steps);
    let best = |x: f64, r: f64| (x * r).max(0.38 * r).max(0.55 * x);
    let cells = (0..steps as usize).flat_map(|i| (0..steps as usize).map(move |j| (i, j)));
    let sum: f64 = cells.map(|(i, j)| best(middle(i, 0.2, 0.6), middle(j, 0.3, 0.9))).sum();
    let everything = sum / f64::from(steps).powi(2) - 0.24;
    assert!(everything > efficiency.max(share) && everything < efficiency + share);
    let rows = found["inputs"].as_array().unwrap();
    let row = |path: &str| rows.iter().find(|r| r["path"] == path).unwrap();
    for (row, truth) in [
        (row("lab.second.mfu"), efficiency),
        (row("training.max_share"), share),
        (&found["everything"], everything),
    ] {
        let (value, half) = (row["worth"].as_f64().unwrap(), row["half_width"].as_f64().unwrap());
        // Student's t: the half-width is 2.36 errors; a cubic finds the kink to a few per cent.
        assert!(
            (value / c - truth).abs() < 3.0 * half / 2.36 / c + 0.02 * truth,
            "{row}: {} {truth}",
            value / c
        );
        assert!(row["floor"].as_f64().is_none_or(|floor| value > floor));
    }
    // Where X is certain for all, it is worth nothing to know.
    let alone = json(&[&asked[..], &["--policy", &steady]].concat());
    let rows = alone["inputs"].as_array().unwrap();
    let nothing = rows.iter().find(|r| r["path"] == "lab.second.mfu").unwrap();
    assert_eq!(
        (nothing["worth"].as_f64(), nothing["switches"].as_f64()),
        (Some(0.0), Some(0.0)),
        "{nothing}"
    );
}
