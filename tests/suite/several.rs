//! Several scenarios at once: compared on the same draws, or refused with the reason; and run one after the other.

use crate::support::program::{chokepoint, done, json, within};
use std::fs;
use std::path::Path;

/// A scenario in a folder that extends the tutorial.
fn extension(root: &Path, name: &str, text: &str) -> String {
    let folder = root.join(name);
    fs::create_dir_all(&folder).unwrap();
    let tutorial = fs::canonicalize("scenarios/tutorial").unwrap();
    let base = root.join("tutorial");
    if !base.exists() {
        fs::create_dir_all(base.join("policies")).unwrap();
        fs::copy(tutorial.join("scenario.toml"), base.join("scenario.toml")).unwrap();
        for entry in fs::read_dir(tutorial.join("policies")).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), base.join("policies").join(entry.file_name())).unwrap();
        }
    }
    fs::write(folder.join("scenario.toml"), format!("extends = \"../tutorial\"\n{text}")).unwrap();
    folder.to_str().unwrap().to_owned()
}

/// Rows of a CSV file, each by its column.
fn rows(path: &Path) -> Vec<std::collections::BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let head: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let cells = |r: csv::StringRecord| head.iter().cloned().zip(r.iter().map(str::to_owned)).collect();
    reader.records().map(|r| cells(r.unwrap())).collect()
}

/// An edit that is a scenario of its own comes to what it is as an edit, draw by draw: the numbers that both have are the same.
#[test]
fn a_scenario_is_compared_on_the_draws_of_the_first() {
    let root = tempfile::tempdir().unwrap();
    let twice = "title = \"Open routes\"\n\n[[route]]\nid = \"gamma\"\ndetection = \"1%\"\n";
    let other = extension(root.path(), "open", twice);
    let base = root.path().join("tutorial").to_str().unwrap().to_owned();
    let policy = root.path().join("same.toml");
    fs::write(&policy, "title = \"The same\"\n\n[[set]]\npath = \"route.gamma.detection\"\nvalue = \"1%\"\n")
        .unwrap();
    let out = root.path().join("compared");
    let arguments = [
        "compare",
        &base,
        &other,
        "--policy",
        policy.to_str().unwrap(),
        "--draws",
        "256",
        "--quiet",
        "--out",
        out.to_str().unwrap(),
    ];
    let text = done(&arguments);
    assert!(text.contains("Open routes") && text.contains("in every scenario"), "{text}");
    let all = rows(&out.join("comparison.csv"));
    let of = |policy: &str| -> Vec<Vec<String>> {
        let own = all.iter().filter(|r| r["policy"] == policy);
        let numbers =
            ["actor", "metric", "quarter", "difference_mean", "p50", "regret_mean", "effective_draws"];
        own.map(|r| numbers.map(|n| r[n].clone()).to_vec()).collect()
    };
    assert!(of("open").len() > 20 && of("open") == of("same"));
    assert!(of("open").iter().any(|r| r[3] != "0"), "it changes something");
    // The policy in the other scenario changes nothing there.
    assert_eq!(of("open"), of("open:same"));
    let scenarios: Vec<&str> = ["base", "same", "open", "open:same"]
        .iter()
        .map(|p| all.iter().find(|r| r["policy"] == *p).unwrap()["scenario"].as_str())
        .collect();
    assert_eq!(scenarios, ["tutorial", "tutorial", "open", "open"]);
    // What is printed for programs says which scenario and policy a row is of.
    let csv = done(&[&arguments[..], &["--format", "csv"]].concat());
    assert!(csv.starts_with("scenario,policy,cell,") && csv.contains("\nopen,open:same,"), "{csv}");
    let manifest: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("manifest.json")).unwrap()).unwrap();
    let about = manifest["about_policies"].as_array().unwrap();
    let open = about.iter().find(|a| a["policy"] == "open").unwrap();
    assert_eq!(
        (&open["title"], &open["changes"]),
        (&"Open routes".into(), &"route.gamma.detection = 1%".into())
    );
    for file in ["thresholds.csv", "bottlenecks.csv", "robustness.csv"] {
        assert!(fs::read_to_string(out.join(file)).unwrap().starts_with("scenario,policy,"), "{file}");
    }
}

/// A scenario that extends another takes the same numbers for what they share, whatever it adds before.
#[test]
fn what_is_added_moves_no_other_number() {
    let root = tempfile::tempdir().unwrap();
    let lab = "\n[[lab]]\nid = \"a-third\"\ncountry = \"gamma\"\nmfu = \"10% to 50%\"\nextends = \"first\"\n";
    let other = extension(root.path(), "more", lab);
    let base = root.path().join("tutorial").to_str().unwrap().to_owned();
    let drawn = |scenario: &str, name: &str| {
        let out = root.path().join(name);
        let arguments = ["run", scenario, "--draws", "64", "--export", "inputs=csv", "--quiet", "--out"];
        done(&[&arguments[..], &[out.to_str().unwrap()]].concat());
        rows(&out.join("inputs.csv"))
    };
    let (own, more) = (drawn(&base, "own"), drawn(&other, "other"));
    assert!(more[0].len() > own[0].len(), "the lab has numbers of its own");
    for (a, b) in own.iter().zip(&more) {
        for (path, value) in a {
            assert_eq!(b[path], *value, "{path}");
        }
    }
    let out = root.path().join("c");
    let compared =
        ["compare", &base, &other, "--draws", "64", "--select", "lab.*/reachable_flop@2026Q4", "--out"];
    let found = json(&[&compared[..], &[out.to_str().unwrap()]].concat());
    let apart = found["not_compared"].as_array().unwrap();
    assert!(apart.iter().any(|a| a["actor"] == "lab.a-third"), "{found}");
}

#[test]
fn what_cannot_be_paired_is_refused_with_the_reason() {
    let root = tempfile::tempdir().unwrap();
    let short = extension(root.path(), "short", "[run]\nhorizon = \"2022Q1..2025Q4\"\n");
    let led = extension(root.path(), "led", "[run]\nlead = [\"buyer.*.budget\"]\n");
    let base = root.path().join("tutorial").to_str().unwrap().to_owned();
    let foreign = root.path().join("foreign");
    done(&["new", "world", foreign.to_str().unwrap()]);
    let twin = root.path().join("elsewhere/tutorial");
    fs::create_dir_all(&twin).unwrap();
    fs::copy(root.path().join("tutorial/scenario.toml"), twin.join("scenario.toml")).unwrap();
    for (other, code, part) in [
        (
            short.as_str(),
            3,
            "the draws of short cannot be paired with those of tutorial: it covers 2022Q1..2025Q4",
        ),
        (led.as_str(), 3, "takes another random number in it; give both the same `run.lead`"),
        (twin.to_str().unwrap(), 2, "two things that are compared are called tutorial"),
        ("nothing", 3, "there is no scenario at nothing"),
    ] {
        let (found, out, err) = chokepoint(&["compare", &base, other, "--draws", "64", "--quiet"]);
        assert!(found == code && out.is_empty() && err.contains(part), "{other}: {found}\n{err}");
        assert_eq!(err.matches("error").count(), 1, "{err}");
    }
    // Cut to the same end they go together.
    let cut = ["compare", &base, &short, "--horizon", "2022Q1..2025Q4", "--draws", "64", "--quiet", "--out"];
    done(&[&cut[..], &[root.path().join("cut").to_str().unwrap()]].concat());
}

#[test]
fn several_runs_have_a_folder_each_and_one_table() {
    let root = tempfile::tempdir().unwrap();
    let open = "title = \"Open routes\"\n\n[[route]]\nid = \"gamma\"\ndetection = \"1%\"\n";
    let other = extension(root.path(), "open", open);
    let base = root.path().join("tutorial").to_str().unwrap().to_owned();
    let out = root.path().join("runs");
    let folder = out.to_str().unwrap();
    let arguments = ["run", &base, "--draws", "64", &other, "--quiet", "--out", folder];
    let text = done(&arguments);
    for part in ["tutorial", "open", "First Lab", "2026Q4", "could train [FLOP]", "90% of draws"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    // Each is the run that it would be alone, with the command that makes it alone.
    let alone = root.path().join("alone");
    done(&["run", &other, "--draws", "64", "--quiet", "--out", alone.to_str().unwrap()]);
    let read = |path: &Path| fs::read(path).unwrap();
    for file in ["summary.csv", "drivers.csv", "answer.csv"] {
        assert_eq!(read(&out.join("open").join(file)), read(&alone.join(file)), "{file}");
    }
    let part = out.join("tutorial");
    let manifest: serde_json::Value = serde_json::from_slice(&read(&part.join("manifest.json"))).unwrap();
    let words: Vec<&str> =
        manifest["command"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
    assert_eq!(words, ["run", &base, "--draws", "64", "--quiet", "--out", part.to_str().unwrap()]);
    done(&["verify", part.to_str().unwrap(), "--again", "1", "--quiet"]);
    // What is there is printed again, in every format.
    assert_eq!(done(&arguments), text);
    let csv = done(&[&arguments[..], &["--format", "csv"]].concat());
    assert!(csv.starts_with("scenario,policy,actor,"), "{csv}");
    assert!(csv.contains("\ntutorial,base,") && csv.contains("\nopen,base,"), "{csv}");
    let all = done(&[&arguments[..], &["--format", "json"]].concat());
    let all: serde_json::Value = serde_json::from_str(&all).unwrap();
    assert_eq!(all.as_array().unwrap().len(), 2);
    for columns in [80, 100, 160] {
        let (_, out, _) = within(&arguments, Some(columns));
        let wide: Vec<&str> = out.lines().filter(|l| l.chars().count() > columns).collect();
        assert!(wide.is_empty() && out.contains("First Lab"), "{columns}: {wide:#?}");
    }
    // What is wrong with the second is said before the first is simulated.
    let none = root.path().join("none");
    let (code, _, err) =
        chokepoint(&["run", &base, "nothing", "--draws", "64", "--out", none.to_str().unwrap()]);
    assert!(code == 3 && err.contains("no scenario at nothing") && !none.exists(), "{err}");
}
