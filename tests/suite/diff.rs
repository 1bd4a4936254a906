//! What `diff` says of two runs: the inputs that were edited, and numbers that moved, and none by chance.

use crate::support::program::chokepoint;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn run(root: &Path, name: &str, more: &[&str]) -> PathBuf {
    let out = root.join(name);
    let base = ["run", "scenarios/tutorial", "--draws", "1024", "--quiet", "--out", out.to_str().unwrap()];
    let (code, _, err) = chokepoint(&[&base[..], more].concat());
    assert_eq!(code, 0, "{err}");
    out
}

fn diff(a: &Path, b: &Path, format: &str) -> String {
    let (code, out, err) =
        chokepoint(&["diff", a.to_str().unwrap(), b.to_str().unwrap(), "--format", format]);
    assert_eq!(code, 0, "{err}");
    out
}

fn json(a: &Path, b: &Path) -> Value {
    serde_json::from_str(&diff(a, b, "json")).unwrap()
}

#[test]
fn what_was_edited_is_told_and_what_moved() {
    let root = tempfile::tempdir().unwrap();
    let base = run(root.path(), "base", &[]);
    let edited = run(root.path(), "edited", &["--set", "lab.second.mfu=20%"]);
    let found = json(&base, &edited);
    let inputs = found["inputs"].as_array().unwrap();
    assert_eq!(inputs.len(), 1, "{inputs:?}");
    assert_eq!((&inputs[0]["name"], &inputs[0]["after"]), (&"lab.second.mfu".into(), &"20%".into()));
    assert!(found["settings"].as_array().unwrap().is_empty() && found["same_draws"] == true);
    let moved = found["numbers_moved"].as_array().unwrap();
    let cell = |m: &Value| m["cell"].as_str().unwrap().to_owned();
    assert!(moved.iter().any(|m| cell(m) == "lab.second/reachable_flop@2026Q4"));
    // What one lab makes of its chips is nobody else's business, and nobody buys more for it.
    let others = ["lab.first", "country.alpha", "buyer.", "facility.", "chip.", "designer."];
    assert!(moved.iter().all(|m| !others.iter().any(|o| cell(m).starts_with(o))), "{moved:?}");
    let text = diff(&base, &edited, "table");
    assert!(text.contains("1 input changed:\n  lab.second.mfu: ") && text.contains("→ 20%"), "{text}");
    // The lab, its country and its group are one line.
    let alike = "reachable_flop of country.omega, group.restricted, lab.second";
    assert!(text.contains(&format!("{alike} fell by ")), "{text}");
    assert!(text.contains("Both runs took the same draws"), "{text}");
    let csv = diff(&base, &edited, "csv");
    assert_eq!(csv.lines().count(), 2 + moved.len());
    assert!(csv.lines().nth(1).unwrap().starts_with("input,lab.second.mfu,"));
}

#[test]
fn another_seed_is_no_change_of_the_world() {
    let root = tempfile::tempdir().unwrap();
    let base = run(root.path(), "base", &[]);
    let (mut moved, mut compared) = (0, 0.0);
    for seed in ["2", "3", "4"] {
        let other = run(root.path(), seed, &["--seed", seed]);
        let found = json(&base, &other);
        assert_eq!(found["settings"][0]["name"], "seed");
        assert_eq!(found["same_draws"], false);
        moved += found["numbers_moved"].as_array().unwrap().len();
        compared += found["numbers_compared"].as_f64().unwrap();
    }
    // No number has changed: the procedure lets in a false one in about one run of twenty, then perhaps some at once.
    assert!(compared > 1500.0 && (moved as f64) < 0.01 * compared, "{moved} of {compared}");
}

#[test]
fn a_policy_is_told_by_its_rows() {
    let root = tempfile::tempdir().unwrap();
    let base = run(root.path(), "base", &[]);
    let policy = run(root.path(), "policy", &["--policy", "rule-delayed"]);
    let text = diff(&base, &policy, "table");
    assert!(text.contains("rule.alpha-2023 is gone") && text.contains("rule.alpha-2024 is new"), "{text}");
    assert!(text.contains("policies: [] → [\"rule-delayed\"]"), "{text}");
    let alike = "reachable_flop of country.omega, group.restricted, lab.second";
    assert!(text.contains(&format!("{alike} rose by ")), "{text}");
    let same = diff(&base, &base, "table");
    assert!(same.contains("All settings are the same.") && same.contains("\n0 of "), "{same}");
}

#[test]
fn a_folder_without_a_run_is_told_so() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().to_str().unwrap();
    let (code, _, err) = chokepoint(&["diff", path, path]);
    assert!(code == 3 && err.contains("holds no complete run"), "{err}");
}
