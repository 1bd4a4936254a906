//! Stories: every number to the bit that of the same draw in a run, by actor, beside a policy's world, at a quantile.

use crate::support::program::chokepoint;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const SCENARIO: &str = "scenarios/tutorial";

fn told(arguments: &[&str]) -> Value {
    let (code, out, err) = chokepoint(&[&["explain", SCENARIO, "--format", "json"], arguments].concat());
    assert_eq!(code, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

/// Bits of every number of some draws of a run, by (draw, actor, quarter, metric).
fn exported(out: &Path, more: &[&str]) -> BTreeMap<[String; 4], u64> {
    let run = ["run", SCENARIO, "--draws", "64", "--select", "*", "--export", "draws=csv", "--quiet"];
    let (code, _, err) = chokepoint(&[&run[..], &["--out", out.to_str().unwrap()], more].concat());
    assert_eq!(code, 0, "{err}");
    let mut reader = csv::Reader::from_path(out.join("draws.csv")).unwrap();
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let mut all = BTreeMap::new();
    for row in reader.records() {
        let row = row.unwrap();
        for (metric, x) in header.iter().zip(row.iter()).skip(5).filter(|(_, x)| !x.is_empty()) {
            let key = [&row[0], &row[3], &row[4], metric].map(str::to_owned);
            all.insert(key, x.parse::<f64>().unwrap().to_bits());
        }
    }
    all
}

/// Compares all figures of a story with the exported ones; gives how many there were.
fn compare(story: &Value, draw: u64, exported: &BTreeMap<[String; 4], u64>) -> usize {
    let mut compared = 0;
    for quarter in story["quarters"].as_array().unwrap() {
        for f in quarter["figures"].as_array().unwrap() {
            let text = |v: &Value| v.as_str().unwrap().to_owned();
            let key = [draw.to_string(), text(&f["actor"]), text(&quarter["quarter"]), text(&f["metric"])];
            assert_eq!(exported.get(&key), Some(&f["value"].as_f64().unwrap().to_bits()), "{key:?}");
            compared += 1;
        }
    }
    compared
}

#[test]
fn every_number_is_that_of_the_same_draw_in_a_run_to_the_bit() {
    let root = tempfile::tempdir().unwrap();
    let base = exported(&root.path().join("base"), &[]);
    let policy = exported(&root.path().join("policy"), &["--policy", "enforcement-tenfold"]);
    for draw in [0, 37] {
        let number = draw.to_string();
        assert_eq!(compare(&told(&["--draw", &number]), draw, &base), 2 * 20 * 3);
        for (actor, least) in
            [("country.omega", 400), ("designer.north", 100), ("facility.fab", 60), ("world", 100)]
        {
            let story = told(&["--draw", &number, "--actor", actor]);
            assert!(compare(&story, draw, &base) >= least, "{actor}");
        }
        let both = told(&["--draw", &number, "--actor", "country.omega", "--policy", "enforcement-tenfold"]);
        assert!(compare(&both["worlds"][0], draw, &base) > 400);
        assert!(compare(&both["worlds"][1], draw, &policy) > 400);
        // What is said to differ does, and the first difference of all is where the worlds part.
        let first = both["differences"][0]["quarter"].as_str().unwrap();
        assert_eq!(both["parted_in"], first);
        let key = |q: &str, m: &str| [number.clone(), "country.omega".into(), q.into(), m.into()];
        let mut quarters: Vec<&String> = base.keys().map(|k| &k[2]).collect();
        quarters.sort();
        quarters.dedup();
        for q in quarters {
            let differ = base.iter().filter(|(k, _)| **k == key(q, &k[3])).any(|(k, x)| policy[k] != *x);
            assert!(!differ || q.as_str() >= first, "{q}");
        }
    }
}

#[test]
fn a_story_is_told_in_plain_words() {
    let of = |scenario: &str, draw: &str| {
        let (code, text, err) = chokepoint(&["explain", scenario, "--draw", draw]);
        assert_eq!(code, 0, "{err}");
        text
    };
    let text = of(SCENARIO, "0");
    for part in [
        "Draw 0 of Tutorial",
        "strikes: fab-outage, from 2022Q4 for ",
        "it acts on capacity",
        "out of order: fab at ",
        "rule takes effect: alpha-2023",
        "lab.first could train ",
        "; bound by chips",
        "smuggling to omega: resellers buy ",
        " are seized (",
        " times list price",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let text = of("scenarios/baseline", "1");
    for part in [
        "rush: bytedance buys ahead of a rule that will cut it off, for ",
        "stockpile huawei-hbm of huawei: buys ",
        " times the usual pace",
        "; holds ",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    // Nothing of the other country in a story about one.
    let (_, about, _) = chokepoint(&["explain", SCENARIO, "--draw", "37", "--actor", "country.alpha"]);
    assert!(
        about.contains("Draw 37 of Tutorial: one fab, one designer, two countries, one rule: country.alpha")
    );
    assert!(!about.contains("lab.second") && !about.contains("smuggling to omega"), "{about}");
    let (_, worlds, _) =
        chokepoint(&["explain", SCENARIO, "--draw", "37", "--policy", "enforcement-tenfold"]);
    assert!(
        worlds.contains("base beside enforcement-tenfold") && worlds.contains("The worlds part in "),
        "{worlds}"
    );
    assert!(worlds.contains("country.omega smuggled_chips") || worlds.contains("lab.second"), "{worlds}");
    // A rule delayed from 2023Q4 on changes nothing before it.
    let (_, worlds, _) = chokepoint(&["explain", SCENARIO, "--draw", "37", "--policy", "rule-delayed"]);
    let parted =
        worlds.split("The worlds part in ").nth(1).and_then(|rest| rest.get(..6)).unwrap_or_default();
    assert!((2023..=2024).any(|y| parted.starts_with(&y.to_string())), "{parted} in {worlds}");
}

#[test]
fn a_pick_is_the_draw_at_the_quantile() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("base");
    let all = exported(&out, &[]);
    let mut values: Vec<(f64, u64)> = (all.iter())
        .filter(|(k, _)| k[1] == "country.omega" && k[2] == "2025Q4" && k[3] == "reachable_flop")
        .map(|(k, bits)| (f64::from_bits(*bits), k[0].parse().unwrap()))
        .collect();
    values.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    for (quantile, place) in [("p0", 0), ("p50", 32), ("p95", 60), ("p100", 63)] {
        let pick = format!("{quantile}:country.omega/reachable_flop@2025Q4");
        let story = told(&["--draws", "64", "--pick", &pick]);
        assert_eq!(story["draw"], values[place].1, "{quantile}");
    }
}

#[test]
fn wrong_questions_are_told_so() {
    for (arguments, code, part) in [
        (&["--draw", "9", "--actor", "country.omga"][..], 3, "did you mean country.omega?"),
        (&["--pick", "95:country.omega/reachable_flop@2025Q4"], 2, "--pick takes a quantile and a cell"),
        (
            &["--draws", "64", "--pick", "p95:country.omga/reachable_flop@2025Q4"],
            3,
            "did you mean `country.omega/",
        ),
        (&["--draws", "64", "--pick", "p95:country.*/reachable_flop@2025Q4"], 3, "takes one cell"),
        (&["--draw", "9", "--pick", "p95:x"], 2, "cannot be used with"),
        (&["--draw", "8192"], 2, "counts from 0"),
    ] {
        let (found, _, err) = chokepoint(&[&["explain", SCENARIO], arguments].concat());
        assert!(found == code && err.contains(part), "{arguments:?}: {found} {err}");
    }
}

#[test]
fn the_median_draw_is_told_by_years_of_the_headline() {
    let brief = ["explain", SCENARIO, "--draws", "256"];
    let (code, text, err) = chokepoint(&brief);
    assert_eq!(code, 0, "{err}");
    let lines: Vec<&str> = text.lines().collect();
    let years: Vec<&str> =
        lines.iter().copied().filter(|l| l.len() == 4 && l.parse::<u32>().is_ok()).collect();
    assert_eq!(years, ["2022", "2023", "2024", "2025", "2026"], "{text}");
    // At the end of each year each actor of the headline, by its name, and nobody else.
    for name in ["First Lab", "Second Lab", "Alpha", "Omega"] {
        let told = lines.iter().filter(|l| l.trim_start().starts_with(&format!("{name} could train")));
        assert_eq!(told.count(), 5, "{name} in\n{text}");
    }
    assert!(text.contains("rule takes effect") && !text.contains("smuggling to"), "{text}");
    let (_, whole, _) = chokepoint(&[&brief[..], &["--whole"]].concat());
    assert!(whole.lines().count() > 2 * lines.len() && whole.contains("\n2025Q3\n"), "{whole}");
    // It is the draw that the whole tells, to the bit in JSON, which has all of it.
    let head = |text: &str| text.lines().next().unwrap().to_owned();
    assert_eq!(head(&text), head(&whole));
    let all = told(&["--draws", "256"]);
    assert_eq!(all["quarters"].as_array().unwrap().len(), 20);
    let figures = |q: &Value| q["figures"].as_array().unwrap().len();
    assert!(
        all["quarters"].as_array().unwrap().iter().all(|q| figures(q) == 6),
        "both labs in every quarter"
    );
    // Beside a policy only where the worlds differ at the ends of years, or in what happens to all.
    let (code, both, err) = chokepoint(&[&brief[..], &["--policy", "rule-delayed"]].concat());
    assert!(code == 0 && both.contains("The worlds part in"), "{err}{both}");
}
