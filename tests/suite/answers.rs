//! Policies that wait for a sign: nothing before it, what they say after it, by laws and by hand.

use crate::forks::{check, under};
use crate::support::{PAGE, findings, model_of, plan_of, read};
use assert_cmd::Command;
use chokepoint::internals::engine::Batch;
use chokepoint::internals::engine::record::Recorder;
use chokepoint::internals::math::wide::WIDTH;
use chokepoint::internals::math::{ln, normal_cdf};
use chokepoint::internals::metrics::Recording;
use chokepoint::internals::model::Model;
use chokepoint::internals::network::Network;
use chokepoint::internals::plan::Plan;
use chokepoint::internals::random::{Design, Sampler};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const RULE: &str = "row = { id = \"more\", issuer = \"alpha\", effective = \"2022-01-01\", requires = \"denied\", to = { groups = [\"restricted\"], headquarters = true }, all = [{ tpp = \">= 100\" }] }";

/// A policy with these edits, all of which wait for one sign.
fn waiting(when: &str, edits: &[&str]) -> String {
    let edits: Vec<String> = edits.iter().map(|e| format!("{e}\nwhen = {when}\n")).collect();
    format!("title = \"t\"\n{}", edits.join("\n"))
}

fn all_kinds() -> Vec<String> {
    vec![
        "[[set]]\npath = \"route.*.detection\"\ntimes = 5".to_owned(),
        "[[set]]\npath = \"buyer.*.budget\"\ntimes = 0.5".to_owned(),
        "[[set]]\npath = \"facility.fab.capacity\"\ntimes = 1.5".to_owned(),
        "[[set]]\npath = \"diversion.verification\"\nvalue = { between = \"step\", 2022Q1 = 0, 2025Q1 = 0.5 }".to_owned(),
        "[[set]]\npath = \"licensing.case_by_case\"\nvalue = \"10% to 30%\"".to_owned(),
        format!("[[add]]\ntable = \"rule\"\n{RULE}"),
        "[[remove]]\npath = \"rule.alpha-2023\"".to_owned(),
    ]
}

#[test]
fn forks_of_policies_that_wait_are_full_runs_to_the_bit() {
    let kinds = all_kinds();
    let together: Vec<&str> = kinds.iter().map(String::as_str).collect();
    let cases = [
        ("\"country.omega/smuggled_chips > 100\"", 1),
        ("{ sign = \"country.omega/smuggled_chips > 100\", lag = 3, error = 0.5 }", 3),
        ("{ sign = \"world/fleet_h100e > 20k\", from = \"2024Q1\" }", 8),
        ("{ sign = \"country.omega/smuggled_chips > 300\", off = 200, error = 0.3 }", 1),
        ("{ sign = \"country.omega/fleet_share < 30%\", off = 40%, again = false }", 1),
    ];
    for (when, at) in cases {
        let when = when.replace("40%", "\"40%\"");
        let (fork, moved) = check("scenarios/tutorial", &waiting(&when, &together), 64);
        assert!(fork == Some(at) && moved > 0, "{fork:?} {moved} {when}");
    }
    for kind in &kinds {
        let (fork, moved) =
            check("scenarios/tutorial", &waiting("\"world/fleet_chips > 1000\"", &[kind]), 32);
        // The tutorial asks for no licence case by case.
        assert!(fork == Some(1) && (moved > 0 || kind.contains("case_by_case")), "{fork:?} {moved} {kind}");
    }
}

#[test]
fn a_sign_that_is_never_seen_changes_no_bit() {
    let kinds = all_kinds();
    // A rule that is added has cells of its own.
    let together: Vec<&str> = kinds.iter().filter(|k| !k.contains("[[add]]")).map(String::as_str).collect();
    let base = bits(&under("scenarios/tutorial", "title = \"t\""), 2);
    for when in [
        "\"country.omega/smuggled_chips > 1e30\"",
        "{ sign = \"world/fleet_chips < 0\", error = 1 }",
        "{ sign = \"world/fleet_chips > 0\", lag = 40 }",
        "{ sign = \"world/fleet_chips > 0\", from = \"2031Q1\" }",
    ] {
        let (_, moved) = check("scenarios/tutorial", &waiting(when, &together), 64);
        assert_eq!(moved, 0, "{when}");
        let add = format!("[[add]]\ntable = \"rule\"\n{RULE}");
        assert!(bits(&under("scenarios/tutorial", &waiting(when, &[&add])), 2) == base, "{when}");
    }
}

/// All numbers of some draws as bits.
fn bits(model: &Model, batches: u64) -> Vec<u64> {
    let plan = plan_of(model.clone());
    let recording = Recording::new(&plan, &["**".to_owned()]).unwrap();
    let keep: Vec<usize> =
        (0..recording.cells.len()).filter(|&i| !recording.names[i].actor.starts_with("rule.")).collect();
    let mut recorder = Recorder::new(&plan, &recording, &[]);
    let mut batch = Batch::new(&plan);
    let mut all = Vec::new();
    for b in 0..batches {
        batch.simulate(&plan, b, &mut recorder);
        all.extend(keep.iter().flat_map(|&i| recorder.cell(i).0.map(f64::to_bits)));
    }
    all
}

#[test]
fn a_sign_that_is_always_seen_from_a_quarter_on_is_the_fixed_policy_from_then_on() {
    let when = "when = { sign = \"world/fleet_chips > -1\", from = \"2025Q1\" }";
    let pairs = [
        (
            format!("[[set]]\npath = \"diversion.verification\"\nvalue = 0.4\n{when}"),
            "[[set]]\npath = \"diversion.verification\"\nvalue = { between = \"step\", 2022Q1 = 0, 2025Q1 = 0.4 }".to_owned(),
        ),
        (
            format!("[[set]]\npath = \"route.gamma.detection\"\nvalue = \"0.4\"\n{when}\n[[set]]\npath = \"route.gamma.detection\"\nvalue = \"2% to 15%\""),
            "[[set]]\npath = \"route.gamma.detection\"\nvalue = { between = \"step\", 2022Q1 = \"2% to 15%\", 2025Q1 = 0.4 }".to_owned(),
        ),
        (
            format!("[[add]]\ntable = \"rule\"\n{RULE}\n{when}"),
            format!("[[add]]\ntable = \"rule\"\n{}", RULE.replace("2022-01-01", "2025-01-01")),
        ),
        (
            format!("[[add]]\ntable = \"rule\"\n{}\n{when}", RULE.replace("\"denied\"", "\"license\", lag = { value = \"0.5 to 3\", unit = \"quarters\" }, share = \"20% to 60%\"")),
            format!("[[add]]\ntable = \"rule\"\n{}", RULE.replace("2022-01-01", "2025-01-01").replace("\"denied\"", "\"license\", lag = { value = \"0.5 to 3\", unit = \"quarters\" }, share = \"20% to 60%\"")),
        ),
        (
            format!("[[remove]]\npath = \"rule.alpha-2023\"\n{when}"),
            "[[add]]\ntable = \"shock\"\nrow = { id = \"end\", date = \"2025-01-01\", recovery = \"step\", duration = { value = 400, unit = \"quarters\" }, lifts = [\"alpha-2023\"] }".to_owned(),
        ),
    ];
    let base = bits(&under("scenarios/tutorial", "title = \"t\""), 4);
    for (answers, fixed) in pairs {
        let of = |edits: &str| bits(&under("scenarios/tutorial", &format!("title = \"t\"\n{edits}")), 4);
        let (answers_bits, fixed_bits) = (of(&answers), of(&fixed));
        assert_eq!(answers_bits.len(), fixed_bits.len());
        let wrong = answers_bits.iter().zip(&fixed_bits).filter(|(a, b)| a != b).count();
        assert_eq!(wrong, 0, "{answers}\nagainst\n{fixed}");
        assert_ne!(answers_bits, base, "{answers}");
    }
}

#[test]
fn what_is_observed_with_error_fires_as_often_as_the_closed_form_says() {
    const BATCHES: u64 = 512;
    let cell = ["world/fleet_chips@2026Q3".to_owned()];
    // The middle of what is there to be seen, so that chance decides.
    let base = plan_of(model_of(PAGE).unwrap());
    let recording = Recording::lean(&base, &cell).unwrap();
    let mut recorder = Recorder::new(&base, &recording, &[]);
    Batch::new(&base).simulate(&base, 0, &mut recorder);
    let (level, error) = (recorder.cell(0).0.iter().sum::<f64>() / WIDTH as f64, 0.4_f64);
    let text = format!(
        "{PAGE}\n[[answer]]\nwhen = {{ sign = \"world/fleet_chips > {level}\", error = {error}, from = \"2026Q4\" }}\npath = \"route.gamma.detection\"\ntimes = 2\n"
    );
    let model = model_of(&text).unwrap();
    let network = Network::from_model(&model);
    let plan = Plan::new(model, &network, &Design { seed: 5, sampler: Sampler::Mc }).unwrap();
    let recording = Recording::lean(&plan, &cell).unwrap();
    let mut recorder = Recorder::new(&plan, &recording, &[]);
    let mut batch = Batch::new(&plan);
    let (mut fired, mut expected, mut variance) = (0.0, 0.0, 0.0);
    for b in 0..BATCHES {
        batch.simulate(&plan, b, &mut recorder);
        for lane in 0..WIDTH {
            let p = normal_cdf(ln(recorder.cell(0)[lane] / level) / error);
            (expected, variance) = (expected + p, variance + p * (1.0 - p));
            fired += f64::from(u8::from(batch.state.answers.on[0].lane(lane)));
        }
    }
    let draws = BATCHES as f64 * WIDTH as f64;
    assert!((0.2..0.8).contains(&(expected / draws)), "{expected} of {draws}: move the level");
    assert!(
        (fired - expected).abs() < 4.0 * variance.sqrt(),
        "{fired} against {expected} ± {}",
        variance.sqrt()
    );
}

#[test]
fn a_sign_goes_off_and_comes_again_or_never_as_it_is_told() {
    // In every quarter anew, above or below by a coin: what is observed is the truth times e^z, held to the truth itself.
    let count = |more: &str| {
        let text = format!(
            "{PAGE}\n[[answer]]\nwhen = {{ sign = \"facility.fab/utilisation > 1\", error = 5{more} }}\npath = \"route.gamma.detection\"\ntimes = 2\n"
        );
        let plan = plan_of(model_of(&text).unwrap());
        let mut turns = Vec::new();
        for b in 0..64 {
            let mut batch = Batch::new(&plan);
            batch.begin(&plan, b);
            let mut of = [0_usize; WIDTH];
            for t in 0..plan.quarters {
                batch.advance(&plan, t..t + 1, &mut (), &mut ());
                for (lane, n) in of.iter_mut().enumerate() {
                    *n += usize::from(batch.outputs.answers.turned[0].lane(lane));
                }
            }
            turns.extend(of);
        }
        turns
    };
    let most = |turns: &[usize]| turns.iter().copied().max().unwrap();
    assert_eq!(most(&count("")), 1);
    assert_eq!(most(&count(", off = 1, again = false")), 2);
    let again = count(", off = 1");
    assert!(most(&again) > 5, "{}", most(&again));
    // A wider band turns less often.
    let sum = |turns: &[usize]| turns.iter().sum::<usize>();
    let band = count(", off = 0.001");
    assert!(sum(&band) < sum(&again) && most(&band) > 1, "{} {}", sum(&band), sum(&again));
}

#[test]
fn of_signs_that_are_on_together_the_last_rules() {
    let one =
        "[[answer]]\nwhen = \"world/fleet_chips > -1\"\npath = \"route.gamma.detection\"\nvalue = 0.5\n";
    let two = "[[answer]]\nwhen = { sign = \"world/fleet_chips > -1\", from = \"2024Q1\" }\npath = \"route.gamma.detection\"\nvalue = 0.9\n";
    let fixed = "[[answer]]\nwhen = \"world/fleet_chips > -1\"\npath = \"route.gamma.detection\"\nvalue = { between = \"step\", 2022Q1 = 0.5, 2024Q1 = 0.9 }\n";
    let of = |rows: &str| bits(&model_of(&format!("{PAGE}\n{rows}")).unwrap(), 2);
    assert_eq!(of(&format!("{one}{two}")), of(fixed));
    assert_eq!(of(&format!("{two}{one}")), of(one));
}

#[test]
fn what_cannot_wait_is_refused_at_its_place() {
    let cases = [
        (
            "path = \"chip.n1.launch\"\nvalue = \"2023Q1\"",
            "`chip.n1.launch` cannot wait for a sign",
            "it is no number of the scenario",
        ),
        (
            "path = \"chip.n1.tdp\"\ntimes = 2",
            "`chip.n1.tdp` cannot wait for a sign",
            "it is read once, at the start of a draw",
        ),
        (
            "path = \"rule.alpha-2023.requires\"\nvalue = \"license\"",
            "`rule.alpha-2023.requires` cannot wait for a sign",
            "it is no number",
        ),
        (
            "path = \"lab.first.rent_budget\"\nvalue = 5",
            "`lab.first.rent_budget` cannot wait for a sign",
            "it is no number of the scenario",
        ),
        ("path = \"route.*.dection\"\nvalue = 5", "nothing matches `route.*.dection`", "no such path"),
        (
            "table = \"buyer\"\nrow = { id = \"new\" }",
            "a row of `buyer` cannot wait for a sign",
            "rules can, and numbers",
        ),
        ("remove = \"buyer.omega-labs\"", "`buyer.omega-labs` cannot be taken away by a sign", "no rule"),
    ];
    let good = "when = \"world/fleet_chips > 5\"";
    for (edit, message, label) in cases {
        let found = findings(&format!("{PAGE}\n[[answer]]\n{good}\n{edit}\n")).diagnostics.all;
        assert_eq!(found.len(), 1, "{edit} {found:?}");
        assert_eq!((found[0].message.as_str(), found[0].label.as_str()), (message, label));
    }
    let edit = "path = \"route.gamma.detection\"\ntimes = 2";
    let signs = [
        ("", "an answer has a `when`"),
        ("when = \"world/fleet_chips\"", "`world/fleet_chips` is no sign"),
        ("when = \"world/fleet_chips > many\"", "`many` is no level of a sign"),
        ("when = \"world/fleet_chps > 1\"", "`world` has no metric `fleet_chps`"),
        ("when = \"country.omgea/fleet_chips > 1\"", "there is no actor `country.omgea`"),
        ("when = { sign = \"world/fleet_chips > 1\", lag = 0 }", "`when.lag` is a number"),
        (
            "when = { sign = \"world/fleet_chips > 1\", lag = 1.5 }",
            "`when.lag` is a whole number of quarters",
        ),
        (
            "when = { sign = \"world/fleet_chips > 1\", again = false }",
            "`again` says whether a sign that went off can come on again",
        ),
        (
            "when = { sign = \"world/fleet_chips > 1\", off = 2 }",
            "a sign goes off at its level, or on the other side of it",
        ),
        ("when = { sign = \"world/fleet_chips > 1\", error = -1 }", "`when.error` is a number"),
        ("when = { sgn = \"world/fleet_chips > 1\" }", "unknown key `sgn` in `when`"),
    ];
    for (when, message) in signs {
        let found = findings(&format!("{PAGE}\n[[answer]]\n{when}\n{edit}\n")).diagnostics.all;
        assert!(found.iter().any(|d| d.message == message), "{when} {found:?}");
    }
}

fn chokepoint(arguments: &[&str]) -> String {
    let output =
        Command::cargo_bin("chokepoint").unwrap().env("NO_COLOR", "1").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// A line that makes 20,000 wafers a quarter or 4,000, by a coin, and wants without end.
const LINE: &str = r#"
title = "A new process, or the proven one"
run = { horizon = "2024Q1..2025Q4" }
country = [{ id = "alpha" }]
good = [{ id = "wafers", unit = "wafers" }]
designer = [{ id = "north", country = "alpha" }]
buyer = [{ id = "cloud", kind = "cloud", country = "alpha", budget = { value = "1000B", unit = "USD/year" } }]

[[facility]]
id = "fab"
country = "alpha"
good = "wafers"
capacity = { value = "bernoulli(50%)", unit = "wafers/quarter", times = 16000, plus = 4000 }

[[chip]]
id = "c"
designer = "north"
launch = "2010Q1"
bf16_tflops = 1000
price = 1000
recipe = { wafers = 1 }
"#;

#[test]
fn in_a_world_whose_best_policies_are_known_they_are_found() {
    let root = tempfile::tempdir().unwrap();
    let scenario = root.path().join("line");
    fs::create_dir_all(scenario.join("policies")).unwrap();
    fs::write(scenario.join("scenario.toml"), LINE).unwrap();
    let proven = "title = \"The proven process\"\n[[set]]\npath = \"facility.fab.capacity\"\nvalue = 13000\n";
    let when = |level: f64| format!("when = \"facility.fab/capacity < {level}\"\n");
    let policies = [
        ("proven", proven.to_owned()),
        ("if-bad", format!("{proven}{}", when(10_000.0))),
        ("too-anxious", format!("{proven}{}", when(30_000.0))),
    ];
    for (name, text) in &policies {
        fs::write(scenario.join("policies").join(format!("{name}.toml")), text).unwrap();
    }
    let cell = "world/produced_chips_cum@2025Q4";
    let [one, again] = ["one", "again"].map(|out| {
        let out = root.path().join(out);
        let threads = if out.ends_with("one") { "1" } else { "3" };
        let mut arguments = vec!["compare", scenario.to_str().unwrap(), "--out", out.to_str().unwrap()];
        arguments.extend([
            "--draws",
            "512",
            "--objective",
            "max world/produced_chips_cum@2025Q4",
            "--threads",
            threads,
        ]);
        chokepoint(&arguments);
        out
    });
    let table = rows(&one.join("robustness.csv"));
    let number = |policy: &str, column: &str| -> f64 {
        let row = table.iter().find(|r| r["policy"] == policy && r["cell"] == cell).unwrap();
        row[column].parse().unwrap()
    };
    // The share of draws in which the process is good, from what it makes in eight quarters of its own.
    let good = (number("base", "mean") / 8.0 - 4000.0) / 16_000.0;
    assert!((good - 0.5).abs() < 0.1, "{good}");
    let by_draw = |in_good: f64, in_bad: f64| good * in_good + (1.0 - good) * in_bad;
    // What is seen of the first quarter is answered in the second; a line that grows makes more from the third on.
    let (a, b, proven, anxious) = (160e3, 32e3, 104e3, 2.0 * 20e3 + 6.0 * 13e3);
    let bad = 2.0 * 4e3 + 6.0 * 13e3;
    let expected = [
        ("base", by_draw(a, b), by_draw(0.0, proven - b)),
        ("proven", proven, by_draw(a - proven, 0.0)),
        ("if-bad", by_draw(a, bad), by_draw(0.0, proven - bad)),
        ("too-anxious", by_draw(anxious, bad), by_draw(a - anxious, proven - bad)),
    ];
    for (policy, mean, regret) in expected {
        let near = |x: f64, y: f64| (x - y).abs() < 1e-6 * y.abs().max(1.0);
        let found = [number(policy, "mean"), number(policy, "regret_mean")];
        assert!(near(found[0], mean) && near(found[1], regret), "{policy}: {found:?}, not {mean} {regret}");
    }
    // The best of the fixed ones is the proven process, the best of all the one that waits, in tiers and regret.
    let tiers = rows(&one.join("comparison.csv"));
    let tier = |policy: &str| {
        let of = |r: &&BTreeMap<String, String>| {
            r["policy"] == policy && format!("{}/{}@{}", r["actor"], r["metric"], r["quarter"]) == cell
        };
        tiers.iter().find(of).unwrap()["tier"].clone()
    };
    assert_eq!(tier("if-bad"), "1");
    assert_ne!(tier("proven"), "1");
    for file in ["robustness.csv", "comparison.csv", "summary.csv"] {
        assert!(fs::read(one.join(file)).unwrap() == fs::read(again.join(file)).unwrap(), "{file}");
    }
    // The story says when it came on, and why.
    let story = |draw: &str| {
        let policy = scenario.join("policies/if-bad.toml");
        chokepoint(&[
            "explain",
            scenario.to_str().unwrap(),
            "--policy",
            policy.to_str().unwrap(),
            "--draw",
            draw,
        ])
    };
    let told: Vec<String> = (0..8).map(|d| story(&d.to_string())).collect();
    let sentence =
        "if-bad only: sign comes on: facility.fab/capacity was 4000 in 2024Q1, below 10k; 1 number changed";
    let comes = told.iter().filter(|t| t.contains(sentence)).count();
    assert!(comes > 0 && comes < 8, "{}", told[0]);
}

#[test]
fn the_resolved_scenario_of_a_policy_that_waits_reads_back_as_the_same() {
    let kinds = all_kinds();
    let together: Vec<&str> = kinds.iter().map(String::as_str).collect();
    let policy =
        waiting("{ sign = \"country.omega/smuggled_chips > 100\", lag = 2, error = 0.5 }", &together);
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("p.toml");
    fs::write(&path, policy).unwrap();
    let (document, model) = read("scenarios/tutorial", path.to_str()).unwrap();
    let again = model_of(&document.to_toml()).unwrap();
    assert_eq!(model.answers.signs, again.answers.signs);
    assert_eq!(bits(&model, 2), bits(&again, 2));
}
