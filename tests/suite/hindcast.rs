//! The simulated past against what was published: tables that add up, errors at their cells, weights that say what they rest on.

#![allow(clippy::disallowed_methods)] // the machine's own logarithm is the yardstick

pub(super) use crate::support::program::chokepoint;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

pub(super) const HEADER: &str = "metric,actor,quarter,low,central,high,interval,kind,since,unit,source\n";

pub(super) struct World {
    root: tempfile::TempDir,
}

impl World {
    pub(super) fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Scores the tutorial by rows of observations, into a folder of that name.
    pub(super) fn hindcast(&self, name: &str, rows: &str, more: &[&str]) -> (i32, String, String) {
        let file = self.path(&format!("{name}.csv"));
        fs::write(&file, format!("{HEADER}{rows}")).unwrap();
        let out = self.path(name);
        let mut arguments = vec!["hindcast", "scenarios/tutorial", "--draws", "256"];
        arguments.extend(["--observations", file.to_str().unwrap(), "--out", out.to_str().unwrap()]);
        arguments.extend(more);
        chokepoint(&arguments)
    }
}

/// A table as a map from column to cell, row by row.
pub(super) fn table(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let row = |r: csv::StringRecord| {
        header.iter().map(str::to_owned).zip(r.iter().map(str::to_owned)).collect::<BTreeMap<_, _>>()
    };
    reader.records().map(|r| row(r.unwrap())).collect()
}

pub(super) fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column}: `{}`", row[column]))
}

/// The table of draws of a run's folder.
pub(super) fn draws_of(folder: &Path) -> Vec<BTreeMap<String, String>> {
    table(&folder.join("draws.csv"))
}

/// A metric of an actor in a quarter, by draw.
pub(super) fn draws(rows: &[BTreeMap<String, String>], actor: &str, metric: &str, quarter: &str) -> Vec<f64> {
    let mine = rows.iter().filter(|r| r["actor"] == actor && r["quarter"] == quarter);
    mine.map(|r| number(r, metric)).collect()
}

/// The smallest value with at least a share p of the weight up to it.
pub(super) fn quantile(values: &[f64], weights: &[f64], p: f64) -> f64 {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let total: f64 = weights.iter().sum();
    let mut sum = 0.0;
    for i in order {
        sum += weights[i];
        if sum >= (p - 1e-12) * total {
            return values[i];
        }
    }
    f64::NAN
}

#[test]
fn a_sum_since_a_quarter_is_a_difference_within_each_draw() {
    let world = World::new();
    let rows = "shipped_chips_cum,designer.north,2023Q4,,100000,,,,2023Q1,chips,made up\n\
                shipped_chips_cum,designer.north,2023Q4,,100000,,,,2022Q1,chips,made up\n";
    let (code, _, err) = world.hindcast("since", rows, &["--export", "draws=csv"]);
    assert_eq!(code, 0, "{err}");
    let folder = world.path("since");
    let all = draws_of(&folder);
    let sums = |quarter: &str| draws(&all, "designer.north", "shipped_chips_cum", quarter);
    let (early, late) = (sums("2022Q4"), sums("2023Q4"));
    let within: Vec<f64> = late.iter().zip(&early).map(|(b, a)| b - a).collect();
    let ones = vec![1.0; within.len()];
    let scored = table(&folder.join("hindcast.csv"));
    let mut of_quantiles = 0;
    for (column, p) in [("p05", 0.05), ("p25", 0.25), ("p50", 0.5), ("p75", 0.75), ("p95", 0.95)] {
        assert_eq!(number(&scored[0], column), quantile(&within, &ones, p), "{column}");
        assert_eq!(number(&scored[1], column), quantile(&late, &ones, p), "{column}");
        let wrong = quantile(&late, &ones, p) - quantile(&early, &ones, p);
        of_quantiles += usize::from((number(&scored[0], column) - wrong).abs() > 1e-6 * wrong);
    }
    assert!(of_quantiles >= 3, "a difference of quantiles would have passed");
}

#[test]
fn a_quotient_of_sums_since_a_quarter_is_one_of_differences() {
    let world = World::new();
    let scenario = world.path("world");
    fs::create_dir(&scenario).unwrap();
    let text = fs::read_to_string("scenarios/tutorial/scenario.toml").unwrap();
    let ratio = |id: &str, ending: &str| {
        format!(
            "\n[[ratio]]\nid = \"{id}\"\nof = \"country.omega/smuggled_chips{ending}\"\nover = \"designer.north/shipped_chips{ending}\"\n"
        )
    };
    let scenario_text = text + &ratio("leaked", "_cum") + &ratio("leaking", "");
    fs::write(scenario.join("scenario.toml"), scenario_text).unwrap();
    let (file, out) = (world.path("rows.csv"), world.path("out"));
    let row = "ratio,ratio.leaked,2025Q4,,5%,,,,2025Q1,1,made up\n";
    let go = |row: &str| {
        fs::write(&file, format!("{HEADER}{row}")).unwrap();
        let (file, out) = (file.to_str().unwrap(), out.to_str().unwrap());
        let folder = scenario.to_str().unwrap();
        let arguments = ["hindcast", folder, "--draws", "64", "--observations", file, "--out", out];
        chokepoint(&[&arguments[..], &["--export", "draws=csv"]].concat())
    };
    let (code, _, err) = go(row);
    assert_eq!(code, 0, "{err}");
    let all = draws_of(&out);
    let flow = |actor: &str, metric: &str| {
        let (a, b) = (draws(&all, actor, metric, "2024Q4"), draws(&all, actor, metric, "2025Q4"));
        b.into_iter().zip(a).map(|(b, a)| b - a).collect::<Vec<f64>>()
    };
    let (of, over) =
        (flow("country.omega", "smuggled_chips_cum"), flow("designer.north", "shipped_chips_cum"));
    let quotients: Vec<f64> = of.iter().zip(&over).map(|(a, b)| a / b).collect();
    let scored = table(&out.join("hindcast.csv"));
    assert_eq!((scored[0]["group"].as_str(), number(&scored[0], "central")), ("smuggling", 0.05));
    for (column, p) in [("p05", 0.05), ("p50", 0.5), ("p95", 0.95)] {
        assert_eq!(number(&scored[0], column), quantile(&quotients, &[1.0; 64], p), "{column}");
    }
    assert!(quotients.iter().all(|q| q.is_finite()) && number(&scored[0], "p95") > 0.0);
    let (code, _, err) = go(&row.replace("leaked", "leaking"));
    assert!(code == 3 && err.contains("`since` is for quotients of sums"), "{err}");
}

#[test]
fn units_convert_and_bounds_count_draws() {
    let world = World::new();
    let rows = "spend_usd_cum,buyer.alpha-cloud,2022Q4,1.5,2.5,4000,0.8,,,BUSD,made up\n\
                spend_usd_cum,buyer.alpha-cloud,2022Q4,,2500,,,at-least,,MUSD,made up\n";
    let fine = rows.replace("4000", "4");
    let (code, _, err) = world.hindcast("units", &fine, &["--export", "draws=csv"]);
    assert_eq!(code, 0, "{err}");
    let folder = world.path("units");
    let scored = table(&folder.join("hindcast.csv"));
    assert_eq!(["low", "central", "high"].map(|c| number(&scored[0], c)), [1.5e9, 2.5e9, 4e9]);
    assert_eq!((scored[0]["unit"].as_str(), scored[0]["group"].as_str()), ("USD", "legal flows"));
    let spent = draws(&draws_of(&folder), "buyer.alpha-cloud", "spend_usd_cum", "2022Q4");
    let share =
        |keep: &dyn Fn(f64) -> bool| spent.iter().filter(|x| keep(**x)).count() as f64 / spent.len() as f64;
    assert!((number(&scored[1], "at_least") - share(&|x| x >= 2.5e9)).abs() < 1e-12);
    assert!((number(&scored[0], "pit") - share(&|x| x < 2.5e9)).abs() < 1e-12);
    assert!(scored[1]["crps"].is_empty() && scored[1]["kind"] == "at-least");
    assert!(number(&scored[0], "pit") > 0.0 && number(&scored[0], "pit") < 1.0);
}

#[test]
fn naive_forecasts_know_no_more_than_their_origin() {
    let world = World::new();
    // Doubling every quarter to 2022Q4; what comes later differs.
    let rows: String = [("2022Q2", 1e4), ("2022Q3", 2e4), ("2022Q4", 4e4), ("2023Q2", 9e4), ("2023Q4", 1e5)]
        .iter()
        .chain(&[("2024Q4", 3e5), ("2025Q4", 5e5)])
        .map(|(q, x)| format!("shipped_chips_cum,designer.north,{q},,{x},,,,,chips,made up\n"))
        .collect::<Vec<_>>()
        .concat();
    let (code, out, err) = world.hindcast("naive", &rows, &[]);
    assert_eq!(code, 0, "{err}");
    let naive = table(&world.path("naive").join("naive.csv"));
    let find = |quarter: &str, origin: &str| {
        naive.iter().find(|r| r["quarter"] == quarter && r["origin"] == origin).unwrap()
    };
    let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} {b}");
    near(number(find("2023Q2", "2022Q4"), "naive_trend"), 1.6e5);
    near(number(find("2024Q4", "2022Q4"), "naive_trend"), 4e4 * 256.0);
    near(number(find("2024Q4", "2022Q4"), "naive_last"), 4e4);
    near(number(find("2024Q4", "2023Q4"), "naive_last"), 1e5);
    near(number(find("2024Q4", "2023Q4"), "last_error"), 3_f64.ln());
    // The line through 1, 2, 4, 9, 10 (× 10⁴, in logs) at quarters 0, 1, 2, 4, 6, by hand: slope Sxy/Sxx.
    let (x, y) = ([0.0, 1.0, 2.0, 4.0, 6.0], [1e4_f64, 2e4, 4e4, 9e4, 1e5].map(f64::ln));
    let (mx, my) = (13.0 / 5.0, y.iter().sum::<f64>() / 5.0);
    let sxy: f64 = x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum();
    let sxx: f64 = x.iter().map(|x| (x - mx) * (x - mx)).sum();
    near(number(find("2024Q4", "2023Q4"), "naive_trend"), (my + sxy / sxx * (10.0 - mx)).exp());
    // What comes after 2024Q4 is kept apart, and its rivals know all up to then.
    let later: Vec<_> = naive.iter().filter(|r| r["quarter"] == "2025Q4").collect();
    assert_eq!(
        (later.len(), later[0]["origin"].as_str(), later[0]["section"].as_str()),
        (1, "2024Q4", "forecast")
    );
    near(number(later[0], "naive_last"), 3e5);
    assert!(out.contains("Past, to 2024Q4") && out.contains("Conditional forecast, after 2024Q4"), "{out}");
    let header = out.lines().find(|l| l.contains("naive error")).unwrap();
    let columns = [
        "values",
        "series ",
        "crps",
        "its median's error",
        "naive error",
        "with a spread",
        "saved",
        "series won",
    ];
    assert!(columns.iter().all(|c| header.contains(c)), "{header}");
    let row = out.lines().find(|l| l.starts_with("last value from 2023Q4")).unwrap();
    assert!(
        row.ends_with("of 1") && row.contains('%') && row.chars().count() == header.chars().count(),
        "{row}"
    );
    let scores = table(&world.path("naive").join("scores.csv"));
    let rows_of = |section: &str| {
        let all = scores.iter().find(|r| r["section"] == section && r["group"] == "all");
        number(all.unwrap(), "rows")
    };
    assert_eq!((rows_of("past"), rows_of("forecast")), (6.0, 1.0));
}

#[test]
fn weights_join_the_draws_and_give_the_weighted_quantiles() {
    let world = World::new();
    let rows = "shipped_chips_cum,designer.north,2022Q4,40000,60000,90000,,,,chips,made up\n\
                shipped_chips_cum,designer.north,2023Q4,150000,200000,300000,,,,chips,made up\n\
                shipped_chips_cum,designer.north,2023Q2,1,1,1,,,,chips,not at a year's end\n";
    let mut more = vec!["--weight", "--export", "draws=csv", "--export", "inputs=csv", "--discrepancy", "1"];
    more.extend(["--select", "{lab.*,world,designer.*}/{reachable_flop,run_flop,shipped_chips_cum}@*Q4"]);
    let (code, out, err) = world.hindcast("weights", rows, &more);
    assert_eq!(code, 0, "{err}");
    let folder = world.path("weights");
    let (weights, inputs) = (table(&folder.join("weights.csv")), table(&folder.join("inputs.csv")));
    assert!(weights.iter().map(|r| &r["draw"]).eq(inputs.iter().map(|r| &r["draw"])));
    let w: Vec<f64> = weights.iter().map(|r| number(r, "weight")).collect();
    assert!((w.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    let weighting = &table(&folder.join("weighting.csv"))[0];
    assert_eq!((number(weighting, "observations"), number(weighting, "series")), (2.0, 1.0));
    let effective = 1.0 / w.iter().map(|w| w * w).sum::<f64>();
    assert!((number(weighting, "effective_draws") / effective - 1.0).abs() < 1e-9);
    assert_eq!(number(weighting, "exponent"), 1.0, "a wide discrepancy collapsed: {out}");
    // The likelihood by hand: a 2 × 2 covariance, residuals scaled by the spread of their side.
    let z = 1.644_853_626_951_472_2;
    let side = |x: f64, [low, y, high]: [f64; 3]| {
        let (below, above) = ((y / low).ln() / z, (high / y).ln() / z);
        let mean = 0.5 * (below + above);
        ((y / x).ln() * mean / if x < y { below } else { above }, mean * mean)
    };
    let all = draws_of(&folder);
    let sums = |quarter: &str| draws(&all, "designer.north", "shipped_chips_cum", quarter);
    let by_hand: Vec<f64> = (sums("2022Q4").into_iter().zip(sums("2023Q4")))
        .map(|(a, b)| {
            let ((r, s), (q, t)) = (side(a, [4e4, 6e4, 9e4]), side(b, [1.5e5, 2e5, 3e5]));
            let (v, u, c) = (s + 1.0, t + 1.0, 0.7);
            -0.5 * (r * r * u - 2.0 * r * q * c + q * q * v) / (v * u - c * c)
        })
        .collect();
    for (row, l) in weights.iter().zip(&by_hand) {
        let difference = number(row, "log_likelihood") - number(&weights[0], "log_likelihood");
        assert!((difference - (l - by_hand[0])).abs() < 1e-9, "{difference}");
    }
    let weighted = table(&folder.join("weighted.csv"));
    assert!(weighted.len() >= 10);
    for row in &weighted {
        let values = draws(&all, &row["actor"], &row["metric"], &row["quarter"]);
        for (column, p) in [("p05", 0.05), ("p50", 0.5), ("p95", 0.95)] {
            assert_eq!(number(row, column), quantile(&values, &vec![1.0; values.len()], p));
            assert_eq!(number(row, &format!("weighted_{column}")), quantile(&values, &w, p));
        }
    }
    assert!(weighted.iter().any(|r| r["p50"] != r["weighted_p50"]));
}

#[test]
fn a_collapse_is_called_one() {
    let world = World::new();
    let rows = "shipped_chips_cum,designer.north,2024Q4,999999,1000000,1000001,,,,chips,made up\n";
    let (code, out, err) = world.hindcast("collapse", rows, &["--weight", "--discrepancy", "0"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("COLLAPSE") && out.contains("is no posterior"), "{out}");
    let weighting = &table(&world.path("collapse").join("weighting.csv"))[0];
    assert_eq!(weighting["collapsed"], "true");
    assert!((number(weighting, "effective_draws") - 25.6).abs() < 1e-3, "{weighting:?}");
    assert!(number(weighting, "effective_draws_full") < 2.0);
    assert!(number(weighting, "temperature") > 100.0);
    // Without a range and without a discrepancy nothing can be likely.
    let bare = "shipped_chips_cum,designer.north,2024Q4,,1000000,,,,,chips,made up\n";
    let (code, _, err) = world.hindcast("bare", bare, &["--weight", "--discrepancy", "0"]);
    assert!(code == 3 && err.contains("needs a discrepancy above 0"), "{err}");
}

#[test]
fn the_same_bytes_on_any_number_of_threads() {
    let world = World::new();
    let rows = "shipped_chips_cum,designer.north,2023Q4,100000,200000,300000,,,2023Q1,chips,made up\n";
    for threads in ["1", "3"] {
        let (code, _, err) = world.hindcast(threads, rows, &["--threads", threads, "--weight"]);
        assert_eq!(code, 0, "{err}");
    }
    let tables = ["hindcast", "naive", "scores", "rivals", "weights", "weighted", "weighting", "summary"];
    for name in tables {
        let read = |threads: &str| fs::read(world.path(threads).join(format!("{name}.csv"))).unwrap();
        assert!(read("1") == read("3"), "{name}");
    }
    let package = fs::read_to_string(world.path("1").join("datapackage.json")).unwrap();
    for name in tables {
        let header = fs::read_to_string(world.path("1").join(format!("{name}.csv"))).unwrap();
        for column in header.lines().next().unwrap().split(',') {
            assert!(package.contains(&format!("\"name\": \"{column}\"")), "{name}: {column}");
        }
    }
}

#[test]
fn a_shorter_past_changes_no_score() {
    // Without weights no more is simulated than is asked about; with the whole horizon the scores are the same.
    let world = World::new();
    let rows = "shipped_chips_cum,designer.north,2023Q4,100000,200000,300000,,,2023Q1,chips,made up\n";
    assert_eq!(world.hindcast("short", rows, &[]).0, 0);
    assert_eq!(world.hindcast("long", rows, &["--horizon", "2022Q1..2026Q4"]).0, 0);
    let read = |name: &str, file: &str| fs::read_to_string(world.path(name).join(file)).unwrap();
    assert_eq!(read("short", "hindcast.csv"), read("long", "hindcast.csv"));
    assert!(read("short", "summary.csv").len() < read("long", "summary.csv").len());
    let late = format!("{rows}{}", rows.replace("2023Q4", "2025Q4"));
    let (code, _, err) = world.hindcast("cut", &late, &["--horizon", "2022Q1..2024Q4"]);
    assert!(code == 0 && err.contains("1 observation lies after the shortened horizon"), "{err}");
}

#[test]
fn what_is_wrong_with_a_row_is_said_at_its_cell() {
    let world = World::new();
    let good = "shipped_chips_cum,designer.north,2023Q4,1,2,3,0.9,value,2023Q1,chips,made up\n";
    let cases = [
        (
            "designer.north",
            "designer.norht",
            "there is no actor `designer.norht`",
            "did you mean `designer.north`?",
        ),
        (
            "shipped_chips_cum",
            "shiped_chips_cum",
            "there is no metric `shiped_chips_cum`",
            "`shipped_chips_cum`?",
        ),
        (
            "shipped_chips_cum",
            "spend_usd_cum",
            "`designer.north` has no metric `spend_usd_cum`",
            "other actors",
        ),
        ("2023Q4", "2031Q4", "2031Q4 lies outside the horizon", "from 2022Q1 to 2026Q4"),
        ("2023Q4", "2023Q5", "`2023Q5` is no quarter", "like 2024Q4"),
        ("1,2,3", "3,2,1", "low is above its high", "ends swapped"),
        ("1,2,3", "1,7,3", "central value is above its high", "outside low..high"),
        ("1,2,3", ",,3", "a `central`, or a `low` and a `high`", "nothing to hold"),
        ("1,2,3", "-1,2,3", "`low` is not below 0", "from 0 up"),
        ("1,2,3", "1,many,3", "`observation.central` takes a number", "many"),
        ("0.9", "90", "between 0 and 1", "not a coverage"),
        (",value,", ",most,", "a kind is `value` or `at-least`", "neither"),
        ("2023Q1", "2021Q4", "sums cannot count since 2021Q4", "from 2022Q1"),
        ("2023Q1", "2024Q1", "cannot count since 2024Q1", "after its quarter"),
        (
            "shipped_chips_cum",
            "shipped_chips",
            "`shipped_chips` is not",
            "a flow's sum is `shipped_chips_cum`",
        ),
        (",chips,", ",H100e,", "is not measured in `H100e`", "it takes chips"),
    ];
    for (i, (from, to, message, help)) in cases.into_iter().enumerate() {
        assert!(good.contains(from));
        let (code, out, err) = world.hindcast(&format!("wrong{i}"), &good.replace(from, to), &[]);
        assert!(code == 3 && out.is_empty(), "{to}: {code} {err}");
        assert!(err.contains(message) && err.contains(help), "{to}: {err}");
        assert!(err.contains(&format!("wrong{i}.csv:2:")), "{to}: {err}");
        assert!(!world.path(&format!("wrong{i}")).exists());
    }
    let header = world.path("header.csv");
    fs::write(&header, good.replace("shipped", "x")).unwrap();
    let file = |text: &str| {
        fs::write(&header, text).unwrap();
        chokepoint(&["hindcast", "scenarios/tutorial", "--observations", header.to_str().unwrap()])
    };
    let (code, _, err) = file("metric,actor,quater,central\nx,y,2023Q4,1\n");
    assert!(
        code == 3 && err.contains("no column `quater`") && err.contains("did you mean `quarter`?"),
        "{err}"
    );
    let (code, _, err) = file(HEADER);
    assert!(code == 3 && err.contains("there is no row of `observation`"), "{err}");
    let (code, _, err) = chokepoint(&["hindcast", "scenarios/tutorial", "--observations", "nowhere.csv"]);
    assert!(code == 3 && err.contains("nowhere.csv cannot be read"), "{err}");
    let (code, _, err) = chokepoint(&["hindcast", "scenarios/tutorial"]);
    assert!(code == 3 && err.contains("no observation"), "{err}");
    let (code, _, err) = chokepoint(&["hindcast", "scenarios/tutorial", "--until", "2024"]);
    assert!(code == 2 && err.contains("a quarter, like 2024Q4"), "{err}");
}

#[test]
fn a_scenario_s_own_rows_are_checked_and_known_beside_a_file() {
    let world = World::new();
    let scenario = world.path("world");
    fs::create_dir(&scenario).unwrap();
    let text = fs::read_to_string("scenarios/tutorial/scenario.toml").unwrap();
    let row = |quarter: &str, x: &str| {
        format!(
            "\n[[observation]]\nmetric = \"shipped_chips_cum\"\nactor = \"designer.north\"\nquarter = \"{quarter}\"\ncentral = {x}\n"
        )
    };
    let write = |more: &str| fs::write(scenario.join("scenario.toml"), format!("{text}{more}")).unwrap();
    let folder = scenario.to_str().unwrap();
    write(&row("2022Q4", "50000").replace("designer.north", "designer.south"));
    let (code, _, err) = chokepoint(&["check", folder]);
    assert!(code == 3 && err.contains("there is no actor `designer.south`"), "{err}");
    write(&(row("2022Q4", "50000") + &row("2023Q4", "90000")));
    assert_eq!(chokepoint(&["check", folder]).0, 0);
    // A file's row is scored alone; the scenario's own tell the naive forecasts, but for the cell that the file has.
    let (file, out) = (world.path("new.csv"), world.path("out"));
    let rows = "shipped_chips_cum,designer.north,2024Q4,,200000,,,,,chips,made up\n\
                shipped_chips_cum,designer.north,2023Q4,,80000,,,,,chips,made up\n";
    fs::write(&file, format!("{HEADER}{rows}")).unwrap();
    let (file, folder_out) = (file.to_str().unwrap(), out.to_str().unwrap());
    let arguments = ["hindcast", folder, "--draws", "64", "--observations", file, "--out", folder_out];
    let (code, _, err) = chokepoint(&arguments);
    assert_eq!(code, 0, "{err}");
    let scored = table(&out.join("hindcast.csv"));
    assert_eq!(scored.iter().map(|r| r["quarter"].as_str()).collect::<Vec<_>>(), ["2024Q4", "2023Q4"]);
    assert_eq!((number(&scored[0], "naive_last"), number(&scored[1], "naive_last")), (8e4, 5e4));
    assert!((number(&scored[0], "naive_trend") / 1.28e5 - 1.0).abs() < 1e-9);
    assert_eq!(scored[1]["naive_trend"], "");
    // An actor that a policy removes has nothing to be held against: that is no mistake.
    write(
        &(row("2022Q4", "50000")
            + &row("2022Q4", "5").replace("designer.north", "route.gamma").replace("shipped", "smuggled")),
    );
    let policy = world.path("none.toml");
    fs::write(&policy, "title = \"No route\"\n[[remove]]\npath = \"route.gamma\"\n").unwrap();
    let out = world.path("removed");
    let arguments = ["--policy", policy.to_str().unwrap(), "--draws", "64", "--out", out.to_str().unwrap()];
    let (code, _, err) = chokepoint(&[&["hindcast", folder][..], &arguments].concat());
    assert_eq!(code, 0, "{err}");
    let scored = table(&out.join("hindcast.csv"));
    assert_eq!((scored.len(), scored[0]["policy"].as_str()), (1, "none"));
}
