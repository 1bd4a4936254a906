//! The record: months, vintages, the simple rule, and the fit on a world whose answer is known by hand.

#![allow(clippy::disallowed_methods)] // the machine's own logarithm is the yardstick

use super::hindcast::{World, chokepoint, draws, draws_of, number, quantile, table};
use std::fs;
use std::path::PathBuf;

const HEADER: &str = "metric,actor,quarter,from,to,low,central,high,interval,unit\n";

/// The tutorial's world without outages, with more text and files, in a folder of its own.
struct Scenario {
    world: World,
    folder: PathBuf,
}

impl Scenario {
    fn new(more: &str) -> Self {
        let world = World::new();
        let folder = world.path("world");
        fs::create_dir(&folder).unwrap();
        let text = fs::read_to_string("scenarios/tutorial/scenario.toml").unwrap();
        let (before, rest) = text.split_once("[[shock]]").unwrap();
        let (_, after) = rest.split_once("[[ratio]]").unwrap();
        let text = format!("{before}[[ratio]]{after}\n{more}");
        fs::write(folder.join("scenario.toml"), text).unwrap();
        Self { world, folder }
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn go(&self, verb: &str, out: &str, more: &[&str]) -> (i32, String, String) {
        let out = self.world.path(out);
        let mut all = vec![verb, self.folder.to_str().unwrap(), "--out", out.to_str().unwrap()];
        all.extend(more);
        chokepoint(&all)
    }
}

fn near(a: f64, b: f64, share: f64) {
    assert!((a / b - 1.0).abs() < share, "{a} {b}");
}

#[test]
fn a_flow_over_months_is_the_sum_of_its_parts_of_quarters() {
    let world = World::new();
    let file = world.path("months.csv");
    let rows =
        [("2022-11", "2023-01"), ("2022-11", "2022-11"), ("2022-10", "2022-12"), ("2022-02", "2024-01")];
    let line = |(a, b): &(&str, &str)| format!("shipped_chips,designer.north,,{a},{b},,100000,,,chips\n");
    let text = rows.iter().map(line).collect::<Vec<_>>().concat();
    fs::write(&file, format!("{HEADER}{text}shipped_chips,designer.north,2022Q4,,,,100000,,,chips\n"))
        .unwrap();
    let out = world.path("out");
    let arguments = ["hindcast", "scenarios/tutorial", "--draws", "256", "--export", "draws=csv"];
    let files = ["--observations", file.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let (code, _, err) = chokepoint(&[&arguments[..], &files].concat());
    assert_eq!(code, 0, "{err}");
    let all = draws_of(&out);
    let flow = |quarter: &str| draws(&all, "designer.north", "shipped_chips", quarter);
    let sum = |parts: &[(&str, f64)]| {
        let flows: Vec<(Vec<f64>, f64)> = parts.iter().map(|&(q, share)| (flow(q), share)).collect();
        (0..256).map(|d| flows.iter().map(|(f, share)| share * f[d]).sum()).collect::<Vec<f64>>()
    };
    let whole = ["2022Q2", "2022Q3", "2022Q4", "2023Q1", "2023Q2", "2023Q3", "2023Q4"].map(|q| (q, 1.0));
    let two_years = [&[("2022Q1", 2.0 / 3.0)][..], &whole, &[("2024Q1", 1.0 / 3.0)]].concat();
    let expected = [
        sum(&[("2022Q4", 2.0 / 3.0), ("2023Q1", 1.0 / 3.0)]),
        sum(&[("2022Q4", 1.0 / 3.0)]),
        flow("2022Q4"),
        sum(&two_years),
        flow("2022Q4"),
    ];
    let scored = table(&out.join("hindcast.csv"));
    for (row, values) in scored.iter().zip(&expected) {
        for (column, p) in [("p05", 0.05), ("p50", 0.5), ("p95", 0.95)] {
            near(number(row, column), quantile(values, &[1.0; 256], p), 1e-12);
        }
    }
    assert_eq!((scored[0]["from"].as_str(), scored[0]["to"].as_str()), ("2022-11", "2023-01"));
    assert_eq!((scored[0]["quarter"].as_str(), scored[4]["from"].as_str()), ("2023Q1", ""));
}

#[test]
fn what_is_wrong_with_months_is_said_at_their_cell() {
    let world = World::new();
    let good = "shipped_chips,designer.north,,2022-11,2023-01,1,2,3,0.9,chips\n";
    let cases = [
        ("2022-11", "2022-13", "`2022-13` is no month", "like 2024-11"),
        ("2022-11", "2021-12", "2021-12 lies outside the horizon", "from 2022Q1 to 2026Q4"),
        ("2023-01", "2027-01", "2027-01 lies outside the horizon", "from 2022Q1 to 2026Q4"),
        ("2023-01", "2022-10", "months from 2022-11 to 2022-10", "before 2022-11"),
        ("2022-11,2023-01", "2022-11,", "told by `from` and `to`", "one of them only"),
        (",,2022-11", ",2023Q1,2022-11", "a `quarter`, or `from` and `to`", "beside months"),
        (",2022-11,2023-01", ",,", "an observation has a `quarter`", "without one"),
        ("shipped_chips,", "shipped_chips_cum,", "`from` and `to` are for flows", "no flow"),
    ];
    for (i, (from, to, message, help)) in cases.into_iter().enumerate() {
        assert!(good.contains(from), "{from}");
        let file = world.path(&format!("wrong{i}.csv"));
        fs::write(&file, format!("{HEADER}{}", good.replacen(from, to, 1))).unwrap();
        let (code, out, err) =
            chokepoint(&["hindcast", "scenarios/tutorial", "--observations", file.to_str().unwrap()]);
        assert!(code == 3 && out.is_empty(), "{to}: {code} {err}");
        assert!(err.contains(message) && err.contains(help), "{to}: {err}");
        assert!(err.contains(&format!("wrong{i}.csv:2:")), "{to}: {err}");
    }
}

const SIMPLE_RULE: &str = "\n[simple_rule]\nperformance = 1.5\nerror = { value = 0.2, source = \"made up\" }\n\
                           [simple_rule.spending]\n2023 = \"50B\"\n2024 = \"100B\"\n2025 = \"200B\"\nsource = \"made up\"\n";

#[test]
fn the_simple_rule_is_last_year_s_volume_times_growth() {
    let scenario = Scenario::new(SIMPLE_RULE);
    let row = |metric: &str, quarter: &str, x: f64, unit: &str| {
        format!(
            "\n[[observation]]\nmetric = \"{metric}\"\nactor = \"designer.north\"\nquarter = \"{quarter}\"\ncentral = {x}\nunit = \"{unit}\"\ngroup = \"flows\"\n"
        )
    };
    let mut rows = String::new();
    for quarter in ["2024Q1", "2024Q2", "2024Q3", "2024Q4", "2025Q2"] {
        rows.push_str(&row("shipped_chips", quarter, 1000.0, "chips"));
        rows.push_str(&row("shipped_h100e", quarter, 1000.0, "H100e"));
    }
    let text = fs::read_to_string(scenario.folder.join("scenario.toml")).unwrap();
    scenario.write("scenario.toml", &format!("{text}{rows}"));
    let (code, out, err) = scenario.go("hindcast", "out", &["--draws", "64"]);
    assert_eq!(code, 0, "{err}");
    let folder = scenario.world.path("out");
    let naive = table(&folder.join("naive.csv"));
    let of = |metric: &str| naive.iter().find(|r| r["metric"] == metric && r["origin"] == "2024Q4").unwrap();
    // Half of 4,000 a year, grown from the middle of 2024 to that of 2025Q2, seven eighths of a year.
    near(number(of("shipped_chips"), "naive_rule"), 1000.0 * 2_f64.powf(0.875), 1e-12);
    near(number(of("shipped_h100e"), "naive_rule"), 1000.0 * 3_f64.powf(0.875), 1e-12);
    near(number(of("shipped_h100e"), "rule_sd"), 0.2 * 0.875, 1e-12);
    near(number(of("shipped_h100e"), "rule_error"), 0.875 * 3_f64.ln(), 1e-12);
    let rivals = table(&folder.join("rivals.csv"));
    let rule: Vec<_> =
        rivals.iter().filter(|r| r["rival"] == "simple rule" && r["section"] == "forecast").collect();
    let groups: Vec<&str> = rule.iter().map(|r| r["group"].as_str()).collect();
    assert_eq!(groups, ["all", "flows"]);
    assert!(out.contains("simple rule from 2024Q4") && out.contains("By group"), "{out}");
    let scores = table(&folder.join("scores.csv"));
    for section in ["past", "forecast"] {
        let rows = |group: &str| {
            let all = scores.iter().filter(|r| r["section"] == section && r["group"] == group);
            all.map(|r| number(r, "rows")).sum::<f64>()
        };
        assert_eq!(rows("all"), rows("flows"), "groups partition the rows");
    }
    // What is wrong with the rule is said at its place.
    for (from, to, message) in [
        ("performance = 1.5", "performance = 0", "`simple_rule.performance` is a number above 0"),
        ("2024 = \"100B\"", "2024 = \"much\"", "an amount above 0, in USD a year"),
        ("2024 = \"100B\"", "20244 = \"1B\"", "`20244` is no year"),
        ("2023 = \"50B\"\n2024 = \"100B\"\n", "", "takes two years"),
        ("error", "eror", "did you mean `error`?"),
    ] {
        scenario.write("scenario.toml", &text.replace(from, to));
        let (code, _, err) = chokepoint(&["check", scenario.folder.to_str().unwrap()]);
        assert!(code == 3 && err.contains(message), "{to}: {err}");
    }
}

#[test]
fn a_vintage_knows_what_was_known() {
    let vintage = "\n[vintage.2023]\nuntil = \"2023Q4\"\nedits = \"vintages/2023.toml\"\n";
    let row = "\n[[observation]]\nmetric = \"shipped_chips_cum\"\nactor = \"designer.north\"\nquarter = \"2024Q4\"\ncentral = 5\n";
    let scenario = Scenario::new(&format!("{vintage}{row}"));
    scenario.write(
        "vintages/2023.toml",
        "title = \"As known in 2023\"\n[[set]]\npath = \"facility.fab.capacity.2026Q4\"\nvalue = \"2k to 4k\"\n",
    );
    let (code, out, err) = scenario.go("hindcast", "out", &["--draws", "64", "--vintage", "2023"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("Conditional forecast, after 2023Q4") && !out.contains("Past, to"), "{out}");
    let folder = scenario.folder.to_str().unwrap();
    let show = |more: &[&str]| {
        chokepoint(&[&["show", folder, "facility.fab.capacity", "--format", "csv"], more].concat()).1
    };
    assert!(show(&["--vintage", "2023"]).contains("2k to 4k") && show(&[]).contains("3k to 5k"));
    // A policy comes after it.
    let set = ["--vintage", "2023", "--set", "facility.fab.capacity.2026Q4=6k"];
    assert!(show(&set).contains("6k"), "{}", show(&set));
    let (code, _, err) = scenario.go("hindcast", "out", &["--vintage", "2021"]);
    assert!(code == 3 && err.contains("no [vintage.2021]; it has 2023"), "{err}");
    fs::remove_file(scenario.folder.join("vintages/2023.toml")).unwrap();
    let (code, _, err) = scenario.go("hindcast", "out", &["--vintage", "2023"]);
    assert!(code == 3 && err.contains("2023.toml cannot be read") && err.contains("scenario.toml:"), "{err}");
    let text = fs::read_to_string(scenario.folder.join("scenario.toml")).unwrap();
    scenario.write("scenario.toml", &text.replace("until = \"2023Q4\"", "until = 2023"));
    let (code, _, err) = chokepoint(&["check", folder]);
    assert!(code == 3 && err.contains("`vintage.2023.until` is a quarter"), "{err}");
}

/// Capacity of the fab at the horizon's end is lognormal with the 90% interval 3,000 to 5,000 wafers a month.
fn fitted(low: f64, high: f64, said: &str) -> (Scenario, (i32, String, String)) {
    let center = (low * high).sqrt();
    let row = format!(
        "\n[[observation]]\nmetric = \"capacity\"\nactor = \"facility.fab\"\nquarter = \"2026Q4\"\nlow = {low}\ncentral = {center}\nhigh = {high}\nunit = \"wafers/month\"\n"
    );
    let free =
        "\n[calibrate]\nfree = [\"facility.fab.capacity\", \"lab.*.mfu\"]\nby_hand = \"lab.first.mfu\"\n";
    let scenario = Scenario::new(&format!("{row}{free}{said}"));
    let arguments = ["--draws", "1024", "--until", "2026Q4", "--discrepancy", "0"];
    let done = scenario.go("calibrate", "out", &arguments);
    (scenario, done)
}

#[test]
fn a_fit_finds_what_is_known_by_hand() {
    // Published 4,400 with a standard deviation of 0.1 in logs.
    let z = 1.644_853_626_951_472_2_f64;
    let end = (0.1 * z).exp();
    let (scenario, (code, out, err)) = fitted(4400.0 / end, 4400.0 * end, "");
    assert_eq!(code, 0, "{err}");
    let folder = scenario.world.path("out");
    let numbers = table(&folder.join("calibration.csv"));
    let of = |path: &str| numbers.iter().find(|r| r["path"] == path).unwrap();
    // The conjugate posterior in logs, in wafers a quarter.
    let (prior, sd) = ((3000.0_f64 * 5000.0).sqrt().ln(), (5.0_f64 / 3.0).ln() / (2.0 * z));
    let precision = 1.0 / (sd * sd) + 100.0;
    let mean = (prior / (sd * sd) + 100.0 * 4400_f64.ln()) / precision;
    let capacity = of("facility.fab.capacity");
    for (column, p) in [("weighted_p05", -z), ("weighted_p50", 0.0), ("weighted_p95", z)] {
        near(number(capacity, column), 3.0 * (mean + p / precision.sqrt()).exp(), 0.01);
    }
    assert_eq!((capacity["informed"].as_str(), of("lab.first.mfu")["informed"].as_str()), ("true", "false"));
    assert_eq!(numbers.len(), 3);
    // Excluded is what lies more than three standard deviations off.
    let left = (4400_f64.ln() - 0.3 - prior) / sd;
    let weights = table(&folder.join("weights.csv"));
    let excluded = weights.iter().filter(|r| number(r, "weight") == 0.0).count() as f64 / 1024.0;
    assert!((excluded - normal_below(left)).abs() < 0.01, "{excluded} {left}");
    assert!(out.contains("narrows or moves 1 of 3 numbers") && out.contains("Set by hand"), "{out}");
    // The ranges can be read, by any verb, and are what was found.
    let assumptions = folder.join("assumptions.toml");
    let text = fs::read_to_string(&assumptions).unwrap();
    assert!(text.matches("[[set]]").count() == 1 && text.contains("facility.fab.capacity.2026Q4"), "{text}");
    let (world, policy) = (scenario.folder.to_str().unwrap(), assumptions.to_str().unwrap());
    let (code, _, err) = chokepoint(&["check", world, "--policy", policy]);
    assert_eq!(code, 0, "{err}");
    let written = text.split("p50=").nth(2).and_then(|t| t.split(',').next()).unwrap();
    near(written.parse().unwrap(), mean.exp(), 0.01);
    let shown =
        chokepoint(&["show", world, "facility.fab.capacity", "--policy", policy, "--format", "csv"]).1;
    assert!(shown.contains("lognormal(p05="), "{shown}");
}

#[test]
fn the_model_s_own_error_of_a_group_counts() {
    // The same record, with an error of 0.3 of the model in the group that it belongs to: a variance of 0.01 + 0.09.
    let z = 1.644_853_626_951_472_2_f64;
    let end = (0.1 * z).exp();
    let (scenario, (code, _, err)) = fitted(4400.0 / end, 4400.0 * end, "discrepancy = { supply = 0.3 }\n");
    assert_eq!(code, 0, "{err}");
    let numbers = table(&scenario.world.path("out").join("calibration.csv"));
    let capacity = numbers.iter().find(|r| r["path"] == "facility.fab.capacity").unwrap();
    let (prior, sd) = ((3000.0_f64 * 5000.0).sqrt().ln(), (5.0_f64 / 3.0).ln() / (2.0 * z));
    let precision = 1.0 / (sd * sd) + 10.0;
    let mean = (prior / (sd * sd) + 10.0 * 4400_f64.ln()) / precision;
    near(number(capacity, "weighted_p50"), 3.0 * mean.exp(), 0.01);
    near(number(capacity, "weighted_p95"), 3.0 * (mean + z / precision.sqrt()).exp(), 0.015);
}

/// Probability of a standard normal below `z`, by the trapezoid rule.
fn normal_below(z: f64) -> f64 {
    let density = |x: f64| (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let steps = 10_000;
    let step = (z + 8.0) / f64::from(steps);
    (0..steps).map(|i| density(-8.0 + (f64::from(i) + 0.5) * step) * step).sum()
}

#[test]
fn a_record_that_says_nothing_narrows_nothing() {
    let (scenario, (code, out, err)) = fitted(4.0, 4_000_000.0, "");
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("narrows or moves 0 of 3 numbers"), "{out}");
    let folder = scenario.world.path("out");
    let text = fs::read_to_string(folder.join("assumptions.toml")).unwrap();
    assert!(text.starts_with('#') && !text.contains("[[set]]"), "{text}");
    for row in table(&folder.join("calibration.csv")) {
        assert!(number(&row, "narrowed").abs() < 0.01 && row["informed"] == "false", "{row:?}");
    }
}

#[test]
fn a_fit_that_cannot_be_made_says_why() {
    let (_, (code, _, err)) = fitted(900_000.0, 1_000_000.0, "");
    assert!(code == 3 && err.contains("no draw is plausible in every group at cut 3"), "{err}");
    let scenario = Scenario::new("\n[calibrate]\nfree = [\"facility.fba.*\"]\n");
    let (code, _, err) = chokepoint(&["check", scenario.folder.to_str().unwrap()]);
    assert!(code == 3 && err.contains("no uncertain number's path matches `facility.fba.*`"), "{err}");
    let row = "\n[[observation]]\nmetric = \"capacity\"\nactor = \"facility.fab\"\nquarter = \"2024Q4\"\ncentral = 5\n";
    let scenario = Scenario::new(row);
    let (code, _, err) = scenario.go("calibrate", "out", &["--draws", "64"]);
    assert!(code == 3 && err.contains("which numbers may move"), "{err}");
}
