//! `search` as a user asks for it: what is known to be best is found, and a search goes on where it was.

use crate::support::program::{chokepoint, json};
use serde_json::Value as Json;
use std::fs;
use std::path::Path;

const ALPHA: &str = "max country.alpha/reachable_flop@2026Q4";
const OMEGA: &str = "min country.omega/reachable_flop@2026Q4";
/// A round on 64 draws of a point takes 704 draws.
const SMALL: [&str; 2] = ["--draws", "64"];

fn level(point: &Json, path: &str) -> f64 {
    point["levels"][path].as_str().unwrap().parse().unwrap()
}

#[test]
fn the_corner_that_is_best_in_both_is_found() {
    // What a lab can reach grows with its own efficiency and with nothing of the other's.
    let asked = ["search", "scenarios/tutorial", "--levers", "lab.first.mfu=0.2..0.6", "--levers"];
    let asked =
        [&asked[..], &["lab.second.mfu=0.2..0.6", "--objective", ALPHA, "--objective", OMEGA]].concat();
    let found = json(&[&asked[..], &SMALL, &["--budget", "6k"]].concat());
    let points = found["points"].as_array().unwrap();
    let front: Vec<&Json> = points.iter().filter(|p| p["front"] == true).collect();
    let near = |p: &&&Json| level(p, "lab.first.mfu") > 0.57 && level(p, "lab.second.mfu") < 0.23;
    assert!(front.iter().any(|p| near(&p)), "{found}");
    assert_eq!(found["base"]["front"], false);
    assert!(found["draws"].as_u64().unwrap() <= 6000);
    // It reaches as many times more as it is more efficient: of one draw all else is the same.
    for pair in points.windows(2) {
        let reach = |p: &Json| p["objectives"][0]["mean"].as_f64().unwrap() / level(p, "lab.first.mfu");
        assert!((reach(&pair[0]) / reach(&pair[1]) - 1.0).abs() < 1e-9);
        assert_eq!(pair[0]["draws"], 64);
    }
    // Once as good as its best for both, a lever of both countries leaves nothing that is best: every level is on the front.
    let both = ["search", "scenarios/tutorial", "--levers", "lab.*.mfu=log 20..60%", "--objective", ALPHA];
    let found = json(&[&both[..], &["--objective", OMEGA], &SMALL, &["--budget", "1k"]].concat());
    let points = found["points"].as_array().unwrap();
    assert_eq!(points.len(), 4);
    assert!(points.iter().all(|p| p["front"] == true), "{found}");
    // What is near the scenario as it stands may be no better; the ends are what nothing else is.
    assert!([0, 3].iter().all(|&i| points[i]["replicates"] == 1.0), "{found}");
    assert!(points.iter().all(|p| p["levels"]["lab.*.mfu"].as_str().unwrap().ends_with('%')));
}

#[test]
fn choices_and_policies_are_levers() {
    let asked = ["search", "scenarios/tutorial", "--levers", "policy=rule-delayed", "--levers"];
    let asked = [&asked[..], &["lab.second.mfu=20%,40%", "--objective", OMEGA], &SMALL].concat();
    let found = json(&asked);
    // Of four points in all, the best: the rule in time, and the lower efficiency.
    let first = &found["points"][0];
    assert_eq!(
        (&first["front"], &first["levels"]["policy.rule-delayed"]),
        (&Json::from(true), &Json::from("off"))
    );
    assert_eq!(first["levels"]["lab.second.mfu"], "20%");
    assert_eq!(found["points"].as_array().unwrap().iter().filter(|p| p["front"] == true).count(), 1);
}

#[test]
fn a_search_goes_on_where_it_was() {
    let root = tempfile::tempdir().unwrap();
    let asked = |out: &Path, more: &[&str]| {
        let levers = ["--levers", "lab.first.mfu=0.2..0.6", "--levers", "lab.second.mfu=0.2..0.6"];
        let goals = ["--objective", ALPHA, "--objective", OMEGA, "--quiet", "--out"];
        let out = [out.to_str().unwrap()];
        let all = [&["search", "scenarios/tutorial"][..], &levers, &goals, &out, &SMALL, more].concat();
        chokepoint(
            &all.into_iter()
                .map(std::borrow::ToOwned::to_owned)
                .collect::<Vec<_>>()
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>(),
        )
    };
    let files = |out: &Path| {
        ["front.csv", "front.html", "evaluations.csv"].map(|f| fs::read_to_string(out.join(f)).unwrap())
    };
    let (whole, parts, cut) = (root.path().join("whole"), root.path().join("parts"), root.path().join("cut"));
    let (code, printed, err) = asked(&whole, &["--budget", "2k", "--threads", "1"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(asked(&parts, &["--budget", "1k"]).0, 0);
    assert_eq!(asked(&parts, &["--budget", "2k", "--resume"]), (0, printed.clone(), String::new()));
    assert_eq!(files(&whole), files(&parts));
    // Killed in the midst of a line.
    fs::create_dir(&cut).unwrap();
    let kept = fs::read_to_string(whole.join("evaluations.csv")).unwrap();
    fs::write(cut.join("evaluations.csv"), &kept[..kept.len() / 3]).unwrap();
    assert_eq!(asked(&cut, &["--budget", "2k", "--resume"]), (0, printed, String::new()));
    assert_eq!(files(&whole), files(&cut));
    // It is not taken for another one, nor thrown away.
    let (code, _, err) = asked(&whole, &["--budget", "2k", "--resume", "--seed", "2"]);
    assert!(code == 3 && err.contains("another search"), "{code} {err}");
    let (code, _, err) = asked(&whole, &["--budget", "2k"]);
    assert!(code == 1 && err.contains("no file of a run"), "{code} {err}");
    assert_eq!(fs::read_to_string(whole.join("evaluations.csv")).unwrap(), kept);
    let table = fs::read_to_string(whole.join("front.csv")).unwrap();
    assert!(table.starts_with(
        "front,replicates,draws,lab.first.mfu,lab.second.mfu,country.alpha/reachable_flop@2026Q4,"
    ));
}

#[test]
fn searches_are_refused_at_their_place() {
    let cases: [(&[&str], i32, &str); 7] = [
        (&["--objective", OMEGA], 2, "--levers"),
        (&["--levers", "lab.second.mfu=20%,40%"], 2, "--objective"),
        (&["--levers", "lab.second.mfu", "--objective", OMEGA], 2, "--levers takes"),
        (&["--levers", "lab.second.mfu=0.4..0.2", "--objective", OMEGA], 2, "--levers takes"),
        (
            &["--levers", "lab.second.mfu=1,2", "--levers", "lab.second.mfu=0.1..0.2", "--objective", OMEGA],
            2,
            "given twice",
        ),
        (&["--levers", "lab.secnd.mfu=0.1..0.2", "--objective", OMEGA], 3, "lab.secnd.mfu"),
        (&["--levers", "policy=nothing", "--objective", OMEGA], 3, "nothing"),
    ];
    for (more, code, words) in cases {
        let (found, _, err) = chokepoint(&[&["search", "scenarios/tutorial"], more].concat());
        assert!(found == code && err.contains(words), "{more:?}: {found} {err}");
    }
}
