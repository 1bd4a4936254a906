//! The program as a user meets it: verbs, files, exit codes, the same bytes for any number of threads.

use crate::support::program::chokepoint;
use assert_cmd::Command;
use std::fs;
use std::path::Path;

/// A short run of a scenario into a folder.
fn run(scenario: &str, out: &Path, more: &[&str]) -> (i32, String, String) {
    let mut arguments = vec!["run", scenario, "--draws", "64", "--audit", "--out", out.to_str().unwrap()];
    arguments.extend(more);
    chokepoint(&arguments)
}

fn csv_rows(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.records().map(|r| r.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn check_says_what_a_scenario_is_and_what_is_wrong() {
    let (code, out, _) = chokepoint(&["check", "scenarios/baseline"]);
    assert_eq!(code, 0);
    assert!(out.starts_with("baseline: "), "{out}");
    let (code, _, err) = chokepoint(&["check", "scenarios/baseline", "--set", "route.malasia.detection=3%"]);
    assert_eq!(code, 3);
    assert!(
        err.contains("there is no `route.malasia.detection`")
            && err.contains("did you mean `route.malaysia.detection`?"),
        "{err}"
    );
    for gone in ["country.us.power=50000", "country.{us,china}.power=50000"] {
        let (code, _, err) = chokepoint(&["check", "scenarios/baseline", "--set", gone]);
        assert!(code == 3 && err.contains("`halls`, `grid` and `on_site` took its place"), "{err}");
        assert_eq!(err.matches("error:").count(), 1, "{err}");
    }
    let (code, _, err) = chokepoint(&["check", "scenarios/basline"]);
    assert!(code == 3 && err.contains("did you mean scenarios/baseline?"), "{err}");
    let (code, _, err) = chokepoint(&["run", "scenarios/baseline", "--policy", "no-control"]);
    assert!(code == 3 && err.contains("did you mean `no-controls`?"), "{err}");
}

#[test]
fn a_run_of_the_baseline_has_nothing_to_remark() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("run");
    let (code, _, err) =
        chokepoint(&["run", "scenarios/baseline", "--draws", "8", "--out", out.to_str().unwrap()]);
    let said: Vec<&str> = err.lines().filter(|line| !line.is_empty()).collect();
    assert!(code == 0 && said.len() == 1 && said[0].starts_with("8 draws in "), "{err}");
}

#[test]
fn bad_usage_is_code_two() {
    for arguments in [
        &["fly"][..],
        &["run", "scenarios/tutorial", "--draws", "many"],
        &["run", "scenarios/tutorial", "--export", "draws=xls"],
    ] {
        let (code, _, err) = chokepoint(arguments);
        assert_eq!(code, 2, "{err}");
        assert!(!err.is_empty());
    }
    let (code, _, err) = chokepoint(&["run", "scenarios/tutorial", "--given", "shock.fab-outage"]);
    assert!(code == 2 && err.contains("shock.ID by QUARTER"), "{err}");
}

#[test]
fn the_same_bytes_on_one_two_and_seven_threads() {
    let root = tempfile::tempdir().unwrap();
    let folders: Vec<_> = ["1", "2", "7"].iter().map(|n| root.path().join(n)).collect();
    for (folder, threads) in folders.iter().zip(["1", "2", "7"]) {
        let more = [
            "--threads",
            threads,
            "--draws",
            "500",
            "--export",
            "draws=csv",
            "--export",
            "inputs=parquet",
            "--quiet",
        ];
        let mut arguments = vec!["run", "scenarios/tutorial", "--out", folder.to_str().unwrap()];
        arguments.extend(more);
        let (code, _, err) = chokepoint(&arguments);
        assert_eq!(code, 0, "{err}");
    }
    for file in [
        "summary.csv",
        "thresholds.csv",
        "bottlenecks.csv",
        "flows.csv",
        "draws.csv",
        "inputs.parquet",
        "drivers.csv",
        "graph.json",
        "datapackage.json",
        "quantities.csv",
        "report.html",
    ] {
        let first = fs::read(folders[0].join(file)).unwrap();
        assert!(!first.is_empty());
        for folder in &folders[1..] {
            assert!(first == fs::read(folder.join(file)).unwrap(), "{file}");
        }
    }
}

#[test]
fn more_draws_extend_fewer() {
    let root = tempfile::tempdir().unwrap();
    let (few, many) = (root.path().join("few"), root.path().join("many"));
    run("scenarios/tutorial", &few, &["--export", "draws=csv"]);
    let many_draws = [
        "run",
        "scenarios/tutorial",
        "--draws",
        "200",
        "--export",
        "draws=csv",
        "--out",
        many.to_str().unwrap(),
    ];
    assert_eq!(chokepoint(&many_draws).0, 0);
    let (few, many) = (csv_rows(&few.join("draws.csv")), csv_rows(&many.join("draws.csv")));
    assert_eq!(few[..], many[..few.len()]);
    let last: u64 = many.last().unwrap()[0].parse().unwrap();
    assert_eq!(last, 199);
}

#[test]
fn a_shorter_horizon_changes_no_number() {
    let root = tempfile::tempdir().unwrap();
    let (long, short) = (root.path().join("long"), root.path().join("short"));
    run("scenarios/tutorial", &long, &[]);
    run("scenarios/tutorial", &short, &["--horizon", "2022Q1..2024Q4"]);
    let (long, short) = (csv_rows(&long.join("summary.csv")), csv_rows(&short.join("summary.csv")));
    assert!(short.len() > 100);
    for row in &short {
        assert!(long.contains(row), "{row:?}");
    }
}

#[test]
fn an_unrelated_node_changes_no_other_number() {
    let root = tempfile::tempdir().unwrap();
    let scenario = root.path().join("world");
    fs::create_dir(&scenario).unwrap();
    let text = fs::read_to_string("scenarios/tutorial/scenario.toml").unwrap();
    let more = "\n[[country]]\nid = \"aside\"\ngrid = { unit = \"MW\", value = \"5 to 9\" }\n[[buyer]]\nid = \"apart\"\ncountry = \"aside\"\nopening.n1 = { count = \"3 to 9\" }\n";
    let out = |name: &str| root.path().join(name);
    fs::write(scenario.join("scenario.toml"), &text).unwrap();
    run(scenario.to_str().unwrap(), &out("a"), &[]);
    fs::write(scenario.join("scenario.toml"), format!("{text}{more}")).unwrap();
    run(scenario.to_str().unwrap(), &out("b"), &[]);
    let (a, b) = (csv_rows(&out("a").join("summary.csv")), csv_rows(&out("b").join("summary.csv")));
    assert!(b.len() > a.len());
    // The world counts the newcomer, and so do shares of it.
    for row in a.iter().filter(|r| r[4] != "world" && r[2] != "fleet_share") {
        assert!(b.contains(row), "{row:?}");
    }
}

#[test]
fn a_run_is_never_overwritten_unasked() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("run");
    assert_eq!(run("scenarios/tutorial", &out, &[]).0, 0);
    let (code, _, err) = run("scenarios/tutorial", &out, &[]);
    assert!(code == 0 && err.contains("holds this very run, complete"), "{err}");
    let (code, _, err) = run("scenarios/tutorial", &out, &["--seed", "2"]);
    assert!(code == 1 && err.contains("holds another run"), "{err}");
    assert_eq!(run("scenarios/tutorial", &out, &["--seed", "2", "--force"]).0, 0);
    let manifest: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("manifest.json")).unwrap()).unwrap();
    assert_eq!((&manifest["seed"], &manifest["draws"]), (&serde_json::json!(2), &serde_json::json!(64)));
}

#[test]
fn a_bad_path_fails_before_the_work() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "x").unwrap();
    let (code, _, err) = run("scenarios/tutorial", &file.join("below"), &[]);
    assert!(code == 1 && err.contains("cannot be written"), "{err}");
}

#[test]
fn a_condition_keeps_only_its_draws() {
    let root = tempfile::tempdir().unwrap();
    let (yes, no) = (root.path().join("yes"), root.path().join("no"));
    let (code, _, err) = run("scenarios/tutorial", &yes, &["--given", "shock.fab-outage by 2024Q4"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(run("scenarios/tutorial", &no, &["--given", "not shock.fab-outage by 2024Q4"]).0, 0);
    let used = |out: &Path| -> u64 {
        let manifest: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(out.join("manifest.json")).unwrap()).unwrap();
        manifest["draws_used"].as_u64().unwrap()
    };
    assert_eq!(used(&yes) + used(&no), 64);
    assert!(used(&yes) > 10 && used(&no) > 5);
}

#[test]
fn schema_and_completions_print() {
    let (code, out, _) = chokepoint(&["schema"]);
    assert_eq!(code, 0);
    assert!(serde_json::from_str::<serde_json::Value>(&out).unwrap()["properties"]["chip"].is_object());
    for shell in ["bash", "zsh", "fish"] {
        let (code, out, _) = chokepoint(&["completions", shell]);
        assert!(code == 0 && out.contains("explain"));
    }
}

#[test]
fn show_prints_quantiles_and_who_edits() {
    let (code, out, _) =
        chokepoint(&["show", "scenarios/tutorial", "route.*.detection", "--policy", "enforcement-tenfold"]);
    assert!(code == 0 && out.contains("edited by enforcement-tenfold"), "{out}");
    let (code, _, err) = chokepoint(&["show", "scenarios/tutorial", "rote.gamma.detection"]);
    assert!(code == 3 && err.contains("did you mean `route.gamma.detection`?"), "{err}");
}

/// Files beneath a folder, by their paths from it.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut all = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        if path.is_dir() { all.extend(files(&path)) } else { all.push(path) }
    }
    all
}

#[test]
fn scenarios_come_inside_the_program_and_a_folder_of_their_name_wins() {
    let root = tempfile::tempdir().unwrap();
    let there = |arguments: &[&str]| {
        let mut command = Command::cargo_bin("chokepoint").unwrap();
        let output = command.env("NO_COLOR", "1").args(arguments).current_dir(root.path()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    };
    // The same scenarios, policies and vintages as in the folder.
    for scenario in ["baseline", "tutorial"] {
        let folder = format!("scenarios/{scenario}");
        let (code, inside, _) = there(&["show", scenario, "--format", "csv"]);
        let (_, outside, _) = chokepoint(&["show", &folder, "--format", "csv"]);
        assert_eq!(code, 0);
        assert_eq!(inside, outside.replace(&format!("{folder}/"), &format!("{scenario}/")));
        for policy in files(&Path::new(&folder).join("policies")) {
            let stem = policy.file_stem().unwrap().to_str().unwrap();
            assert_eq!(there(&["check", scenario, "--policy", stem]).0, 0, "{scenario} under {stem}");
        }
    }
    assert_eq!(there(&["check", "baseline", "--vintage", "2024"]).0, 0);
    // Every table of a run is the same.
    let out = root.path().join("inside");
    assert_eq!(there(&["run", "tutorial", "--draws", "64", "--out", out.to_str().unwrap(), "--quiet"]).0, 0);
    let beside = root.path().join("outside");
    assert_eq!(run("scenarios/tutorial", &beside, &["--quiet"]).0, 0);
    for name in
        ["summary.csv", "thresholds.csv", "bottlenecks.csv", "drivers.csv", "rounds.csv", "answer.txt"]
    {
        assert_eq!(fs::read(out.join(name)).unwrap(), fs::read(beside.join(name)).unwrap(), "{name}");
    }
    // Errors name their places in the scenario, and what may have been meant.
    let (code, _, error) = there(&["check", "baseline", "--policy", "no-control"]);
    assert!(code == 3 && error.contains("did you mean `no-controls`"), "{error}");
    let (code, _, error) = there(&["check", "basline"]);
    assert!(code == 3 && error.contains("did you mean baseline?"), "{error}");
    let (code, _, error) = there(&["check", "baseline/nothing"]);
    assert!(code == 3 && error.contains("there is no scenario at baseline/nothing"), "{error}");
    let place = there(&["show", "baseline", "route.*.detection"]).1;
    assert!(place.contains("baseline/"), "{place}");
    // A folder of that name is taken instead, whatever is in it.
    fs::create_dir(root.path().join("tutorial")).unwrap();
    let (code, _, error) = there(&["check", "tutorial"]);
    assert!(code == 3 && error.contains("scenario.toml"), "{error}");
    fs::copy("scenarios/tutorial/scenario.toml", root.path().join("tutorial/scenario.toml")).unwrap();
    assert_eq!(there(&["check", "tutorial"]).0, 0);
    assert_eq!(there(&["check", "tutorial", "--policy", "enforcement-tenfold"]).0, 3);
    assert_eq!(there(&["check", "./baseline"]).0, 0);
}
