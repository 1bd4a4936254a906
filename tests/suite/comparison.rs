//! Policies compared as a user does it: exact nothings, the same draws, tables that follow from the draws, sweeps, precision.

use crate::support::program::chokepoint;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Runs a verb into a folder; it must succeed.
fn done(verb: &str, scenario: &str, out: &Path, more: &[&str]) -> (String, String) {
    let mut arguments = vec![verb, scenario, "--out", out.to_str().unwrap()];
    if !more.contains(&"--draws") {
        arguments.extend(["--draws", "64"]);
    }
    arguments.extend(more);
    let (code, stdout, stderr) = chokepoint(&arguments);
    assert_eq!(code, 0, "{stderr}");
    (stdout, stderr)
}

type Table = Vec<BTreeMap<String, String>>;

fn table(path: PathBuf) -> Table {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let head = reader.headers().unwrap().clone();
    let named =
        |r: csv::StringRecord| head.iter().map(str::to_owned).zip(r.iter().map(str::to_owned)).collect();
    reader.records().map(|r| named(r.unwrap())).collect()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap_or(f64::NAN)
}

fn address(row: &BTreeMap<String, String>) -> String {
    format!("{}/{}@{}", row["actor"], row["metric"], row["quarter"])
}

/// Writes a policy into a folder and gives its path.
fn policy(folder: &Path, name: &str, edits: &str) -> String {
    let path = folder.join(format!("{name}.toml"));
    fs::write(&path, format!("title = \"{name}\"\n{edits}")).unwrap();
    path.to_str().unwrap().to_owned()
}

const NOTHING: [&str; 9] = [
    "difference_mean",
    "difference_se",
    "p05",
    "p50",
    "p95",
    "p50_se",
    "probability_lower",
    "probability_higher",
    "p95_se",
];

fn is_nothing(row: &BTreeMap<String, String>) -> bool {
    NOTHING.iter().all(|c| row[*c] == "0") && row["ratio_p50"] == "1" && row["dominance"].is_empty()
}

#[test]
fn no_edits_differ_by_exactly_nothing() {
    let root = tempfile::tempdir().unwrap();
    let same = policy(root.path(), "same", "");
    for (scenario, draws) in [("scenarios/tutorial", "200"), ("scenarios/baseline", "32")] {
        let out = root.path().join(scenario.replace('/', "-"));
        let (text, _) = done("compare", scenario, &out, &["--policy", &same, "--draws", draws]);
        let rows = table(out.join("comparison.csv"));
        assert!(rows.len() > 100 && rows.iter().all(is_nothing));
        assert!(rows.iter().all(|r| r["tier"] == "1" && r["regret_mean"] == "0" && r["reference"] == "base"));
        assert!(text.contains("the same in each of") && text.contains("cannot be told apart"), "{text}");
    }
}

#[test]
fn what_an_actor_cannot_feel_changes_no_draw_of_it() {
    let root = tempfile::tempdir().unwrap();
    let slower = policy(root.path(), "slower", "[[set]]\npath = \"lab.second.mfu\"\ntimes = 0.5\n");
    let idle = "[[add]]\ntable = \"rule\"\nrow = { id = \"idle\", issuer = \"alpha\", announced = \"2024-02-01\", effective = \"2024-05-01\", requires = \"denied\", to = { groups = [\"restricted\"] }, all = [{ tpp = \">= 1e9\" }] }\n";
    let idle = policy(root.path(), "idle", idle);
    let out = root.path().join("out");
    done("compare", "scenarios/tutorial", &out, &["--policy", &slower, "--policy", &idle, "--draws", "300"]);
    let rows = table(out.join("comparison.csv"));
    let felt = |r: &&BTreeMap<String, String>| {
        r["policy"] == "slower"
            && (r["actor"] == "lab.second"
                || r["actor"] == "country.omega"
                || r["actor"] == "group.restricted"
                || r["actor"] == "ratio.lead")
            && r["metric"] != "accessible_h100e"
            && !r["metric"].starts_with("quarters_to")
    };
    assert!(rows.iter().filter(felt).all(|r| !is_nothing(r)));
    let unfelt = |r: &&BTreeMap<String, String>| {
        r["policy"] == "idle"
            || r["actor"] == "lab.first"
            || r["actor"].starts_with("designer")
            || r["metric"] == "accessible_h100e"
    };
    assert!(rows.iter().filter(unfelt).count() > 100 && rows.iter().filter(unfelt).all(is_nothing));
    let lower = rows
        .iter()
        .find(|r| r["policy"] == "slower" && address(r) == "lab.second/reachable_flop@2026Q4")
        .unwrap();
    assert_eq!((lower["probability_lower"].as_str(), lower["dominance"].as_str()), ("1", "lower"));
}

#[test]
fn forks_threads_and_audits_give_the_same_bytes() {
    let root = tempfile::tempdir().unwrap();
    let late = policy(
        root.path(),
        "late",
        "[[set]]\npath = \"diversion.verification\"\nvalue = { between = \"step\", 2022Q1 = 0, 2025Q1 = \"30% to 60%\" }\n",
    );
    let run = |name: &str, more: &[&str]| {
        let out = root.path().join(name);
        let mut all = vec!["--policy", &late, "--policy", "rule-delayed", "--draws", "300"];
        all.extend(["--export", "draws=csv", "--objective", "min country.omega/reachable_flop@2026Q4"]);
        all.extend(more);
        done("compare", "scenarios/tutorial", &out, &all);
        out
    };
    // A plan's draws stand together, 128 of them, before the next plan's.
    let mut order: Vec<(String, usize, usize)> = Vec::new();
    for row in table(run("rows", &["--threads", "3"]).join("draws.csv")) {
        let draw = number(&row, "draw") as usize;
        match order.last_mut() {
            Some((policy, _, last)) if *policy == row["policy"] && (*last == draw || *last + 1 == draw) => {
                *last = draw;
            }
            _ => order.push((row["policy"].clone(), draw, draw)),
        }
    }
    let blocks = [(0, 127), (128, 255), (256, 299)].into_iter();
    let wanted: Vec<_> = blocks
        .flat_map(|(from, to)| ["base", "late", "rule-delayed"].map(|policy| (policy.to_owned(), from, to)))
        .collect();
    assert_eq!(order, wanted);
    // An audit runs every policy in full.
    let folders = [
        run("a", &["--threads", "1"]),
        run("b", &["--threads", "7"]),
        run("c", &["--audit", "--threads", "2"]),
    ];
    for file in [
        "comparison.csv",
        "summary.csv",
        "thresholds.csv",
        "bottlenecks.csv",
        "objectives.csv",
        "draws.csv",
        "datapackage.json",
    ] {
        let first = fs::read(folders[0].join(file)).unwrap();
        assert!(!first.is_empty());
        for folder in &folders[1..] {
            assert!(first == fs::read(folder.join(file)).unwrap(), "{file}");
        }
    }
}

/// Values of a cell by policy and draw.
fn values(draws: &Table, cell: &str) -> BTreeMap<String, Vec<f64>> {
    let (actor, rest) = cell.split_once('/').unwrap();
    let (metric, quarter) = rest.split_once('@').unwrap();
    let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for row in draws.iter().filter(|r| r["actor"] == actor && r["quarter"] == quarter) {
        all.entry(row["policy"].clone()).or_default().push(number(row, metric));
    }
    all
}

#[test]
fn the_comparison_follows_from_its_draws() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("out");
    let (a, b) = ("country.omega/reachable_flop@2026Q4", "designer.north/revenue_usd_cum@2026Q4");
    let goals = [format!("min {a}"), format!("max {b}"), format!("{a} < 3e26")];
    let more = [
        "--policy",
        "rule-delayed",
        "--policy",
        "enforcement-tenfold",
        "--draws",
        "400",
        "--export",
        "draws=csv",
    ];
    let goals = ["--objective", &goals[0], "--objective", &goals[1], "--target", &goals[2]];
    done("compare", "scenarios/tutorial", &out, &[&more[..], &goals[..]].concat());
    let draws = table(out.join("draws.csv"));
    let (x, y) = (values(&draws, a), values(&draws, b));
    let names = ["base", "rule-delayed", "enforcement-tenfold"];
    assert!(names.iter().all(|n| x[*n].len() == 400));
    let close = |p: f64, q: f64| (p - q).abs() <= 1e-9 * p.abs().max(q.abs());
    let mean = |v: &mut dyn Iterator<Item = f64>| v.sum::<f64>() / 400.0;
    for row in table(out.join("comparison.csv")).iter().filter(|r| address(r) == a) {
        let (own, base) = (&x[&row["policy"]], &x["base"]);
        let each = || own.iter().zip(base);
        assert!(close(number(row, "difference_mean"), mean(&mut each().map(|(p, q)| p - q))));
        assert_eq!(number(row, "probability_lower"), mean(&mut each().map(|(p, q)| f64::from(p < q))));
        assert_eq!(number(row, "probability_higher"), mean(&mut each().map(|(p, q)| f64::from(p > q))));
        let best = |i: usize| names.iter().map(|n| x[*n][i]).fold(f64::INFINITY, f64::min);
        assert!(close(number(row, "regret_mean"), mean(&mut (0..400).map(|i| own[i] - best(i)))));
        let mut ratios: Vec<f64> = each().map(|(p, q)| p / q).collect();
        ratios.sort_by(f64::total_cmp);
        assert!((number(row, "ratio_p50") / ratios[200] - 1.0).abs() < 0.02);
        // Errors over eight replicates: draws go to them in turn.
        let replicate = |r: usize| (r..400).step_by(8).map(|i| own[i] - base[i]).sum::<f64>() / 50.0;
        let all: Vec<f64> = (0..8).map(replicate).collect();
        let centre = all.iter().sum::<f64>() / 8.0;
        let error = (all.iter().map(|m| (m - centre) * (m - centre)).sum::<f64>() / 56.0).sqrt();
        assert!(close(number(row, "difference_se"), error));
    }
    for row in table(out.join("targets.csv")) {
        let share = mean(&mut x[&row["policy"]].iter().map(|v| f64::from(*v < 3e26)));
        assert_eq!(number(&row, "probability"), share);
        assert!(number(&row, "low") <= share && share <= number(&row, "high"));
    }
    let standings = table(out.join("objectives.csv"));
    assert!(standings.iter().any(|r| r["on_front"] == "true"));
    for row in standings.iter().filter(|r| r["on_front"] == "false") {
        let (p, q) = (&row["policy"], &row["dominated_by"]);
        let beats = |i: usize| {
            let (lower, more) = (x[q][i] <= x[p][i], y[q][i] >= y[p][i]);
            lower && more && (x[q][i] < x[p][i] || y[q][i] > y[p][i])
        };
        assert_eq!(number(row, "share_of_draws"), mean(&mut (0..400).map(|i| f64::from(beats(i)))));
        assert!(mean(&mut x[q].iter().copied()) <= mean(&mut x[p].iter().copied()));
    }
}

#[test]
fn combined_policies_are_their_edits_one_after_the_other() {
    let root = tempfile::tempdir().unwrap();
    let twice = policy(root.path(), "twice", "[[set]]\npath = \"route.gamma.detection\"\ntimes = 2\n");
    let half = policy(root.path(), "half", "[[set]]\npath = \"facility.fab.capacity\"\ntimes = 0.5\n");
    let (together, by_hand) = (root.path().join("a"), root.path().join("b"));
    let both = format!("{twice}+{half}");
    done("compare", "scenarios/tutorial", &together, &["--policy", &both]);
    let text = "[[set]]\npath = \"route.gamma.detection\"\ntimes = 2\n[[set]]\npath = \"facility.fab.capacity\"\ntimes = 0.5\n";
    let one = policy(root.path(), "one", text);
    done("compare", "scenarios/tutorial", &by_hand, &["--policy", &one]);
    let read = |out: &Path| fs::read_to_string(out.join("comparison.csv")).unwrap();
    assert_eq!(read(&together).replace("twice+half", "one"), read(&by_hand));
}

#[test]
fn a_condition_keeps_the_same_draws_under_every_policy() {
    let root = tempfile::tempdir().unwrap();
    let calm = policy(root.path(), "calm", "[[remove]]\npath = \"shock.fab-outage\"\n");
    let out = root.path().join("out");
    let given = [
        "--policy",
        &calm,
        "--given",
        "shock.fab-outage by 2024Q4",
        "--draws",
        "256",
        "--export",
        "draws=csv",
    ];
    let (_, err) = done("compare", "scenarios/tutorial", &out, &given);
    assert!(err.contains("of 256 draws satisfy --given"), "{err}");
    let draws = table(out.join("draws.csv"));
    let numbers = |policy: &str| -> Vec<String> {
        let own = draws.iter().filter(|r| r["policy"] == policy);
        own.map(|r| r["draw"].clone()).collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    };
    let kept = numbers("base").len();
    assert!(numbers("base") == numbers("calm") && kept > 20 && kept < 250, "{kept}");
    let rows = table(out.join("summary.csv"));
    assert!(rows.iter().all(|r| r["draws"] == kept.to_string()));
}

#[test]
fn precision_goes_on_until_it_is_reached_or_says_how_far_it_is() {
    let root = tempfile::tempdir().unwrap();
    let (run, compare, far) = (root.path().join("a"), root.path().join("b"), root.path().join("c"));
    let cell = "country.omega/reachable_flop@2026Q4";
    let wanted = format!("{cell} p50 = 1%");
    done(
        "run",
        "scenarios/tutorial",
        &run,
        &["--precision", &wanted, "--draws", "60", "--max-draws", "8192"],
    );
    let rows = table(run.join("summary.csv"));
    let row = rows.iter().find(|r| address(r) == cell).unwrap();
    assert!(number(row, "p50_se") * 2.364_624 / number(row, "p50") <= 0.01);
    let draws = number(row, "draws");
    assert!(draws > 64.0 && draws < 8192.0);
    // The same draws as a run that asks for so many at once.
    let whole = root.path().join("d");
    done("run", "scenarios/tutorial", &whole, &["--draws", &row["draws"]]);
    for file in ["summary.csv", "thresholds.csv", "bottlenecks.csv", "flows.csv"] {
        assert!(fs::read(run.join(file)).unwrap() == fs::read(whole.join(file)).unwrap(), "{file}");
    }
    let policies = ["--policy", "rule-delayed", "--precision", &wanted, "--max-draws", "16384"];
    done("compare", "scenarios/tutorial", &compare, &policies);
    let rows = table(compare.join("comparison.csv"));
    let row = rows.iter().find(|r| address(r) == cell && r["policy"] == "rule-delayed").unwrap();
    let summary = table(compare.join("summary.csv"));
    let base = summary.iter().find(|r| address(r) == cell && r["policy"] == "base").unwrap();
    assert!(number(row, "p50_se") * 2.364_624 / number(base, "p50") <= 0.01);
    let wanted = format!("{cell} mean = 0.001%");
    let (_, err) = done("run", "scenarios/tutorial", &far, &["--precision", &wanted, "--max-draws", "128"]);
    assert!(err.contains("is still ±") && err.contains("at 128 draws"), "{err}");
}

#[test]
fn a_sweep_is_its_points() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("out");
    let mut grid =
        vec!["--grid", "rule.alpha-2023.a1.tpp=1600,4800", "--grid", "route.*.detection=2%,5%,20%"];
    grid.extend(["--export", "draws=csv"]);
    let (text, _) = done("sweep", "scenarios/tutorial", &out, &grid);
    assert!(text.contains("best") && text.contains("worst") && text.contains("interaction of"), "{text}");
    let rows = table(out.join("sweep.csv"));
    let cell = "country.omega/reachable_flop@2026Q4";
    let shown: Vec<_> = rows.iter().filter(|r| address(r) == cell).collect();
    assert_eq!(shown.len(), 7);
    let levels: std::collections::BTreeSet<_> = (shown.iter())
        .map(|r| (r["rule.alpha-2023.a1.tpp"].clone(), r["route.*.detection"].clone()))
        .collect();
    assert_eq!(levels.len(), 7);
    let one = shown.iter().find(|r| r["point"] == "2").unwrap();
    assert_eq!((one["rule.alpha-2023.a1.tpp"].as_str(), one["route.*.detection"].as_str()), ("1600", "5%"));
    let alone = root.path().join("alone");
    let set = ["--set", "rule.alpha-2023.a1.tpp=1600", "--set", "route.*.detection=5%"];
    done("run", "scenarios/tutorial", &alone, &[&set[..], &["--export", "draws=csv"]].concat());
    // The table of draws has every point, each as the run of it has them.
    let swept = values(&table(out.join("draws.csv")), cell);
    assert!(swept.len() == 7 && swept["2"].len() == 64);
    assert_eq!(swept["2"], values(&table(alone.join("draws.csv")), cell)["base"]);
    let own = table(alone.join("summary.csv"));
    let own = own.iter().find(|r| address(r) == cell).unwrap();
    assert_eq!((&one["mean"], &one["p50"]), (&own["mean"], &own["p50"]));
    let least = |r: &&&BTreeMap<String, String>| r["tier"] == "1";
    let best = shown
        .iter()
        .filter(|r| r["point"] != "base")
        .min_by(|a, b| number(a, "mean").total_cmp(&number(b, "mean")));
    assert!(shown.iter().filter(least).any(|r| r["point"] == best.unwrap()["point"]));
}

#[test]
fn an_actor_of_some_worlds_only_is_told() {
    let root = tempfile::tempdir().unwrap();
    let lab = "[[add]]\ntable = \"lab\"\nrow = { id = \"third\", country = \"omega\", buyers = [\"omega-labs\"] }\n";
    let third = policy(root.path(), "third.lab", lab);
    let gone = policy(
        root.path(),
        "no-first",
        "[[remove]]\npath = \"lab.first\"\n[[remove]]\npath = \"ratio.lead\"\n",
    );
    let out = root.path().join("out");
    let select = ["--select", "lab.*/reachable_flop@2026Q4", "--policy", &third, "--policy", &gone];
    let (text, _) = done("compare", "scenarios/tutorial", &out, &select);
    for words in [
        "not compared: lab.first is not in every world, but in base, third.lab",
        "not compared: lab.third is not in every world, but in third.lab",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let rows = table(out.join("comparison.csv"));
    assert!(!rows.is_empty() && rows.iter().all(|r| r["actor"] != "lab.first" && r["actor"] != "lab.third"));
    let json = fs::read_to_string(out.join("answer.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["not_compared"][1]["only_in"], serde_json::json!(["third.lab"]));
    // A dot in a policy's name is a part of it.
    assert!(rows.iter().any(|r| r["policy"] == "third.lab"));
}

#[test]
fn few_draws_that_carry_a_difference_are_told() {
    let root = tempfile::tempdir().unwrap();
    // Detection moves every draw a little. A shock that hardly ever comes moves few of them much.
    let rare = "[[add]]\ntable = \"shock\"\nrow = { id = \"rare\", hazard = 0.02, duration = { value = 8, unit = \"quarters\" }, \
        budget = { on = \"buyer.omega-labs\", times = 0.01 } }\n[[set]]\npath = \"route.gamma.detection\"\ntimes = 1.00001\n";
    let rare = policy(root.path(), "rare", rare);
    let wide = policy(root.path(), "wide", "[[set]]\npath = \"route.gamma.detection\"\ntimes = 2\n");
    let out = root.path().join("out");
    let select = ["--select", "country.omega/reachable_flop@2026Q4", "--draws", "256"];
    let more = [&select[..], &["--policy", &rare, "--policy", &wide]].concat();
    let (text, _) = done("compare", "scenarios/tutorial", &out, &more);
    let rows = table(out.join("comparison.csv"));
    let of = |policy: &str| {
        let row = rows.iter().find(|r| r["policy"] == policy && r["metric"] == "reachable_flop").unwrap();
        (number(row, "effective_draws"), number(row, "probability_lower") + number(row, "probability_higher"))
    };
    let ((few, changed), (many, _)) = (of("rare"), of("wide"));
    assert!(few > 1.0 && few < 40.0 && changed > 0.5 && many > 60.0, "{few} {changed} {many}");
    let few = text.split("too few of ").nth(1).unwrap().split("\n   ").next().unwrap();
    assert!(few.contains("rare (") && few.contains(", worth ") && few.contains("carry the change"), "{text}");
    assert!(!few.contains("wide"), "{text}");
}

#[test]
fn what_cannot_be_compared_is_said_at_its_place() {
    let cell = "country.omega/reachable_flop@2026Q4";
    let cases: [(&[&str], i32, &str); 8] = [
        (&["compare", "scenarios/tutorial", "--objective", cell], 2, "min CELL"),
        (&["compare", "scenarios/tutorial", "--target", cell], 2, "CELL < NUMBER"),
        (&["run", "scenarios/tutorial", "--precision", cell], 2, "p50 = 1%"),
        (&["run", "scenarios/tutorial", "--max-draws", "9"], 2, "--precision"),
        (
            &["compare", "scenarios/tutorial", "--objective", "min country.omga/reachable_flop@2026Q4"],
            3,
            "did you mean",
        ),
        (
            &["compare", "scenarios/tutorial", "--policy", "rule-delayed", "--policy", "rule-delayed"],
            2,
            "twice",
        ),
        (&["compare", "scenarios/tutorial", "--policy", "rule-delay"], 3, "did you mean `rule-delayed`?"),
        (&["sweep", "scenarios/tutorial", "--grid", "route.gama.detection=1%,2%"], 3, "did you mean"),
    ];
    for (arguments, code, words) in cases {
        let (found, _, err) = chokepoint(arguments);
        assert!(found == code && err.contains(words), "{arguments:?}: {found} {err}");
    }
}

#[test]
fn policies_move_the_baseline_where_reason_says() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("out");
    let policies = ["no-controls", "enforcement-tenfold", "taiwan-blockade-2027"];
    let mut more: Vec<&str> = policies.iter().flat_map(|p| ["--policy", *p]).collect();
    more.extend(["--draws", "256"]);
    for cell in [
        "country.china/{smuggled_chips_cum,imported_h100e_cum}@2028Q4",
        "{world,designer.*}/shipped_h100e_cum@2027Q4",
        "lab.*/reachable_flop@2028Q4",
    ] {
        more.extend(["--select", cell]);
    }
    done("compare", "scenarios/baseline", &out, &more);
    let rows = table(out.join("comparison.csv"));
    let sure = |policy: &str, cell: &str| {
        let row = rows.iter().find(|r| r["policy"] == policy && address(r) == cell).unwrap();
        (number(row, "difference_mean"), 3.0 * number(row, "difference_se"), number(row, "ratio_p50"))
    };
    let (smuggled, error, _) = sure("enforcement-tenfold", "country.china/smuggled_chips_cum@2028Q4");
    assert!(smuggled < -error);
    let (imported, error, _) = sure("no-controls", "country.china/imported_h100e_cum@2028Q4");
    assert!(imported > error);
    let shipped = |actor: &str| sure("taiwan-blockade-2027", &format!("{actor}/shipped_h100e_cum@2027Q4"));
    let (all, error, _) = shipped("world");
    assert!(all < -error);
    // NVIDIA's chips are made in Taiwan, most of Huawei's are not.
    let (taiwan_fed, error, _) = shipped("designer.nvidia");
    assert!(taiwan_fed < -error && taiwan_fed < shipped("designer.huawei").0);
}
