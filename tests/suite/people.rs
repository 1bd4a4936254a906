//! What people meet at a terminal: what there is, something to start from, answers that say what they are of, and widths.

use crate::support::program::{chokepoint, done as printed, within as told};
use std::fs;
use std::path::Path;

#[test]
fn what_there_is_can_be_listed() {
    let all = printed(&["metrics"]);
    assert!(all.contains("reachable_flop [FLOP]") && all.contains("actor/metric@quarter"), "{all}");
    let some = printed(&["metrics", "smuggled", "route"]);
    assert!(some.contains("smuggled_chips [chips]; smuggled_chips_cum since the start"), "{some}");
    assert!(!some.contains("reachable_flop ["), "{some}");
    let rows = printed(&["metrics", "--format", "csv"]);
    assert!(rows.starts_with("metric,sum,unit,") && rows.lines().count() > 40, "{rows}");

    let policies = printed(&["policies", "tutorial"]);
    for part in [
        "enforcement-tenfold\n",
        "Enforcement tenfold",
        "an order of magnitude?",
        "route.*.detection × 10",
        "no rule.alpha-2023; a new rule alpha-2024",
    ] {
        assert!(policies.contains(part), "{part} in\n{policies}");
    }
    let rows: serde_json::Value =
        serde_json::from_str(&printed(&["policies", "baseline", "--format", "json"])).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), fs::read_dir("scenarios/baseline/policies").unwrap().count());

    let tables = printed(&["fields"]);
    for table in ["[[chip]]", "[[buyer]]", "[training]", "[run]"] {
        assert!(tables.contains(table), "{table} in\n{tables}");
    }
    let keys = printed(&["fields", "route"]);
    for part in [
        "route.detection [1]",
        "a share: from 0 to 1 (100%)",
        "0.5 where nothing is written",
        "Share of what is attempted that is seized",
    ] {
        assert!(keys.contains(part), "{part} in\n{keys}");
    }
    // Parts of a table are told too, of effects those that each takes.
    assert!(printed(&["fields", "rule"]).contains("rule.cap.units_per_buyer [chips/year]"));
    let shock = printed(&["fields", "shock"]);
    assert!(shock.contains("rows of facility, country, good, each written as `facility.ID`"), "{shock}");
    assert!(shock.contains("shock.fee.plus [1]") && !shock.contains("shock.capacity.plus"), "{shock}");
}

/// Every key of every table that has numbers says its unit, its range and what it is.
#[test]
fn every_key_says_what_it_is() {
    let mut keys = 0;
    for table in chokepoint::internals::model::tables() {
        assert!(!table.meaning.is_empty(), "{}", table.table);
        for field in chokepoint::internals::model::fields(&table.table).unwrap() {
            assert!(!field.meaning.is_empty(), "{}.{}", table.table, field.key);
            keys += 1;
        }
    }
    assert!(keys > 200, "{keys}");
    assert_eq!(chokepoint::internals::model::fields("nothing"), None);
}

#[test]
fn show_finds_by_a_part_of_a_word_and_says_what_a_star_is() {
    let found = printed(&["show", "tutorial", "detection"]);
    assert!(found.starts_with("route.gamma.detection"), "{found}");
    let (code, _, err) = chokepoint(&["show", "tutorial", "*.detection"]);
    assert!(code == 3 && err.contains("`*` is one segment of a path, `**` any number"), "{err}");
}

/// A world that is started is right at once, and so is every kind of policy, for every world.
#[test]
fn what_is_started_passes_check_at_the_first_try() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name).to_str().unwrap().to_owned();
    let world = at("world");
    printed(&["new", "world", &world]);
    let (code, out, err) = chokepoint(&["check", &world]);
    assert!(code == 0 && err.is_empty(), "{err}");
    assert!(out.contains("3 countries, 2 facilities, 2 chips, 2 buyers, 2 labs, 1 rules"), "{out}");
    assert_eq!(chokepoint(&["check", &world, "--policy", "enforcement-tenfold"]).0, 0);
    // Nothing is written over.
    let (code, _, err) = chokepoint(&["new", "world", &world]);
    assert!(code == 3 && err.contains("is there already"), "{err}");
    // The one that comes with the program is the same when it is written out.
    let own = at("own");
    printed(&["new", "world", &own, "--from", "tutorial"]);
    let text = |folder: &Path| fs::read_to_string(folder.join("scenario.toml")).unwrap();
    assert_eq!(text(Path::new(&own)), text(Path::new("scenarios/tutorial")));
    let (code, _, err) = chokepoint(&["new", "world", &at("other"), "--from", "basline"]);
    assert!(code == 3 && err.contains("did you mean `baseline`?"), "{err}");

    for scenario in ["tutorial", "baseline", &world] {
        for kind in ["ban", "licence", "ease", "cap", "verify", "enforce"] {
            let file =
                at(&format!("{}-{kind}.toml", Path::new(scenario).file_name().unwrap().to_str().unwrap()));
            printed(&["new", "policy", &file, "--kind", kind, "--scenario", scenario]);
            let (code, _, err) = chokepoint(&["check", scenario, "--policy", &file]);
            assert!(
                code == 0 && !err.contains("error"),
                "{kind} for {scenario}\n{err}\n{}",
                fs::read_to_string(&file).unwrap()
            );
        }
    }
    // They move what they say, at least in the world that is started.
    let out = at("compared");
    let files = ["ban", "ease", "enforce"].map(|kind| at(&format!("world-{kind}.toml")));
    let mut arguments = vec!["compare", &world, "--draws", "256", "--quiet", "--out", &out];
    for file in &files {
        arguments.extend(["--policy", file]);
    }
    printed(&arguments);
    let rows = fs::read_to_string(Path::new(&out).join("expectations.csv")).unwrap();
    for policy in ["world-ease", "world-enforce"] {
        let row = rows.lines().find(|l| l.split(',').any(|cell| cell == policy)).unwrap();
        assert!(row.ends_with(",holds"), "{rows}");
    }
}

/// What is printed and drawn of a run under a policy says so, and what was selected is what is printed.
#[test]
fn a_run_says_what_it_is_of() {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("run");
    let folder = out.to_str().unwrap();
    let given = "shock.fab-outage by 2024Q4";
    let arguments = [
        "run",
        "tutorial",
        "--policy",
        "enforcement-tenfold",
        "--given",
        given,
        "--draws",
        "64",
        "--quiet",
        "--out",
        folder,
    ];
    let text = printed(&arguments);
    for part in [
        "under “Enforcement tenfold”, given shock.fab-outage by 2024Q4",
        "Policy enforcement-tenfold: Enforcement tenfold",
        "an order of magnitude?",
        "changes route.*.detection × 10",
        " draws of 64: those in which shock.fab-outage by 2024Q4",
        "First Lab",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    let head = page.split("</title>").next().unwrap();
    assert!(head.contains("Enforcement tenfold") && head.contains("given shock.fab-outage"), "{head}");
    let answer = page.split("id=\"answer\"").nth(1).unwrap().split("</section>").next().unwrap();
    for part in ["Under “", "an order of magnitude?", "route.*.detection × 10", "First Lab", "GPT-4"] {
        assert!(answer.contains(part), "{part} in the page's answer");
    }
    // A run that is there prints the stored answer, in every format.
    assert_eq!(printed(&arguments), text);
    let csv = printed(&[&arguments[..], &["--format", "csv"]].concat());
    assert!(
        csv.starts_with("scenario,policy,actor,")
            && csv.contains("\ntutorial,enforcement-tenfold,lab.first,"),
        "{csv}"
    );
    let markdown = printed(&[&arguments[..], &["--format", "markdown"]].concat());
    assert!(markdown.starts_with("| scenario | policy | actor |"), "{markdown}");
    assert_eq!(markdown.lines().count(), csv.lines().count() + 1);

    let out = root.path().join("selected");
    let select = [
        "run",
        "tutorial",
        "--select",
        "chip.*/shipped_chips@2024Q4",
        "--draws",
        "64",
        "--quiet",
        "--out",
        out.to_str().unwrap(),
    ];
    let text = printed(&select);
    for part in
        ["chip.n1/shipped_chips@2024Q4", "chip.n1-export/shipped_chips@2024Q4", "90% of draws", "chips"]
    {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert!(!text.contains("could train"), "{text}");
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    let answer = page.split("id=\"answer\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(answer.contains("N1 Export") && answer.contains("shipped chips"), "{answer}");
}

/// The page of a comparison opens with its policies: what each is called, asks and changes, by how much, and what it does not keep.
#[test]
fn a_comparison_opens_with_its_policies() {
    let root = tempfile::tempdir().unwrap();
    let false_promise = root.path().join("boast.toml");
    let text = "title = \"A boast\"\nreason = \"Does more enforcement help whom it is against?\"\nexpects = \"country.omega/smuggled_chips_cum@2026Q4 rises\"\n\n[[set]]\npath = \"route.*.detection\"\ntimes = 5\n";
    fs::write(&false_promise, text).unwrap();
    let out = root.path().join("run");
    let shown = printed(&[
        "compare",
        "tutorial",
        "--draws",
        "256",
        "--quiet",
        "--policy",
        "rule-delayed",
        "--policy",
        false_promise.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ]);
    assert!(
        shown.contains("boast: country.omega/smuggled_chips_cum@2026Q4 rises: does not hold, −"),
        "{shown}"
    );
    assert!(!shown.contains("rule-delayed: country"), "{shown}");
    assert!(shown.contains("A boast") && shown.contains("The same rule a year later"), "{shown}");
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    let answer = page.split("id=\"answer\"").nth(1).unwrap().split("</section>").next().unwrap();
    for part in [
        "The same rule a year later",
        "How much is a year of notice",
        "a new rule alpha-2024",
        "Omega: largest possible run, 2026Q4",
        "It expects that Omega: smuggled chips since the start, 2026Q4 rises: that does not hold.",
    ] {
        assert!(answer.contains(part), "{part} in the page's answer");
    }
    // Changes on it are those of the table, in per cent.
    let mut reader = csv::Reader::from_path(out.join("comparison.csv")).unwrap();
    let head = reader.headers().unwrap().clone();
    let at = |name: &str| head.iter().position(|h| h == name).unwrap();
    let wanted = ["rule-delayed", "country.omega", "reachable_flop", "2026Q4"];
    let row = reader
        .records()
        .map(Result::unwrap)
        .find(|r| [&r[at("policy")], &r[at("actor")], &r[at("metric")], &r[at("quarter")]] == wanted);
    let share: f64 = row.unwrap()[at("relative_mean")].parse().unwrap();
    assert!(share > 0.1, "{share}");
    let per_cent = 100.0 * share;
    let digits = format!("{per_cent:.1e}").parse::<f64>().unwrap();
    assert!(answer.contains(&format!(">+{digits}%</data>")), "+{digits}% in {answer}");
}

/// No line of what is printed for people is wider than the terminal, and what matters most stays.
#[test]
fn what_is_printed_fits_the_terminal() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name).to_str().unwrap().to_owned();
    let (run, compared, swept) = (at("run"), at("compared"), at("swept"));
    let goal = "min country.omega/reachable_flop@2026Q4";
    let commands: Vec<Vec<&str>> = vec![
        vec!["run", "tutorial", "--draws", "64", "--quiet", "--out", &run],
        vec!["run", "baseline", "--draws", "8", "--quiet", "--out", &at_owned(&root, "baseline")],
        vec!["compare", "tutorial", "--draws", "64", "--quiet", "--out", &compared],
        vec![
            "sweep",
            "tutorial",
            "--grid",
            "route.*.detection=2%,20%",
            "--draws",
            "64",
            "--quiet",
            "--out",
            &swept,
        ],
        vec![
            "discover",
            "tutorial",
            "--when",
            "country.omega/reachable_flop@2026Q4 > 5e26",
            "--draws",
            "256",
            "--quiet",
        ],
        vec!["worth", "tutorial", "--objective", goal, "--draws", "256", "--quiet"],
        vec!["rules", "tutorial", "--on", "2024-01-01"],
        vec!["rules", "tutorial", "--policy", "rule-delayed", "--diff"],
        vec!["explain", "tutorial", "--draw", "3"],
        vec!["graph", "tutorial", "--rank", "--draws", "8", "--quiet"],
        vec!["show", "tutorial"],
        vec!["metrics"],
        vec!["policies", "baseline"],
        vec!["fields", "facility"],
    ];
    for command in &commands {
        for columns in [80, 100, 160] {
            let (code, out, err) = told(command, Some(columns));
            assert_eq!(code, 0, "{command:?}\n{err}");
            let wide: Vec<&str> = out.lines().filter(|l| l.chars().count() > columns).collect();
            assert!(wide.is_empty() && !out.is_empty(), "{command:?} at {columns}: {wide:#?}");
        }
    }
    // Whose, when and the range are there at every width; the whole table where there is room.
    let narrow = told(&commands[0], Some(80)).1;
    let whole = told(&commands[0], Some(160)).1;
    for part in ["First Lab", "2026Q4", "could train [FLOP]", "median"] {
        assert!(narrow.contains(part) && whole.contains(part), "{part} in\n{narrow}\n{whole}");
    }
    assert!(whole.contains("bound by") && !whole.contains("left out"), "{whole}");
}

/// A path that lives as long as the folder.
fn at_owned(root: &tempfile::TempDir, name: &str) -> &'static str {
    Box::leak(root.path().join(name).to_str().unwrap().to_owned().into_boxed_str())
}

/// What people get wrong most often, and the text that each gets.
#[test]
fn common_mistakes_get_a_text_that_helps() {
    let cell = "country.omega/reachable_flop@2026Q4";
    let mistakes: &[(&[&str], i32, &str)] = &[
        (&["run", "tutoral"], 3, "did you mean tutorial?"),
        (&["check", "scenarios/nothing"], 3, "there is no scenario at scenarios/nothing"),
        (&["rum", "tutorial"], 2, "run"),
        (&["run", "tutorial", "--policy", "enforcement"], 3, "enforcement-tenfold"),
        (&["run", "tutorial", "--set", "route.gamma.detecton=20%"], 3, "did you mean `detection`?"),
        (&["run", "tutorial", "--set", "route.gamma.detection=120%"], 3, "a share"),
        (&["run", "tutorial", "--set", "route.gamma.detection"], 3, "="),
        (&["run", "tutorial", "--set", "lab.first.mfu=much"], 3, "much"),
        (&["run", "tutorial", "--draws", "lots"], 2, "10k"),
        (&["run", "tutorial", "--given", "fab-outage"], 2, "shock.ID by QUARTER"),
        (&["run", "tutorial", "--given", "shock.fab-outge by 2024Q4"], 3, "did you mean shock.fab-outage?"),
        (&["run", "tutorial", "--horizon", "2024..2026"], 2, "2022Q1..2028Q4"),
        (
            &["run", "tutorial", "--select", "country.omega/reachable_flops@2026Q4"],
            3,
            "did you mean `country.omega/reachable_flop@2026Q4`?",
        ),
        (&["run", "tutorial", "--export", "draws"], 2, "draws=csv"),
        (&["compare", "tutorial", "--objective", cell], 2, "min CELL"),
        (&["compare", "tutorial", "--target", cell], 2, "CELL < NUMBER"),
        (&["sweep", "tutorial", "--grid", "route.gamma.detection"], 2, "PATH=LEVEL,LEVEL"),
        (&["rules", "tutorial", "--on", "yesterday"], 2, "2023-12-01"),
        (&["rules", "baseline", "--on", "2023-12-01", "--to", "NL"], 3, "did you mean `netherlands`?"),
        (&["explain", "tutorial", "--draw", "3", "--actor", "lab.frist"], 3, "did you mean lab.first?"),
        (&["explain", "tutorial", "--draw", "90000"], 2, "has no draw 90000"),
        (&["explain", "baseline", "--actor", "lab.depseek"], 3, "did you mean lab.deepseek?"),
        (&["run", "baseline", "--set", "tool.duv.life=3"], 3, "did you mean `tool.immersion-duv"),
        (&["show", "baseline", "country.US.grid"], 3, "did you mean `country.us.grid`?"),
        (&["metrics", "reachable_flops"], 3, "did you mean `reachable_flop`?"),
        (&["fields", "chips"], 3, "did you mean `chip`?"),
    ];
    assert!(mistakes.len() >= 20);
    for (arguments, wanted, part) in mistakes {
        let (code, out, err) = chokepoint(arguments);
        assert!(
            code == *wanted && err.contains(part),
            "{arguments:?} gives {code}, not {wanted} with `{part}`:\n{err}{out}"
        );
        assert!(!err.contains("panicked"), "{arguments:?}\n{err}");
    }
}

/// Warnings that are intended are silent once they have a reason, and others still stand out.
#[test]
fn intended_warnings_can_be_accepted() {
    let (code, _, err) = chokepoint(&["check", "baseline"]);
    assert!(code == 0 && err.is_empty(), "{err}");
    let root = tempfile::tempdir().unwrap();
    let world = root.path().join("world");
    printed(&["new", "world", world.to_str().unwrap()]);
    let file = world.join("scenario.toml");
    let text = fs::read_to_string(&file).unwrap();
    let idle = "\n[[rule]]\nid = \"idle\"\nissuer = \"omega\"\neffective = \"2025-01-01\"\nrequires = \"denied\"\nto = { countries = [\"gamma\"] }\nany = [{ id = \"a\", tpp = \">= 900000\" }]\n";
    fs::write(&file, format!("{text}{idle}")).unwrap();
    let check = || chokepoint(&["check", world.to_str().unwrap()]);
    assert!(check().2.contains("rule.idle matches nothing"), "{}", check().2);
    let accept = |reason: &str| {
        format!("accept = [{{ warning = \"rule.idle matches nothing\"{reason} }}]\n{text}{idle}")
    };
    fs::write(&file, accept(", reason = \"for chips to come\"")).unwrap();
    let (code, _, err) = check();
    assert!(code == 0 && err.is_empty(), "{err}");
    fs::write(&file, accept("")).unwrap();
    let (code, _, err) = check();
    assert!(code == 3 && err.contains("has no `reason`"), "{err}");
}

/// Units may stand within a text, at each number or at the last.
#[test]
fn units_within_a_text_are_read() {
    let shown = |set: &str, path: &str| {
        let rows = printed(&["show", "tutorial", path, "--format", "csv", "--set", set]);
        let mut reader = csv::Reader::from_reader(rows.as_bytes());
        let at = reader.headers().unwrap().iter().position(|h| h == "p05").unwrap();
        let row = reader.records().next().unwrap().unwrap();
        [0, 1, 2].map(|i| row[at + i].parse::<f64>().unwrap())
    };
    let near = |found: [f64; 3], low: f64, high: f64| {
        assert!((found[0] / low - 1.0).abs() < 1e-6 && (found[2] / high - 1.0).abs() < 1e-6, "{found:?}");
    };
    near(shown("country.gamma.grid=2 GW to 4 GW", "country.gamma.grid"), 2000.0, 4000.0);
    near(shown("country.gamma.grid=500 MW to 2GW", "country.gamma.grid"), 500.0, 2000.0);
    near(shown("country.gamma.grid=3GW", "country.gamma.grid"), 3000.0, 3000.0);
    near(shown("route.gamma.detection=2%-15%", "route.gamma.detection"), 0.02, 0.15);
    let (code, _, err) = chokepoint(&["check", "tutorial", "--set", "country.gamma.grid=3 TFLOP"]);
    assert!(code == 3 && err.contains("no unit that this is measured in") && err.contains("GW"), "{err}");
}

/// A scenario that extends another has its policies, and its own in place of those of the same name.
#[test]
fn a_scenario_has_the_policies_of_what_it_extends() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name).to_str().unwrap().to_owned();
    printed(&["new", "world", &at("base")]);
    fs::create_dir_all(root.path().join("more/policies")).unwrap();
    fs::write(
        root.path().join("more/scenario.toml"),
        "title = \"More\"\nextends = \"../base\"\n\n[[country]]\nid = \"delta\"\n",
    )
    .unwrap();
    let names = || -> Vec<String> {
        let rows: serde_json::Value =
            serde_json::from_str(&printed(&["policies", &at("more"), "--format", "json"])).unwrap();
        rows.as_array().unwrap().iter().map(|r| format!("{} {}", r["policy"], r["title"])).collect()
    };
    assert_eq!(names(), ["\"enforcement-tenfold\" \"Enforcement tenfold\""]);
    assert_eq!(chokepoint(&["check", &at("more"), "--policy", "enforcement-tenfold"]).0, 0);
    let own = "title = \"Twofold\"\n\n[[set]]\npath = \"route.*.detection\"\ntimes = 2\n";
    fs::write(root.path().join("more/policies/enforcement-tenfold.toml"), own).unwrap();
    assert_eq!(names(), ["\"enforcement-tenfold\" \"Twofold\""]);
}
