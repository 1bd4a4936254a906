//! What a person would do wrong, and what is said: message, the text that is underlined, help.

use crate::support::{PAGE, findings};
use chokepoint::internals::scenario::Severity;
use chokepoint::study::Findings;

/// The page with one thing changed, and what is said of it.
struct Wrong {
    from: &'static str,
    to: &'static str,
    message: &'static str,
    underlined: &'static str,
    help: &'static str,
}

const fn wrong(
    from: &'static str,
    to: &'static str,
    message: &'static str,
    underlined: &'static str,
    help: &'static str,
) -> Wrong {
    Wrong { from, to, message, underlined, help }
}

const CASES: &[Wrong] = &[
    wrong(
        "defect_density =",
        "defect_densty =",
        "unknown key `defect_densty` in `facility.fab`",
        "defect_densty",
        "did you mean `defect_density`?",
    ),
    wrong(
        "grid = { unit = \"MW\", value = 50 }",
        "power = { unit = \"MW\", value = 50 }",
        "unknown key `power` in `country.gamma`",
        "power",
        "`halls`, `grid` and `on_site` took its place: what is built, connected and generated there",
    ),
    wrong("[[route]]", "[[roots]]", "unknown table `roots`", "roots", "did you mean `route`?"),
    wrong(
        "designer = \"north\"",
        "designer = \"nort\"",
        "there is no designer `nort`",
        "\"nort\"",
        "did you mean `north`?",
    ),
    wrong(
        "country = \"omega\"\nbuyers",
        "country = \"omga\"\nbuyers",
        "there is no country `omga`",
        "\"omga\"",
        "did you mean `omega`?",
    ),
    wrong("members = [\"omega\"]", "members = \"omega\"", "", "", ""),
    wrong(
        "claims = { fab = \"80%\" }",
        "claims = { fab = 80 }",
        "`designer.north.claims.fab` takes a share: from 0 to 1 (100%)",
        "80",
        "did you mean 80%?",
    ),
    wrong(
        "claims = { fab = \"80%\" }",
        "claims = { fab = \"80% to 120%\" }",
        "`designer.north.claims.fab`: the high end must be below 1, not 1.2",
        "80% to 120%",
        "an interval of a share lies within 0 and 1; `uniform(a, b)` may touch them",
    ),
    wrong(
        "\"0.0008 to 0.0012\"",
        "\"0.0012 to 0.0008\"",
        "`facility.fab.defect_density`: the ends are swapped: 0.0012 to 0.0008",
        "0.0012 to 0.0008",
        "write 0.0008 to 0.0012",
    ),
    wrong(
        "\"defects/mm2\"",
        "\"defects/inch2\"",
        "`facility.fab.defect_density` is not measured in `defects/inch2`",
        "\"defects/inch2\"",
        "it takes defects/mm2",
    ),
    wrong(
        "unit = \"wafers/month\"",
        "unit = \"GB/month\"",
        "`facility.fab.capacity` is not measured in `GB/month`",
        "\"GB/month\"",
        "it takes wafers/quarter, wafers/month, wafers/year",
    ),
    wrong(
        "bf16_tflops = 1000",
        "bf16_tflops = -1000",
        "`chip.n1.bf16_tflops` takes a positive number",
        "-1000",
        "",
    ),
    wrong(
        "bf16_tflops = 1000",
        "bf16_tflops = \"fast\"",
        "`chip.n1.bf16_tflops`: there is no distribution `fast`",
        "fast",
        "there are `a to b`",
    ),
    wrong(
        "bf16_tflops = 1000",
        "bf16_tflops = true",
        "`chip.n1.bf16_tflops` takes a number or a distribution",
        "true",
        "",
    ),
    wrong(
        "bf16_tflops = 1000",
        "bf16_tflops = { 2022Q1 = 1000 }",
        "`chip.n1.bf16_tflops` does not change over time",
        "2022Q1",
        "",
    ),
    wrong("bf16_tflops = 1000\n", "", "`chip.n1` is sold without `bf16_tflops`", "{ 2022Q1", ""),
    wrong(
        "launch = \"2022Q1\"",
        "launch = \"2022Q5\"",
        "`chip.n1.launch` is a date like `2022-10-07` or a quarter like `2022Q4`",
        "\"2022Q5\"",
        "",
    ),
    wrong(
        "launch = \"2022Q1\"",
        "launch = \"2022Q1\"\nend = \"2021Q1\"",
        "`chip.n1` ends before its launch",
        "\"2021Q1\"",
        "",
    ),
    wrong(
        "effective = \"2023-10-17\"",
        "effective = \"2023-02-30\"",
        "`rule.alpha-2023.effective` is a date like `2022-10-07` or a quarter like `2022Q4`",
        "\"2023-02-30\"",
        "",
    ),
    wrong(
        "effective = \"2023-10-17\"",
        "effective = \"2023-06-17\"",
        "`rule.alpha-2023` is announced after it takes effect",
        "\"2023-07-01\"",
        "",
    ),
    wrong(
        "requires = \"denied\"",
        "requires = \"deny\"",
        "`rule.alpha-2023.requires` is one of free, notify, license-presumed-approved, license-case-by-case, license, denied",
        "\"deny\"",
        "",
    ),
    wrong("requires = \"denied\"", "", "`rule.alpha-2023` neither requires nor eases", "\"alpha-2023\"", ""),
    wrong(
        "tpp = \">= 4800\"",
        "tpp = 4800",
        "`rule.alpha-2023.a1.tpp` compares with a number",
        "4800",
        "write `\">= 4800\"`, with one of >=, >, <=, <, =",
    ),
    wrong(
        "tpp = \">= 4800\"",
        "ttp = \">= 4800\"",
        "`ttp` is no attribute of a data sheet",
        "ttp",
        "did you mean `tpp`?",
    ),
    wrong(
        "kind = \"cloud\"",
        "kind = \"clod\"",
        "`buyer.alpha-cloud.kind` is one of cloud, lab, reseller, other",
        "\"clod\"",
        "did you mean `cloud`?",
    ),
    wrong(
        "id = \"alpha-cloud\"",
        "id = \"omega-labs\"",
        "there are two buyer rows `omega-labs`",
        "\"omega-labs\"",
        "",
    ),
    wrong(
        "id = \"second\"",
        "id = \"Second Lab\"",
        "`Second Lab` is no id",
        "\"Second Lab\"",
        "for instance `second-lab`",
    ),
    wrong(
        "horizon = \"2022Q1..2026Q4\"",
        "horizon = \"2026Q4..2022Q1\"",
        "`run.horizon` ends before it starts",
        "\"2026Q4..2022Q1\"",
        "",
    ),
    wrong(
        "capacity = { on = \"facility.fab\"",
        "capacity = { on = \"facility.fob\"",
        "there is no `facility.fob`",
        "\"facility.fob\"",
        "did you mean `facility.fab`?",
    ),
    wrong(
        "capacity = { on = \"facility.fab\"",
        "capacity = { on = \"lab.first\"",
        "`shock.fab-outage.capacity` acts on facility, country, good",
        "\"lab.first\"",
        "",
    ),
    wrong(
        "recovery = \"linear\"",
        "recovery = \"lineal\"",
        "`shock.fab-outage.recovery` is one of step, linear, exponential",
        "\"lineal\"",
        "did you mean `linear`?",
    ),
    wrong(
        "mfu = \"30% to 45%\"",
        "mfu = \"triangular(30%, 20%, 45%)\"",
        "`lab.first.mfu`: the ends are swapped: 0.3 to 0.2",
        "triangular(30%, 20%, 45%)",
        "",
    ),
    wrong(
        "mfu = \"30% to 45%\"",
        "mfu = \"lognormal(p05=40%, p50=30%, p95=50%)\"",
        "`lab.first.mfu`: the quantiles are out of order: 0.4 at 5%, 0.3 at 50%",
        "lognormal(p05=40%, p50=30%, p95=50%)",
        "",
    ),
    wrong(
        "mfu = \"30% to 45%\"",
        "mfu = { value = \"30% to 45%\", grade = \"sure\" }",
        "a grade is `published`, `derived` or `judgement`",
        "\"sure\"",
        "",
    ),
    wrong(
        "mfu = \"30% to 45%\"",
        "mfu = { vlaue = \"30% to 45%\" }",
        "unknown key `vlaue` in `lab.first.mfu`",
        "vlaue",
        "did you mean `value`?",
    ),
    wrong("die_area = 814\n", "", "`chip.n1` counts dies without `die_area`", "{ wafers = \"die\" }", ""),
    wrong("title = \"One", "title = One", "this is not TOML", "", ""),
    wrong("good = \"wafers\"", "", "`facility.fab.good` is missing", "", ""),
    wrong(
        "capacity = { unit = \"chips/quarter\", value = \"500 to 5000\" }",
        "capacity = { unit = \"chips/quarter\", value = -500 }",
        "`route.gamma.capacity` takes zero or more",
        "-500",
        "",
    ),
    wrong(
        "2022Q1 = \"900 to 1100\"",
        "2022Q1 = -900",
        "`facility.fab.capacity` takes zero or more",
        "-900",
        "",
    ),
    wrong(
        "tpp = \">= 1600\"",
        "extra = 3, tpp = \">= 1600\"",
        "`extra` is no attribute of a data sheet",
        "extra",
        "",
    ),
];

#[test]
fn each_mistake_gets_one_clear_answer_at_its_place() {
    for case in CASES {
        assert!(PAGE.contains(case.from), "{}", case.from);
        let text = PAGE.replacen(case.from, case.to, 1);
        let Findings { sources, diagnostics } = findings(&text);
        let shown = sources.render(&diagnostics, false);
        if case.message.is_empty() {
            assert!(!diagnostics.has_errors(), "{shown}");
            continue;
        }
        let found = diagnostics.all.iter().find(|d| d.message.starts_with(case.message));
        let d = found.unwrap_or_else(|| panic!("no {:?} among\n{shown}", case.message));
        assert_eq!(d.severity, Severity::Error);
        let under = &sources.all[d.place.source as usize].text[d.place.span.clone()];
        assert!(
            under.starts_with(case.underlined) || case.underlined.is_empty(),
            "{under:?} for {:?}",
            case.message
        );
        let help = d.help.as_deref().unwrap_or_default();
        assert!(help.starts_with(case.help), "{help:?} for {:?}", case.message);
    }
}

#[test]
fn all_errors_come_in_one_go() {
    let text = PAGE
        .replace("defect_density =", "defect_densty =")
        .replace("kind = \"cloud\"", "kind = \"clod\"")
        .replace("\"wafers/month\"", "\"wafers/fortnight\"")
        .replace("buyers = [\"omega-labs\"]", "buyers = [\"omega-lab\"]");
    let Findings { sources, diagnostics } = findings(&text);
    let shown = sources.render(&diagnostics, false);
    for part in ["defect_densty", "clod", "fortnight", "omega-lab", "scenario.toml:", "^^^"] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert!(shown.ends_with("4 errors"), "{shown}");
}

#[test]
fn correlations_that_contradict_are_refused_with_what_would_do() {
    let paths = ["facility.fab.capacity", "lab.first.mfu", "lab.second.mfu"];
    let pair = |a: usize, b: usize, rho: f64| {
        format!("[[correlation]]\nof = [\"{}\", \"{}\"]\nrho = {rho}\n", paths[a], paths[b])
    };
    let text = format!("{PAGE}\n{}{}{}", pair(0, 1, 0.9), pair(1, 2, 0.9), pair(0, 2, -0.9));
    let Findings { diagnostics, .. } = findings(&text);
    let d = diagnostics.all.iter().find(|d| d.message.contains("positive semi-definite")).unwrap();
    assert_eq!(d.help.as_deref(), Some("all of them times 0.56 would be possible"));
    let Findings { diagnostics: fine, .. } = findings(&format!("{PAGE}\n{}", pair(0, 1, 0.9)));
    assert!(fine.all.is_empty());
}

#[test]
fn mass_outside_a_domain_is_a_warning_with_its_size() {
    let Findings { diagnostics, .. } =
        findings(&PAGE.replace("mfu = \"30% to 45%\"", "mfu = \"normal(0.9, 0.1)\""));
    let d = &diagnostics.all[0];
    assert_eq!(
        (d.severity, d.label.as_str()),
        (Severity::Warning, "15.9% of this lies outside and is cut off")
    );
}

/// Findings of a folder of files.
fn of_files(files: &[(&str, &str)]) -> String {
    let root = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(root.path().join(name), text).unwrap();
    }
    crate::support::read(root.path().to_str().unwrap(), None).unwrap_err()
}

#[test]
fn circles_and_gaps_between_files_are_found() {
    let circle = of_files(&[
        ("scenario.toml", "title = \"a\"\ninclude = [\"one.toml\"]\n"),
        ("one.toml", "include = [\"two.toml\"]\n"),
        ("two.toml", "include = [\"one.toml\"]\n"),
    ]);
    assert!(circle.contains("one.toml leads back to itself"), "{circle}");
    assert!(circle.contains("two.toml:1") && circle.contains("^^^"), "{circle}");
    let missing = of_files(&[("scenario.toml", "title = \"a\"\ninclude = [\"nowhere.toml\"]\n")]);
    assert!(
        missing.contains("nowhere.toml cannot be read") && missing.contains("scenario.toml:2"),
        "{missing}"
    );
    let rows = "[[country]]\nid = \"a\"\nextends = \"b\"\n[[country]]\nid = \"b\"\nextends = \"a\"\n";
    let extends = of_files(&[("scenario.toml", rows)]);
    assert!(extends.contains("leads back to this row"), "{extends}");
    let twice = of_files(&[
        ("scenario.toml", "include = [\"more.toml\"]\n[[country]]\nid = \"a\"\n"),
        ("more.toml", "[[country]]\nid = \"a\"\n"),
    ]);
    assert!(twice.contains("there are two country rows `a`"), "{twice}");
}

#[test]
fn what_is_legal_but_odd_is_a_warning() {
    let root = tempfile::tempdir().unwrap();
    let text = PAGE
        .replace("tpp = \">= 4800\"", "tpp = \">= 480000\"")
        .replace("performance_density = \">= 5.92\"", "performance_density = \">= 592\"")
        .replace("price = {", "sold_to = [\"alpha-cloud\"]\nprice = {");
    let text = format!("{text}\n[[tool]]\nid = \"lamp\"\nsuppliers = {{ alpha = 1 }}\n");
    std::fs::write(root.path().join("scenario.toml"), text).unwrap();
    let check = |folder: &std::path::Path| {
        let run =
            assert_cmd::Command::cargo_bin("chokepoint").unwrap().arg("check").arg(folder).output().unwrap();
        assert_eq!(run.status.code(), Some(0));
        String::from_utf8_lossy(&run.stderr).into_owned()
    };
    let err = check(root.path());
    for warning in [
        "warning: nothing flows through tool.lamp",
        "warning: rule.alpha-2023 matches nothing",
        "warning: no chip can be sold to buyer.omega-labs",
    ] {
        assert!(err.contains(warning), "{warning}: {err}");
    }
    std::fs::write(root.path().join("scenario.toml"), PAGE).unwrap();
    assert_eq!(check(root.path()), "");
}

#[test]
fn nobody_listening_is_no_error() {
    let binary = assert_cmd::cargo::cargo_bin("chokepoint");
    // The baseline has warnings; their pipe is closed before they come.
    let mut command = std::process::Command::new(binary);
    command.args(["check", "scenarios/baseline"]).stdout(std::process::Stdio::null());
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_headline_names_whom_there_is() {
    let text = "[run]\nhorizon = \"2022Q1..2024Q4\"\nheadline = [\"country.a\", \"country.b\", \"world\"]\n[[country]]\nid = \"a\"\n";
    let found = findings(text).render(false);
    assert!(found.contains("`run.headline` names `country.b`, which the scenario does not have"), "{found}");
    assert!(found.contains("did you mean `country.a`?"), "{found}");
    assert_eq!(found.matches("error:").count(), 1, "{found}");
}

#[test]
fn what_is_above_zero_is_never_zero_and_what_is_no_number_changes_nothing() {
    let world = |price: &str| {
        format!(
            "{}\n[[country]]\nid = \"a\"\n[[designer]]\nid = \"d\"\ncountry = \"a\"\n[[chip]]\nid = \"c\"\ndesigner = \"d\"\nprice = {price}\n",
            "[run]\nhorizon = \"2022Q1..2024Q4\""
        )
    };
    let said = |price: &str| findings(&world(price)).render(false);
    for price in [
        "\"discrete(0: 5%, 12000: 95%)\"",
        "0",
        "{ value = 12000, times = 0 }",
        "{ value = 12000, plus = -12000 }",
    ] {
        let found = said(price);
        assert!(found.contains("`chip.c.price` takes a positive number"), "{price}: {found}");
    }
    for price in ["{ value = 12000, times = nan }", "{ value = 12000, plus = inf }"] {
        let found = said(price);
        assert!(found.contains("this is no finite number"), "{price}: {found}");
    }
    // What comes near to zero without reaching it is a price.
    let near = said("\"normal(12000, 3000)\"");
    assert!(!near.contains("chip.c.price"), "{near}");
}
